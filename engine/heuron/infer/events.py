"""What happens in a run, for whoever listens; it costs nothing when nobody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heuron.answer import Firing
from heuron.values import Fact, Value

__all__ = ["Event", "Listener"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `kind` is `fired` (a step, in `firing`), `asserted`, `modified`, `retracted` or `derived` (a
    fact, in `fact`: as it is after the event, or as it was when it went), or `concluded` (the
    field `field` of `fact` has other values than before: those in `values`, each with its
    certainty, best first; empty when nothing is concluded any more).

    `number` is the number of the assert, modify or retract that it belongs to, shared by
    everything that is derived and concluded after it.
    """

    kind: str
    number: int
    fact: Fact | None = None
    firing: Firing | None = None
    field: str | None = None
    values: tuple[tuple[Value, float], ...] = ()


Listener = Callable[[Event], object]
