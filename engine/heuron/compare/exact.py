"""Sums of floats without rounding, kept as a few floats: the same for any cut into parts.

Numbers of one exponent are whole multiples of one power of two, so they are added as whole
numbers. What is left to round is rounded once, by `math.fsum`, when a sum is read. Imports numpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

__all__ = ["exact_sum", "joined_sums"]

HALF: Final = 27
"""Bits of the lower half of a number's 53: sums of halves are exact for 2**26 numbers."""
MOST: Final = 256
"""Sums of more floats are written with as few as they need."""


def exact_sum(values: Any) -> list[float]:
    """Return floats whose sum is exactly that of an array of floats.

    Of numbers that are too large for that (infinite ones) it is their plain sum.
    """
    if not len(values):
        return []
    if not np.isfinite(values).all():
        return [float(np.sum(values))]
    mantissas, exponents = np.frexp(values)
    whole = np.ldexp(mantissas, 53)
    upper = np.rint(np.ldexp(whole, -HALF))
    lower = whole - np.ldexp(upper, HALF)
    least = int(exponents.min())
    bins = exponents - least
    found = []
    for halves, shift in ((upper, HALF - 53), (lower, -53)):
        sums = np.bincount(bins, weights=halves)
        places = np.flatnonzero(sums)
        found += np.ldexp(sums[places], places + (least + shift)).tolist()
    return joined_sums(found, [])


def joined_sums(one: Iterable[float], other: Iterable[float]) -> list[float]:
    """Return floats whose sum is exactly that of two sums; few of them."""
    every = [*one, *other]
    if len(every) <= MOST:
        return every
    if not all(map(math.isfinite, every)):
        return [sum(every)]
    # Each number goes through the others, and leaves what addition rounds off (Shewchuk, 1997).
    parts: list[float] = []
    for number in every:
        place = 0
        for part in parts:
            high, low = (number, part) if abs(number) >= abs(part) else (part, number)
            number = high + low
            rest = low - (number - high)
            if rest:
                parts[place] = rest
                place += 1
        parts[place:] = [number]
    return parts
