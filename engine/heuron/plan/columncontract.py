"""The names that generated column code may use, and what they do. Imports numpy.

Every function works on one chunk of `n` rows. A mask is a boolean column, or a plain `True` or
`False` where a condition does not depend on the row. The arithmetic is that of `plan.contract`
and `heuron.certainty`, operation by operation, so that a chunk gives the floats of single records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from heuron.certainty import DIGITS
from heuron.values import INTEGER_LIMIT

__all__ = ["COLUMN_NAMES"]

LAST: Final = 2**31
"""The rank of a value that nothing supports."""

Array = Any
"""A numpy array of length n, or a plain scalar that stands for one."""


def fit(values: Array, whole: bool) -> Array:
    """Return results of arithmetic with NaN where they are out of range."""
    values = np.asarray(values, dtype=float)
    wrong = ~np.isfinite(values)
    if whole:
        wrong |= np.abs(values) > INTEGER_LIMIT
    return np.where(wrong, np.nan, values) if wrong.any() else values


def fit_whole(calculate: Any, left: Array, right: Array) -> Array:
    """Return a sum, difference or product of whole numbers, NaN where it is out of range.

    A float of 2**53 stands for 2**53 + 1 too: those few are calculated again as integers.
    """
    values = np.asarray(calculate(left, right), dtype=float)
    size = np.abs(values)
    if (size < INTEGER_LIMIT).all():
        return values
    wrong = np.asarray(~(size <= INTEGER_LIMIT))
    edge = np.asarray(size == INTEGER_LIMIT)
    exact = [np.broadcast_to(one, values.shape)[edge].astype(np.int64) for one in (left, right)]
    wrong[edge] = np.abs(calculate(*exact)) > INTEGER_LIMIT
    return np.where(wrong, np.nan, values)


def column(mask: Array, n: int) -> Array:
    """Return a mask as a column of its own."""
    return np.broadcast_to(mask, (n,))


def inverse(mask: Array) -> Array:
    """Return where a mask does not hold."""
    return not mask if isinstance(mask, bool) else ~mask


def doubt(mask: Array, remaining: Array, n: int) -> Array:
    """Return the factor that a rule multiplies a product of doubt with: 1 where it did not fire."""
    return np.where(column(mask, n), remaining, 1.0)


def rounded(certainties: Array) -> Array:
    """Return certainties to twelve decimals, by the operations of `heuron.certainty`."""
    return np.trunc(certainties * DIGITS + np.copysign(0.5, certainties)) / DIGITS


def certainty(positive: Array, negative: Array, n: int) -> Array:
    """Return the certainties of two columns of products; see `heuron.certainty`."""
    up = np.broadcast_to(np.asarray(positive, dtype=float), (n,))
    down = np.broadcast_to(np.asarray(negative, dtype=float), (n,))
    value = np.where(up < down, 1.0 - up / down, np.where(up > down, down / up - 1.0, 0.0))
    return rounded(value)


def clash(positive: Array, negative: Array, n: int) -> Array:
    """Return where certain contributions for and against one value met."""
    return column(np.asarray(positive) == 0.0, n) & column(np.asarray(negative) == 0.0, n)


def settled(
    parts: Sequence[tuple[float, Array, Array, Sequence[tuple[Array, int]]]],
    unknown: float,
    n: int,
) -> tuple[Array, Array, Array]:
    """Return the value and the certainty of a concluded field, and the rows left to one by one.

    Args:
        parts: For each value its code, its products of doubt (for; against or None), and where
            which rule supports it, with the rule's rank.
        unknown: The code of unknown (NaN or -1).
        n: The number of rows.
    """
    dtype = float if unknown != unknown else np.int64
    values = np.full(n, unknown, dtype=dtype)
    best = np.zeros(n)
    rows: Array = None
    tied: Array = None
    reached_by = []
    for code, positive, negative, _ in parts:
        if negative is None:
            reached = rounded(1.0 - np.broadcast_to(np.asarray(positive, dtype=float), (n,)))
        else:
            reached = certainty(positive, negative, n)
            rows = either(rows, clash(positive, negative, n))
        reached_by.append(reached)
        if len(reached_by) > 1:
            tied = either(tied, (reached == best) & (best > 0.0))
        better = reached > best
        np.copyto(values, code, where=better)
        np.copyto(best, reached, where=better)
    if tied is not None:
        at = np.flatnonzero(tied)
        values[at] = _earliest(parts, reached_by, best, at, n)
    return values, best, rows


def _earliest(
    parts: Sequence[tuple[float, Array, Array, Sequence[tuple[Array, int]]]],
    reached_by: Sequence[Array],
    best: Array,
    at: Array,
    n: int,
) -> Array:
    """Return, for the rows `at`, the best value whose support has the lowest rank."""
    lowest = np.full(len(at), LAST)
    chosen = np.zeros(len(at))
    for (code, _, _, supports), reached in zip(parts, reached_by, strict=True):
        rank = np.full(len(at), LAST - 1)
        for mask, place in supports:
            rank = np.where(column(mask, n)[at], np.minimum(rank, place), rank)
        first_ = (reached[at] == best[at]) & (rank < lowest)
        chosen[first_] = code
        lowest[first_] = rank[first_]
    return chosen


def best_branch(branches: Sequence[tuple[Array, Array]], n: int) -> Array:
    """Return the certainty of the best branch that is true; 1 where none is (it fires nowhere)."""
    best = np.zeros(n)
    for mask, weight_ in branches:
        best = np.maximum(best, np.where(column(mask, n), weight_, 0.0))
    return np.where(best == 0.0, 1.0, best)


def ties(certainties: Sequence[Array], n: int) -> Array:
    """Return where two values that hold have the same certainty."""
    ordered = np.sort(np.stack(certainties), axis=0)
    return ((ordered[1:] == ordered[:-1]) & (ordered[1:] > 0.0)).any(axis=0)


def weight(certainties: Array) -> Array:
    """Return certainties as weights: an unknown field takes no part (1)."""
    return np.where(certainties == 0.0, 1.0, certainties)


def within(values: Array, mask: Array, limits: tuple[Any, bool, Any, bool], n: int) -> Array:
    """Return computed values where the rule fired and the field accepts them, else NaN."""
    low, low_open, high, high_open = limits
    values = np.broadcast_to(np.asarray(values, dtype=float), (n,))
    keep = column(mask, n) & np.isfinite(values)
    if low is not None:
        keep = keep & ((values > low) if low_open else (values >= low))
    if high is not None:
        keep = keep & ((values < high) if high_open else (values <= high))
    return np.where(keep, values, np.nan)


def held(values: Array, remaining: Array) -> Array:
    """Return the certainty of computed values: that of the one rule where it gave a value."""
    return np.where(np.isnan(values), 0.0, rounded(1.0 - remaining))


def either(rows: Array, more: Array) -> Array:
    """Return rows or more rows; None is no row."""
    if more is None or not np.any(more):
        return rows
    return more if rows is None else rows | more


def several(masks: Sequence[Array], n: int) -> Array:
    """Return where more than one mask holds."""
    count = np.zeros(n, dtype=np.int32)
    for mask in masks:
        count += mask
    return count > 1


def first(masks: Sequence[Array], possible: Sequence[Array] | None, n: int) -> Array:
    """Return the place of the first mask that holds, or -1.

    Args:
        masks: Where each row of a table is true.
        possible: Where each row is true or unknown; None when nothing is unknown. An unknown
            row hides the rows after it.
        n: The number of rows.
    """
    if possible is None:
        # An earlier row has the larger number, and the largest of those that hold wins: whole
        # columns at a time, without a branch.
        count = len(masks)
        kind: Any = np.uint8 if count < 256 else np.uint16
        top = np.zeros(n, dtype=kind)
        for place, mask in enumerate(masks):
            if mask is True:
                mask = np.ones(n, dtype=bool)
            if mask is not False:
                held_ = np.broadcast_to(mask, (n,))
                np.maximum(top, np.multiply(held_, kind(count - place), dtype=kind), out=top)
        hit = np.int16(count) - top.astype(np.int16)
        hit[hit == count] = -1
        return hit
    hit = np.full(n, -1, dtype=np.int16)
    open_ = np.ones(n, dtype=bool)
    for place, (mask, maybe) in enumerate(zip(masks, possible, strict=True)):
        np.copyto(hit, place, where=open_ & column(mask, n))
        open_ &= ~column(maybe, n)
    return hit


COLUMN_NAMES: Final[dict[str, object]] = {
    "np": np,
    "nan": np.nan,
    "real": np.float64,
    "fit": fit,
    "fit_whole": fit_whole,
    "inverse": inverse,
    "doubt": doubt,
    "certainty": certainty,
    "clash": clash,
    "settled": settled,
    "best_branch": best_branch,
    "ties": ties,
    "weight": weight,
    "within": within,
    "held": held,
    "either": either,
    "several": several,
    "first": first,
    "__builtins__": {"float": float},
}
"""The namespace of generated column code."""
