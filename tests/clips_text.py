"""Simple resolved programs as CLIPS text: patterns, `not`, `exists`, tests and steps.

Only what means the same there: every field known, no derived facts, no conclusions. A test
compares the two fired sequences, or at least the final facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heuron.check import tree

OPERATORS = {"//": "div", "%": "mod"}
EQUAL = {"==": ("=", "eq"), "!=": ("<>", "neq")}
"""Of numbers, and of everything else."""
Names = dict[tuple[str, str] | str, str]
"""CLIPS variables: of (pattern variable, field), and of value variables."""


def variable(name: str) -> str:
    """Return a CLIPS variable: made-up names begin with a character that it does not take."""
    return f"?v{name}"


def constant(value: Any) -> str:
    """Return a constant: levels and texts are symbols, booleans TRUE and FALSE."""
    if isinstance(value, bool):
        return str(value).upper()
    return str(value)


def expression(node: tree.Expression, names: Names) -> str:
    """Return an expression in CLIPS's prefix form."""
    match node:
        case tree.Constant(value=value):
            return constant(value)
        case tree.Variable(name=name):
            return names[name]
        case tree.FieldOf(variable=variable, field=field):
            return names[variable, field]
        case tree.Arithmetic(operator="neg", operands=(operand,)):
            return f"(- 0 {expression(operand, names)})"
        case tree.Arithmetic(operator=operator, operands=operands):
            parts = " ".join(expression(one, names) for one in operands)
            return f"({OPERATORS.get(operator, operator)} {parts})"
        case tree.Compare(operator=operator, left=left, right=right):
            both = f"{expression(left, names)} {expression(right, names)}"
            if operator in EQUAL:
                operator = EQUAL[operator][0 if left.type.is_numeric else 1]
            return f"({operator} {both})"
        case tree.Membership(item=item, options=options, container=None):
            same = " ".join(
                f"(eq {expression(item, names)} {expression(one, names)})" for one in options
            )
            return f"(or {same} FALSE)"
        case tree.Not(operand=operand):
            return f"(not {expression(operand, names)})"
        case tree.And(operands=operands):
            return f"(and {' '.join(expression(one, names) for one in operands)} TRUE)"
        case tree.Or(operands=operands):
            return f"(or {' '.join(expression(one, names) for one in operands)} FALSE)"
    raise ValueError(f"CLIPS text has no {type(node).__name__}")


def pattern(node: tree.Pattern, base: tree.Base, names: Names, binder: str | None) -> list[str]:
    """Return a pattern that binds every field, and its tests after it."""
    slots = []
    for field in base.templates[node.type_name].names:
        names[node.variable, field] = f"{variable(node.variable)}-{field}"
        slots.append(f"({field} {names[node.variable, field]})")
    for binding in node.bindings:
        names[binding.variable] = names[node.variable, binding.field]
    text = f"({node.type_name} {' '.join(slots)})"
    tests = [f"(test {expression(one, names)})" for one in node.tests]
    return [f"{variable(binder)} <- {text}" if binder else text, *tests]


def condition(node: tree.Condition, base: tree.Base, names: Names) -> list[str]:
    """Return one condition as conditional elements."""
    match node:
        case tree.Pattern():
            return pattern(node, base, names, node.variable)
        case tree.Test(expression=test):
            return [f"(test {expression(test, names)})"]
        case tree.Negation(conditions=conditions) | tree.Exists(conditions=conditions):
            word = "not" if isinstance(node, tree.Negation) else "exists"
            return [f"({word} {together(scoped(conditions, base, dict(names)))})"]
        case tree.Forall(pattern=first, have=have):
            inner = dict(names)
            parts = scoped((first,), base, inner)
            missing = f"(not {together(scoped(have, base, inner))})"
            return [f"(not (and {' '.join([*parts, missing])}))"]
    raise ValueError(f"CLIPS text has no {type(node).__name__}")


def scoped(conditions: Sequence[tree.Condition], base: tree.Base, names: Names) -> list[str]:
    """Return conditions that bind nothing outside as conditional elements."""
    return [
        part
        for one in conditions
        for part in (
            pattern(one, base, names, None)
            if isinstance(one, tree.Pattern)
            else condition(one, base, names)
        )
    ]


def together(parts: Sequence[str]) -> str:
    """Return conditional elements as one."""
    return f"(and {' '.join(parts)})" if len(parts) > 1 else parts[0]


def action(node: tree.Action, names: Names) -> str:
    """Return an action."""
    match node:
        case tree.Assert(type_name=type_name, values=values):
            return f"(assert ({type_name} {slots(values, names)}))"
        case tree.Modify(variable=name, changes=changes):
            return f"(modify {variable(name)} {slots(changes, names)})"
        case tree.Retract(variable=name):
            return f"(retract {variable(name)})"
        case tree.Halt():
            return "(halt)"
    raise ValueError(f"CLIPS text has no {type(node).__name__}")


def slots(values: Sequence[tuple[str, tree.Expression]], names: Names) -> str:
    """Return slots with their new values."""
    return " ".join(f"({name} {expression(value, names)})" for name, value in values)


TRUE = "(test (eq 1 1))"
"""Holds always, and is one more comparison to CLIPS."""


def rule(node: tree.Rule, base: tree.Base, more: int = 0) -> str:
    """Return a rule as a `defrule` that prints nothing, with so many more tests that hold."""
    names: Names = {}
    parts = [part for one in node.conditions for part in condition(one, base, names)]
    parts[1:1] = [TRUE] * more
    actions = [action(one, names) for one in node.actions]
    salience = f"(declare (salience {node.salience}))"
    return f"(defrule {node.name} {salience} {' '.join(parts)} => {' '.join(actions)})"


def templates(base: tree.Base) -> list[str]:
    """Return the types of facts."""
    return [
        f"(deftemplate {name} {' '.join(f'(slot {field})' for field in template.names)})"
        for name, template in base.templates.items()
    ]


def fact(type_name: str, values: Mapping[str, object]) -> str:
    """Return a fact."""
    inside = " ".join(f"({name} {constant(value)})" for name, value in values.items())
    return f"({type_name} {inside})"
