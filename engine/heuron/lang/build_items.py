"""From what the grammar recognises to the nodes of items: types, rules, tables, tests, …

A method a rule of the grammar, as in `build_expressions`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from heuron.diagnostics import Related, Span
from heuron.lang import ast
from heuron.lang.build_expressions import Children, ExpressionBuilder, across, qualified
from heuron.lang.lexemes import Lexeme, Mistake, error
from heuron.lang.texts import unquote

__all__ = ["Builder"]


def _text(lexeme: Lexeme | None) -> str | None:
    return unquote(lexeme) if lexeme is not None else None


def _word(lexeme: Lexeme | None) -> str | None:
    return lexeme.text if lexeme is not None else None


def _known(children: Children) -> Children:
    return [child for child in children if child is not None]


def _end(children: Children) -> Span:
    """Return the span from the first to the last child that is there."""
    return across(_known(children))


class Builder(ExpressionBuilder):
    """All rules of the grammar.

    Args:
        template: reads the text of `because` and `log`, holes and all.
    """

    def __init__(self, template: Callable[[Lexeme], ast.TextTemplate]) -> None:
        self.template = template

    def item(self, children: Children) -> Any:
        return children[0]

    def hole(self, children: Children) -> Any:
        return children[0]

    # One-line items

    def domain(self, children: Children) -> ast.Domain:
        return ast.Domain(children[1].text, _text(children[2]), span=_end(children))

    def use(self, children: Children) -> ast.Use:
        return ast.Use(unquote(children[1]), _word(children[2]), span=_end(children))

    def data(self, children: Children) -> ast.Data:
        return ast.Data(unquote(children[1]), span=_end(children))

    def many(self, children: Children) -> tuple[str, Span, None, bool]:
        return "many", children[0].span, None, False

    def tolerance(self, children: Children) -> tuple[str, Span, ast.Expression, bool]:
        return "within", _end(children), children[1], children[2] is not None

    def goal(self, children: Children) -> ast.Goal:
        keyword, target, *options = children
        span: Span = keyword.span.to(target.span)
        type_name, _, field = qualified(target).rpartition(".")
        if not type_name:
            message = f"`{field}` is no field of a type"
            raise Mistake(error(target.span, message, "write `goal Type.field`"))
        many, amount, percent = False, None, False
        for option, place, value, in_percent in options:
            if (many and option == "many") or (amount is not None and option == "within"):
                raise Mistake(error(place, f"`{option}` is given twice"))
            span = span.to(place)
            if option == "many":
                many = True
            else:
                amount, percent = value, in_percent
        return ast.Goal(type_name, field, many, amount, percent, span=span)

    def let(self, children: Children) -> ast.Let:
        return ast.Let(children[1].text, None, children[2], span=across(children))

    def let_function(self, children: Children) -> ast.Let:
        _, name, parameters, value = children
        return ast.Let(name.text, parameters or (), value, span=_end(children))

    def parameters(self, children: Children) -> tuple[str, ...]:
        return tuple(child.text for child in children)

    # Facts

    def named_argument(self, children: Children) -> ast.Argument:
        return ast.Argument(children[0].text, children[1], span=across(children))

    def positional_argument(self, children: Children) -> ast.Argument:
        return ast.Argument(None, children[0], span=children[0].span)

    def change(self, children: Children) -> ast.Argument:
        return self.named_argument(children)

    def arguments(self, children: Children) -> Children:
        return children

    def fact(self, children: Children) -> ast.FactExpression:
        binder, target, arguments, _ = children
        given = tuple(arguments or ())
        return ast.FactExpression(_word(binder), qualified(target), given, span=_end(children))

    def facts(self, children: Children) -> ast.Facts:
        return ast.Facts(tuple(children[1:]), span=across(children))

    # Types

    def named_type(self, children: Children) -> ast.NamedType:
        return ast.NamedType(qualified(children[0]), span=children[0].span)

    def level(self, children: Children) -> Lexeme:
        lexeme: Lexeme = children[0]
        return lexeme

    def enumeration(self, children: Children) -> ast.EnumerationType:
        levels = tuple(unquote(one) if one.type == "STRING" else one.text for one in children)
        return ast.EnumerationType(levels, span=across(children))

    def list_type(self, children: Children) -> ast.ListType:
        return ast.ListType(children[1], span=across(children))

    def within_modifier(self, children: Children) -> tuple[str, Span, Any]:
        low, high = children[1:]
        return "within", across(children), ast.Range(low, high, span=low.span.to(high.span))

    def bound_modifier(self, children: Children) -> tuple[str, Span, Any]:
        return "bounds", across(children), (children[0].text, children[1])

    def matching_modifier(self, children: Children) -> tuple[str, Span, Any]:
        # A regular expression is taken as it stands: backslashes are its own.
        return "matching", across(children), children[1].text[1:-1]

    def text_modifier(self, children: Children) -> tuple[str, Span, Any]:
        return children[0].text, across(children), unquote(children[1])

    def optional_modifier(self, children: Children) -> tuple[str, Span, Any]:
        return "optional", children[0].span, True

    def default_modifier(self, children: Children) -> tuple[str, Span, Any]:
        return "default", across(children), children[1]

    def modifiers(self, children: Children) -> Children:
        return children

    def field_head(self, children: Children) -> ast.FieldDeclaration:
        name, kind, *modifiers = children
        bare = ast.FieldDeclaration(name.text, kind, span=name.span.to(kind.span))
        return _modified(bare, modifiers)

    def long_field(self, children: Children) -> ast.FieldDeclaration:
        return self.short_fields(children)[0]

    def short_fields(self, children: Children) -> tuple[ast.FieldDeclaration, ...]:
        fields: list[ast.FieldDeclaration] = []
        for child in children:
            if isinstance(child, ast.FieldDeclaration):
                fields.append(child)
            else:
                fields[-1] = _modified(fields[-1], child)
        return tuple(fields)

    def long_type(self, children: Children) -> ast.TypeDeclaration:
        _, name, title, *fields = children
        return ast.TypeDeclaration(name.text, _text(title), tuple(fields), span=_end(children))

    def short_type(self, children: Children) -> ast.TypeDeclaration:
        _, name, fields, closing, title = children
        span = children[0].span.to((title or closing).span)
        return ast.TypeDeclaration(name.text, _text(title), fields or (), True, span=span)

    # Rules

    def salience(self, children: Children) -> ast.Expression:
        value: ast.Expression = children[0]
        return value

    def when(self, children: Children) -> tuple[ast.Condition, ...]:
        return tuple(children)

    def then(self, children: Children) -> tuple[ast.Action, ...]:
        return tuple(children)

    def rule(self, children: Children) -> ast.Rule:
        keyword, name, title, salience, conditions, actions = children
        span = keyword.span.to(actions[-1].span)
        return ast.Rule(name.text, _text(title), salience, conditions or (), actions, span=span)

    def conclude(self, children: Children) -> ast.Conclude:
        _, variable, field, value, certainty = children
        return ast.Conclude(variable.text, field.text, value, certainty, span=_end(children))

    def derive(self, children: Children) -> ast.Derive:
        return ast.Derive(children[1], span=across(children))

    def assert_fact(self, children: Children) -> ast.Assert:
        return ast.Assert(children[1], span=across(children))

    def modify(self, children: Children) -> ast.Modify:
        return ast.Modify(children[1].text, tuple(children[2:]), span=across(children))

    def retract(self, children: Children) -> ast.Retract:
        return ast.Retract(children[1].text, span=across(children))

    def because(self, children: Children) -> ast.Because:
        return ast.Because(self.template(children[1]), span=across(children))

    def log(self, children: Children) -> ast.Log:
        return ast.Log(self.template(children[1]), span=across(children))

    def halt(self, children: Children) -> ast.Halt:
        return ast.Halt(span=children[0].span)

    # Tables

    def hit(self, children: Children) -> str:
        word: str = children[0].text
        return word

    def header(self, children: Children) -> tuple[Lexeme, Children]:
        return children[-1], children[:-1]

    def any_cell(self, children: Children) -> ast.AnyCell:
        return ast.AnyCell(span=children[0].span)

    def values_cell(self, children: Children) -> ast.ValuesCell:
        return ast.ValuesCell(tuple(children), span=across(children))

    def negated_cell(self, children: Children) -> ast.ValuesCell:
        return ast.ValuesCell(tuple(children[1:]), True, span=across(children))

    def compare_cell(self, children: Children) -> ast.CompareCell:
        return ast.CompareCell(children[0].text, children[1], span=across(children))

    def row(self, children: Children) -> ast.Row:
        return ast.Row(tuple(children[:-1]), children[-1], span=across(children))

    def table_source(self, children: Children) -> Lexeme:
        lexeme: Lexeme = children[1]
        return lexeme

    def table(self, children: Children) -> ast.Table:
        keyword, name, target, field, title, hit, *body = children
        span = keyword.span.to((body[-1]).span)
        columns: tuple[ast.Expression, ...] = ()
        rows: tuple[ast.Row, ...] = ()
        source = None
        if isinstance(body[0], Lexeme):
            source = unquote(body[0])
        else:
            (output, header), *found = body
            if output.text != field.text:
                message = (
                    f"the last column is `{output.text}`, but the table concludes `{field.text}`"
                )
                hint = f"write `-> {field.text}` in the header"
                here = Related(f"the table concludes `{field.text}`", field.span)
                raise Mistake(error(output.span, message, hint, "bad-table", here))
            columns, rows = tuple(header), tuple(found)
        return ast.Table(
            name.text,
            _text(title),
            qualified(target),
            field.text,
            hit or "first",
            columns,
            rows,
            source,
            span=span,
        )

    # Dispatch, queries, tests

    def backend(self, children: Children) -> Children:
        return children

    def route_conditions(self, children: Children) -> Children:
        return children

    def otherwise(self, children: Children) -> Lexeme:
        lexeme: Lexeme = children[0]
        return lexeme

    def route(self, children: Children) -> ast.Route:
        backend, limits = children
        keyword, *detail = backend
        name = reason = None
        if keyword.type == "REFER":
            reason = _text(detail[0])
        elif detail:
            name = detail[0].text
        span = _end(backend)
        conditions = None
        if isinstance(limits, list):
            conditions = tuple(limits)
            span = span.to(limits[-1].span)
        elif limits is not None:
            span = span.to(limits.span)
        return ast.Route(keyword.text, name, reason, conditions, span=span)

    def dispatch(self, children: Children) -> ast.Dispatch:
        return ast.Dispatch(_word(children[1]), tuple(children[2:]), span=_end(children))

    def result(self, children: Children) -> ast.Expression:
        value: ast.Expression = children[0]
        return value

    def query(self, children: Children) -> ast.Query:
        _, name, parameters, *conditions, value = children
        span = children[0].span.to(value.span)
        return ast.Query(name.text, parameters or (), tuple(conditions), value, span=span)

    def setting(self, children: Children) -> ast.Setting:
        return ast.Setting(children[0].text, children[1], span=across(children))

    def given(self, children: Children) -> tuple[str, Children]:
        return "given", children

    def supporter(self, children: Children) -> Lexeme:
        target, number, closing = children
        name = qualified(target)
        if number is None:
            return Lexeme("NAME", name, target.span)
        return Lexeme("NAME", f"{name}[{number.text}]", target.span.to(closing.span))

    def expectation(self, children: Children) -> ast.Expect:
        return ast.Expect(children[0], _word(children[1]), span=_end(children))

    def expected_route(self, children: Children) -> ast.ExpectRoute:
        name = children[2].text if len(children) == 3 else None
        return ast.ExpectRoute(children[1].text, name, span=across(children))

    def expect(self, children: Children) -> tuple[str, Children]:
        return "expect", children

    def test(self, children: Children) -> ast.Test:
        keyword, title, *blocks = children
        given: list[Any] = []
        expects: list[Any] = []
        for kind, content in blocks:
            (given if kind == "given" else expects).extend(content)
        span = keyword.span.to(expects[-1].span)
        return ast.Test(unquote(title), tuple(given), tuple(expects), span=span)


def _modified(
    field: ast.FieldDeclaration, modifiers: list[tuple[str, Span, Any]]
) -> ast.FieldDeclaration:
    """Return the field with further modifiers; each may be given once, bounds twice."""
    changes: dict[str, Any] = {}
    span = field.span
    for name, place, value in modifiers:
        span = span.to(place)
        if name == "bounds":
            changes[name] = (*changes.get(name, field.bounds), value)
        elif name in changes or getattr(field, name) not in (None, False):
            word = "in" if name == "within" else name
            raise Mistake(error(place, f"`{word}` is given twice for `{field.name}`"))
        else:
            changes[name] = value
    return dataclasses.replace(field, span=span, **changes)
