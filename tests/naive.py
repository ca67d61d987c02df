"""The oracle: what a resolved knowledge base means, by brute force and in plain sight.

Written from `docs/reference/language.md` ("Meaning") alone: every combination of facts is tried
(`naive_logic.py`), definitions are computed afresh after every event (`naive_definitions.py`),
and the whole conflict set is compared with the one before (here). Slow, and meant to be. It
shares the resolved tree and `UNKNOWN` with the engine and nothing else. Where the reference
leaves something open, a comment says what is chosen; those comments begin with CHOICE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from heuron.check import tree
from heuron.values import UNKNOWN, Value
from naive_definitions import (
    define,
    fact_values,
    fitted,
    lacks,
    levels,
)
from naive_logic import (
    Activation,
    Environment,
    Held,
    Settled,
    Trace,
    View,
    activations,
    any_of,
    evaluate,
    fact_variables,
    matches,
)
from naive_strategies import preference


class OracleError(Exception):
    """An action or a host's change that cannot be carried out; `code` as in `codes.py`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# Working memory, events and steps

Content = tuple[object, ...]
"""A fact as a value: its type, then its fields; references are contents themselves."""


@dataclass(frozen=True)
class Fired:
    """A step that fired: its rule, the facts it matched, and its other variables."""

    rule: str
    matched: tuple[Content, ...]
    values: tuple[tuple[str, object], ...]


