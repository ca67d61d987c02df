"""The ledger: what training has cost, what answering has cost, and when they are even.

Counts every answer and times one in 64. A process appends lines to a spool file (one write of a
few microseconds); reading the ledger folds the spool into an SQLite database, so that no answer
ever waits for the database. A ledger that cannot be written or read never stops an answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

try:
    import fcntl
except ImportError:  # no such locks on Windows: there a line may be lost while the ledger is read
    fcntl = None  # type: ignore[assignment]

__all__ = ["Counter", "Entry", "Ledger", "Summary", "break_even"]

SAMPLE: Final = 64
"""One answer in this many is timed; a power of two."""

INTERVAL: Final = 5.0
"""Seconds after which a living process writes down what it has counted."""

KINDS: Final = ("train", "tune", "optimise", "answer", "explain", "process", "evaluation")

SPOOL: Final = "ledger.spool"
DATABASE: Final = "ledger.sqlite"

SCHEMA: Final = """
create table if not exists entries (
    day text not null, kind text not null, domain text not null, backend text not null,
    seconds real not null, timed integer not null, answers integer not null,
    rows integer not null, runs integer not null,
    primary key (day, kind, domain, backend)
);
create table if not exists folded (spool text primary key);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking: what was done, for which domain and backend, and what it cost.

    `seconds` is CPU time. For `answer` entries only `timed` of the `answers` were timed, and
    `seconds` is their sum; the cost of all is estimated from it.
    """

    kind: str
    domain: str
    backend: str
    seconds: float = 0.0
    timed: int = 0
    answers: int = 0
    rows: int = 0
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Summary:
    """The ledger of one domain, or of all, added up. Times are CPU seconds."""

    training_seconds: float
    training_runs: int
    training_rows: int
    answers: int
    inference_seconds: float
    seconds_per_answer: float | None
    explain_seconds: float
    process_seconds: float
    process_runs: int
    evaluation_seconds: float
    break_even_answers: int | None
    backends: tuple[tuple[str, str, int, float | None, float], ...]
    """For each domain and backend: answers, seconds an answer, seconds of training."""

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "training": {
                "seconds": self.training_seconds,
                "runs": self.training_runs,
                "rows": self.training_rows,
            },
            "inference": {"seconds": self.inference_seconds, "answers": self.answers},
            "explain": self.explain_seconds,
            "process": {"seconds": self.process_seconds, "runs": self.process_runs},
            "evaluation": self.evaluation_seconds,
            "seconds_per_answer": self.seconds_per_answer,
            "break_even_answers": self.break_even_answers,
            "backends": [
                {
                    "domain": domain,
                    "backend": backend,
                    "answers": answers,
                    "seconds_per_answer": each,
                    "training_seconds": training,
                }
                for domain, backend, answers, each, training in self.backends
            ],
        }


def break_even(training_seconds: float, seconds_per_answer: float | None) -> int | None:
    """Return after how many answers inference has cost as much as training, or None."""
    if not seconds_per_answer or training_seconds <= 0.0:
        return None
    return max(1, round(training_seconds / seconds_per_answer))


class Counter:
    """What one backend of one domain has answered in this process.

    Call `tick` before an answer; when it returns True, time the answer and call `timed`.
    """

    __slots__ = ("answers", "backend", "domain", "samples", "seconds")

    def __init__(self, domain: str, backend: str) -> None:
        self.domain = domain
        self.backend = backend
        self.answers = 0
        self.seconds = 0.0
        self.samples = 0

    def tick(self) -> bool:
        """Count one answer; say whether this one is to be timed (the first of every 64)."""
        self.answers += 1
        return self.answers & (SAMPLE - 1) == 1

    def timed(self, seconds: float) -> None:
        """Add the time of an answer that `tick` chose."""
        self.seconds += seconds
        self.samples += 1

    def take(self) -> Entry | None:
        """Return what has been counted since the last call, and start again at zero."""
        if not self.answers:
            return None
        entry = Entry("answer", self.domain, self.backend, self.seconds, self.samples, self.answers)
        self.answers, self.seconds, self.samples = 0, 0.0, 0
        return entry


@contextlib.contextmanager
def _locked(spool: Path) -> Iterator[int]:
    """Open the spool for appending, alone: no reader takes it away in the middle of a write."""
    while True:
        handle = os.open(spool, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # A reader may have renamed the file while we waited: then begin a new one.
                try:
                    if os.fstat(handle).st_ino != os.stat(spool).st_ino:
                        continue
                except FileNotFoundError:
                    continue
            yield handle
            return
        finally:
            os.close(handle)


class Ledger:
    """A ledger in a folder; None is a ledger that writes nothing.

    `warn` is called with one line when the ledger on disk is damaged and was set aside.
    """

    def __init__(self, folder: Path | None, warn: Callable[[str], None] | None = None) -> None:
        self.folder = folder
        self._warn = warn
        self._counters: dict[tuple[str, str], Counter] = {}
        self._written = time.monotonic()

    def counter(self, domain: str, backend: str) -> Counter:
        """Return this process's counter of a backend."""
        key = (domain, backend)
        found = self._counters.get(key)
        if found is None:
            found = self._counters[key] = Counter(domain, backend)
        return found

    def due(self) -> None:
        """Write the counters down when the interval is over; cheap enough after a timed answer."""
        if time.monotonic() - self._written >= INTERVAL:
            self.flush()

    def book(self, entry: Entry) -> None:
        """Write one entry down at once (training, a command's process time)."""
        self._append([entry])

    def flush(self) -> None:
        """Write down what the counters hold."""
        self._written = time.monotonic()
        entries = [entry for one in self._counters.values() if (entry := one.take()) is not None]
        if entries:
            self._append(entries)

    def _append(self, entries: Iterable[Entry]) -> None:
        if self.folder is None:
            return
        day = time.strftime("%Y-%m-%d", time.gmtime())
        text = "".join(
            json.dumps(
                [day, e.kind, e.domain, e.backend, e.seconds, e.timed, e.answers, e.rows, e.runs]
            )
            + "\n"
            for e in entries
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / SPOOL) as handle:
                os.write(handle, text.encode())
        except OSError:
            # A read-only folder or a full disk costs us the count, never the user the answer.
            return

    def summary(self, domain: str | None = None) -> Summary:
        """Return the ledger added up, for one domain or for all."""
        self.flush()
        rows = self._rows(domain)
        return _summarise(rows)

    def _rows(self, domain: str | None) -> list[tuple[str, str, str, float, int, int, int, int]]:
        import sqlite3

        if self.folder is None or not self.folder.is_dir():
            return []
        query = (
            "select kind, domain, backend, sum(seconds), sum(timed), sum(answers), sum(rows),"
            " sum(runs) from entries where ?1 is null or domain = ?1"
            " group by kind, domain, backend order by domain, backend, kind"
        )
        for attempt in (1, 2):
            try:
                connection = self._open()
                try:
                    self._fold(connection)
                    return list(connection.execute(query, (domain,)))
                finally:
                    connection.close()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise
                if attempt == 2 or not self._set_aside():
                    break
        return []

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        assert self.folder is not None
        connection = sqlite3.connect(self.folder / DATABASE, timeout=10.0)
        connection.execute("pragma journal_mode = wal")
        connection.executescript(SCHEMA)
        return connection

    def _set_aside(self) -> bool:
        """Rename a damaged database, so that counting can begin anew and nothing is lost."""
        assert self.folder is not None
        damaged = self.folder / DATABASE
        aside = self.folder / f"{DATABASE}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            os.replace(damaged, aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{damaged}{suffix}").unlink(missing_ok=True)
        except OSError:
            return False
        if self._warn is not None:
            self._warn(f"the ledger was damaged and was set aside as {aside.name}")
        return True

    def _fold(self, connection: sqlite3.Connection) -> None:
        """Move the spooled lines into the database, each exactly once."""
        assert self.folder is not None
        spool = self.folder / SPOOL
        # The name is unique, and it is remembered in the same transaction as the lines: a
        # process killed between the commit and the unlink does not count them twice.
        taken = self.folder / f"{SPOOL}.{os.getpid()}-{time.time_ns()}"
        if spool.exists():
            with contextlib.suppress(OSError), _locked(spool):
                os.replace(spool, taken)
        for file in sorted(self.folder.glob(f"{SPOOL}.*")):
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            with connection:
                new = connection.execute(
                    "insert or ignore into folded values (?)", (file.name,)
                ).rowcount
                if new:
                    connection.executemany(UPSERT, _lines(text))
            file.unlink(missing_ok=True)


