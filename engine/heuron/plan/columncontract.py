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
from heuron.plan.columntables import TABLE_NAMES, column
from heuron.plan.contract import NAMES
from heuron.values import INTEGER_LIMIT

__all__ = ["COLUMN_NAMES"]

LAST: Final = 2**31
"""The order of a value that nothing supports."""

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


Said = tuple[Array, Array, Array, bool, int]
"""A contribution: the value, where it is made, the factor of doubt that it leaves, whether it is
for the value, and what decides between equal certainties (less is first)."""


def settled(parts: Sequence[Said], unknown: float, n: int) -> tuple[Array, Array]:
    """Return the value and the certainty of a field for which all contributed values are constant.

    Args:
        parts: The contributions, in rule order.
        unknown: The code of unknown (NaN or -1).
        n: The number of rows.
    """
    by_code: dict[Any, list[Said]] = {}
    for one in parts:
        by_code.setdefault(one[0], []).append(one)
    values = np.full(n, unknown, dtype=float if unknown != unknown else np.int64)
    best, lowest = np.zeros(n), np.full(n, LAST)
    for code, said in by_code.items():
        products = {True: np.ones(n), False: np.ones(n)}
        rank = np.full(n, LAST)
        for _, mask, remaining, is_for, order in said:
            products[is_for] *= doubt(mask, remaining, n)
            if is_for:
                rank = np.where(column(mask, n) & (rank > order), order, rank)
        reached = certainty(products[True], products[False], n)
        better = (reached > best) | ((reached == best) & (best > 0.0) & (rank < lowest))
        np.copyto(values, code, where=better)
        np.copyto(best, reached, where=better)
        np.copyto(lowest, rank, where=better)
    return values, best


def settled_by_value(parts: Sequence[Said], unknown: float, n: int) -> tuple[Array, Array, Array]:
    """Return the value and the certainty of a field for which some values are computed.

    See `settled`; values are columns, unknown where the field does not accept them. The third
    column says where certain contributions for and against one value met.
    """
    dtype = float if unknown != unknown else np.int64
    said = []
    count = np.zeros(n, dtype=np.int32)
    for value, mask, remaining, is_for, order in parts:
        whole = np.broadcast_to(np.asarray(value, dtype=dtype), (n,))
        made = column(mask, n) & ((whole == whole) if unknown != unknown else (whole >= 0))
        count += made
        factor = np.broadcast_to(np.asarray(remaining, dtype=float), (n,))
        said.append((whole, made, factor, is_for, order))
    values, best = np.full(n, unknown, dtype=dtype), np.zeros(n)
    alone = count == 1
    for value, made, factor, is_for, _ in said:
        if is_for:
            here = made & alone
            np.copyto(values, value, where=here)
            np.copyto(best, rounded(1.0 - factor), where=here)
    # A certainty of 0 holds nothing (that of a product below the last decimal).
    np.copyto(values, unknown, where=best == 0.0)
    at = np.flatnonzero(count > 1)
    contradicted = np.zeros(n, dtype=bool)
    if len(at):
        some = [(v[at], m[at], f[at], is_for, order) for v, m, f, is_for, order in said]
        values[at], best[at], contradicted[at] = _compared(some, unknown, len(at))
    return values, best, contradicted


def _compared(said: Sequence[Said], unknown: float, n: int) -> tuple[Array, Array, Array]:
    """Return value, certainty and contradiction on rows with several contributions."""
    contradicted = np.zeros(n, dtype=bool)
    values, best = np.full(n, unknown, dtype=said[0][0].dtype), np.zeros(n)
    for value, made, _, is_for, _ in sorted(said, key=lambda one: one[4]):
        if not is_for:
            continue
        products = {True: np.ones(n), False: np.ones(n)}
        for other, also, factor, sign, _ in said:
            products[sign] *= np.where(also & (other == value), factor, 1.0)
        # Supports of lower rank come first, so that only more certainty is better.
        reached = certainty(products[True], products[False], n)
        better = made & (reached > best)
        np.copyto(values, value, where=better)
        np.copyto(best, reached, where=better)
        contradicted |= made & (products[True] == 0.0) & (products[False] == 0.0)
    return values, best, contradicted


def best_branch(branches: Sequence[tuple[Array, Array]], n: int) -> Array:
    """Return the certainty of the best branch that is true; 1 where none is (it fires nowhere)."""
    best = np.zeros(n)
    for mask, weight_ in branches:
        best = np.maximum(best, np.where(column(mask, n), weight_, 0.0))
    return np.where(best == 0.0, 1.0, best)


def several(masks: Sequence[Array], n: int) -> Array:
    """Return where more than one mask holds."""
    count = np.zeros(n, dtype=np.int32)
    for mask in masks:
        count += mask
    return count > 1


def ties(certainties: Sequence[Array], n: int) -> Array:
    """Return where two values that hold have the same certainty."""
    ordered = np.sort(np.stack([column(one, n) for one in certainties]), axis=0)
    return ((ordered[1:] == ordered[:-1]) & (ordered[1:] > 0.0)).any(axis=0)


def weight(certainties: Array) -> Array:
    """Return certainties as weights: an unknown field, or a value that fails, takes no part (1)."""
    return np.where(certainties > 0.0, certainties, 1.0)


def truths(true: Array, false: Array, n: int) -> Array:
    """Return where a condition holds and where it fails as truth values: 1, 0, -1 for neither."""
    return np.where(column(true, n), 1, np.where(column(false, n), 0, -1))


def within(values: Array, limits: tuple[Any, bool, Any, bool], whole: bool, n: int) -> Array:
    """Return computed values where a field accepts them, else NaN."""
    low, low_open, high, high_open = limits
    # Zero has one sign, so that equal numbers print the same.
    values = np.broadcast_to(np.asarray(values, dtype=float), (n,)) + 0.0
    keep = np.isfinite(values)
    if whole:
        keep &= values == np.floor(values)
    if low is not None:
        keep &= (values > low) if low_open else (values >= low)
    if high is not None:
        keep &= (values < high) if high_open else (values <= high)
    return values if keep.all() else np.where(keep, values, np.nan)


def either(rows: Array, more: Array) -> Array:
    """Return rows or more rows; None is no row."""
    if more is None or not np.any(more):
        return rows
    return more if rows is None else rows | more


COLUMN_NAMES: Final[dict[str, object]] = {
    **NAMES,
    **TABLE_NAMES,
    "np": np,
    "nan": np.nan,
    "real": np.float64,
    "INFINITE": np.inf,
    "fit": fit,
    "fit_whole": fit_whole,
    "column": column,
    "inverse": inverse,
    "doubt": doubt,
    "certainty": certainty,
    "settled": settled,
    "settled_by_value": settled_by_value,
    "best_branch": best_branch,
    "weight": weight,
    "several": several,
    "ties": ties,
    "truths": truths,
    "within": within,
    "either": either,
}
"""The namespace of generated column code, which has functions of single values as well."""
