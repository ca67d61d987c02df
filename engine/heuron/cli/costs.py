"""What commands write into the ledger beside the answers that a dispatcher counts itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from time import process_time, thread_time
from typing import TYPE_CHECKING

from heuron.ledger import Entry

if TYPE_CHECKING:
    from heuron.answer import Answer
    from heuron.ledger import Counter, Ledger

__all__ = ["book_command", "counted", "evaluated", "explaining"]

Ask = Callable[[Mapping[str, object]], "Answer"]


def counted(ask: Ask, counter: Counter) -> Ask:
    """Return `ask`, each of whose answers is counted."""

    def ask_and_count(given: Mapping[str, object]) -> Answer:
        began = thread_time()
        answer = ask(given)
        counter.count(thread_time() - began)
        return answer

    return ask_and_count


@contextlib.contextmanager
def explaining(ledger: Ledger, domain: str, answer: Answer, is_wanted: bool) -> Iterator[None]:
    """Note what is spent on an answer's explanation, if one is wanted."""
    began = thread_time()
    yield
    if is_wanted:
        seconds = thread_time() - began
        ledger.note(Entry("explain", domain, answer.backend or "rules", seconds))


@contextlib.contextmanager
def evaluated(domain: str, rows: int) -> Iterator[None]:
    """Book a comparison: its answers are given to nobody, so they have a sum of their own."""
    from heuron.cli.opening import open_ledger

    began = process_time()
    yield
    open_ledger().book(Entry("evaluation", domain, "compare", process_time() - began, rows=rows))


def book_command(ledger: Ledger, domain: str, command: str) -> None:
    """Write down, in one go, what a command has counted and what its whole process has cost."""
    ledger.book(Entry("process", domain, command, process_time()))
