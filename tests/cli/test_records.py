"""Records from files and answers to files: the kinds that a transcript cannot show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli import answer_files
from heuron.cli.app import main
from heuron.cli.records import read_records
from heuron.diagnostics import RuleError
from heuron.learn.settings import DataSettings
from heuron.values import Field, FieldType, Template

FRUIT = Template("Fruit", (Field("weight", FieldType("number")), Field("name", FieldType("text"))))


def records(path: Path, content: str) -> list[tuple[str, dict[str, object]]]:
    path.write_text(content, encoding="utf-8")
    return [(place, dict(raw)) for place, raw in read_records(str(path), FRUIT, ("name",))]


def test_one_object_a_list_and_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert [raw for _, raw in records(file, '{"weight": 1}')] == [{"weight": 1}]
    assert [raw for _, raw in records(file, '[{"weight": 1}, {}]')] == [{"weight": 1}, {}]
    lines = records(tmp_path / "a.jsonl", '{"weight": 1}\n\n{"weight": 2}\n')
    assert [place.rsplit(":", 1)[1] for place, _ in lines] == ["1", "3"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "3", "neither an object of fields nor a list"),
        ("a.json", "[3]", "not an object of fields"),
        ("a.json", "{", "no JSON"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.jsonl", '{"weight": 1}\n[]', ":2: not an object of fields"),
        ("a.jsonl", "{", ":1: no JSON"),
        ("a.json", '{"weight": 1, "weight": 2}', "`weight` is given twice"),
        ("a.jsonl", '{"weight": 1}\n{"a": {"b": 1, "b": 2}}', ":2: `b` is given twice"),
        ("a.csv", "length\n3\n", "none of its columns is a field"),
        ("a.csv", "", "empty"),
    ],
)
def test_what_is_no_record_is_said(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        records(tmp_path / name, content)


def test_a_table_s_columns_are_fields_by_slug_and_conclusions_are_not_read(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", "Weight;Name;Other\n3;cherry;x\n;apple;y\n")
    assert [raw for _, raw in found] == [{"weight": "3"}, {}]


def test_parquet_goes_in_and_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEURON_CACHE", "off")
    cases = {"worst_radius": [20.1, None], "worst_concave_points": [0.19, 0.05]}
    parquet.write_table(pyarrow.table(cases), "cases.parquet")
    arguments = ["ask", "cancer", "--file", "cases.parquet", "--via", "rules"]
    assert main([*arguments, "--out", "answers.parquet"]) == 0
    answers = parquet.read_table("answers.parquet").to_pylist()
    assert [one["value"] for one in answers] == ["malignant", None]
    assert main([*arguments, "--json"]) == 0
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["needs"] for one in lines] == [[], ["worst_radius"]]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_table_is_read_as_the_domain_s_own_data(tmp_path: Path) -> None:
    """Codes, column names and empty cells mean what `data.toml` says they mean in training."""
    kind = Field("kind", FieldType("enumeration", levels=("small", "large")))
    template = Template("Fruit", (Field("weight", FieldType("number")), kind))
    settings = DataSettings(
        "cases.csv",
        tmp_path,
        columns={"weight": "W"},
        levels={"kind": {"small": (0,), "large": (1,), "unknown": (9,)}},
    )
    path = tmp_path / "a.csv"
    path.write_text("W,Kind\n3,0\nNA,1\n4,9\n5,large\n", encoding="utf-8")
    found = [dict(raw) for _, raw in read_records(str(path), template, (), lambda: settings)]
    assert found == [
        {"weight": "3", "kind": "small"},
        {"kind": "large"},
        {"weight": "4"},
        {"weight": "5", "kind": "large"},
    ]


def test_of_many_refused_records_twenty_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEURON_CACHE", "off")
    monkeypatch.setenv("HEURON_LEDGER", "off")
    (tmp_path / "a.csv").write_text("petal_length\n" + "long\n" * 30, encoding="utf-8")
    assert main(["ask", "iris", "--via", "rules", "--file", "a.csv"]) == 1
    shown = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("error") for line in shown) == 20
    assert shown[-1] == "… and 10 more records were not accepted"


def test_a_row_is_named_by_its_line_in_the_file(tmp_path: Path) -> None:
    """Empty lines are passed over, and a cell may hold several lines."""
    path = tmp_path / "a.csv"
    path.write_text('weight,note\n1,x\n\n2,"two\nlines"\n3,x\n', encoding="utf-8")
    places = [place for place, _ in read_records(str(path), FRUIT, ())]
    assert [place.rsplit(":", 1)[1] for place in places] == ["2", "5", "6"]


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: str, answers: object) -> int:
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr(answer_files, "_write_csv", refuse)
    with pytest.raises(PermissionError) as caught:
        answer_files.write_answers(str(tmp_path / "a.csv"), [])
    assert caught.value.filename == str(tmp_path / "a.csv")


def test_a_file_without_records_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEURON_CACHE", "off")
    monkeypatch.setenv("HEURON_LEDGER", "off")
    (tmp_path / "a.jsonl").write_text("\n", encoding="utf-8")
    assert main(["ask", "iris", "--via", "rules", "--file", "a.jsonl"]) == 0
    assert capsys.readouterr().err == "a.jsonl has no records\n"
