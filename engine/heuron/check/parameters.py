"""The types of a query's parameters, found from how the query uses them.

A parameter has the type of what it is compared with, looked for in, or given to; so that its
values can be checked and read from text like those of a field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from heuron.check import tree
from heuron.check.functions import BUILT_IN
from heuron.check.reads import variable_types
from heuron.check.tree import ANY, INTEGER, NUMBER
from heuron.check.types import is_any, named
from heuron.check.walk import walk
from heuron.values import FieldType, Template

__all__ = ["parameter_types"]


def parameter_types(
    parameters: tuple[str, ...],
    conditions: tuple[tree.Condition, ...],
    value: tree.Expression,
    templates: Mapping[str, Template],
    functions: Mapping[str, tree.HostFunction],
) -> dict[str, FieldType]:
    """Return the type of each parameter; `ANY` where its uses do not tell.

    Where uses differ the first one counts, so that the others are reported as what they are:
    a comparison of two types. Whole numbers and numbers go together, as numbers.

    Args:
        parameters: The parameters by name.
        conditions: The query's conditions, resolved with parameters that go with everything.
        value: What it answers.
        templates: The types of facts.
        functions: Host functions.
    """
    found = dict.fromkeys(parameters, ANY)
    types = variable_types(conditions)
    for node in walk((conditions, value)):
        for name, kind in _uses(node, types, templates, functions):
            known = found.get(name)
            if known is None or is_any(kind):
                continue
            if is_any(known) or (known == INTEGER and kind == NUMBER):
                found[name] = kind
    return found


def _uses(
    node: object,
    types: dict[str, str],
    templates: Mapping[str, Template],
    functions: Mapping[str, tree.HostFunction],
) -> Iterator[tuple[str, FieldType]]:
    """Yield the variables that a node reads directly, each with the type that it expects."""
    match node:
        case tree.Compare(left=left, right=right):
            yield from _named(left, right.type)
            yield from _named(right, left.type)
        case tree.Membership(item=item, options=options, container=container):
            for option in options:
                yield from _named(item, option.type)
                yield from _named(option, item.type)
            if container is not None and container.type.element is not None:
                yield from _named(item, container.type.element)
        case (
            tree.Holds(variable=variable, field=field, value=wanted)
            | tree.CertaintyOf(variable=variable, field=field, value=tree.Variable() as wanted)
        ):
            type_name = types.get(variable)
            if type_name is not None:
                yield from _named(wanted, templates[type_name][field].type)
        case tree.Arithmetic(operands=operands):
            numeric = [one.type for one in operands if one.type.is_numeric]
            if len(numeric) == len(operands) - 1:
                for operand in operands:
                    yield from _named(operand, NUMBER)
        case tree.Call(function=function, arguments=arguments):
            for argument, kind in zip(arguments, _taken(function, functions), strict=False):
                yield from _named(argument, kind)


def _named(node: object, kind: FieldType) -> Iterator[tuple[str, FieldType]]:
    if isinstance(node, tree.Variable):
        yield node.name, kind


def _taken(function: str, functions: Mapping[str, tree.HostFunction]) -> tuple[FieldType, ...]:
    """Return the types of a function's parameters; `ANY` where several are taken."""
    if function in functions:
        return functions[function].parameters
    signature = BUILT_IN.get(function)
    if signature is None:
        return ()
    taken = []
    for kinds in signature.parameters:
        kind = named("number" if kinds == ("number", "integer") else kinds[0])
        only = len(kinds) == 1 or kinds == ("number", "integer")
        taken.append(kind if only and kind is not None else ANY)
    return tuple(taken)
