"""Comparisons of millions of rows: rules beside duckdb and polars, models beside scikit-learn.

    python -m benchmarks scale [--rows N] [--only rules model command cluster] [--folder DIRECTORY]

Every side runs in a process of its own, in turn with the others; medians of the clock and of the
processor are printed. `command` runs the whole command line and looks at its memory, on the rows
and on twice as many; `cluster` runs the same work in one process and on two local workers of
Dask, which were started before.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.scale_data import write_project, write_rows

PARTS = ("rules", "model", "command", "cluster")
TIMES = ("us_single", "us_batch", "us_quartiles")
"""What differs from run to run in a comparison's JSON."""


def main(arguments: Sequence[str]) -> int:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the parquet file")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--runs", type=int, default=3, help="runs of each process that count")
    parser.add_argument("--trees", type=int, default=300, help="trees of the forest of `cluster`")
    parser.add_argument("--cluster-rows", type=int, help="rows of `cluster`; by default --rows")
    parser.add_argument("--workers", type=int, default=2, help="workers of `cluster`")
    parser.add_argument("--folder", type=Path, help="where files are made and kept")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        if not (folder / "rules").is_dir():
            write_project(folder, trees=given.trees)
        if "rules" in given.only:
            _rules(folder, given)
        if "model" in given.only:
            _models(folder, given)
        if "command" in given.only:
            _commands(folder, given)
        if "cluster" in given.only:
            _cluster(folder, given)
    return 0


def _file(folder: Path, rows: int) -> str:
    path = folder / f"rows{rows}.parquet"
    if not path.is_file():
        write_rows(path, rows)
        os.sync()
    return str(path)


def _measured(
    names: Sequence[str], folder: Path, file: str, given: argparse.Namespace
) -> dict[str, tuple[float, float, Any]]:
    """Return for each side the medians of clock and processor, and what it counted."""
    clock: dict[str, list[float]] = {name: [] for name in names}
    processor: dict[str, list[float]] = {name: [] for name in names}
    found: dict[str, Any] = {}
    for _ in range(given.rounds):
        for name in names:
            command = [sys.executable, "-m", "benchmarks.scale_sides", name]
            command += [str(folder), file, str(given.runs)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            result = json.loads(done.stdout)
            clock[name] += result["clock"]
            processor[name] += result["processor"]
            found[name] = result["counted"]
    return {name: (median(clock[name]), median(processor[name]), found[name]) for name in names}


def _rules(folder: Path, given: argparse.Namespace) -> None:
    """Rules alone beside hand-written queries that count the same."""
    file = _file(folder, given.rows)
    for domain, what in (
        ("table", "a first-hit table of 12 rows"),
        ("certain", "12 rules with certainties"),
    ):
        names = [f"{side}:{domain}" for side in ("heuron", "serial", "duckdb", "polars")]
        measured = _measured(names, folder, file, given)
        print(f"{what}, {given.rows:,} rows of 10 columns")
        _print(measured, names[0])
        counts = {json.dumps(one[2]) for one in measured.values()}
        if len(counts) > 1:
            print("  VOID: the sides counted differently")


def _models(folder: Path, given: argparse.Namespace) -> None:
    """Rules and a model beside the model's own probabilities."""
    file = _file(folder, given.rows)
    names = ["heuron:both", "serial:both", "pipeline:ready", "pipeline:file", "estimator:"]
    measured = _measured(names, folder, file, given)
    print(f"12 rules and a logistic model, {given.rows:,} rows of 10 columns")
    _print(measured, names[0])


def _print(measured: dict[str, tuple[float, float, Any]], mine: str) -> None:
    clock, processor, _ = measured[mine]
    for name, (seconds, spent, _) in measured.items():
        line = f"  {name:<16} {seconds:7.3f} s of the clock  {spent:7.3f} s of the processor"
        if name != mine:
            line += f"  ratio {clock / seconds:5.2f} and {processor / spent:5.2f}"
        print(line, flush=True)


def _commands(folder: Path, given: argparse.Namespace) -> None:
    """The whole command: memory, and twice the rows."""
    for domain in ("table", "both"):
        before: tuple[float, float] | None = None
        for rows in (given.rows, 2 * given.rows):
            file = _file(folder, rows)
            command = _command(folder, domain, file)
            runs = [_run(command, folder) for _ in range(given.runs)]
            clock, spent = median(one[0] for one in runs), median(one[1] for one in runs)
            line = f"  {clock:7.2f} s of the clock  {spent:7.2f} s of the processor"
            line += f"  {max(one[2] for one in runs) / 2**20:7.1f} MB at most"
            if before is not None:
                line += f"  ratio {clock / before[0]:.2f} and {spent / before[1]:.2f}"
            before = before or (clock, spent)
            print(f"heuron compare {domain}, {rows:>10,} rows {line}", flush=True)


def _command(folder: Path, domain: str, file: str, *options: str) -> list[str]:
    rules = str(folder / "rules" / f"{domain}.rules")
    return [sys.executable, "-m", "heuron", "compare", rules, "--data", file, "--json", *options]


MEASURE = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
clock = time.perf_counter() - began
print(clock, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process that starts a command: a child of a large one would be as large at its birth."""


def _run(command: Sequence[str], folder: Path) -> tuple[float, float, float, str]:
    """Return the clock, the processor seconds, the most bytes held, and what was printed."""
    environment = {**os.environ, "HEURON_LEDGER": "off", "HEURON_CACHE": str(folder / "cache")}
    measured = [sys.executable, "-c", MEASURE, *command]
    done = subprocess.run(measured, env=environment, check=True, capture_output=True, text=True)
    clock, spent, most = map(float, done.stderr.splitlines()[-1].split())
    return clock, spent, most, done.stdout


def _cluster(folder: Path, given: argparse.Namespace) -> None:
    """The same work in one process and on local workers; start-up is excluded."""
    from distributed import LocalCluster

    file = _file(folder, given.cluster_rows or given.rows)
    few = _file(folder, 200_000)
    with LocalCluster(
        n_workers=given.workers, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        on_cluster = ("--cluster", address)
        _run(_command(folder, "heavy", few, *on_cluster), folder)  # workers import what they need
        start = {
            options: _run(_command(folder, "heavy", few, *options), folder)[0]
            for options in (("--jobs", "1"), on_cluster)
        }
        alone = _run(_command(folder, "heavy", file, "--jobs", "1"), folder)
        shared = _run(_command(folder, "heavy", file, *on_cluster), folder)
    rows = given.cluster_rows or given.rows
    print(f"12 rules and a forest of {given.trees} trees, {rows:,} rows")
    print(f"  one process       {alone[0]:7.1f} s of the clock  {alone[1]:7.1f} s of the processor")
    print(f"  {given.workers} Dask workers    {shared[0]:7.1f} s of the clock")
    print(f"  200,000 rows took {start['--jobs', '1']:.1f} and {start[on_cluster]:.1f} s")
    print(f"  {alone[0] / shared[0]:.2f} times as fast, start of the commands included")
    print(f"  {'the same' if _same(alone[3], shared[3]) else 'DIFFERENT'} bytes, times left out")


def _same(one: str, other: str) -> bool:
    """Return whether two comparisons print the same, what is timed left out."""
    return _untimed(one) == _untimed(other)


def _untimed(said: str) -> str:
    body = json.loads(said)
    for score in body["backends"].values():
        for name in TIMES:
            del score[name]
    return json.dumps(body)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