class Oracle:
    """A session: the host asserts, modifies and retracts, and lets the steps run."""

    def __init__(
        self,
        base: tree.Base,
        today: date = date(2026, 1, 1),
        predict: Callable[[str, dict[str, Value]], Any] | None = None,
        strategy: str = "depth",
    ) -> None:
        self.base = base
        self.strategy = strategy
        self.level = levels(base)
        self.today = today
        self.predict = predict or (lambda model, record: None)
        self.told: dict[int, Held] = {}
        self.event = 0
        self.next_number = 1
        self.view = View(base, today, self.predict)
        self.conflict: dict[tuple[object, ...], tuple[int, Activation]] = {}
        self.used: set[tuple[tuple[object, ...], int]] = set()
        self.look_around()
        self.tell(base.facts)

    # What the host may do

    def tell(self, given: Sequence[tree.GivenFact]) -> list[int]:
        """Assert the facts of `facts:` or `given`, referred ones first; return their numbers."""
        numbers: dict[int, int] = {}

        def number_of(place: int) -> int:
            if place not in numbers:
                one = given[place]
                template = self.base.templates[one.type_name]
                values = {
                    name: number_of(value)
                    if template[name].type.kind == "reference" and isinstance(value, int)
                    else value
                    for name, value in one.values
                }
                numbers[place] = self.add(one.type_name, values)
            return numbers[place]

        return [number_of(place) for place in range(len(given))]

    def add(self, type_name: str, values: Mapping[str, Value]) -> int:
        """Hold a fact and return its number; an equal fact that is held is returned instead."""
        own, given = fact_values(self.base, type_name, values)
        self.refuse_what_is_not_accepted(type_name, values)
        self.refuse_what_refers_to_nothing(type_name, own)
        equal = self.equal_to(type_name, own)
        if equal is not None:
            # CHOICE: this is no event, but a derived fact is now held without its reasons too.
            self.told.setdefault(equal.number, replace(equal, rank=()))
            return equal.number
        number = self.next_number
        self.next_number += 1
        self.event += 1
        self.told[number] = Held(number, type_name, own, self.event, given)
        self.look_around()
        return number

    def modify(self, number: int, changes: Mapping[str, Value]) -> None:
        """Make a new version of a held fact; if it becomes equal to another one, it goes."""
        if number not in self.told:
            raise OracleError("action-failed")
        held = self.told[number]
        template = self.base.templates[held.type]
        self.refuse_what_is_not_accepted(held.type, changes)
        own = tuple(
            (name, fitted(template, name, changes.get(name, value))) for name, value in held.values
        )
        if own == held.values:
            return
        self.refuse_what_refers_to_nothing(held.type, own)
        self.event += 1
        equal = self.equal_to(held.type, own)
        if equal is not None:
            if self.referred_to(number):
                raise OracleError("duplicate-fact")
            del self.told[number]
        else:
            self.told[number] = replace(held, values=own, event=self.event)
        self.look_around()

    def refuse_what_is_not_accepted(self, type_name: str, values: Mapping[str, Value]) -> None:
        """Raise an error for a value outside its field's range.

        CHOICE: nothing is held silently as unknown that somebody wanted to be something else.
        """
        template = self.base.templates[type_name]
        for name, value in values.items():
            if value is not UNKNOWN and fitted(template, name, value) is UNKNOWN:
                raise OracleError("wrong-value")

    def refuse_what_refers_to_nothing(
        self, type_name: str, own: Sequence[tuple[str, Value]]
    ) -> None:
        """Raise an error for a reference to a fact that is not held."""
        for name, value in own:
            is_reference = self.base.templates[type_name][name].type.kind == "reference"
            if is_reference and value is not UNKNOWN and value not in self.view.facts:
                raise OracleError("wrong-value")

    def retract(self, number: int) -> None:
        """End a held fact."""
        if number not in self.told:
            raise OracleError("action-failed")
        if self.referred_to(number):
            raise OracleError("fact-in-use")
        self.event += 1
        del self.told[number]
        self.look_around()

    def equal_to(self, type_name: str, own: tuple[tuple[str, Value], ...]) -> Held | None:
        """Return the held fact with these values."""
        same = [one for one in self.view.facts.values() if one.type == type_name]
        return next((one for one in same if one.values == own), None)

    def referred_to(self, number: int) -> bool:
        """Return whether a held fact, itself aside, refers to this one.

        CHOICE: derived facts do not count, as they go with what they are derived from.
        """
        return any(
            value == number
            for one in self.told.values()
            for name, value in one.values
            if self.base.templates[one.type][name].type.kind == "reference" and one.number != number
        )

    # Events

    def look_around(self) -> None:
        """After an event: define everything afresh, and see what came and went."""
        view = View(self.base, self.today, self.predict, dict(self.told))
        self.defined = define(view, self.level, self.view, self.event, self.next_number)
        self.view = view
        self.next_number = max([self.next_number, *(number + 1 for number in view.facts)])
        now: dict[tuple[object, ...], tuple[int, Activation]] = {}
        for rule in self.base.rules:
            if rule.is_step:
                for one in activations(view, rule):
                    event = self.conflict[one.key][0] if one.key in self.conflict else self.event
                    now[one.key] = (event, one)
        self.conflict = now

    # Steps

    def agenda(self) -> list[Activation]:
        """Return the activations that may fire, the next one first."""
        waiting = [
            (event, one)
            for event, one in self.conflict.values()
            if (one.key, event) not in self.used
        ]
        waiting.sort(key=lambda pair: self.order(*pair))
        return [one for _, one in waiting]

    def order(self, event: int, activation: Activation) -> tuple[object, ...]:
        """Return the place on the agenda: salience, strategy, rule order, recency of facts.

        CHOICE: of the facts that were derived after one event, the first by declaration and
        values comes first.
        """
        recency = []
        for number in activation.matched:
            fact = self.view.facts[number]
            recency.append((-fact.event, fact.rank))
        events = [self.view.facts[number].event for number in activation.matched]
        chosen = preference(self.strategy, event, activation.rule, events)
        return (-activation.rule.salience, chosen, activation.rule.index, recency)

    def run(self, limit: int = 1000) -> list[Fired]:
        """Fire at most so many steps, until none is left or one halts; return them in order."""
        fired: list[Fired] = []
        while len(fired) < limit and (agenda := self.agenda()):
            first = agenda[0]
            self.used.add((first.key, self.conflict[first.key][0]))
            fired.append(self.describe(first))
            self.fire(first)
            if any(isinstance(one, tree.Halt) for one in first.rule.actions):
                break
        return fired

    def fire(self, activation: Activation) -> None:
        """Carry out a step's actions, or none of them.

        CHOICE: every value is that of the moment of firing, and `halt` stops after the others.
        """
        ready = []
        for action in activation.rule.actions:
            pairs = getattr(action, "values", getattr(action, "changes", ()))
            values = {
                name: evaluate(self.view, value, activation.scope, Trace()) for name, value in pairs
            }
            ready.append((action, values))
        before = (dict(self.told), self.event, self.next_number, self.view, self.defined)
        conflict = self.conflict
        try:
            for action, values in ready:
                self.act(action, values, activation.scope)
        except OracleError:
            self.told, self.event, self.next_number, self.view, self.defined = before
            self.conflict = conflict
            raise

    def act(self, action: tree.Action, values: dict[str, Value], scope: Environment) -> None:
        """Carry out one action.

        CHOICE: a necessary field that would be unknown makes the action fail.
        """
        match action:
            case tree.Assert(type_name=type_name):
                own, _ = fact_values(self.base, type_name, values)
                if lacks(self.base.templates[type_name], own):
                    raise OracleError("action-failed")
                self.add(type_name, values)
            case tree.Modify(variable=variable):
                number = scope[variable]
                template = (
                    self.base.templates[self.view.facts[number].type]
                    if number in self.told
                    else None
                )
                if template is None or lacks(
                    template, [(name, fitted(template, name, one)) for name, one in values.items()]
                ):
                    raise OracleError("action-failed")
                self.modify(number, values)
            case tree.Retract(variable=variable):
                self.retract(scope[variable])

    # What there is to see

    def content(self, number: int, view: View | None = None) -> Content:
        """Return a fact as a value."""
        fact = (view or self.view).facts[number]
        template = self.base.templates[fact.type]
        pairs: Sequence[tuple[str, Any]] = fact.values
        values: list[Any] = [
            self.content(value, view)
            if template[name].type.kind == "reference" and value is not UNKNOWN
            else value
            for name, value in pairs
        ]
        return (fact.type, *values)

    def describe(self, activation: Activation) -> Fired:
        """Return a firing in words that do not depend on numbers."""
        facts = fact_variables(activation.rule)
        values = [
            (name, value)
            for name, value in activation.scope.items()
            if isinstance(name, str) and name not in facts
        ]
        return Fired(
            activation.rule.name,
            tuple(self.content(number) for number in activation.matched),
            tuple(sorted(values)),
        )

    def facts(self) -> set[Content]:
        """Return everything that is held, told and derived."""
        return {self.content(number) for number in self.view.facts}

    def conclusions(self) -> dict[tuple[Content, str], Settled]:
        """Return what is settled, where there is anything."""
        return {
            (self.content(number), name): settled
            for (number, name), settled in self.view.settled.items()
            if settled.certainties
        }

    def definitions(self) -> list[tuple[str, tuple[Content, ...], float]]:
        """Return the firings of definitions."""
        return [
            (name, tuple(self.content(number) for number in matched), certainty)
            for name, matched, certainty in self.defined.firings
        ]

    def query(self, name: str, arguments: Mapping[str, Any]) -> list[Value]:
        """Return the values of a named query, one for each match."""
        query = next(one for one in self.base.queries if one.name == name)
        scope: Environment = dict(arguments.items())
        found = matches(self.view, query.conditions, scope)
        return [
            evaluate(self.view, query.value, one.scope, Trace())
            for one in found
            if one.truth is True
        ]

    def expects(self, given: tree.TestCase) -> list[Value]:
        """Return the truth of every expectation of a test of rules, given its facts."""
        numbers = self.tell(given.given)
        self.run()
        scope: Environment = {
            one.binder: number
            for one, number in zip(given.given, numbers, strict=True)
            if one.binder is not None
        }
        return [
            any_of([one.truth for one in matches(self.view, (expect.condition,), scope)])
            for expect in given.expects
            if isinstance(expect, tree.Expect)
        ]
