"""A whole comparison from made-up replies, its numbers made again with scipy and scikit-learn."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from scipy.stats import binomtest
from sklearn.metrics import (
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    mean_absolute_error,
    root_mean_squared_error,
)

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
    assert "Nobody is called best, as not all answer the same rows" in " ".join(
        report(comparison).split()
    )


def test_the_better_of_two_is_named() -> None:
    truths = ("a", "b") * 50
    good, bad = [Reply(truth) for truth in truths], [Reply("a") for _ in truths]
    outcomes = Outcomes(
        contract("toy", "T", "x", ("a", "b")),
        HeldOut(100, 100, "all rows"),
        truths,
        {"rules": tuple(good), "model:lazy": tuple(bad)},
    )
    text = " ".join(report(evaluate(outcomes)).split())
    assert (
        "The rules are right more often than the model lazy on the 100 rows both answered." in text
    )
    assert text.startswith(
        "toy: The rules are right most often; rules and the model differ on 50 %"
    )
    assert "The rules are best: right on 100.0 % of all 100 rows." in text


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
    errors = [one.errors for one in comparison.backends.values()]
    assert [one.absolute for one in errors if one] == [1.0, 20.0]
    assert comparison.pairs[0].kappa is None
    assert "Errors of its answers" in report(comparison)
    assert "Right answers (right: within 5 %)" in report(comparison)


def test_errors_of_quantities_are_scikit_learns() -> None:
    """Size, root mean square and bias, each in its bootstrap interval; a gap counts in none."""
    draw = random.Random(3)
    truths = tuple(draw.uniform(50, 150) for _ in range(200))
    said = [truth + draw.gauss(2, 6) for truth in truths]
    outcomes = Outcomes(
        contract("house", "House", "price", (), tolerance=5),
        HeldOut(201, 201, "all rows"),
        (*truths, 100.0),
        {"model:linear": (*[Reply(one) for one in said], Reply(None))},
    )
    found = evaluate(outcomes).backends["model:linear"].errors
    assert found is not None
    assert found.absolute == pytest.approx(mean_absolute_error(truths, said))
    assert found.squared == pytest.approx(root_mean_squared_error(truths, said))
    bias = sum(a - b for a, b in zip(said, truths, strict=True)) / 200
    assert found.bias == pytest.approx(bias)
    ends = (found.absolute_interval, found.squared_interval, found.bias_interval)
    for value, pair in zip((found.absolute, found.squared, found.bias), ends, strict=True):
        assert pair is not None
        assert pair[0] < value < pair[1]


def test_no_rows_no_numbers() -> None:
    replies: dict[str, tuple[Reply, ...]] = {"rules": (), "model:forest": ()}
    nothing = HeldOut(0, 10, "hash", 0)
    outcomes = replace(made_up(), held_out=nothing, truths=(), replies=replies, shots=())
    comparison = evaluate(outcomes)
    assert comparison.backends["rules"].accuracy is None
    assert comparison.pairs[0].mcnemar_p is None
    assert report(comparison).startswith("cancer: There are no rows to compare on.")


def test_the_report_in_full(comparison: Comparison) -> None:
    """What people read; a change here is looked at."""
    lines = report(comparison).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert " ".join(lines[:5]).startswith(
        "cancer: Nobody is called best, as not all answer the same rows; rules and the model "
        "differ on 22 % of the rows both answer; the dispatcher is right on "
    )
    titles = [line for line in lines if line and not line.startswith(" ")]
    parts = ["Who is right?", "Where do they differ?", "Who should answer?", "Right answers"]
    parts += ["On the rows that one of them answers", "Mistakes", "Confidence of the models"]
    parts += ["Two by two, on the rows both answered", "Rule by rule"]
    assert [one for one in titles if one in parts] == parts
    assert any(line.startswith("Who answered for dispatch: rules ") for line in lines)
    assert any(line.split()[:2] == ["never", "0"] for line in lines)
    assert lines[-1].endswith("report.html")


def test_a_brief_report_has_the_answers_and_one_table(comparison: Comparison) -> None:
    text = report(comparison, brief=True)
    assert "Right answers" in text
    assert "Two by two" not in text
    assert len(text.splitlines()) < 40


def test_how_right_the_rules_are_by_their_certainty() -> None:
    """Four certainties: a line each, with counts that anyone can make again."""
    outcomes = made_up()
    replies = tuple(
        replace(one, certainty=None if one.value is None else (0.3, 0.5, 0.7, 0.9)[at % 4])
        for at, one in enumerate(outcomes.replies["rules"])
    )
    found = evaluate(replace(outcomes, replies={**outcomes.replies, "rules": replies}))
    for one in found.backends["rules"].certainties:
        mine = [at for at, reply in enumerate(replies) if reply.certainty == one.low == one.high]
        right = sum(replies[at].value == outcomes.truths[at] for at in mine)
        assert (one.rows, one.right) == (len(mine), right)
    assert [one.mean for one in found.backends["rules"].certainties] == [0.3, 0.5, 0.7, 0.9]
    assert "Certainty of the rules' answers" in report(found)
