"""Rows that are alike in several columns of small whole numbers. Imports numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

__all__ = ["joint_codes", "joint_counts"]

Array = Any
Column = tuple[Array, int]
"""Whole numbers from 0, and a number that they are below."""
MOST: Final = 1 << 18
"""Up to so many combinations are counted in a table; of more, those that occur are sorted."""


def joint_codes(columns: Sequence[Column], rows: int) -> tuple[Array, list[tuple[int, ...]]]:
    """Return the number of each row's combination of values, and the combinations by number.

    Args:
        columns: Columns of whole numbers from 0, each with the number that its values are below.
        rows: How many rows there are.
    """
    places: Array = np.zeros(rows, dtype=np.int64)
    keys: list[tuple[int, ...]] = [()]
    at = 0
    while at < len(columns):
        code, sizes, at = _code(columns, at, places, len(keys))
        present, places, _ = _present(code, len(keys), sizes)
        keys = [_key(keys, sizes, one) for one in present.tolist()]
    return places, keys


def joint_counts(columns: Sequence[Column], rows: int) -> dict[tuple[int, ...], int]:
    """Return the combinations of values that occur with the number of their rows.

    Args:
        columns: As for `joint_codes`, at least one.
        rows: How many rows there are.
    """
    places: Array = np.zeros(rows, dtype=np.int64)
    keys: list[tuple[int, ...]] = [()]
    counts: Array = None
    at = 0
    while at < len(columns):
        code, sizes, at = _code(columns, at, places, len(keys))
        present, places, counts = _present(code, len(keys), sizes, at < len(columns))
        keys = [_key(keys, sizes, one) for one in present.tolist()]
    return dict(zip(keys, counts.tolist(), strict=True))


def _code(
    columns: Sequence[Column], at: int, places: Array, known: int
) -> tuple[Array, list[int], int]:
    """Return the code of each row by the columns that fit in a table, their sizes, and the next."""
    sizes: list[int] = []
    total = known
    end = at
    while end < len(columns) and (not sizes or total * columns[end][1] <= MOST):
        sizes.append(columns[end][1])
        total *= columns[end][1]
        end += 1
    # Narrow numbers pass through the processor faster.
    kind: Any = np.int16 if total < 1 << 15 else np.int32 if total < 1 << 31 else np.int64
    code = None if known == 1 else places.astype(kind)
    for values, size in columns[at:end]:
        if code is None:
            code = values.astype(kind)
            continue
        np.multiply(code, kind(size), out=code)
        np.add(code, values, out=code, casting="unsafe")
    return code, sizes, end


def _present(
    code: Array, known: int, sizes: Sequence[int], placed: bool = True
) -> tuple[Array, Array, Array]:
    """Return the codes that occur, each row's place among them, and how many rows have each."""
    total = known
    for size in sizes:
        total *= size
    if total > MOST:
        found: Any = np.unique(code, return_inverse=True, return_counts=True)
        return found  # type: ignore[no-any-return]
    wide = code.astype(np.int64)
    counts = np.bincount(wide, minlength=1)
    present = np.flatnonzero(counts)
    places: Array = None
    if placed:
        lut = np.zeros(len(counts), dtype=np.int64)
        lut[present] = np.arange(len(present))
        places = lut.take(wide)
    return present, places, counts[present]


def _key(keys: Sequence[tuple[int, ...]], sizes: Sequence[int], code: int) -> tuple[int, ...]:
    """Return the combination that a code stands for."""
    values = []
    for size in reversed(sizes):
        code, value = divmod(code, size)
        values.append(value)
    return (*keys[code], *reversed(values))
