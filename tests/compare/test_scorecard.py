"""Rules on their scorecards: claimed certainty against what the rows imply."""

from __future__ import annotations

import pytest

from heuron.certainty import combine, implied_certainty
from heuron.compare.scorecard import Shot, score_rules

BASE = {"malignant": 0.37, "benign": 0.63}


def shots(rule: str, value: str, certainty: float, true: int, false: int) -> list[Shot]:
    held = [Shot(rule, value, certainty, True)] * true
    return held + [Shot(rule, value, certainty, False)] * false


def test_the_two_rules_of_the_worked_example() -> None:
    smooth, coarse = score_rules(
        ["small_and_smooth", "coarse_texture"],
        shots("small_and_smooth", "benign", 0.9, 65, 2)
        + shots("coarse_texture", "malignant", 0.3, 21, 13),
        BASE,
    )
    assert (67, 65, pytest.approx(0.970, abs=5e-4)) == (
        smooth.fired,
        smooth.right,
        smooth.precision,
    )
    assert smooth.interval == pytest.approx((0.90, 0.99), abs=5e-3)
    assert smooth.implied_certainty == pytest.approx(0.89, abs=5e-3)
    assert smooth.verdict == "as claimed"
    assert coarse.precision == pytest.approx(0.618, abs=5e-4)
    assert coarse.implied_certainty == pytest.approx(0.37, abs=5e-3)
    assert coarse.verdict == "as claimed"


def test_a_rule_below_the_base_rate_is_evidence_against() -> None:
    """Precision 0.60 at a base rate of 0.63: two such rules must not combine to 0.84."""
    implied = implied_certainty(60, 100, 0.63)
    assert implied < 0
    assert combine([implied, implied]) < 0


def test_evidence_against_a_value_is_right_when_the_value_is_not() -> None:
    (score,) = score_rules(["not_benign"], shots("not_benign", "benign", -0.8, 1, 19), BASE)
    assert (score.fired, score.right) == (20, 19)
    assert score.base == pytest.approx(0.37)
    assert score.implied_certainty is not None
    assert score.implied_certainty < -0.8


def test_verdicts() -> None:
    cards = score_rules(
        ["silent", "few", "bold", "modest", "wrong"],
        shots("few", "benign", 0.9, 5, 0)
        + shots("bold", "malignant", 0.95, 60, 40)
        + shots("modest", "malignant", 0.2, 98, 2)
        + shots("wrong", "benign", 0.5, 20, 80),
        BASE,
    )
    assert [one.verdict for one in cards] == [
        "never fired",
        "too few rows",
        "weaker than claimed",
        "stronger than claimed",
        "speaks against what it says",
    ]
    assert cards[0].to_dict()["precision"] is None


def test_a_quantity_has_no_base_rate() -> None:
    (card,) = score_rules(["small"], shots("small", "1000", 0.5, 9, 3), {})
    assert (card.fired, card.right, card.base, card.implied_certainty) == (12, 9, None, None)
