"""experta's matcher and agenda beside a working memory, which they follow change by change.

A test that fails inside the matcher leaves its network half told. Then memory is as it was before
the change, and the network is made anew of the facts that are held; of what it finds only what
was still to fire stays on the agenda.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from heuron.infer.experta.network import Network, identity
from heuron.infer.memory import Memory

__all__ = ["Matching"]


class Matching:
    """What may fire, as experta sees it."""

    __slots__ = ("_engine", "_held", "_network", "_owner", "_waiting", "is_busy")

    def __init__(self, network: Network, owner: Any) -> None:
        self._network = network
        self._owner = owner
        self._held: dict[int, Any] = {}
        self._engine = self._begun()
        self._waiting: set[object] | None = None
        # While tests are asked, which may be functions of the host.
        self.is_busy = False

    def _begun(self) -> Any:
        engine = self._network.engine()
        engine.heuron = self._owner
        engine.reset()
        return engine

    def follow(self, memory: Memory, numbers: Iterable[int]) -> None:
        """Take in what memory now holds under these numbers; or stay as before.

        Raises:
            RuleError: A function of the host failed in a test.
        """
        engine = self.engine()
        before: dict[int, Any] = {}
        rows = {}
        for number in dict.fromkeys(numbers):
            fact = memory.fact(number) if number in memory.types else None
            held = self._held.get(number)
            new = None if fact is None else self._network.fact(fact)
            if held is None and new is None:
                continue
            before[number] = held
            if fact is not None:
                rows[number] = (fact.event, new)
        # Nothing is matched before all is told: what is under way counts as one change.
        running, engine.running = engine.running, True
        try:
            for number, old in before.items():
                if old is not None:
                    engine.retract(self._held.pop(number))
            for number in sorted(rows, key=lambda one: (rows[one][0], one)):
                self._held[number] = engine.declare(rows[number][1])
            self._match(engine)
        except BaseException:
            for number, old in before.items():
                self._held.pop(number, None)
                if old is not None:
                    self._held[number] = old
            self._waiting = {identity(one) for one in engine.agenda.activations}
            raise
        finally:
            engine.running = running

    def _match(self, engine: Any) -> None:
        self.is_busy = True
        try:
            added, removed = engine.get_activations()
        finally:
            self.is_busy = False
        engine.strategy.update_agenda(engine.agenda, added, removed)

    def engine(self) -> Any:
        """Return experta's engine, made anew where a failure broke the last one.

        Raises:
            RuleError: A function of the host fails for facts that are held.
        """
        if self._waiting is not None:
            engine, held = self._begun(), {}
            engine.running = True
            # In the order in which they were told, which decides what is the newest.
            for number in sorted(self._held, key=lambda one: self._held[one].__factid__):
                held[number] = engine.declare(self._held[number].copy())
            self._match(engine)
            found = engine.agenda.activations
            found[:] = [one for one in found if identity(one) in self._waiting]
            engine.running = self._engine.running
            self._engine, self._held, self._waiting = engine, held, None
        return self._engine

    def fire(self) -> None:
        """Let the first activation fire, if there is one."""
        engine = self.engine()
        try:
            engine.run(1)
        finally:
            engine.running = False

    def activations(self) -> list[Any]:
        """Return what may fire, the next one first."""
        return list(reversed(self.engine().agenda.activations))
