"""Counting answers and writing down what they cost.

Counts every answer and times one in 64. A process appends lines to a spool file (one write of a
few microseconds); reading the ledger folds the spool into an SQLite database, so that no answer
ever waits for the database. A ledger that cannot be written never stops an answer.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from heuron.ledger.accounts import Summary

try:
    import fcntl
except ImportError:  # no such locks on Windows: there a line may be lost while the ledger is read
    fcntl = None  # type: ignore[assignment]

__all__ = ["INTERVAL", "KINDS", "SAMPLE", "SPOOL", "Counter", "Entry", "Ledger", "locked"]

SAMPLE: Final = 64
"""One answer in this many is timed; a power of two."""

INTERVAL: Final = 5.0
"""Seconds after which a living process writes down what it has counted."""

KINDS: Final = ("train", "tune", "optimise", "answer", "explain", "process", "evaluation")

SPOOL: Final = "ledger.spool"


class Entry(NamedTuple):
    """A booking: what was done, for which domain and backend, and what it cost.

    `seconds` is processor time. For `answer` entries only `timed` of the `answers` were timed,
    and `seconds` is their sum; the cost of all is estimated from it.
    """

    kind: str
    domain: str
    backend: str
    seconds: float = 0.0
    timed: int = 0
    answers: int = 0
    rows: int = 0
    runs: int = 1


class Counter:
    """What one backend of one domain has answered in this process.

    The first answer is slower than all that follow (caches are cold, code is compiled): its time
    is used only when no later one was timed before the counts are written down.
    """

    __slots__ = ("_due", "answers", "backend", "domain", "first", "samples", "seconds")

    def __init__(self, domain: str, backend: str, due: Callable[[], None] | None = None) -> None:
        self.domain = domain
        self.backend = backend
        self.answers = 0
        self.seconds = 0.0
        self.samples = 0
        self.first = 0.0
        self._due = due

    def count(self, seconds: float) -> None:
        """Count an answer that took so long; the times of one in 64 are added up."""
        self.answers = answers = self.answers + 1
        if answers & (SAMPLE - 1) < 2:
            self.time(answers, seconds)

    def time(self, answers: int, seconds: float) -> None:
        """Take in the time of an answer that was counted as the first or the 64th."""
        if answers == 1:
            self.first = seconds
        elif not answers & (SAMPLE - 1):
            self.seconds += seconds
            self.samples += 1
            if self._due is not None:
                self._due()

    def take(self) -> Entry | None:
        """Return what has been counted since the last call, and start again at zero."""
        if not self.answers:
            return None
        seconds, samples = (self.seconds, self.samples) if self.samples else (self.first, 1)
        entry = Entry("answer", self.domain, self.backend, seconds, samples, self.answers)
        self.answers, self.seconds, self.samples = 0, 0.0, 0
        return entry


@contextlib.contextmanager
def locked(spool: str) -> Iterator[int]:
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
    """A ledger in a folder, or one that writes nothing where the folder is None.

    A living process writes its counts down every five seconds, and when it ends.

    Args:
        folder: Where the ledger is; made when something is first written.
        warn: Called with one line when the ledger on disk is damaged and was set aside.
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None, warn: Callable[[str], None] | None = None
    ) -> None:
        self.folder = None if folder is None else os.path.abspath(folder)
        self.warn = warn
        self._counters: dict[tuple[str, str], Counter] = {}
        self._noted: list[Entry] = []
        self._written = time.monotonic()
        if folder is not None:
            atexit.register(self.flush)

    def counter(self, domain: str, backend: str) -> Counter:
        """Return this process's counter of a backend."""
        key = (domain, backend)
        found = self._counters.get(key)
        if found is None:
            found = self._counters[key] = Counter(domain, backend, self.due)
        return found

    def due(self) -> None:
        """Write the counters down when the interval is over; cheap enough after a timed answer."""
        if time.monotonic() - self._written >= INTERVAL:
            self.flush()

    def note(self, entry: Entry) -> None:
        """Keep an entry until something is written down anyway."""
        self._noted.append(entry)

    def book(self, *entries: Entry) -> None:
        """Write entries down at once (training, a command's time), and what has been counted."""
        self._written = time.monotonic()
        noted, self._noted = self._noted, []
        counted = [one for each in self._counters.values() if (one := each.take()) is not None]
        if counted or noted or entries:
            self._append([*counted, *noted, *entries])

    def flush(self) -> None:
        """Write down what the counters hold."""
        self.book()

    def _append(self, entries: Iterable[Entry]) -> None:
        if self.folder is None:
            return
        day = time.strftime("%Y-%m-%d", time.gmtime())
        text = "".join(json.dumps([day, *entry]) + "\n" for entry in entries)
        try:
            if not os.path.isdir(self.folder):
                _make(self.folder)
            with locked(os.path.join(self.folder, SPOOL)) as handle:
                os.write(handle, text.encode())
        except OSError:
            # A read-only folder or a full disk costs us the count, never the user the answer.
            return

    def summary(self, domain: str | None = None) -> Summary:
        """Return the ledger added up, for one domain or for all."""
        from heuron.ledger.accounts import summary

        self.flush()
        return summary(self, domain)


def _make(folder: str) -> None:
    """Make the ledger's folder; version control is to pass it over."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
