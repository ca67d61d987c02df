"""The oracle, second part: strata, facts and definitions, computed afresh every time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import product
from typing import Any

from heuron.check import tree
from heuron.values import UNKNOWN, Template, Value
from naive_functions import number_in_range
from naive_logic import (
    Activation,
    Environment,
    Held,
    Settled,
    Trace,
    View,
    activations,
    all_of,
    evaluate,
    walk,
)

# Strata


Definition = tree.Rule | tree.Table


def types_of(definition: Definition) -> dict[str, str]:
    """Return the types of a definition's fact variables."""
    types = {one.variable: one.type_name for one in walk(definition) if is_pattern(one)}
    if isinstance(definition, tree.Table):
        types[definition.variable] = definition.type_name
    return types


def is_pattern(node: object) -> bool:
    """Return whether a node is a pattern."""
    return isinstance(node, tree.Pattern)


def fields_read(definition: Definition) -> set[tuple[str, str]]:
    """Return the (type, field) pairs that a definition reads, anywhere."""
    types = types_of(definition)
    found = set()
    for one in walk(definition):
        if isinstance(one, (tree.FieldOf, tree.Holds, tree.CertaintyOf)):
            found.add((types[one.variable], one.field))
        elif isinstance(one, tree.ReferencedField):
            found.add((one.target, one.field))
        elif isinstance(one, tree.Pattern):
            found |= {(one.type_name, binding.field) for binding in one.bindings}
    return found


def fields_concluded(definition: Definition) -> set[tuple[str, str]]:
    """Return the (type, field) pairs that a definition concludes."""
    types = types_of(definition)
    if isinstance(definition, tree.Table):
        return {(definition.type_name, definition.field)}
    return {
        (types[one.variable], one.field)
        for one in definition.actions
        if isinstance(one, tree.Conclude)
    }


def types_read(definition: Definition) -> set[str]:
    """Return the types whose facts a definition reads."""
    referred = {one.target for one in walk(definition) if isinstance(one, tree.ReferencedField)}
    return set(types_of(definition).values()) | referred


def types_negated(definition: Definition) -> set[str]:
    """Return the types of which more facts can make the definition hold less."""
    parts = [
        one
        for one in walk(definition)
        if isinstance(one, (tree.Negation, tree.Forall, tree.Aggregate))
    ]
    return {one.type_name for part in parts for one in walk(part) if is_pattern(one)}


@dataclass(frozen=True)
class Dependence:
    """What a definition makes, and what it depends on."""

    derives: set[str]
    concludes: set[tuple[str, str]]
    reads: set[str]
    negates: set[str]
    reads_fields: set[tuple[str, str]]


def dependence(definition: Definition) -> Dependence:
    """Return what a definition makes, and what it depends on."""
    return Dependence(
        derived_types(definition),
        fields_concluded(definition),
        types_read(definition),
        types_negated(definition),
        fields_read(definition),
    )


def step_up(one: Dependence, other: Dependence) -> int | None:
    """Return how far a definition stands above another: 1, 0 (not below it), or not at all."""
    if other.derives & one.negates or other.concludes & one.reads_fields:
        return 1
    return 0 if other.derives & one.reads else None


def levels(base: tree.Base) -> dict[str, int]:
    """Return the stratum of every definition, by iterating what stands above what."""
    definitions: list[Definition] = [one for one in base.rules if not one.is_step]
    definitions += base.tables
    level = {one.name: 0 for one in definitions}
    depends = {one.name: dependence(one) for one in definitions}
    steps = {
        (one, other): step_up(depends[one], depends[other])
        for one, other in product(depends, depends)
    }
    before: dict[str, int] = {}
    while level != before:
        before = dict(level)
        for (one_name, other_name), step in steps.items():
            if step is not None:
                level[one_name] = max(level[one_name], level[other_name] + step)
        assert max(level.values()) <= len(level), "the definitions depend on their own absence"
    return level


def derived_types(definition: Definition) -> set[str]:
    """Return the types that a definition derives."""
    actions = () if isinstance(definition, tree.Table) else definition.actions
    return {one.type_name for one in actions if isinstance(one, tree.Derive)}


# Facts


