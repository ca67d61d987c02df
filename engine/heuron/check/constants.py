"""Constants: what an expression is worth before anything runs, and whether a field accepts it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from heuron.check import tree
from heuron.check.context import Context, Scope
from heuron.check.expressions import resolve, type_in_words
from heuron.check.types import fits, is_any
from heuron.coercion import coerce
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import UNKNOWN, Field, Value

__all__ = ["accepted", "fold", "number", "put"]

SPANS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


class NotConstant(Exception):
    """The expression depends on something that is only known when rules run."""


def fold(node: tree.Expression) -> Value:
    """Return the value of a constant expression.

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


def _arithmetic(operator: str, values: list[Value]) -> Value:
    total = values[0]
    if operator == "neg":
        return -total  # type: ignore[operator]
    for value in values[1:]:
        try:
            match operator:
                case "+":
                    total = total + value  # type: ignore[operator]
                case "-":
                    total = total - value  # type: ignore[operator]
                case "*":
                    total = total * value  # type: ignore[operator]
                case "/":
                    total = total / value  # type: ignore[operator]
                case "//":
                    total = total // value  # type: ignore[operator]
                case _:
                    total = total % value  # type: ignore[operator]
        except (ArithmeticError, TypeError, MemoryError):
            return UNKNOWN
    return total


def constant(
    node: ast.Expression, what: str, context: Context, field: Field | None = None
) -> Value | None:
    """Return the value of a written constant, or report that it is none and return None."""
    resolved = resolve(node, Scope(), context, field.type if field else None)
    if is_any(resolved.type):
        return UNKNOWN if isinstance(node, ast.UnknownLiteral) else None
    try:
        return fold(resolved)
    except NotConstant:
        context.error(
            "bad-constant",
            f"{what} is a constant, known before anything runs.",
            node.span,
            "Write a value, or a let of one.",
        )
        return None


def number(node: ast.Expression, what: str, context: Context) -> float | None:
    """Return a constant number, or report what else it is and return None."""
    value = constant(node, what, context)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        context.error("bad-constant", f"{what} is a number.", node.span)
        return None
    return float(value) if isinstance(value, float) else value


def accepted(field: Field, value: Value, span: Span, context: Context) -> Value:
    """Return a constant as the field holds it, or report that it is out of range."""
    if value is UNKNOWN:
        return UNKNOWN
    if field.type.kind == "reference":
        return value
    raw: object = value
    if isinstance(value, (date, datetime, timedelta, tuple)):
        raw = value
    try:
        return coerce(field, raw)
    except ValueError as error:
        context.error("out-of-range", str(error), span)
        return UNKNOWN


def put(field: Field, node: ast.Expression, scope: Scope, context: Context) -> tree.Expression:
    """Resolve what is put into a field: its type must fit, a constant must be accepted."""
    resolved = resolve(node, scope, context, field.type)
    if not fits(resolved.type, field.type):
        context.error(
            "type-mismatch",
            f'"{field.name}" takes {field.accepts()}, and this is {type_in_words(resolved.type)}.',
            node.span,
        )
        return tree.Constant(UNKNOWN, type=tree.ANY, span=node.span)
    if is_any(resolved.type):
        return resolved
    try:
        value = fold(resolved)
    except NotConstant:
        return resolved
    return tree.Constant(
        accepted(field, value, node.span, context), type=field.type, span=node.span
    )


__all__ += ["NotConstant", "constant"]
