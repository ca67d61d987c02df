"""What a condition allows of one field: a span of numbers, or a choice of values.

A conjunction of tests that compare fields with constants is taken apart field by field. What it
allows of a field can then be looked up from the field's value alone (`plan.masks` for one record,
`plan.columnwords` for whole columns); and where nothing is left of a field, the conjunction can
never hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf, nextafter
from typing import Final

from heuron.check.tree import (
    And,
    Compare,
    Conclude,
    Constant,
    Expression,
    FieldOf,
    Membership,
    Not,
    Pattern,
    Rule,
    Test,
    Variable,
)
from heuron.plan.expression import OPPOSITE
from heuron.values import UNKNOWN, Template, Value

__all__ = ["MIRRORED", "Allowed", "Atom", "Simple", "atom_of", "conjuncts", "simple_rule"]

MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What a comparison is when its sides change places."""

Span = tuple[float, float]
Choice = tuple[bool, tuple[Value, ...]]
Atom = tuple[str, str, tuple[Value, ...]]
"""A test of one field: its name, an operator, and constants; `known` asks for any value."""


@dataclass(slots=True)
class Allowed:
    """What is allowed of each field that is tested.

    `spans` has, for fields of numbers, the lowest value that holds and the first above that does
    not; `choices`, for other fields, whether the values are those that hold or do not, and them.
    """

    spans: dict[str, Span] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are tested."""
        return (*self.spans, *self.choices)

    def narrow(self, template: Template, atom: Atom) -> bool:
        """Take in one more test; return whether that could be done."""
        name, operator, values = atom
        if any(one is UNKNOWN for one in values):
            return False
        match template[name].type.kind:
            case "number" | "integer":
                span = _span(operator, values)
                if span is None:
                    return False
                low, high = self.spans.get(name, (-inf, inf))
                self.spans[name] = max(low, span[0]), min(high, span[1])
                return True
            case "enumeration" | "text" | "boolean":
                choice = _choice(operator, values)
                if choice is None:
                    return False
                known = self.choices.get(name)
                self.choices[name] = _both(known, choice) if known else choice
                return True
        return False


@dataclass(frozen=True, slots=True)
class Simple:
    """A rule all of whose tests compare fields with constants, and what it allows."""

    rule: Rule
    allowed: Allowed


def simple_rule(rule: Rule, template: Template, given: Mapping[str, str]) -> Simple | None:
    """Return a rule as a simple one, or None when it is not."""
    for action in rule.actions:
        if isinstance(action, Conclude) and not isinstance(action.value, Constant):
            return None
    allowed = Allowed()
    bound: dict[str, str] = {}
    for condition in rule.conditions:
        match condition:
            case Pattern(each=(), identity=None):
                bound |= {one.variable: one.field for one in condition.bindings}
                names = [one.field for one in condition.bindings]
                tests = condition.tests
            case Test():
                names, tests = [], (condition.expression,)
            case _:
                return None
        atoms: list[Atom | None] = [(name, "known", ()) for name in names]
        atoms += [atom_of(one, bound) for test in tests for one in conjuncts(test)]
        for atom in atoms:
            if atom is None or atom[0] not in given or not allowed.narrow(template, atom):
                return None
    return Simple(rule, allowed)


def conjuncts(node: Expression) -> Iterator[Expression]:
    """Yield the parts of a conjunction, however nested; another expression is its own part."""
    if isinstance(node, And):
        for one in node.operands:
            yield from conjuncts(one)
    else:
        yield node


def atom_of(node: Expression, bound: Mapping[str, str], sense: bool = True) -> Atom | None:
    """Return a test as field, operator and constants, or None when it is something else.

    Args:
        node: A condition.
        bound: The fields that variables stand for.
        sense: False: the test that the condition is false.
    """
    match node:
        case Not():
            return atom_of(node.operand, bound, not sense)
        case FieldOf() if node.type.kind == "boolean":
            return node.field, "in", (sense,)
        case Compare():
            operator = node.operator if sense else OPPOSITE[node.operator]
            field, value = _field(node.left, bound), node.right
            if field is None:
                field, value, operator = _field(value, bound), node.left, MIRRORED[operator]
            if field is None or not isinstance(value, Constant):
                return None
            return field, operator, (value.value,)
        case Membership(container=None):
            field = _field(node.item, bound)
            values = [one.value for one in node.options if isinstance(one, Constant)]
            if field is None or len(values) < len(node.options):
                return None
            return field, "in" if sense else "not in", tuple(values)
    return None


def _field(node: Expression, bound: Mapping[str, str]) -> str | None:
    match node:
        case FieldOf():
            return node.field
        case Variable():
            return bound.get(node.name)
    return None


def _span(operator: str, values: tuple[Value, ...]) -> Span | None:
    if operator == "known":
        return -inf, inf
    (value,) = values if len(values) == 1 else (None,)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A whole number is a float up to 2**53; the next float is the first that is greater.
    at = float(value)
    if at != value:
        return None
    match operator:
        case "<":
            return -inf, at
        case "<=":
            return -inf, nextafter(at, inf)
        case ">":
            return nextafter(at, inf), inf
        case ">=":
            return at, inf
        case "==" | "in":
            return at, nextafter(at, inf)
    return None


def _choice(operator: str, values: tuple[Value, ...]) -> Choice | None:
    match operator:
        case "known":
            return False, ()
        case "==" | "in":
            return True, tuple(dict.fromkeys(values))
        case "!=" | "not in":
            return False, tuple(dict.fromkeys(values))
    return None


def _both(one: Choice, other: Choice) -> Choice:
    if one[0] and other[0]:
        return True, tuple(value for value in one[1] if value in other[1])
    if one[0] or other[0]:
        allowed, refused = (one, other) if one[0] else (other, one)
        return True, tuple(value for value in allowed[1] if value not in refused[1])
    return False, tuple(dict.fromkeys((*one[1], *other[1])))
