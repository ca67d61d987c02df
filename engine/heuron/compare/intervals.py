"""Intervals for shares, and the difference that a comparison of this size would not show.

All shares are between 0 and 1; every interval is (low, high) at 95 %.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

__all__ = [
    "LEVEL",
    "Interval",
    "agresti_min",
    "detectable_difference",
    "normal_quantile",
    "wilson",
]

Interval = tuple[float, float]
"""The low and the high end of an interval."""

LEVEL: Final = 0.95
EXACT_UP_TO: Final = 5000
"""Up to this many rows the power of the exact test is summed, above it a normal stands for it."""


def normal_quantile(level: float) -> float:
    """Return how many standard errors a two-sided interval of that level reaches."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(right: float, total: float, reach: float | None = None) -> Interval:
    """Return the score interval of a share (Wilson, 1927); everything when there are no rows.

    It keeps its promise near 0 and 1, where the bootstrap and the usual formula do not.

    Args:
        right: Rows on which it is true; no whole number where rows in groups count for less.
        total: All rows.
        reach: How many standard errors it reaches; None: those of 95 %.
    """
    if total == 0:
        return 0.0, 1.0
    z = normal_quantile(LEVEL) if reach is None else reach
    share = right / total
    shrink = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low = 0.0 if right == 0 else max(0.0, middle - half)
    high = 1.0 if right == total else min(1.0, middle + half)
    return low, high


def agresti_min(a_only: float, b_only: float, total: float, reach: float | None = None) -> Interval:
    """Return the interval of the difference of two shares measured on the same rows.

    Half a row is added to each of the four cells (Agresti and Min, 2005).

    Args:
        a_only: Rows that only the first got right.
        b_only: Rows that only the second got right.
        total: All rows of the comparison.
        reach: How many standard errors it reaches; None: those of 95 %.

    Returns:
        The ends of the interval of (first - second), from -1 to 1.
    """
    if total == 0:
        return -1.0, 1.0
    size = total + 2
    first, second = (a_only + 0.5) / size, (b_only + 0.5) / size
    difference = first - second
    error = math.sqrt((first + second - difference * difference) / size)
    half = (normal_quantile(LEVEL) if reach is None else reach) * error
    return max(-1.0, difference - half), min(1.0, difference + half)


def detectable_difference(
    disagreements: int, total: int, power: float = 0.8, significance: float = 0.05
) -> float:
    """Return the smallest difference that McNemar's test would find with that power.

    The rows that speak for the weaker side are taken to be as common as half of the rows on
    which exactly one of the two was right here.

    Args:
        disagreements: Rows that exactly one of the two got right.
        total: Rows that both answered.
        power: How often the difference should be found.
        significance: The p-value that counts as found.

    Returns:
        A difference of shares; 1 when even the largest would not be found.
    """
    if total == 0:
        return 1.0
    against = disagreements / 2 / total
    low, high = 0.0, 1.0 - 2 * against
    if _power(high, against, total, significance) < power:
        return 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        if _power(middle, against, total, significance) < power:
            low = middle
        else:
            high = middle
    return high


def _power(difference: float, against: float, total: int, significance: float) -> float:
    """Return how often the test finds a difference of that size."""
    if difference <= 0.0:
        return 0.0
    share = min(1.0, 2 * against + difference)
    if total > EXACT_UP_TO:
        normal = NormalDist()
        needed = normal_quantile(1 - significance) * math.sqrt(share)
        spread = math.sqrt(max(share - difference * difference, 1e-12))
        return normal.cdf((difference * math.sqrt(total) - needed) / spread)
    import numpy as np
    from scipy.stats import binom

    uneven = np.arange(total + 1)
    critical = binom.isf(significance / 2, uneven, 0.5) + 1
    for_first = (against + difference) / share
    found = binom.sf(critical - 1, uneven, for_first)
    found += binom.cdf(uneven - critical, uneven, for_first)
    return float(np.sum(binom.pmf(uneven, total, share) * found))
