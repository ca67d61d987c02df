"""Policies tried: chosen on training rows out of fold, confirmed on held-out rows."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

import heuron
from comparing import opened
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.collect import Gathered, gather_training
from heuron.compare.comparison import Comparison
from heuron.compare.costs import Cost
from heuron.compare.policies import PolicyScore, PolicyTrial
from heuron.compare.routes import THRESHOLDS, candidates
from heuron.compare.verdicts import who_should_answer
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table
from heuron.learn.store import Store

Opened = tuple[Dispatcher, Table]


@pytest.fixture(scope="module")
def comparison(patch: Opened) -> Comparison:
    return compare(*patch, timed=False, policies=True)


@pytest.fixture(scope="module")
def trial(comparison: Comparison) -> PolicyTrial:
    assert comparison.policies is not None
    return comparison.policies


@pytest.fixture(scope="module")
def training(patch: Opened) -> Gathered:
    found = gather_training(*patch)
    assert found is not None
    return found


def test_training_rows_are_answered_out_of_fold(patch: Opened, training: Gathered) -> None:
    dispatcher, table = patch
    store = dispatcher.bench.store
    assert isinstance(store, Store)
    answers = store.out_of_fold("patch", "tree")
    said = training.outcomes.replies["model:tree"]
    for place, reply in zip(training.places, said, strict=True):
        expected = answers[table.keys[place]]
        assert (expected["value"], expected["confidence"]) == (reply.value, reply.confidence)
    held_out = set(table.places("held_out"))
    assert not held_out & set(training.places)


def test_a_policy_is_what_its_block_says(patch: Opened, trial: PolicyTrial) -> None:
    """Each block goes into the rule file, and every held-out row is asked by itself."""
    dispatcher, table = patch
    places = table.places("held_out")
    for score in trial.scores:
        if not score.block:
            continue
        kb = dispatcher.kb.with_text(score.block, dispatcher.models)
        alone = Dispatcher(kb, dispatcher.bench.store, policy=score.name)
        said = [alone.ask(row).value for row in table.rows(places)]
        truths = table.truths(places)
        right = sum(value == truth for value, truth in zip(said, truths, strict=True))
        referred = sum(value is None for value in said)
        assert (score.right, score.referred) == (right, referred), score.name


def test_the_usual_policies_are_there(trial: PolicyTrial) -> None:
    assert [one.name for one in trial.scores] == [
        "dispatch",
        "rules_first",
        "model_first",
        "agreement",
        "sure_rules_first",
        "veto",
        "vote",
        "by_confidence",
        "cascade",
    ]
    assert trial.tried == 6 + 3 * len(THRESHOLDS)


def test_thresholds_and_choice_come_from_training_rows(
    patch: Opened, trial: PolicyTrial, training: Gathered
) -> None:
    """Made again by hand: no threshold costs less out of fold than the one chosen."""
    dispatcher, _ = patch
    (chosen,) = (one for one in trial.scores if one.name == "by_confidence")
    model = chosen.title.split()[0]
    both = list(
        zip(
            training.outcomes.truths,
            training.outcomes.replies[f"model:{model}"],
            training.outcomes.replies["rules"],
            strict=True,
        )
    )

    def cost(bound: float) -> float:
        paid = 0.0
        for truth, learned, rules in both:
            sure = learned.confidence is not None and learned.confidence >= bound
            value = learned.value if sure else rules.value
            paid += 0.2 if value is None else float(value != truth)
        return paid / len(both)

    assert chosen.cost_found == pytest.approx(min(map(cost, THRESHOLDS)))
    assert trial.best.cost_found == min(one.cost_found for one in trial.scores)
    assert len(candidates(dispatcher, ["tree"])) == 4 + 3 * len(THRESHOLDS)


def test_no_route_beats_the_bound(comparison: Comparison, trial: PolicyTrial) -> None:
    assert all(one.right <= comparison.best_possible.right for one in trial.scores)


def test_costs_decide(patch: Opened) -> None:
    """Where a person is free, what is agreed on is answered; where one is dear, everything is."""
    free = compare(*patch, timed=False, policies=True, cost=Cost(1.0, 0.01)).policies
    dear = compare(*patch, timed=False, policies=True, cost=Cost(1.0, 5.0)).policies
    assert free is not None
    assert dear is not None
    assert dear.best.referred == 0 < free.best.referred


def test_shares_add_up(trial: PolicyTrial) -> None:
    for score in trial.scores:
        body = score.to_dict()
        assert body["cost"] == pytest.approx((score.wrong + 0.2 * score.referred) / score.rows)
    assert trial.to_dict()["chosen"] == trial.chosen
    assert isinstance(trial.best, PolicyScore)


def test_rules_that_ask_a_model_are_never_asked_to_agree_with_it() -> None:
    dispatcher, table = opened("loan")
    if gather_training(dispatcher, table) is None:
        pytest.skip("the out-of-fold answers of loan are not here")
    trial = compare(dispatcher, table, timed=False, policies=True).policies
    assert trial is not None
    names = [one.name for one in trial.scores]
    assert "agreement" not in names
    assert "veto" in names


def test_without_out_of_fold_answers_it_says_so(patch: Opened, tmp_path: Path) -> None:
    dispatcher, table = patch
    alone = Dispatcher(dispatcher.kb, Store(tmp_path))
    with pytest.raises(RuleError) as error:
        compare(alone, table, timed=False, policies=True)
    assert error.value.diagnostics[0].code == "no-out-of-fold"


def test_from_the_command(
    patch: Opened,
    patch_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(patch_folder)
    file = tmp_path / "best.rules"
    assert main(["compare", "patch", "--policies", "--json", "--write-dispatch", str(file)]) == 0
    policies = json.loads(capsys.readouterr().out)["policies"]
    text = file.read_text(encoding="utf-8")
    assert policies["scores"][0]["name"] == "dispatch"
    (best,) = (one for one in policies["scores"] if one["name"] == policies["chosen"])
    assert best["block"] in text
    patch[0].kb.with_text(text)
    assert main(["compare", "patch", "--policies"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f'"{best["title"]}" costs least.' in words
    assert f"Of {policies['tried']} ways tried on" in words


HOUSE = """
domain house "What is it worth?"

