"""A comparison of a file of any length: rows stream through in pieces, and only counts are kept.

Owns `compare_file`. The counts of pieces are added up in the order of the file, whoever counted
them, so that the result is the same to the byte on one core, on many, on a cluster, and after a
stop.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from heuron.compare.checkpoint import Checkpoint, Stopped
from heuron.compare.evaluate_tally import evaluate_tally
from heuron.compare.job import Opened, file_digest, one_thread_each
from heuron.compare.outcomes import HeldOut, Timing
from heuron.compare.rule_rows import need_rule
from heuron.compare.shots import goal_rules
from heuron.compare.tally import Tally
from heuron.compare.workers import Counted, counted_by_threads, counted_by_workers
from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost

__all__ = ["NOT_LOOKED_FOR", "Plan", "Progress", "compare_file", "digests_of"]

Progress = Callable[[int, int | None], None]
"""Told how many rows are done, of how many (None: not known), after each piece."""

WORTH_WORKERS: Final = 20.0
"""Seconds of work that are worth the start of further processes."""
NOT_LOOKED_FOR: Final = "rows stream through once, so copies of rows are not looked for"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is compared.

    Attributes:
        workers: How many count, on this machine: threads where rules run over columns, else
            processes. None: as many as there are cores; processes only where the first piece
            shows that they are worth their start.
        cluster: `dask://HOST:PORT` or `ray://HOST:PORT`, whose workers count instead.
        folder: Where it is kept how far the comparison has come; None: nowhere.
        resumed: What a stopped comparison left, to go on from.
    """

    workers: int | None = None
    cluster: str | None = None
    folder: Path | None = None
    resumed: Stopped | None = None


def compare_file(
    opened: Opened,
    plan: Plan | None = None,
    *,
    seed: int = 0,
    timed: bool = True,
    cost: Cost | None = None,
    disagreements: bool = False,
    rule: str | None = None,
    progress: Progress | None = None,
    spent: Callable[[float], None] | None = None,
) -> Comparison:
    """Compare rules, models and the dispatcher on all rows of a file, which are new to them.

    Args:
        opened: What is compared.
        plan: Who counts, and whether an earlier run goes on.
        seed: The seed of the bootstrap.
        timed: Whether single questions are timed, on the first rows.
        cost: The price of a wrong answer and of none, to rank backends by.
        disagreements: Whether the first rows on which backends differ are listed, with reasons.
        rule: The name of a rule whose first wrong rows are listed.
        progress: Told how far it is.
        spent: Told the processor seconds of workers, which this process does not see.

    Raises:
        RuleError: A row is not accepted, nothing is left to compare, there is no such rule, or
            since an earlier run something changed.
        KeyboardInterrupt: It was stopped; how far it came is kept.
    """
    with contextlib.closing(opened):
        if rule is not None:
            need_rule(rule, goal_rules(opened.dispatcher.kb), opened.contract.goal)
        tally, seconds = _counted(opened, plan or Plan(), progress or _silent)
        if spent is not None:
            spent(seconds)
        found = _evaluated(opened, tally, seed, timed, cost)
        with one_thread_each():
            return _with_rows(opened, tally, found, disagreements, rule)


def digests_of(opened: Opened) -> dict[str, str]:
    """Return what identifies a comparison: file, rules, models and options."""
    from heuron import __version__

    job = opened.job
    options = f"{job.rows} rows a piece, policy {job.policy}, Heuron {__version__}"
    return {
        "file": file_digest(opened.reader.file.path),
        **opened.digests,
        "options": options,
    }


def _with_rows(
    opened: Opened, tally: Tally, found: Comparison, disagreements: bool, rule: str | None
) -> Comparison:
    """Return a comparison with the rows that are asked for, which are read again."""
    if disagreements:
        from heuron.compare.piece_disagreements import first_disagreements

        found = replace(found, disagreements=first_disagreements(opened, tally.differ))
    if rule is not None:
        from heuron.compare.piece_rule_rows import first_rule_rows

        score = next(one for one in found.rules if one.name == rule)
        found = replace(found, rule_rows=first_rule_rows(opened, score))
    return found


