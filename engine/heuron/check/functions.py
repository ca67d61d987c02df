"""The built-in functions of the language: their parameters and results.

What they compute is in `plan/contract.py`; a test holds the two tables together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from heuron.check.tree import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    PERIOD,
    TEXT,
)
from heuron.check.words import WORDS
from heuron.values import FieldType

__all__ = ["AGGREGATES", "BUILT_IN", "OLD_NAMES", "Signature", "in_words"]


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a function, each a set of kinds, and the type of its result.

    `optional` parameters at the end may be missing. A result of None has the type of the first
    argument.
    """

    parameters: tuple[tuple[str, ...], ...]
    result: FieldType | None
    optional: int = 0
    more: bool = False
    """Whether the last parameter may be repeated."""
    alike: bool = False
    """Whether all arguments have one type."""

    def __str__(self) -> str:
        """Return the parameters in words: "a text and a text", "" for none."""
        if self.more:
            return "two or more values of one type"
        words = [in_words(kinds) for kinds in self.parameters]
        required = len(words) - self.optional
        return " and ".join([*words[:required], *(f"perhaps {one}" for one in words[required:])])


def in_words(kinds: tuple[str, ...]) -> str:
    """Return what one parameter takes, in words: "a text or a list"."""
    if kinds == NUMBERS:
        return "a number"
    if kinds == DAYS:
        return "a date"
    return " or ".join(WORDS.get(one, f"a {one}") for one in kinds)


NUMBERS: Final = ("number", "integer")
DAYS: Final = ("date", "datetime")
ORDERED: Final = ("number", "integer", "date", "datetime", "duration", "text")


def _of(*parameters: tuple[str, ...], result: FieldType | None, optional: int = 0) -> Signature:
    return Signature(parameters, result, optional)


BUILT_IN: Final[dict[str, Signature]] = {
    "today": _of(result=DATE),
    "now": _of(result=DATETIME),
    "abs": _of(NUMBERS, result=None),
    "round": _of(NUMBERS, ("integer",), result=INTEGER, optional=1),
    "floor": _of(NUMBERS, result=INTEGER),
    "ceil": _of(NUMBERS, result=INTEGER),
    "sqrt": _of(NUMBERS, result=NUMBER),
    "min": Signature((ORDERED, ORDERED), None, more=True, alike=True),
    "max": Signature((ORDERED, ORDERED), None, more=True, alike=True),
    "length": _of(("text", "list"), result=INTEGER),
    "lower": _of(("text",), result=TEXT),
    "upper": _of(("text",), result=TEXT),
    "trim": _of(("text",), result=TEXT),
    "contains": _of(("text",), ("text",), result=BOOLEAN),
    "starts_with": _of(("text",), ("text",), result=BOOLEAN),
    "ends_with": _of(("text",), ("text",), result=BOOLEAN),
    "matches": _of(("text",), ("text",), result=BOOLEAN),
    "years": _of(("integer",), result=PERIOD),
    "months": _of(("integer",), result=PERIOD),
    "weeks": _of(NUMBERS, result=DURATION),
    "days": _of(NUMBERS, result=DURATION),
    "hours": _of(NUMBERS, result=DURATION),
    "minutes": _of(NUMBERS, result=DURATION),
    "seconds": _of(NUMBERS, result=DURATION),
    "year": _of(DAYS, result=INTEGER),
    "month": _of(DAYS, result=INTEGER),
    "day": _of(DAYS, result=INTEGER),
    "weekday": _of(DAYS, result=INTEGER),
    "years_between": Signature((DAYS, DAYS), INTEGER, alike=True),
    "days_between": Signature((DAYS, DAYS), INTEGER, alike=True),
}

AGGREGATES: Final = ("sum", "count", "min", "max", "avg", "collect")

OLD_NAMES: Final = {
    "len": "length",
    "size": "length",
    "strip": "trim",
    "startswith": "starts_with",
    "endswith": "ends_with",
    "ceiling": "ceil",
    "average": "avg",
    "mean": "avg",
    "date": "today",
}
"""What other languages call some of these, for hints."""
