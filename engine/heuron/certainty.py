"""How contributions to a value combine to its certainty.

MYCIN's combination of certainty factors (Shortliffe and Buchanan, 1975) in the form that depends
on no order and divides by nothing that can be zero. The single-record function, the columns and
the explanations all use this one meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["DIGITS", "combine", "from_products", "implied_certainty", "relative_change"]

DIGITS: Final = 1e12
"""Certainties are rounded to whole parts of this, by the same operations in every plan."""


def from_products(positive: float, negative: float) -> float:
    """Return the certainty from the products of the remaining doubts.

    Args:
        positive: The product of (1 - c) over the contributions c above 0; 1 when there are none.
        negative: The product of (1 - |c|) over the contributions below 0; 1 when there are none.

    Returns:
        A certainty from -1 to 1, to twelve decimals: a rule's 0.2 alone gives 0.2, and not the
        0.19999999999999996 of 1 - (1 - 0.2), so that `>= 0.2` holds. Two certain contributions
        that contradict each other (both products 0) give 0; the caller reports the contradiction.
    """
    if positive < negative:
        return int((1.0 - positive / negative) * DIGITS + 0.5) / DIGITS
    if positive > negative:
        return int((negative / positive - 1.0) * DIGITS - 0.5) / DIGITS
    return 0.0


def combine(contributions: Iterable[float]) -> float:
    """Return the certainty of a value from its contributions, in rule order, then fact order."""
    positive = negative = 1.0
    for contribution in contributions:
        if contribution > 0.0:
            positive *= 1.0 - contribution
        else:
            negative *= 1.0 + contribution
    return from_products(positive, negative)


def implied_certainty(right: float, fired: float, base: float) -> float:
    """Return the measured certainty: MYCIN's relative change of belief, from -1 to 1.

    Two rows at the base rate are added, so that a rule seen once claims little.

    Args:
        right: On how many rows the value was right.
        fired: On how many rows it was concluded.
        base: The share of all rows that have the value.
    """
    return relative_change((right + 2 * base) / (fired + 2), base)


def relative_change(share: float, base: float) -> float:
    """Return how far belief moved from `base` to `share`, as a part of how far it could."""
    if share >= base:
        return (share - base) / (1 - base) if base < 1 else 0.0
    return (share - base) / base
