"""Lowering: from the resolved tree to the normal form.

Conditions are put in order (positive patterns as written, every other condition as early as its
variables allow, `predict` and what reads it last), and references between facts become patterns
where they stand positively, so that they are indexed and justified like any join.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from heuron.check.reads import bound, free
from heuron.check.tree import (
    Action,
    Aggregate,
    And,
    Base,
    Because,
    Bind,
    Compare,
    Condition,
    Either,
    Exists,
    Expression,
    FieldOf,
    Forall,
    IsUnknown,
    Log,
    Membership,
    Negation,
    Numbered,
    Or,
    Pattern,
    Predict,
    Query,
    ReferencedField,
    Rule,
    Test,
    Typed,
)
from heuron.check.walk import walk
from heuron.plan.normal import Program
from heuron.plan.strata import stratify

__all__ = ["lower", "lower_rule", "order"]


def lower(base: Base) -> Program:
    """Return the normal form of a resolved knowledge base."""
    rules = tuple(lower_rule(one) for one in base.rules)
    queries = tuple(_lower_query(one) for one in base.queries)
    strata = stratify(base, rules)
    steps = tuple(one for one in rules if one.is_step)
    names: dict[int, str] = {rule.index: rule.name for rule in rules}
    for table in base.tables:
        names.update({table.index + place: row.name for place, row in enumerate(table.rows)})
    return Program(
        base.templates,
        base.goal,
        base.concluded,
        base.many,
        base.derived,
        base.facts,
        strata,
        steps,
        queries,
        tuple(names.get(index, "") for index in range(max(names, default=-1) + 1)),
        _is_single_record(base, strata, steps),
    )


def _is_single_record(base: Base, strata: tuple[Any, ...], steps: tuple[Rule, ...]) -> bool:
    if base.goal is None or steps:
        return False
    record = base.goal.type_name
    if (record, base.goal.field) not in base.concluded:
        # Nobody concludes the goal: the record plan has no place for it.
        return False
    for stratum in strata:
        if stratum.fixpoint or any(one.type_name != record for one in stratum.tables):
            return False
        for rule in stratum.record:
            if any(one.type_name != record for one in rule.conditions if isinstance(one, Pattern)):
                return False
    return True


def lower_rule(rule: Rule) -> Rule:
    """Return a rule with its references hoisted and its conditions in order."""
    hoist = _Hoist(rule.conditions)
    conditions = hoist.conditions(rule.conditions)
    actions = tuple(hoist.action(one) for one in rule.actions)
    return replace(rule, conditions=order((*conditions, *hoist.added)), actions=actions)


def _lower_query(query: Query) -> Query:
    hoist = _Hoist(query.conditions)
    conditions = hoist.conditions(query.conditions)
    value = hoist.rebuilt(query.value)
    conditions = order((*conditions, *hoist.added), query.parameters)
    return replace(query, conditions=conditions, value=value)


READ_ONLY = (Aggregate, And, Either, Exists, Forall, IsUnknown, Negation, Or)
"""What may be known although a reference inside it is missing."""


class _Hoist:
    """Turns `l.applicant.income` into a pattern on the applicant, once for each path.

    Only what stands positively is hoisted: inside `not`, `exists`, `forall`, `either`, an
    aggregate, `is unknown`, or a disjunction, a missing reference must stay unknown instead of
    making the whole rule fail.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.added: list[Pattern] = []
        self._by_path: dict[object, str] = {}
        numbered = (one.id for one in walk(tuple(conditions)) if isinstance(one, Numbered))
        self._next = max(numbered, default=-1)

    def conditions(self, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Return the conditions with positive references hoisted."""
        found: list[Condition] = []
        for one in conditions:
            match one:
                case Pattern():
                    tests = tuple(self._test(test) for test in one.tests)
                    found.append(replace(one, tests=tests))
                case Test():
                    found.append(replace(one, expression=self._test(one.expression)))
                case Bind():
                    found.append(replace(one, expression=self.rebuilt(one.expression)))
                case _:
                    found.append(one)
        return tuple(found)

    def _test(self, node: Expression) -> Expression:
        """Rebuild a test that must be true; comparisons are, and conjunctions of them."""
        match node:
            case Compare() | Membership():
                rebuilt: Expression = self.rebuilt(node)
                return rebuilt
            case And():
                return replace(node, operands=tuple(self._test(one) for one in node.operands))
            case _:
                return node

    def action(self, node: Action) -> Action:
        """Return an action with its references hoisted; a text is no reason not to fire."""
        if isinstance(node, (Because, Log)):
            return node
        rebuilt: Action = self.rebuilt(node)
        return rebuilt

    def rebuilt(self, node: Any) -> Any:
        """Return a node with the references below it read from hoisted patterns."""
        if isinstance(node, tuple):
            return tuple(self.rebuilt(one) for one in node)
        if isinstance(node, READ_ONLY):
            return node
        if isinstance(node, ReferencedField):
            reference = self.rebuilt(node.reference)
            variable = self._pattern(reference, node)
            return FieldOf(variable, node.field, type=node.type, span=node.span)
        if not hasattr(node, "__dataclass_fields__") or not _has_reference(node):
            return node
        if isinstance(node, Membership):
            # Equal to one option is enough, whatever the others are.
            item, container = self.rebuilt(node.item), self.rebuilt(node.container)
            return replace(node, item=item, container=container)
        changes = {
            one.name: self.rebuilt(getattr(node, one.name))
            for one in fields(node)
            if one.name not in ("type", "span", "id")
        }
        return replace(node, **changes)

    def _pattern(self, reference: Typed, node: ReferencedField) -> str:
        key = (node.target, reference)
        if key not in self._by_path:
            name = f"_r{len(self._by_path) + 1}"
            self._by_path[key] = name
            self._next += 1
            self.added.append(
                Pattern(
                    name,
                    node.target,
                    identity=reference,  # type: ignore[arg-type]
                    id=self._next,
                    span=node.span,
                )
            )
        return self._by_path[key]


def _has_reference(node: object) -> bool:
    return any(isinstance(one, ReferencedField) for one in walk(node))


def order(
    conditions: tuple[Condition, ...], parameters: Iterable[str] = ()
) -> tuple[Condition, ...]:
    """Return conditions in the order in which they are matched.

    Args:
        conditions: The conditions of one rule or query, in any order.
        parameters: Variables that are bound from outside.
    """
    return _Ordering(conditions, parameters).ordered()


class _Ordering:
    """Puts conditions in order: each as early as the variables that it reads allow."""

    def __init__(self, conditions: tuple[Condition, ...], parameters: Iterable[str]) -> None:
        self.reads = {id(one): free(one) for one in conditions}
        self.known = set(parameters)
        self.found: list[Condition] = []
        self.patterns = [one for one in conditions if isinstance(one, Pattern)]
        others: list[Condition] = [one for one in conditions if not isinstance(one, Pattern)]
        late = self._late(others)
        self.early = [one for one in others if id(one) not in late]
        self.late = [one for one in others if id(one) in late]

    def _late(self, others: list[Condition]) -> set[int]:
        """Return the ids of `predict` conditions and of everything that reads a prediction."""
        late = {id(one) for one in others if isinstance(one, Predict)}
        names = {one.variable for one in others if isinstance(one, Predict)}
        grown = bool(names)
        while grown:
            grown = False
            for one in others:
                if id(one) not in late and not names.isdisjoint(self.reads[id(one)]):
                    late.add(id(one))
                    names.update(bound((one,)))
                    grown = True
        return late

    def ordered(self) -> tuple[Condition, ...]:
        """Return all conditions."""
        self._settle(self.early)
        while self.patterns:
            self._match(self._next_pattern())
            self._settle(self.early)
        # A prediction stands before what reads it, and costs more than any test.
        self.late.sort(key=lambda one: not isinstance(one, Predict))
        self._settle(self.late)
        return (*self.found, *self.early, *self.late)

    def _match(self, one: Condition) -> None:
        self.found.append(one)
        self.known.update(bound((one,)))

    def _settle(self, waiting: list[Condition]) -> None:
        """Move the conditions whose variables are known from `waiting` to the found ones."""
        grown = True
        while grown and waiting:
            rest = []
            for one in waiting:
                if self.known.issuperset(self.reads[id(one)]):
                    self._match(one)
                else:
                    rest.append(one)
            grown = len(rest) < len(waiting)
            waiting[:] = rest

    def _next_pattern(self) -> Pattern:
        """Return the next pattern: a hoisted one whose reference is known, else as written."""
        written = None
        for one in self.patterns:
            if one.identity is None:
                written = written or one
            elif self.known.issuperset(free(one.identity)):
                self.patterns.remove(one)
                return one
        return self.patterns.pop(self.patterns.index(written or self.patterns[0]))
