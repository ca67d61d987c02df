"""How long a command takes from nothing, beside an empty Typer program in the same run.

    python -m benchmarks.cold_start [RUNS]

The two run in turn, so that a machine that changes speed slows both; medians of whole processes
are printed, and their ratio, and where the rest goes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

EMPTY = """
import typer

app = typer.Typer()


@app.command()
def main(name: str = "nobody") -> None:
    print(name)


app()
"""

QUESTION = ("ask", "cancer", "worst_radius=20.1", "worst_concave_points=0.19", "worst_texture=25")

CASES = {
    "ask --via rules": (*QUESTION, "--via", "rules"),
    "ask --via logistic": (*QUESTION, "--via", "logistic"),
    "ask --via forest": (*QUESTION, "--via", "forest"),
    "ask (dispatch)": QUESTION,
    "ask --via rules --why": (*QUESTION, "--via", "rules", "--why"),
    "check": ("check", "cancer"),
    "--help": ("--help",),
}


def seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    """Return the wall time of one run of a command."""
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def imported(command: Sequence[str], environment: dict[str, str]) -> list[tuple[int, str]]:
    """Return the slowest imports of a command, with what each took itself, in microseconds."""
    slow = [command[0], "-X", "importtime", *command[1:]]
    done = subprocess.run(slow, env=environment, check=True, capture_output=True, text=True)
    found = []
    for line in done.stderr.splitlines():
        own, _, name = line.removeprefix("import time:").partition("|")
        if own.strip().isdigit():
            found.append((int(own), name.split("|")[-1].strip()))
    return sorted(found, reverse=True)


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    runs = int(arguments[0]) if arguments else 11
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        environment = {**os.environ, "HEURON_CACHE": folder, "HEURON_LEDGER": "off"}
        peer = (sys.executable, str(empty))
        print(f"{runs} runs each, in turn with an empty Typer program; medians of wall time")
        for name, words in CASES.items():
            command = (sys.executable, "-m", "heuron", *words)
            seconds(command, environment)  # fills the caches, as any first run does
            pairs = [
                (seconds(command, environment), seconds(peer, environment)) for _ in range(runs)
            ]
            ours, theirs = (median(side) for side in zip(*pairs, strict=True))
            ratio = median(a / b for a, b in pairs)
            print(f"  {name:24} {ours * 1e3:6.0f} ms   empty {theirs * 1e3:6.0f} ms   {ratio:5.2f}")
        command = (sys.executable, "-m", "heuron", *CASES["ask --via rules"])
        rest = [one for one in imported(command, environment) if one[1].startswith("heuron")]
        total = sum(own for own, _ in rest) / 1e3
        print(f"Heuron's own imports in `ask --via rules`: {total:.1f} ms, the slowest:")
        for own, name in rest[:8]:
            print(f"  {own / 1e3:6.1f} ms   {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
