"""Certainties as probabilities: a rising map from training rows, labelled as one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from comparing import opened
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.certainty_map import fit_certainty_map
from heuron.compare.mapped import CertaintyMap
from heuron.compare.report import report

MAP = CertaintyMap(50, ((0.2, 0.5), (0.6, 0.9)), (("a", 0.5), ("b", 0.3), ("c", 0.2)))


def test_between_points_it_is_a_line_and_outside_it_stays() -> None:
    chances = [MAP.probability(one) for one in (0.0, 0.2, 0.3, 0.6, 0.99)]
    assert chances == pytest.approx([0.5, 0.5, 0.6, 0.9, 0.9])


def test_the_others_share_the_rest_as_they_are_common() -> None:
    assert dict(MAP.spread("a", 0.5)) == pytest.approx({"a": 0.5, "b": 0.3, "c": 0.2})
    only = CertaintyMap(50, ((0.2, 0.5),), (("a", 1.0), ("b", 0.0)))
    assert dict(only.spread("a", 0.75)) == {"a": 0.75, "b": 0.0}


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_surer_is_never_less_probable(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.5 <= MAP.probability(low) <= MAP.probability(high) <= 0.9


def test_three_levels_made_again_by_hand() -> None:
    dispatcher, table = opened("penguins")
    fitted = fit_certainty_map(dispatcher.kb, table)
    assert fitted is not None
    assert all(a <= b for (_, a), (_, b) in pairwise(fitted.points))
    places = table.places("held_out")
    answers = [dispatcher.kb.ask(row, today=table.as_of) for row in table.rows(places)]
    rows = [
        (
            truth,
            [
                dict(fitted.spread(one.value, fitted.probability(one.certainty or 0.0)))[level]
                for level in table.contract.classes
            ],
        )
        for one, truth in zip(answers, table.truths(places), strict=True)
        if one.value is not None
    ]
    expected = brier_score_loss(
        [truth for truth, _ in rows], [one for _, one in rows], labels=list(table.contract.classes)
    )
    score = compare(dispatcher, table, timed=False).backends["rules"]
    assert score.brier == pytest.approx(expected)
    assert score.certainty_map == fitted


def test_held_out_rows_have_no_part_in_it() -> None:
    dispatcher, table = opened("cancer")
    fitted = fit_certainty_map(dispatcher.kb, table)
    turned = ["benign" if one == "malignant" else "malignant" for one in table.goal]
    goal = tuple(
        new if out else old
        for old, new, out in zip(table.goal, turned, table.held_out, strict=True)
    )
    columns = {**table.columns, table.contract.goal: list(goal)}
    assert fit_certainty_map(dispatcher.kb, replace(table, columns=columns)) == fitted


def test_new_rows_of_a_file_have_no_map() -> None:
    dispatcher, table = opened("iris")
    new = replace(table, held_out=(True,) * len(table))
    assert fit_certainty_map(dispatcher.kb, new) is None
    few = replace(table, held_out=(False,) * 20 + (True,) * (len(table) - 20))
    assert fit_certainty_map(dispatcher.kb, few) is None
    score = compare(dispatcher, new, timed=False, slices=False).backends["rules"]
    assert score.brier is None
    assert score.certainty_map is None


def test_it_is_labelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEURON_LEDGER", "off")
    page = tmp_path / "page.html"
    assert main(["compare", "cancer", "--json", "--html", str(page)]) == 0
    rules = json.loads(capsys.readouterr().out)["backends"]["rules"]
    found = rules["certainty_map"]["rows_found"]
    said = (
        f"A rising curve through {found} rows of training makes probabilities of them: Brier score"
    )
    text = " ".join(report(compare(*opened("cancer"), timed=False)).split())
    assert f"{said} {rules['brier']:.3f}" in text
    shown = page.read_text(encoding="utf-8")
    assert said in shown
    assert "map from training" in shown
    # It stands in no common column with the confidence of models.
    assert (
        "rules" not in text[text.index("Confidence of the models") : text.index("Less is better")]
    )
