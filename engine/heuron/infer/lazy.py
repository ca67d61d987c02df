"""The lazy agenda: steps are searched for when they are to fire, not when facts change.

Each event leaves, for every rule that it may complete, a cursor: generators around the facts that
are new with the event, and around those whose end may have unblocked a `not`. The cursors stand
in a heap by salience, event and rule; only the first is asked for its next activation. What is
never reached is never matched. Rules that cannot be searched so (see `plan.lazy`) stay with the
`Agenda`, and both are held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from heuron.infer.agenda import Agenda, Waiting
from heuron.infer.changes import Change
from heuron.infer.memory import Memory, Row
from heuron.infer.strategy import Strategy
from heuron.values import UNKNOWN, Value

__all__ = ["LazyAgenda"]

Found = tuple[tuple[Row, ...], tuple[Value, ...]]
Key = tuple[tuple[int, int], ...]
Order = list[tuple[int, Any]]


class _Cursor:
    """The activations that one event completed for one rule, found one at a time.

    `seeds` are (place, row) of new facts, `gone` (place of the `not`, row) of facts that ended.
    `heads` holds what each search found first and has not given out, with its place in order;
    `paused` is the search whose activation was given out last.
    """

    __slots__ = ("event", "gone", "heads", "paused", "rule", "seeds", "started")

    def __init__(self, rule: dict[str, Any], event: int) -> None:
        self.rule = rule
        self.event = event
        self.seeds: list[tuple[int, Row]] = []
        self.gone: list[tuple[int, Row]] = []
        self.heads: list[tuple[Order, Found, Iterator[Found] | None]] = []
        self.paused: Iterator[Found] | None = None
        self.started = False


class LazyAgenda:
    """All steps of a session, in the order in which they fire."""

    __slots__ = (
        "_eager",
        "_ending",
        "_functions",
        "_heap",
        "_memory",
        "_new",
        "_row",
        "_rules",
        "_seeding",
        "_woken",
        "at",
    )

    def __init__(
        self,
        memory: Memory,
        steps: list[dict[str, Any]],
        functions: dict[str, Callable[..., Any]],
        chosen: Strategy,
    ) -> None:
        lazy = [rule for rule in steps if rule["lazy"] is not None]
        self._memory = memory
        self._functions = functions
        eager = [rule for rule in steps if rule["lazy"] is None]
        self._eager = Agenda(memory, eager, functions, chosen) if eager else None
        self._heap: list[tuple[int, int, int, _Cursor]] = []
        # From a type to what its new rows may complete, and what its old rows may have blocked.
        self._seeding: dict[str, Callable[..., None]] = {}
        self._ending: dict[str, Callable[..., None]] = {}
        for number, type_name in enumerate(memory.shapes):
            if f"e{number}" in functions:
                self._seeding[type_name] = functions[f"e{number}"]
            if f"f{number}" in functions:
                self._ending[type_name] = functions[f"f{number}"]
        self._rules = {rule["index"]: rule for rule in lazy}
        self._woken: dict[int, dict[Key, int]] = {
            rule["index"]: {} for rule in lazy if rule["lazy"]
        }
        self._new: dict[int, _Cursor] = {}
        self._row: Row = ()
        self.at: int | None = None

    @property
    def journal(self) -> list[tuple[bool, Waiting]] | None:
        """What a firing has done to the part that is kept eagerly, for `undo`."""
        return None if self._eager is None else self._eager.journal

    @journal.setter
    def journal(self, journal: list[tuple[bool, Waiting]] | None) -> None:
        if self._eager is not None:
            self._eager.journal = journal

    # What changes it.

    def start(self) -> None:
        """Match the steps that are not searched lazily."""
        if self._eager is not None:
            self._eager.start()

    def restore(self, ready: Iterable[tuple[int, int, tuple[Row, ...], tuple[Value, ...]]]) -> None:
        """Begin with facts of an earlier session: what is not ready has fired there.

        Args:
            ready: Index of the rule, event, matched rows and other values.
        """
        ready = list(ready)
        if self._eager is not None:
            self._eager.restore(ready)
        cursors: dict[tuple[int, int], _Cursor] = {}
        for index, event, rows, values in ready:
            rule = self._rules.get(index)
            if rule is None:
                continue
            cursor = cursors.get((index, event))
            if cursor is None:
                cursor = cursors[index, event] = _Cursor(rule, event)
                cursor.started = True
                heappush(self._heap, (-rule["salience"], -event, index, cursor))
            cursor.heads.append((self._recency(rows), (rows, values), None))
        for cursor in cursors.values():
            cursor.heads.sort(key=lambda head: head[0])

    def update(self, changes: Iterable[Change], fields: Iterable[tuple[str, str]] = ()) -> None:
        """Take in the changes that one event brought about, all with that event's number."""
        changes = tuple(changes)
        if self._eager is not None:
            self._eager.update(changes, fields)
        self._new = {}
        for type_name, old, new in changes:
            if new is not None and type_name in self._seeding:
                self._row = new
                self._seeding[type_name](new, self._seed)
            if old is not None and type_name in self._ending:
                self._row = old
                self._ending[type_name](old, self._end)

    def _seed(self, index: int, place: int) -> None:
        self._cursor(index).seeds.append((place, self._row))

    def _end(self, index: int, place: int) -> None:
        self._cursor(index).gone.append((place, self._row))

    def _cursor(self, index: int) -> _Cursor:
        cursor = self._new.get(index)
        if cursor is None:
            rule, event = self._rules[index], self._memory.event
            cursor = self._new[index] = _Cursor(rule, event)
            heappush(self._heap, (-rule["salience"], -event, index, cursor))
        return cursor

    # What fires.

    def next(self) -> Waiting | None:
        """Return the activation to fire, or None at quiescence."""
        found = self._first()
        eager = None if self._eager is None else self._eager.first()
        eager_first = eager is not None and (found is None or eager.order[:3] < self._heap[0][:3])
        if eager_first and self._eager is not None:
            return self._eager.next()
        if found is None:
            return None
        cursor = self._heap[0][3]
        cursor.paused = cursor.heads.pop(0)[2]
        return self._waiting(cursor, found)

    def has_next(self) -> bool:
        """Return whether something can fire."""
        return self._first() is not None or (self._eager is not None and self._eager.has_next())

    def _waiting(self, cursor: _Cursor, found: Found) -> Waiting:
        waiting = Waiting(cursor.rule, found[0], found[1], ())
        waiting.event = cursor.event
        return waiting

    def _first(self) -> Found | None:
        """Return the activation that fires next among the lazy ones; its cursor is on top."""
        heap = self._heap
        while heap:
            cursor = heap[0][3]
            self.at = cursor.rule["index"]
            if not cursor.started:
                self._start(cursor)
                if len(cursor.heads) == 1:
                    # Found this moment: it holds.
                    return cursor.heads[0][1]
            found = self._head(cursor)
            if found is not None:
                return found
            heappop(heap)
        return None

    def _start(self, cursor: _Cursor) -> None:
        cursor.started = True
        index, functions = cursor.rule["index"], self._functions
        for place, row in cursor.seeds:
            search = functions[f"l{index}_s{place}"](cursor.event, (row,))
            self._pull(cursor, search)
        for place, row in cursor.gone:
            if UNKNOWN in row:
                # A fact with unknown fields may have blocked what no index finds.
                search = self._unblocked(cursor, place, row)
            else:
                search = functions[f"l{index}_w{place}"](cursor.event, (row,))
            self._pull(cursor, self._awakened(cursor, search))

    def _unblocked(self, cursor: _Cursor, place: int, old: Row) -> Iterator[Found]:
        index = cursor.rule["index"]
        found: list[tuple[tuple[Row, ...], tuple[Value, ...], float]] = []
        self._functions[f"m{index}"](found.append)
        may_block, still = self._functions[f"x{index}_{place}"], self._functions[f"v{index}"]
        ordered = [(rows, values) for rows, values, _ in found]
        ordered.sort(key=lambda one: self._recency(one[0]))
        for rows, values in ordered:
            is_older = all(row[1] < cursor.event for row in rows)
            if is_older and may_block(rows, values, old) and still(rows, values):
                yield rows, values

    def _awakened(self, cursor: _Cursor, search: Iterator[Found]) -> Iterator[Found]:
        """Yield what a search finds, each once a cursor, and remember that it was woken."""
        woken, event = self._woken[cursor.rule["index"]], cursor.event
        for found in search:
            key = _key(found)
            if woken.get(key, -1) < event:
                woken[key] = event
                yield found

    def _pull(self, cursor: _Cursor, search: Iterator[Found]) -> None:
        """Take the next activation of a search; pass over those that became complete later."""
        for found in search:
            if self._is_complete_later(cursor, found):
                continue
            several = len(cursor.seeds) + len(cursor.gone) > 1
            cursor.heads.append((self._recency(found[0]) if several else [], found, search))
            return

    def _is_complete_later(self, cursor: _Cursor, found: Found) -> bool:
        """Return whether an activation was blocked since, and belongs to what unblocked it."""
        woken = self._woken.get(cursor.rule["index"])
        return woken is not None and woken.get(_key(found), -1) > cursor.event

    def _recency(self, rows: tuple[Row, ...]) -> Order:
        newest = self._memory.newest
        return [newest(row) for row in rows]

    def _head(self, cursor: _Cursor) -> Found | None:
        """Return the activation that a cursor gives next, and bring it to the front."""
        heads = cursor.heads
        if cursor.paused is not None:
            search, cursor.paused = cursor.paused, None
            first = not heads
            self._pull(cursor, search)
            if first and heads:
                # Found this moment: it holds. What was found earlier may hold no longer.
                return heads[0][1]
        still = self._functions[f"v{cursor.rule['index']}"]
        while heads:
            if len(heads) > 1:
                heads.sort(key=lambda head: head[0])
            _, found, kept = heads[0]
            if still(*found) and not self._is_complete_later(cursor, found):
                return found
            heads.pop(0)
            if kept is not None:
                self._pull(cursor, kept)
        return None

    def waiting(self) -> list[Waiting]:
        """Return all activations that may fire, the next one first; searches everything."""
        listed: list[tuple[Any, Waiting]] = []
        for _, _, _, cursor in self._heap:
            self._exhaust(cursor)
        for salience, event, index, cursor in self._heap:
            still = self._functions[f"v{index}"]
            for order, found, _ in cursor.heads:
                if still(*found) and not self._is_complete_later(cursor, found):
                    listed.append(((salience, event, index, order), self._waiting(cursor, found)))
        if self._eager is not None:
            listed += [(one.order, one) for one in self._eager.waiting()]
        listed.sort(key=lambda one: one[0])
        return [waiting for _, waiting in listed]

    def _exhaust(self, cursor: _Cursor) -> None:
        """Let all searches of a cursor run to their ends; what they find waits its turn."""
        if not cursor.started:
            self._start(cursor)
        if cursor.paused is not None:
            search, cursor.paused = cursor.paused, None
            self._pull(cursor, search)
        heads: list[tuple[Order, Found, Iterator[Found] | None]] = []
        for _, first, kept in cursor.heads:
            heads.append((self._recency(first[0]), first, None))
            for found in kept or ():
                if not self._is_complete_later(cursor, found):
                    heads.append((self._recency(found[0]), found, None))
        heads.sort(key=lambda head: head[0])
        cursor.heads = heads

    def undo(self) -> None:
        """Forget the events that were taken back, and end the journal."""
        if self._eager is not None:
            self._eager.undo()
        event = self._memory.event
        self._heap = [entry for entry in self._heap if entry[3].event <= event]
        heapify(self._heap)
        for woken in self._woken.values():
            for key in [key for key, at in woken.items() if at > event]:
                del woken[key]


def _key(found: Found) -> Key:
    return tuple([(row[0], row[1]) for row in found[0]])
