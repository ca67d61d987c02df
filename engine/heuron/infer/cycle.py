"""The recognise-act cycle: definitions to their fixpoint, then one step, until quiescence.

Each assert, modify and retract is an event with a number. After it the definitions are brought
to their fixpoint, facts derived by then share its number, and the agenda takes in what changed.
A firing whose actions cannot all be carried out leaves everything as it was before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heuron.answer import Firing
from heuron.diagnostics import Diagnostic, HeuronError, LimitError, RuleError, Severity, Span
from heuron.infer.agenda import Agenda
from heuron.infer.changes import Change, Refused
from heuron.infer.collector import CollectorOff
from heuron.infer.events import Event, Listener
from heuron.infer.lazy import LazyAgenda
from heuron.infer.limits import Budget, LimitReached, limit_error
from heuron.infer.memory import HEAD, Memory
from heuron.infer.reaction import Reaction
from heuron.infer.step import NO_TEXTS, Fired, Found, Step, bindings_of
from heuron.infer.truth import Truth
from heuron.values import Fact, Value, show

__all__ = ["Cycle"]

RECENT = 40
"""How many of the last firings are looked at to say which rules were going round."""
STRETCH = 64
"""Firings between two looks at the clock and at the number of facts."""


class Cycle:
    """Runs the steps of one session over its memory, truth and agenda."""

    __slots__ = (
        "_agenda",
        "_budget",
        "_listeners",
        "_memory",
        "_reaction",
        "_recent",
        "_truth",
        "halted",
        "logs",
    )

    def __init__(
        self,
        memory: Memory,
        truth: Truth,
        agenda: Agenda | LazyAgenda | None,
        reaction: Reaction,
        budget: Budget,
        listeners: list[Listener],
    ) -> None:
        self._memory = memory
        self._truth = truth
        self._agenda = agenda
        self._reaction = reaction
        self._budget = budget
        self._listeners = listeners
        self._recent: list[Fired] = []
        self.halted = False
        self.logs: list[str] = []

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

    def run(self, limit: int | None, collector: CollectorOff | None = None) -> list[Fired]:
        """Fire until quiescence, `halt`, or `limit` firings.

        Args:
            limit: At most so many firings, or None.
            collector: Given where host functions may leave garbage, which it is to look for.
        """
        firings: list[Fired] = []
        if self._agenda is None or self.halted:
            return firings
        self._recent = firings
        try:
            self._fire_all(self._agenda, firings, limit, collector)
        finally:
            self._recent = firings[-RECENT:]
        return firings

    def _fire_all(
        self,
        agenda: Agenda | LazyAgenda,
        firings: list[Fired],
        limit: int | None,
        collector: CollectorOff | None,
    ) -> None:
        most = self._budget.limits.firings
        until = most if limit is None else min(limit, most)
        while len(firings) < until:
            self._budget.look_at_clock()
            # In stretches, between which the limits are looked at.
            stop = min(until, len(firings) + STRETCH)
            while len(firings) < stop:
                try:
                    taken = agenda.advance(firings, stop)
                except Refused as problem:
                    step, found = problem.by
                    raise self._failed(step, found, problem) from None
                if taken is None:
                    break
                self._fire(*taken, firings)
                if self.halted:
                    return
            self._budget.hold(len(self._memory))
            if collector is not None:
                collector.look(len(firings))
            if len(firings) < stop:
                return
        if until == most and limit != until and agenda.has_next():
            raise LimitReached(f"{until:,} firings")

    # One firing that may fail halfway, or has more to say.

    def _fire(self, step: Step, found: Found, firings: list[Fired]) -> None:
        rows, values = found
        memory, agenda = self._memory, self._agenda
        assert agenda is not None
        memory.journal = []
        agenda.begin()
        before = (memory.event, memory.next_number)
        try:
            texts = NO_TEXTS if step.texts is None else step.texts(rows, values)
            done = step.act(rows, values)
            self._budget.hold(len(memory))
        except BaseException as problem:
            self._take_back(before)
            if isinstance(problem, Refused):
                raise self._failed(step, found, problem) from None
            raise
        memory.journal = None
        agenda.commit()
        self.halted = self.halted or step.halts
        self.logs += texts[1]
        fired = (step, rows, values, done, texts)
        firings.append(fired)
        if self._listeners:
            self.tell(Event("fired", memory.event, None, self.firing(fired)))

    def _take_back(self, before: tuple[int, int]) -> None:
        memory, agenda = self._memory, self._agenda
        assert agenda is not None
        memory.undo()
        memory.event, memory.next_number = before
        self._truth.forget()
        self._truth.update(())
        agenda.undo()

    def _failed(self, step: Step, found: Found, problem: Refused) -> HeuronError:
        rule = step.rule
        file, line, column, start, end = rule["place"]
        message = f"rule `{rule['name']}` could not act: {problem.message}"
        bindings = words_of(bindings_of(rule, *found))
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

    def firing(self, fired: Fired) -> Firing:
        """Return what happened as a record: rule, bindings, facts by number."""
        step, rows, values, done, (because, logs) = fired
        return Firing(
            step.rule["name"],
            bindings_of(step.rule, rows, values),
            tuple(row[0] for row in rows),
            tuple(number for number in done if number > 0),
            tuple(-number for number in done if number < 0),
            1.0,
            because,
            logs,
        )

    def limit_error(self, reached: LimitReached, rules: Mapping[int, dict[str, Any]]) -> LimitError:
        """Return the error for a limit: the rules that went round, with the last bindings."""
        recent = self._recent[-RECENT:]
        counts: dict[str, int] = {}
        for one in recent:
            counts[one[0].rule["name"]] = counts.get(one[0].rule["name"], 0) + 1
        names = sorted(counts, key=lambda name: (-counts[name], name))
        place, last = None, ""
        if recent:
            step, rows, values, _, _ = recent[-1]
            last, place = words_of(bindings_of(step.rule, rows, values)), step.rule["place"]
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
