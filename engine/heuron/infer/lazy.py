"""The lazy agenda: steps are searched for when they are to fire, not when facts change.

Each event leaves the searches that its gates let through (`plan.gates`): around the facts that are
new with the event, and around those whose end may have unblocked a `not`. They stand in a stack
for each salience, the newest event on top; only the topmost is asked for its next activation. What
is never reached is never matched. Rules that cannot be searched so (see `plan.lazy`) stay with the
`Agenda`, and both are held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, Final

from heuron.infer.agenda import Agenda, Waiting
from heuron.infer.changes import Change, Refused
from heuron.infer.host import HostFailed
from heuron.infer.memory import Memory, Row
from heuron.infer.reaction import Reaction, Start
from heuron.infer.step import NO_TEXTS, Fired, Found, Step, Taken, key_of
from heuron.infer.strategy import Strategy
from heuron.values import UNKNOWN, Value

__all__ = ["LazyAgenda"]

INDEX: Final = itemgetter(0)

Entry = tuple[int, Step, Any, Any]
"""An event, a rule, and its search: (row, generator function), or (generator, None) once begun."""


class LazyAgenda:
    """All steps of a session, in the order in which they fire."""

    __slots__ = (
        "_eager",
        "_ending",
        "_functions",
        "_memory",
        "_peeked",
        "_reaction",
        "_ready",
        "_seeding",
        "_stacks",
        "_steps",
        "at",
        "broken",
    )

    def __init__(
        self,
        memory: Memory,
        steps: dict[int, Step],
        functions: dict[str, Callable[..., Any]],
        chosen: Strategy,
        reaction: Reaction,
    ) -> None:
        self._memory = memory
        self._functions = functions
        self._reaction = reaction
        self._ready: list[Start] = reaction.ready
        eager = {index: step for index, step in steps.items() if step.rule["lazy"] is None}
        self._eager = Agenda(memory, eager, functions, chosen) if eager else None
        self._steps = {index: step for index, step in steps.items() if index not in eager}
        # INVARIANT: in each stack the events rise, and of one event the rules fall.
        stacks: dict[int, list[Entry]] = {}
        for step in self._steps.values():
            step.stack = stacks.setdefault(-step.rule["salience"], step.stack)
        self._stacks = tuple(stacks[level] for level in sorted(stacks))
        # From a type to what its new rows may complete, and what its old rows may have blocked.
        self._seeding: dict[str, Callable[[Row], None]] = {}
        self._ending: dict[str, Callable[[Row], None]] = {}
        for number, type_name in enumerate(memory.shapes):
            if f"e{number}" in functions:
                self._seeding[type_name] = functions[f"e{number}"]
            if f"f{number}" in functions:
                self._ending[type_name] = functions[f"f{number}"]
        # Searches whose next activation was looked at, and not taken.
        self._peeked: dict[Iterator[Found], Found] = {}
        self.at: int | None = None
        # The step whose search was stopped midway: what it had still to find is lost.
        self.broken: int | None = None

    @property
    def searching(self) -> int | None:
        """The index of the step that is being matched or fired, as far as it is known."""
        eager = None if self._eager is None else self._eager.searching
        return self.at if eager is None else eager

    def pending(self, name: str) -> list[Row]:
        """Return the rows around which a search, by its name, is still to be begun."""
        entries = [entry for stack in self._stacks for entry in stack]
        return [row for _, _, row, start in entries if getattr(start, "__name__", None) == name]

    def leave(self) -> None:
        """Forget which step was at work."""
        self.at = None
        if self._eager is not None:
            self._eager.leave()

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
        listed: dict[tuple[int, int], list[Found]] = {}
        for index, event, rows, values in ready:
            if index in self._steps:
                listed.setdefault((event, -index), []).append((rows, values))
        for (event, index), found in sorted(listed.items(), key=lambda one: one[0]):
            step = self._steps[-index]
            found.sort(key=lambda one: self._recency(one[0]))
            step.stack.append((event, step, _standing(step, found), None))

    def begin(self) -> None:
        """Begin to keep what a firing does to the part that is kept eagerly, for `undo`."""
        if self._eager is not None:
            self._eager.begin()

    def commit(self) -> None:
        """Forget what `undo` would take back."""
        if self._eager is not None:
            self._eager.commit()

    def undo(self) -> None:
        """Forget the events that were taken back."""
        if self._eager is not None:
            self._eager.undo()
        self._ready.clear()
        event = self._memory.event
        for stack in self._stacks:
            while stack and stack[-1][0] > event:
                _, _, search, start = stack.pop()
                if start is None:
                    self._peeked.pop(search, None)
        for step in self._steps.values():
            for key in [key for key, at in step.woken.items() if at > event]:
                del step.woken[key]

    def update(self, changes: Iterable[Change], fields: Iterable[tuple[str, str]] = ()) -> None:
        """Take in the changes that one event brought about, all with that event's number."""
        changes = tuple(changes)
        if self._eager is not None:
            self._eager.update(changes, fields)
        for type_name, old, new in changes:
            if new is not None and type_name in self._seeding:
                self._seeding[type_name](new)
            if old is not None and type_name in self._ending:
                self._ending[type_name](old)
        if self._ready:
            self.enter()

    def note_of(self, type_name: str) -> Callable[[Row], None] | None:
        """Return what takes in new facts of a type that lazy searches read alone, if any."""
        seed, ready, enter = self._seeding.get(type_name), self._ready, self.enter
        if seed is None:
            return None

        def note(row: Row) -> None:
            seed(row)
            if ready:
                enter()

        return note

    def enter(self) -> None:
        """Take in the searches that the present event starts."""
        ready, event = self._ready, self._memory.event
        if len(ready) == 1:
            _, step, search, row = ready.pop()
            step.stack.append((event, step, row, search))
            return
        ready.sort(key=INDEX, reverse=True)
        last, some = -1, list[Start]()
        for start in ready:
            index, step, search, row = start
            if index != last:
                some = [start]
                step.stack.append((event, step, row, search))
            else:
                some.append(start)
                step.stack[-1] = (event, step, step, self._merging(some))
            last = index
        ready.clear()

    # Searches.

    def _merging(self, starts: list[Start]) -> Callable[[int, Step], Iterator[Found]]:
        """Return one search for several of one rule and event, in the order of their rows."""

        def merged(event: int, step: Step) -> Iterator[Found]:
            searches = [search(event, row, False) for _, _, search, row in starts]
            heads = [(found, one) for one in searches if (found := next(one, None)) is not None]
            assert step.still is not None
            while heads:
                heads.sort(key=lambda head: self._recency(head[0][0]))
                found, search = heads.pop(0)
                if step.still(*found):
                    yield found
                following = next(search, None)
                if following is not None:
                    heads.append((following, search))

        return merged

    def awakened(self, index: int, place: int, event: int, row: Row) -> Iterator[Found]:
        """Find what the end of a row unblocks that stood in a rule's `not`, each once an event."""
        if UNKNOWN in row:
            # A fact with unknown fields may have blocked what no index finds.
            search = self._unblocked(index, place, event, row)
        else:
            search = self._functions[f"l{index}_w{place}"](event, row)
        woken = self._steps[index].woken
        for found in search:
            key = key_of(found[0])
            if woken.get(key, -1) < event:
                woken[key] = event
                yield found

    def _unblocked(self, index: int, place: int, event: int, old: Row) -> Iterator[Found]:
        found: list[tuple[tuple[Row, ...], tuple[Value, ...], float]] = []
        self._functions[f"m{index}"](found.append)
        may_block, still = self._functions[f"x{index}_{place}"], self._functions[f"v{index}"]
        ordered = [(rows, values) for rows, values, _ in found]
        ordered.sort(key=lambda one: self._recency(one[0]))
        for rows, values in ordered:
            is_older = all(row[1] < event for row in rows)
            if is_older and may_block(rows, values, old) and still(rows, values):
                yield rows, values

    def _recency(self, rows: tuple[Row, ...]) -> list[tuple[int, Any]]:
        newest = self._memory.newest
        return [newest(row) for row in rows]

    # What fires.

    def advance(self, firings: list[Fired], until: int) -> Taken | None:
        """Fire plain steps until there are `until` firings; return the first of another kind.

        What is returned has been taken, and is to be fired by the caller. None: nothing can fire,
        or there are so many firings.

        Raises:
            Refused: A plain step's values were refused; nothing has changed.
        """
        try:
            if self._eager is not None:
                return self._take_of_both(self._eager)
            reaction = self._reaction
            reaction.fires = not reaction.follows_all
            reaction.fired, reaction.until = firings, until
            return self._advance(firings, until)
        except (Refused, HostFailed):
            raise
        except BaseException:
            self.broken = self.at
            raise
        finally:
            self._reaction.fires = False

    def _advance(self, firings: list[Fired], until: int) -> Taken | None:
        stacks, peeked, plain = self._stacks, self._peeked, not self._reaction.follows_all
        while len(firings) < until:
            for stack in stacks:
                if stack:
                    break
            else:
                # Nothing waits that could belong to a later event.
                for step in self._steps.values():
                    step.woken.clear()
                return None
            event, step, search, start = stack[-1]
            self.at = step.index
            if start is not None:
                search = start(event, search)
                stack[-1] = (event, step, search, None)
                found = next(search, None)
            else:
                found = self._looked_at(step, search) if peeked else next(search, None)
            if not found:
                # A search is over, or has fired what it found.
                if found is None:
                    stack.pop()
                continue
            rows, values = found
            if step.woken and step.woken.get(key_of(rows), -1) > event:
                # It was blocked since, and belongs to what unblocked it.
                continue
            if not (plain and step.is_plain):
                return step, found
            try:
                firings.append((step, rows, values, step.act(rows, values), NO_TEXTS))
            except (Refused, HostFailed) as problem:
                problem.by = step, found
                raise
        return None

    def _looked_at(self, step: Step, search: Iterator[Found]) -> Found | None:
        """Return the next activation of a search, which may have been found earlier."""
        found = self._peeked.pop(search, None)
        assert step.still is not None
        return found if found is not None and step.still(*found) else next(search, None)

    def _take_of_both(self, eager: Agenda) -> Taken | None:
        first, entry = eager.first(), self._peek()
        if first is None and entry is None:
            return None
        if first is None or (entry is not None and self._key(entry) < first.order[:3]):
            assert entry is not None
            return entry[1], self._peeked.pop(entry[2])
        eager.next()
        return first.step, (first.rows, first.values)

    def _key(self, entry: Entry) -> tuple[int, int, int]:
        return (-entry[1].rule["salience"], -entry[0], entry[1].index)

    def _peek(self) -> Entry | None:
        """Return the entry whose activation fires next, which is then in `_peeked`."""
        for stack in self._stacks:
            while stack:
                event, step, search, start = stack[-1]
                self.at = step.index
                if start is not None:
                    search = start(event, search)
                    stack[-1] = (event, step, search, None)
                found = self._looked_at(step, search)
                if found is None:
                    stack.pop()
                elif step.woken.get(key_of(found[0]), -1) <= event:
                    self._peeked[search] = found
                    return stack[-1]
        return None

    def has_next(self) -> bool:
        """Return whether something can fire."""
        try:
            found = self._peek()
        except BaseException:
            self.broken = self.at
            raise
        return found is not None or (self._eager is not None and self._eager.has_next())

    def waiting(self) -> list[Waiting]:
        """Return all activations that may fire, the next one first; searches everything."""
        listed: list[tuple[Any, Waiting]] = []
        entries = [(stack, at) for stack in self._stacks for at in range(len(stack))]
        try:
            found = [self._exhausted(stack, at) for stack, at in entries]
        except BaseException:
            self.broken = self.at
            raise
        for (stack, at), some in zip(entries, found, strict=True):
            event, step = stack[at][:2]
            assert step.still is not None
            for rows, values in some:
                if step.still(rows, values) and step.woken.get(key_of(rows), -1) <= event:
                    waiting = Waiting(step, rows, values, ())
                    waiting.event = event
                    listed.append(((*self._key(stack[at]), self._recency(rows)), waiting))
        if self._eager is not None:
            listed += [(one.order, one) for one in self._eager.waiting()]
        listed.sort(key=lambda one: one[0])
        return [waiting for _, waiting in listed]

    def _exhausted(self, stack: list[Entry], at: int) -> list[Found]:
        """Let a search run to its end; what it finds waits its turn, and is returned."""
        event, step, search, start = stack[at]
        self.at = step.index
        if start is not None:
            search = start(event, search)
        first = self._peeked.pop(search, None)
        found = [] if first is None else [first]
        found += search
        stack[at] = (event, step, _standing(step, found), None)
        return found


def _standing(step: Step, listed: list[Found]) -> Iterator[Found]:
    """Yield what was found earlier, as far as it still holds when its turn comes."""
    assert step.still is not None
    for found in listed:
        if step.still(*found):
            yield found
