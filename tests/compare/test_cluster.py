"""A comparison on other processes, and one that is killed: the same bytes in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comparing import opened
from heuron.values import UNKNOWN

TIMES = ("us_single", "us_batch", "us_quartiles")
TIMES_OVER = 3
"""So often the rows stand in the file, so that there is a moment to kill a process in."""


def untimed(said: str) -> str:
    """Return the JSON of a comparison without what differs from run to run."""
    body: dict[str, Any] = json.loads(said)
    for score in body["backends"].values():
        for name in TIMES:
            del score[name]
    return json.dumps(body)


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Loans, whose rules join facts and ask a model: row by row, so that it takes its time."""
    import csv

    table = opened("loan")[1]
    path = tmp_path_factory.mktemp("data") / "loans.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        rows = list(zip(*table.columns.values(), strict=True))
        for row in rows * TIMES_OVER:
            writer.writerow(["" if cell is UNKNOWN else cell for cell in row])
    return str(path)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    mine = {"HEURON_LEDGER": "off", "HEURON_CACHE": str(tmp_path / "cache")}
    return {**os.environ, **mine, "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "heuron", "compare", *arguments, "--json"]


def run(arguments: list[str], environment: dict[str, str]) -> str:
    done = ended(arguments, environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ended(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command outside of any project, so that what it keeps is kept in its own home."""
    return subprocess.run(
        arguments,
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def cluster(environment: dict[str, str]) -> Iterator[str]:
    """The address of a Dask cluster of two workers, in a process of its own."""
    pytest.importorskip("distributed")
    program = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as one:\n"
        "        print(one.scheduler_address, flush=True)\n"
        "        input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().replace("tcp://", "dask://")
        process.communicate("\n", timeout=60)


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(
    loans: str, environment: dict[str, str], cluster: str
) -> None:
    arguments = ("loan", "--data", loans, "--chunk", "300")
    alone = run(command(*arguments, "--jobs", "1"), environment)
    shared = run(command(*arguments, "--cluster", cluster), environment)
    assert untimed(alone) == untimed(shared)
    processes = run(command(*arguments, "--jobs", "2"), environment)
    assert untimed(alone) == untimed(processes)


def test_a_cluster_that_is_not_there_is_named(loans: str, environment: dict[str, str]) -> None:
    pytest.importorskip("distributed")
    arguments = ("loan", "--data", loans, "--cluster", "dask://127.0.0.1:9")
    done = ended(command(*arguments), environment)
    assert done.returncode == 1
    assert "The cluster at dask://127.0.0.1:9 cannot be reached" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_killed_process_goes_on(loans: str, environment: dict[str, str], tmp_path: Path) -> None:
    """It is killed as soon as a checkpoint is on disk, whatever it does at that moment."""
    arguments = command("loan", "--data", loans, "--chunk", "10", "--jobs", "1")
    whole = run(arguments, environment)
    with subprocess.Popen(
        arguments,
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        while not list(tmp_path.rglob("state.json")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    states = list(tmp_path.rglob("state.json"))
    assert states, "it was done before it was killed"
    done = json.loads(states[0].read_text(encoding="utf-8"))["pieces"]
    assert done > 0
    again = ended([*arguments, "--resume"], environment)
    assert "Going on after" in again.stderr
    assert untimed(whole) == untimed(again.stdout)
    assert not list(tmp_path.rglob("state.json"))


def test_a_backend_that_gives_all_at_once_gets_a_few_calls_at_a_time() -> None:
    """Ray's does, and so does joblib's own for multiprocessing."""
    from joblib import delayed, parallel_config

    from heuron.compare.workers import _in_order

    calls = [delayed(pow)(number, 2) for number in range(7)]
    with parallel_config(backend="multiprocessing"):
        with pytest.raises(ValueError, match="return_as"):
            list(_in_order(calls, 2, "dask://here:1"))
        results = _in_order(calls, 2, "ray://here:1")
        assert [next(results) for _ in range(3)] == [0, 1, 4]
        assert list(results) == [9, 16, 25, 36]
