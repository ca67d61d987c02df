"""What the ledger costs: an answer in process, and a command.

    python -m benchmarks.ledger [ANSWERS]

In process, one dispatcher answers with and without its ledger in turn, in processor time, collector
off: the median of the differences. Beside it stand the parts: counting by a call against an empty
one, and reading the thread's clock, which one answer in 64 does twice. For a command, the append to
the spool is timed in a folder of its own.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time, thread_time

import heuron
from heuron.dispatch import Dispatcher
from heuron.ledger import Entry, Ledger

QUESTION = {"worst_radius": 20.1, "worst_concave_points": 0.19, "worst_texture": 25.0}


def microseconds(act: Callable[[], object], times: int) -> float:
    """Return what one call takes, the loop included."""
    begin = process_time()
    for _ in range(times):
        act()
    return (process_time() - begin) / times * 1e6


def in_process(folder: str, answers: int, rounds: int = 200) -> None:
    """Print what counting adds to an answer."""
    kb = heuron.load("cancer")
    ledger = Ledger(folder)
    dispatcher = Dispatcher(kb, ledger=ledger)
    counter = ledger.counter("cancer", "rules")
    taken: dict[Ledger | None, list[float]] = {None: [], ledger: []}
    for at in range(rounds):
        for one in (None, ledger) if at % 2 else (ledger, None):
            # The same object: another one's place in memory costs more than counting.
            dispatcher._ledger = one
            dispatcher._timing = False
            taken[one].append(
                microseconds(lambda: dispatcher.ask(QUESTION, via="rules"), answers // 4)
            )
    added = [with_it - without for without, with_it in zip(*taken.values(), strict=True)]
    empty = min(microseconds(lambda: None, answers * 5) for _ in range(20))
    count = min(microseconds(lambda: counter.count(1e-6), answers * 5) for _ in range(20))
    clock = min(microseconds(thread_time, answers) for _ in range(20))
    print(f"an answer by rules: {min(taken[None]):.2f} µs; counted {median(added):+.3f} µs")
    print(f"counting by a call {count - empty:.3f} µs; the clock twice in 64 {clock / 32:.3f} µs")


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
