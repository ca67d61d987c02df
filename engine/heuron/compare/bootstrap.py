"""Bootstrap intervals for what no formula covers: macro-F1, kappa, Brier score and the like.

Cells are resampled, not rows: rows that look the same to the statistic (the same truth, the
same answers) are one cell with a count, and a resample draws new counts from a multinomial
distribution. That is the same distribution as drawing rows, at the price of the cells alone,
and it is paired: all backends' answers to a row stay together (Efron and Tibshirani, 1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from heuron.compare.intervals import Interval, normal_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "RESAMPLES",
    "bootstrap",
    "bootstrap_counts",
    "bootstrap_mean",
    "resample_cells",
    "resample_groups",
]

RESAMPLES: Final = 2000
NORMAL_ABOVE: Final = 2_000
"""A mean of more different values than this is as good as normal, and resamples cost memory."""

Cell = TypeVar("Cell", bound=Hashable)


def bootstrap(
    cells: Mapping[Cell, int],
    statistic: Callable[[dict[Cell, int]], float | None],
    *,
    seed: int = 0,
    level: float = 0.95,
    groups: Sequence[Mapping[Cell, int]] | None = None,
    of_many: Callable[[Sequence[Cell], NDArray[np.int64]], list[float | None]] | None = None,
) -> Interval | None:
    """Return the percentile interval of a statistic of cell counts.

    Args:
        cells: How many rows look like each cell, in an order that the input determines.
        statistic: What is measured, from counts of the cells that occur; None where undefined.
        seed: The seed of the resamples; the same seed gives the same interval.
        level: The level of the interval.
        groups: The counts of each group, when rows of a group belong together; whole groups
            are drawn then.
        of_many: The same statistic for many resamples at once, where there is such a form.

    Returns:
        The interval, or None when the statistic is undefined in most resamples.
    """
    import numpy as np

    names = list(cells)
    if groups is None:
        counts = resample_cells([cells[name] for name in names], seed)
    else:
        table = [[group.get(name, 0) for name in names] for group in groups]
        counts = resample_groups(table, seed)
    if of_many is not None:
        found = of_many(names, counts)
    else:
        rows = (zip(names, row, strict=True) for row in counts.tolist())
        found = [statistic({name: count for name, count in row if count}) for row in rows]
    values = [value for value in found if value is not None]
    if 2 * len(values) < RESAMPLES:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_mean(
    values: Sequence[float],
    *,
    seed: int = 0,
    level: float = 0.95,
    groups: Sequence[object] | None = None,
) -> Interval | None:
    """Return the percentile interval of a mean; a normal stands for it on many different values.

    Equal values are one cell, so that the result does not depend on the order of the rows. With
    `groups`, one for each value, whole groups are drawn.
    """
    if not values:
        return None
    import numpy as np

    if groups is not None:
        return _mean_of_groups(values, groups, seed, level)
    cells, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    if len(cells) > NORMAL_ABOVE:
        reach = normal_quantile(level) * float(np.std(cells.repeat(counts))) / len(values) ** 0.5
        mean = math.fsum(values) / len(values)
        return mean - reach, mean + reach
    return bootstrap_counts(dict(zip(cells.tolist(), counts.tolist(), strict=True)), seed, level)


def bootstrap_counts(
    counts: Mapping[float, int], seed: int = 0, level: float = 0.95
) -> Interval | None:
    """Return the percentile interval of the mean of numbers that occur so often; None of none."""
    import numpy as np

    total = sum(counts.values())
    if not total:
        return None
    cells = np.array(sorted(counts), dtype=np.float64)
    drawn = resample_cells([counts[one] for one in cells.tolist()], seed)
    low, high = np.quantile(drawn @ cells / total, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _mean_of_groups(
    values: Sequence[float], groups: Sequence[object], seed: int, level: float
) -> Interval:
    """Return the interval of a mean when whole groups are drawn, group by group."""
    import numpy as np

    parts: dict[object, list[float]] = {}
    for group, value in zip(groups, values, strict=True):
        parts.setdefault(group, []).append(value)
    sums = np.array([math.fsum(part) for part in parts.values()])
    sizes = np.array([len(part) for part in parts.values()])
    draw = np.random.default_rng(seed)
    chances = np.full(len(sums), 1 / len(sums))
    means = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        weights = draw.multinomial(len(sums), chances)
        means[at] = weights @ sums / (weights @ sizes)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_calibration(
    bins: Sequence[tuple[int, int, float]],
    *,
    seed: int = 0,
    level: float = 0.95,
    groups: Sequence[Sequence[Sequence[int]]] | None = None,
) -> Interval | None:
    """Return the interval of a calibration error from (rows, right, mean confidence) of its bins.

    Resampling adds noise to a sum of sizes, so resamples lie too high: the interval is the basic
    one, mirrored at the error itself (Davison and Hinkley, 1997), which takes that off again.

    Args:
        bins: The bins.
        seed: The seed of the resamples.
        level: The level of the interval.
        groups: For each group the rows that were right and that were wrong in each bin, when
            rows of a group belong together; whole groups are drawn then.
    """
    import numpy as np

    rows, right, confidence = (np.array(one) for one in zip(*bins, strict=True))
    total = int(rows.sum())
    if total == 0:
        return None
    if groups is None:
        counts = resample_cells([*right.tolist(), *(rows - right).tolist()], seed)
    else:
        table = [[one[0] for one in part] + [one[1] for one in part] for part in groups]
        counts = resample_groups(table, seed)
    good, bad = counts[:, : len(bins)], counts[:, len(bins) :]
    # Whole groups drawn again need not have as many rows.
    drawn = (good + bad).sum(axis=1)
    errors = np.abs((good + bad) * confidence - good).sum(axis=1) / drawn
    error = float(np.abs(rows * confidence - right).sum()) / total
    low, high = np.quantile(errors, [(1 - level) / 2, (1 + level) / 2])
    return max(0.0, 2 * error - float(high)), max(0.0, 2 * error - float(low))


def resample_cells(counts: Sequence[int], seed: int) -> NDArray[np.int64]:
    """Return `RESAMPLES` rows of new cell counts, each with the same total."""
    import numpy as np

    total = sum(counts)
    if total == 0:
        return np.zeros((RESAMPLES, len(counts)), dtype=np.int64)
    shares = np.asarray(counts, dtype=np.float64) / total
    return np.random.default_rng(seed).multinomial(total, shares, size=RESAMPLES)


def resample_groups(table: Sequence[Sequence[int]], seed: int) -> NDArray[np.int64]:
    """Return `RESAMPLES` rows of cell counts from whole groups drawn with replacement."""
    import numpy as np

    weights = resample_cells([1] * len(table), seed)
    return weights @ np.asarray(table, dtype=np.int64)
