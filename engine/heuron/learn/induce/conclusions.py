"""What a premise concludes: a class, a number, or a line in one field.

Owns `Conclusion` and how it is found from the rows that meet a premise. A line is a number that
rises or falls with one field, as in model trees (Quinlan, "Learning with continuous classes",
1992), with one field instead of several, so that a person can still read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy

from heuron.learn.contract import Contract
from heuron.learn.scorer.table import Numbers

__all__ = ["Conclusion", "conclude", "hits"]

LEAST: Final = 10
"""With fewer rows a premise concludes a number."""
WORTH: Final = 0.05
"""A line explains so much of the variance among its rows, or it is not drawn."""
DIGITS: Final = 4
"""Significant digits of a line's numbers; a single number has three."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The place of a class or a number, plus `slope` times the field of `column` if there is one.

    `whole` says that the number is rounded, as the goal is a whole number.
    """

    value: float
    column: int | None = None
    slope: float = 0.0
    whole: bool = False

    def answers(self, numbers: Numbers) -> Numbers:
        """Return what it says of rows."""
        if self.column is None:
            return numpy.full(len(numbers), self.value)
        said = self.value + self.slope * numbers[:, self.column]
        return numpy.asarray(numpy.round(said) if self.whole else said)


def conclude(
    contract: Contract, kinds: tuple[Any, ...], numbers: Numbers, goal: Numbers, lines: bool
) -> Conclusion:
    """Return what rows say: the most common class, the median, or with `lines` perhaps a line."""
    if not contract.is_regression:
        return Conclusion(int(numpy.bincount(goal).argmax()))
    whole = contract.field.type.kind == "integer"
    line = _line(kinds, numbers, goal, whole) if lines and len(goal) >= LEAST else None
    if line is not None:
        return line
    middle = float(f"{numpy.median(goal):.3g}")
    return Conclusion(float(round(middle)) if whole else middle)


def _line(
    kinds: tuple[Any, ...], numbers: Numbers, goal: Numbers, whole: bool
) -> Conclusion | None:
    """Return the line in one field that is nearest to the goal; None where none is worth it."""
    best: tuple[float, Conclusion] | None = None
    spread = float(((goal - goal.mean()) ** 2).sum())
    for column, kind in enumerate(kinds):
        cells = numbers[:, column]
        if kind not in ("number", "integer") or numpy.isnan(cells).any():
            continue
        apart = cells - cells.mean()
        width = float((apart**2).sum())
        if width <= 1e-12 * max(1.0, float((cells**2).sum())):
            continue
        slope = float((apart * (goal - goal.mean())).sum()) / width
        explained = slope * slope * width
        if explained >= WORTH * spread and (best is None or explained > best[0]):
            slope = float(f"{slope:.{DIGITS}g}")
            # The median of what is left: a few rows far away do not move the line.
            start = float(numpy.median(goal - slope * cells))
            start = float(f"{start:.{DIGITS}g}")
            best = explained, Conclusion(start, column, slope, whole)
    return None if best is None else best[1]


def hits(contract: Contract, said: Any, truth: Numbers) -> Numbers:
    """Return which answers count as right, as `Contract.is_right` says."""
    if not contract.is_regression:
        return numpy.asarray(truth == said)
    allowed = contract.tolerance or 0.0
    bound = allowed * numpy.abs(truth) / 100 if contract.percent else allowed
    return numpy.asarray(numpy.abs(truth - said) <= bound)
