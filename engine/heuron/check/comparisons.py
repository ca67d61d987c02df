"""Resolving comparisons: both sides of one type, levels by the other side, `many` fields."""

from __future__ import annotations

from collections.abc import Iterable

from heuron.check import tree
from heuron.check.context import Context, Scope, broken, is_broken
from heuron.check.names import ambiguous, is_start, level, meanings
from heuron.check.tree import BOOLEAN, NUMBER
from heuron.check.types import comparable, is_ordered
from heuron.check.words import capital, type_in_words
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import FieldType

__all__ = ["check_comparable", "mismatch", "numbered", "resolve_comparison"]


def resolve_comparison(node: ast.Comparison, scope: Scope, context: Context) -> tree.Expression:
    """Resolve a chain of comparisons; each pair of neighbours is compared."""
    parts: list[tree.Expression] = []
    left = node.first
    for operator, right in node.rest:
        parts.append(_compare(left, operator, right, scope, context))
        left = right
    if len(parts) == 1:
        return parts[0]
    return tree.And(tuple(parts), type=BOOLEAN, span=node.span)


def _compare(
    left: ast.Expression, operator: str, right: ast.Expression, scope: Scope, context: Context
) -> tree.Expression:
    span = left.span.to(right.span)
    if operator in ("is", "is not"):
        operand = context.resolve(left, scope, context)
        context.take_many(operand)
        asked = tree.IsUnknown(operand, type=BOOLEAN, span=span)
        return asked if operator == "is" else tree.Not(asked, type=BOOLEAN, span=span)
    if operator in ("in", "not in"):
        inside = _within(left, right, span, scope, context)
        return inside if operator == "in" else tree.Not(inside, type=BOOLEAN, span=span)
    if isinstance(right, ast.UnknownLiteral) or isinstance(left, ast.UnknownLiteral):
        asked_for = "is not" if operator == "!=" else "is"
        context.error(
            "type-mismatch",
            "Nothing compares with unknown, not even unknown itself.",
            span,
            f"Write `{asked_for} unknown`.",
        )
        return broken(span)
    one, other = _sides(left, right, scope, context)
    if is_broken(one) or is_broken(other):
        return broken(span)
    if not comparable(one.type, other.type):
        mismatch(one, other, span, context)
        return broken(span)
    if operator not in ("==", "!="):
        for side in (one, other):
            if not is_ordered(side.type):
                context.error(
                    "type-mismatch",
                    f"{capital(type_in_words(side.type))} has no order.",
                    span,
                    "Compare with `==` or `!=`.",
                )
                return broken(span)
    for this, that in ((one, other), (other, one)):
        if context.take_many(this):
            return _one_of_many(this, operator, that, span, context)
    return tree.Compare(
        operator, numbered(one, other), numbered(other, one), type=BOOLEAN, span=span
    )


def numbered(one: tree.Expression, other: tree.Expression) -> tree.Expression:
    """Return a whole constant as a float where it is compared with a number."""
    if (
        isinstance(one, tree.Constant)
        and one.type.kind == "integer"
        and other.type.kind == "number"
        and isinstance(one.value, int)
    ):
        return tree.Constant(float(one.value), type=NUMBER, span=one.span)
    return one


def _sides(
    left: ast.Expression, right: ast.Expression, scope: Scope, context: Context
) -> tuple[tree.Expression, tree.Expression]:
    """Resolve both sides of a comparison; a level is looked up in the type of the other side."""
    if _may_be_level(left, scope, context) and not _may_be_level(right, scope, context):
        other = context.resolve(right, scope, context)
        return _beside(other, left, scope, context), other
    one = context.resolve(left, scope, context)
    other = _beside(one, right, scope, context)
    if (
        isinstance(left, ast.Name)
        and not is_start(left, scope)
        and left.name in other.type.levels
        and not isinstance(other, tree.Constant)
        and not is_broken(one)
    ):
        # The left side has a meaning of its own, and could be a level of the right side too.
        found = meanings(left.name, scope, context)
        if found:
            ambiguous(left.name, [*found, "level"], left.span, scope, context)
    if isinstance(left, ast.Literal) and isinstance(left.value, str) and other.type.levels:
        one = level(left.value, left.span, context, other.type)
    return one, other


def _beside(
    one: tree.Expression, node: ast.Expression, scope: Scope, context: Context
) -> tree.Expression:
    """Resolve what stands beside an expression; beside a mistake, nothing more is said."""
    said = len(context.diagnostics)
    other = context.resolve(node, scope, context, one.type)
    if is_broken(one):
        del context.diagnostics[said:]
    return other


