"""`heuron plan`: which rules run over columns, and the source of every plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.app import main

TEXT = """\
type Case:
    age: integer
    name: text, optional
    tags: list of text, optional
    word: text
    out: yes | no
goal Case.out
rule old:
    when c: Case(age > 30, contains(name, "x"))
    then conclude c.out = yes, certainty 0.6
rule shout:
    when c: Case(age > 50)
    then conclude c.word = upper(c.name)
"""


def planned(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *words: str) -> str:
    """Return what `heuron plan` prints about a text."""
    path = tmp_path / "case.rules"
    path.write_text(text)
    assert main(["plan", str(path), *words]) == 0
    return capsys.readouterr().out


def test_rules_without_columns_are_named_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = planned(tmp_path, capsys, TEXT).splitlines()
    assert lines[1:3] == [
        "A whole table runs as columns; rows on which these may fire run one by one:",
        "  shout   it computes the text word",
    ]
    plain = TEXT.replace("upper(c.name)", '"x"')
    assert "A whole table runs as columns, all rules at once." in planned(tmp_path, capsys, plain)


def test_joins_make_a_table_run_record_by_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joined = TEXT + 'rule other:\n    when c: Case(age: x), d: Case(age > x, name == "b")\n'
    joined += "    then conclude c.out = no\n"
    body = json.loads(planned(tmp_path, capsys, joined, "--json"))
    assert not body["single_record"]
    assert body["no_columns"] == {"other": "it joins facts"}


def test_source_is_that_of_every_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(planned(tmp_path, capsys, TEXT, "--source", "--json"))
    source = body["source"]
    compile(source, "plan", "exec")
    for head in ("record(get", "unknown(get", "columns(c, n, run)", "complete_columns(c, n, run)"):
        assert f"def {head}" in source
    stepping = TEXT + "rule leave:\n    when c: Case(age < 0)\n    then retract c\n"
    source = json.loads(planned(tmp_path, capsys, stepping, "--source", "--json"))["source"]
    compile(source, "plan", "exec")
    assert "def make(" in source


def test_definitions_on_the_agenda_plan_have_their_own_source_and_searches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables are about one record and stay where they are."""
    words = ("--definitions", "agenda", "--json", "--source")
    body = json.loads(planned(tmp_path, capsys, TEXT, *words))
    plans = {rule: one["plan"] for one in body["strata"] for rule in one["rules"]}
    compile(body["source"].split("# Everything else")[0], "plan", "exec")

    assert set(plans.values()) == {"agenda"}
    assert "yield" in body["source"]
    assert {one["rule"] for one in body["searches"]} == set(plans)


ASKING = """
type Edge(a: integer, b: integer)
type Node(a: integer)
rule next:
    when:
        Edge(a: x, b: y)
        exists Node(a == x)
    then derive Node(y)
rule back:
    when:
        Node(a: x)
        Edge(a: y, b == x)
    then derive Node(y)
"""


def test_how_a_definition_runs_on_the_agenda_plan_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = planned(tmp_path, capsys, ASKING, "--definitions", "agenda")

    assert "matched again when there are new Node facts, about which it asks" in text
    assert "it goes on from each fact that it derives, in one loop" in text
