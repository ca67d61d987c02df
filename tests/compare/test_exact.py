"""Sums that depend on no order and no cut: held against fractions."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heuron.compare.exact import MOST, exact_sum, joined_sums

NUMBERS = st.floats(-1e60, 1e60).filter(lambda one: one == 0 or abs(one) > 1e-200)


def exact(values: list[float]) -> Fraction:
    return sum((Fraction(one) for one in values), Fraction(0))


@given(st.lists(NUMBERS, max_size=50))
def test_nothing_is_rounded_off(values: list[float]) -> None:
    assert exact(exact_sum(np.array(values, dtype=float))) == exact(values)


@given(st.lists(NUMBERS, max_size=30), st.integers(0, 30))
def test_a_cut_changes_nothing(values: list[float], at: int) -> None:
    parts = [exact_sum(np.array(part, dtype=float)) for part in (values[:at], values[at:])]
    assert exact(joined_sums(*parts)) == exact(values)


def test_long_sums_are_written_short() -> None:
    draw = random.Random(0)
    values = [draw.uniform(-1, 1) * 10.0 ** draw.randint(-30, 30) for _ in range(20_000)]
    parts: list[float] = []
    for start in range(0, len(values), 100):
        parts = joined_sums(parts, exact_sum(np.array(values[start : start + 100])))
        assert len(parts) <= MOST
    assert exact(parts) == exact(values)
    assert math.fsum(parts) == math.fsum(values)


def test_what_is_infinite_stays_so() -> None:
    assert exact_sum(np.array([1.0, math.inf])) == [math.inf]
