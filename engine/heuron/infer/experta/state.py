"""A session's state on experta: its matcher and its agenda over Heuron's working memory.

What a fact is (types, ranges, references, no two equal ones) is decided by the same working
memory as always; experta is told of every change, says which rule fires next, and gets what the
firing changes. So the two engines differ in matching and in the order of firing alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from heuron.answer import Firing
from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.events import Event, Listener
from heuron.infer.experta.matching import Matching
from heuron.infer.experta.network import Network, make_network
from heuron.infer.host import Host, HostFailed
from heuron.infer.limits import Limits, limit_error
from heuron.infer.session import Inference, State
from heuron.plan.contract import NAMES
from heuron.plan.experta import ExpertaRule, plan_experta
from heuron.values import UNKNOWN, Fact, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine

__all__ = ["ExpertaState", "experta_state"]

Rows = tuple[tuple[Value, ...], ...]
Changed = TypeVar("Changed")

AT_WORK = (
    "this session is at work: a function that its rules call must not change or run it "
    "until it is done"
)


def experta_state(engine: Engine, host: Host, limits: Limits | None = None) -> ExpertaState:
    """Return a new session of an engine's program on experta, with the file's initial facts.

    Raises:
        RuleError: experta is not installed, or cannot express the rules; every rule that it
            cannot is named, with its line.
    """
    from heuron.infer.load import Engine as Plain

    program = engine.program
    plan = plan_experta(program, engine.texts)
    if plan.problems:
        raise RuleError(plan.problems)
    facts_alone = replace(program, strata=(), steps=(), concluded={}, derived=frozenset())
    memory = Plain(facts_alone, engine.texts).session(host, limits)
    names: dict[str, Any] = {**NAMES, "today": host.today, "now": host.now, "host": host.call}
    exec(compile(plan.source, "<heuron experta>", "exec"), names)
    network = make_network(plan, engine.templates, names, _fires)
    return ExpertaState(memory, network, plan.rules, plan.derives, limits or Limits())


def _fires(engine: Any, rule: ExpertaRule, rows: Rows) -> None:
    engine.heuron.fire(rule, rows)


class ExpertaState:
    """Working memory with experta beside it. Not shared between threads.

    It has the part of `State` that does not depend on how rules are run: facts come and go,
    steps fire, queries are answered. It keeps no reasons, so nothing is explained. `quick` is
    empty: experta is told of every fact.
    """

    quick: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        memory: State,
        network: Network,
        rules: tuple[ExpertaRule, ...],
        derives: bool,
        limits: Limits,
    ) -> None:
        self.memory_state = memory
        self.limits = limits
        self.rules = rules
        self.derives = derives
        self._network = network
        self._matching = Matching(network, self)
        self._acting = False
        self._fired: list[Firing] = []
        self._logs: list[str] = []
        self._halted = False
        self._listeners: list[Listener] = []
        self._matching.follow(memory.memory, (fact.number for fact in memory.facts()))

    # What the host changes.

    def assert_(self, type_name: str, /, *positional: Value, **values: Any) -> Fact:
        """Hold a fact, as `State.assert_`."""
        return self._changed(lambda: self.memory_state.assert_(type_name, *positional, **values))

    def add(self, type_name: str, values: Mapping[str, Any]) -> int:
        """Hold a fact, as `State.add`."""
        return self._changed(lambda: self.memory_state.add(type_name, values))

    def assert_all(
        self, facts: tuple[tuple[str, tuple[tuple[str, Value], ...], str | None], ...]
    ) -> list[int]:
        """Hold constant facts, as `State.assert_all`."""
        return self._changed(lambda: self.memory_state.assert_all(facts))

    def modify(self, fact: Fact | int, /, **changes: Any) -> None:
        """Change fields of a held fact, as `State.modify`."""
        self._may_lose_reasons()
        self._changed(lambda: self.memory_state.modify(fact, **changes))

    def retract(self, fact: Fact | int, /) -> None:
        """End a held fact, as `State.retract`."""
        self._may_lose_reasons()
        self._changed(lambda: self.memory_state.retract(fact))

    def _may_lose_reasons(self) -> None:
        if self.derives:
            raise missing("keeps no reasons, so facts stay once some were derived from them")

    def _changed(self, act: Callable[[], Changed]) -> Changed:
        """Carry out a change, and let experta match what it changed; or leave all as it was."""
        self._not_at_work()
        memory = self.memory_state.memory

        def whole() -> Changed:
            done = act()
            self._matching.follow(memory, [entry[1] for entry in memory.journal or ()])
            return done

        done: Changed = self.memory_state.together(whole)
        return done

    def _not_at_work(self) -> None:
        if self._acting or self._matching.is_busy:
            raise RuntimeError(AT_WORK)

    # What runs.

    def run(self, limit: int | None = None) -> Inference:
        """Fire rules, definitions first, until none is left, `limit` steps have, or one halts.

        Raises:
            LimitError: When a limit is met; the message names the rules that fired last.
            RuleError: When an action cannot be carried out.
        """
        self._not_at_work()
        self._logs = []
        self._halted = False
        firings: list[Firing] = []
        deadline = monotonic() + self.limits.seconds
        quiescent = False
        while not self._halted and (limit is None or len(firings) < limit):
            self._fired = []
            self._matching.fire()
            if not self._fired:
                quiescent = True
                break
            firings += [one for one in self._fired if self._rule(one).is_step]
            if len(firings) > self.limits.firings:
                self._stop(f"{self.limits.firings:,} firings", firings)
            if monotonic() > deadline:
                self._stop(f"{self.limits.seconds:g} seconds", firings)
        if not quiescent and not self._halted:
            quiescent = not self._matching.activations()
        return Inference(firings, quiescent or self._halted, len(firings), tuple(self._logs), ())  # type: ignore[arg-type]

    def _rule(self, firing: Firing) -> ExpertaRule:
        return next(one for one in self.rules if one.name == firing.rule)

    def _stop(self, what: str, firings: list[Firing]) -> None:
        last = list(dict.fromkeys(one.rule for one in reversed(firings[-100:])))
        found = self._rule(firings[-1]).problem("limit", "") if firings else None
        span = None if found is None else found.span
        if found is None or span is None:
            raise limit_error(what, last, "", None)
        place = (span.file, found.line or 0, found.column or 0, span.start, span.end)
        raise limit_error(what, last, "", place)

    def step(self) -> Firing | None:
        """Fire one step; return its firing, or None when nothing can fire."""
        firings = self.run(1).firings
        return firings[0] if firings else None

    def fire(self, rule: ExpertaRule, rows: Rows) -> None:
        """Carry out a rule's actions: all of them, or none where one is refused."""
        call = self._network.functions
        self._acting = True
        try:
            effects = call[rule.effects](*rows)
            found = tuple(call[rule.bindings](*rows))
            logs = call[rule.logs](*rows)
        except HostFailed as problem:
            raise failed(rule, problem.what, "host-function") from problem.__cause__
        finally:
            self._acting = False
        ready = [self._ready(rule, *one) for one in effects]
        bindings = tuple(
            [(name, rows[place][0]) for place, name in enumerate(rule.variables) if name[0] != "_"]
            + list(found)
        )
        self._changed(lambda: self._carry_out(rule, ready))
        self._logs += logs
        firing = Firing(rule.name, bindings, tuple(row[0] for row in rows))  # type: ignore[misc]
        self._fired.append(firing)
        for listener in self._listeners if rule.is_step else ():
            listener(Event("fired", self.memory_state.memory.event, None, firing))

    def _ready(
        self, rule: ExpertaRule, kind: str, target: Any, values: tuple[tuple[str, Value], ...]
    ) -> Callable[[], object]:
        """Return an effect to carry out, its values checked.

        Raises:
            RuleError: A value is not accepted, or the fact is gone (`action-failed`).
        """
        state = self.memory_state
        if kind == "halt":
            return self._halt
        if kind == "assert":
            given = self._accepted(rule, target, values, whole=True)
            return lambda: state.add(target, given)
        fact = state.fact(target)
        if fact is None:
            raise failed(rule, f"there is no fact {target}")
        if kind == "retract":
            return lambda: state.retract(target)
        changes = self._accepted(rule, fact.type, values, whole=False)
        return lambda: state.modify(target, **changes)

    def _carry_out(self, rule: ExpertaRule, ready: list[Callable[[], object]]) -> None:
        try:
            for one in ready:
                one()
        except RuleError as error:
            raise failed(rule, error.diagnostics[0].message.rstrip(".")) from None

    def _halt(self) -> None:
        self._halted = True

    def _accepted(
        self,
        rule: ExpertaRule,
        type_name: str,
        values: tuple[tuple[str, Value], ...],
        whole: bool,
    ) -> dict[str, Value]:
        template = self.memory_state.memory.shapes[type_name].template
        given: dict[str, Value] = {}
        for name, raw in values:
            try:
                given[name] = coerce(template[name], raw)
            except ValueError as problem:
                raise failed(rule, str(problem)) from None
        for field in template.fields:
            needed = not field.optional and field.default is None
            asked = whole or field.name in given
            if needed and asked and given.get(field.name, UNKNOWN) is UNKNOWN:
                raise failed(rule, f"`{type_name}.{field.name}` would be unknown")
        return given

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of everything that happens from now on."""
        self._listeners.append(listener)
        self.memory_state.listen(listener)

    # What there is to see.

    def facts(self, type_name: str | None = None) -> tuple[Fact, ...]:
        """Return the held facts by type, in the order of their numbers."""
        return self.memory_state.facts(type_name)

    def fact(self, number: int) -> Fact | None:
        """Return a held fact by its number."""
        return self.memory_state.fact(number)

    def value(self, number: int, field: str) -> tuple[Value, float]:
        """Return the value of a fact's field, at certainty 1, or `UNKNOWN` at 0."""
        return self.memory_state.value(number, field)

    def values(self, number: int, field: str) -> tuple[tuple[Value, float], ...]:
        """Return the values of a field, with their certainties."""
        return self.memory_state.values(number, field)

    def query(self, name: str, /, *positional: Value, **arguments: Value) -> tuple[Value, ...]:
        """Return the values of a named question over the facts that are held."""
        return self.memory_state.query(name, *positional, **arguments)

    def agenda(self) -> tuple[Firing, ...]:
        """Return the steps that could fire now, the next one first."""
        found = []
        for one in self._matching.activations():
            rule = next(each for each in self.rules if f"rule{each.index}" == one.rule.__name__)
            rows = tuple(one.context[local]["row"] for local in rule.facts)
            bindings = tuple(self._network.functions[rule.bindings](*rows))
            found.append(Firing(rule.name, bindings, tuple(row[0] for row in rows)))
        return tuple(found)


def failed(rule: ExpertaRule, why: str, code: str = "action-failed") -> RuleError:
    """Return the error of a rule that could not act."""
    message = f"Rule `{rule.name}` could not act: {why}."
    return RuleError(rule.problem(code, message))


def missing(what: str) -> RuleError:
    """Return the error of something that a session on experta does not have."""
    hint = "Run it on Heuron's own engine: leave out the choice of an engine."
    message = f"The engine experta {what}."
    return RuleError(Diagnostic(Severity.ERROR, "not-on-experta", message, hint=hint))