def fitted(template: Template, name: str, value: Any) -> Any:
    """Return a value as the field holds it; unknown when the field does not accept it."""
    declared = template[name]
    if value is UNKNOWN:
        return UNKNOWN
    if declared.type.kind == "number":
        value = number_in_range(float(value))
    elif declared.type.kind == "integer":
        value = UNKNOWN if value != int(value) else number_in_range(int(value))
    if value is UNKNOWN:
        return UNKNOWN
    low, high = declared.low, declared.high
    if low is not None and (value < low or (declared.low_open and value == low)):
        return UNKNOWN
    if high is not None and (value > high or (declared.high_open and value == high)):
        return UNKNOWN
    return value


def fact_values(
    base: tree.Base, type_name: str, values: Mapping[str, Value]
) -> tuple[tuple[tuple[str, Value], ...], tuple[tuple[str, Value], ...]]:
    """Return the fields of a new fact, and apart from them the concluded ones that are given."""
    template = base.templates[type_name]
    own, given = [], []
    for one in template.fields:
        value = values.get(one.name, UNKNOWN if one.default is None else one.default)
        if (type_name, one.name) in base.concluded:
            # CHOICE: a concluded field that is given as `unknown` is not given.
            given += [(one.name, value)] if values.get(one.name, UNKNOWN) is not UNKNOWN else []
        else:
            own.append((one.name, fitted(template, one.name, value)))
    return tuple(own), tuple(given)


def lacks(template: Template, values: Sequence[tuple[str, Value]]) -> bool:
    """Return whether a field that rules must give is unknown."""
    return any(
        value is UNKNOWN and not template[name].optional and template[name].default is None
        for name, value in values
    )


def sort_key(value: Any) -> tuple[object, ...]:
    """Return an order over the values of one field in which unknown comes first."""
    if value is UNKNOWN:
        return (0,)
    if isinstance(value, tuple):
        return (1, tuple(sort_key(one) for one in value))
    return (1, value.isoformat() if isinstance(value, (date, datetime)) else value)


# Definitions


@dataclass(frozen=True)
class Contribution:
    """One activation's part in the value of a concluded field."""

    number: int
    field: str
    value: Value
    certainty: float
    rule: str
    salience: int
    order: int


@dataclass
class Defined:
    """What the definitions say: the view with it, contributions, and every firing."""

    view: View
    contributions: list[Contribution] = field(default_factory=list)
    firings: list[tuple[str, tuple[int, ...], float]] = field(default_factory=list)
    several_hits: list[tuple[str, int]] = field(default_factory=list)


def define(
    view: View, level: Mapping[str, int], earlier: View, event: int, next_number: int
) -> Defined:
    """Bring all definitions to their fixpoint over the told facts of a view.

    Derived facts that `earlier` held too keep their number and event.
    """
    base = view.base
    defined = Defined(view)
    settle(defined)
    known = {(one.type, one.values): one for one in earlier.facts.values()}
    for stratum in sorted(set(level.values())):
        rules = [one for one in base.rules if level.get(one.name) == stratum]
        tables = [one for one in base.tables if level[one.name] == stratum]
        while new := [
            fact
            for rule in rules
            for fact in derivations(view, rule)
            if fact not in {(one.type, one.values) for one in view.facts.values()}
        ]:
            for type_name, values in dict.fromkeys(new):
                place = list(base.templates).index(type_name)
                rank = (place, *(sort_key(value) for _, value in values))
                held = known.get((type_name, values))
                if held is None:
                    held = Held(next_number, type_name, values, event, rank=rank)
                    next_number += 1
                view.facts[held.number] = replace(held, rank=rank)
        for rule in rules:
            for one in activations(view, rule):
                defined.firings.append((rule.name, one.matched, one.certainty))
                defined.contributions += contributions(view, rule, one)
        for table in tables:
            decide(defined, table)
        settle(defined)
    return defined


def derivations(view: View, rule: tree.Rule) -> Iterator[tuple[str, tuple[tuple[str, Value], ...]]]:
    """Yield the facts that a rule derives.

    CHOICE: a fact one of whose necessary fields would be unknown is not derived.
    """
    for one in activations(view, rule):
        for action in rule.actions:
            if isinstance(action, tree.Derive):
                values = {
                    name: evaluate(view, value, one.scope, Trace()) for name, value in action.values
                }
                own, _ = fact_values(view.base, action.type_name, values)
                if not lacks(view.base.templates[action.type_name], own):
                    yield action.type_name, own


