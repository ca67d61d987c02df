"""Rows that are alike in several columns of small whole numbers. Imports numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

__all__ = ["joint_codes"]

Array = Any
MOST: Final = 1 << 18
"""Up to so many combinations are counted in a table; of more, those that occur are sorted."""


def joint_codes(
    columns: Sequence[tuple[Array, int]], rows: int
) -> tuple[Array, list[tuple[int, ...]]]:
    """Return the number of each row's combination of values, and the combinations by number.

    Args:
        columns: Columns of whole numbers from 0, each with the number that its values are below.
        rows: How many rows there are.
    """
    places = np.zeros(rows, dtype=np.int64)
    keys: list[tuple[int, ...]] = [()]
    at = 0
    while at < len(columns):
        sizes: list[int] = []
        total = len(keys)
        code = places
        while at < len(columns) and (not sizes or total * columns[at][1] <= MOST):
            values, size = columns[at]
            code = code * size + values
            sizes.append(size)
            total *= size
            at += 1
        if total <= MOST:
            present = np.flatnonzero(np.bincount(code, minlength=1))
            lut = np.zeros(total, dtype=np.int64)
            lut[present] = np.arange(len(present))
            places = lut[code]
        else:
            present, places = np.unique(code, return_inverse=True)
        keys = [_key(keys, sizes, one) for one in present.tolist()]
    return places, keys


def _key(keys: Sequence[tuple[int, ...]], sizes: Sequence[int], code: int) -> tuple[int, ...]:
    """Return the combination that a code stands for."""
    values = []
    for size in reversed(sizes):
        code, value = divmod(code, size)
        values.append(value)
    return (*keys[code], *reversed(values))
