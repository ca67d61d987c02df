"""Conditions of routes about facts other than the record, as hidden queries of the rules.

`exists Loan(applicant == a, amount > 5_000)` in a dispatch block is a question about working
memory, so it is asked of the rules: one query that has an answer when the condition is true,
one that has an answer when it is false. When neither has, it is unknown. Conditions about the
record alone need none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from heuron.check.reads import bound, free
from heuron.check.tree import (
    ANY,
    BOOLEAN,
    Aggregate,
    BackendOf,
    Base,
    Bind,
    Condition,
    Constant,
    Either,
    Exists,
    Expression,
    FactVariable,
    FieldOf,
    Forall,
    Negation,
    Pattern,
    Predict,
    Query,
    ReferencedField,
    Route,
    Test,
    Variable,
)
from heuron.check.walk import walk
from heuron.diagnostics import Span
from heuron.values import FieldType

__all__ = ["Asked", "Part", "parts_of", "with_route_queries"]

RECORD = "_record"
"""The parameter of a hidden query: the number of the record that was asked about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition about facts: the names of its queries, its reads, where it is written."""

    true: Query
    false: Query
    conditions: tuple[Condition, ...]
    span: Span


Part = Condition | Asked
"""A condition about the record, or one about facts."""


def with_route_queries(base: Base) -> Base:
    """Return the knowledge base with the hidden queries of its dispatch blocks added."""
    if base.goal is None:
        return base
    queries: list[Query] = []
    for place, block in enumerate(base.dispatches):
        for route in block.routes:
            for part in parts_of(route, base.goal.type_name, place):
                if isinstance(part, Asked):
                    queries += [part.true, part.false]
    return replace(base, queries=(*base.queries, *queries)) if queries else base


def parts_of(route: Route, record_type: str, block: int) -> tuple[Part, ...]:
    """Return the conditions of a route, those about facts as questions to ask.

    Args:
        route: A line of a dispatch block.
        record_type: The goal's type: a pattern on it means the record that was asked about.
        block: The place of the block, for the names of queries.
    """
    records = tuple(
        one.variable
        for one in walk(route.conditions)
        if isinstance(one, Pattern) and one.type_name == record_type
    )
    if all(_about_record(one, records) for one in route.conditions):
        return tuple(_unfolded(one, record_type) for one in route.conditions)
    waiting = list(_inlined(route.conditions, record_type))
    parts: list[Part] = []
    while waiting:
        one = waiting.pop(0)
        if _about_record(one, records):
            parts.append(_unfolded(one, record_type))
            continue
        group = [one]
        for later in list(waiting):
            if set(bound(group)) & set(free(later)):
                group.append(later)
                waiting.remove(later)
        name = f"route {block}.{route.line}.{len(parts)}"
        parts.append(_asked(name, tuple(group), record_type, records))
    return tuple(parts)


def _about_record(condition: Condition, records: Sequence[str]) -> bool:
    """Return whether a condition reads the record and backends alone."""
    for one in walk(condition):
        match one:
            case Pattern():
                if one.variable not in records:
                    return False
            case Aggregate() | ReferencedField() | FactVariable() | Forall():
                return False
            case FieldOf():
                if one.variable not in records:
                    return False
    return True


def _unfolded(condition: Condition, record_type: str) -> Condition:
    """Return a condition with patterns on the record, inside `not` and the like, as tests."""
    match condition:
        case Negation() | Exists():
            inner = tuple(t for one in condition.conditions for t in _tests(one, record_type))
            return replace(condition, conditions=inner)
        case Either():
            branches = tuple(
                tuple(t for one in branch for t in _tests(one, record_type))
                for branch in condition.branches
            )
            return replace(condition, branches=branches)
        case _:
            return condition


def _tests(condition: Condition, record_type: str) -> tuple[Condition, ...]:
    if not isinstance(condition, Pattern) or condition.type_name != record_type:
        return (_unfolded(condition, record_type),)
    binds = tuple(
        Bind(
            variable=one.variable,
            expression=FieldOf(type=ANY, variable=condition.variable, field=one.field),
            span=condition.span,
        )
        for one in condition.bindings
    )
    tests = tuple(Test(expression=one, span=one.span) for one in condition.tests)
    return (*binds, *tests)


def _inlined(conditions: tuple[Condition, ...], record_type: str) -> tuple[Condition, ...]:
    """Return conditions with value variables of the record replaced by what they stand for."""
    meaning: dict[str, Expression] = {}
    kept: list[Condition] = []
    for one in conditions:
        one = substitute(one, meaning)
        if isinstance(one, Bind):
            meaning[one.variable] = one.expression
        if isinstance(one, Pattern) and one.type_name == record_type:
            for binding in one.bindings:
                field = FieldOf(type=ANY, variable=one.variable, field=binding.field)
                meaning[binding.variable] = field
        # A bind stays: its value must be known for the route to hold.
        kept.append(one)
    return tuple(kept)


def substitute(node: Any, meaning: Mapping[str, Expression]) -> Any:
    """Return a node of the tree with value variables replaced by expressions."""
    if not meaning:
        return node
    if isinstance(node, tuple):
        return tuple(substitute(one, meaning) for one in node)
    if isinstance(node, Variable):
        return meaning.get(node.name, node)
    if not is_dataclass(node) or isinstance(node, (FieldType, Span, type)):
        return node
    changes = {}
    for field in fields(node):
        old = getattr(node, field.name)
        new = substitute(old, meaning)
        if new is not old:
            changes[field.name] = new
    return replace(node, **changes) if changes else node


def _asked(
    name: str, group: tuple[Condition, ...], record_type: str, records: tuple[str, ...]
) -> Asked:
    span = group[0].span
    needed = [one for one in free(group) if one in records]
    record = tuple(
        Pattern(
            variable=variable,
            type_name=record_type,
            identity=Variable(type=FieldType("reference", target=record_type), name=RECORD),
            span=span,
        )
        for variable in needed
    )
    yes = Constant(type=BOOLEAN, value=True)

    def query(kind: str, condition: Condition) -> Query:
        return Query(f"{name} {kind}", (RECORD,), (*record, condition), yes, span=span)

    return Asked(
        query("true", Exists(conditions=group, span=span)),
        query("false", Negation(conditions=group, span=span)),
        group,
        span,
    )


def reads_backends(asked: Asked) -> bool:
    """Return whether a condition about facts reads a backend, which no query can."""
    return any(isinstance(one, (BackendOf, Predict)) for one in walk(asked.conditions))
