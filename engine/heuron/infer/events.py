"""What happens in a run, for whoever listens; it costs nothing when nobody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heuron.answer import Firing
from heuron.values import Fact

__all__ = ["Event", "Listener"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `kind` is fired, asserted, modified, retracted or derived.

    `number` is the event's number, shared by the facts that are derived after it; `fact` is the
    fact as it is after the event (as it was before, when it went); `firing` belongs to fired.
    """

    kind: str
    number: int
    fact: Fact | None = None
    firing: Firing | None = None


Listener = Callable[[Event], None]
