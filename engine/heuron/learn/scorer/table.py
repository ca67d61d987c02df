"""Many rows at once: typed columns to numbers, gaps filled, the model's columns. Needs numpy.

Training and answering share these, so that they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy

from heuron.learn.scorer.inputs import TIE, conversion
from heuron.values import UNKNOWN, Value

__all__ = ["TIE", "Numbers", "decide_columns", "encode_columns", "fill_gaps", "to_numbers"]

Numbers = numpy.ndarray[Any, Any]


def to_numbers(kinds: Sequence[Any], columns: Sequence[Sequence[Value] | None]) -> Numbers:
    """Return typed columns as one table of float64; NaN where unknown or a column is None."""
    rows = next((len(cells) for cells in columns if cells is not None), 0)
    table = numpy.full((rows, len(columns)), nan)
    for at, (kind, cells) in enumerate(zip(kinds, columns, strict=True)):
        if cells is not None:
            table[:, at] = _numbers(cells, kind)
    return table


def _numbers(cells: Sequence[Value], kind: Any) -> Numbers:
    if isinstance(cells, numpy.ndarray) and cells.dtype.kind in "fiub":
        return numpy.asarray(cells, dtype=float)
    convert = conversion(kind)
    known = [None if cell is UNKNOWN or cell is None else cell for cell in cells]
    if convert is not None:
        known = [None if cell is None else convert(cell) for cell in known]
    return numpy.array([nan if cell is None else cell for cell in known], dtype=float)


def fill_gaps(fill: Sequence[float | None], numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Return the rows with gaps filled, and which rows can be answered.

    `fill` has NaN where the model takes missing numbers itself, None where it refuses them.
    """
    filled = numbers.copy()
    answered = numpy.ones(len(numbers), dtype=bool)
    for at, one in enumerate(fill):
        unknown = numpy.isnan(numbers[:, at])
        if one is None:
            answered &= ~unknown
        filled[unknown, at] = 0.0 if one is None else one
    return filled, answered


def encode_columns(steps: Sequence[Sequence[Any]], filled: Numbers) -> Numbers:
    """Return the model's columns of rows with nothing left to fill."""
    x = numpy.empty((len(filled), len(steps)))
    for place, step in enumerate(steps):
        column = filled[:, step[1]]
        if step[0] == "scale":
            x[:, place] = (column - step[2]) / step[3]
        elif step[0] == "is":
            x[:, place] = column == step[2]
        else:
            x[:, place] = column
    return x


def decide_columns(scores: Numbers, positive: int | None, threshold: float) -> Numbers:
    """Return the place of the class answered in each row; ties go to the earlier one.

    `positive` is the class that the threshold speaks of; None answers the highest score.
    """
    if positive is None:
        near: Numbers = scores >= scores.max(axis=1, keepdims=True) - TIE
        return numpy.asarray(near.argmax(axis=1))
    over = scores[:, positive] - threshold
    if positive == 0:
        return numpy.where(over >= -TIE, 0, 1)
    return numpy.where(over > TIE, 1, 0)
