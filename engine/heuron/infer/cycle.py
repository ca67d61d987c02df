"""The recognise-act cycle: definitions to their fixpoint, then one step, until quiescence.

Each assert, modify and retract is an event with a number. After it the definitions are brought
to their fixpoint, facts derived by then share its number, and the agenda takes in what changed.
A firing whose actions cannot all be carried out leaves everything as it was before.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from heuron.answer import Firing
from heuron.diagnostics import Diagnostic, HeuronError, LimitError, RuleError, Severity, Span
from heuron.infer.agenda import Agenda, Waiting
from heuron.infer.changes import Change, Refused, assert_fact, modify_fact, retract_fact
from heuron.infer.events import Event, Listener
from heuron.infer.lazy import LazyAgenda
from heuron.infer.limits import Budget, LimitReached, limit_error
from heuron.infer.memory import HEAD, Memory
from heuron.infer.truth import Truth
from heuron.values import Fact, Value, show

__all__ = ["Cycle", "collector_off"]

CONCLUDE, DERIVE, ASSERT, MODIFY, RETRACT, HALT = range(6)
RECENT = 40
"""How many of the last firings are looked at to say which rules were going round."""


Fired = tuple[Waiting, list[int], list[int], str | None, tuple[str, ...]]
"""A firing while a run goes on: activation, numbers asserted and retracted, reason, log lines."""


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep the cyclic garbage collector out of a run, and restore it, also after an error.

    Rows and activations are tuples without cycles: there is nothing for it to find, and looking
    costs up to two thirds of a run. The limit on facts bounds what could pile up.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Cycle:
    """Runs the steps of one session over its memory, truth and agenda."""

    __slots__ = (
        "_agenda",
        "_budget",
        "_functions",
        "_listeners",
        "_memory",
        "_recent",
        "_truth",
        "asserted_by",
        "halted",
        "logs",
    )

    def __init__(
        self,
        memory: Memory,
        truth: Truth,
        agenda: Agenda | LazyAgenda | None,
        functions: Mapping[str, Callable[..., Any]],
        budget: Budget,
        listeners: list[Listener],
    ) -> None:
        self._memory = memory
        self._truth = truth
        self._agenda = agenda
        self._functions = functions
        self._budget = budget
        self._listeners = listeners
        self._recent: deque[Waiting] = deque(maxlen=RECENT)
        self.halted = False
        self.logs: list[str] = []
        self.asserted_by: dict[int, str] = {}

    def take_in(self, changes: list[Change]) -> None:
        """Let definitions and agenda follow the changes of one event."""
        may_wait = self._agenda is None and not self._listeners
        derived, fields = self._truth.update(changes, may_wait)
        if self._agenda is not None:
            # One update for both: between an event and its definitions nothing is observed.
            self._agenda.update([*changes, *derived], fields)
        if self._listeners:
            for type_name, old, new in (*changes, *derived):
                self._announce(type_name, old, new)

    def _announce(self, type_name: str, old: Any, new: Any) -> None:
        kind = "modified" if old and new else "retracted" if old else "asserted"
        row = new or old
        shape = self._memory.shapes[type_name]
        if kind == "asserted" and row[0] not in self._memory.told:
            kind = "derived"
        fact = Fact(type_name, dict(zip(shape.given, row[HEAD:], strict=True)), row[0], row[1])
        self.tell(Event(kind, self._memory.event, fact))

    def tell(self, event: Event) -> None:
        """Tell all listeners of an event."""
        for listener in self._listeners:
            listener(event)

    def step(self) -> Fired | None:
        """Fire the next activation; return what happened, or None at quiescence or after `halt`."""
        if self.halted or self._agenda is None:
            return None
        waiting = self._agenda.next()
        if waiting is None:
            return None
        self._recent.append(waiting)
        return self._fire(waiting)

    def run(self, limit: int | None) -> list[Fired]:
        """Fire until quiescence, `halt`, or `limit` firings."""
        firings: list[Fired] = []
        most = self._budget.limits.firings
        while limit is None or len(firings) < limit:
            if len(firings) >= most and self._agenda is not None and self._agenda.has_next():
                raise LimitReached(f"{most:,} firings")
            if len(firings) % 256 == 0:
                self._budget.look_at_clock()
            fired = self.step()
            if fired is None:
                break
            firings.append(fired)
        return firings

    # One firing.

    def _fire(self, waiting: Waiting) -> Fired:
        memory, agenda, index = self._memory, self._agenda, waiting.rule["index"]
        assert agenda is not None
        memory.journal, agenda.journal = [], []
        before = (memory.event, memory.next_number)
        try:
            # The values of all actions are those of the moment of firing.
            effects = self._functions[f"a{index}"](waiting.rows, waiting.values)
            because, logs = self._texts(index, waiting)
            asserted: list[int] = []
            retracted: list[int] = []
            halts = False
            for effect in effects:
                if effect[0] == HALT:
                    halts = True
                    continue
                change = self._apply(effect, asserted, retracted)
                if change is not None:
                    self.take_in([change])
        except BaseException as problem:
            self._take_back(before)
            if isinstance(problem, Refused):
                raise self._failed(waiting, problem) from None
            raise
        memory.journal = agenda.journal = None
        self.halted = self.halted or halts
        self.logs += logs
        for number in asserted:
            self.asserted_by[number] = waiting.rule["name"]
        fired = (waiting, asserted, retracted, because, logs)
        if self._listeners:
            self.tell(Event("fired", memory.event, None, self.firing(fired)))
        return fired

    def _texts(self, index: int, waiting: Waiting) -> tuple[str | None, tuple[str, ...]]:
        reason = self._functions.get(f"w{index}")
        lines = self._functions.get(f"o{index}")
        because = None if reason is None else reason(waiting.rows, waiting.values)
        return because, () if lines is None else lines(waiting.rows, waiting.values)

    def _apply(
        self, effect: tuple[Any, ...], asserted: list[int], retracted: list[int]
    ) -> Change | None:
        memory = self._memory
        self._budget.hold(len(memory))
        if effect[0] == ASSERT:
            number, change = assert_fact(memory, effect[1], effect[2], complete=True)
            if change is not None:
                asserted.append(number)
            return change
        if effect[0] == MODIFY:
            change = modify_fact(memory, effect[1], effect[2], complete=True)
        else:
            change = retract_fact(memory, effect[1])
        if change is not None:
            (asserted if change[2] else retracted).append(effect[1])
        return change

    def _take_back(self, before: tuple[int, int]) -> None:
        memory, agenda = self._memory, self._agenda
        assert agenda is not None
        memory.undo()
        memory.event, memory.next_number = before
        self._truth.forget()
        self._truth.update(())
        agenda.undo()

    def _failed(self, waiting: Waiting, problem: Refused) -> HeuronError:
        rule = waiting.rule
        file, line, column, start, end = rule["place"]
        message = f"rule `{rule['name']}` could not act: {problem.message}"
        bindings = words_of(self.bindings(waiting))
        if bindings:
            message += f" (with {bindings})"
        diagnostic = Diagnostic(
            Severity.ERROR,
            "action-failed",
            message,
            Span(file, start, end),
            None,
            (),
            line or None,
            column if line else None,
        )
        return RuleError(diagnostic)

    def bindings(self, waiting: Waiting) -> tuple[tuple[str, Value], ...]:
        """Return the variables of an activation with their values, facts as their numbers."""
        rule = waiting.rule
        facts = [(name, row[0]) for name, row in zip(rule["rows"], waiting.rows, strict=True)]
        values = list(zip(rule["values"], waiting.values, strict=False))
        return tuple(
            (name, value) for name, value in facts + values if name[:1] != "_" and "." not in name
        )

    def firing(self, fired: Fired) -> Firing:
        """Return what happened as a record: rule, bindings, facts by number."""
        waiting, asserted, retracted, because, logs = fired
        return Firing(
            waiting.rule["name"],
            self.bindings(waiting),
            tuple(row[0] for row in waiting.rows),
            tuple(asserted),
            tuple(retracted),
            1.0,
            because,
            logs,
        )

    def limit_error(self, reached: LimitReached, rules: Mapping[int, dict[str, Any]]) -> LimitError:
        """Return the error for a limit: the rules that went round, with the last bindings."""
        counts: dict[str, int] = {}
        for one in self._recent:
            counts[one.rule["name"]] = counts.get(one.rule["name"], 0) + 1
        names = sorted(counts, key=lambda name: (-counts[name], name))
        place, last = None, ""
        if self._recent:
            waiting = self._recent[-1]
            last, place = words_of(self.bindings(waiting)), waiting.rule["place"]
        at = self._truth.at if self._truth.at is not None else None
        if at is None and self._agenda is not None:
            at = self._agenda.at
        if at is not None and (not names or "search" in reached.what or self._truth.at is not None):
            names = [rules[at]["name"], *(one for one in names if one != rules[at]["name"])]
            place = rules[at]["place"]
        return limit_error(reached.what, names[:5], last, place)


def words_of(bindings: tuple[tuple[str, Value], ...]) -> str:
    """Return bindings in words, the first few of them."""
    shown = [f"{name} = {show(value)}" for name, value in bindings[:6]]
    return ", ".join(shown)
