"""What answers cost, and what no route can beat."""

from __future__ import annotations

import pytest

from heuron.compare.costs import Cost, read_cost, score_bound, score_costs

RIGHT = {
    "rules": [True] * 60 + [None] * 40,
    "model:forest": [True] * 80 + [False] * 20,
    "dispatch": [True] * 85 + [False] * 5 + [None] * 10,
}

TRUTHS = ["yes"] * 50 + ["no"] * 50


def test_expected_costs_by_hand() -> None:
    scores = score_costs(RIGHT, TRUTHS, Cost(wrong=1.0, refer=0.2), seed=0)
    assert [(one.backend, one.cost) for one in scores] == [
        ("dispatch", pytest.approx(0.05 + 0.02)),
        ("rules", pytest.approx(0.08)),
        ("model:forest", pytest.approx(0.2)),
    ]


def test_who_is_dearer_beyond_chance() -> None:
    dispatch, rules, forest = score_costs(RIGHT, TRUTHS, Cost(), seed=0)
    assert dispatch.more is None
    assert not rules.dearer
    assert forest.dearer


def test_the_price_decides() -> None:
    """When a wrong answer costs no more than a person, whoever is right most often is cheapest."""
    (first, *_) = score_costs(RIGHT, TRUTHS, Cost(wrong=1.0, refer=1.0), seed=0)
    assert first.backend == "dispatch"
    (first, *_) = score_costs(RIGHT, TRUTHS, Cost(wrong=10.0, refer=0.0), seed=0)
    assert first.backend == "rules"


def test_a_wrong_answer_about_one_level_may_cost_more() -> None:
    """The model is wrong on twenty rows, all of them in truth a no."""
    cost = Cost(wrong=1.0, refer=0.2, by_truth=(("no", 5.0),))
    found = {one.backend: one.cost for one in score_costs(RIGHT, TRUTHS, cost, seed=0)}
    assert found == {
        "dispatch": pytest.approx(5 * 5.0 / 100 + 0.02),
        "rules": pytest.approx(0.08),
        "model:forest": pytest.approx(20 * 5.0 / 100),
    }


def test_no_rows_cost_nothing() -> None:
    assert score_costs({"rules": []}, [], Cost(), seed=0) == ()


def test_the_bound_leaves_the_dispatcher_out() -> None:
    bound = score_bound(
        {"rules": [True, None], "model:a": [False, False], "dispatch": [True, True]}
    )
    assert (bound.right, bound.accuracy) == (1, 0.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wrong=2,refer=0.5", Cost(2.0, 0.5)),
        ("refer=0", Cost(1.0, 0.0)),
        (" wrong = 3 ", Cost(3.0, 0.2)),
    ],
)
def test_reading_a_cost(text: str, expected: Cost) -> None:
    assert read_cost(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes=5", Cost(by_truth=(("yes", 5.0),))),
        ("missed=5, alarm=2, refer=0", Cost(1.0, 0.0, (("yes", 5.0), ("no", 2.0)))),
        ("No=3,wrong=2", Cost(2.0, 0.2, (("no", 3.0),))),
    ],
)
def test_reading_the_price_of_a_level(text: str, expected: Cost) -> None:
    assert read_cost(text, ("yes", "no")) == expected


def test_an_unknown_price_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"wrong, refer, missed, alarm, yes, no"):
        read_cost("maybe=3", ("yes", "no"))


@pytest.mark.parametrize("text", ["", "wrong", "rfer=1", "wrong=x", "wrong=-1", "wrong=nan"])
def test_a_cost_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"cost|number"):
        read_cost(text)
