"""The rows on which backends differ, with the reasons of each."""

from __future__ import annotations

import json

import pytest

from comparing import opened
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.comparison import Comparison


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(*opened("cancer"), timed=False, disagreements=True)


def test_the_rows_are_those_whose_answers_differ_when_asked_alone(comparison: Comparison) -> None:
    dispatcher, table = opened("cancer")
    places = table.places("held_out")
    expected = []
    for place, row in zip(places, table.rows(places), strict=True):
        said = [dispatcher.ask(row, via=name).value for name in ("rules", *dispatcher.models)]
        if len(dict.fromkeys(value for value in said if value is not None)) > 1:
            expected.append(place + 1)
    assert comparison.disagreements is not None
    assert expected == [one.row for one in comparison.disagreements]


def test_every_answer_has_its_reason(comparison: Comparison) -> None:
    assert comparison.disagreements
    for row in comparison.disagreements:
        for said in row.said:
            assert said.reason
            if said.backend == "rules":
                assert said.certainty is not None
                assert said.reason.partition(" (")[0] in [one.name for one in comparison.rules]
            else:
                assert said.confidence is not None


def test_on_request_only() -> None:
    assert compare(*opened("iris"), timed=False).disagreements is None


def test_as_json_and_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "cancer", "--disagreements", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["disagreements"]
    assert set(listed[0]) == {"row", "evidence", "truth", "answers"}
    assert set(listed[0]["answers"][0]) == {
        "backend",
        "value",
        "right",
        "certainty",
        "confidence",
        "reason",
    }
    assert main(["compare", "cancer", "--disagreements"]) == 0
    text = capsys.readouterr().out
    assert f"Row by row: rules and models differ on {len(listed)} rows" in text
    assert f"Row {listed[0]['row']}: {listed[0]['truth']}" in text
    assert text.count("WRONG: ") == sum(
        not said["right"] for one in listed for said in one["answers"]
    )
