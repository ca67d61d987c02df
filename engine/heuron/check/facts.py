"""Resolving facts and actions: positions to names, what must be given, what may be put where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heuron.check import tree
from heuron.check.constants import number, put
from heuron.check.context import Context, Scope
from heuron.check.expressions import resolve
from heuron.check.types import is_any
from heuron.check.walk import walk
from heuron.check.words import count, meant, type_in_words
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import UNKNOWN, Field, Template, Value, show

__all__ = ["given_facts", "resolve_actions"]


def _arguments(
    node: ast.FactExpression, template: Template, context: Context
) -> list[tuple[Field, ast.Argument]]:
    """Return each argument with its field: by position first, then by name."""
    fields = template.fields
    found: dict[str, tuple[Field, ast.Argument]] = {}
    for place, argument in enumerate(node.arguments):
        field: Field | None
        if argument.name is None:
            if place >= len(fields):
                context.error(
                    "wrong-arguments",
                    f"{template.name} has {count(len(fields), 'field')}: "
                    f"{', '.join(template.names)}.",
                    argument.span,
                )
                break
            field = fields[place]
        else:
            field = context.field(template, argument.name, argument.span)
        if field is None:
            continue
        if field.name in found:
            context.error("wrong-arguments", f'"{field.name}" is given twice.', argument.span)
            continue
        if _is_compared(argument, template, context):
            continue
        found[field.name] = (field, argument)
    return list(found.values())


def _is_compared(argument: ast.Argument, template: Template, context: Context) -> bool:
    """Report `field == value` where a fact is made, which would be a truth by position."""
    match argument.value:
        case ast.Comparison(ast.Name(name), (("==", value),)) if (
            argument.name is None and name in template
        ):
            context.error(
                "wrong-arguments",
                "A fact is given its values, and compares nothing.",
                argument.span,
                f"Write `{name} = {context.text(value.span)}`.",
            )
            return True
        case _:
            return False


def _complete(template: Template, given: Iterable[str], span: Span, context: Context) -> None:
    """Report fields that a fact must have and has not."""
    names = set(given)
    missing = [
        one.name
        for one in template.fields
        if one.name not in names
        and not one.optional
        and one.default is None
        and not context.is_concluded(template.name, one.name)
    ]
    # A damaged rule may be the one that concludes a field.
    if missing and not context.damaged:
        context.error(
            "wrong-arguments",
            f"{template.name} also needs {', '.join(missing)}.",
            span,
            "A field that may be missing is declared `optional` or has a `default`.",
        )


# Constant facts: `facts:` and `given`


def given_facts(
    nodes: Sequence[ast.FactExpression], context: Context, complete: bool
) -> tuple[tree.GivenFact, ...]:
    """Resolve constant facts, which may refer to each other by name.

    Args:
        nodes: The facts as parsed.
        context: Declarations and diagnostics.
        complete: Whether every field that is neither optional, default nor concluded must be
            given (`facts:`); in a test any may be missing.
    """
    places = {one.binder: place for place, one in enumerate(nodes) if one.binder is not None}
    types: dict[str, str] = {}
    for one in nodes:
        template = context.templates.get(context.prefix + one.type_name) or (
            context.templates.get(one.type_name)
        )
        if one.binder is not None and template is not None:
            if one.binder in types:
                context.error(
                    "duplicate-name",
                    f'"{one.binder}" names two facts.',
                    context.word(one.span, one.binder),
                )
            types[one.binder] = template.name
    found = []
    for one in nodes:
        fact = _given(one, places, types, context, complete)
        # Places in the list are references: a fact with an error keeps its place.
        found.append(fact or tree.GivenFact(one.type_name, (), one.binder, span=one.span))
    return tuple(found)


def _given(
    node: ast.FactExpression,
    places: dict[str, int],
    types: dict[str, str],
    context: Context,
    complete: bool,
) -> tree.GivenFact | None:
    template = context.template(node.type_name, node.span)
    if template is None:
        return None
    values: dict[str, Value] = {}
    before = context.errors()
    for field, argument in _arguments(node, template, context):
        if complete and context.is_concluded(template.name, field.name):
            context.error(
                "wrong-arguments",
                f'"{field.name}" is concluded by rules and is not given here.',
                argument.span,
            )
            continue
        values[field.name] = _given_value(field, argument.value, places, types, context)
    if complete and context.errors() == before:
        _complete(template, values, node.span, context)
    for field in template.fields:
        if field.name not in values and field.default is not None:
            values[field.name] = field.default
    ordered = tuple((name, values[name]) for name in template.names if name in values)
    return tree.GivenFact(template.name, ordered, node.binder, span=node.span)


def _given_value(
    field: Field,
    node: ast.Expression,
    places: dict[str, int],
    types: dict[str, str],
    context: Context,
) -> Value:
    if field.type.kind == "reference":
        if isinstance(node, ast.UnknownLiteral):
            return UNKNOWN
        if isinstance(node, ast.Name) and types.get(node.name) == field.type.target:
            return places[node.name]
        context.error(
            "type-mismatch",
            f'"{field.name}" takes a fact of type {field.type.target}.',
            node.span,
            f"Name such a fact, `a: {field.type.target}(…)`, and write `{field.name} = a`.",
        )
        return UNKNOWN
    resolved = put(field, node, Scope(), context)
    if isinstance(resolved, tree.Constant):
        return resolved.value
    if is_any(resolved.type):
        return UNKNOWN
    context.error(
        "bad-constant",
        f'The value of "{field.name}" is not known before anything runs.',
        node.span,
        "Write a value, or a let of one.",
    )
    return UNKNOWN


# Actions


def resolve_actions(
    nodes: Iterable[ast.Action], scope: Scope, context: Context
) -> tuple[tree.Action, ...]:
    """Resolve the actions of a rule."""
    found: list[tree.Action] = []
    for node in nodes:
        action = _action(node, scope, context)
        if action is not None:
            found.append(action)
    return tuple(found)


def _action(node: ast.Action, scope: Scope, context: Context) -> tree.Action | None:
    span = node.span
    match node:
        case ast.Conclude():
            return _conclude(node, scope, context)
        case ast.Derive() | ast.Assert():
            template = context.template(node.fact.type_name, node.fact.span)
            if template is None:
                return None
            values = _new_fact(node.fact, template, scope, context)
            if isinstance(node, ast.Derive):
                return tree.Derive(template.name, values, span=span)
            return tree.Assert(template.name, values, span=span)
        case ast.Modify():
            return _modify(node, scope, context)
        case ast.Retract():
            if _fact(node.variable, span, scope, context) is None:
                return None
            return tree.Retract(node.variable, span=span)
        case ast.Because():
            return tree.Because(_parts(node.text, scope, context), span=span)
        case ast.Log():
            return tree.Log(_parts(node.text, scope, context), span=span)
        case ast.Halt():
            return tree.Halt(span=span)


def _fact(name: str, span: Span, scope: Scope, context: Context) -> Template | None:
    scope.used.add(name)
    if name in scope.lost:
        return None
    if name in scope.facts:
        return context.templates[scope.facts[name]]
    known = [one for one in scope.facts if not one.startswith("_")]
    context.error(
        "unbound-variable",
        f'"{name}" is no fact of this rule.',
        context.word(span, name),
        meant(name, known, f"Name the fact in a positive pattern, `{name}: Type(…)`."),
    )
    return None


def _conclude(node: ast.Conclude, scope: Scope, context: Context) -> tree.Action | None:
    template = _fact(node.variable, node.span, scope, context)
    if template is None:
        return None
    field = context.field(template, node.field, node.span)
    if field is None:
        return None
    value = put(field, node.value, scope, context)
    if isinstance(node.value, ast.UnknownLiteral):
        context.error(
            "type-mismatch",
            "A field is unknown when nothing concludes it.",
            node.value.span,
            "Leave the conclusion out, or conclude against a value with a certainty below 0.",
        )
    return tree.Conclude(
        node.variable, field.name, value, _certainty(node.certainty, scope, context), span=node.span
    )


def _certainty(node: ast.Expression | None, scope: Scope, context: Context) -> float:
    if node is None:
        return 1.0
    if _reads_confidence(node, scope):
        context.error(
            "confidence-as-certainty",
            "A model's confidence is a probability, not a certainty.",
            node.span,
            "Test it (`p.confidence > 0.9`) and write the certainty as a number.",
        )
        return 1.0
    found = number(node, "A certainty", context)
    if found is None:
        return 1.0
    if not -1 <= found <= 1 or found == 0:
        context.error(
            "out-of-range",
            f"A certainty is from -1 to 1 and not 0, and this is {show(found)}.",
            node.span,
            "Evidence against a value has a certainty below 0." if found == 0 else None,
        )
        return 1.0
    return float(found)


def _reads_confidence(node: ast.Expression, scope: Scope) -> bool:
    return any(
        isinstance(one, ast.Attribute)
        and isinstance(one.object, ast.Name)
        and one.object.name in scope.predictions
        for one in walk(node)
    )


def _new_fact(
    node: ast.FactExpression, template: Template, scope: Scope, context: Context
) -> tuple[tuple[str, tree.Expression], ...]:
    values: dict[str, tree.Expression] = {}
    before = context.errors()
    for field, argument in _arguments(node, template, context):
        _not_concluded(template, field, argument.span, context)
        values[field.name] = put(field, argument.value, scope, context)
    if context.errors() == before:
        _complete(template, values, node.span, context)
    for field in template.fields:
        if field.name not in values and field.default is not None:
            values[field.name] = tree.Constant(field.default, type=field.type, span=node.span)
    return tuple((name, values[name]) for name in template.names if name in values)


def _not_concluded(template: Template, field: Field, span: Span, context: Context) -> None:
    if context.is_concluded(template.name, field.name):
        context.error(
            "wrong-arguments",
            f'"{field.name}" is concluded by rules, so nothing is put into it.',
            span,
            "Use `conclude`, or another field.",
        )


def _modify(node: ast.Modify, scope: Scope, context: Context) -> tree.Action | None:
    template = _fact(node.variable, node.span, scope, context)
    if template is None:
        return None
    changes: dict[str, tree.Expression] = {}
    for argument in node.changes:
        if argument.name is None:
            context.error("wrong-arguments", "`modify` names its fields.", argument.span)
            continue
        field = context.field(template, argument.name, argument.span)
        if field is None:
            continue
        if field.name in changes:
            context.error("wrong-arguments", f'"{field.name}" is given twice.', argument.span)
        _not_concluded(template, field, argument.span, context)
        changes[field.name] = put(field, argument.value, scope, context)
    return tree.Modify(node.variable, tuple(changes.items()), span=node.span)


def _parts(text: ast.TextTemplate, scope: Scope, context: Context) -> tuple[str | tree.Hole, ...]:
    parts: list[str | tree.Hole] = []
    for part in text.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = resolve(part.expression, scope, context)
        if part.format is not None:
            dated = "%" in part.format and part.format[-1] != "%"
            kinds = ("date", "datetime") if dated else ("number", "integer")
            if value.type.kind not in (*kinds, "any"):
                context.error(
                    "bad-format",
                    f'The format "{part.format}" does not go with {type_in_words(value.type)}.',
                    part.span,
                )
        parts.append(tree.Hole(value, part.format))
    return tuple(parts)
