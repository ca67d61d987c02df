"""The actions of a step as one generated function that changes memory.

All values are computed first, as they are at the moment of firing, and are brought into their
fields' types there: what the checks have proved is not looked at again. A value that its field
does not accept is refused before anything changes. The function returns, for each action, what
the functions of `plan.changes` return.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Final

from heuron.check.reads import variable_types
from heuron.check.tree import (
    Action,
    Assert,
    Constant,
    Expression,
    FactVariable,
    Halt,
    Modify,
    Retract,
    Rule,
    Variable,
)
from heuron.plan.changes import Changes, referred_types
from heuron.plan.conclusions import typed
from heuron.plan.derivation import tuple_of
from heuron.plan.matcher import Body
from heuron.plan.normal import Program
from heuron.values import UNKNOWN, Field, Template

__all__ = [
    "asserted_values",
    "can_fail_halfway",
    "fits_plainly",
    "perhaps_equal",
    "prepare_actions",
    "write_actions",
]

KINDS: Final = {
    "text": "Text",
    "enumeration": "Text",
    "integer": "Whole",
    "number": "Float",
    "boolean": "Truth",
    "date": "date",
    "datetime": "datetime",
    "duration": "timedelta",
}
"""The contract's names of the Python types of fields that need no look beyond it."""


def can_fail_halfway(
    program: Program, rule: Rule, followed: frozenset[str], are_distinct: bool = False
) -> bool:
    """Return whether an action may be refused after another one has been carried out.

    Args:
        program: The program.
        rule: A step.
        followed: The types whose changes definitions follow.
        are_distinct: Whether the variables of the changed facts stand for different ones.
    """
    types = variable_types(rule.conditions)
    referred = referred_types(program)
    for action in rule.actions:
        if isinstance(action, Assert):
            fields = program.templates[action.type_name].fields
            is_referring = any(field.type.kind == "reference" for field in fields)
            if action.type_name in followed or is_referring:
                return True
        elif isinstance(action, (Modify, Retract)):
            type_name = types[action.variable]
            if type_name in followed or type_name in referred:
                return True
    # Two variables may stand for one fact, which may have ended with the first action.
    return not are_distinct and bool(perhaps_equal(rule))


def perhaps_equal(rule: Rule) -> list[tuple[str, str]]:
    """Return the pairs of variables of changed facts that may stand for one fact."""
    types = variable_types(rule.conditions)
    changed = [one.variable for one in rule.actions if isinstance(one, (Modify, Retract))]
    return [
        (first, second)
        for first, second in combinations(changed, 2)
        if types[first] == types[second]
    ]


def write_actions(body: Body, actions: tuple[Action, ...], changes: Changes, name: str) -> str:
    """Write the actions of a step; return source for the tuple of what they did.

    Args:
        body: The function's body, with the rule's variables bound.
        actions: The actions, reasons and log lines aside.
        changes: Where the functions that change memory come from.
        name: The rule's name, remembered for each fact that it asserts or modifies.
    """
    return tuple_of(prepare_actions(body, actions, changes, name)())


def prepare_actions(
    body: Body,
    actions: tuple[Action, ...],
    changes: Changes,
    name: str,
    unfit: list[str] | None = None,
) -> Callable[[], list[str]]:
    """Write the values of a step's actions; return what then writes the actions themselves.

    That returns the locals that hold what each of them did.

    Args:
        body: As for `write_actions`.
        actions: As for `write_actions`.
        changes: As for `write_actions`.
        name: As for `write_actions`.
        unfit: Takes sources that must be true for the values to be in their fields' types, where
            the caller sees to it what happens when they are not; all of them must fit plainly.
    """
    calls = [_call(body, one, changes, unfit) for one in actions if not isinstance(one, Halt)]

    def carry_out() -> list[str]:
        results = []
        by = ""
        for call, holds in calls:
            result = body.writer.fresh("n")
            results.append(result)
            body.writer.line(f"{result} = {call}")
            if holds:
                by = by or changes.module.named("asserted_by", "reaction.asserted_by.single")
                literal = body.module.constants.literal(name)
                body.writer.line(f"if {result} > 0: asserted_by[{result}] = {literal}")
        return results

    return carry_out


