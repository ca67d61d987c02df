"""A file that streams gives what a comparison of all rows at once gives, however it is cut."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comparing import opened
from heuron.cli import folders
from heuron.cli import streaming as cli_streaming
from heuron.cli.app import main
from heuron.compare import checkpoint, job, stream
from heuron.knowledge.project import find_domain
from heuron.learn.data import Table
from heuron.values import UNKNOWN

TIMES = ("us_single", "us_batch", "us_quartiles")
BY_GRAIN = ("brier", "interval", "log_loss", "calibration", "coverage_curve", "reliability")


def write_csv(table: Table, path: Path) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for row in zip(*table.columns.values(), strict=True):
            writer.writerow(["" if cell is UNKNOWN else cell for cell in row])
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The data of some domains as CSV files, and of one as parquet with small row groups."""
    import pyarrow.csv
    import pyarrow.parquet

    folder = tmp_path_factory.mktemp("data")
    found = {
        name: write_csv(opened(name)[1], folder / f"{name}.csv")
        for name in ("cancer", "iris", "loan")
    }
    # As it was published: `data.toml` says what its columns and levels are called.
    found["penguins"] = str(Path(find_domain("penguins").models[-1]) / "penguins.csv")
    content = pyarrow.csv.read_csv(found["iris"])
    path = folder / "iris.parquet"
    pyarrow.parquet.write_table(content, path, row_group_size=55)
    return {**found, "parquet": str(path)}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is in a folder of its own, without cache or ledger."""
    monkeypatch.setenv("HEURON_CACHE", "off")
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(folders, "comparisons_folder", lambda: str(tmp_path / "kept"))
    monkeypatch.chdir(tmp_path)


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return the JSON of a comparison, without what differs from run to run."""
    assert main(["compare", *arguments, "--json"]) == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    for score in body["backends"].values():
        for name in TIMES:
            del score[name]
    return body


def counts(body: dict[str, Any]) -> dict[str, Any]:
    """Return what depends on counts alone."""
    kept = {name: value for name, value in body.items() if name not in ("warnings", "backends")}
    kept["backends"] = {
        name: {
            key: value
            for key, value in score.items()
            if not key.startswith(BY_GRAIN) or key == "interval"
        }
        for name, score in body["backends"].items()
    }
    return kept


