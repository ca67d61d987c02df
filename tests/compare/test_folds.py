"""Comparisons in folds: nobody answers a row that he was fitted on; the tests allow for it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t, ttest_1samp

import heuron
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.disagreements import OTHER
from heuron.compare.folds import Folds, fold_rows, halves
from heuron.compare.intervals import wilson
from heuron.compare.paired import corrected_resampled_t
from heuron.compare.report import report
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.learn.contract import contract_of
from heuron.learn.data import Table, load
from heuron.learn.store import Store
from heuron.learn.train import train

Opened = tuple[Dispatcher, Table]

COIN = """
domain coin "Heads or tails?"

type Toss:
    height: number
    force: number
    side: heads | tails

goal Toss.side

rule high "High tosses show heads":
    when t: Toss(height >= 5)
    then conclude t.side = heads, certainty 0.5
"""
SPEC = """
title = "A tree that learns its rows by heart"
estimator = "sklearn.tree.DecisionTreeClassifier"
calibration = "none"
"""


def tossed(folder: Path, rows: int, times: int) -> Opened:
    """Return a project without anything to learn, each of whose rows stands there so many times."""
    (folder / "rules").mkdir()
    models = folder / "models" / "coin"
    models.mkdir(parents=True)
    draw = random.Random(5)
    lines = [
        f"{draw.random() * 10:.4f},{draw.random() * 10:.4f},{draw.choice(('heads', 'tails'))}"
        for _ in range(rows)
    ]
    (folder / "rules" / "coin.rules").write_text(COIN, encoding="utf-8")
    text = "\n".join(["height,force,side", *(lines * times)]) + "\n"
    (models / "cases.csv").write_text(text, encoding="utf-8")
    (models / "data.toml").write_text('source = "cases.csv"\nrules_saw = "nothing"\n')
    (models / "tree.toml").write_text(SPEC, encoding="utf-8")
    kb = heuron.load(str(folder / "rules" / "coin.rules"))
    store = Store(models.parent)
    table = load(contract_of(kb), folder=models, root=folder)
    train(contract_of(kb), models, store, root=folder, table=table)
    return Dispatcher(kb, store), table


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Opened]:
    folder = tmp_path_factory.mktemp("coins")
    return folder, tossed(folder, 150, 3)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=30))
@settings(max_examples=50)
def test_without_correction_it_is_the_usual_t_test(differences: list[float]) -> None:
    if len({round(one, 9) for one in differences}) < 2:
        return
    expected = ttest_1samp(differences, 0.0).pvalue
    assert corrected_resampled_t(differences, 0.0) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_correction_by_hand() -> None:
    """Ten folds: the variance of the mean is (1/10 + 1/9) times that of the differences."""
    differences = [0.02, 0.0, 0.05, -0.01, 0.03, 0.04, 0.0, 0.02, 0.01, 0.04]
    size = np.mean(differences) / np.sqrt((1 / 10 + 1 / 9) * np.var(differences, ddof=1))
    assert corrected_resampled_t(differences, 1 / 9) == pytest.approx(2 * t.sf(size, 9))
    assert corrected_resampled_t(differences, 1 / 9) > ttest_1samp(differences, 0.0).pvalue


def test_differences_without_spread() -> None:
    assert corrected_resampled_t([0.0, 0.0, 0.0], 0.5) == 1.0
    assert corrected_resampled_t([0.5, 0.5, 0.5], 0.5) == 0.0


def test_a_model_that_learns_by_heart_gains_nothing(coins: tuple[Path, Opened]) -> None:
    """It knows its own rows, and guesses those of the other folds; copies share a fold."""
    folder, (dispatcher, table) = coins
    folds = Folds(folder / "models" / "coin", 5)
    comparison = compare(dispatcher, table, folds=folds, with_copies=True, timed=False)
    assert comparison.held_out.rows == 150
    assert (comparison.held_out.folds, comparison.held_out.copies_left_out) == (5, 300)
    assert 0.35 < (comparison.backends["model:tree"].accuracy or 0) < 0.65
    copies = comparison.copies
    assert copies is not None
    assert (copies.rows, copies.copies) == (450, 300)
    worth = {one.backend: one for one in copies.scores}
    tree = comparison.backends["model:tree"]
    assert worth["model:tree"].once == (tree.right, 150)
    assert worth["model:tree"].ignored[1] == 450
    assert worth["model:tree"].ignored[0] / 450 > 0.8
    # Every row stands there three times: the intervals are those of 150 rows, however counted.
    for one in copies.scores:
        assert one.once_interval == pytest.approx(wilson(*one.once))
        width = one.ignored_interval[1] - one.ignored_interval[0]
        alone = wilson(one.ignored[0] / 3, one.ignored[1] / 3)
        assert width == pytest.approx(alone[1] - alone[0], rel=0.25)
        assert one.apparent_interval[0] <= one.apparent <= one.apparent_interval[1]
    assert worth["model:tree"].apparent_interval[0] > 0.2
    # Rules learn nothing, so copies are worth nothing to them.
    assert abs(worth["rules"].apparent) < 1e-9
    text = " ".join(report(comparison).split())
    assert "Copies: 300 of 450 rows repeat an earlier one." in text
    assert "What copies are worth" in text


def test_every_row_is_answered_without_it(patch: Opened, patch_folder: Path) -> None:
    """Made again by hand: scikit-learn's logistic regression on the rows of the other folds."""
    from sklearn.linear_model import LogisticRegression

    dispatcher, table = patch
    folds = Folds(patch_folder / "models" / "patch", 4, repeats=2)
    folded = fold_rows(dispatcher, table, folds, seed=3)
    assert len(folded.gathered) == len(folded.fold) == 2
    assert folded.fold[0] != folded.fold[1]
    (gathered, *_), (fold, *_) = folded.gathered, folded.fold
    assert gathered.places == tuple(range(len(table)))
    colours = np.array(
        [["red", "green", "blue"].index(str(one)) for one in table.columns["colour"]]
    )
    inputs = np.column_stack([table.columns["x"], *(colours == at for at in range(3))])
    goal = np.array(table.goal)
    agreeing = 0
    for number in range(4):
        mine = np.array(fold) == number
        model = LogisticRegression().fit(inputs[~mine].astype(float), goal[~mine])
        theirs = model.predict(inputs[mine].astype(float))
        replies = gathered.outcomes.replies["model:logistic"]
        ours = [replies[at].value for at in np.flatnonzero(mine)]
        agreeing += sum(a == b for a, b in zip(ours, theirs, strict=True))
    # Ours are scaled first, which moves a few answers near one half.
    assert agreeing >= 0.98 * len(table)
    found, confirmed = halves(folded)
    assert len(found.places) + len(confirmed.places) == len(table)
    assert not set(found.places) & set(confirmed.places)


