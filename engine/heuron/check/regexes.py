"""Screening regular expressions: what compiles, and cannot take forever.

Python's engine backtracks. The number of ways in which a pattern can match one text bounds the
steps of a failing match, so a pattern is refused when that number is too large: a repetition
inside a repetition (exponential), or three neighbouring repetitions of one letter (cubic).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from re import _parser  # the one parser that agrees with `re`
from typing import Any, Final

from heuron.coercion import TEXT_LIMIT

__all__ = ["regex_problem", "way_out"]

SEVERAL_WAYS: Final = "it repeats a group that can match one text in several ways"
CASELESS: Final = "it ignores case"
MANY_WAYS: Final = "its repetitions can divide one text in too many ways"

LONGEST: Final = 1_000
"""How long a regular expression may be, in characters."""

MOST_WAYS: Final = 2 * TEXT_LIMIT**2
"""How many ways are still tried within seconds: two neighbouring repetitions, and an option."""

FEW_ROUNDS: Final = 9
"""Up to how many rounds of a repetition that are ambiguous together are counted at all."""

SAMPLE: Final = "".join(map(chr, range(32, 127))) + "\t\n éß中"
"""Letters that stand for all: two parts of a pattern overlap when one of these is in both."""

Part = tuple[Any, Any]
Chars = frozenset[str]


def regex_problem(pattern: str) -> str | None:
    """Return why a regular expression is not used, or None."""
    if len(pattern) > LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    try:
        re.compile(pattern)
        parts = list(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    if re.search(r"\(\?[a-zA-Z]*i", pattern):
        return CASELESS
    try:
        ways = _sequence(parts).ways
    except _BackReference:
        return "it refers back to a group"
    except RecursionError:
        return "it nests too deeply"
    if ways == float("inf"):
        return SEVERAL_WAYS
    if ways > MOST_WAYS:
        return MANY_WAYS
    return None


def way_out(problem: str) -> str | None:
    """Return what to do about a problem, where that is known."""
    if problem == SEVERAL_WAYS:
        return "Repeat nothing inside the group, or let each round begin with a letter of its own."
    if problem == CASELESS:
        return "Write both letters, `[Yy]es`, or match `lower(…)`."
    if problem == MANY_WAYS:
        return "Put a letter between the repetitions that none of them matches, or bound them."
    return None


class _BackReference(Exception):
    """The pattern refers back to a group, which no bound covers."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What a part of a pattern can match.

    `ways` bounds in how many ways it can match the start of one text; `first` are the letters
    that it can start with, `letters` all that it can match, `least` is its least length.
    """

    ways: float
    first: Chars
    letters: Chars
    least: int


def _sequence(parts: Iterable[Part]) -> _Match:
    """Return what parts that follow each other can match."""
    return _in_turn([_part(one) for one in _opened(parts)])


def _in_turn(parts: Iterable[_Match]) -> _Match:
    """Return what parts that follow each other can match.

    Neighbours multiply while the next can start with a letter that those before it could take
    as well; a letter that must stand between them and that they cannot match keeps them apart.
    """
    most = chain = 1.0
    reach = first = letters = frozenset[str]()
    least = 0
    for one in parts:
        if least == 0:
            first |= one.first
        letters |= one.letters
        least += one.least
        if reach.isdisjoint(one.first):
            if one.least > 0:
                chain, reach = 1.0, frozenset()
            chain = max(chain, one.ways)
        else:
            chain *= one.ways
        if one.ways > 1.0 or reach:
            reach |= one.letters
        most = max(most, chain)
    return _Match(most, first, letters, least)


def _opened(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts with those of plain groups in the place of each group."""
    for part in parts:
        if str(part[0]) == "SUBPATTERN":
            yield from _opened(part[1][3])
        else:
            yield part


def _part(part: Part) -> _Match:
    operation, argument = str(part[0]), part[1]
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeat(*argument)
        case "ATOMIC_GROUP":
            return _sequence(argument)
        case "BRANCH":
            return _branch([_sequence(one) for one in argument[1]])
        case "ASSERT" | "ASSERT_NOT":
            return _Match(_sequence(argument[1]).ways, frozenset(), frozenset(), 0)
        case "AT":
            return _Match(1.0, frozenset(), frozenset(), 0)
        case "GROUPREF" | "GROUPREF_EXISTS":
            raise _BackReference
        case _:
            letters = _letters(operation, argument)
            return _Match(1.0, letters, letters, 1)


def _repeat(least: int, most: Any, inside: Any) -> _Match:
    parts = [_part(part) for part in _opened(inside)]
    one = _in_turn(parts)
    longest = min(int(most), TEXT_LIMIT)
    ways = max(one.ways, longest - least + 1.0)
    # What one round and the next can trade is tried again in every round.
    if longest > 1 and one.ways > 1.0 and _in_turn([*parts, *parts]).ways > one.ways:
        ways = one.ways**longest if longest <= FEW_ROUNDS else float("inf")
    return _Match(ways, one.first, one.letters, one.least * least)


def _branch(branches: list[_Match]) -> _Match:
    first = letters = frozenset[str]()
    alike = False
    for one in branches:
        # An empty branch goes with whatever follows.
        alike = alike or one.least == 0 or not first.isdisjoint(one.first)
        first |= one.first
        letters |= one.letters
    ways = [one.ways for one in branches]
    least = min(one.least for one in branches)
    return _Match(sum(ways) if alike else max(ways), first, letters, least)


def _letters(operation: str, argument: Any) -> Chars:
    """Return the letters of the sample that a single-letter part matches."""
    match operation:
        case "LITERAL":
            return frozenset(_sampled(chr(argument)))
        case "NOT_LITERAL":
            return frozenset(SAMPLE) - {chr(argument)}
        case "ANY":
            return frozenset(SAMPLE)
        case "IN":
            found = frozenset[str]().union(*(_class_item(one) for one in argument))
            negated = str(argument[0][0]) == "NEGATE"
            return frozenset(SAMPLE) - found if negated else found
        case _:
            return frozenset(SAMPLE)


def _sampled(letter: str) -> str:
    """Return a letter of the sample that stands for this one: itself, or one of its kind."""
    if letter in SAMPLE:
        return letter
    return "中" if letter.isalpha() else "0" if letter.isdigit() else " "


def _class_item(item: Part) -> Chars:
    operation, argument = str(item[0]), item[1]
    match operation:
        case "LITERAL":
            return frozenset(_sampled(chr(argument)))
        case "RANGE":
            low, high = argument
            inside = frozenset(one for one in SAMPLE if low <= ord(one) <= high)
            return inside | {_sampled(chr(low)), _sampled(chr(high))}
        case "CATEGORY":
            letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(argument).rsplit("_", 1)[1]]
            sign = letter.upper() if "_NOT_" in str(argument) else letter
            return frozenset(one for one in SAMPLE if re.fullmatch(f"\\{sign}", one))
        case _:
            return frozenset()