def _evaluated(
    opened: Opened, tally: Tally, seed: int, timed: bool, cost: Cost | None
) -> Comparison:
    contract, settings = opened.contract, opened.settings
    if not tally.rows:
        message = f"No row of {opened.job.data} has a known `{contract.goal}`."
        if tally.trained:
            message = f"Every row of {opened.job.data} is one that a model was trained on."
        raise RuleError(Diagnostic(Severity.ERROR, "too-few-rows", message))
    held_out = HeldOut(
        tally.rows,
        tally.read,
        "all rows",
        settings.seed,
        trained_on_left_out=tally.trained,
        source=opened.job.data,
    )
    return evaluate_tally(
        contract,
        tally,
        opened.answerer.names,
        held_out=held_out,
        rules=goal_rules(opened.dispatcher.kb),
        seed=seed,
        cost=cost,
        timings=_timings(opened, tally) if timed else None,
        warnings=_warnings(opened, tally),
    )


def _counted(opened: Opened, plan: Plan, progress: Progress) -> tuple[Tally, float]:
    """Return the counts of the whole file, and the processor seconds of workers."""
    tally, done, seconds = Tally(), 0, 0.0
    if plan.resumed is not None:
        plan.resumed.check(digests_of(opened))
        tally, done = plan.resumed.tally, plan.resumed.pieces
    total = sum(piece.rows for piece in opened.pieces)
    checkpoint = Checkpoint(plan.folder, lambda: digests_of(opened), opened.today)
    progress(tally.read, total)
    try:
        with contextlib.closing(_results(opened, plan, done)) as results, one_thread_each():
            for one in results:
                tally.add(one.tally)
                done = one.pieces
                seconds += one.seconds
                progress(tally.read, total)
                checkpoint.keep(done, tally)
    except BaseException:
        checkpoint.write(done, tally)
        raise
    checkpoint.remove()
    return tally, seconds


def _results(opened: Opened, plan: Plan, done: int) -> Generator[Counted]:
    """Yield the counts of the pieces that are not done, by whoever counts them."""
    pieces, workers = opened.pieces, plan.workers
    if plan.cluster is None and opened.answerer.by_columns:
        threads = min(len(pieces) - done, workers or _cores())
        if threads > 1:
            yield from counted_by_threads(opened, done, threads)
            return
        workers = 1
    if plan.cluster is None and workers is None and done < len(pieces):
        began = monotonic()
        yield Counted(done + 1, opened.tally(pieces[done]), 0.0)
        done += 1
        left = (monotonic() - began) * (len(pieces) - done)
        workers = _cores() if left > WORTH_WORKERS else 1
    if plan.cluster is None and (workers or 1) <= 1:
        for piece in pieces[done:]:
            yield Counted(piece.number + 1, opened.tally(piece), 0.0)
        return
    yield from counted_by_workers(
        replace(opened.job, today=opened.today),
        done,
        len(pieces),
        opened.digests,
        opened.reader.file.path.stat().st_size,
        workers=workers or 1,
        cluster=plan.cluster,
    )


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _timings(opened: Opened, tally: Tally) -> Mapping[str, Timing]:
    """Return what one answer takes: alone, on the first rows, and in a piece."""
    import numpy as np

    from heuron.compare.piece_by_rows import table_of
    from heuron.compare.timing import TIMED, time_singles

    piece = opened.reader.read(opened.pieces[0])
    rows = np.arange(min(piece.rows, TIMED))
    values = piece.values(rows, opened.contract)
    raw = table_of(opened.contract, opened.today, values).rows(list(range(len(rows))))
    given = [opened.dispatcher.kb.evidence(row) for row in raw]
    singles = time_singles(opened.dispatcher, raw, given, opened.answerer.models)
    found = {}
    for name in opened.answerer.names:
        batch = 1e6 * tally.seconds.get(name, math.nan) / tally.rows
        single = singles.get(name)
        found[name] = (
            Timing(None, batch)
            if single is None
            else Timing(single.median, batch, (single.low, single.high))
        )
    return found


def _warnings(opened: Opened, tally: Tally) -> tuple[str, ...]:
    from heuron.learn.data import SAW_TEXT

    found = [] if opened.settings.rules_saw in ("nothing", "training") else [SAW_TEXT.rstrip(".")]
    if (lost := tally.read - tally.rows - tally.trained) > 0:
        found.append(
            f"{lost:,} of {tally.read:,} rows were left out: no known "
            f"`{opened.contract.goal}`, or a cell that the contract refuses"
        )
    return (*found, NOT_LOOKED_FOR)


def _silent(done: int, total: int | None) -> None:
    """Say nothing of how far it is."""
