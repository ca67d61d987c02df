"""Shares and tests on rows that come in groups: visits of one patient, wards of one hospital.

Rows of a group are alike, so they say less than as many rows of their own would. Everything here
lets groups count instead of rows, and is the usual formula to the last digit where every row is a
group of its own. An interval is that of fewer rows: as many as would say as much (the effective
size of Kish, "Survey Sampling", 1965), with Student's quantile for the number of groups (Korn and
Graubard, 1998). A test turns whole groups around.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from heuron.compare.intervals import LEVEL, Interval, agresti_min, normal_quantile, wilson
from heuron.compare.paired import mcnemar

__all__ = [
    "count_groups",
    "design_effect",
    "difference_interval",
    "grouped",
    "higher_inside",
    "more_often",
    "paired_p",
    "share_interval",
    "take",
]

Groups = Sequence[object] | None
"""The group of each row; None where every row is one of its own."""
EXACT_UP_TO: Final = 20_000
"""Up to so many rows that speak the signs of all groups are tried, above it a normal serves."""


def grouped(groups: Groups) -> bool:
    """Return whether some group has more than one row."""
    return groups is not None and len(set(groups)) < len(groups)


def take(groups: Groups, rows: Sequence[int]) -> Groups:
    """Return the groups of some rows, None where rows have none."""
    return None if groups is None else [groups[row] for row in rows]


def count_groups(groups: Groups, rows: Sequence[bool]) -> int:
    """Return in how many groups something is true; in how many rows, where rows have no groups."""
    if groups is None:
        return sum(rows)
    return len({group for group, one in zip(groups, rows, strict=True) if one})


def design_effect(values: Sequence[float], groups: Groups) -> float:
    """Return how many rows in groups say as much about a mean as one row of its own would.

    The variance of the mean over groups by that over rows, and at least 1. Where all values are
    the same there is no variance to compare, and each group counts as if its rows were one.

    Args:
        values: What the mean is of, a value a row.
        groups: The group of each row.
    """
    if groups is None or not values or not grouped(groups):
        return 1.0
    mean = math.fsum(values) / len(values)
    of_group: dict[object, list[float]] = {}
    for group, value in zip(groups, values, strict=True):
        of_group.setdefault(group, []).append(value - mean)
    count = len(of_group)
    if count == 1:
        return float(len(values))
    rows = math.fsum((value - mean) ** 2 for value in values)
    if rows == 0.0:
        return sum(len(part) ** 2 for part in of_group.values()) / len(values)
    between = math.fsum(math.fsum(part) ** 2 for part in of_group.values())
    return max(1.0, between * count / (count - 1) / rows)


def share_interval(hits: Sequence[bool], groups: Groups) -> Interval:
    """Return Wilson's interval of the share of rows on which something is true."""
    if not grouped(groups):
        return wilson(sum(hits), len(hits))
    effect = design_effect([float(one) for one in hits], groups)
    return wilson(sum(hits) / effect, len(hits) / effect, reach=_reach(groups))


def difference_interval(signs: Sequence[int], groups: Groups) -> Interval:
    """Return Agresti and Min's interval of the difference of two shares on the same rows.

    Args:
        signs: 1 where only the first was right, -1 where only the second was, 0 elsewhere.
        groups: The group of each row.
    """
    first, second = signs.count(1), signs.count(-1)
    if not grouped(groups):
        return agresti_min(first, second, len(signs))
    effect = design_effect([float(one) for one in signs], groups)
    reach = _reach(groups)
    return agresti_min(first / effect, second / effect, len(signs) / effect, reach=reach)


def paired_p(signs: Sequence[int], groups: Groups) -> float:
    """Return the two-sided p-value of two shares on the same rows being the same.

    If they are, each group's balance might as well have been the opposite: the p-value is the
    share of all choices of signs that leave as much on one side (Fisher's randomisation test of
    the groups). Of rows of their own that is McNemar's exact test.
    """
    if not grouped(groups):
        return mcnemar(signs.count(1), signs.count(-1))
    return min(1.0, 2 * _turned(signs, groups, abs(sum(signs))))


def more_often(signs: Sequence[int], groups: Groups) -> float:
    """Return the one-sided p-value of the first being right no more often than the second.

    As `paired_p`, by the groups' balances; of rows of their own the sign test.
    """
    return _turned(signs, groups, sum(signs))


def _turned(signs: Sequence[int], groups: Groups, reached: int) -> float:
    """Return how often the sum of signs is `reached` or more when groups turn at random."""
    import numpy as np
    from scipy.stats import binom

    balance: Counter[object] = Counter()
    for group, sign in zip(range(len(signs)) if groups is None else groups, signs, strict=True):
        balance[group] += sign
    sizes = Counter(abs(one) for one in balance.values() if one)
    total = sum(size * count for size, count in sizes.items())
    if len(sizes) > 1 and total > EXACT_UP_TO:
        spread = math.sqrt(sum(size * size * count for size, count in sizes.items()))
        return math.erfc(reached / spread / math.sqrt(2)) / 2
    chances = np.ones(1)
    for size, count in sorted(sizes.items()):
        part = np.zeros(2 * size * count + 1)
        part[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, part)
    return min(1.0, float(chances[np.arange(-total, total + 1) >= reached].sum()))


def higher_inside(inside: Sequence[bool], hits: Sequence[bool], groups: Groups) -> float:
    """Return the one-sided p-value of something being no more frequent inside than elsewhere.

    Fisher's exact test; on rows in groups the larger of it and the score test whose variance is
    that between groups (Liang and Zeger, 1986), with Student's distribution for the fewer groups
    of the two sides.
    """
    from scipy.special import stdtr
    from scipy.stats import hypergeom

    rows, total, all_hits = sum(inside), len(inside), sum(hits)
    both = sum(one and other for one, other in zip(inside, hits, strict=True))
    exact = float(hypergeom.sf(both - 1, total, all_hits, rows))
    if not grouped(groups):
        return exact
    assert groups is not None
    share, part = all_hits / total, rows / total
    scores: dict[object, float] = {}
    for group, one, hit in zip(groups, inside, hits, strict=True):
        scores[group] = scores.get(group, 0.0) + (hit - share) * (one - part)
    spread = math.sqrt(math.fsum(one * one for one in scores.values()))
    fewer = min(count_groups(groups, inside), count_groups(groups, [not one for one in inside]))
    if spread == 0.0 or fewer < 2:
        return 1.0
    return max(exact, float(stdtr(fewer - 1, -math.fsum(scores.values()) / spread)))


def _reach(groups: Groups) -> float:
    """Return how many standard errors an interval reaches with so many groups."""
    assert groups is not None
    count = len(set(groups))
    if count < 2:
        return normal_quantile(LEVEL)
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 0.5 + LEVEL / 2))
