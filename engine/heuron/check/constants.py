"""Constants: what an expression is worth before anything runs, and whether a field accepts it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import timedelta
from math import isfinite
from typing import Any

from heuron.check import tree
from heuron.check.context import Context, Scope, broken
from heuron.check.expressions import resolve
from heuron.check.types import fits, is_any
from heuron.check.words import type_in_words
from heuron.coercion import coerce
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import INTEGER_LIMIT, UNKNOWN, Field, Value

__all__ = ["NotConstant", "accepted", "constant", "fold", "number", "put"]

OPERATORS: dict[str, Callable[[Any, Any], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
SPANS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


class NotConstant(Exception):
    """The expression depends on something that is only known when rules run."""


def fold(node: tree.Expression) -> Value:
    """Return the value of a constant expression; unknown when it is out of range.

    Raises:
        NotConstant: It reads a fact, a variable, the clock or a host function.
    """
    match node:
        case tree.Constant():
            return node.value
        case tree.Arithmetic():
            return _arithmetic(node.operator, [fold(one) for one in node.operands])
        case tree.Call() if not node.host and node.function in SPANS:
            amount = fold(node.arguments[0])
            if isinstance(amount, (int, float)):
                try:
                    return timedelta(seconds=amount * SPANS[node.function])
                except OverflowError:
                    return UNKNOWN
    raise NotConstant


def _arithmetic(sign: str, values: list[Value]) -> Value:
    total = values[0]
    if sign == "neg":
        return UNKNOWN if total is UNKNOWN else operator.neg(total)  # type: ignore[arg-type]
    if sign == "+" and isinstance(total, str):
        return "".join(str(one) for one in values)
    for value in values[1:]:
        try:
            total = OPERATORS[sign](total, value)
        except (ArithmeticError, TypeError, ValueError):
            return UNKNOWN
        if isinstance(total, int) and abs(total) > INTEGER_LIMIT:
            return UNKNOWN
        if isinstance(total, float) and not isfinite(total):
            return UNKNOWN
    return total


def constant(
    node: ast.Expression, what: str, context: Context, field: Field | None = None
) -> Value | None:
    """Return the value of a written constant, or report that it is none and return None."""
    scope = Scope()
    scope.constant = what
    resolved = resolve(node, scope, context, field.type if field else None)
    if isinstance(node, ast.UnknownLiteral):
        return UNKNOWN
    if is_any(resolved.type):
        return None
    try:
        return _in_range(fold(resolved), node, context)
    except NotConstant:
        context.error(
            "bad-constant",
            f"{what} is a constant, known before anything runs.",
            node.span,
            "Write a value, or a let of one.",
        )
        return None


def _in_range(value: Value, node: ast.Expression, context: Context) -> Value | None:
    if value is not UNKNOWN:
        return value
    context.error("out-of-range", "This constant has no value that can be held.", node.span)
    return None


def number(node: ast.Expression, what: str, context: Context) -> float | None:
    """Return a constant number, or report what else it is and return None."""
    value = constant(node, what, context)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        context.error("bad-constant", f"{what} is a number.", node.span)
        return None
    return value


def accepted(field: Field, value: Value, span: Span, context: Context) -> Value | None:
    """Return a constant as the field holds it, or report that it is out of range: None."""
    if value is UNKNOWN or field.type.kind == "reference":
        return value
    try:
        return coerce(field, value)
    except ValueError as error:
        context.error("out-of-range", f"{error}.", span)
        return None


def put(field: Field, node: ast.Expression, scope: Scope, context: Context) -> tree.Expression:
    """Resolve what is put into a field: its type must fit, a constant must be accepted."""
    resolved = resolve(node, scope, context, field.type)
    if isinstance(node, ast.UnknownLiteral) or is_any(resolved.type, field.type):
        return resolved
    if not fits(resolved.type, field.type):
        context.error(
            "type-mismatch",
            f'"{field.name}" takes {field.accepts()}, and this is {type_in_words(resolved.type)}.',
            node.span,
            _way_out(resolved.type.kind, field.type.kind),
        )
        return broken(node.span)
    try:
        value = _in_range(fold(resolved), node, context)
    except NotConstant:
        return resolved
    held = None if value is None else accepted(field, value, node.span, context)
    if held is None:
        return broken(node.span)
    return tree.Constant(held, type=field.type, span=node.span)


def _way_out(given: str, wanted: str) -> str | None:
    if (given, wanted) == ("number", "integer"):
        return "Make it whole with `round(…)` or `floor(…)`."
    if wanted == "text" and given in ("number", "integer", "date", "datetime"):
        return "A text stands in quotes."
    if given == "text" and wanted in ("number", "integer", "date", "datetime"):
        return "Write it without quotes."
    return None
