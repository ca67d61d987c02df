"""Paired comparisons against textbooks, scipy and scikit-learn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from heuron.compare.metrics import confusion
from heuron.compare.paired import PairCounts, cohen_kappa, holm, mcnemar, pair_counts


def test_pair_counts() -> None:
    rows = [(True, True, True), (True, False, False), (False, False, True), (False, True, False)]
    counts = pair_counts(rows)
    assert PairCounts(1, 1, 1, 1, 2) == counts
    assert counts.rows == 4
    assert counts.agreement == 0.5


def test_no_rows_agree_on_nothing() -> None:
    assert pair_counts([]).agreement is None


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(6, 0, 2 / 64), (5, 1, 14 / 64), (3, 3, 1.0), (0, 0, 1.0)]
)
def test_mcnemar_by_hand(a: int, b: int, expected: float) -> None:
    assert expected == pytest.approx(mcnemar(a, b))


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_a_fair_coin(a: int, b: int) -> None:
    expected = binomtest(a, a + b).pvalue if a + b else 1.0
    assert expected == pytest.approx(mcnemar(a, b), rel=1e-9)


def test_holm() -> None:
    """Four p-values of a common textbook example."""
    assert pytest.approx((0.03, 0.06, 0.06, 0.02)) == holm([0.01, 0.04, 0.03, 0.005])


def test_holm_leaves_out_what_was_not_tested() -> None:
    assert holm([None, 0.02, None, 0.5]) == (None, 0.04, None, 0.5)


def test_kappa_of_two_readers() -> None:
    """Fifty proposals, two readers: 20 yes and 15 no by both, 5 and 10 apart (kappa 0.4)."""
    cells = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    assert cohen_kappa(cells) == pytest.approx(0.4)


def test_kappa_without_a_meaning() -> None:
    assert cohen_kappa({}) is None
    assert cohen_kappa({("y", "y"): 7}) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=2))
def test_kappa_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    kappa = cohen_kappa(confusion(first, second))
    if kappa is None:
        assert len(set(first) | set(second)) == 1
    else:
        assert cohen_kappa_score(first, second) == pytest.approx(kappa)
