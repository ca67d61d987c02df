"""From what the grammar recognises to the nodes of expressions and conditions.

A method a rule of the grammar, called while Lark parses, with the lexemes and nodes that the rule
kept. Everything is built from the inside outwards, so nothing here recurses.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.lang.depth import DEPTH_LIMIT, too_deep
from heuron.lang.lexemes import Lexeme, Mistake, error
from heuron.lang.texts import unquote

__all__ = ["AGGREGATES", "ExpressionBuilder", "as_condition", "qualified"]

AGGREGATES = ("sum", "count", "min", "max", "avg", "collect")

Children = list[Any]
"""Lexemes and nodes, in the order of the grammar's rule."""


def across(children: Children) -> Span:
    """Return the span from the first to the last of some lexemes and nodes."""
    first: Span = children[0].span
    return first.to(children[-1].span)


def qualified(name: ast.Expression) -> str:
    """Return the dotted name that `name` (a name, or attributes of one) spells."""
    parts = []
    while isinstance(name, ast.Attribute):
        parts.append(name.name)
        name = name.object
    assert isinstance(name, ast.Name)
    parts.append(name.name)
    return ".".join(reversed(parts))


def is_type_name(name: str) -> bool:
    """Whether a bare call of `name` is a pattern: types begin with a capital, functions do not."""
    return not name.rpartition(".")[2].lstrip("_")[:1].islower()


def as_pattern(call: ast.Call) -> ast.Pattern:
    """Return the pattern that is written like `call`."""
    slots = tuple(ast.SlotTest(one, span=one.span) for one in call.arguments)
    return ast.Pattern(None, call.function, slots, span=call.span)


def as_condition(expression: ast.Expression) -> ast.Condition:
    """Return what an expression means where a condition stands: a pattern or a test."""
    negations = []
    inner = expression
    while isinstance(inner, ast.Not):
        negations.append(inner.span)
        inner = inner.operand
    if isinstance(inner, ast.Call) and is_type_name(inner.function):
        condition: ast.Condition = as_pattern(inner)
        for span in reversed(negations):
            condition = ast.NotCondition(condition, span=span)
        return condition
    return ast.TestCondition(expression, span=expression.span)


