"""A whole comparison from made-up replies, its numbers made again with scipy and scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, cohen_kappa_score, f1_score

from comparing import LEVELS, contract, made_up, other
from heuron.compare.comparison import Comparison
from heuron.compare.evaluate import evaluate
from heuron.compare.outcomes import HeldOut, Outcomes, Reply, Timing
from heuron.compare.report import report


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return made_up()


@pytest.fixture(scope="module")
def comparison(outcomes: Outcomes) -> Comparison:
    return evaluate(outcomes)


@pytest.mark.parametrize("name", ["rules", "model:forest", "dispatch"])
def test_every_backend_by_hand(outcomes: Outcomes, comparison: Comparison, name: str) -> None:
    replies = [reply.value for reply in outcomes.replies[name]]
    pairs = list(zip(outcomes.truths, replies, strict=True))
    score = comparison.backends[name]
    right = sum(truth == said for truth, said in pairs)
    answered = sum(said is not None for said in replies)
    assert (score.right, score.answered, score.rows) == (right, answered, len(pairs))
    theirs = binomtest(right, answered).proportion_ci(method="wilson")
    assert score.interval == pytest.approx((theirs.low, theirs.high))
    theirs = binomtest(right, len(pairs)).proportion_ci(method="wilson")
    assert score.accuracy_interval == pytest.approx((theirs.low, theirs.high))
    expected = f1_score(
        outcomes.truths, [said or "" for said in replies], labels=LEVELS, average="macro"
    )
    assert score.macro_f1 == pytest.approx(expected)
    assert score.macro_f1_interval is not None
    assert score.macro_f1_interval[0] < expected < score.macro_f1_interval[1]


def test_the_models_confidence(outcomes: Outcomes, comparison: Comparison) -> None:
    replies = outcomes.replies["model:forest"]
    chances = [dict(reply.probabilities)["malignant"] for reply in replies]
    score = comparison.backends["model:forest"]
    expected = brier_score_loss([t == "malignant" for t in outcomes.truths], chances)
    assert score.brier == pytest.approx(expected)
    assert score.calibration is not None
    assert sum(one.rows for one in score.calibration.bins) == 240
    assert comparison.backends["rules"].brier is None
    assert comparison.backends["dispatch"].brier is None


def test_every_pair_by_hand(outcomes: Outcomes, comparison: Comparison) -> None:
    assert [(one.a, one.b) for one in comparison.pairs] == [
        ("rules", "model:forest"),
        ("rules", "dispatch"),
        ("model:forest", "dispatch"),
    ]
    for pair in comparison.pairs:
        rows = [
            (truth, a.value, b.value)
            for truth, a, b in zip(
                outcomes.truths, outcomes.replies[pair.a], outcomes.replies[pair.b], strict=True
            )
            if a.value is not None and b.value is not None
        ]
        a_only = sum(a == truth != b for truth, a, b in rows)
        b_only = sum(b == truth != a for truth, a, b in rows)
        assert (pair.rows_both, pair.a_only_right, pair.b_only_right) == (len(rows), a_only, b_only)
        kappa = cohen_kappa_score([a for _, a, _ in rows], [b for _, _, b in rows])
        assert pair.kappa == pytest.approx(kappa)
        expected = binomtest(a_only, a_only + b_only).pvalue if a_only + b_only else 1.0
        assert pair.mcnemar_p == pytest.approx(expected)


def test_holm_is_over_all_pairs(comparison: Comparison) -> None:
    smallest = min(comparison.pairs, key=lambda pair: pair.mcnemar_p or 1.0)
    assert smallest.mcnemar_p is not None
    assert smallest.holm_p == pytest.approx(min(1.0, 3 * smallest.mcnemar_p))


def test_views_and_bound(outcomes: Outcomes, comparison: Comparison) -> None:
    view = comparison.views[0]
    assert (view.backend, view.rows) == ("rules", comparison.backends["rules"].answered)
    assert dict(view.accuracy)["rules"] == comparison.backends["rules"].accuracy_where_covered
    both = zip(
        outcomes.truths,
        outcomes.replies["rules"],
        outcomes.replies["model:forest"],
        strict=True,
    )
    assert comparison.best_possible.right == sum(t in (a.value, b.value) for t, a, b in both)


def test_the_same_rows_give_the_same_comparison(outcomes: Outcomes, comparison: Comparison) -> None:
    timed = replace(outcomes, timings={"rules": Timing(1.0, 0.1)})
    assert comparison == evaluate(timed)
    assert comparison.to_dict() == evaluate(outcomes).to_dict()


def test_the_order_of_rows_does_not_matter(outcomes: Outcomes, comparison: Comparison) -> None:
    turned = replace(
        outcomes,
        truths=outcomes.truths[::-1],
        replies={name: replies[::-1] for name, replies in outcomes.replies.items()},
        shots=outcomes.shots[::-1],
    )
    assert evaluate(turned).to_dict() == comparison.to_dict()


def test_warnings() -> None:
    outcomes = made_up(60)
    swapped = tuple(
        Reply(other(str(reply.value)) if reply.value else None)
        for reply in outcomes.replies["rules"]
    )
    warnings = evaluate(replace(outcomes, replies={"rules": swapped})).warnings
    assert "answers of rules look reversed: check [levels] in data.toml" in warnings
    assert any(one.startswith("only") and "rows are malignant" in one for one in warnings)


def test_nobody_is_best_where_coverages_differ(comparison: Comparison) -> None:
    assert any("nobody is called best" in one for one in comparison.warnings)
    assert "Best:" not in report(comparison)


def test_the_better_of_two_is_named() -> None:
    truths = ("a", "b") * 50
    good, bad = [Reply(truth) for truth in truths], [Reply("a") for _ in truths]
    outcomes = Outcomes(
        contract("toy", "T", "x", ("a", "b")),
        HeldOut(100, 100, "all rows"),
        truths,
        {"rules": tuple(good), "model:lazy": tuple(bad)},
    )
    text = report(evaluate(outcomes))
    assert "rules is right more often than lazy on the 100 rows both answered." in text
    assert "Best: rules." in text


def test_a_comparison_of_quantities() -> None:
    truths = tuple(float(row) for row in range(100, 140))
    outcomes = Outcomes(
        contract("house", "House", "price", (), tolerance=5, percent=True),
        HeldOut(40, 40, "all rows"),
        truths,
        {
            "rules": tuple(Reply(truth + 1) for truth in truths),
            "model:linear": tuple(Reply(truth + 20) for truth in truths),
        },
    )
    comparison = evaluate(outcomes)
    assert [one.right for one in comparison.backends.values()] == [40, 0]
    assert [one.mean_absolute_error for one in comparison.backends.values()] == [1.0, 20.0]
    assert comparison.pairs[0].kappa is None
    assert "mean error" in report(comparison)


def test_no_rows_no_numbers() -> None:
    outcomes = replace(made_up(), truths=(), replies={"rules": (), "model:forest": ()}, shots=())
    comparison = evaluate(outcomes)
    assert comparison.backends["rules"].accuracy is None
    assert comparison.pairs[0].mcnemar_p is None
    assert "No row was answered by both rules and forest." in report(comparison)


def test_the_report_in_full(comparison: Comparison) -> None:
    """What people read; a change here is looked at."""
    lines = report(comparison).splitlines()
    assert lines[0] == (
        "cancer: 240 of 960 rows that no model was trained on "
        "(held out by their content, seed 0, no copies)."
    )
    assert lines[1].split("   ")[-1] == "one answer"
    assert any(line.startswith("  dispatch: rules ") and "a person" in line for line in lines)
    assert any(line.startswith("  never       0") for line in lines)
