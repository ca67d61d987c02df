"""The agenda: the activations of steps that hold now, in the order in which they would fire.

The conflict set is kept from event to event, in the manner of TREAT (Miranker, 1987): a new
version of a fact seeds the patterns of its type, an old one takes its activations along, and a
rule that reads the type inside `not`, `exists`, `forall`, `either` or an aggregate is matched
again. An activation that was not there before an event was completed by it, so its event is that
one; one that stays keeps its event, and does not fire twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any

from heuron.infer.changes import Change
from heuron.infer.memory import Memory, Row
from heuron.infer.step import Fired, Step, Taken, key_of
from heuron.infer.strategy import Strategy
from heuron.values import Value

__all__ = ["Agenda", "Waiting"]

Key = tuple[object, ...]


class Waiting:
    """An activation of a step: its rule, matched rows, other values, and its event."""

    __slots__ = ("event", "fired", "held", "key", "order", "rows", "rule", "step", "values")

    def __init__(
        self, step: Step, rows: tuple[Row, ...], values: tuple[Value, ...], key: Key
    ) -> None:
        self.step = step
        self.rule = step.rule
        self.rows = rows
        self.values = values
        self.key = key
        self.event = 0
        self.order: tuple[Any, ...] = ()
        self.fired = False
        self.held = True


class Agenda:
    """The conflict set with its order."""

    __slots__ = (
        "_by_number",
        "_by_rule",
        "_conflict",
        "_functions",
        "_heap",
        "_journal",
        "_memory",
        "_patterns",
        "_rules",
        "_steps",
        "_strategy",
        "_tick",
        "at",
    )

    def __init__(
        self,
        memory: Memory,
        steps: dict[int, Step],
        functions: dict[str, Callable[..., Any]],
        strategy: Strategy,
    ) -> None:
        self._memory = memory
        rules = [step.rule for step in steps.values()]
        self._rules = rules
        self._steps = steps
        self._functions = functions
        self._strategy = strategy
        self._conflict: dict[Key, Waiting] = {}
        self._by_number: dict[int, dict[Key, None]] = {}
        self._by_rule: dict[int, dict[Key, None]] = {rule["index"]: {} for rule in rules}
        self._heap: list[tuple[object, int, Waiting]] = []
        self._tick = 0
        self._patterns: dict[str, list[tuple[dict[str, Any], int]]] = {}
        for rule in rules:
            for place, type_name in enumerate(rule["patterns"]):
                self._patterns.setdefault(type_name, []).append((rule, place))
        self.at: int | None = None
        self._journal: list[tuple[bool, Waiting]] | None = None

    broken = None
    """A step whose search was stopped midway: none, since searches here are done at once."""

    @property
    def searching(self) -> int | None:
        """The index of the step that is being matched, or None."""
        return self.at

    def leave(self) -> None:
        """Forget which step was being matched."""
        self.at = None

    # What changes it.

    def begin(self) -> None:
        """Begin to keep what a firing does, for `undo`."""
        self._journal = []

    def commit(self) -> None:
        """Forget what `undo` would take back."""
        self._journal = None

    def start(self) -> None:
        """Match every step, for facts that are held before the first event."""
        for rule in self._rules:
            self._match_again(rule)

    def update(self, changes: Iterable[Change], fields: Iterable[tuple[str, str]] = ()) -> None:
        """Take in the changes that one event brought about, all with that event's number."""
        changes = tuple(changes)
        touched = {change[0] for change in changes}
        changed = set(fields)
        again = [
            rule
            for rule in self._rules
            if not touched.isdisjoint(rule["nested"]) or not changed.isdisjoint(rule["reads"])
        ]
        indexes = {rule["index"] for rule in again}
        for _, old, _ in changes:
            if old is not None:
                for key in tuple(self._by_number.get(old[0], ())):
                    waiting = self._conflict[key]
                    # Rules matched again find out for themselves what stays.
                    if waiting.rule["index"] not in indexes:
                        self._drop(waiting)
        for type_name, _, new in changes:
            if new is not None:
                for rule, place in self._patterns.get(type_name, ()):
                    if rule["index"] not in indexes:
                        self._seed(rule, place, new)
        for rule in again:
            self._match_again(rule)

    def _seed(self, rule: dict[str, Any], place: int, row: Row) -> None:
        self.at = rule["index"]
        found: list[tuple[tuple[Row, ...], tuple[Value, ...], float]] = []
        self._functions[f"m{self.at}_s{place}"](found.append, (row,))
        self.at = None
        for rows, values, _ in found:
            key = _key(rule, rows, values)
            if key not in self._conflict:
                self._add(Waiting(self._steps[rule["index"]], rows, values, key))

    def _match_again(self, rule: dict[str, Any]) -> None:
        self.at = index = rule["index"]
        found: list[tuple[tuple[Row, ...], tuple[Value, ...], float]] = []
        self._functions[f"m{index}"](found.append)
        self.at = None
        keys = {_key(rule, rows, values): (rows, values) for rows, values, _ in found}
        for key in [one for one in self._by_rule[index] if one not in keys]:
            self._drop(self._conflict[key])
        for key, (rows, values) in keys.items():
            if key not in self._conflict:
                self._add(Waiting(self._steps[rule["index"]], rows, values, key))

    def _add(self, waiting: Waiting) -> None:
        waiting.event = self._memory.event
        self._hold(waiting)
        self._push(waiting)
        if self._journal is not None:
            self._journal.append((True, waiting))

    def _hold(self, waiting: Waiting) -> None:
        waiting.held = True
        self._conflict[waiting.key] = waiting
        self._by_rule[waiting.rule["index"]][waiting.key] = None
        for row in waiting.rows:
            self._by_number.setdefault(row[0], {})[waiting.key] = None

    def _push(self, waiting: Waiting) -> None:
        self._tick += 1
        waiting.order = self._order(waiting)
        heappush(self._heap, (waiting.order, self._tick, waiting))

    def _drop(self, waiting: Waiting, undoing: bool = False) -> None:
        waiting.held = False
        del self._conflict[waiting.key]
        del self._by_rule[waiting.rule["index"]][waiting.key]
        for number in {row[0]: None for row in waiting.rows}:
            keys = self._by_number[number]
            del keys[waiting.key]
            if not keys:
                del self._by_number[number]
        if self._journal is not None and not undoing:
            self._journal.append((False, waiting))

    def _order(self, waiting: Waiting) -> tuple[Any, ...]:
        """Return the place on the agenda: salience, strategy, rule order, recency of the facts.

        Of the facts of one event the told one comes first, then derived ones in fact order.
        """
        rule = waiting.rule
        recency = [self._memory.newest(row) for row in waiting.rows]
        chosen = self._strategy(waiting.event, rule, waiting.rows)
        return (-rule["salience"], chosen, rule["index"], recency)

    # What fires.

    def first(self) -> Waiting | None:
        """Return the activation that fires next, or None at quiescence."""
        heap = self._heap
        while heap:
            waiting = heap[0][2]
            if waiting.held and not waiting.fired:
                return waiting
            heappop(heap)
        return None

    def next(self) -> Waiting | None:
        """Return the activation to fire, marked as fired, or None at quiescence."""
        waiting = self.first()
        if waiting is not None:
            waiting.fired = True
        return waiting

    def advance(self, firings: list[Fired], until: int) -> Taken | None:
        """Return the activation to fire, marked as fired, or None at quiescence."""
        waiting = self.next()
        return None if waiting is None else (waiting.step, (waiting.rows, waiting.values))

    def has_next(self) -> bool:
        """Return whether something can fire."""
        return self.first() is not None

    def waiting(self) -> list[Waiting]:
        """Return all activations that may fire, the next one first."""
        entries = [one for one in self._heap if one[2].held and not one[2].fired]
        entries.sort(key=lambda entry: entry[:2])
        return list({id(entry[2]): entry[2] for entry in entries}.values())

    def restore(self, ready: Iterable[tuple[int, int, tuple[Row, ...], tuple[Value, ...]]]) -> None:
        """Begin with facts of an earlier session: what is not ready has fired there.

        Args:
            ready: Index of the rule, event, matched rows and other values.
        """
        self.start()
        by_index = {rule["index"]: rule for rule in self._rules}
        events = {
            _key(by_index[index], rows, values): event
            for index, event, rows, values in ready
            if index in by_index
        }
        self._heap = []
        for waiting in self._conflict.values():
            waiting.fired = waiting.key not in events
            if not waiting.fired:
                waiting.event = events[waiting.key]
                self._push(waiting)

    def undo(self) -> None:
        """Take back everything in the journal, and end the journal."""
        journal = self._journal or []
        self._journal = None
        for added, waiting in reversed(journal):
            if added:
                self._drop(waiting, undoing=True)
            else:
                self._hold(waiting)
                if not waiting.fired:
                    self._push(waiting)


def _key(rule: dict[str, Any], rows: tuple[Row, ...], values: tuple[Value, ...]) -> Key:
    return (rule["index"], key_of(rows), values)