@pytest.mark.parametrize("name", ["cancer", "iris", "penguins", "loan"])
def test_counts_are_those_of_all_rows_at_once(
    name: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules through columns and, of loans, rules that ask models: row by row."""
    cost = ("--cost", "wrong=1,refer=0.2")
    whole = compared(capsys, name, "--data", files[name], *cost)
    parts = compared(capsys, name, "--data", files[name], "--chunk", "41", *cost)
    assert counts(whole) == counts(parts)


def test_means_of_confidences_are_those_of_all_rows(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = compared(capsys, "cancer", "--data", files["cancer"])
    parts = compared(capsys, "cancer", "--data", files["cancer"], "--chunk", "41")
    for name, score in whole["backends"].items():
        for key in ("brier", "log_loss"):
            other = parts["backends"][name][key]
            assert other == (None if score[key] is None else pytest.approx(score[key], rel=1e-14))


@pytest.mark.parametrize("rows", ["1", "7", "55", "60", "1000"])
def test_any_chunk_gives_the_same(
    rows: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Pieces of one row; parts of a row group; several row groups; all rows."""
    some = compared(capsys, "iris", "--data", files["parquet"], "--chunk", rows)
    other = compared(capsys, "iris", "--data", files["iris"], "--chunk", "50")
    for body in (some, other):
        del body["held_out"]["source"]
    assert counts(some) == counts(other)
    # A matrix product of one row may differ in its last digit from the same among many.
    for name, score in some["backends"].items():
        for key in ("brier", "log_loss"):
            mean = other["backends"][name][key]
            assert score[key] == (None if mean is None else pytest.approx(mean, rel=1e-13))


def test_two_processes_give_the_same_bytes(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    one = compared(capsys, "penguins", "--data", files["penguins"], "--chunk", "30")
    two = compared(capsys, "penguins", "--data", files["penguins"], "--chunk", "30", "--jobs", "2")
    assert json.dumps(one) == json.dumps(two)


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Control-C arrives before the piece whose number is put into the list."""
    numbers: list[int] = []
    count = job.Opened.count

    def stops(self: Any, coded: Any) -> Any:
        if coded.piece.number in numbers:
            raise KeyboardInterrupt
        return count(self, coded)

    monkeypatch.setattr(job.Opened, "count", stops)
    return numbers


@pytest.mark.parametrize("number", range(5))
def test_a_stopped_comparison_goes_on(
    number: int,
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    stopping: list[int],
    tmp_path: Path,
) -> None:
    arguments = ("penguins", "--data", files["penguins"], "--chunk", "70")
    whole = compared(capsys, *arguments)
    stopping.append(number)
    assert main(["compare", *arguments]) == 130
    said = capsys.readouterr().err
    assert f"Stopped after {70 * number} rows." in said
    assert "--resume goes on from there" in said
    stopping.clear()
    again = compared(capsys, *arguments, "--resume")
    assert json.dumps(whole) == json.dumps(again)
    assert not list((tmp_path / "kept").glob("*"))


def test_a_killed_comparison_goes_on_from_its_last_checkpoint(
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    stopping: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is written when a process is killed; what was written before counts."""
    arguments = ("iris", "--data", files["iris"], "--chunk", "30")
    whole = compared(capsys, *arguments)
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    write = checkpoint.Checkpoint.write
    monkeypatch.setattr(
        checkpoint.Checkpoint,
        "write",
        lambda self, pieces, tally: write(self, pieces, tally) if pieces < 3 else None,
    )
    stopping.append(4)
    assert main(["compare", *arguments]) == 130
    assert "Stopped after 60 rows" in capsys.readouterr().err
    stopping.clear()
    assert json.dumps(whole) == json.dumps(compared(capsys, *arguments, "--resume"))


def test_it_does_not_go_on_when_something_changed(
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    stopping: list[int],
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(Path(files["iris"]).read_text(encoding="utf-8"), encoding="utf-8")
    arguments = ["compare", "iris", "--data", str(mine), "--chunk", "30"]
    stopping.append(2)
    assert main(arguments) == 130
    assert main([*arguments[:-1], "40", "--resume"]) == 1
    assert "for the options have changed" in capsys.readouterr().err
    with mine.open("a", encoding="utf-8") as file:
        file.write(mine.read_text(encoding="utf-8").splitlines()[1] + "\n")
    assert main([*arguments, "--resume"]) == 1
    assert "for the file has changed" in capsys.readouterr().err
    stopping.clear()
    assert main(arguments) == 0
    assert "Starting again; --resume would have gone on after 60 rows." in capsys.readouterr().err


def test_without_a_stopped_one_it_starts_and_says_so(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "iris", "--data", files["iris"], "--resume"]) == 0
    assert "was stopped: this one starts at the first row" in capsys.readouterr().err


def test_a_bad_cell_in_a_later_piece_is_named_with_its_row(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = Path(files["iris"]).read_text(encoding="utf-8").splitlines()
    cells = lines[120].split(",")
    lines[120] = ",".join(["long", *cells[1:]])
    path = tmp_path / "broken.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["compare", "iris", "--data", str(path), "--chunk", "25"]) == 1
    said = capsys.readouterr().err
    assert "broken.csv:121" in said
    assert "incomplete-rows" in said
    lines[120] = "1,2"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["compare", "iris", "--data", str(path), "--chunk", "25"]) == 1
    assert "Line 121 has 2 cells" in capsys.readouterr().err


def test_a_bad_cell_of_parquet_is_named_with_its_row(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(files["parquet"]).to_pydict()
    table["petal_length"][99] = -5.0
    pyarrow.parquet.write_table(pyarrow.table(table), tmp_path / "broken.parquet")
    arguments = ["compare", "iris", "--data", "broken.parquet", "--chunk", "25"]
    assert main(arguments) == 1
    assert "broken.parquet row 100: " in capsys.readouterr().err


def test_disagreements_of_a_stream_are_the_same_rows(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("penguins", "--data", files["penguins"], "--disagreements")
    whole = compared(capsys, *arguments)["disagreements"]
    parts = compared(capsys, *arguments, "--chunk", "30")["disagreements"]
    assert [one["answers"] for one in whole] == [one["answers"] for one in parts]
    assert [one["evidence"] for one in whole] == [one["evidence"] for one in parts]


@pytest.mark.parametrize("name", ["cancer", "loan"])
def test_wrong_rows_of_a_rule_are_the_same(
    name: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule with most wrong rows; more than are listed of a stream are counted."""
    arguments = (name, "--data", files[name])
    rules = compared(capsys, *arguments, "--chunk", "41")["rules"]
    rule = max(rules, key=lambda one: one["fired"] - one["right"])["name"]
    whole = compared(capsys, *arguments, "--rule", rule)["rule_rows"]
    parts = compared(capsys, *arguments, "--rule", rule, "--chunk", "41")["rule_rows"]
    assert whole["wrong"]
    for body in (whole, parts):
        for row in body["wrong"]:
            del row["row"]  # of a stream it is the place in the file, of few rows among the usable
    assert parts["wrong"] == whole["wrong"][:100]
    assert parts["more"] == max(0, len(whole["wrong"]) - 100)
    assert parts["fired"] == whole["fired"]
    assert main(["compare", *arguments, "--rule", rule, "--chunk", "41"]) == 0
    wrong = len(whole["wrong"])
    assert f"{rule}: wrong on {wrong} row" in " ".join(capsys.readouterr().out.split())


def test_a_rule_that_is_not_there_is_named_before_rows_are_read(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], stopping: list[int]
) -> None:
    stopping.append(0)
    arguments = ["compare", "iris", "--data", files["iris"], "--chunk", "30", "--rule", "nothing"]
    assert main(arguments) == 1
    assert "No rule `nothing` concludes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--html", "nowhere/page.html"], '"nowhere/page.html" cannot be used: no such file'),
        (["--notebook", "."], '"." cannot be used: is a directory'),
        (["--baseline", "nothing.json"], '"nothing.json" cannot be used: no such file'),
        (["--baseline", "text.json"], "is no comparison as `heuron compare --json` prints it"),
        (["--baseline", "other.json"], "is a comparison of loan, not of iris"),
        (["--fail-under", "80"], "--fail-under is a share from 0 to 1, not 80"),
        (["--fail-drift"], "--fail-drift needs --baseline"),
    ],
)
def test_what_cannot_end_well_is_said_before_rows_are_read(
    options: list[str],
    message: str,
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    stopping: list[int],
    tmp_path: Path,
) -> None:
    """Not after the hours that millions of rows take."""
    (tmp_path / "text.json").write_text("[1, 2]", encoding="utf-8")
    other = {"command": "compare", "domain": "loan", "goal": "Loan.outcome"}
    (tmp_path / "other.json").write_text(json.dumps(other), encoding="utf-8")
    stopping.append(0)
    arguments = ["compare", "iris", "--data", files["iris"], "--chunk", "30"]
    assert main([*arguments, *options]) in (1, 2)
    assert message in " ".join(capsys.readouterr().err.split())


def test_pages_notebooks_and_limits_of_a_stream(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What a program does that looks at every change of a rule file, on a file that streams."""
    arguments = ["compare", "penguins", "--data", files["penguins"], "--chunk", "70"]
    earlier = tmp_path / "earlier.json"
    assert main([*arguments, "--json"]) == 0
    earlier.write_text(capsys.readouterr().out, encoding="utf-8")
    page, book = tmp_path / "page.html", tmp_path / "book.ipynb"
    assert main([*arguments, "--html", str(page), "--notebook", str(book)]) == 0
    capsys.readouterr()
    assert "<svg" in page.read_text(encoding="utf-8")
    assert json.loads(book.read_text(encoding="utf-8"))["cells"]
    watch = [*arguments, "--baseline", str(earlier), "--fail-under", "0.5", "--fail-drift"]
    assert main(watch) == 0
    capsys.readouterr()
    assert main([*watch[:-2], "0.999"]) == 4
    assert "under 99.9 %" in capsys.readouterr().err
    # Fewer right answers than before, beyond chance.
    lines = Path(files["penguins"]).read_text(encoding="utf-8").splitlines()
    turned = [one.replace("Adelie", "x").replace("Gentoo", "Adelie") for one in lines[1:]]
    worse = tmp_path / "worse.csv"
    text = "\n".join([lines[0], *(one.replace("x", "Gentoo", 1) for one in turned)])
    worse.write_text(text + "\n", encoding="utf-8")
    watch[watch.index(files["penguins"])] = str(worse)
    assert main([*watch[:-3], "--fail-drift", "--json"]) == 4
    body = json.loads(capsys.readouterr().out)
    assert {one["kind"] for one in body["changes"] if one["drift"]} >= {"right"}
    assert body["failed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--jobs", "2"], "--jobs needs --data"),
        (["--data", "x.json", "--resume"], "--resume needs --data"),
        (["--data", "x.csv", "--chunk", "9", "--policies"], "--policies looks at all rows"),
        (["--data", "x.csv", "--jobs", "0"], "--jobs is a number"),
        (["--data", "x.csv", "--chunk", "0"], "--chunk is a number"),
        (["--data", "x.csv", "--cluster", "somewhere"], "is no address of a cluster"),
        (["--data", "x.csv", "--cluster", "dask://a:1", "--jobs", "2"], "--jobs is for this"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "iris", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_many_rows_stream_without_being_told(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_streaming, "MANY_ROWS", 100)
    body = compared(capsys, "iris", "--data", files["parquet"])
    assert stream.NOT_LOOKED_FOR in body["warnings"]


def test_what_needs_all_rows_refuses_many(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of holding them all, for hours."""
    monkeypatch.setattr(cli_streaming, "MANY_ROWS", 100)
    assert main(["compare", "iris", "--data", files["parquet"], "--folds", "5"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--folds looks at all rows at once" in said
    assert "Give it a sample: up to 100 rows" in said
