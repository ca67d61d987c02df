"""Running the `test` items of a rule file, and saying with values what failed.

A test runs the rules alone: what it gives, beside the initial facts, to quiescence. Whoever can
dispatch hands in a function for `expect route`. The goal's field is hidden from the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from heuron.check.tree import (
    CertaintyOf,
    Constant,
    Expect,
    ExpectRoute,
    FactVariable,
    FieldOf,
    Holds,
    Pattern,
)
from heuron.check.tree import TestCase as Case
from heuron.check.walk import walk
from heuron.diagnostics import LimitError
from heuron.knowledge.evidence import Evidence
from heuron.values import UNKNOWN, FieldType, Value, show, show_fact

if TYPE_CHECKING:
    from heuron.answer import Answer
    from heuron.infer.session import State
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.covering import ConditionCoverage, Decided

__all__ = ["Coverage", "Report", "Result", "run_tests"]

Ask = Callable[[Evidence, date | None], "Answer"]
"""How a test asks the dispatcher."""

SHOWN = 5
"""How many facts of a type a failed expectation lists."""


@dataclass(frozen=True, slots=True)
class Result:
    """One test: `why` says for each failed expectation what it found instead."""

    name: str
    file: str
    line: int
    why: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return not self.why

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "file": self.file,
            "line": self.line,
            "passed": self.passed,
            "why": "\n".join(self.why) or None,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests reached: names that fired, of all names; lines of routes that were taken.

    `conditions` are all conditions, with what was seen of them, and None where it was not asked.
    """

    rules: tuple[str, ...]
    silent_rules: tuple[str, ...]
    rows: tuple[str, ...]
    silent_rows: tuple[str, ...]
    routes: tuple[int, ...]
    silent_routes: tuple[int, ...]
    conditions: tuple[Decided, ...] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a knowledge base."""

    results: tuple[Result, ...]
    coverage: Coverage


def run_tests(
    knowledge: KnowledgeBase, ask: Ask | None = None, *, conditions: bool = False
) -> Report:
    """Run every test of a knowledge base.

    Args:
        knowledge: The knowledge base.
        ask: Asks its dispatcher, for `expect route`; without it such an expectation fails.
        conditions: Look at every condition as well: where it held, and where it failed.
    """
    run = _Run(knowledge, ask, conditions)
    results = tuple(run.test(case) for case in knowledge.tree.tests)
    return Report(results, run.coverage())


class _Run:
    def __init__(self, knowledge: KnowledgeBase, ask: Ask | None, conditions: bool) -> None:
        self.knowledge = knowledge
        self.ask = ask
        self.conditions: ConditionCoverage | None = None
        if conditions:
            from heuron.knowledge.covering import ConditionCoverage

            self.conditions = ConditionCoverage(knowledge.engine)
        self.fired: dict[str, None] = {}
        self.taken: dict[int, None] = {}

    def test(self, case: Case) -> Result:
        """Run one test."""
        source = self.knowledge.tree.texts[case.span.file]
        line = source.position(case.span.start)[0]
        try:
            why = tuple(self._failures(case))
        except LimitError as error:
            why = (error.diagnostics[0].message,)
        return Result(case.title, case.span.file, line, why)

    def _failures(self, case: Case) -> Iterator[str]:
        state = self.knowledge.engine.session(self.knowledge.host(today=case.today))
        given = tuple((one.type_name, self._values(one), one.binder) for one in case.given)
        numbers = state.assert_all(given)
        inference = state.run()
        fired = dict.fromkeys(one.rule for one in (*state.definitions(), *inference.firings))
        self.fired.update(fired)
        if self.conditions is not None:
            self.conditions.look(state, frozenset(fired))
        facts = {
            one.binder: number
            for one, number in zip(case.given, numbers, strict=True)
            if one.binder is not None
        }
        for expect in case.expects:
            if isinstance(expect, ExpectRoute):
                why = self._route(case, expect)
            else:
                why = _unmet(state, facts, expect)
            if why is not None:
                yield why

    def _values(self, fact: Any) -> tuple[tuple[str, Value], ...]:
        goal = self.knowledge.goal
        hidden = goal.field if goal is not None and goal.type_name == fact.type_name else None
        return tuple(pair for pair in fact.values if pair[0] != hidden)

    def _route(self, case: Case, expect: ExpectRoute) -> str | None:
        if self.ask is None:
            return f"expected {expect.text}: routes are not run here"
        answer = self.ask(self._evidence(case), case.today)
        if answer.route is not None and answer.route.taken is not None:
            self.taken[answer.route.taken] = None
        wanted = {"model": f"model:{expect.name}"}.get(expect.backend, expect.backend)
        if answer.backend == wanted or (expect.backend == "agree" and answer.backend == "rules"):
            return None
        took = answer.backend or "none"
        reason = f" ({answer.reason})" if answer.reason else ""
        return f"expected {expect.text}: the route was {took.replace(':', ' ')}{reason}"

    def _evidence(self, case: Case) -> Evidence:
        """Return what a test gives as evidence: the first fact of the goal's type is the record."""
        goal = self.knowledge.goal
        types = [one.type_name for one in case.given]
        first = types.index(goal.type_name) if goal is not None and goal.type_name in types else -1
        order = [place for place in range(len(types)) if place != first]
        new_place = {first: 0} | {old: new for new, old in enumerate(order, 1)}
        facts = []
        for old in order:
            one = case.given[old]
            template = self.knowledge.templates[one.type_name]
            values = {
                name: new_place[value]
                if template[name].type.kind == "reference" and isinstance(value, int)
                else value
                for name, value in one.values
            }
            facts.append((one.type_name, values))
        record = dict(self._values(case.given[first])) if first >= 0 else {}
        return Evidence(record, tuple(facts))

    def coverage(self) -> Coverage:
        """Return what all tests so far have reached."""
        names = list(dict.fromkeys(one.name for one in self.knowledge.rules))
        rules = [name for name in names if "[" not in name]
        rows = [name for name in names if "[" in name]
        lines = [route[0] for block in self.knowledge.blocks[:1] for route in block.routes]
        return Coverage(
            *_parted(rules, self.fired),
            *_parted(rows, self.fired),
            *_parted(lines, self.taken),
            None if self.conditions is None else self.conditions.decided(),
        )


