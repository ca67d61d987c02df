"""The recognise-act cycle: definitions to their fixpoint, then one step, until quiescence.

Each assert, modify and retract is an event with a number. After it the definitions are brought
to their fixpoint, facts derived by then share its number, and the agenda takes in what changed.
A firing whose actions cannot all be carried out leaves everything as it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from heuron.answer import Firing
from heuron.diagnostics import Diagnostic, LimitError, RuleError, Severity, Span, sentence
from heuron.infer.agenda import Agenda
from heuron.infer.changes import Change, Refused
from heuron.infer.collector import CollectorOff
from heuron.infer.host import HostFailed
from heuron.infer.lazy import LazyAgenda
from heuron.infer.limits import Budget, Hopeless, LimitReached, hopeless_error, limit_error
from heuron.infer.memory import HEAD, Memory
from heuron.infer.reaction import Reaction
from heuron.infer.step import NO_TEXTS, Fired, Found, Step, bindings_of, spread
from heuron.infer.telling import Telling
from heuron.infer.truth import Truth
from heuron.values import UNKNOWN, Fact, Value, show, show_fact

__all__ = ["Cycle"]

RECENT = 40
"""How many of the last firings are looked at to say which rules were going round."""
STRETCH = 64
"""Firings between two looks at the clock and at the number of facts."""


STOPPED = "Begin a new session with these facts, perhaps with wider limits."

_Start = tuple[int, int, int]
"""Event, next number, and events still to be told, when something begins that may be taken back."""


class Cycle:
    """Runs the steps of one session over its memory, truth and agenda."""

    __slots__ = (
        "_agenda",
        "_budget",
        "_memory",
        "_reaction",
        "_recent",
        "_rules",
        "_telling",
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
        rules: Mapping[int, dict[str, Any]],
        telling: Telling,
    ) -> None:
        self._memory = memory
        self._truth = truth
        self._agenda = agenda
        self._reaction = reaction
        self._budget = budget
        self._rules = rules
        self._telling = telling
        self._recent: list[Fired] = []
        self.halted = False
        self.logs: list[str] = []

    def take_in(self, changes: list[Change]) -> None:
        """Let definitions and agenda follow the changes of one event."""
        may_wait = self._agenda is None and not self._telling.listeners
        derived, fields = self._truth.update(changes, may_wait)
        if self._agenda is not None:
            # One update for both: between an event and its definitions nothing is observed.
            self._agenda.update([*changes, *derived], fields)
        if self._telling.listeners:
            self._telling.changed((*changes, *derived))
            self._telling.concluded(fields)

    def changed(self, change: Callable[[], tuple[Any, Change | None]]) -> Any:
        """Carry out a change by the host, and let everything follow; or leave all as it was.

        Args:
            change: Changes memory; returns what to return, and the change, if it was one.
        """
        return self.together(lambda: self._followed(change))

    def _followed(self, change: Callable[[], tuple[Any, Change | None]]) -> Any:
        done, made = change()
        if made is not None:
            self.take_in([made])
        return done

    def together(self, act: Callable[[], Any]) -> Any:
        """Carry out changes that stand together or not at all; return what `act` returns."""
        if self._memory.journal is not None:
            # Part of what is under way.
            return act()
        start = self._begin()
        try:
            done = act()
        except BaseException as problem:
            error = self.error_of(problem)
            self._take_back(start)
            raise error from error.__cause__
        self._commit()
        self._telling.tell()
        return done

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
        self._reaction.most = until
        while len(firings) < until:
            self._budget.look_at_clock()
            # In stretches, between which the limits are looked at.
            stop = min(until, len(firings) + STRETCH)
            while len(firings) < stop:
                try:
                    taken = agenda.advance(firings, stop)
                except (Refused, HostFailed) as problem:
                    if problem.by is None:
                        raise
                    step, found = problem.by
                    raise self._failed(step, found, problem) from problem.__cause__
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
        memory, asserted_by = self._memory, self._reaction.asserted_by
        start = self._begin()
        # What a step modifies or retracts is among what it matched.
        makers = {row[0]: asserted_by.get(row[0]) for row in rows}
        try:
            texts = NO_TEXTS if step.texts is None else step.texts(rows, values)
            done = step.act(rows, values)
            self._budget.hold(len(memory))
        except BaseException as problem:
            error: BaseException = problem
            own = self.searching in (None, step.index)
            if isinstance(problem, Refused) or (isinstance(problem, HostFailed) and own):
                error = self._failed(step, found, problem)
            else:
                error = self.error_of(problem)
            self._take_back(start, makers)
            raise error from problem.__cause__
        self._commit()
        self.halted = self.halted or step.halts
        self.logs += texts[1]
        fired = (step, rows, values, done, texts)
        firings.append(fired)
        if self._telling.listeners:
            self._telling.fired(self.firing(fired))
            self._telling.tell()

    def _begin(self) -> _Start:
        memory, agenda = self._memory, self._agenda
        memory.journal = []
        if agenda is not None:
            agenda.begin()
        return memory.event, memory.next_number, self._telling.count

    def _commit(self) -> None:
        self._memory.journal = None
        if self._agenda is not None:
            self._agenda.commit()

    def _take_back(self, start: _Start, makers: Mapping[int, str | None] | None = None) -> None:
        memory, agenda = self._memory, self._agenda
        asserted_by = self._reaction.asserted_by
        for kind, number, *_ in memory.journal or ():
            if kind == "add":
                asserted_by.forget(number)
        for number, maker in (makers or {}).items():
            if maker is not None:
                asserted_by.set(number, maker)
            else:
                asserted_by.forget(number)
        has_changed = bool(memory.journal)
        memory.undo()
        memory.event, memory.next_number, told = start
        self._telling.drop(told)
        try:
            if has_changed:
                self._truth.forget()
                self._truth.update(())
        finally:
            if agenda is not None:
                agenda.undo()

    # What went wrong.

    @property
    def searching(self) -> int | None:
        """The index of the rule that is being searched, as far as it is known."""
        at = self._truth.at
        return at if at is not None or self._agenda is None else self._agenda.searching

    def _failed(self, step: Step, found: Found, problem: Refused | HostFailed) -> RuleError:
        what = problem.what if isinstance(problem, HostFailed) else problem.message
        code = "host-function" if isinstance(problem, HostFailed) else "action-failed"
        message = f"Rule `{step.rule['name']}` could not act: {what}"
        bindings = words_of(bindings_of(step.rule, *found))
        if bindings:
            message += f" (with {bindings})"
        return _error_at(step.rule, code, message)

    def error_of(self, problem: BaseException) -> BaseException:
        """Return the error to raise for a problem: with the rule that was at work, if known."""
        if isinstance(problem, Hopeless):
            rule = self._rules[problem.index]
            return hopeless_error(problem.what, rule["name"], rule["place"])
        if isinstance(problem, LimitReached):
            return self._limit_error(problem)
        at = self.searching
        if not isinstance(problem, HostFailed) or at is None:
            return problem
        rule = self._rules[at]
        message = f"Rule `{rule['name']}` could not be tried: {problem.what}"
        error = _error_at(rule, "host-function", message)
        error.__cause__ = problem.__cause__
        return error

    def check_whole(self) -> None:
        """Do nothing where every search can go on.

        Raises:
            LimitError: An earlier run was stopped in the midst of a search.
        """
        at = None if self._agenda is None else self._agenda.broken
        if at is not None:
            rule = self._rules[at]
            message = (
                f"An earlier run was stopped while rule `{rule['name']}` was being searched, so "
                "what can fire is not known any more."
            )
            raise LimitError(_diagnostic_at(rule, "session-stopped", message, STOPPED))

    def leave(self) -> None:
        """Forget which rule was at work."""
        self._truth.at = None
        if self._agenda is not None:
            self._agenda.leave()

    def firing(self, fired: Fired) -> Firing:
        """Return what happened as a record: rule, bindings, facts by number."""
        step, rows, values, done, (because, logs) = spread(fired)
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

    def _limit_error(self, reached: LimitReached) -> LimitError:
        """Return the error for a limit: the rules that went round, with the last bindings."""
        recent = self._recent[-RECENT:]
        counts: dict[str, int] = {}
        for one in recent:
            counts[one[0].rule["name"]] = counts.get(one[0].rule["name"], 0) + 1
        rules = self._rules
        names = sorted(counts, key=lambda name: (-counts[name], name))
        place, last = None, ""
        if recent:
            step, rows, values, _, _ = spread(recent[-1])
            last, place = words_of(bindings_of(step.rule, rows, values)), step.rule["place"]
        at = self._truth.at
        if at is None and self._agenda is not None:
            at = self._agenda.at
        if at is not None and (not names or "search" in reached.what or self._truth.at is not None):
            names = [rules[at]["name"], *(one for one in names if one != rules[at]["name"])]
            place = rules[at]["place"]
            if self._truth.at is not None:
                # The bindings are those of the step that set the definition off.
                last = ""
        derived = "" if at is None or last else self._last_derived(reached, rules[at])
        return limit_error(reached.what, names[:5], last, place, derived)

    def _last_derived(self, reached: LimitReached, rule: Mapping[str, Any]) -> str:
        """Return in words the fact that a rule has derived last; empty where it has none."""
        memory, last = self._memory, reached.last
        for type_name in rule["derives"] if last is None else ():
            rows = memory.table(type_name).values()
            if rows:
                last = type_name, next(reversed(rows))[HEAD:]
        if last is None:
            return ""
        shape = memory.shapes[last[0]]
        values: dict[str, Value] = dict.fromkeys(shape.concluded, UNKNOWN)
        values |= dict(zip(shape.given, last[1], strict=True))
        return show_fact(Fact(last[0], values), shape.template)


def _error_at(rule: Mapping[str, Any], code: str, message: str) -> RuleError:
    """Return an error that stands where a rule does."""
    return RuleError(_diagnostic_at(rule, code, message, None))


def _diagnostic_at(
    rule: Mapping[str, Any], code: str, message: str, hint: str | None
) -> Diagnostic:
    file, line, column, start, end = rule["place"]
    place = (line, column) if line else (None, None)
    span = Span(file, start, end)
    return Diagnostic(Severity.ERROR, code, sentence(message), span, hint, (), *place)


def words_of(bindings: tuple[tuple[str, Value], ...]) -> str:
    """Return bindings in words, the first few of them."""
    shown = [f"{name} = {show(value)}" for name, value in bindings[:6]]
    return ", ".join(shown)