type House:
    rooms: number in 0..10
    age: number in 0..100
    price: number

goal House.price, within {within}

rule by_rooms "Rooms are what counts":
    when h: House(rooms: r, age < 60)
    then conclude h.price = 40 * r, certainty 0.7
"""
LINE = """
title = "A straight line"
estimator = "{estimator}"
"""


def houses(folder: Path, within: str) -> Opened:
    """Return a project about a quantity: forty a room, less for old houses."""
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load
    from heuron.learn.train import train

    (folder / "rules").mkdir(parents=True)
    models = folder / "models" / "house"
    models.mkdir(parents=True)
    draw = random.Random(4)
    lines = ["rooms,age,price"]
    for _ in range(500):
        rooms, age = round(draw.uniform(1, 10), 2), round(draw.uniform(0, 100), 1)
        price = 40 * rooms - max(0.0, age - 40) + draw.gauss(0, 8)
        lines.append(f"{rooms},{age},{price:.2f}")
    text = HOUSE.format(within=within)
    (folder / "rules" / "house.rules").write_text(text, encoding="utf-8")
    (models / "cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (models / "data.toml").write_text('source = "cases.csv"\nrules_saw = "nothing"\n')
    for name, estimator in (
        ("ridge", "sklearn.linear_model.Ridge"),
        ("tree", "sklearn.tree.DecisionTreeRegressor"),
    ):
        (models / f"{name}.toml").write_text(LINE.format(estimator=estimator), encoding="utf-8")
    kb = heuron.load(str(folder / "rules" / "house.rules"))
    store = Store(models.parent)
    table = load(contract_of(kb), folder=models, root=folder)
    train(contract_of(kb), models, store, root=folder, table=table)
    return Dispatcher(kb, store), table


@pytest.mark.parametrize("within", ["10", "10 %"])
def test_policies_about_a_quantity(tmp_path: Path, within: str) -> None:
    """Agreement, veto and vote go by the tolerance; written anew, they choose the same rows."""
    dispatcher, table = houses(tmp_path, within)
    trial = compare(dispatcher, table, timed=False, policies=True).policies
    assert trial is not None
    scores = {one.name: one for one in trial.scores}
    assert list(scores) == [
        "dispatch",
        "rules_first",
        "model_first",
        "agreement",
        "sure_rules_first",
        "veto",
        "vote",
    ]
    places = table.places("held_out")
    rows, truths = table.rows(places), table.truths(places)
    best = scores["model_first"].title.split(",")[0]
    second = "tree" if best == "ridge" else "ridge"
    allowed = (lambda of: 10.0) if within == "10" else (lambda of: abs(of) / 10)
    counts = {"veto": [0, 0], "vote": [0, 0]}
    for row, truth in zip(rows, truths, strict=True):
        said = {name: dispatcher.ask(row, via=name).value for name in ("rules", best, second)}
        rules = said["rules"]

        def close(one: object, other: object) -> bool:
            return None not in (one, other) and abs(one - other) <= allowed(other)  # type: ignore[operator, arg-type]

        vetoed = rules is not None and not close(rules, said[best])
        votes = {
            "veto": None if vetoed else said[best],
            "vote": rules
            if close(rules, said[best]) or close(rules, said[second])
            else said[best]
            if close(said[best], said[second])
            else None,
        }
        for name, value in votes.items():
            counts[name][0] += value is not None and close(value, truth)
            counts[name][1] += value is None
    for name, (right, referred) in counts.items():
        assert (scores[name].right, scores[name].referred) == (right, referred), name
        assert 0 < referred < len(truths)


def test_leaving_all_to_a_person_is_said_to_be_cheaper(
    comparison: Comparison, trial: PolicyTrial
) -> None:
    """Said where a person's price is below what the best policy costs, and only there."""
    assert "To leave every row" not in " ".join(who_should_answer(comparison))
    price = trial.best.cost / 2
    dear = replace(comparison, policies=replace(trial, cost=Cost(1.0, price)))
    expected = f"To leave every row to a person would cost {price:g} a row, which is less."
    assert expected in who_should_answer(dear)