UPSERT: Final = """
insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (day, kind, domain, backend) do update set
    seconds = seconds + excluded.seconds, timed = timed + excluded.timed,
    answers = answers + excluded.answers, rows = rows + excluded.rows, runs = runs + excluded.runs
"""


def _lines(text: str) -> list[list[object]]:
    """Return the readable lines of a spool; a line cut off by a kill is passed over."""
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, list) and len(entry) == 9 and entry[1] in KINDS:
            found.append(entry)
    return found


def _summarise(rows: list[tuple[str, str, str, float, int, int, int, int]]) -> Summary:
    seconds = dict.fromkeys(KINDS, 0.0)
    runs = dict.fromkeys(KINDS, 0)
    training_rows = answers = 0
    inference = 0.0
    each: dict[tuple[str, str], tuple[int, float | None, float]] = {}
    for kind, domain, backend, spent, timed, answered, row_count, run_count in rows:
        seconds[kind] += spent
        runs[kind] += run_count
        count, per, training = each.get((domain, backend), (0, None, 0.0))
        if kind == "answer":
            per = spent / timed if timed else None
            answers += answered
            inference += (per or 0.0) * answered
            each[domain, backend] = (answered, per, training)
        elif kind in ("train", "tune", "optimise"):
            training_rows += row_count
            each[domain, backend] = (count, per, training + spent)
    training = seconds["train"] + seconds["tune"] + seconds["optimise"]
    per_answer = inference / answers if answers else None
    return Summary(
        training_seconds=training,
        training_runs=runs["train"] + runs["tune"] + runs["optimise"],
        training_rows=training_rows,
        answers=answers,
        inference_seconds=inference,
        seconds_per_answer=per_answer,
        explain_seconds=seconds["explain"],
        process_seconds=seconds["process"],
        process_runs=runs["process"],
        evaluation_seconds=seconds["evaluation"],
        break_even_answers=break_even(training, per_answer),
        backends=tuple((*key, *value) for key, value in sorted(each.items())),
    )
