"""Macro-F1 and kappa of many resamples at once, a column a cell. Imports numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["kappa_of_many", "macro_f1_of_many"]

Array = Any
Cells = Sequence[tuple[object, object]]


def macro_f1_of_many(cells: Cells, counts: Array) -> list[float | None]:
    """Return `metrics.macro_f1` of each resample.

    Args:
        cells: The pairs of truth and answer.
        counts: A row for each resample, a column for each cell.
    """
    levels = list(dict.fromkeys(value for pair in cells for value in pair if value is not None))
    scores, occurs = [], []
    for level in levels:
        true = _total(counts, [pair[0] == level for pair in cells])
        said = _total(counts, [pair[1] == level for pair in cells])
        hits = _total(counts, [pair == (level, level) for pair in cells])
        occurs.append(true + said > 0)
        # A level that does not occur adds nothing, and is not counted.
        scores.append(2 * hits / np.maximum(true + said, 1))
    if not levels:
        return [None] * len(counts)
    present = np.sum(occurs, axis=0).tolist()
    rows = zip(np.transpose(scores).tolist(), present, strict=True)
    return [math.fsum(row) / count if count else None for row, count in rows]


def kappa_of_many(cells: Cells, counts: Array) -> list[float | None]:
    """Return `paired.cohen_kappa` of each resample; arguments as for `macro_f1_of_many`."""
    totals = counts.sum(axis=1).tolist()
    same = _total(counts, [a == b for a, b in cells]).tolist()
    values = list(dict.fromkeys(value for pair in cells for value in pair))
    # Products of counts of billions of rows need Python's whole numbers.
    chance = [0] * len(totals)
    for value in values:
        first = _total(counts, [a == value for a, _ in cells]).tolist()
        second = _total(counts, [b == value for _, b in cells]).tolist()
        chance = [old + a * b for old, a, b in zip(chance, first, second, strict=True)]
    return [
        None if by == total * total else (good * total - by) / (total * total - by)
        for total, good, by in zip(totals, same, chance, strict=True)
    ]


def _total(counts: Array, chosen: Sequence[bool]) -> Array:
    """Return the rows of each resample in some of the cells."""
    return counts[:, np.array(chosen, dtype=bool)].sum(axis=1)
