"""Lowering: from the resolved tree to the normal form.

Conditions are put in order (positive patterns as written, every other condition as early as its
variables allow, `predict` and what reads it last), and references between facts become patterns
where they stand positively, so that they are indexed and justified like any join.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from heuron.check.tree import (
    Aggregate,
    And,
    Base,
    Bind,
    Compare,
    Condition,
    Either,
    Exists,
    Expression,
    FieldOf,
    Forall,
    Membership,
    Negation,
    Pattern,
    Predict,
    Query,
    ReferencedField,
    Rule,
    Test,
    Typed,
)
from heuron.plan.normal import Program
from heuron.plan.reads import bound, free
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
    actions = tuple(hoist.rebuilt(one) for one in rule.actions)
    return replace(rule, conditions=order((*conditions, *hoist.added)), actions=actions)


def _lower_query(query: Query) -> Query:
    hoist = _Hoist(query.conditions)
    conditions = hoist.conditions(query.conditions)
    value = hoist.rebuilt(query.value)
    conditions = order((*conditions, *hoist.added), query.parameters)
    return replace(query, conditions=conditions, value=value)


class _Hoist:
    """Turns `l.applicant.income` into a pattern on the applicant, once for each path.

    Only what stands positively is hoisted: inside `not`, `exists`, `forall`, `either`, an
    aggregate, `is unknown`, or a disjunction, a missing reference must stay unknown instead of
    making the whole rule fail.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.added: list[Pattern] = []
        self._by_path: dict[object, str] = {}
        self._next = 1 + max((one.id for one in conditions), default=0) + 1000

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

    def rebuilt(self, node: Any) -> Any:
        """Return a node with the references below it read from hoisted patterns."""
        if isinstance(node, tuple):
            return tuple(self.rebuilt(one) for one in node)
        if isinstance(node, (Aggregate, Negation, Exists, Forall, Either)):
            return node
        if isinstance(node, ReferencedField):
            reference = self.rebuilt(node.reference)
            variable = self._pattern(reference, node)
            return FieldOf(variable, node.field, type=node.type, span=node.span)
        if not hasattr(node, "__dataclass_fields__") or not _has_reference(node):
            return node
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
    stack: list[object] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(one)
        elif isinstance(one, ReferencedField):
            return True
        elif hasattr(one, "__dataclass_fields__"):
            stack.extend(getattr(one, name) for name in one.__dataclass_fields__)
    return False


def order(
    conditions: tuple[Condition, ...], parameters: Iterable[str] = ()
) -> tuple[Condition, ...]:
    """Return conditions in the order in which they are matched.

    Args:
        conditions: The conditions of one rule or query, in any order.
        parameters: Variables that are bound from outside.
    """
    patterns = [one for one in conditions if isinstance(one, Pattern)]
    late = _late(conditions)
    waiting = [one for one in conditions if not isinstance(one, Pattern) and one not in late]
    known = set(parameters)
    found: list[Condition] = []

    def settle() -> None:
        again = True
        while again:
            again = False
            for one in list(waiting):
                if all(name in known for name in free(one)):
                    waiting.remove(one)
                    found.append(one)
                    known.update(bound((one,)))
                    again = True

    settle()
    while patterns:
        # A hoisted pattern waits for the fact that refers to it; the others stay as written.
        ready = [
            one for one in patterns if one.identity is None or set(free(one.identity)) <= known
        ]
        chosen = ready[0] if ready else patterns[0]
        hoisted = next((one for one in ready if one.identity is not None), None)
        if hoisted is not None:
            chosen = hoisted
        patterns.remove(chosen)
        found.append(chosen)
        known.update(bound((chosen,)))
        settle()
    return (*found, *waiting, *late)


def _late(conditions: tuple[Condition, ...]) -> list[Condition]:
    """Return `predict` conditions and everything that reads a prediction, in order."""
    names = {one.variable for one in conditions if isinstance(one, Predict)}
    late: list[Condition] = []
    grown = True
    while grown and names:
        grown = False
        for one in conditions:
            if one in late or isinstance(one, Pattern):
                continue
            if isinstance(one, Predict) or names & set(free(one)):
                late.append(one)
                names.update(bound((one,)))
                grown = True
    # A prediction stands before what reads it.
    return sorted(late, key=lambda one: not isinstance(one, Predict))
