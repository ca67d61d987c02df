"""Frames of every kind, streams of frames, and files on disk give the answers of single records."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.knowledge.columnfile import column_names, read_frames, row_count

RULES = """
type Case:
    age: integer in 0..120
    amount: number, optional
    colour: red | green | blue
    on: boolean
    name: text, optional
    day: date, optional
    at: datetime, optional
    wait: duration, optional
    verdict: accept | refuse
goal Case.verdict
rule young:
    when c: Case(age < 30, amount > 2.5)
    then conclude c.verdict = refuse, certainty 0.6
rule coloured:
    when c: Case(colour in [red, blue], on)
    then conclude c.verdict = accept, certainty 0.7
rule named:
    when c: Case(name == "ann")
    then conclude c.verdict = accept, certainty 0.5
rule late:
    when c: Case(day > 2026-01-15, at < 2026-03-01T12:00)
    then conclude c.verdict = refuse, certainty 0.4
rule waited:
    when c: Case(wait >= days(2))
    then conclude c.verdict = refuse, certainty 0.2
"""

Cells = dict[str, list[Any]]


def cells(rows: int) -> Cells:
    """Return cells by column, about a quarter of them empty."""
    chance = random.Random(rows)
    makers: dict[str, Any] = {
        "age": lambda: chance.randint(0, 60),
        "amount": lambda: chance.randint(0, 20) / 4,
        "colour": lambda: chance.choice(["red", "green", "blue"]),
        "on": lambda: chance.random() < 0.5,
        "name": lambda: chance.choice(["ann", "bob", "ann ", ""]),
        "day": lambda: date(2026, 1, 1) + timedelta(days=chance.randint(0, 30)),
        "at": lambda: datetime(2026, 2, 27) + timedelta(hours=chance.randint(0, 90)),
        "wait": lambda: timedelta(hours=chance.randint(0, 90)),
    }
    return {
        name: [None if chance.random() < 0.25 else make() for _ in range(rows)]
        for name, make in makers.items()
    }


def one_by_one(columns: Cells) -> list[tuple[object, float]]:
    kb = heuron.loads(RULES)
    found = []
    for row in zip(*columns.values(), strict=True):
        answer = kb.ask(dict(zip(columns, row, strict=True)))
        found.append((answer.value, answer.certainty or 0.0))
    return found


def answers(frame: Any) -> list[tuple[object, float]]:
    table = heuron.loads(RULES).infer_table(frame)
    return list(zip(table.values, table.certainties.tolist(), strict=True))


@pytest.mark.parametrize("library", ["lists", "numpy", "pandas", "polars", "arrow", "batch"])
def test_frames_of_every_library(library: str) -> None:
    columns = cells(500)
    frame: Any = columns
    match library:
        case "numpy":
            frame = {name: np.array(column, dtype=object) for name, column in columns.items()}
        case "pandas":
            frame = pytest.importorskip("pandas").DataFrame(columns)
        case "polars":
            frame = pytest.importorskip("polars").DataFrame(columns)
        case "arrow":
            frame = pytest.importorskip("pyarrow").table(columns)
        case "batch":
            frame = pytest.importorskip("pyarrow").RecordBatch.from_pydict(columns)
    assert one_by_one(columns) == answers(frame)


def test_arrays_of_every_type() -> None:
    columns = cells(300)
    full = {
        "age": [cell or 0 for cell in columns["age"]],
        "amount": [cell or 0.0 for cell in columns["amount"]],
        "on": [bool(cell) for cell in columns["on"]],
        "day": [cell or date(2026, 1, 1) for cell in columns["day"]],
        "at": [cell or datetime(2026, 1, 1) for cell in columns["at"]],
        "wait": [cell or timedelta() for cell in columns["wait"]],
    }
    frame = {
        "age": np.array(full["age"], dtype=np.int16),
        "amount": np.array(full["amount"], dtype=np.float32),
        "on": np.array(full["on"]),
        "day": np.array(full["day"], dtype="datetime64[D]"),
        "at": np.array(full["at"], dtype="datetime64[ns]"),
        "wait": np.array(full["wait"], dtype="timedelta64[s]"),
    }
    assert one_by_one(full) == answers(frame)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_file_as_a_stream(tmp_path: Path, ending: str, workers: int) -> None:
    arrow = pytest.importorskip("pyarrow")
    columns = cells(1000)
    del columns["wait"], columns["name"]
    path = str(tmp_path / f"cases.{ending}")
    table = arrow.table(columns)
    if ending == "csv":
        import pyarrow.csv

        table = table.set_column(4, "day", arrow.array([str(one or "") for one in columns["day"]]))
        table = table.set_column(5, "at", arrow.array([str(one or "") for one in columns["at"]]))
        pyarrow.csv.write_csv(table, path)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, path, row_group_size=170)
    kb = heuron.loads(RULES)
    frames = read_frames(path, columns, rows=128)
    parts = list(kb.infer_chunks(frames, workers=workers, written=ending == "csv"))
    found = [
        pair for one in parts for pair in zip(one.values, one.certainties.tolist(), strict=True)
    ]

    assert one_by_one(columns) == found
    assert [sum(map(len, parts[:at])) for at in range(len(parts))] == [one.before for one in parts]
    assert tuple(columns) == column_names(path)
    assert row_count(path) == (1000 if ending == "parquet" else None)


@pytest.mark.parametrize("first", [0, 1, 169, 170, 555, 999, 1000])
def test_a_stream_goes_on_where_it_stopped(tmp_path: Path, first: int) -> None:
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path = str(tmp_path / "cases.parquet")
    pyarrow.parquet.write_table(arrow.table({"age": range(1000)}), path, row_group_size=170)
    frames = read_frames(path, ["age"], rows=100, first=first)
    assert list(range(first, 1000)) == [age for one in frames for age in one["age"].to_pylist()]


def test_wrong_cells_are_counted_over_all_frames() -> None:
    kb = heuron.loads(RULES)
    with pytest.raises(RuleError) as caught:
        list(kb.infer_chunks([{"age": [1, 2, 3]}, {"age": [4, 500, "six"]}]))
    assert [one.message for one in caught.value.diagnostics] == [
        "row 5: `age` accepts a whole number in 0..120, not 500",
        'row 6: `age` accepts a whole number in 0..120, not "six"',
    ]


def test_words_of_a_csv_file_are_read_as_on_the_command_line() -> None:
    arrow = pytest.importorskip("pyarrow")
    frame = arrow.table({"age": ["1_0", " 20 ", "unknown"], "on": ["1", "no", None]})
    (part,) = heuron.loads(RULES).infer_chunks([frame], written=True)
    assert part.values == [None] * 3
    for odd in ("nan", "inf", "1e400"):
        with pytest.raises(RuleError, match="amount"):
            list(heuron.loads(RULES).infer_chunks([arrow.table({"amount": [odd]})], written=True))


def test_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1 and no more")
    with pytest.raises(RuleError, match="It is no parquet file"):
        column_names(str(torn))
    with pytest.raises(RuleError, match="There is no such file"):
        column_names(str(tmp_path / "absent.parquet"))
    comma = tmp_path / "cases.csv"
    comma.write_text("age,on\n1,yes\n")
    with pytest.raises(RuleError, match="It has no column agee"):
        list(read_frames(str(comma), ["agee"]))
    comma.write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(RuleError, match="It is not UTF-8"):
        column_names(str(comma))


def test_a_goal_that_no_rule_concludes_is_said():
    kb = heuron.loads("type T(n: number, out: a | b)\ngoal T.out\n")
    with pytest.raises(heuron.RuleError, match=r"No rule concludes `T\.out`"):
        kb.infer_table({"n": [1.0]})