class ExpressionBuilder:
    """The rules of the grammar that make expressions and conditions."""

    # Values

    def name(self, children: Children) -> ast.Name:
        return ast.Name(children[0].text, span=children[0].span)

    def attribute(self, children: Children) -> ast.Attribute:
        return ast.Attribute(children[0], children[1].text, span=across(children))

    def string(self, children: Children) -> ast.Literal:
        return ast.Literal(unquote(children[0]), span=children[0].span)

    def boolean(self, children: Children) -> ast.Literal:
        return ast.Literal(children[0].text == "true", span=children[0].span)

    def unknown(self, children: Children) -> ast.UnknownLiteral:
        return ast.UnknownLiteral(span=children[0].span)

    def number(self, children: Children) -> ast.Literal:
        lexeme: Lexeme = children[0]
        text = lexeme.text
        plain = text.replace("_", "")
        if plain.isdigit():
            if len(plain) > 1 and plain[0] == "0":
                hint = f'a text of digits is written in quotes: "{text}"'
                raise Mistake(error(lexeme.span, "a number does not begin with 0", hint))
            # Python refuses to convert endless digits; no field could hold them anyway.
            if len(plain) <= DIGITS_LIMIT:
                return ast.Literal(int(plain), text, span=lexeme.span)
        elif (value := float(plain)) != float("inf"):
            return ast.Literal(value, text, span=lexeme.span)
        raise Mistake(
            error(lexeme.span, "this number is too large", "numbers end at about 1.8e308")
        )

    def date(self, children: Children) -> ast.Literal:
        lexeme: Lexeme = children[0]
        value: date | datetime
        try:
            if lexeme.type == "DATE":
                value = date.fromisoformat(lexeme.text)
            else:
                value = datetime.fromisoformat(lexeme.text)
        except ValueError:
            message = f"there is no such day or time as {lexeme.text}"
            hint = "dates are written year-month-day; put blanks around `-` to subtract"
            raise Mistake(error(lexeme.span, message, hint)) from None
        return ast.Literal(value, span=lexeme.span)

    def list(self, children: Children) -> ast.ListLiteral:
        items = tuple(one for one in children[1:-1] if one is not None)
        return ast.ListLiteral(items, span=across(children))

    def group(self, children: Children) -> ast.Expression:
        # Brackets make no node, but they belong to the place of what stands inside.
        inside: ast.Expression = replace(children[1], span=across(children))
        return inside

    # Operators

    def negative(self, children: Children) -> ast.Negative:
        return ast.Negative(children[1], span=across(children))

    def sum(self, children: Children) -> ast.Expression:
        return _chain(children, "+")

    def product(self, children: Children) -> ast.Expression:
        return _chain(children, "*")

    def comparison(self, children: Children) -> ast.Comparison:
        rest = []
        words: list[str] = []
        for child in children[1:]:
            if isinstance(child, Lexeme) and child.type != "UNKNOWN":
                words.append(child.text)
            elif child is not None:
                if isinstance(child, Lexeme):
                    child = ast.UnknownLiteral(span=child.span)
                rest.append((" ".join(words), child))
                words = []
        return ast.Comparison(children[0], tuple(rest), span=across(children))

    def range(self, children: Children) -> ast.Range:
        return ast.Range(children[0], children[1], span=across(children))

    def not_test(self, children: Children) -> ast.Not:
        return ast.Not(children[1], span=across(children))

    def and_test(self, children: Children) -> ast.And:
        return ast.And(tuple(children), span=across(children))

    def or_test(self, children: Children) -> ast.Or:
        return ast.Or(tuple(children), span=across(children))

    # Calls and aggregates

    def expressions(self, children: Children) -> Children:
        return children

    def call(self, children: Children) -> ast.Call | ast.Aggregate:
        target, given, closing = children
        arguments = tuple(given or ())
        function = qualified(target)
        span = target.span.to(closing.span)
        if function == "count" and arguments:
            conditions = tuple(as_condition(one) for one in arguments)
            if isinstance(conditions[0], ast.Pattern):
                return ast.Aggregate(function, None, conditions, span=span)
        return ast.Call(function, arguments, span=span)

    def count(self, children: Children) -> ast.Aggregate:
        target, *counted, closing = children
        span = target.span.to(closing.span)
        conditions = tuple(
            as_condition(one) if isinstance(one, ast.Expression) else one for one in counted
        )
        if qualified(target) != "count" or not isinstance(conditions[0], ast.Pattern):
            message = f"`{qualified(target)}` takes values, not patterns"
            hint = "only `count` counts patterns; the others are written `sum(value for pattern)`"
            raise Mistake(error(conditions[0].span, message, hint))
        return ast.Aggregate("count", None, conditions, span=span)

    def aggregate(self, children: Children) -> ast.Aggregate:
        target, value, *conditions, closing = children
        function = qualified(target)
        if function not in AGGREGATES:
            message = f"`{function}` is no aggregate"
            hint = "aggregates are " + ", ".join(AGGREGATES)
            raise Mistake(error(target.span, message, hint))
        span = target.span.to(closing.span)
        return ast.Aggregate(function, value, tuple(conditions), span=span)

    # Conditions

    def test_condition(self, children: Children) -> ast.Condition:
        return as_condition(children[0])

    def bind_condition(self, children: Children) -> ast.BindCondition:
        variable, value = children
        return ast.BindCondition(variable.text, value, span=across(children))

    def slots(self, children: Children) -> Children:
        return children

    def slot_binding(self, children: Children) -> ast.SlotBinding:
        field, variable = children
        return ast.SlotBinding(field.text, variable.text, span=across(children))

    def pattern(self, children: Children) -> ast.Pattern:
        binder, target, given, closing = children
        slots = tuple(
            one if isinstance(one, ast.SlotBinding) else ast.SlotTest(one, span=one.span)
            for one in given or ()
        )
        span = (binder or target).span.to(closing.span)
        name = binder.text if binder else None
        return ast.Pattern(name, qualified(target), slots, span=span)

    def bound_pattern(self, children: Children) -> ast.Pattern:
        return self.pattern(children)

    def slot_pattern(self, children: Children) -> ast.Pattern:
        return self.pattern([None, *children])

    def not_condition(self, children: Children) -> ast.NotCondition:
        return ast.NotCondition(children[1], span=across(children))

    def exists(self, children: Children) -> ast.ExistsCondition:
        return ast.ExistsCondition(children[1], span=across(children))

    def forall(self, children: Children) -> ast.ForallCondition:
        return ast.ForallCondition(children[1], children[2], span=across(children))

    def branch(self, children: Children) -> tuple[ast.Condition, ...]:
        return tuple(children)

    def either(self, children: Children) -> ast.EitherCondition:
        branches = tuple(one for one in children if isinstance(one, tuple))
        span = children[0].span.to(branches[-1][-1].span)
        return ast.EitherCondition(branches, span=span)


DIGITS_LIMIT = 309


def _chain(children: Children, together: str) -> ast.Expression:
    """Return a sum or product: `together` takes many operands, the other operators two."""
    operands: list[ast.Expression] = [children[0]]
    depth = 0
    for operator, operand in zip(children[1::2], children[2::2], strict=True):
        if operator.text == together:
            operands.append(operand)
            continue
        left = _together(operands, together)
        span = left.span.to(operand.span)
        operands = [ast.Arithmetic(operator.text, (left, operand), span=span)]
        depth += 1
        if depth > DEPTH_LIMIT:
            raise Mistake(too_deep(operator.span))
    return _together(operands, together)


def _together(operands: list[ast.Expression], operator: str) -> ast.Expression:
    if len(operands) == 1:
        return operands[0]
    return ast.Arithmetic(operator, tuple(operands), span=across(operands))