def _may_be_level(node: ast.Expression, scope: Scope, context: Context) -> bool:
    if isinstance(node, ast.Literal):
        return isinstance(node.value, str)
    if not isinstance(node, ast.Name) or is_start(node, scope):
        return False
    found = meanings(node.name, scope, context)
    if found == ["input"]:
        given = scope.inputs[node.name]
        return _may_be_level(given.node, given.scope, context)
    return not found


# `in`


def _within(
    left: ast.Expression, right: ast.Expression, span: Span, scope: Scope, context: Context
) -> tree.Expression:
    if isinstance(right, ast.ListLiteral):
        return _among(left, right.items, span, scope, context)
    if isinstance(right, ast.Range):
        return _between(left, right, span, scope, context)
    container = context.resolve(right, scope, context)
    if is_broken(container):
        return broken(span)
    if context.take_many(container):
        item = context.resolve(left, scope, context, container.type)
        check_comparable(container, item, left.span, context)
        return _one_of_many(container, "==", item, span, context)
    element = container.type.element
    if element is None:
        if container.type.kind != "any":
            context.error(
                "type-mismatch",
                f"`in` needs a list, and this is {type_in_words(container.type)}.",
                right.span,
                "Write `in [a, b]`, or `in low..high`.",
            )
        return broken(span)
    item = context.resolve(left, scope, context, element)
    if not comparable(item.type, element):
        context.error(
            "type-mismatch",
            f"{capital(type_in_words(item.type))} is looked for in a list of {element}.",
            left.span,
        )
        return broken(span)
    return tree.Membership(item, (), container, type=BOOLEAN, span=span)


def _between(
    left: ast.Expression, right: ast.Range, span: Span, scope: Scope, context: Context
) -> tree.Expression:
    ends = []
    for end, operator in ((right.low, ">="), (right.high, "<=")):
        compared = _compare(left, operator, end, scope, context)
        if is_broken(compared):
            return broken(span)
        ends.append(compared)
    return tree.And(tuple(ends), type=BOOLEAN, span=span)


def _among(
    left: ast.Expression,
    items: Iterable[ast.Expression],
    span: Span,
    scope: Scope,
    context: Context,
) -> tree.Expression:
    items = tuple(items)
    if items and _may_be_level(left, scope, context) and not isinstance(items[0], ast.Literal):
        item = _beside(context.resolve(items[0], scope, context), left, scope, context)
    else:
        item = context.resolve(left, scope, context)
    options = []
    for written in items:
        option = _beside(item, written, scope, context)
        check_comparable(item, option, written.span, context)
        options.append(numbered(option, item))
    if is_broken(item):
        return broken(span)
    if context.take_many(item):
        held = tuple(_one_of_many(item, "==", one, span, context) for one in options)
        return tree.Or(held, type=BOOLEAN, span=span)
    return tree.Membership(item, tuple(options), type=BOOLEAN, span=span)


# Fields with several values


def _one_of_many(
    node: tree.Expression, operator: str, value: tree.Expression, span: Span, context: Context
) -> tree.Expression:
    assert isinstance(node, tree.FieldOf)
    if operator not in ("==", "!="):
        context.error(
            "type-mismatch",
            f"{node.variable}.{node.field} can have several values.",
            span,
            f"Ask for one with `==` or `in`, or bind each in a pattern, `{node.field}: x`.",
        )
        return broken(span)
    holds = tree.Holds(node.variable, node.field, value, type=BOOLEAN, span=span)
    return holds if operator == "==" else tree.Not(holds, type=BOOLEAN, span=span)


# Types that do not meet


def check_comparable(
    one: tree.Expression, other: tree.Expression, span: Span, context: Context
) -> None:
    """Report two expressions that cannot be compared."""
    if not comparable(one.type, other.type):
        mismatch(one, other, span, context)


def mismatch(one: tree.Expression, other: tree.Expression, span: Span, context: Context) -> None:
    """Report that values of different types meet, with the usual cause as the hint."""
    context.error(
        "type-mismatch",
        f"{capital(type_in_words(one.type))} is compared with {type_in_words(other.type)}.",
        span,
        _cause(one.type, other.type),
    )


def _cause(one: FieldType, other: FieldType) -> str | None:
    kinds = {one.kind, other.kind}
    if kinds == {"date", "datetime"}:
        return "A date is not a moment: compare two dates, or two datetimes."
    if kinds == {"text", "date"}:
        return "Write the date without quotes, 2026-11-24."
    if "text" in kinds and (one.is_numeric or other.is_numeric):
        return "Write the number without quotes."
    if "boolean" in kinds:
        return "It is true or false."
    if kinds == {"period"}:
        return "Months and years differ in length: add them to a date and compare the dates."
    if kinds == {"enumeration"}:
        return "Two enumerations are compared only when they have the same levels."
    if "duration" in kinds and (one.is_numeric or other.is_numeric):
        return "Say of what: `days(3)`, `hours(3)`; or divide, `(a - b) / days(1)`."
    return None
