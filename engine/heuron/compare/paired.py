"""Two backends on the same rows: who alone was right, how far they agree, is it chance?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "PairCounts",
    "cohen_kappa",
    "corrected_resampled_t",
    "holm",
    "mcnemar",
    "pair_counts",
]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Rows that both answered, split by who was right, and how many got the same answer."""

    both_right: int
    a_only: int
    b_only: int
    neither: int
    same: int

    @property
    def rows(self) -> int:
        """The rows that both answered."""
        return self.both_right + self.a_only + self.b_only + self.neither

    @property
    def agreement(self) -> float | None:
        """The share of rows with the same answer; None without rows."""
        return self.same / self.rows if self.rows else None


def pair_counts(rows: Sequence[tuple[bool, bool, bool]]) -> PairCounts:
    """Return the counts of rows given as (first right, second right, same answer)."""
    both = a_only = b_only = neither = same = 0
    for first, second, equal in rows:
        both += first and second
        a_only += first and not second
        b_only += second and not first
        neither += not first and not second
        same += equal
    return PairCounts(both, a_only, b_only, neither, same)


def mcnemar(a_only: int, b_only: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (McNemar, 1947).

    Only the rows that one side alone got right speak; under equality each is a fair coin.
    """
    uneven = a_only + b_only
    if uneven == 0:
        return 1.0
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(a_only, b_only), uneven, 0.5)))


def corrected_resampled_t(differences: Sequence[float], ratio: float) -> float:
    """Return the two-sided p-value of differences measured on parts of the same rows.

    The usual t-test takes the parts for independent and finds too much; here the variance grows
    by the ratio of rows tested to rows trained on (Nadeau and Bengio, 2003, equation 9).

    Args:
        differences: A difference for each fold, of all repeats; two at least.
        ratio: Rows tested by rows trained on, in one fold.
    """
    count = len(differences)
    mean = math.fsum(differences) / count
    variance = math.fsum((one - mean) ** 2 for one in differences) / (count - 1)
    if variance == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    from scipy.special import stdtr

    size = abs(mean) / math.sqrt((1 / count + ratio) * variance)
    return 2 * float(stdtr(count - 1, -size))


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the p-values adjusted for being many (Holm, 1979); None stays None."""
    known = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, at) in enumerate(known):
        running = max(running, min(1.0, p * (len(known) - rank)))
        adjusted[at] = running
    return tuple(adjusted)


def cohen_kappa(cells: Mapping[tuple[object, object], int]) -> float | None:
    """Return Cohen's kappa (Cohen, 1960): agreement beyond what the two shares would give.

    Args:
        cells: The number of rows for each pair (first's answer, second's answer).

    Returns:
        1 for full agreement, 0 for as much as chance gives; None without rows, or when both
        gave one and the same answer throughout, where kappa is 0/0.
    """
    total = sum(cells.values())
    if total == 0:
        return None
    first: dict[object, int] = {}
    second: dict[object, int] = {}
    same = 0
    for (a, b), count in cells.items():
        first[a] = first.get(a, 0) + count
        second[b] = second.get(b, 0) + count
        same += count if a == b else 0
    # Whole numbers until the last division, so that the result depends on no order.
    chance = sum(count * second.get(value, 0) for value, count in first.items())
    if chance == total * total:
        return None
    return (same * total - chance) / (total * total - chance)