def _parted(names: list[Any], reached: Mapping[Any, None]) -> tuple[Any, Any]:
    return (
        tuple(name for name in names if name in reached),
        tuple(name for name in names if name not in reached),
    )


def _unmet(state: State, facts: Mapping[str, int], expect: Expect) -> str | None:
    """Return what an expectation found instead, or None when it holds."""
    held = state.holds(expect.condition, facts)
    if held is not True:
        how = " cannot be told" if held is UNKNOWN else ""
        return f"expected {expect.text}{how}{_found(state, facts, expect)}"
    if expect.because is not None:
        supports = list(dict.fromkeys(_supports(state, facts, expect)))
        # `because rate` means any row of the table.
        if not any(
            one == expect.because or one.split("[")[0] == expect.because for one in supports
        ):
            by = ", ".join(supports) or "no rule"
            return f"expected {expect.text}: it holds, supported by {by}"
    return None


def _found(state: State, facts: Mapping[str, int], expect: Expect) -> str:
    """Return the values that an expectation read, or the facts that it might have matched."""
    read: dict[str, None] = {}
    for node in walk(expect.condition):
        if isinstance(node, (FieldOf, Holds, CertaintyOf)) and node.variable in facts:
            number = facts[node.variable]
            name = f"{node.variable}.{node.field}"
            pairs = state.values(number, node.field)
            said = ", ".join(_with_certainty(*pair) for pair in pairs) or "unknown"
            read[f"{name} is {said}"] = None
        elif isinstance(node, Pattern):
            held = state.facts(node.type_name)
            template = state.memory.shapes[node.type_name].template
            listed = "; ".join(show_fact(one, template) for one in held[:SHOWN])
            more = f"; and {len(held) - SHOWN} more" if len(held) > SHOWN else ""
            read[f"{node.type_name}: {listed or 'no facts'}{more}"] = None
    return f": {', '.join(read)}" if read else ""


def _with_certainty(value: Value, certainty: float) -> str:
    return show(value) if certainty == 1.0 else f"{show(value)} ({certainty:.3g})"


def _supports(state: State, facts: Mapping[str, int], expect: Expect) -> Iterator[str]:
    """Yield the names of the rules that support the values and facts of an expectation."""
    rules = state.engine.rules
    for node in walk(expect.condition):
        if isinstance(node, (FieldOf, Holds, CertaintyOf)) and node.variable in facts:
            number = facts[node.variable]
            held = [value for value, _ in state.values(number, node.field)]
            if isinstance(node, Holds) and isinstance(node.value, Constant):
                held = [node.value.value]
            for value, certainty, _, index, _ in state.contributions(number, node.field):
                if certainty > 0.0 and value in held:
                    yield rules[index]["name"]
    condition = expect.condition
    if isinstance(condition, Pattern):
        for fact in state.facts(condition.type_name):
            if _is_match(state, facts, condition, fact.number):
                for index, _ in state.justifications(fact.number):
                    yield rules[index]["name"]


def _is_match(state: State, facts: Mapping[str, int], pattern: Pattern, number: int) -> bool:
    from dataclasses import replace

    it = "_expected"
    kind = FieldType("reference", target=pattern.type_name)
    named = replace(pattern, identity=FactVariable(type=kind, name=it))
    return state.holds(named, {**facts, it: number}) is True
