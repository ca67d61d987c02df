"""Simple resolved programs as CLIPS text: patterns, `not`, `exists`, tests, steps, definitions.

Only what means the same there: every field known, certainty 1. A definition is a rule that fires
before every step, lower strata first, with the logical support of all its conditions. A concluded
field becomes facts of its own, which name their fact by its other fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heuron.check import tree
from heuron.check.walk import walk

OPERATORS = {"//": "div", "%": "mod"}
EQUAL = {"==": ("=", "eq"), "!=": ("<>", "neq")}
"""Of numbers, and of everything else."""
Names = dict[tuple[str, str] | str, Any]
"""CLIPS variables: of (pattern variable, field), and of value variables.

`read` is what `fields_read` says; `types` are those of the pattern variables.
"""


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
    own = own_fields(base, node.type_name)
    for field in base.templates[node.type_name].names:
        names[node.variable, field] = f"{variable(node.variable)}-{field}"
    for binding in node.bindings:
        names[binding.variable] = names[node.variable, binding.field]
    slots = " ".join(f"({field} {names[node.variable, field]})" for field in own)
    text = f"({node.type_name} {slots})"
    concluded = [
        f"({of}-{field} {slots} (value {names[node.variable, field]}))"
        for of, field in base.concluded
        if of == node.type_name and (node.variable, field) in names["read"]
    ]
    tests = [f"(test {expression(one, names)})" for one in node.tests]
    return [f"{variable(binder)} <- {text}" if binder else text, *concluded, *tests]


def own_fields(base: tree.Base, type_name: str) -> list[str]:
    """Return the fields of a type that no rule concludes."""
    names = base.templates[type_name].names
    return [one for one in names if (type_name, one) not in base.concluded]


def fields_read(node: tree.Rule) -> set[tuple[str, str]]:
    """Return what a rule reads: pairs of fact variable and field."""
    found = set()
    for one in walk((node.conditions, node.actions)):
        if isinstance(one, tree.FieldOf):
            found.add((one.variable, one.field))
        elif isinstance(one, tree.Pattern):
            found |= {(one.variable, binding.field) for binding in one.bindings}
    return found


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


def action(node: tree.Action, base: tree.Base, names: Names) -> str:
    """Return an action."""
    match node:
        case (
            tree.Assert(type_name=type_name, values=values)
            | tree.Derive(type_name=type_name, values=values)
        ):
            return f"(assert ({type_name} {slots(values, names)}))"
        case tree.Conclude(variable=name, field=field, value=value):
            type_name = names["types"][name]
            same = " ".join(f"({one} {names[name, one]})" for one in own_fields(base, type_name))
            return f"(assert ({type_name}-{field} {same} (value {expression(value, names)})))"
        case tree.Modify(variable=name, changes=changes) if base.derived or base.concluded:
            # CLIPS 6.4 puts a modified fact back beside the fact that it stood behind, and loses
            # the end of its list where that one has just gone with its logical support.
            type_name = names["types"][name]
            own = {one: names[name, one] for one in own_fields(base, type_name)}
            own |= {one: expression(value, names) for one, value in changes}
            values = " ".join(f"({one} {value})" for one, value in own.items())
            return f"(retract {variable(name)}) (assert ({type_name} {values}))"
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


DEFINITIONS = 5_000
"""The salience of the lowest stratum of definitions."""


def rule(node: tree.Rule, base: tree.Base, more: int = 0, stratum: int = 0) -> str:
    """Return a rule as a `defrule` that prints nothing, with so many more tests that hold."""
    types = {one.variable: one.type_name for one in walk(node) if isinstance(one, tree.Pattern)}
    names: Names = {"read": fields_read(node), "types": types}
    parts = [part for one in node.conditions for part in condition(one, base, names)]
    parts[1:1] = [TRUE] * more
    actions = [action(one, base, names) for one in node.actions]
    salience = f"(declare (salience {node.salience}))"
    if not node.is_step:
        salience = f"(declare (salience {DEFINITIONS - stratum}))"
        parts = [f"(logical {' '.join(parts)})"]
    return f"(defrule {node.name} {salience} {' '.join(parts)} => {' '.join(actions)})"


def templates(base: tree.Base) -> list[str]:
    """Return the types of facts."""
    fields = {name: own_fields(base, name) for name in base.templates}
    fields |= {f"{of}-{field}": [*fields[of], "value"] for of, field in base.concluded}
    return [
        f"(deftemplate {name} {' '.join(f'(slot {field})' for field in own)})"
        for name, own in fields.items()
    ]


def fact(type_name: str, values: Mapping[str, object]) -> str:
    """Return a fact."""
    inside = " ".join(f"({name} {constant(value)})" for name, value in values.items())
    return f"({type_name} {inside})"
