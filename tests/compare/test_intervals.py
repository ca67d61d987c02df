"""Intervals of shares and of paired differences, against textbooks and scipy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from heuron.compare.intervals import agresti_min, detectable_difference, wilson


@pytest.mark.parametrize(
    ("right", "total", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_newcombe(right: int, total: int, expected: tuple[float, float]) -> None:
    """The four examples of Newcombe, Statistics in Medicine 17 (1998), method 3."""
    assert expected == pytest.approx(wilson(right, total), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(case: tuple[int, int]) -> None:
    right, total = case
    theirs = binomtest(right, total).proportion_ci(0.95, method="wilson")
    assert (theirs.low, theirs.high) == pytest.approx(wilson(right, total), abs=1e-9)


def test_no_rows_say_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert agresti_min(0, 0, 0) == (-1.0, 1.0)
    assert detectable_difference(0, 0) == 1.0


def test_agresti_min_on_the_approval_of_a_prime_minister() -> None:
    """Agresti's table (794, 150 / 86, 570): 0.04, give or take 0.019."""
    assert agresti_min(150, 86, 1600) == pytest.approx((0.021, 0.059), abs=5e-4)


def test_agresti_min_by_hand() -> None:
    """1 against 2 of 114: 1.5/116 - 2.5/116, give or take 1.96 standard errors."""
    error = ((4 / 116 - (1 / 116) ** 2) / 116) ** 0.5
    expected = (-1 / 116 - 1.959964 * error, -1 / 116 + 1.959964 * error)
    assert expected == pytest.approx(agresti_min(1, 2, 114), abs=1e-7)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 300))
def test_swapping_the_sides_turns_the_interval_round(a: int, b: int, rest: int) -> None:
    low, high = agresti_min(a, b, a + b + rest)
    assert (-high, -low) == pytest.approx(agresti_min(b, a, a + b + rest))


def test_detectable_difference_is_found_four_times_in_five() -> None:
    """Power by brute force: every number of uneven rows, every split, scipy's binomial test."""
    total, disagreements = 60, 4
    difference = detectable_difference(disagreements, total)
    against = disagreements / 2 / total
    share = 2 * against + difference
    from scipy.stats import binom

    found = 0.0
    for uneven in range(total + 1):
        for first in range(uneven + 1):
            if binomtest(first, uneven).pvalue <= 0.05 if uneven else False:
                chance = binom.pmf(uneven, total, share)
                found += chance * binom.pmf(first, uneven, (against + difference) / share)
    assert found == pytest.approx(0.8, abs=2e-3)


def test_the_normal_takes_over_without_a_jump() -> None:
    assert detectable_difference(250, 5000) == pytest.approx(
        detectable_difference(250, 5001), rel=0.03
    )


def test_more_rows_show_smaller_differences() -> None:
    shown = [detectable_difference(total // 20, total) for total in (50, 100, 400, 1600, 20_000)]
    assert shown == sorted(shown, reverse=True)
