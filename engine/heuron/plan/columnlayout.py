"""Which conditions share a word, and where in it they stand."""

from __future__ import annotations

from collections.abc import Sequence

from heuron.plan.columnwords import BITS, Entry

__all__ = ["packed", "sizes", "split"]

MOST_IN_A_GROUP = 14
"""Groups up to this size stand in one word: their bits are looked up together."""


def split(entries: list[Entry], reverse: bool) -> list[list[Entry]]:
    """Return words for entries in order; with `reverse` the first has the highest bit."""
    words = [entries[at : at + BITS] for at in range(0, len(entries), BITS)]
    return [word[::-1] if reverse else word for word in words]


def sizes(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the words of some entries, with how many of them each has."""
    found: dict[str, int] = {}
    for one in entries:
        found[one.word] = found.get(one.word, 0) + 1
    return found


def packed(parts: list[tuple[tuple[int, str], list[Entry]]]) -> list[list[Entry]]:
    """Return words in which entries of one group stand side by side, where they fit."""
    groups: dict[tuple[int, str], list[Entry]] = {}
    for group, entries in parts:
        groups.setdefault(group, []).extend(entries)
    words: list[list[Entry]] = []
    for listed in groups.values():
        whole = len(listed) <= MOST_IN_A_GROUP
        for start in range(0, len(listed), BITS):
            some = listed[start : start + BITS]
            while some:
                room = BITS - len(words[-1]) if words else 0
                if room == 0 or (whole and room < len(some)):
                    words.append([])
                    room = BITS
                words[-1].extend(some[:room])
                some = some[room:]
    return words
