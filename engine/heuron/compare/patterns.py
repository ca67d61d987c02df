"""Patterns of what rules contributed to the goal, numbered, and what rows of each count for.

A file of millions of rows has few patterns. What one of them says of every rule is worked out
when it first occurs; after that a piece of rows is a few additions of whole columns. Imports
numpy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from threading import Lock
from typing import Any

import numpy as np

from heuron.compare.said import values_right
from heuron.compare.shots import Contributions
from heuron.compare.tally import Tally
from heuron.learn.contract import Contract

__all__ = ["Fired", "PatternBook"]

Array = Any


class _Uses:
    """Things that patterns have to do with, each perhaps with a truth: numbered as they come."""

    def __init__(self) -> None:
        self.things: dict[Hashable, int] = {}
        self._pattern: list[int] = []
        self._truth: list[int] = []
        self._thing: list[int] = []
        self._arrays: tuple[Array, Array, Array] | None = None

    def add(self, pattern: int, thing: Hashable, truth: int = 0) -> None:
        """Note that rows of a pattern and a truth count for a thing."""
        self._pattern.append(pattern)
        self._truth.append(truth)
        self._thing.append(self.things.setdefault(thing, len(self.things)))
        self._arrays = None

    def counts(self, rows: Array) -> Iterable[tuple[Any, int]]:
        """Yield the things that occur, with the number of rows.

        Args:
            rows: The rows by pattern and truth.
        """
        if self._arrays is None:
            parts = (self._pattern, self._truth, self._thing)
            pattern, truth, thing = (np.array(one, dtype=np.int64) for one in parts)
            self._arrays = pattern, truth, thing
        pattern, truth, thing = self._arrays
        # Whole numbers below 2**53, so that floats add them exactly.
        weights = rows[pattern, truth]
        total = np.bincount(thing, weights=weights, minlength=len(self.things))
        for name, count in zip(self.things, total.tolist(), strict=True):
            if count:
                yield name, int(count)


@dataclass(frozen=True, slots=True)
class Fired:
    """What rules contributed to the goal in the rows of a piece.

    Attributes:
        book: The patterns.
        of_row: The number of each row's pattern.
        losses: [right answers lost, won, answers changed] without each rule, where that was
            counted already and does not follow from the patterns.
    """

    book: PatternBook
    of_row: Array
    losses: Mapping[str, list[int]] | None = None


class PatternBook:
    """The patterns that occurred, by number; threads may share it.

    Args:
        contract: Says what is right.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._numbers: dict[Contributions, int] = {}
        self._patterns: list[Contributions] = []
        self._shots = _Uses()
        self._overlaps = _Uses()
        self._losses = _Uses()
        self._lock = Lock()

    def number(self, pattern: Contributions) -> int:
        """Return the number of a pattern."""
        with self._lock:
            number = self._numbers.get(pattern)
            if number is None:
                number = self._numbers[pattern] = len(self._patterns)
                self._patterns.append(pattern)
                self._note(number, pattern)
            return number

    def pattern(self, number: int) -> Contributions:
        """Return the pattern of a number."""
        return self._patterns[number]

    def count(self, of_row: Array, truths: Array, tally: Tally) -> None:
        """Add to a tally what rows of these patterns and truths count for.

        Args:
            of_row: The number of each row's pattern.
            truths: The goal of each row: the place of a level, or a number.
            tally: Whose `shots`, `overlaps` and `losses` grow.
        """
        with self._lock:
            if self._contract.is_regression:
                self._count_numbers(of_row, truths, tally)
            else:
                self._count_levels(of_row, truths, tally)

    def _count_levels(self, of_row: Array, truths: Array, tally: Tally) -> None:
        """Count where the goal has levels."""
        size = len(self._contract.classes)
        known = len(self._patterns)
        code = of_row.astype(np.int64) * size + truths
        rows = np.bincount(code, minlength=known * size).reshape(known, size)
        for (rule, value, certainty, truth), count in self._shots.counts(rows):
            key = (rule, value, certainty, truth)
            tally.shots[key] = tally.shots.get(key, 0) + count
        self._count_overlaps(rows.sum(axis=1, keepdims=True), tally)
        for (rule, at), count in self._losses.counts(rows):
            tally.losses.setdefault(rule, [0, 0, 0])[at] += count
        self._count_silent(rows.sum(axis=1), tally)

    def _note(self, number: int, pattern: Contributions) -> None:
        for pair in combinations(dict.fromkeys(one[0] for one in pattern.shots), 2):
            self._overlaps.add(number, pair)
        if self._contract.is_regression:
            return
        is_right = self._contract.is_right
        for place, truth in enumerate(self._contract.classes):
            for rule, value, certainty in pattern.shots:
                key = (rule, value, certainty, is_right(value, truth))
                self._shots.add(number, key, place)
            was = pattern.value is not None and is_right(pattern.value, truth)
            for rule, after in pattern.without:
                would = after is not None and is_right(after, truth)
                found = (was and not would, would and not was, pattern.value != after)
                for at, counts in enumerate(found):
                    if counts:
                        self._losses.add(number, (rule, at), place)

    def _count_overlaps(self, rows: Array, tally: Tally) -> None:
        for pair, count in self._overlaps.counts(rows):
            tally.overlaps[pair] = tally.overlaps.get(pair, 0) + count

    def _count_silent(self, rows: Array, tally: Tally) -> None:
        """Note the rules whose absence changes nothing, so that they are on record as such."""
        for number in np.flatnonzero(rows).tolist():
            for rule, _ in self._patterns[number].without:
                tally.losses.setdefault(rule, [0, 0, 0])

    def _count_numbers(self, of_row: Array, truths: Array, tally: Tally) -> None:
        """Count where the goal is a quantity: the rows of a pattern together."""
        contract = self._contract
        rows = np.bincount(of_row, minlength=len(self._patterns))
        self._count_overlaps(rows[:, np.newaxis], tally)
        order = np.argsort(of_row, kind="stable")
        ends = np.cumsum(rows)
        for number in np.flatnonzero(rows).tolist():
            pattern = self._patterns[number]
            some = truths[order[ends[number] - rows[number] : ends[number]]]
            total = len(some)
            for rule, value, certainty in pattern.shots:
                good = int(values_right(contract, value, some).sum())
                for truth, count in ((True, good), (False, total - good)):
                    if count:
                        key = (rule, None, certainty, truth)
                        tally.shots[key] = tally.shots.get(key, 0) + count
            was = values_right(contract, pattern.value, some)
            for rule, after in pattern.without:
                would = values_right(contract, after, some)
                held = tally.losses.setdefault(rule, [0, 0, 0])
                held[0] += int((was & ~would).sum())
                held[1] += int((would & ~was).sum())
                held[2] += total * (pattern.value != after)
