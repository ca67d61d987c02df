"""Many rows at once: typed columns to numbers, gaps filled, the model's columns. Needs numpy.

Training and answering share these, so that they cannot drift apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from math import nan
from typing import Any, Final

import numpy

from heuron.learn.scorer.inputs import TIE, conversion, is_levels
from heuron.values import UNKNOWN, Value

__all__ = [
    "NEW",
    "TIE",
    "Numbers",
    "decide_columns",
    "encode_columns",
    "fill_gaps",
    "in_chunks",
    "to_numbers",
]

Numbers = numpy.ndarray[Any, Any]

NEW: Final = -1.0
"""The place of a level that is not on an enumeration's list."""
CHUNK: Final = 8_192
"""So many rows are worked on together: few enough for the processor's cache."""
TREE_CHUNK: Final = 65_536
"""The same for trees, whose nodes are in the cache instead."""


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
    if is_levels(kind):
        place_of: dict[Any, float] = {level: float(place) for place, level in enumerate(kind)}
        place_of |= {None: nan, UNKNOWN: nan}
        return numpy.array([place_of.get(cell, NEW) for cell in cells], dtype=float)
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
        elif step[0] == "times":
            x[:, place] = column * step[2] + step[3]
        elif step[0] in ("is", "equals"):
            x[:, place] = column == step[2]
        else:
            x[:, place] = column
    return x


def in_chunks(
    score: Callable[[Numbers], Numbers], rows: Numbers, threaded: bool = False
) -> Numbers:
    """Return a function's results for the rows of a table, chunk by chunk.

    `threaded` says that the function lets other threads run meanwhile, as trees do; large tables
    are then shared out among the processor's cores. The results are the same.
    """
    size = TREE_CHUNK if threaded else CHUNK
    if len(rows) <= size:
        return score(rows)
    parts = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    threads = _threads() if threaded else 1
    if threads == 1:
        return numpy.concatenate([score(part) for part in parts])
    from concurrent.futures import ThreadPoolExecutor

    first = score(parts[0])  # compiles what is compiled once
    with ThreadPoolExecutor(min(threads, len(parts))) as pool:
        return numpy.concatenate([first, *pool.map(score, parts[1:])])


def _threads() -> int:
    """Return how many threads scikit-learn would use here; one where it is not at work."""
    if "sklearn" not in sys.modules:
        return 1
    try:
        from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
    except ImportError:
        return 1
    return int(_openmp_effective_n_threads())


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
