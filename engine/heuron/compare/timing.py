"""How long one question to each backend takes: the median of single questions, and its spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from heuron.answer import Answer
from heuron.knowledge.evidence import Evidence
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.dispatch.backend import Model

__all__ = ["Single", "time_singles"]

TIMED: Final = 200
"""So many single questions are timed; their median is what one answer takes."""


class Single(NamedTuple):
    """Microseconds of a single question: the median, and the quartiles around it."""

    median: float
    low: float
    high: float


def time_singles(
    dispatcher: Dispatcher,
    raw: Sequence[dict[str, Value]],
    given: Sequence[Evidence],
    models: Mapping[str, Model],
) -> dict[str, Single]:
    """Return what one question to each backend takes; nothing without rows.

    Args:
        dispatcher: Asks the rules and whom the policy chooses.
        raw: The rows as a user would give them.
        given: The same rows, checked.
        models: The models by name.
    """
    if not raw:
        return {}
    asked = [raw[at % len(raw)] for at in range(TIMED)]
    records = [given[at % len(raw)].record for at in range(TIMED)]
    times = {
        "rules": _single(dispatcher.kb.ask, asked),
        "dispatch": _single(dispatcher.ask, asked),
    }
    if dispatcher.kb.calls_models:

        def ask_all(row: Mapping[str, object]) -> Answer:
            return dispatcher.ask(row, "rules")

        times["rules+models"] = _single(ask_all, asked)
    for name, model in models.items():
        times[f"model:{name}"] = _single(model.predict, records)
    return times


def _single(ask: Callable[[dict[str, Value]], object], rows: Sequence[dict[str, Value]]) -> Single:
    times = []
    for row in rows:
        start = perf_counter()
        ask(row)
        times.append(1e6 * (perf_counter() - start))
    low, middle, high = quantiles(times, n=4)
    return Single(middle, low, high)
