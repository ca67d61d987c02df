"""`heuron run --facts`: facts of a file, and every mistake in it with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.app import main

RULES = """
type Parent(parent: text, child: text)
type Age(who: text, years: integer in 0..120)
rule r:
    when a: Age(years: x), Parent(parent == a.who), x > 110
    then modify a: years = x + 8
"""


def run(tmp_path: Path, name: str, content: str) -> int:
    """Run the rules with a file of facts."""
    (tmp_path / "family.rules").write_text(RULES, encoding="utf-8")
    (tmp_path / name).write_text(content, encoding="utf-8")
    return main(["run", "family.rules", "--facts", name])


ONE = '{"Parent": {"parent": "ann", "child": "eve"}}'
OTHER = '{"Parent": [{"parent": "bob", "child": "ann"}]}'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("parents.csv", "parent,child\nann,eve\nbob,ann\n"),
        ("Parent.csv", "child;parent\neve;ann\nann;bob\n"),
        ("any.json", f"[{ONE}, {OTHER}]"),
        ("any.jsonl", f"{ONE}\n{OTHER}\n"),
    ],
)
def test_facts_come_from_tables_and_json(tmp_path: Path, capsys, name: str, content: str) -> None:
    assert run(tmp_path, name, content) == 0
    assert capsys.readouterr().out.splitlines() == [
        '#1  Parent(parent = "ann", child = "eve")',
        '#2  Parent(parent = "bob", child = "ann")',
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "ages.csv",
            "who,years\nann,200\nbob,20\neve,x\n",
            ["ages.csv:2: `years` accepts a whole number in 0..120, not 200", "ages.csv:4: "],
        ),
        ("ages.csv", "who,years\nann,2,3\n", ["ages.csv", "3"]),
        ("ages.csv", "", ["ages.csv"]),
        ("ages.csv", "a,b\n1,2\n", ["none of its columns is a field", "who, years"]),
        ("other.csv", "who,years\nann,2\n", ["named for no type", "Parent, Age"]),
        (
            "f.json",
            '{"Age": [{"who": "a", "years": 5}, {"who": "b", "years": 500}, {"wo": "c"}]}',
            ["f.json: Age 2: `years` accepts", "f.json: Age 3: `Age` has no field `wo`", "`who`"],
        ),
        ("f.json", '{"Agee": {"who": "a"}}', ["no type `Agee`", "`Age`"]),
        ("f.json", '{"Age": 3}', ["`Age` is a type"]),
        ("f.json", '{"Age"', ["f.json: no JSON"]),
        ("f.json", "[1]", ["f.json record 1: not an object"]),
    ],
)
def test_every_mistake_has_its_place(
    tmp_path: Path, capsys, name: str, content: str, said: list[str]
) -> None:
    assert run(tmp_path, name, content) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [one for one in said if one not in shown.err] == []


def test_a_file_that_is_not_there_is_no_question_of_types(capsys) -> None:
    Path("family.rules").write_text(RULES, encoding="utf-8")
    assert main(["run", "family.rules", "--facts", "nope.csv"]) == 1
    assert 'error[not-found]: There is no file "nope.csv".' in capsys.readouterr().err


def test_an_action_that_fails_is_an_error_with_rule_line_and_bindings(tmp_path, capsys) -> None:
    facts = '{"Parent": {"parent": "ann", "child": "eve"}, "Age": {"who": "ann", "years": 115}}'
    assert run(tmp_path, "f.json", facts) == 1
    said = capsys.readouterr().err
    assert "family.rules:4:1: error[action-failed]: " in said
    assert "`r` could not act" in said
    assert "x = 115" in said


def test_several_files_are_read_one_after_the_other(tmp_path: Path, capsys) -> None:
    (tmp_path / "ages.csv").write_text("who,years\nann,20\n", encoding="utf-8")
    (tmp_path / "family.rules").write_text(RULES, encoding="utf-8")
    (tmp_path / "parents.csv").write_text("parent,child\nann,eve\n", encoding="utf-8")
    words = ["run", "family.rules", "--facts", "ages.csv", "--facts", "parents.csv"]

    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        '#2  Parent(parent = "ann", child = "eve")',
        '#1  Age(who = "ann", years = 20)',
    ]
    (tmp_path / "ages.csv").write_text("who,years\nann,x\n", encoding="utf-8")
    (tmp_path / "parents.csv").write_text("parent,child\nann\n", encoding="utf-8")
    assert main(words) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "parents.csv" in shown.err


@pytest.mark.parametrize(
    "text",
    ['a"b', "C:\\dir", "two\nlines\t", "\x1b[31m", "\x08\x0c\x7f\x9b", "é ß 猫", "\u00a0", ""],
)
def test_a_fact_that_is_printed_can_be_written_again(tmp_path: Path, capsys, text: str) -> None:
    (tmp_path / "any.rules").write_text("type N(t: text)\n", encoding="utf-8")
    (tmp_path / "n.json").write_text(json.dumps({"N": {"t": text}}), encoding="utf-8")
    assert main(["run", "any.rules", "--facts", "n.json"]) == 0
    printed = capsys.readouterr().out.removeprefix("#1  ").removesuffix("\n")
    assert "\n" not in printed
    assert "\x1b" not in printed

    assert main(["run", "any.rules", printed, "--json"]) == 0
    (fact,) = json.loads(capsys.readouterr().out)["facts"]
    assert fact["values"] == {"t": text}


def test_an_escape_that_is_none_is_refused(tmp_path: Path, capsys) -> None:
    (tmp_path / "any.rules").write_text("type N(t: text)\n", encoding="utf-8")
    assert main(["run", "any.rules", r'N("C:\dir")']) == 1
    assert r"\d is no escape; a backslash is written \\" in capsys.readouterr().err


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path, capsys) -> None:
    (tmp_path / "any.rules").write_bytes(b"type N(t: text)\nrule \x1b[31m \x07 \x9b:\n")
    assert main(["check", "any.rules"]) == 1
    (tmp_path / "any.rules").write_text("type N(t: text)\nrule \x1b]0;x\x07 \x9b:\n", "utf-8")
    assert main(["check", "any.rules"]) == 1
    assert not any(one in capsys.readouterr().out for one in "\x1b\x07\x9b")
