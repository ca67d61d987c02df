"""Rules one after another: each is the best for the rows that no earlier one speaks of.

Sequential covering (AQ: Michalski 1969; CN2: Clark and Niblett 1989) with a small beam.
"""

from __future__ import annotations

from typing import Any, Final

import numpy

from heuron.learn.induce.conditions import (
    Condition,
    Premise,
    level_count,
    matches,
    round_cut,
    tighten,
)
from heuron.learn.scorer.table import Numbers

__all__ = ["list_premises"]

CUTS: Final = 12
"""Candidate cuts of a column: at equal shares of its rows."""
BEAM: Final = 4
LONGEST: Final = 2
"""Conditions of one rule."""


def list_premises(
    kinds: tuple[Any, ...], numbers: Numbers, goal: Numbers, most: int, regression: bool
) -> list[Premise]:
    """Return premises to try in order; the arguments are those of `tree_premises`."""
    atoms = _atoms(kinds, numbers)
    held = [one.holds(numbers) for one in atoms]
    smallest = max(5, len(goal) // 100) if len(goal) >= 20 else 1
    rest = numpy.ones(len(goal), dtype=bool)
    worth = _worth_of(goal, regression)
    found: list[Premise] = []
    while len(found) < most and rest.sum() >= 2 * smallest:
        premise = _best(atoms, held, rest, worth, smallest)
        if premise is None:
            break
        found.append(premise)
        rest &= ~matches(premise, numbers)
    return found


def _atoms(kinds: tuple[Any, ...], numbers: Numbers) -> list[Condition]:
    found: list[Condition] = []
    for at, kind in enumerate(kinds):
        count = level_count(kind)
        if count:
            found += [Condition(at, levels=(place,)) for place in range(count)]
            continue
        cells = numpy.unique(numbers[:, at][~numpy.isnan(numbers[:, at])])
        if len(cells) < 2:
            continue
        known = numbers[:, at][~numpy.isnan(numbers[:, at])]
        shares = numpy.quantile(known, numpy.linspace(0, 1, CUTS + 2)[1:-1])
        near = numpy.searchsorted(cells, shares)
        for place in sorted({min(int(one), len(cells) - 2) for one in near}):
            cut = round_cut(float(cells[place]), float(cells[place + 1]))
            found += [Condition(at, high=cut), Condition(at, low=cut)]
    return found


def _worth_of(goal: Numbers, regression: bool) -> Any:
    """Return how good a set of rows is: how much surer of the goal, times the root of its size."""
    if regression:
        whole = float(numpy.var(goal)) or 1.0

        def worth(rows: Numbers) -> float:
            part = goal[rows]
            return float((1.0 - numpy.var(part) / whole) * len(part) ** 0.5)

        return worth
    classes = int(goal.max()) + 1
    base = numpy.bincount(goal, minlength=classes) / len(goal)

    def gain(rows: Numbers) -> float:
        counts = numpy.bincount(goal[rows], minlength=classes)
        count = int(counts.sum())
        share = (counts + 2 * base) / (count + 2)
        change = (share - base) / numpy.where(base < 1, 1 - base, 1.0)
        return float(change[counts.argmax()] * count**0.25)

    return gain


def _best(
    atoms: list[Condition], held: list[Numbers], rest: Numbers, worth: Any, smallest: int
) -> Premise | None:
    beam: list[tuple[float, Premise, Numbers]] = [(0.0, (), rest)]
    best: tuple[float, Premise] | None = None
    for _ in range(LONGEST):
        grown: list[tuple[float, Premise, Numbers]] = []
        for _, premise, rows in beam:
            before = int(rows.sum())
            for atom, holds in zip(atoms, held, strict=True):
                # One condition a column: a cell of a table holds no more.
                if any(one.column == atom.column for one in premise):
                    continue
                both = rows & holds
                count = int(both.sum())
                if smallest <= count < before:
                    grown.append((worth(both), tighten(premise, atom), both))
        # The first of equals: the order of columns decides, and never chance.
        grown.sort(key=lambda one: -one[0])
        beam = grown[:BEAM]
        if beam and (best is None or beam[0][0] > best[0] * 1.05):
            best = beam[0][0], beam[0][1]
    return best[1] if best is not None and best[0] > 0.0 else None
