"""What `heuron compare` does with a file of many rows: it streams, on some cores or a cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Final, NamedTuple

from heuron.cli.comparing import usage
from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from heuron.compare.checkpoint import Stopped
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost
    from heuron.compare.job import Job
    from heuron.dispatch import Dispatcher
    from heuron.knowledge.project import Domain

__all__ = ["Streaming", "compare_stream", "streaming_of"]

MANY_ROWS: Final = 200_000
"""Of a parquet file more rows than that stream without being told to."""
MANY_BYTES: Final = 20_000_000
"""So does a CSV file of more bytes."""
VERY_MANY_ROWS: Final = 2_000_000
"""From so many rows of a parquet file on, pieces are large: there are enough for all cores."""


class Streaming(NamedTuple):
    """How rows stream: the options of the command line, None where not given."""

    data: str
    jobs: int | None
    cluster: str | None
    resume: bool
    rows: int


def streaming_of(
    data: str | None,
    jobs: int | None,
    cluster: str | None,
    resume: bool,
    rows: int | None,
    at_once: Mapping[str, bool],
) -> Streaming | None:
    """Return how the rows stream; None where they are read as a whole.

    Args:
        data: `--data`.
        jobs: `--jobs`.
        cluster: `--cluster`.
        resume: `--resume`.
        rows: `--chunk`.
        at_once: Whether options were given that need all rows at once, by name.

    Raises:
        RuleError: Options do not go together.
    """
    from heuron.learn.pieces import is_streamed

    named = {"--jobs": jobs, "--cluster": cluster, "--resume": resume or None, "--chunk": rows}
    given = [name for name, value in named.items() if value is not None]
    others = [name for name, is_given in at_once.items() if is_given]
    if given and (data is None or not is_streamed(data)):
        raise usage(f"{given[0]} needs --data with a CSV or parquet file, whose rows stream.")
    if given and others:
        message = f"{others[0]} looks at all rows at once, so it does not go with {given[0]}."
        raise usage(message)
    if jobs is not None and jobs < 1:
        raise usage(f"--jobs is a number of cores from 1 on, not {jobs}.")
    if rows is not None and rows < 1:
        raise usage(f"--chunk is a number of rows from 1 on, not {rows}.")
    if cluster is not None:
        from heuron.compare.workers import need_cluster

        if jobs is not None:
            raise usage("--jobs is for this machine; on a cluster all its workers are used.")
        need_cluster(cluster)
    if data is None or not (given or _is_large(data)):
        return None
    if others:
        message = f"{others[0]} looks at all rows at once, and {data} has too many for that."
        hint = f"Give it a sample: up to {MANY_ROWS:,} rows, or {MANY_BYTES // 10**6} MB of CSV."
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message, hint=hint))
    return Streaming(data, jobs, cluster, resume, rows or _piece_rows(data))


def compare_stream(
    domain: Domain,
    dispatcher: Dispatcher,
    streaming: Streaming,
    policy: str | None,
    cost: Cost | None,
    disagreements: bool,
    rule: str | None,
) -> Comparison:
    """Return the comparison of a file's rows; says on stderr how far it is.

    Raises:
        KeyboardInterrupt: After it was said how to go on.
    """
    from heuron.cli.folders import comparisons_folder
    from heuron.cli.opening import open_ledger
    from heuron.cli.render import note
    from heuron.cli.rows_done import Progress
    from heuron.compare.checkpoint import comparison_folder, read_stopped
    from heuron.compare.job import Opened
    from heuron.compare.stream import Plan, compare_file
    from heuron.ledger import Entry

    data = Path(streaming.data)
    folder = comparison_folder(comparisons_folder(), domain.file, data)
    stopped = read_stopped(folder)
    if streaming.resume and stopped is None:
        note(f"No comparison of {data} was stopped: this one starts at the first row.")
    elif streaming.resume and stopped is not None:
        note(f"Going on after {stopped.tally.read:,} rows.")
    elif stopped is not None:
        note(f"Starting again; --resume would have gone on after {stopped.tally.read:,} rows.")
    resumed = stopped if streaming.resume else None
    opened = Opened(_job(domain, streaming, policy, resumed), dispatcher)
    plan = Plan(streaming.jobs, streaming.cluster, folder, resumed)
    began, of_workers = process_time(), [0.0]
    try:
        with Progress("rows") as progress:
            found = compare_file(
                opened,
                plan,
                cost=cost,
                disagreements=disagreements,
                rule=rule,
                progress=progress,
                spent=of_workers.append,
            )
    except KeyboardInterrupt:
        left = read_stopped(folder)
        done = 0 if left is None else left.tally.read
        note(f"Stopped after {done:,} rows. The same command with --resume goes on from there.")
        raise
    seconds = process_time() - began + sum(of_workers)
    entry = Entry("evaluation", dispatcher.kb.name, "compare", seconds, rows=found.held_out.rows)
    open_ledger().book(entry)
    return found


def _job(domain: Domain, streaming: Streaming, policy: str | None, resumed: Stopped | None) -> Job:
    from heuron.cli.folders import cache_folder
    from heuron.cli.opening import trusted_file
    from heuron.compare.job import Job
    from heuron.knowledge.project import store_folders

    absolute = domain._replace(
        file=os.path.abspath(domain.file),
        root=os.path.abspath(domain.root),
        models=tuple(os.path.abspath(one) for one in domain.models),
    )
    return Job(
        domain=absolute,
        roots=tuple(os.path.abspath(one) for one in store_folders(domain)),
        data=streaming.data,
        folder=os.getcwd(),
        rows=streaming.rows,
        policy=policy,
        today=None if resumed is None else resumed.today,
        cache=cache_folder(),
        trusted=str(trusted_file()),
    )


def _is_large(data: str) -> bool:
    """Return whether a file is so large that its rows stream without being told to."""
    from heuron.learn.pieces import is_streamed

    if not is_streamed(data) or not os.path.isfile(data):
        return False
    rows = _parquet_rows(data)
    return os.path.getsize(data) > MANY_BYTES if rows is None else rows > MANY_ROWS


def _piece_rows(data: str) -> int:
    """Return how many rows a piece has where `--chunk` is not given."""
    from heuron.learn.pieces import LARGE_PIECE_ROWS, PIECE_ROWS

    return LARGE_PIECE_ROWS if (_parquet_rows(data) or 0) >= VERY_MANY_ROWS else PIECE_ROWS


def _parquet_rows(data: str) -> int | None:
    """Return the rows of a parquet file, 0 where it cannot be read; None for other files."""
    if not data.lower().endswith((".parquet", ".pq")):
        return None
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return 0
    try:
        rows: int = pyarrow.parquet.read_metadata(data).num_rows
    except (pyarrow.ArrowException, OSError):
        return 0
    return rows
