"""Conditions on the columns of examples: what they hold on, and which are needed.

Owns `Condition` and `Premise`. A condition on a number is an interval, on an enumeration or a
boolean a set of levels; an unknown value meets no condition, as in rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, inf
from typing import Any, Final

import numpy

from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.table import Numbers

__all__ = ["Condition", "Premise", "level_count", "matches", "needed", "round_cut", "tighten"]

MOST_DIGITS: Final = 17


@dataclass(frozen=True, slots=True)
class Condition:
    """What a premise asks of one column: `low < x <= high`, or one of the `levels` by place."""

    column: int
    low: float = -inf
    high: float = inf
    levels: tuple[int, ...] | None = None

    def holds(self, numbers: Numbers) -> Numbers:
        """Return on which rows it holds."""
        cells = numbers[:, self.column]
        if self.levels is not None:
            return numpy.isin(cells, self.levels)
        return numpy.asarray((cells > self.low) & (cells <= self.high))


Premise = tuple[Condition, ...]
"""Conditions that must all hold, one a column."""


def matches(premise: Premise, numbers: Numbers) -> Numbers:
    """Return the rows on which all conditions of a premise hold."""
    held = numpy.ones(len(numbers), dtype=bool)
    for condition in premise:
        held &= condition.holds(numbers)
    return held


def level_count(kind: Any) -> int:
    """Return how many levels a column has; 0 for a number."""
    if is_levels(kind):
        return len(kind)
    return 2 if kind == "boolean" else 0


def tighten(premise: Premise, new: Condition) -> Premise:
    """Return a premise with one more condition, merged with what it says of that column."""
    for at, old in enumerate(premise):
        if old.column == new.column:
            merged = replace(old, low=max(old.low, new.low), high=min(old.high, new.high))
            if old.levels is not None and new.levels is not None:
                kept = tuple(one for one in old.levels if one in new.levels)
                merged = replace(old, levels=kept)
            return (*premise[:at], merged, *premise[at + 1 :])
    return (*premise, new)


def needed(premise: Premise, numbers: Numbers) -> Premise:
    """Return a premise without the conditions, or halves of intervals, that leave no row out."""
    wanted = matches(premise, numbers)
    kept = premise
    for condition in premise:
        for less in _weaker(condition):
            changed = (less if one.column == condition.column else one for one in kept)
            trial = tuple(one for one in changed if one is not None)
            if (matches(trial, numbers) == wanted).all():
                kept = trial
                break
    return kept


def _weaker(condition: Condition) -> Sequence[Condition | None]:
    """Return what a condition may become: nothing, or an interval with one end."""
    if condition.levels is not None or inf in (-condition.low, condition.high):
        return (None,)
    return (None, replace(condition, low=-inf), replace(condition, high=inf))


def round_cut(below: float, above: float) -> float:
    """Return the shortest decimal c with `below <= c < above`: it moves none of the rows."""
    middle = below + (above - below) / 2
    for digits in range(-6, MOST_DIGITS):
        # Between 63 and 64 it is 63, which a whole number may be compared with.
        for cut in (round(middle, digits) + 0.0, float(floor(middle)) if digits == 0 else above):
            if below <= cut < above:
                return cut
    return below
