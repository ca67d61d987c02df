"""The ledger on disk: the spool folded into an SQLite database, and both read.

The database has a write-ahead log, so that many processes may read and write at once. A damaged
one is set aside, said aloud, and counting begins anew; where nothing may be written, what is there
is read all the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from math import isfinite
from pathlib import Path
from typing import Final

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.ledger.book import KINDS, SPOOL, Ledger, locked

__all__ = ["DATABASE", "Row", "ledger_rows"]

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

UPSERT: Final = """
insert into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (day, kind, domain, backend) do update set
    seconds = seconds + excluded.seconds, timed = timed + excluded.timed,
    answers = answers + excluded.answers, rows = rows + excluded.rows, runs = runs + excluded.runs
"""

QUERY: Final = """
select kind, domain, backend, sum(seconds), sum(timed), sum(answers), sum(rows), sum(runs)
from entries where ?1 is null or domain = ?1
group by kind, domain, backend order by domain, backend, kind
"""

Row = tuple[str, str, str, float, int, int, int, int]
"""Kind, domain, backend, seconds, timed, answers, rows, runs."""


def ledger_rows(ledger: Ledger, domain: str | None) -> list[Row]:
    """Return a ledger's sums by kind, domain and backend, for one domain or for all.

    Raises:
        RuleError: Another process has been writing for ten seconds.
    """
    if ledger.folder is None or not os.path.isdir(ledger.folder):
        return []
    folder = Path(ledger.folder)
    for attempt in (1, 2):
        try:
            with contextlib.closing(_open(folder)) as connection:
                _fold(folder, connection)
                return list(connection.execute(QUERY, (domain,)))
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise RuleError(_busy(folder)) from None
            if "no such" not in str(error):  # a full disk, a folder that may only be read
                break
            if attempt == 2 or not _set_aside(ledger, folder):
                break
        except sqlite3.DatabaseError:
            if attempt == 2 or not _set_aside(ledger, folder):
                break
    return _rows_untouched(folder, domain)


def _rows_untouched(folder: Path, domain: str | None) -> list[Row]:
    """Return what is there without writing anything: the database as it is, and the spool."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        try:
            uri = f"{(folder / DATABASE).as_uri()}?immutable=1"
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as there:
                folded = {name for (name,) in there.execute("select spool from folded")}
                connection.executemany(UPSERT, there.execute("select * from entries"))
        except sqlite3.Error:
            folded = set()
        for file in sorted(folder.glob(f"{SPOOL}*")):
            if file.name not in folded:
                with contextlib.suppress(OSError):
                    text = file.read_text(encoding="utf-8", errors="replace")
                    connection.executemany(UPSERT, _lines(text))
        return list(connection.execute(QUERY, (domain,)))


def _busy(folder: Path) -> Diagnostic:
    message = f"The ledger in {folder} is being written by another process."
    return Diagnostic(Severity.ERROR, "file", message, hint="Ask again in a moment.")


def _open(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / DATABASE, timeout=10.0)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _set_aside(ledger: Ledger, folder: Path) -> bool:
    """Rename a damaged database, so that counting can begin anew and nothing is lost."""
    damaged = folder / DATABASE
    aside = folder / f"{DATABASE}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        os.replace(damaged, aside)
        for suffix in ("-wal", "-shm"):
            Path(f"{damaged}{suffix}").unlink(missing_ok=True)
    except OSError:
        return False
    if ledger.warn is not None:
        ledger.warn(f"the ledger was damaged and was set aside as {aside.name}")
    return True


def _fold(folder: Path, connection: sqlite3.Connection) -> None:
    """Move the spooled lines into the database, each exactly once."""
    spool = folder / SPOOL
    # The name is unique, and it is remembered in the same transaction as the lines: a
    # process killed between the commit and the unlink does not count them twice.
    taken = folder / f"{SPOOL}.{os.getpid()}-{time.time_ns()}"
    if spool.exists():
        with contextlib.suppress(OSError), locked(str(spool)):
            os.replace(spool, taken)
    for file in sorted(folder.glob(f"{SPOOL}.*")):
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


def _lines(text: str) -> list[list[object]]:
    """Return the readable lines of a spool; a line cut off by a kill is passed over."""
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if _is_entry(entry):
            found.append(entry)
    return found


def _is_entry(entry: object) -> bool:
    """Return whether a line of the spool is an entry: anybody may have written into the file."""
    if not isinstance(entry, list) or len(entry) != 9 or entry[1] not in KINDS:
        return False
    texts, seconds, counts = entry[:4], entry[4], entry[5:]
    if not all(isinstance(one, str) for one in texts) or not isinstance(seconds, (int, float)):
        return False
    if not isfinite(seconds) or seconds < 0:
        return False
    return all(isinstance(one, int) and 0 <= one < 2**62 for one in counts)
