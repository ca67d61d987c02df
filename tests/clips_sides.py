"""The sides of a trial against CLIPS, behind one small face: the engine, the oracle, and CLIPS.

An activation is told by its rule and the facts that it matches, each as texts, so that sides can
be compared whatever they number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from struct import unpack
from typing import Any

import clips
from clips._clips import ffi, lib

import clips_text
from heuron.check.tree import Base, Rule
from heuron.infer.load import Engine
from heuron.infer.session import State
from heuron.plan.lower import lower
from heuron.values import Value
from naive import Oracle, OracleError
from naive_definitions import fitted, levels
from naive_strategies import preference, specificity

Content = tuple[object, ...]
Activation = tuple[str, tuple[Content, ...]]


def place(strategy: str, event: int, rule: Rule, events: list[int]) -> object:
    """Return what puts an activation on its place, as far as CLIPS defines it.

    Rule order and the recency of facts are ties.
    """
    return rule.salience, preference(strategy, event, rule, events)


FIRST = 10_000
"""The highest salience that CLIPS knows."""
LOWEST_DEFINITION = 1_000
"""Steps have less, definitions more."""
MOST_DEFINITIONS = 1_000
"""Firings of definitions after one event; there are no recursive ones."""


def as_texts(type_name: str, values: Any) -> Content:
    """Return a fact as a value, all of it text."""
    return (type_name, *(str(value) for value in values))


class Ours:
    """The engine."""

    def __init__(self, base: Base, strategy: str = "depth") -> None:
        self.rules = {one.name: one for one in base.rules}
        self.base = base
        self.strategy = strategy
        self.state: State = Engine(lower(base), base.texts).session(strategy=strategy)

    def add(self, type_name: str, values: Mapping[str, Value]) -> int:
        """Assert a fact; return what it is known by."""
        return self.state.add(type_name, dict(values))

    def holds(self, known: int) -> bool:
        """Return whether a fact is still held."""
        return self.state.fact(known) is not None

    def modify(self, known: int, values: Mapping[str, Value]) -> None:
        """Change a held fact."""
        self.state.modify(known, **values)

    def retract(self, known: int) -> None:
        """End a held fact."""
        self.state.retract(known)

    def agenda(self) -> list[Activation]:
        """Return what may fire, the next one first."""
        return [
            (one.rule, tuple(self.content(number) for number in one.matched))
            for one in self.state.agenda()
        ]

    def place(self, activation: Activation) -> object:
        """Return what puts an activation on its place."""
        assert self.state._agenda is not None
        found = next(
            one
            for one in self.state._agenda.waiting()
            if (one.rule["name"], tuple(self.content(row[0]) for row in one.rows)) == activation
        )
        rule, events = self.rules[found.rule["name"]], [row[1] for row in found.rows]
        return place(self.strategy, found.event, rule, events)

    def fire(self) -> None:
        """Let the first activation fire."""
        self.state.run(1)

    def content(self, number: int) -> Content:
        """Return a held fact as a value."""
        fact = self.state.fact(number)
        assert fact is not None
        names = clips_text.own_fields(self.base, fact.type)
        return as_texts(fact.type, [fact[name] for name in names])

    def facts(self) -> list[Content]:
        """Return all that is held, in an order."""
        return sorted(self.content(one.number) for one in self.state.facts())

    def conclusions(self) -> list[tuple[Content, str, str]]:
        """Return facts, fields and values that are concluded, in an order."""
        found = []
        for one in self.state.facts():
            for of, field in self.base.concluded:
                for value, certainty in (
                    self.state.values(one.number, field) if of == one.type else ()
                ):
                    assert certainty == 1
                    found.append((self.content(one.number), field, str(value)))
        return sorted(found)


class InHalves(Oracle):
    """The oracle with the one thing that CLIPS means otherwise: a modify is two events.

    The old version goes and everything looks around, then the new one comes. An `exists` that
    only this fact satisfies is false in between, so that its rule is activated once more.
    """

    def modify(self, number: int, changes: Mapping[str, Value]) -> None:
        """Retract the old version, then assert the new one under the same number."""
        if number not in self.told:
            raise OracleError("action-failed")
        held = self.told[number]
        template = self.base.templates[held.type]
        own = tuple(
            (name, fitted(template, name, changes.get(name, value))) for name, value in held.values
        )
        if own == held.values:
            return
        self.retract(number)
        if self.equal_to(held.type, own) is None:
            self.event += 1
            self.told[number] = replace(held, values=own, event=self.event)
            self.look_around()


class ByOracle:
    """An oracle, brute force."""

    def __init__(self, base: Base, kind: type[Oracle], strategy: str = "depth") -> None:
        self.oracle = kind(base, strategy=strategy)

    def add(self, type_name: str, values: Mapping[str, Value]) -> int:
        """Assert a fact; return what it is known by."""
        return self.oracle.add(type_name, values)

    def holds(self, known: int) -> bool:
        """Return whether a fact is still held."""
        return known in self.oracle.told

    def modify(self, known: int, values: Mapping[str, Value]) -> None:
        """Change a held fact."""
        self.oracle.modify(known, values)

    def retract(self, known: int) -> None:
        """End a held fact."""
        self.oracle.retract(known)

    def agenda(self) -> list[Activation]:
        """Return what may fire, the next one first."""
        return [self.described(one) for one in self.oracle.agenda()]

    def described(self, activation: Any) -> Activation:
        """Return an activation without numbers."""
        facts = [self.oracle.content(number) for number in activation.matched]
        return activation.rule.name, tuple(as_texts(str(of), own) for of, *own in facts)

    def place(self, activation: Activation) -> object:
        """Return what puts an activation on its place."""
        event, found = next(
            pair for pair in self.oracle.conflict.values() if self.described(pair[1]) == activation
        )
        events = [self.oracle.view.facts[number].event for number in found.matched]
        return place(self.oracle.strategy, event, found.rule, events)

    def fire(self) -> None:
        """Let the first activation fire."""
        self.oracle.run(1)

    def going_on(self) -> dict[Activation, tuple[object, bool]]:
        """Return all activations that hold: since which event, and whether they have fired."""
        return {
            self.described(one): ((key, event), (key, event) in self.oracle.used)
            for key, (event, one) in self.oracle.conflict.items()
        }

    def facts(self) -> list[Content]:
        """Return all that is held, in an order."""
        return sorted(as_texts(str(of), own) for of, *own in self.oracle.facts())


class Theirs:
    """CLIPS."""

    def __init__(self, base: Base, strategy: str = "depth") -> None:
        self.base = base
        self.environment = clips.Environment()
        self.environment.strategy = clips.Strategy[strategy.upper()]
        for template in clips_text.templates(base):
            self.environment.build(template)
        strata = levels(base)
        for rule in base.rules:
            stratum = strata.get(rule.name, 0)
            self.environment.build(clips_text.rule(rule, base, stratum=stratum))
        if strategy not in ("depth", "breadth"):
            self.count_alike()

    def count_alike(self) -> None:
        """Let CLIPS hold as many rules for as specific as we do, and by as much.

        It counts a rule's patterns, tests and joins, and more for conditions inside conditions;
        we count patterns and comparisons. Each rule gets tests that always hold, until the two
        counts differ by the same number in all rules.
        """
        rules = [one for one in self.base.rules if one.is_step]
        more = [specificity(one) - self.complexity(one) for one in rules]
        for one, own in zip(rules, more, strict=True):
            self.environment.build(clips_text.rule(one, self.base, own - min(more)))
        counts = {self.complexity(one) - specificity(one) for one in rules}
        assert len(counts) == 1, counts

    def complexity(self, rule: Rule) -> int:
        """Return how many comparisons CLIPS counts in a rule, read from its record of the rule.

        There is no function for it: a word of 16 bits with the count lies behind the salience.
        """
        record = ffi.cast("char *", lib.FindDefrule(self.environment._env, rule.name.encode()))
        salience, _, count = unpack("<iHH", ffi.buffer(record, 72)[64:])
        assert salience == rule.salience
        return int(count) & 0xFFF

    def add(self, type_name: str, values: Mapping[str, Value]) -> Any:
        """Assert a fact; return what it is known by."""
        return self.environment.assert_string(clips_text.fact(type_name, values))

    def find(self, content: Content) -> Any:
        """Return a held fact by its content: no two are equal."""
        return next(one for one in self.held() if self.content(one) == content)

    def modify(self, known: Any, values: Mapping[str, Value]) -> None:
        """Change a held fact; clipspy takes levels as symbols."""
        if self.base.derived or self.base.concluded:
            # Not by CLIPS's modify, as in `clips_text.action`.
            type_name = known.template.name
            own = {one: known[one] for one in clips_text.own_fields(self.base, type_name)}
            known.retract()
            self.add(type_name, own | dict(values))
            return
        changes = {
            name: clips.Symbol(one) if isinstance(one, str) else one for name, one in values.items()
        }
        known.modify_slots(**changes)

    def retract(self, known: Any) -> None:
        """End a held fact."""
        known.retract()

    def activations(self) -> list[tuple[Activation, Any]]:
        """Return what may fire; `*` stands for `not` and `exists`, which match no fact."""
        facts = {f"f-{one.index}": self.content(one) for one in self.held()}
        found = []
        for one in self.environment.activations():
            matched = str(one).split(":", 1)[1].strip().split(",")
            told = (one.name, tuple(facts[each] for each in matched if each in facts))
            found.append((told, one))
        return found

    def agenda(self) -> list[Activation]:
        """Return what may fire, the next one first."""
        return [told for told, _ in self.activations()]

    def fire(self, chosen: Activation) -> None:
        """Let one activation fire: the first one, or one that is put before it in a tie."""
        activations = self.activations()
        if activations[0][0] != chosen:
            next(one for told, one in activations if told == chosen).salience = FIRST
            self.environment.reorder()
        self.environment.run(1)

    def content(self, fact: Any) -> Content:
        """Return a held fact as a value."""
        names = clips_text.own_fields(self.base, fact.template.name)
        return as_texts(fact.template.name, [fact[name] for name in names])

    def held(self) -> list[Any]:
        """Return the facts that are held, without those that stand for concluded fields."""
        facts = self.environment.facts()
        return [one for one in facts if one.template.name in self.base.templates]

    def facts(self) -> list[Content]:
        """Return all that is held, in an order."""
        return sorted(self.content(one) for one in self.held())

    def conclusions(self) -> list[tuple[Content, str, str]]:
        """Return facts, fields and values that are concluded, in an order."""
        found = []
        for of, field in self.base.concluded:
            for one in self.environment.facts():
                if one.template.name == f"{of}-{field}":
                    values = [one[name] for name in clips_text.own_fields(self.base, of)]
                    found.append((as_texts(of, values), field, str(one["value"])))
        return sorted(found)

    # Definitions

    def settle(self) -> None:
        """Let definitions fire until none can: they have the highest salience."""
        for _ in range(MOST_DEFINITIONS):
            first = next(iter(self.environment.activations()), None)
            if first is None or first.salience < LOWEST_DEFINITION:
                return
            self.environment.run(1)
        raise AssertionError("definitions go on for ever")

    def stamps(self) -> dict[Activation, int]:
        """Return the activations of steps with the stamp that CLIPS gave each when it came.

        There is no function for it: it lies in CLIPS's record, behind rule, match and salience.
        """
        found = {}
        for told, one in self.activations():
            record = ffi.buffer(ffi.cast("char *", one._act), 32)
            _, _, salience, _, stamp = unpack("<QQiiQ", record)
            assert salience == one.salience
            found[told] = stamp
        return found

    def forget(self, gone: Activation) -> None:
        """Take an activation off the agenda."""
        next(one for told, one in self.activations() if told == gone).delete()
