"""What listeners are told, and when: after a change stands, with everything that follows from it.

Nothing here is asked for, made or kept as long as nobody listens. What happens in one firing, or
in one change by the host, is told together when it is done; of what is taken back nobody hears.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from heuron.answer import Firing
from heuron.infer.changes import Change
from heuron.infer.concluding import Fields, Key
from heuron.infer.events import Event, Listener
from heuron.infer.memory import HEAD, Memory
from heuron.values import Fact, Value

__all__ = ["Telling"]

Held = tuple[tuple[Value, float], ...]


class Telling:
    """The listeners of a session, and the events that they are still to hear."""

    __slots__ = ("_concluded", "_held", "_memory", "_news", "is_telling", "listeners")

    def __init__(self, memory: Memory, concluded: Iterable[Key]) -> None:
        self._memory = memory
        self._concluded = tuple(concluded)
        # What was told of concluded fields so far: only what differs is news.
        self._held: dict[Key, dict[int, Held]] = {}
        self._news: deque[Event] = deque()
        self.listeners: list[Listener] = []
        self.is_telling = False

    def add(self, listener: Listener) -> None:
        """Let a listener hear of everything from now on."""
        if not self.listeners:
            self._held = {key: dict(self._memory.settled(*key).held) for key in self._concluded}
        self.listeners.append(listener)

    # What is news.

    def changed(self, changes: Iterable[Change]) -> None:
        """Keep the events of changes of facts."""
        for type_name, old, new in changes:
            kind = "modified" if old and new else "retracted" if old else "asserted"
            row = new or old
            assert row is not None
            if kind == "asserted" and row[0] not in self._memory.told:
                kind = "derived"
            names = self._memory.shapes[type_name].given
            fact = Fact(type_name, row[HEAD:], row[0], row[1], names)
            self._news.append(Event(kind, self._memory.event, fact))

    def concluded(self, fields: Fields) -> None:
        """Keep the events of concluded fields that now hold other values."""
        for key in self._concluded:
            known, held = self._held[key], self._memory.settled(*key).held
            for number in sorted(fields.get(key, ())):
                values = held.get(number, ())
                if number not in self._memory.types:
                    known.pop(number, None)
                elif values != known.get(number, ()):
                    known[number] = values
                    fact = self._memory.fact(number)
                    event = self._memory.event
                    self._news.append(Event("concluded", event, fact, None, key[1], values))

    def fired(self, firing: Firing) -> None:
        """Keep the event of a firing."""
        self._news.append(Event("fired", self._memory.event, None, firing))

    # When it is told.

    @property
    def count(self) -> int:
        """How many events are still to be heard."""
        return len(self._news)

    def drop(self, count: int) -> None:
        """Forget all events but the first ones: the others did not come to stand."""
        while len(self._news) > count:
            self._news.pop()

    def tell(self) -> None:
        """Tell all listeners what is news, in order; what they change is told after it."""
        if self.is_telling:
            return
        self.is_telling = True
        try:
            while self._news:
                event = self._news.popleft()
                for listener in self.listeners:
                    listener(event)
        finally:
            self.is_telling = False
