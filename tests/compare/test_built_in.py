"""The built-in domains compared, and one comparison made again from single answers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, cohen_kappa_score, f1_score, log_loss

import heuron
from heuron.compare import compare
from heuron.compare.comparison import Comparison
from heuron.compare.report import report
from heuron.dispatch import Dispatcher
from heuron.knowledge.project import find_domain
from heuron.learn.contract import contract_of
from heuron.learn.data import Table, load
from heuron.learn.store import Store

DOMAINS = ("cancer", "iris", "loan", "penguins")


@cache
def opened(name: str) -> tuple[Dispatcher, Table]:
    domain = find_domain(name)
    kb = heuron.load(domain)
    folder = Path(domain.models[-1])
    table = load(contract_of(kb), folder=folder, root=Path(domain.root))
    return Dispatcher(kb, Store(folder.parent)), table


@cache
def compared(name: str) -> Comparison:
    return compare(*opened(name), timed=False)


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_compares_and_reports(name: str) -> None:
    dispatcher, table = opened(name)
    comparison = compared(name)
    assert comparison.held_out.rows == len(table.places("held_out"))
    expected = ["rules"] + ["rules+models"] * (name == "loan")
    expected += [f"model:{one}" for one in dispatcher.models] + ["dispatch"]
    assert list(comparison.backends) == expected
    for score in comparison.backends.values():
        assert score.rows == comparison.held_out.rows
    json.dumps(comparison.to_dict(), allow_nan=False)
    text = report(comparison)
    assert f"\n{comparison.held_out.rows} of " in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_same_comparison_twice() -> None:
    first, second = (compare(*opened("iris"), timed=False).to_dict() for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_a_comparison_made_again_by_hand() -> None:
    """Every row asked by itself; every number from scipy and scikit-learn."""
    dispatcher, table = opened("cancer")
    comparison = compared("cancer")
    places = table.places("held_out")
    rows, truths = table.rows(places), np.array(table.truths(places))
    said = {
        name: np.array([dispatcher.ask(row, via=via).value or "" for row in rows])
        for name, via in {
            "rules": "rules",
            "dispatch": "dispatch",
            **{f"model:{one}": one for one in dispatcher.models},
        }.items()
    }
    for name, answers in said.items():
        score = comparison.backends[name]
        assert score.right == np.sum(answers == truths)
        assert score.not_answered == np.sum(answers == "")
        wilson = binomtest(score.right, score.answered).proportion_ci(method="wilson")
        assert score.interval == pytest.approx((wilson.low, wilson.high))
        levels = ["malignant", "benign"]
        expected = f1_score(truths, answers, labels=levels, average="macro")
        assert score.macro_f1 == pytest.approx(expected)
    for pair in comparison.pairs:
        a, b = said[pair.a], said[pair.b]
        both = (a != "") & (b != "")
        a_only = np.sum(both & (a == truths) & (b != truths))
        b_only = np.sum(both & (b == truths) & (a != truths))
        assert (pair.rows_both, pair.a_only_right, pair.b_only_right) == (
            both.sum(),
            a_only,
            b_only,
        )
        assert pair.kappa == pytest.approx(cohen_kappa_score(a[both], b[both]))
        uneven = int(a_only + b_only)
        expected_p = binomtest(int(a_only), uneven).pvalue if uneven else 1.0
        assert pair.mcnemar_p == pytest.approx(expected_p)


def test_a_models_confidence_made_again_by_hand() -> None:
    dispatcher, table = opened("cancer")
    places = table.places("held_out")
    truths = [truth == "malignant" for truth in table.truths(places)]
    answers = [dispatcher.ask(row, via="forest") for row in table.rows(places)]
    chances = [
        answer.confidence if answer.value == "malignant" else 1 - (answer.confidence or 0)
        for answer in answers
    ]
    score = compared("cancer").backends["model:forest"]
    assert score.brier == pytest.approx(brier_score_loss(truths, chances))
    assert score.log_loss == pytest.approx(log_loss(truths, chances))


def test_scorecards_made_again_by_hand() -> None:
    """A rule fires on a row when the rules that support a value, or one beside it, name it."""
    dispatcher, table = opened("cancer")
    places = table.places("held_out")
    fired = dict.fromkeys((rule.name for rule in dispatcher.kb.rules), 0)
    for row in table.rows(places):
        for name in dispatcher.kb.consider(row).fired:
            fired[name] += 1
    cards = {one.name: one.fired for one in compared("cancer").rules}
    assert cards == {name: fired[name] for name in cards}
    assert "irregular_outline" not in cards


def test_routes_add_up() -> None:
    for name in DOMAINS:
        score = compared(name).backends["dispatch"]
        assert sum(count for _, count in score.routes) == score.rows
        assert dict(score.routes).get("refer", 0) <= score.not_answered


def test_the_goal_is_hidden_from_everybody() -> None:
    """Rows with the answer written into them are answered as rows without it."""
    dispatcher, table = opened("penguins")
    row = table.rows(table.places("held_out"))[0]
    for species in ("Adelie", "Chinstrap", "Gentoo"):
        for via in ("dispatch", "rules", *dispatcher.models):
            plain = dispatcher.ask(row, via=via)
            told = dispatcher.ask({**row, "species": species}, via=via)
            assert (told.value, told.certainty, told.confidence) == (
                plain.value,
                plain.certainty,
                plain.confidence,
            )


def test_rules_are_compared_without_models() -> None:
    """In `loan` a rule asks a model; the backend `rules` must not."""
    dispatcher, table = opened("loan")
    alone, mixed = (compared("loan").backends[name] for name in ("rules", "rules+models"))
    assert alone != mixed
    rows = table.rows(table.places("held_out"))
    expected = [dispatcher.kb.ask(row, today=table.as_of).value for row in rows]
    assert alone.answered == sum(value is not None for value in expected)


def test_rows_of_a_file_that_a_model_was_trained_on_are_left_out(tmp_path: Path) -> None:
    dispatcher, _ = opened("penguins")
    folder = Path(find_domain("penguins").models[-1])
    lines = (folder / "penguins.csv").read_text(encoding="utf-8")
    file = tmp_path / "again.csv"
    file.write_text(lines, encoding="utf-8")
    table = load(contract_of(dispatcher.kb), file, folder=folder, everything=True)
    comparison = compare(dispatcher, table, timed=False)
    assert comparison.held_out.rows + comparison.held_out.trained_on_left_out == len(table)
    # A file of new rows has no training rows to put certainties to the test with.
    expected = replace(
        compared("penguins").backends["rules"], brier=None, brier_interval=None, certainty_map=None
    )
    assert comparison.backends["rules"] == expected


def test_times_are_there_when_wanted() -> None:
    timings = compare(*opened("iris")).backends
    assert all(one.timing.single and one.timing.batch for one in timings.values())


def test_every_named_policy_is_compared() -> None:
    text = Path(find_domain("iris").file).read_text(encoding="utf-8")
    text += "\ndispatch model_first:\n    model tree otherwise\n"
    dispatcher, table = opened("iris")
    kb = heuron.loads(text, name="iris.rules", models=dispatcher.models)
    folder = Path(find_domain("iris").models[-1])
    comparison = compare(Dispatcher(kb, Store(folder.parent)), table, timed=False)
    scores = comparison.backends
    assert list(scores)[-2:] == ["dispatch", "dispatch:model_first"]
    tree, first = scores["model:tree"], scores["dispatch:model_first"]
    assert (first.right, first.routes) == (tree.right, (("model:tree", first.rows),))
