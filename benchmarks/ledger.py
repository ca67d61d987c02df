"""What the ledger costs: an answer in process, and a command.

    python -m benchmarks.ledger [ANSWERS]

In process, counting alone is timed against an empty method call, and a dispatcher with and
without a ledger in turn; the best of rounds, collector off. For a command, the append to the spool
is timed in a folder of its own.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import heuron
from heuron.dispatch import Dispatcher
from heuron.ledger import Entry, Ledger

QUESTION = {"worst_radius": 20.1, "worst_concave_points": 0.19, "worst_texture": 25.0}


def microseconds(act: Callable[[], object], times: int) -> float:
    """Return what one call takes, the loop included."""
    begin = perf_counter()
    for _ in range(times):
        act()
    return (perf_counter() - begin) / times * 1e6


def in_process(folder: str, answers: int, rounds: int = 40) -> None:
    """Print what counting adds to an answer."""
    kb = heuron.load("cancer")
    plain = Dispatcher(kb)
    ledger = Ledger(folder)
    counting = Dispatcher(kb, ledger=ledger)
    counter = ledger.counter("cancer", "rules")
    asked = {plain: list[float](), counting: list[float]()}
    for _ in range(rounds):
        for one, times in asked.items():
            times.append(microseconds(lambda one=one: one.ask(QUESTION, via="rules"), answers))
    without, with_it = (min(times) for times in asked.values())
    empty = min(microseconds(lambda: None, answers * 5) for _ in range(rounds))
    count = min(microseconds(lambda: counter.count(1e-6), answers * 5) for _ in range(rounds))
    print(f"an answer by rules: {without:.2f} µs, counted {with_it:.2f} µs, ", end="")
    print(f"{with_it - without:+.3f}; counting by a call {count - empty:.3f} µs")


def one_command(folder: str, rounds: int = 300) -> None:
    """Print what a command's one append takes."""
    times = []
    for _ in range(rounds):
        ledger = Ledger(folder)
        ledger.counter("cancer", "rules").count(1e-5)
        begin = perf_counter()
        ledger.book(Entry("process", "cancer", "ask", 0.05))
        times.append((perf_counter() - begin) * 1e6)
    begin = perf_counter()
    Ledger(folder).summary()
    print(f"a command's append: {median(times):.0f} µs; ", end="")
    print(f"folding {rounds} of them and adding up: {(perf_counter() - begin) * 1e3:.1f} ms")


def main(arguments: Sequence[str]) -> None:
    """Print both."""
    answers = int(arguments[0]) if arguments else 4_000
    with tempfile.TemporaryDirectory() as folder:
        gc.disable()
        in_process(folder, answers)
        one_command(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
