"""Checks of numbers that come from an untrusted file. Each raises `ValueError` in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

__all__ = ["MOST_NUMBERS", "a_number", "indexes", "numbers"]

MOST_NUMBERS = 8_000_000
"""Most numbers in one list: eight bytes each make 64 MB."""


def a_number(value: object, what: str) -> float:
    """Return a finite number as a float."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    raise ValueError(f"{what} is no finite number")


def numbers(values: object, length: int | None, what: str) -> list[float]:
    """Return a list of finite numbers as floats, of a given length if one is given."""
    if not isinstance(values, list) or len(values) > MOST_NUMBERS:
        raise ValueError(f"{what} is no list of numbers")
    if length is not None and len(values) != length:
        raise ValueError(f"{what} has {len(values)} numbers where {length} belong")
    # A boolean is an int to Python; a set of types is the fastest way to see one in a long list.
    if not {float, int}.issuperset(map(type, values)) or not all(map(isfinite, values)):
        raise ValueError(f"{what} holds something that is no finite number")
    return list(map(float, values))


def indexes(values: object, length: int | None, low: int, high: int, what: str) -> Sequence[int]:
    """Return a list of whole numbers from `low` to `high` (exclusive)."""
    if not isinstance(values, list) or len(values) > MOST_NUMBERS:
        raise ValueError(f"{what} is no list of whole numbers")
    if length is not None and len(values) != length:
        raise ValueError(f"{what} has {len(values)} numbers where {length} belong")
    if values and (set(map(type, values)) != {int} or min(values) < low or max(values) >= high):
        raise ValueError(f"{what} holds a number outside {low}..{high - 1}")
    return values
