"""Tables that are wrong, by every command that takes one: what is said, and that nothing is left.

Each row of `WRONG` is a way to spoil a good table, and what each command says of it: words of its
message, or None where the command can do with the table.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from heuron.cli.app import main

RULES = """domain fruit "Which fruit?"

type Fruit:
    weight: number in 0..100
    colour: red | green
    kind: pea | plum

goal Fruit.kind

rule heavy:
    when f: Fruit(weight > 50)
    then conclude f.kind = plum, certainty 0.8
"""
BAYES = 'estimator = "sklearn.naive_bayes.GaussianNB"\n'


def good_rows(rows: int = 60, seed: int = 0) -> list[list[str]]:
    chance = random.Random(seed)
    found = [["weight", "colour", "kind"]]
    for _ in range(rows):
        weight = round(chance.uniform(1, 99), 2)
        colour = chance.choice(["red", "green"])
        found.append([f"{weight}", colour, "plum" if weight > 45 else "pea"])
    return found


def text_of(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in rows) + end


def cell(row: int, column: int, text: str) -> Callable[[list[list[str]]], bytes]:
    """Spoil one cell."""

    def spoil(rows: list[list[str]]) -> bytes:
        rows[row][column] = text
        return text_of(rows).encode()

    return spoil


def column(place: int, text: str) -> Callable[[list[list[str]]], bytes]:
    """Spoil all cells of a column."""

    def spoil(rows: list[list[str]]) -> bytes:
        return text_of([rows[0], *([*r[:place], text, *r[place + 1 :]] for r in rows[1:])]).encode()

    return spoil


def wide(rows: list[list[str]]) -> bytes:
    more = [f"x{at}" for at in range(10_000)]
    return text_of([[*more, "kind"], *[["1"] * 10_000 + [row[2]] for row in rows[1:12]]]).encode()


class Wrong(NamedTuple):
    """A way to spoil a table, and what `new`, `train` (`tune`, `compare` too) and `ask` say."""

    name: str
    spoil: Callable[[list[list[str]]], bytes]
    new: str | None
    train: str | None
    ask: str | None


def same(name: str, spoil: Callable[[list[list[str]]], bytes], words: str) -> Wrong:
    return Wrong(name, spoil, words, words, words)


WRONG = [
    same("empty file", lambda rows: b"", "it is empty: a header and rows are needed"),
    same("empty lines", lambda rows: b"\n\n \n".replace(b" ", b""), "it is empty"),
    same("header only", lambda rows: text_of(rows[:1]).encode(), "it has no rows"),
    same("two equal names", cell(0, 1, "weight"), 'line 1 calls two columns "weight": numbers 1'),
    same(
        "two equal names below empty lines",
        lambda rows: b"\r\n\n" + cell(0, 1, "weight")(rows),
        'line 3 calls two columns "weight"',
    ),
    same(
        "a header in Latin-1 below empty lines",
        lambda rows: b"\n\nweight,f\xe4rbe,kind\n1,red,pea\n",
        "line 3 has bytes that mean nothing",
    ),
    same(
        "a header that is too long below empty lines",
        lambda rows: b"\n\nweight," + b"x" * 200_000 + b"\n1,2\n",
        "line 3: field larger than field limit",
    ),
    same(
        "Latin-1",
        lambda rows: text_of([["weight", "colour", "kind"], ["1", "grün", "pea"]]).encode("cp1252"),
        'as Windows-1252 that line would be "1,grün,pea"',
    ),
    same("UTF-16", lambda rows: text_of(rows).encode("utf-16"), "it begins like UTF-16"),
    same("a workbook", lambda rows: b"PK\x03\x04\x14\x00\x81\x90\xff", "is it a table at all"),
    same("short row", cell(5, 1, 'red\n1,"green"'), "line 6 has 2 cells, but the header has 3"),
    same("long row", cell(5, 1, "red,red"), "line 6 has 4 cells, but the header has 3"),
    same("open quote", cell(5, 0, '"12'), "a quote left open on line 6"),
    Wrong(
        "one class only",
        column(2, "pea"),
        'column "kind" of bad.csv has only the value "pea"',
        "in all of them `kind` is pea: there is nothing to learn",
        None,
    ),
    Wrong("no target", column(2, ""), "has no value at all", "has a known `kind`", None),
    Wrong("10,000 columns", wide, "10,001 columns", "no column for `weight`, `colour`", "field"),
    Wrong("column missing", cell(0, 1, "x"), None, "no column for `colour`", None),
    Wrong("text in a number", cell(5, 0, "old"), None, 'a number in 0..100, not "old"', '"old"'),
    Wrong("out of range", cell(5, 0, "1e9"), None, "in 0..100, not 1000000000", "not 1000000000"),
    Wrong("new level", cell(5, 1, "blue"), None, "[levels.colour]", 'not "blue"'),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a trained model."""
    top = tmp_path_factory.mktemp("bad")
    folder = top / "project"
    (folder / "rules").mkdir(parents=True)
    models = folder / "models" / "fruit"
    models.mkdir(parents=True)
    (folder / "rules" / "fruit.rules").write_text(RULES)
    (models / "bayes.toml").write_text(BAYES)
    (models / "data.toml").write_text('source = "old.csv"\n')
    (models / "old.csv").write_text(text_of(good_rows(120, 1)))
    with pytest.MonkeyPatch.context() as patch:
        _surround(top, patch)
        patch.chdir(folder)
        assert main(["train", "fruit"]) == 0
    return folder


