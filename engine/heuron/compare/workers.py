"""Where the pieces of a comparison are counted: in threads, in processes, or on a cluster.

Owns the way to joblib's backends. To processes and clusters runs of pieces go as numbers with the
job's paths, and come back in order.
"""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from logging import ERROR
from threading import local
from typing import Any, Final, NamedTuple

from heuron.compare.job import Job, Opened, one_thread_each, tally_pieces
from heuron.compare.tally import Tally
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.coded_pieces import PieceReader
from heuron.learn.pieces import Piece

__all__ = ["Counted", "counted_by_threads", "counted_by_workers", "need_cluster"]

SWITCH: Final = 0.0005
"""Seconds after which a thread that computes lets others have Python's lock."""
RUNS: Final = 8
"""So many runs of pieces a worker: few, as each has a cost; many, so that all end together."""
MOST_PIECES: Final = 16
"""Pieces of a run at most: about a million rows, so that a stop loses little."""


class Counted(NamedTuple):
    """The counts of the pieces before `pieces`, less those of earlier results."""

    pieces: int
    tally: Tally
    seconds: float


def counted_by_threads(opened: Opened, first: int, threads: int) -> Iterator[Counted]:
    """Yield the counts of pieces, in their order.

    A parquet file is read here, piece after piece, while threads count what was read before; of
    a CSV file each thread reads pieces of its own. At most twice as many pieces as threads are
    held.

    Args:
        opened: What is compared, by columns: numpy gives up the interpreter's lock meanwhile.
        first: The pieces that are done.
        threads: How many.
    """
    own = local()
    waits = sys.getswitchinterval()

    def read_and_count(piece: Piece) -> Tally:
        reader: PieceReader | None = getattr(own, "reader", None)
        if reader is None:
            reader = own.reader = opened.another_reader()
        return opened.count(reader.read(piece))

    pool = ThreadPoolExecutor(threads, initializer=one_thread_each)
    # What numpy does on a chunk takes less than the 5 ms for which Python lets a thread keep its
    # lock by default: threads that come back from there would wait longer than they worked.
    sys.setswitchinterval(min(SWITCH, waits))
    try:
        waiting: deque[Future[Tally]] = deque()
        done = first
        for piece in opened.pieces[first:]:
            if opened.reader.file.in_order:
                waiting.append(pool.submit(opened.count, opened.reader.read(piece)))
            else:
                waiting.append(pool.submit(read_and_count, piece))
            while len(waiting) >= 2 * threads or (waiting and waiting[0].done()):
                done += 1
                yield Counted(done, waiting.popleft().result(), 0.0)
        while waiting:
            done += 1
            yield Counted(done, waiting.popleft().result(), 0.0)
    finally:
        sys.setswitchinterval(waits)
        pool.shutdown(cancel_futures=True)


def counted_by_workers(
    job: Job,
    first: int,
    pieces: int,
    digests: Mapping[str, str],
    size: int,
    *,
    workers: int,
    cluster: str | None,
) -> Iterator[Counted]:
    """Yield the counts of runs of pieces, in their order.

    Args:
        job: What is compared.
        first: The pieces that are done.
        pieces: All pieces.
        digests: What workers must find at the job's paths; `size` is that of the file.
        size: The size of the file.
        workers: How many processes; on a cluster all that are there.
        cluster: `dask://HOST:PORT` or `ray://HOST:PORT`; None: processes on this machine.

    Raises:
        RuleError: The cluster cannot be reached, its package is absent, or a worker has other
            files.
    """
    from joblib import delayed

    with _backend(cluster) as available:
        count = workers if cluster is None else max(1, available)
        left = pieces - first
        length = max(1, min(MOST_PIECES, left // (RUNS * count)))
        runs = [range(at, min(pieces, at + length)) for at in range(first, pieces, length)]
        calls = [delayed(tally_pieces)(job, run, dict(digests), size) for run in runs]
        with contextlib.closing(_in_order(calls, count, cluster)) as results:
            for run, (tally, seconds) in zip(runs, results, strict=True):
                yield Counted(run.stop, tally, seconds)


def _in_order(calls: list[Any], count: int, cluster: str | None) -> Generator[Any]:
    """Yield what calls return, in order, as soon as joblib's backend gives it."""
    from joblib import Parallel

    options: dict[str, Any] = {"n_jobs": count, "batch_size": 1}
    if cluster is None:
        options["backend"] = "loky"
    if _is_ray(cluster):
        # Ray's backend gives nothing before all is there, so it gets a few calls at a time.
        for at in range(0, len(calls), 2 * count):
            yield from Parallel(**options)(calls[at : at + 2 * count])
        return
    results = Parallel(**options, return_as="generator")(calls)
    try:
        yield from results
    finally:
        results.close()


def need_cluster(address: str) -> None:
    """Say what is wrong with a cluster's address before anything is read.

    Raises:
        RuleError: It is of no known kind, or the package is not installed.
    """
    scheme, colon, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in ("dask", "ray") or not colon or not host or not port.isdecimal():
        message = f'"{address}" is no address of a cluster.'
        raise RuleError(
            Diagnostic(
                Severity.ERROR,
                "usage",
                message,
                hint="Write dask://HOST:PORT or ray://HOST:PORT.",
            )
        )
    package = {"dask": "distributed", "ray": "ray"}[scheme]
    if find_spec(package) is None:
        hint = 'pip install "heuron[cluster]"' if scheme == "dask" else "pip install ray"
        message = f"A {scheme} cluster needs {package}, which is not installed."
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, hint=hint))


@contextlib.contextmanager
def _backend(cluster: str | None) -> Iterator[int]:
    """Let joblib use a cluster; yields how many workers it has."""
    if cluster is None:
        yield 0
        return
    _, _, address = cluster.partition("://")
    opened = _ray(cluster) if _is_ray(cluster) else _dask(cluster, address)
    with opened as available:
        yield available


@contextlib.contextmanager
def _dask(cluster: str, address: str) -> Iterator[int]:
    import distributed
    from joblib import parallel_config

    connect: Any = distributed.Client
    try:
        client = connect(f"tcp://{address}", timeout="10s", set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise _unreachable(cluster, error) from None
    try:
        with parallel_config(backend="dask", client=client):
            yield sum(client.ncores().values())
    finally:
        client.close()


@contextlib.contextmanager
def _ray(cluster: str) -> Iterator[int]:
    import ray
    from joblib import parallel_config
    from ray.util.joblib import register_ray

    try:
        ray.init(cluster, logging_level=ERROR)
    except (OSError, ConnectionError) as error:
        raise _unreachable(cluster, error) from None
    try:
        register_ray()
        with parallel_config(backend="ray"):
            yield int(ray.cluster_resources().get("CPU", 1))
    finally:
        ray.shutdown()


def _is_ray(cluster: str | None) -> bool:
    return cluster is not None and cluster.startswith("ray://")


def _unreachable(cluster: str, error: Exception) -> RuleError:
    message = f"The cluster at {cluster} cannot be reached: {' '.join(str(error).split())[:200]}."
    hint = "Is its scheduler running, and the port right?"
    return RuleError(Diagnostic(Severity.ERROR, "no-cluster", message, hint=hint))