def _call(
    body: Body, action: Action, changes: Changes, unfit: list[str] | None
) -> tuple[str, bool]:
    """Write the values of an action; return source for its call, and whether it holds a fact."""
    templates = body.module.program.templates
    match action:
        case Assert():
            return _assert(body, action, changes, unfit), True
        case Modify():
            row, type_name = body.scope.rows[action.variable], body.scope.types[action.variable]
            fields = tuple(dict(action.changes))
            given = dict(action.changes)
            values = [_fitted(body, templates[type_name], one, given[one], unfit) for one in fields]
            arguments = ", ".join([_current(body, changes, row, type_name, unfit), *values])
            return f"{changes.change(type_name, fields)}({arguments})", True
        case Retract():
            row, type_name = body.scope.rows[action.variable], body.scope.types[action.variable]
            return (
                f"{changes.end(type_name)}({_current(body, changes, row, type_name, unfit)})",
                False,
            )
    raise AssertionError(f"no change: {type(action).__name__}")


def _current(
    body: Body, changes: Changes, row: str, type_name: str, unfit: list[str] | None
) -> str:
    """Return source for the present version of a row that is changed.

    A search that fires on the spot has just seen it, and every other one that it changes.
    """
    if unfit is not None:
        return row
    changes.module.named("fault", "reaction.fault")
    return f"({body.module.find(type_name)}({row}[0]) or fault({row}[0]))"


def _assert(body: Body, action: Assert, changes: Changes, unfit: list[str] | None) -> str:
    layout = body.module.layouts[action.type_name]
    given = dict(action.values)
    if any(name in given for name in layout.concluded):
        # What is said of a concluded field goes beside the fact.
        literal = body.module.constants.literal
        parts = [
            f"{literal(name)}: {body.writer.keep(body.expressions.value(one))}"
            for name, one in action.values
        ]
        hold = body.module.named("hold", "reaction.hold")
        return f"{hold}({literal(action.type_name)}, {{{', '.join(parts)}}})"
    parts = asserted_values(body, action, unfit)
    return f"{changes.hold(action.type_name)}({tuple_of(parts)})"


def asserted_values(body: Body, action: Assert, unfit: list[str] | None) -> list[str]:
    """Write the values of the given fields of an asserted fact; return their sources.

    `unfit` is as for `prepare_actions`.
    """
    layout = body.module.layouts[action.type_name]
    given = dict(action.values)
    return [_fitted(body, layout.template, name, given.get(name), unfit) for name in layout.given]


def fits_plainly(field: Field, node: Expression | None) -> bool:
    """Return whether a look at the Python type of a value decides whether its field accepts it.

    None stands for a value that is left out.
    """
    if node is None:
        return field.optional or field.default is not None
    return _is_plain(field) and not isinstance(node, FactVariable)


def _is_plain(field: Field) -> bool:
    return field.low is field.high is field.matching is None and field.type.kind in KINDS


def _fitted(
    body: Body, template: Template, name: str, node: Expression | None, unfit: list[str] | None
) -> str:
    """Return source for a value in the type of its field; None stands for one that is left out."""
    field, module = template[name], body.module
    literal = module.constants.literal
    if node is None:
        if field.default is not None or field.optional:
            return literal(UNKNOWN if field.default is None else field.default)
        node = Constant(type=field.type, value=UNKNOWN)
    plain = _is_plain(field)
    if plain and isinstance(node, Constant) and node.value is not UNKNOWN:
        return literal(typed(field.type.kind, node.value))
    source = body.expressions.value(node)
    if plain and isinstance(node, Variable) and node.type == field.type:
        return source
    if unfit is not None:
        local = body.writer.keep(source)
        unfit.append(f"type_of({local}) is {KINDS[field.type.kind]}")
        return local
    module.named("fitted", "reaction.fitted")
    fitted = f"fitted({literal(template.name)}, {literal(name)}, {{}})"
    if isinstance(node, FactVariable) or field.type.kind == "reference":
        # Whether the fact is held is asked when the action is carried out.
        return fitted.format(body.writer.keep(source))
    local = body.writer.fresh("x")
    body.writer.line(f"{local} = {source}")
    if plain:
        kind = KINDS[field.type.kind]
        body.writer.line(f"if type_of({local}) is not {kind}: {local} = {fitted.format(local)}")
    else:
        body.writer.line(f"{local} = {fitted.format(local)}")
    return local
