"""`heuron ledger`: what commands book, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.accounts import account_lines, duration, rounded
from heuron.cli.app import main
from heuron.ledger import Entry, Ledger
from heuron.ledger.database import DATABASE

QUESTION = ["ask", "cancer", "worst_radius=20.1", "worst_concave_points=0.19"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a ledger, and a place that is no project."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ledger"


@pytest.fixture
def filled(folder: Path) -> Path:
    """A ledger with one training, a thousand answers and a hundred cold commands."""
    Ledger(folder).book(
        Entry("train", "cancer", "model:forest", 12.0, rows=426),
        Entry("answer", "cancer", "model:forest", 16 * 60e-6, 16, 1000),
        Entry("answer", "cancer", "rules", 16 * 3e-6, 16, 1000),
        Entry("process", "cancer", "ask", 12.0, runs=100),
        Entry("evaluation", "iris", "compare", 0.5),
    )
    return folder


def test_text_sets_training_against_answers(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "--domain", "cancer", "--per-day", "1000"]) == 0
    assert capsys.readouterr().out == (
        "Processor time so far (cancer)\n"
        "  training    12.0 s    1 training, 426 rows\n"
        "  answering   63.0 ms   2,000 answers\n"
        "  commands    12.0 s    whole processes of `heuron ask`, start to end, the answers above "
        "included\n"
        "\n"
        "                 training   answers   one answer   even after\n"
        "  model:forest   12.0 s     1,000     60.0 µs      200,000 answers\n"
        "  rules                     1,000     3.00 µs\n"
        "\n"
        "One answer costs 31.5 µs: answering costs as much as training after 380,000 answers; so "
        "far it has cost 0.53 % of it.\n"
        "A command that answers one question costs 120 ms from start to end, and they are even "
        "after 100 cold commands.\n"
        "At 1,000 answers a day that is after 380 days.\n"
    )


def test_json_form(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--json", "--per-day", "380952"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["training"] == {"seconds": 12.0, "runs": 1, "rows": 426}
    assert body["inference"] == {"seconds": pytest.approx(0.063), "answers": 2000}
    assert body["evaluation"] == 0.5
    assert body["break_even_answers"] == 380_952
    assert body["cold"] == {
        "commands": 100,
        "seconds_per_command": 0.12,
        "break_even_commands": 100,
    }
    assert body["days"] == 1.0


def test_ask_books_its_answer_and_its_process(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*QUESTION, "--via", "forest", "--why"]) == 0
    found = Ledger(folder).summary("cancer")
    assert [(one.name, one.answers) for one in found.backends] == [("model:forest", 1)]
    assert found.cold_commands == 1
    assert found.explain_seconds > 0.0
    assert (folder / ".gitignore").read_text() == "*\n"


def test_all_side_by_side_counts_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUESTION, "--via", "all"]) == 0
    names = [one.name for one in Ledger(folder).summary().backends]
    assert names[-1] == "rules"
    assert "model:forest" in names


def test_ask_opens_no_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUESTION, "--via", "rules"]) == 0
    assert not (folder / DATABASE).exists()


def test_off_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEURON_LEDGER", "off")
    assert main(QUESTION) == 0
    assert main(["ledger"]) == 0
    assert not folder.exists()
    assert "off" in capsys.readouterr().err


def test_project_keeps_its_own_ledger(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HEURON_LEDGER")
    Path("rules").mkdir()
    assert main([*QUESTION, "--via", "rules"]) == 0
    assert Path(".heuron/ledger.spool").exists()


def test_compare_is_booked_as_evaluation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "iris"]) == 0
    found = Ledger(folder).summary("iris")
    assert found.evaluation_seconds > 0.0
    assert found.answers == 0


def test_plot_is_drawn(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--plot", "costs.svg"]) == 0
    drawn = Path("costs.svg").read_text()
    assert drawn.startswith("<svg ")
    assert "380,000" in drawn


@pytest.mark.parametrize("file", ["costs.png", "COSTS.PNG"])
def test_plot_is_drawn_in_pixels(filled: Path, file: str) -> None:
    pytest.importorskip("matplotlib")
    assert main(["ledger", "--plot", file]) == 0
    assert Path(file).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("file", ["costs.pdf", "costs", "svg", ""])
def test_plot_in_another_form_is_refused(
    filled: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    assert main(["ledger", "--plot", file]) == 2
    assert "costs.svg or costs.png" in capsys.readouterr().err
    assert not Path(file).is_file()


def test_pixels_without_matplotlib_say_what_they_need(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert main(["ledger", "--plot", "costs.png"]) == 1
    assert "heuron[html]" in capsys.readouterr().err


def test_empty_ledger_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert account_lines(Ledger(folder).summary(), None, None) == [
        "Nothing has been counted yet (all domains). `heuron ask` and `heuron train` count."
    ]
    assert main(["ledger", "--plot", "costs.svg"]) == 1


def test_mistyped_domain_is_guessed_at(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--domain", "cancr"]) == 0
    assert "Did you mean `cancer`?" in capsys.readouterr().err
    assert main(["ledger", "--domain", "something"]) == 0
    assert "Counted are: cancer." in capsys.readouterr().err
    assert main(["ledger", "--domain", "cancer"]) == 0
    assert capsys.readouterr().err == ""


def test_first_answer_costs_something_though_loading_took_longer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading waits for the disk; what it waited is no part of its processor time."""
    from time import sleep

    from heuron.learn.store import Store

    whole = Store.model

    def slow(self: Store, *arguments: str) -> object:
        sleep(0.3)
        return whole(self, *arguments)

    monkeypatch.setattr(Store, "model", slow)
    assert main([*QUESTION, "--via", "forest"]) == 0
    assert Ledger(folder).summary("cancer").inference_seconds > 0.0


def test_numbers_in_words() -> None:
    assert [duration(one) for one in (3e-6, 0.00105, 0.5, 12.3, 90, 7200)] == [
        "3.00 µs",
        "1.05 ms",
        "500 ms",
        "12.3 s",
        "1.50 min",
        "2.00 h",
    ]
    assert [rounded(one) for one in (7, 84, 1234, 380952)] == ["7", "84", "1,200", "380,000"]
