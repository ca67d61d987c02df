"""What the ledger counts, and that it never loses, doubles or stands in the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from heuron.ledger import Counter, Entry, Ledger
from heuron.ledger.accounts import break_even
from heuron.ledger.book import SPOOL
from heuron.ledger.database import DATABASE


def test_counter_times_one_answer_in_64_and_not_the_first() -> None:
    counter = Counter("cancer", "rules")
    for at in range(1, 129):
        counter.count(float(at))
    assert counter.take() == Entry("answer", "cancer", "rules", 64.0 + 128.0, 2, 128)
    assert counter.take() is None


def test_counter_uses_the_first_answer_where_no_other_was_timed() -> None:
    counter = Counter("cancer", "rules")
    counter.count(0.5)
    counter.count(0.1)
    assert counter.take() == Entry("answer", "cancer", "rules", 0.5, 1, 2)


def test_break_even_is_training_over_one_answer() -> None:
    assert break_even(10.0, 0.001) == 10_000
    assert break_even(10.0, None) is None
    assert break_even(0.0, 0.001) is None


def test_summary_adds_training_and_answers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.book(Entry("train", "cancer", "model:forest", seconds=2.0, rows=426))
    counter = ledger.counter("cancer", "model:forest")
    for _ in range(100):
        counter.count(0.001)
    summary = ledger.summary("cancer")
    assert summary.training_seconds == 2.0
    assert summary.training_rows == 426
    assert summary.answers == 100
    assert summary.seconds_per_answer == pytest.approx(0.001)
    assert summary.inference_seconds == pytest.approx(0.1)
    assert summary.break_even_answers == 2000
    assert ledger.summary("iris").answers == 0


def test_reading_twice_counts_once(tmp_path: Path) -> None:
    Ledger(tmp_path).book(Entry("train", "iris", "model:tree", seconds=1.0))
    assert Ledger(tmp_path).summary().training_seconds == 1.0
    assert Ledger(tmp_path).summary().training_seconds == 1.0


def test_spool_left_by_a_killed_reader_is_counted_once(tmp_path: Path) -> None:
    """A reader killed after its commit leaves its spool behind; the lines are already in."""
    Ledger(tmp_path).book(Entry("train", "iris", "model:tree", seconds=1.0))
    left = (tmp_path / SPOOL).read_text()
    (tmp_path / f"{SPOOL}.1-1").write_text(left)
    (tmp_path / SPOOL).unlink()
    assert Ledger(tmp_path).summary().training_seconds == 1.0
    (tmp_path / f"{SPOOL}.1-1").write_text(left)
    assert Ledger(tmp_path).summary().training_seconds == 1.0


def test_line_cut_off_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    with (tmp_path / SPOOL).open("a") as file:
        file.write('["2026-11-24", "train", "iri')
    assert ledger.summary().training_seconds == 1.0


def test_damaged_database_is_set_aside_and_said_aloud(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is no database at all" * 100)
    said: list[str] = []
    ledger = Ledger(tmp_path, warn=said.append)
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    assert ledger.summary().training_seconds == 1.0
    assert len(said) == 1
    assert "set aside" in said[0]
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


def test_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    ledger = Ledger(file / "ledger")
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    assert ledger.summary().training_seconds == 0.0
    assert Ledger(None).summary().answers == 0


def test_many_processes_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from heuron.ledger import Entry, Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for at in range(50):\n"
        "    ledger.book(Entry('process', 'd', 'ask', seconds=0.5))\n"
        "    at % 10 or ledger.summary()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    assert [one.wait() for one in running] == [0, 0, 0]
    summary = Ledger(tmp_path).summary()
    assert summary.process_seconds == 75.0
    assert summary.cold_commands == 150
    assert summary.seconds_per_command == 0.5


def test_json_form_is_plain(tmp_path: Path) -> None:
    summary = Ledger(tmp_path).summary()
    assert json.loads(json.dumps(summary.to_dict()))["break_even_answers"] is None


LIVING = """
import os, signal, sys, time
from heuron.ledger import Ledger
ledger = Ledger(sys.argv[1], interval=0.1)
counter = ledger.counter("cancer", "rules")
for _ in range(3):
    counter.count(0.5)
time.sleep(0.6)
counter.count(0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_loses_at_most_the_last_interval(tmp_path: Path) -> None:
    """Three answers are too few to be timed: they are written down all the same."""
    done = subprocess.run([sys.executable, "-c", LIVING, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert Ledger(tmp_path).summary("cancer").answers in (3, 4)


FORKING = """
import os, sys
from heuron.ledger import Ledger
ledger = Ledger(sys.argv[1])
counter = ledger.counter("cancer", "rules")
for _ in range(10):
    counter.count(0.5)
child = os.fork()
for _ in range(5):
    counter.count(0.5)
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there are no forks here")
def test_forked_child_counts_only_its_own_answers(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], check=True)
    assert Ledger(tmp_path).summary("cancer").answers == 20


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        "7",
        '["2026-11-24", "train", "iris", {}, 1.0, 0, 0, 1, 1]',
        '["2026-11-24", "train", "iris", "tree", NaN, 0, 0, 1, 1]',
        '["2026-11-24", "train", "iris", "tree", 1.0, 0, 0, 1e9, 1]',
        '["2026-11-24", "train", "iris", "tree", -1.0, 0, 0, 1, 1]',
        '["2026-11-24", "train", "iris", "tree", 1.0, 0, 0, 99999999999999999999999, 1]',
        '["2026-11-24", "steal", "iris", "tree", 1.0, 0, 0, 1, 1]',
        "\x00\xff",
    ],
)
def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path, line: str) -> None:
    said: list[str] = []
    ledger = Ledger(tmp_path, said.append)
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    with (tmp_path / SPOOL).open("a") as file:
        file.write(line + "\n")
    assert ledger.summary().training_seconds == 1.0
    assert said == []


def test_ledger_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    ledger = Ledger(tmp_path)
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    assert ledger.summary().training_seconds == 1.0
    ledger.book(Entry("train", "iris", "model:tree", seconds=2.0))

    def refuse(folder: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("heuron.ledger.database._open", refuse)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert ledger.summary("iris").training_seconds == 3.0
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_folder_in_place_of_the_database_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / DATABASE).mkdir()
    ledger = Ledger(tmp_path)
    ledger.book(Entry("train", "iris", "model:tree", seconds=1.0))
    assert ledger.summary().training_seconds == 1.0


def test_two_threads_that_find_none_left_are_both_counted() -> None:
    counter = Counter("cancer", "rules")
    for _ in range(63):
        counter.count(0.001)
    assert list(counter.left) == []
    assert counter.turn()
    assert not counter.turn()
    assert counter.answers == 65