def _surround(top: Path, patch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        patch.setenv(name, str(top / "home"))
    patch.setenv("HEURON_TRUST", str(top / "trusted.txt"))
    patch.setenv("HEURON_LEDGER", "off")


@pytest.fixture
def project(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    _surround(trained.parent, monkeypatch)
    monkeypatch.chdir(trained)
    return trained


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


COMMANDS = {
    "new": ["new", "bad.csv", "--target", "kind", "made"],
    "induce": ["induce", "bad.csv", "--target", "kind"],
    "train": ["train", "fruit", "--data", "bad.csv"],
    "tune": ["tune", "fruit", "bayes", "--data", "bad.csv"],
    "compare": ["compare", "fruit", "--brief", "--data", "bad.csv"],
    "ask": ["ask", "fruit", "--via", "rules", "--file", "bad.csv"],
}
CASES = [
    (one.name, command)
    for one in WRONG
    for command in COMMANDS
    if (one.new if command in ("new", "induce") else one.ask if command == "ask" else one.train)
    and (one.name, command) not in (("one class only", "tune"), ("one class only", "compare"))
]


@pytest.mark.parametrize(("name", "command"), CASES)
def test_a_wrong_table_is_refused_clearly_and_leaves_nothing(
    name: str, command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = next(one for one in WRONG if one.name == name)
    (project / "bad.csv").write_bytes(wrong.spoil(good_rows()))
    before = tree(project)
    assert main(COMMANDS[command]) == 1
    shown = capsys.readouterr().err.lower()
    words = {"new": wrong.new, "induce": wrong.new, "ask": wrong.ask}.get(command, wrong.train)
    assert words is not None
    assert words.lower() in shown
    # Where: the file is named, or in words of its column.
    assert "bad.csv" in shown or "column" in shown or "training rows" in shown
    assert "traceback" not in shown
    assert "internal" not in shown
    assert tree(project) == before


@pytest.mark.parametrize(
    "content",
    [
        "﻿" + text_of(good_rows()),
        text_of(good_rows(), end="\r\n"),
        text_of(good_rows(), ";"),
        text_of(good_rows(), "\t"),
        text_of(good_rows(), "|"),
    ],
    ids=["byte order mark", "Windows line ends", "semicolons", "tabs", "bars"],
)
@pytest.mark.parametrize("command", ["induce", "compare", "ask"])
def test_other_forms_of_the_same_table_say_the_same(
    content: str, command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*COMMANDS[command], *(["--out", "-"] if command == "induce" else ())]
    words += ["--json"] if command == "compare" else []
    (project / "bad.csv").write_text(text_of(good_rows()), newline="")
    assert main(words) == 0
    wanted = capsys.readouterr()
    (project / "bad.csv").write_text(content, newline="")
    assert main(words) == 0
    found = capsys.readouterr()
    assert _said(command, found.out) == _said(command, wanted.out)


def _said(command: str, text: str) -> object:
    if command != "compare":
        return text
    body = json.loads(text)
    return {
        name: [one[key] for key in ("right", "wrong", "not_answered")]
        for name, one in body["backends"].items()
    }


def test_a_constant_column_is_no_reason_to_stop(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "bad.csv").write_bytes(column(1, "red")(good_rows()))
    assert main([*COMMANDS["induce"], "--out", "-"]) == 0
    assert "colour" not in capsys.readouterr().out
    assert main(["train", "fruit", "--data", "bad.csv"]) == 0


def test_an_unknown_target_leaves_its_row_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "bad.csv").write_bytes(cell(5, 2, "NaN")(good_rows()))
    assert main(["compare", "fruit", "--brief", "--data", "bad.csv"]) == 0
    assert "1 of 60 rows were left out" in capsys.readouterr().out


def test_a_name_that_is_missing_and_an_index_column_are_no_hindrance(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [[str(at - 1) if at else "", *row] for at, row in enumerate(good_rows())]
    rows[0][2] = ""
    (project / "bad.csv").write_text(text_of(rows))
    assert main([*COMMANDS["induce"], "--out", "-"]) == 0
    shown = capsys.readouterr().out
    assert "unnamed_3: green | red" in shown
    assert "unnamed_1" not in shown


def test_ask_names_fields_that_no_column_feeds(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "bad.csv").write_bytes(cell(0, 1, "x")(good_rows()))
    assert main(COMMANDS["ask"]) == 0
    assert "bad.csv has no column for colour: unknown in every record" in capsys.readouterr().err
    assert main([*COMMANDS["ask"], "colour=red"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_on_stdin(
    kind: str,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = text_of(good_rows()).encode()
    if kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        header, *rows = good_rows()
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
        columns["weight"] = [float(one) for one in columns["weight"]]
        buffer = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), buffer)
        content = buffer.getvalue()
    stdin = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", stdin)
    before = set(os.listdir(project))
    assert main(["ask", "fruit", "--via", "rules", "--file", "-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 60
    assert lines[0].startswith("stdin:2" if kind == "csv" else "stdin row 1")
    assert set(os.listdir(project)) == before
