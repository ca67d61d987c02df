"""Resolving declarations: types and their fields, lets, the goal."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Final

from heuron.check import tree
from heuron.check.constants import accepted, constant, number
from heuron.check.context import Context, LetEntry, Placed, Scope
from heuron.check.expressions import resolve
from heuron.check.graph import components
from heuron.check.regexes import regex_problem, way_out
from heuron.check.types import named
from heuron.check.walk import walk
from heuron.check.words import capital, meant
from heuron.diagnostics import Related, Span
from heuron.lang import ast
from heuron.values import Field, FieldType, Template, show

__all__ = ["check_lets", "declare_lets", "declare_types", "resolve_goal"]


def declare_types(items: Iterable[Placed], context: Context) -> None:
    """Enter the types of all files: first their names, then their fields."""
    declared: dict[str, tuple[ast.TypeDeclaration, str]] = {}
    for placed in items:
        item = placed.item
        if not isinstance(item, ast.TypeDeclaration):
            continue
        name = placed.prefix + item.name
        if name in declared:
            _twice("type", item.name, item.span, declared[name][0].span, context)
            continue
        if named(item.name) is not None:
            context.error("duplicate-name", f"{item.name} is a built-in type.", item.span)
            continue
        if item.name[0].islower():
            context.warn(
                "lower-case-type",
                f'The type "{item.name}" begins with a lower-case letter.',
                context.word(item.span, item.name),
                f"Call it {capital(item.name)}: a small first letter reads as a function.",
            )
        declared[name] = (item, placed.prefix)
        context.templates[name] = Template(name, (), item.title)
    for name, (item, prefix) in declared.items():
        context.prefix = prefix
        context.templates[name] = Template(name, _fields(item, context), item.title)
    context.prefix = ""


def _twice(kind: str, name: str, span: Span, first: Span, context: Context) -> None:
    context.error(
        "duplicate-name",
        f'There are two {kind}s named "{name}".',
        span,
        related=(Related(f"the first is at {context.place(first)}", first),),
    )


def _fields(item: ast.TypeDeclaration, context: Context) -> tuple[Field, ...]:
    fields: dict[str, Field] = {}
    for declaration in item.fields:
        if declaration.name in fields:
            context.error(
                "duplicate-name",
                f'{item.name} has two fields named "{declaration.name}".',
                declaration.span,
            )
            continue
        field = _field(declaration, context)
        if field is not None:
            fields[field.name] = field
    return tuple(fields.values())


ELSEWHERE: Final = {
    **dict.fromkeys(("float", "double", "real", "decimal", "numeric"), "number"),
    **dict.fromkeys(("int", "whole", "long"), "integer"),
    **dict.fromkeys(("str", "string", "varchar", "char"), "text"),
    **dict.fromkeys(("bool", "logical", "flag"), "boolean"),
    **dict.fromkeys(("timestamp", "time"), "datetime"),
    **dict.fromkeys(("timedelta", "interval"), "duration"),
}
"""What other languages call the types of fields."""

KINDS: Final = ("text", "number", "integer", "boolean", "date", "datetime", "duration")


def _meant_type(name: str) -> str | None:
    """Return the hint for a name that is no type but was probably meant for one of a field."""
    if name in ELSEWHERE:
        return f"Write {ELSEWHERE[name]}."
    return meant(name, KINDS) if name.islower() else None


def _type(node: ast.TypeExpression, context: Context) -> FieldType | None:
    match node:
        case ast.NamedType():
            built_in = named(node.name)
            if built_in is not None:
                return built_in
            template = context.template(node.name, node.span, _meant_type(node.name))
            return FieldType("reference", target=template.name) if template else None
        case ast.EnumerationType():
            if len(set(node.levels)) != len(node.levels):
                twice = next(one for one in node.levels if node.levels.count(one) > 1)
                context.error("duplicate-name", f'"{twice}" is a level twice.', node.span)
            return FieldType("enumeration", levels=tuple(dict.fromkeys(node.levels)))
        case ast.ListType():
            element = _type(node.element, context)
            return FieldType("list", element=element) if element else None


def _field(node: ast.FieldDeclaration, context: Context) -> Field | None:
    kind = _type(node.type, context)
    if kind is None:
        # The field stays, with a type that goes with everything: one mistake, one message.
        return Field(node.name, tree.ANY, optional=node.optional, ask=node.ask)
    plain = Field(node.name, kind)
    low = high = None
    low_open = high_open = False
    bounds = list(node.bounds)
    if node.within is not None:
        bounds += [(">=", node.within.low), ("<=", node.within.high)]
    for operator, written in bounds:
        value = _bound(plain, operator, written, context)
        if value is None:
            continue
        if operator in (">", ">="):
            low, low_open = value, operator == ">"
        elif operator in ("<", "<="):
            high, high_open = value, operator == "<"
    if low is not None and high is not None:
        empty = low > high or (low == high and (low_open or high_open))  # type: ignore[operator]
        if empty:
            context.error(
                "out-of-range",
                f'"{node.name}" accepts nothing: '
                f"no value lies between {show(low)} and {show(high)}.",
                node.span,
            )
    matching = _matching(node, kind, context)
    field = Field(
        node.name, kind, low, high, low_open, high_open, matching, node.unit, node.optional,
        None, node.ask,
    )  # fmt: skip
    default = None
    if node.default is not None:
        value = constant(node.default, "A default", context, field)
        if value is not None:
            default = accepted(field, value, node.default.span, context)
    return Field(
        node.name, kind, low, high, low_open, high_open, matching, node.unit, node.optional,
        default, node.ask,
    )  # fmt: skip


def _bound(field: Field, operator: str, written: ast.Expression, context: Context) -> object | None:
    if field.type.kind not in ("number", "integer", "date", "datetime", "duration"):
        context.error(
            "type-mismatch", f'"{field.name}" is {field.type}, which has no bounds.', written.span
        )
        return None
    if operator not in ("<", "<=", ">", ">="):
        context.error("bad-constant", "A bound is written with <, <=, > or >=.", written.span)
        return None
    value = constant(written, "A bound", context, field)
    if value is None:
        return None
    if field.type.kind == "integer" and isinstance(value, (int, float)):
        return value
    return accepted(field, value, written.span, context)


def _matching(node: ast.FieldDeclaration, kind: FieldType, context: Context) -> str | None:
    if node.matching is None:
        return None
    if kind.kind != "text":
        what = f"`matching` goes with text, not with {kind}."
        context.error("type-mismatch", what, context.word(node.span, "matching"))
        return None
    problem = regex_problem(node.matching)
    if problem is not None:
        context.error(
            "bad-pattern",
            f'"{node.matching}" cannot be used: {problem}.',
            context.quoted_after(node.span, "matching"),
            way_out(problem),
        )
        return None
    re.compile(node.matching)
    return node.matching


# Lets


def declare_lets(items: Iterable[Placed], context: Context) -> None:
    """Enter the lets of all files by name."""
    for placed in items:
        item = placed.item
        if isinstance(item, ast.Let):
            name = placed.prefix + item.name
            if name in context.lets:
                _twice("let", item.name, item.span, context.lets[name].let.span, context)
            else:
                context.lets[name] = LetEntry(item, placed.prefix)


def check_lets(context: Context) -> None:
    """Report lets that call each other in a circle, and what is wrong inside plain ones."""
    calls = {name: _called(entry, context) for name, entry in context.lets.items()}
    done: set[str] = set()
    for part in components(context.lets, calls):
        if len(part) > 1 or part[0] in calls[part[0]]:
            done.update(part)
            first = min(part, key=list(context.lets).index)
            circle = " → ".join([*_circle(first, calls, set(part)), first])
            span = context.lets[first].let.span
            context.error(
                "let-cycle",
                f"Lets call each other in a circle: {circle}.",
                span,
                "A let is put in place where it is used, so it cannot need itself.",
            )
    for name, entry in context.lets.items():
        if entry.let.parameters is None and name not in done:
            context.prefix = entry.prefix
            context.expanding = (name,)
            resolve(entry.let.value, Scope(), context)
    context.prefix, context.expanding = "", ()
    context.many_reads.clear()


def _called(entry: LetEntry, context: Context) -> list[str]:
    found: dict[str, None] = {}
    for one in walk(entry.let.value):
        name = one.name if isinstance(one, ast.Name) else None
        if isinstance(one, ast.Call):
            name = one.function
        if name is not None and name not in (entry.let.parameters or ()):
            key = next((key for key in (entry.prefix + name, name) if key in context.lets), None)
            if key is not None:
                found[key] = None
    return list(found)


def _circle(start: str, calls: dict[str, list[str]], part: set[str]) -> list[str]:
    """Return the shortest circle through `start`, which is one of a connected part."""
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for other in calls[name]:
            if other == start:
                path = [name]
                while path[0] != start:
                    path.insert(0, before[path[0]])
                return path
            if other in part and other not in before:
                before[other] = name
                queue.append(other)
    return [start]


# The goal


def resolve_goal(node: ast.Goal, context: Context) -> tree.Goal | None:
    """Resolve the goal: its field, and what "right" means for a number."""
    template = context.template(node.type_name, node.span)
    if template is None:
        return None
    field = context.field(template, node.field, node.span)
    if field is None:
        return None
    tolerance = None
    if node.tolerance is not None:
        tolerance = number(node.tolerance, "A tolerance", context)
        if not field.type.is_numeric:
            context.error("type-mismatch", "`within` goes with a goal that is a number.", node.span)
        elif tolerance is not None and tolerance < 0:
            context.error("out-of-range", "A tolerance is not negative.", node.tolerance.span)
    return tree.Goal(
        template.name,
        node.field,
        node.many,
        None if tolerance is None else float(tolerance),
        node.percent,
        span=node.span,
    )