def test_what_is_asked_at_the_command_line(
    patch_folder: Path,
    patch: Opened,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(patch_folder)
    monkeypatch.setenv("HEURON_LEDGER", "off")
    command = ["compare", "patch", "--folds", "4", "--repeats", "2", "--policies", "--json"]
    assert main(command) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["held_out"]["folds"], body["held_out"]["repeats"]) == (4, 2)
    assert body["held_out"]["rows"] == len(patch[1])
    for pair in body["pairs"]:
        assert pair["mcnemar_p"] is None
        assert pair["resampled_p"] <= pair["holm_p"]
    assert body["backends"]["model:logistic"]["brier"] is not None
    assert body["policies"]["rows_found"] + body["policies"]["scores"][0]["right"] <= len(patch[1])
    texts = [one["when"] for one in body["slices"] if one["claim"] == "b"]
    assert any("colour == blue" in one for one in texts)
    assert main(["compare", "patch", "--folds", "4", "--brief"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"All {len(patch[1]):,} rows, each answered by models fitted without it (4 folds" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", "1"], "folds are 2 to 100, not 1"),
        (["--repeats", "3"], "--repeats needs --folds"),
        (["--folds", "5", "--repeats", "0"], "repeats are 1 to 100, not 0"),
    ],
)
def test_folds_that_mean_nothing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "iris", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_models_without_specs_are_named(patch: Opened, tmp_path: Path) -> None:
    with pytest.raises(RuleError) as error:
        compare(*patch, folds=Folds(tmp_path, 5), timed=False)
    assert error.value.diagnostics[0].code == "no-specs"


def test_policies_of_a_built_in_domain_need_no_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Out-of-fold answers do not travel; models are fitted again for what must be found."""
    from heuron.learn import store

    monkeypatch.setattr(store.Store, "out_of_fold", lambda *_: {})
    assert main(["compare", "iris", "--policies", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["policies"]["rows_found"] == body["held_out"]["of"] - body["held_out"]["rows"]


def test_no_reason_of_another_answer_is_given(coins: tuple[Path, Opened]) -> None:
    """The trained tree knows its rows by heart; those of the folds guess, and are often wrong."""
    folder, (dispatcher, table) = coins
    folds = Folds(folder / "models" / "coin", 5)
    found = compare(dispatcher, table, folds=folds, disagreements=True, slices=False, timed=False)
    known = set(table.places("training"))
    rows = [one for one in found.disagreements or () if one.row - 1 in known]
    said = [one for row in rows for one in row.said]
    wrong = [one for one in said if one.backend == "model:tree" and not one.right]
    assert wrong
    assert {one.reason for one in wrong} == {OTHER}
