"""MYCIN's combination, without its dependence on order and its division by zero."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuron.certainty import combine, from_products

FACTORS = st.floats(-1, 1).filter(lambda c: abs(c) > 1e-9)


def mycin(first: float, second: float) -> float:
    """Return Shortliffe and Buchanan's combination of two factors (1975)."""
    if first > 0 and second > 0:
        return first + second * (1 - first)
    if first < 0 and second < 0:
        return first + second * (1 + first)
    return (first + second) / (1 - min(abs(first), abs(second)))


@pytest.mark.parametrize("certainty", [c / 100 for c in range(-100, 101) if c])
def test_a_rule_alone_has_its_own_certainty(certainty: float) -> None:
    assert combine([certainty]) == certainty


def test_two_for_and_one_against() -> None:
    assert combine([0.6, 0.5]) == 0.8
    assert combine([0.95, -0.8]) == 0.75
    assert combine([]) == 0.0
    assert combine([1.0, -1.0]) == 0.0


@given(FACTORS, FACTORS)
def test_equals_mycin_for_two(first: float, second: float) -> None:
    if min(abs(first), abs(second)) < 0.999:
        assert combine([first, second]) == pytest.approx(mycin(first, second), abs=1e-9)


@given(st.lists(FACTORS, max_size=4))
def test_order_hardly_matters(factors: list[float]) -> None:
    if sum(abs(c) > 0.999 for c in factors) < 2:
        first = combine(factors)
        for other in itertools.permutations(factors):
            assert combine(other) == pytest.approx(first, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_columns_compute_the_same_floats(pairs: list[tuple[float, float]]) -> None:
    from heuron.plan.columncontract import certainty

    up, down = np.array(pairs).T
    with np.errstate(all="ignore"):
        found = certainty(up, down, len(pairs))
    assert found.tolist() == [from_products(*pair) for pair in pairs]
