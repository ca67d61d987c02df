"""Counting answers and writing down what they cost.

Counts every answer and times one in 64, in seconds of the processor. A process appends lines to a
spool file (one write of a few microseconds); reading the ledger folds the spool into an SQLite
database, so that no answer ever waits for the database. A ledger that cannot be written never
stops an answer.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import time
from _thread import allocate_lock
from collections.abc import Iterable, Iterator
from operator import length_hint
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from heuron.ledger.accounts import Summary

try:
    import fcntl
except ImportError:  # no such locks on Windows: there a line may be lost while the ledger is read
    fcntl = None  # type: ignore[assignment]

__all__ = ["INTERVAL", "KINDS", "SAMPLE", "SPOOL", "Counter", "Entry", "Ledger", "locked"]

SAMPLE: Final = 64
"""One answer in this many is timed."""

UNTIMED: Final = range(SAMPLE - 1)
"""The answers before it."""

INTERVAL: Final = 5.0
"""Seconds after which a living process writes down what it has counted; a kill loses no more."""

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

    The counts only ever rise, and `take` remembers how far it has come: who counts and who writes
    down may be two threads. The first answer is slower than all that follow (caches are cold, code
    is compiled): its time is used only when no later one was timed.

    Attributes:
        left: The answers until one is timed. Who has given an answer takes one off with a step of
            a `for` loop, and calls `turn` when none is left: such a step costs a third of an
            addition to an attribute, and no two threads take the same one.
    """

    __slots__ = ("_first", "_full", "_lock", "_taken", "_taken_samples", "_taken_seconds",
                 "backend", "domain", "left", "samples", "seconds")  # fmt: skip

    def __init__(self, domain: str, backend: str) -> None:
        self.domain = domain
        self.backend = backend
        self.left = iter(UNTIMED)
        self.seconds = 0.0
        self.samples = 0
        self._full = 0
        self._lock = allocate_lock()
        self._first: float | None = None
        self._taken = 0
        self._taken_seconds = 0.0
        self._taken_samples = 0

    @property
    def answers(self) -> int:
        """How many answers have been counted."""
        with self._lock:
            return self._full + len(UNTIMED) - length_hint(self.left)

    def turn(self) -> bool:
        """Count an answer when `left` was empty; return whether it is the one in 64."""
        with self._lock:
            for _ in self.left:
                return False  # another thread came first
            self._full += SAMPLE
            self.left = iter(UNTIMED)
            return True

    def count(self, seconds: float) -> None:
        """Count an answer that took so long; the times of one in 64 are added up."""
        for _ in self.left:
            break
        else:
            if self.turn():
                self.sample(seconds)
        if self._first is None:
            self._first = seconds

    def sample(self, seconds: float) -> None:
        """Take in the time of an answer; that of the very first is used where no other is."""
        if not self.samples and self.answers < 2:
            self._first = seconds
        else:
            self.seconds += seconds
            self.samples += 1

    def take(self) -> Entry | None:
        """Return what has been counted since the last call."""
        answers, samples, seconds = self.answers, self.samples, self.seconds
        if answers == self._taken:
            return None
        entry = Entry(
            "answer",
            self.domain,
            self.backend,
            seconds - self._taken_seconds,
            samples - self._taken_samples,
            answers - self._taken,
        )
        if not samples:
            entry = entry._replace(seconds=self._first or 0.0, timed=1)
        self._taken, self._taken_samples, self._taken_seconds = answers, samples, seconds
        return entry

    def forget(self) -> None:
        """Take what has been counted without writing it down: another process does."""
        self._lock = allocate_lock()  # in a forked child a thread that is gone may hold it
        self.take()


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

    A thread writes the counts of a living process down every five seconds, so that a kill loses
    no more; what is left is written when the process ends. A forked child counts for itself.

    Args:
        folder: Where the ledger is; made when something is first written.
        warn: Called with one line when the ledger on disk is damaged and was set aside.
        interval: Seconds from one writing to the next; None: at the end alone, for processes
            that end at once.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None,
        warn: Callable[[str], None] | None = None,
        interval: float | None = INTERVAL,
    ) -> None:
        self.folder = None if folder is None else os.path.abspath(folder)
        self.warn = warn
        self._interval = interval
        self._writing = False
        self._counters: dict[tuple[str, str], Counter] = {}
        self._noted: list[Entry] = []
        if folder is not None:
            atexit.register(self.flush)
            if hasattr(os, "register_at_fork"):
                itself = ref(self)
                os.register_at_fork(after_in_child=lambda: _in_child(itself))

    def counter(self, domain: str, backend: str) -> Counter:
        """Return this process's counter of a backend."""
        key = (domain, backend)
        found = self._counters.get(key)
        if found is None:
            found = self._counters[key] = Counter(domain, backend)
            self._write_on()
        return found

    def _write_on(self) -> None:
        """Start the thread that writes the counts down, unless it runs."""
        if self._writing or self._interval is None or self.folder is None:
            return
        import threading

        itself = ref(self)
        with contextlib.suppress(RuntimeError):  # no threads here, or the interpreter is ending
            threading.Thread(
                target=_write_regularly, args=(itself, self._interval), daemon=True
            ).start()
            self._writing = True

    def note(self, entry: Entry) -> None:
        """Keep an entry until something is written down anyway."""
        self._noted.append(entry)

    def book(self, *entries: Entry) -> None:
        """Write entries down at once (training, a command's time), and what has been counted."""
        noted, self._noted = self._noted, []
        counted = [one for each in [*self._counters.values()] if (one := each.take()) is not None]
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


def _write_regularly(ledger: ref[Ledger], interval: float) -> None:
    """Write a ledger's counts down again and again, as long as somebody has the ledger."""
    while True:
        time.sleep(interval)
        living = ledger()
        if living is None:
            return
        living.flush()
        del living


def _in_child(ledger: ref[Ledger]) -> None:
    """Let a forked child count from here: what was counted before is its parent's to write."""
    living = ledger()
    if living is None:
        return
    living._noted = []
    living._writing = False
    for counter in living._counters.values():
        counter.forget()
    if living._counters:
        living._write_on()


def _make(folder: str) -> None:
    """Make the ledger's folder; version control is to pass it over."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
