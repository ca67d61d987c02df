"""Which conditions of rules the tests decided both ways: where they held, and where they did not.

A condition counts by itself: whether, with everything that stands before it in its rule, some
facts of a test satisfied it, and some did not. A test that never sees a condition fail would
pass without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from heuron.check.tree import (
    BOOLEAN,
    And,
    Bind,
    Condition,
    Exists,
    Expression,
    Negation,
    Not,
    Pattern,
    Predict,
    Rule,
    Test,
)
from heuron.explain.conditions import by_index, row_conditions
from heuron.explain.reading import spelled, written
from heuron.infer.probing import Probe

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.session import State

__all__ = ["ConditionCoverage", "Decided"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A condition of a rule or row, as written, and what the tests saw it do."""

    rule: str
    text: str
    held: bool
    failed: bool

    def __str__(self) -> str:
        never = [word for word, seen in (("held", self.held), ("failed", self.failed)) if not seen]
        return f"{self.rule}: `{self.text}` never {' or '.join(never)}"


@dataclass(slots=True)
class _Unit:
    """One condition: what satisfies it, and what fails it, as conditions to be asked."""

    rule: str
    text: str
    holding: tuple[Condition, ...]
    failing: tuple[Condition, ...]
    held: Probe | bool | None = None
    failed: Probe | bool | None = None


class ConditionCoverage:
    """What tests saw of each condition; a session for each test is handed to `look`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._units = list(_units(engine))

    def look(self, state: State, fired: frozenset[str]) -> None:
        """Look at the facts that a test has come to.

        Args:
            state: The session of the test, run.
            fired: The rules and rows that fired: all their conditions held together.
        """
        state.refresh()
        for unit in self._units:
            if unit.held is not True:
                unit.held = unit.rule in fired or self._ask(unit.held, unit.holding, state)
            if unit.failed is not True:
                unit.failed = self._ask(unit.failed, unit.failing, state)

    def _ask(
        self, probe: Probe | bool | None, conditions: tuple[Condition, ...], state: State
    ) -> Probe | bool:
        """Return True when the conditions hold somewhere; else how to ask again."""
        if not isinstance(probe, Probe):
            probe = Probe(self._engine, conditions, {})
        return probe.ask(state, ())[0] is True or probe

    def decided(self) -> tuple[Decided, ...]:
        """Return what was seen of each condition, in rule order, as written."""
        return tuple(
            Decided(one.rule, one.text, one.held is True, one.failed is True) for one in self._units
        )


def _units(engine: Engine) -> Iterator[_Unit]:
    for index, item in sorted(by_index(engine.program).items()):
        name = engine.rules[index]["name"]
        if isinstance(item, Rule):
            conditions = item.conditions
        else:
            table, place = item
            record = Pattern(variable=table.variable, type_name=table.type_name)
            conditions = (record, *row_conditions(table, place))
        yield from _of_rule(engine, name, conditions)


def _of_rule(engine: Engine, name: str, conditions: tuple[Condition, ...]) -> Iterator[_Unit]:
    before: tuple[Condition, ...] = ()
    # What binds comes first: conditions mean the same in any order.
    binding = [one for one in conditions if isinstance(one, (Pattern, Bind, Predict))]
    for one in binding:
        if not isinstance(one, Pattern):
            before += (one,)
            continue
        # Its tests may read what a later pattern binds, so they come after all of them.
        before += (replace(one, tests=()),)
    tests = [
        (test, _text(engine, test, one.variable))
        for one in binding
        if isinstance(one, Pattern)
        for whole in one.tests
        for test in _parts(whole)
    ]
    tests += [
        (test, _text(engine, test, None))
        for one in conditions
        if isinstance(one, Test)
        for test in _parts(one.expression)
    ]
    for test, text in tests:
        false = Not(test, type=BOOLEAN, span=test.span)
        holds = (*before, Test(expression=test, span=test.span))
        yield _Unit(name, text, holds, (*before, Test(expression=false, span=test.span)))
        before = holds
    for group in conditions:
        if isinstance(group, (Pattern, Bind, Predict, Test)):
            continue
        if isinstance(group, Negation):
            opposite: Condition = Exists(conditions=group.conditions, span=group.span)
        else:
            opposite = Negation(conditions=(group,), span=group.span)
        text = written(group.span, engine.texts) or type(group).__name__.lower()
        yield _Unit(name, text, (*before, group), (*before, opposite))
        before += (group,)


def _parts(expression: Expression) -> list[Expression]:
    """Return what must hold together, each by itself; ranges and chains are one comparison."""
    if not isinstance(expression, And):
        return [expression]
    spans = [one.span for one in expression.operands]
    if any(one.end > other.start for one, other in pairwise(spans)):
        return [expression]
    return [part for one in expression.operands for part in _parts(one)]


def _text(engine: Engine, test: Expression, home: str | None) -> str:
    return written(test.span, engine.texts) or spelled(test, home)
