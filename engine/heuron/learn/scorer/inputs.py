"""How one typed value becomes a number: the conversion of each kind of input.

A kind is `number`, `integer`, `boolean`, `duration`, `["days_before", ORDINAL]`, or the list of
an enumeration's levels.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

__all__ = ["TIE", "conversion", "is_levels"]

TIE: Final = 1e-12
"""Scores nearer than this are equal, so that rounding decides nothing; ties go to the earlier."""


def is_levels(kind: Any) -> bool:
    """Return whether a kind is an enumeration's list of levels."""
    return isinstance(kind, list) and not (len(kind) == 2 and isinstance(kind[1], int))


def conversion(kind: Any) -> Callable[[Any], float | None] | None:
    """Return the function from a typed value to a number, or None where it is one already.

    Of a level that the list lacks the function makes None.
    """
    if is_levels(kind):
        return {level: float(place) for place, level in enumerate(kind)}.get
    if isinstance(kind, list):
        return _days_before(kind[1])
    if kind == "boolean":
        return float
    if kind == "duration":
        return _days
    return None


def _days(value: timedelta) -> float:
    return value.total_seconds() / 86_400


def _days_before(origin: int) -> Callable[[date], float]:
    def days(value: date) -> float:
        part = 0.0
        if isinstance(value, datetime):
            part = (value.hour * 3600 + value.minute * 60 + value.second) / 86_400
        return origin - value.toordinal() - part

    return days
