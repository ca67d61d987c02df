"""Expressions, conditions and facts as text on one line, with as few brackets as possible."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from heuron.lang import ast
from heuron.lang.lexemes import HARD_WORDS
from heuron.values import quote

__all__ = [
    "COMPARED",
    "UNARY",
    "condition_text",
    "expression_text",
    "fact_text",
    "level_text",
    "template_text",
]

# How tightly each form binds, as the grammar's rules are nested.
ANY: Final = 1
AND: Final = 2
NEGATED: Final = 3
COMPARISON: Final = 4
COMPARED: Final = 5
FACTOR: Final = 6
UNARY: Final = 7
PRIMARY: Final = 8

PLAIN_NAME = re.compile(r"[^\W\d]\w*")


def level_text(level: str) -> str:
    """Return a level of an enumeration: bare when it is a name, else in quotes."""
    plain = PLAIN_NAME.fullmatch(level) is not None and level.isidentifier()
    if plain and level not in HARD_WORDS and unicodedata.is_normalized("NFC", level):
        return level
    return quote(level)


def expression_text(expression: ast.Expression, minimum: int = ANY) -> str:
    """Return an expression as text, in brackets when it binds less tightly than `minimum`."""
    binds, text = _expression(expression)
    return f"({text})" if binds < minimum else text


def _expression(expression: ast.Expression) -> tuple[int, str]:
    """Return how tightly an expression binds, and its text."""
    match expression:
        case ast.Literal():
            return _literal(expression)
        case ast.UnknownLiteral():
            return UNARY, "unknown"
        case ast.Name(name):
            return PRIMARY, name
        case ast.Attribute(inner, name):
            return PRIMARY, f"{_object(inner)}.{name}"
        case ast.Call(function, arguments):
            return PRIMARY, f"{function}({_listed(arguments)})"
        case ast.ListLiteral(items):
            return UNARY, f"[{_listed(items)}]"
        case ast.Aggregate():
            return PRIMARY, _aggregate(expression)
        case ast.Negative(operand):
            return UNARY, "-" + expression_text(operand, UNARY)
        case ast.Arithmetic():
            return _arithmetic(expression)
        case ast.Range(low, high):
            return (
                COMPARISON,
                f"{expression_text(low, COMPARED)}..{expression_text(high, COMPARED)}",
            )
        case ast.Comparison():
            return COMPARISON, _comparison(expression)
        case ast.Not(operand):
            # `not (a == b)` reads better than `not a == b`, and no test is taken for a pattern.
            simple = isinstance(operand, ast.Not | ast.Name | ast.Attribute | ast.Call)
            return NEGATED, "not " + expression_text(operand, NEGATED if simple else PRIMARY)
        case ast.And(operands):
            return AND, " and ".join(expression_text(one, NEGATED) for one in operands)
        case ast.Or(operands):
            return ANY, " or ".join(expression_text(one, AND) for one in operands)


def _listed(expressions: tuple[ast.Expression, ...]) -> str:
    return ", ".join(expression_text(one) for one in expressions)


def _literal(literal: ast.Literal) -> tuple[int, str]:
    value = literal.value
    if isinstance(value, bool):
        return UNARY, "true" if value else "false"
    if isinstance(value, str):
        return UNARY, quote(value)
    if isinstance(value, int | float):
        return UNARY, literal.text or repr(value)
    if isinstance(value, datetime):
        return UNARY, value.isoformat(timespec="seconds" if value.second else "minutes")
    return UNARY, value.isoformat()


def _object(inner: ast.Expression) -> str:
    return expression_text(inner, PRIMARY)


def _arithmetic(expression: ast.Arithmetic) -> tuple[int, str]:
    operator = expression.operator
    binds = COMPARED if operator in "+-" else FACTOR
    first, *rest = expression.operands
    left = expression_text(first, binds)
    # A sum inside a sum keeps its brackets: `(a + b) + c` is not `a + b + c`.
    if isinstance(first, ast.Arithmetic) and first.operator == operator and operator in "+*":
        left = f"({left})"
    return binds, f" {operator} ".join([left, *(expression_text(one, binds + 1) for one in rest)])


def _comparison(expression: ast.Comparison) -> str:
    parts = [expression_text(expression.first, COMPARED)]
    for operator, operand in expression.rest:
        inside = COMPARISON if isinstance(operand, ast.Range) else COMPARED
        parts += [operator, expression_text(operand, inside)]
    return " ".join(parts)


def _aggregate(expression: ast.Aggregate) -> str:
    conditions = ", ".join(condition_text(one) for one in expression.conditions)
    if expression.value is None:
        return f"{expression.function}({conditions})"
    return f"{expression.function}({expression_text(expression.value)} for {conditions})"


def condition_text(condition: ast.Condition) -> str:
    """Return a condition as text on one line (`either`, which needs lines, for messages only)."""
    match condition:
        case ast.Pattern():
            return _pattern(condition)
        case ast.NotCondition(inner):
            return f"not {condition_text(inner)}"
        case ast.ExistsCondition(inner):
            return f"exists {condition_text(inner)}"
        case ast.ForallCondition(pattern, have):
            return f"forall {condition_text(pattern)} have {condition_text(have)}"
        case ast.TestCondition(expression):
            return expression_text(expression)
        case ast.BindCondition(variable, expression):
            return f"{variable} = {expression_text(expression)}"
        case ast.EitherCondition(branches):
            shown = (", ".join(condition_text(one) for one in branch) for branch in branches)
            return "either: " + " or: ".join(shown)


def _pattern(pattern: ast.Pattern) -> str:
    slots = [
        f"{slot.field}: {slot.variable}"
        if isinstance(slot, ast.SlotBinding)
        else expression_text(slot.expression)
        for slot in pattern.slots
    ]
    binder = f"{pattern.binder}: " if pattern.binder is not None else ""
    return f"{binder}{pattern.type_name}({', '.join(slots)})"


def argument_text(argument: ast.Argument) -> str:
    """Return an argument of a fact: `name = value` or `value`."""
    value = expression_text(argument.value)
    return value if argument.name is None else f"{argument.name} = {value}"


def fact_text(fact: ast.FactExpression) -> str:
    """Return a fact as text: `a: Type(field = value)`."""
    binder = f"{fact.binder}: " if fact.binder is not None else ""
    return f"{binder}{fact.type_name}({', '.join(argument_text(one) for one in fact.arguments)})"


def template_text(template: ast.TextTemplate) -> str:
    """Return the text of `because` or `log` in quotes, with its holes."""
    parts = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part.replace("{", "{{").replace("}", "}}"))
        else:
            form = f":{part.format}" if part.format is not None else ""
            parts.append(f"{{{expression_text(part.expression)}{form}}}")
    return quote("".join(parts))
