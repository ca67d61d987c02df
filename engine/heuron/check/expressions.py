"""Resolving expressions: every name decided, every type known, lets expanded."""

from __future__ import annotations

from datetime import date
from typing import Final

from heuron.check import tree
from heuron.check.calls import resolve_aggregate, resolve_call
from heuron.check.comparisons import mismatch, resolve_comparison
from heuron.check.context import DEEPEST, Context, Scope, broken
from heuron.check.names import level, resolve_attribute, resolve_name
from heuron.check.tree import ANY, BOOLEAN, DATE, DATETIME, INTEGER, NUMBER, TEXT
from heuron.check.types import arithmetic_type, comparable
from heuron.check.words import capital, type_in_words
from heuron.lang import ast
from heuron.values import INTEGER_LIMIT, UNKNOWN, FieldType

__all__ = ["resolve", "resolve_condition"]

NEGATABLE: Final = ("number", "integer", "duration", "period", "any")


def resolve_condition(node: ast.Expression, scope: Scope, context: Context) -> tree.Expression:
    """Resolve a boolean expression; anything else is an error."""
    found = resolve(node, scope, context, BOOLEAN)
    if found.type.kind not in ("boolean", "any"):
        context.error(
            "type-mismatch",
            f"A condition is true or false, and this is {type_in_words(found.type)}.",
            node.span,
            "Compare it with something: `==`, `<`, `in`.",
        )
    return found


def resolve(
    node: ast.Expression, scope: Scope, context: Context, expected: FieldType | None = None
) -> tree.Expression:
    """Resolve an expression.

    Args:
        node: The expression as parsed.
        scope: The names that can be seen.
        context: Declarations and diagnostics.
        expected: The type of what the expression is compared with or put into: levels of an
            enumeration are looked up there.
    """
    if context.depth > DEEPEST:
        if context.is_first("too-deep"):
            context.error(
                "too-deep",
                f"With its lets expanded, this nests more than {DEEPEST} levels deep.",
                node.span,
                "Bind parts of it in the rule, `x = …`.",
            )
        return broken(node.span)
    context.depth += 1
    found = _resolve(node, scope, context, expected)
    context.depth -= 1
    return found


def _resolve(
    node: ast.Expression, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    span = node.span
    match node:
        case ast.Literal():
            return _literal(node, context, expected)
        case ast.UnknownLiteral():
            return tree.Constant(UNKNOWN, type=expected or ANY, span=span)
        case ast.Name():
            return resolve_name(node, scope, context, expected)
        case ast.Attribute():
            return resolve_attribute(node, scope, context)
        case ast.Call():
            return resolve_call(node, scope, context, expected)
        case ast.ListLiteral():
            return _list(node, scope, context, expected)
        case ast.Negative():
            return _negative(node, scope, context, expected)
        case ast.Arithmetic():
            return _arithmetic(node, scope, context, expected)
        case ast.Comparison():
            return resolve_comparison(node, scope, context)
        case ast.Not():
            operand = resolve_condition(node.operand, scope, context)
            return tree.Not(operand, type=BOOLEAN, span=span)
        case ast.And() | ast.Or():
            parts = tuple(resolve_condition(one, scope, context) for one in node.operands)
            made = tree.And if isinstance(node, ast.And) else tree.Or
            return made(parts, type=BOOLEAN, span=span)
        case ast.Aggregate():
            return resolve_aggregate(node, scope, context)
        case ast.Range():
            context.error("type-mismatch", "A range stands only after `in`.", span)
            return broken(span)


def _literal(node: ast.Literal, context: Context, expected: FieldType | None) -> tree.Expression:
    value, span = node.value, node.span
    match value:
        case bool():
            return tree.Constant(value, type=BOOLEAN, span=span)
        case int() if abs(value) > INTEGER_LIMIT:
            context.error("out-of-range", f"Whole numbers go up to {INTEGER_LIMIT:,}.", span)
            return broken(span)
        case int() if expected is not None and expected.kind == "number":
            return tree.Constant(float(value), type=NUMBER, span=span)
        case int():
            return tree.Constant(value, type=INTEGER, span=span)
        case float() if value != value or abs(value) == float("inf"):
            context.error("out-of-range", "This number is too large.", span)
            return broken(span)
        case float():
            return tree.Constant(value, type=NUMBER, span=span)
        case str() if expected is not None and expected.levels:
            return level(value, span, context, expected)
        case str():
            return tree.Constant(value, type=TEXT, span=span)
        case _:
            kind = DATE if type(value) is date else DATETIME
            return tree.Constant(value, type=kind, span=span)


def _list(
    node: ast.ListLiteral, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    """Resolve a list of constants: lists are values of list fields."""
    element = expected.element if expected is not None else None
    items = [resolve(one, scope, context, element) for one in node.items]
    values = []
    for one, item in zip(node.items, items, strict=True):
        if not isinstance(item, tree.Constant):
            context.error("bad-constant", "A list holds constants.", one.span)
            return broken(node.span)
        if not comparable(items[0].type, item.type):
            mismatch(items[0], item, one.span, context)
        values.append(item.value)
    kind = FieldType("list", element=element or (items[0].type if items else ANY))
    return tree.Constant(tuple(values), type=kind, span=node.span)


def _negative(
    node: ast.Negative, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    operand = resolve(node.operand, scope, context, expected)
    if operand.type.kind not in NEGATABLE:
        context.error(
            "type-mismatch",
            f"{capital(type_in_words(operand.type))} has no negative.",
            node.span,
        )
        return broken(node.span)
    if isinstance(operand, tree.Constant) and isinstance(operand.value, (int, float)):
        return tree.Constant(-operand.value, type=operand.type, span=node.span)
    return tree.Arithmetic("neg", (operand,), type=operand.type, span=node.span)


def _arithmetic(
    node: ast.Arithmetic, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    wanted = expected if expected is not None and expected.kind == "number" else None
    operands = [resolve(one, scope, context, wanted) for one in node.operands]
    kind = operands[0].type
    for operand, written in zip(operands[1:], node.operands[1:], strict=True):
        found = arithmetic_type(node.operator, kind, operand.type)
        if found is None:
            dated = kind.kind in ("date", "datetime") and operand.type.is_numeric
            context.error(
                "type-mismatch",
                f"`{node.operator}` does not go with {type_in_words(kind)} "
                f"and {type_in_words(operand.type)}.",
                written.span,
                "Say of what: `days(3)`, `months(3)`." if dated else None,
            )
            return broken(node.span)
        kind = found
    return tree.Arithmetic(node.operator, tuple(operands), type=kind, span=node.span)