def contributions(view: View, rule: tree.Rule, activation: Activation) -> Iterator[Contribution]:
    """Yield what an activation concludes; an unknown or unacceptable value is no contribution."""
    for action in rule.actions:
        if isinstance(action, tree.Conclude):
            number = activation.scope[action.variable]
            # CHOICE: what the action reads costs no certainty, only what the conditions read.
            value = evaluate(view, action.value, activation.scope, Trace())
            value = fitted(view.base.templates[view.facts[number].type], action.field, value)
            if value is not UNKNOWN:
                certainty = action.certainty * activation.certainty
                yield Contribution(
                    number, action.field, value, certainty, rule.name, rule.salience, rule.index
                )


def decide(defined: Defined, table: tree.Table) -> None:
    """Let a table's rows conclude, under its hit policy, for every record."""
    view = defined.view
    for fact in view.of_type(table.type_name):
        scope: Environment = {table.variable: fact.number}
        rows = []
        for place, row in enumerate(table.rows):
            trace = Trace()
            tests = [one for one in row.tests if one is not None]
            truth = all_of([evaluate(view, one, scope, trace) for one in tests])
            value = evaluate(view, row.value, scope, Trace())
            value = fitted(view.base.templates[table.type_name], table.field, value)
            rows.append((truth, row.name, value, trace.certainty, table.index + place))
        for _, name, value, certainty, order in chosen_rows(defined, table, fact, rows):
            defined.firings.append((name, (fact.number,), certainty))
            if value is not UNKNOWN:
                defined.contributions.append(
                    Contribution(fact.number, table.field, value, certainty, name, 0, order)
                )


def chosen_rows(defined: Defined, table: tree.Table, fact: Held, rows: list[Any]) -> list[Any]:
    """Return the rows that a table's hit policy lets conclude.

    CHOICE: for every policy but `first`, a row that is unknown is passed over. Under `any` every
    true row contributes, as rows are rules.
    """
    true = [one for one in rows if one[0] is True]
    if table.hit == "first":
        possible = [one for one in rows if one[0] is not False]
        return possible[:1] if possible and possible[0][0] is True else []
    if table.hit == "collect":
        return true
    values = {one[2] for one in true}
    if len(true if table.hit == "unique" else values) > 1:
        defined.several_hits.append((table.name, fact.number))
        return []
    return true


def combined(certainties: Sequence[float]) -> float:
    """Return the certainty of a value from its contributions."""
    doubt = math.prod(1 - c for c in certainties if c > 0)
    doubt_against = math.prod(1 - abs(c) for c in certainties if c < 0)
    if doubt < doubt_against:
        return round(1 - doubt / doubt_against, 12)
    return round(doubt_against / doubt - 1, 12) if doubt > doubt_against else 0.0


def settle(defined: Defined) -> None:
    """Settle every concluded field of every fact from the contributions there are."""
    view = defined.view
    for (type_name, name), number in product(view.base.concluded, list(view.facts)):
        fact = view.facts[number]
        if fact.type != type_name:
            continue
        mine = [one for one in defined.contributions if (one.number, one.field) == (number, name)]
        mine.sort(key=lambda one: one.order)
        certainties, order, contradictions = {}, {}, []
        for value in dict.fromkeys(one.value for one in mine):
            parts = [one for one in mine if one.value == value]
            certainties[value] = combined([one.certainty for one in parts])
            # CHOICE: of a value's positive contributions the one with the highest salience, then
            # the first in rule order, fact order and order of actions, stands for it in a tie.
            order[value] = min(
                (-one.salience, place)
                for place, one in enumerate(mine)
                if one in parts and (one.certainty > 0 or certainties[value] <= 0)
            )
            if {1.0, -1.0} <= {one.certainty for one in parts}:
                contradictions.append(value)
        above = [one for one in certainties if certainties[one] > 0]
        above.sort(key=lambda value: (-certainties[value], order[value]))
        values = [(one, certainties[one]) for one in above]
        if (given := dict(fact.given)).get(name, UNKNOWN) is not UNKNOWN:
            listed: Any = given[name] if isinstance(given[name], tuple) else (given[name],)
            values = [(one, 1.0) for one in listed]
            certainties |= dict(values)
        elif (type_name, name) not in view.base.many:
            values = values[:1]
        view.settled[number, name] = Settled(
            tuple(values), tuple(certainties.items()), tuple(contradictions)
        )
