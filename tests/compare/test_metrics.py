"""Scores of answers and of probabilities against scikit-learn and by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from heuron.compare.metrics import (
    Bin,
    brier_score,
    calibration,
    confusion,
    coverage_curve,
    log_loss,
    macro_f1,
)

answers = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1)


@given(answers)
def test_macro_f1_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    truths, given_answers = zip(*pairs, strict=True)
    expected = f1_score(truths, given_answers, average="macro", zero_division=0.0)
    assert expected == pytest.approx(macro_f1(confusion(truths, given_answers)))


def test_an_answer_not_given_is_a_miss() -> None:
    """Both levels: precision 1, recall 1/2, so 2/3."""
    cells = confusion(["a", "a", "b", "b"], ["a", None, "b", None])
    assert macro_f1(cells) == pytest.approx(2 / 3)
    assert macro_f1({}) is None


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[list[str], list[dict[object, float]]]:
    levels = draw(st.sampled_from(["ab", "abc"]))
    size = draw(st.integers(2, 30))
    rows: list[dict[object, float]] = []
    for _ in range(size):
        weights = [draw(st.integers(1, 20)) for _ in levels]
        rows.append({level: w / sum(weights) for level, w in zip(levels, weights, strict=True)})
    return [draw(st.sampled_from(levels)) for _ in range(size)], rows


@given(forecasts())
def test_brier_and_log_loss_are_scikit_learns(
    case: tuple[list[str], list[dict[object, float]]],
) -> None:
    truths, rows = case
    levels = list(rows[0])
    table = [[row[level] for level in levels] for row in rows]
    assert sklearn_log_loss(truths, table, labels=levels) == pytest.approx(log_loss(truths, rows))
    if len(levels) == 2:
        chances = [row["b"] for row in rows]
        expected = brier_score_loss([t == "b" for t in truths], chances, pos_label=True)
    else:
        expected = brier_score_loss(truths, table, labels=levels)
    assert expected == pytest.approx(brier_score(truths, rows))


def test_no_rows_have_no_scores() -> None:
    assert brier_score([], []) is None
    assert log_loss([], []) is None
    assert calibration([], []) is None


def test_calibration_by_hand() -> None:
    """Two values of confidence, two bins: |0.9 - 0.7| and |0.6 - 0.6| on half of the rows each."""
    result = calibration(
        [0.9] * 10 + [0.6] * 10, [True] * 7 + [False] * 3 + [True] * 6 + [False] * 4
    )
    assert result is not None
    assert result.error == pytest.approx(0.1)
    assert result.bins == (Bin(10, 6, pytest.approx(0.6)), Bin(10, 7, pytest.approx(0.9)))


def test_ten_bins_of_equal_mass() -> None:
    result = calibration([row / 1000 for row in range(1000)], [True] * 1000)
    assert result is not None
    assert [one.rows for one in result.bins] == [100] * 10


def test_what_a_perfect_model_would_show() -> None:
    """Every outcome of four rows in one bin, weighed by its chance."""
    confidences = [0.9, 0.9, 0.9, 0.9]
    expected = 0.0
    for outcome in itertools.product((0, 1), repeat=4):
        chance = 1.0
        for hit in outcome:
            chance *= 0.9 if hit else 0.1
        expected += chance * abs(sum(outcome) / 4 - 0.9)
    result = calibration(confidences, [True] * 4)
    assert result is not None
    assert result.perfect == pytest.approx(expected)


def test_the_normal_stands_for_large_bins() -> None:
    small = calibration([0.8] * 1000, [True] * 800 + [False] * 200)
    large = calibration([0.8] * 1001, [True] * 801 + [False] * 200)
    assert small is not None
    assert large is not None
    assert small.perfect == pytest.approx(large.perfect, rel=0.01)


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.7, 0.75, 0.99]), st.booleans()), min_size=1))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[float, bool]]) -> None:
    forward = calibration([c for c, _ in rows], [r for _, r in rows])
    backward = calibration([c for c, _ in rows[::-1]], [r for _, r in rows[::-1]])
    assert forward == backward


def test_only_the_most_confident_answers() -> None:
    """Worked by hand: five answers, two of one confidence, which stay together."""
    confidences = [0.6, 0.9, 0.8, 0.8, 0.99]
    right = [False, True, False, True, True]
    assert coverage_curve(confidences, right) == ((1, 1), (2, 2), (4, 3), (5, 3))
    many = coverage_curve([at / 1000 for at in range(1000)], [True] * 1000)
    assert many == tuple((50 * step, 50 * step) for step in range(1, 21))
    assert coverage_curve([], []) == ()
