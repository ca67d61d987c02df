"""Files of many records: read in pieces, written as they come, whole or not at all."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from heuron.cli import asking_many, rows_done
from heuron.cli.app import main
from heuron.cli.rows_done import Progress, clock
from heuron.learn import pieces

ASK = ["ask", "cancer", "--via", "rules", "--file"]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEURON_CACHE", "off")
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.chdir(tmp_path)


def write_rows(rows: int) -> None:
    lines = ["Worst radius,Worst concave points"]
    for at in range(rows):
        lines.append(f"{12 + at % 10},{'' if at % 4 == 3 else 0.05 + at % 3 / 10}")
    Path("rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_pieces_do_not_show_in_the_answers(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(23)
    assert main([*ASK, "rows.csv", "--out", f"whole.{kind}"]) == 0
    monkeypatch.setattr(pieces, "open_table", partial(pieces.open_table, rows=4))
    assert main([*ASK, "rows.csv", "--out", f"parts.{kind}"]) == 0
    whole, parts = Path(f"whole.{kind}"), Path(f"parts.{kind}")
    if kind == "jsonl":
        assert [clean(one) for one in lines(whole)] == [clean(one) for one in lines(parts)]
    else:
        assert whole.read_bytes() == parts.read_bytes()


def lines(path: Path) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def clean(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "elapsed_us"}


def test_parquet_is_read_in_pieces_and_its_rows_are_numbered_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"worst_radius": [12.0, 20.0, -1.0, 21.0], "worst_concave_points": [0.05] * 4}
    parquet.write_table(pyarrow.table(columns), "rows.parquet")
    monkeypatch.setattr(pieces, "open_table", partial(pieces.open_table, rows=1))
    assert main([*ASK, "rows.parquet"]) == 1
    said = capsys.readouterr()
    assert [line.split("   ")[0] for line in said.out.splitlines()] == [
        f"rows.parquet row {number}" for number in (1, 2, 4)
    ]
    assert "rows.parquet row 3: `worst_radius` accepts a number in 0..60 (µm), not -1." in said.err


def test_the_type_of_a_column_does_not_depend_on_its_values() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    Path("rows.csv").write_text("Worst radius\n12\n", encoding="utf-8")
    assert main([*ASK, "rows.csv", "--out", "silent.parquet"]) == 0
    table = parquet.read_table("silent.parquet")
    assert table.to_pydict()["value"] == [None]
    assert [str(table.schema.field(name).type) for name in ("value", "certainty", "rules")] == [
        "string",
        "double",
        "string",
    ]


def test_strict_says_no_when_a_record_has_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(8)
    assert main([*ASK, "rows.csv", "--out", "a.csv"]) == 0
    assert main([*ASK, "rows.csv", "--out", "b.csv", "--strict"]) == 4
    said = capsys.readouterr().err.splitlines()
    assert said[-2:] == ["8 answers written to b.csv", "Failed: 6 of 8 records have no answer."]
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()


def test_what_is_interrupted_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(8)
    answers = asking_many._answers

    def some(*arguments: Any) -> Any:
        for number, one in enumerate(answers(*arguments)):
            if number == 3:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(asking_many, "_answers", some)
    Path("a.csv").write_text("kept\n", encoding="utf-8")
    assert main([*ASK, "rows.csv", "--out", "a.csv"]) == 130
    assert "Stopped: a.csv is not written." in capsys.readouterr().err
    assert Path("a.csv").read_text(encoding="utf-8") == "kept\n"
    assert sorted(path.name for path in Path().iterdir()) == ["a.csv", "rows.csv"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_says_how_many_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, now = Terminal(), [0.0]
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(rows_done, "monotonic", lambda: now[0])
    with Progress("rows") as progress:
        progress(1_000, 9_000)  # an earlier run had come so far
        now[0] = 0.5
        progress(1_500, 9_000)
        assert terminal.getvalue() == ""
        now[0] = 2.0
        progress(3_000, 9_000)
    said = terminal.getvalue()
    assert "3,000 of 9,000, 1,000 rows a second, 0:06 left" in said
    assert said.endswith("\r\x1b[1A\x1b[2K")


def test_progress_is_silent_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rows_done, "AFTER", 0.0)
    write_rows(5)
    assert main([*ASK, "rows.csv", "--out", "a.csv"]) == 0
    assert capsys.readouterr().err == "5 answers written to a.csv\n"


def test_times_are_read_off_a_clock() -> None:
    assert [clock(7), clock(750), clock(3723.4)] == ["0:07", "12:30", "1:02:03"]
