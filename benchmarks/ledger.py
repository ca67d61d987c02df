"""What the ledger costs: an answer in process, and a command.

    python -m benchmarks.ledger [ANSWERS]

In process, dispatchers with and without a ledger answer in turn, in processor time, collector off:
the median of the differences. A rules' answer is so much longer than its counting that the noise
hides it, so the same is measured with dispatchers that give one answer again and again, where
little but their own work is left. Beside it stand the parts: the step that counts, which a
dispatcher without a ledger takes as well, and the thread's clock, which one answer in 64 reads
twice. For a command, the append to the spool is timed in a folder of its own.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import perf_counter, process_time, thread_time

import heuron
from heuron.answer import Answer
from heuron.dispatch import Dispatcher
from heuron.dispatch.consultation import Consultation
from heuron.ledger import Entry, Ledger

QUESTION = {"worst_radius": 20.1, "worst_concave_points": 0.19, "worst_texture": 25.0}


def microseconds(act: Callable[[], object], times: int) -> float:
    """Return what one call takes, the loop included."""
    begin = process_time()
    for _ in range(times):
        act()
    return (process_time() - begin) / times * 1e6


class Again(Dispatcher):
    """A dispatcher that gives one answer again and again: what is left is its own work."""

    def __init__(self, kb: heuron.KnowledgeBase) -> None:
        super().__init__(kb)
        plain = Dispatcher(kb)
        self.asked = plain.consult(QUESTION)
        self.answer = plain.ask(QUESTION, via="rules")

    def consult(self, evidence: object, today: object = None) -> Consultation:
        """Return the same consultation."""
        return self.asked

    def _via(self, asked: Consultation, via: str, strict: bool) -> Answer:
        asked.taken = via
        return self.answer


def added(dispatcher: Dispatcher, ledger: Ledger, answers: int, rounds: int) -> tuple[float, ...]:
    """Return what an answer takes without a ledger, and quartiles of what it takes longer."""
    taken: dict[Ledger | None, list[float]] = {None: [], ledger: []}
    for at in range(rounds):
        for one in (None, ledger) if at % 2 else (ledger, None):
            # The same object: another one's place in memory costs more than counting.
            dispatcher._ledger, dispatcher._timing = one, False
            dispatcher._left.clear()
            taken[one].append(microseconds(lambda: dispatcher.ask(QUESTION, via="rules"), answers))
    differences = [b - a for a, b in zip(*taken.values(), strict=True)]
    return min(taken[None]), *quantiles(differences, n=4)


def in_process(folder: str, answers: int) -> None:
    """Print what counting adds to an answer."""
    kb = heuron.load("cancer")
    for title, dispatcher, rounds in (
        ("an answer by rules", Dispatcher(kb), 400),
        ("a dispatcher's own work", Again(kb), 400),
    ):
        found = added(dispatcher, Ledger(folder), answers, rounds)
        print("{}: {:.2f} µs; counted {:+.3f}, {:+.3f}, {:+.3f}".format(title, *found))
    counter = Ledger(folder).counter("cancer", "rules")

    def step() -> None:
        for _ in counter.left:
            break
        else:
            counter.turn()

    empty = min(microseconds(lambda: None, answers * 5) for _ in range(20))
    count = min(microseconds(step, answers * 5) for _ in range(20))
    clock = min(microseconds(thread_time, answers) for _ in range(20))
    print(f"the step that counts {count - empty:.3f} µs; the clock twice in 64 {clock / 32:.3f} µs")


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
    answers = int(arguments[0]) if arguments else 1_000
    with tempfile.TemporaryDirectory() as folder:
        gc.disable()
        in_process(folder, answers)
        one_command(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
