"""Cells that keep a column from being what it looks like: a few texts among numbers, and kin.

Owns which texts of a column of numbers are read as unknown, and what is said of columns of texts
that look like numbers or dates in another way of writing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Final

__all__ = ["as_numbers", "other_writing", "strays"]

MOSTLY: Final = 0.9
"""A column with so many numbers among its cells is one of numbers."""
FEWEST: Final = 10
CODES: Final = 12
"""A column of so few different numbers may be one of codes, and "3+" one more of them."""
MOST_STRAYS: Final = 5
"""So many different texts may stand among numbers."""

WRITINGS: Final = (
    (
        re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+"),
        "numbers with a decimal comma",
        "write them with a point, as 1234.5",
    ),
    (
        re.compile(r"[-+]?\d{1,3}([ '’]\d{3})+(\.\d+)?"),
        "numbers with groups of digits",
        "write them without spaces or marks, as 1234567",
    ),
    (
        re.compile(r"[-+]?[$€£¥]\s?[\d.,]+|[-+]?[\d.,]+\s?[%$€£¥]"),
        "numbers with a sign for what they count",
        "write the numbers alone; the unit belongs into the template",
    ),
    (
        re.compile(r"\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})"),
        "dates",
        "write them as 2026-12-31",
    ),
)
"""How people write what is no number or date here, what it is called, and what to do."""


def as_numbers(texts: Sequence[str]) -> list[float] | None:
    """Return texts as finite numbers; None where one of them is none."""
    found = []
    for text in texts:
        number = _number(text)
        if number is None:
            return None
        found.append(number)
    return found


def strays(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the few different texts that stand among numbers, the most common first.

    Empty where all are numbers, where the column is no column of numbers, or where the texts are
    too many to be slips or marks of absence.
    """
    others = Counter(text for text in texts if _number(text) is None)
    count = sum(others.values())
    if not others or len(others) > MOST_STRAYS or len(texts) - count < MOSTLY * len(texts):
        return ()
    if len(set(texts) - set(others)) <= CODES:
        return ()
    return tuple(text for text, _ in others.most_common())


def other_writing(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return what texts look like that are written otherwise here, and what to do; else None."""
    if len(texts) < FEWEST:
        return None
    for form, what, remedy in WRITINGS:
        count = sum(form.fullmatch(text) is not None or _number(text) is not None for text in texts)
        written = sum(form.fullmatch(text) is not None for text in texts)
        if written and count >= MOSTLY * len(texts):
            return what, remedy
    return None


def _number(text: str) -> float | None:
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
