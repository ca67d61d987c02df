"""Items as lines: one function a kind of item."""

from __future__ import annotations

from collections.abc import Sequence

from heuron.lang import ast
from heuron.lang.layout import Line, fits
from heuron.lang.print_expressions import (
    COMPARED,
    UNARY,
    argument_text,
    condition_text,
    expression_text,
    fact_text,
    level_text,
    template_text,
)
from heuron.values import quote

__all__ = ["action_text", "condition_lines", "item_lines"]


def item_lines(item: ast.Item) -> list[Line]:
    """Return the lines of an item."""
    match item:
        case ast.TypeDeclaration():
            return _type(item)
        case ast.Facts():
            facts = [Line(1, fact_text(one), one.span.start) for one in item.facts]
            return [Line(0, "facts:", item.span.start), *facts]
        case ast.Let():
            return _let(item)
        case ast.Rule():
            return _rule(item)
        case ast.Table():
            return _table(item)
        case ast.Dispatch():
            name = f" {item.name}" if item.name is not None else ""
            routes = [Line(1, _route(one), one.span.start) for one in item.routes]
            return [Line(0, f"dispatch{name}:", item.span.start), *routes]
        case ast.Query():
            return _query(item)
        case ast.Test():
            return _test(item)
        case _:
            return [Line(0, _single(item), item.span.start)]


def _single(item: ast.Domain | ast.Use | ast.Data | ast.Goal) -> str:
    match item:
        case ast.Domain(name, question):
            return f"domain {name}{_title(question)}"
        case ast.Use(path, alias):
            return f"use {quote(path)}" + (f" as {alias}" if alias is not None else "")
        case ast.Data(source):
            return f"data {quote(source)}"
        case ast.Goal():
            many = ", many" if item.many else ""
            within = ""
            if item.tolerance is not None:
                within = f", within {expression_text(item.tolerance, UNARY)}"
                within += " %" if item.percent else ""
            return f"goal {item.type_name}.{item.field}{many}{within}"


def _title(title: str | None) -> str:
    return f" {quote(title)}" if title is not None else ""


# Types


def _type(item: ast.TypeDeclaration) -> list[Line]:
    start = item.span.start
    if item.short or not item.fields:
        fields = ", ".join(_field(one) for one in item.fields)
        return [Line(0, f"type {item.name}({fields}){_title(item.title)}", start)]
    fields_below = [Line(1, _field(one), one.span.start) for one in item.fields]
    return [Line(0, f"type {item.name}{_title(item.title)}:", start), *fields_below]


def _type_text(kind: ast.TypeExpression) -> str:
    match kind:
        case ast.NamedType(name):
            return name
        case ast.ListType(element):
            return f"list of {_type_text(element)}"
        case ast.EnumerationType((only,)):
            # A bare name alone would be the name of a type.
            return quote(only)
        case ast.EnumerationType(levels):
            return " | ".join(level_text(one) for one in levels)


def _field(item: ast.FieldDeclaration) -> str:
    limits = []
    if item.within is not None:
        limits.append("in " + expression_text(item.within))
    limits += [f"{sign} {expression_text(bound, COMPARED)}" for sign, bound in item.bounds]
    if item.matching is not None:
        limits.append(f'matching "{_regex(item.matching)}"')
    head = " ".join([f"{item.name}: {_type_text(item.type)}", *limits[:1]])
    others = limits[1:]
    if item.unit is not None:
        others.append(f"unit {quote(item.unit)}")
    if item.optional:
        others.append("optional")
    if item.default is not None:
        others.append(f"default {expression_text(item.default, COMPARED)}")
    if item.ask is not None:
        others.append(f"ask {quote(item.ask)}")
    return ", ".join([head, *others])


def _regex(pattern: str) -> str:
    """Return a regular expression as it stands between quotes: only a bare quote is escaped."""
    shown = []
    escaped = False
    for character in pattern:
        if character == '"' and not escaped:
            shown.append("\\")
        escaped = character == "\\" and not escaped
        shown.append(character)
    return "".join(shown)


# Lets and rules


def _let(item: ast.Let) -> list[Line]:
    parameters = f"({', '.join(item.parameters)})" if item.parameters is not None else ""
    head = f"let {item.name}{parameters} = "
    return [Line(0, _foldable(0, head, item.value), item.span.start)]


def _foldable(level: int, head: str, value: ast.Expression) -> str:
    """Return `head` and an expression, in brackets where it must be broken into lines."""
    text = expression_text(value)
    if not fits(level, head + text) and isinstance(value, ast.And | ast.Or | ast.Arithmetic):
        text = f"({text})"
    return head + text


def _rule(item: ast.Rule) -> list[Line]:
    lines = [Line(0, f"rule {item.name}{_title(item.title)}:", item.span.start)]
    if item.salience is not None:
        text = f"salience {expression_text(item.salience)}"
        lines.append(Line(1, text, item.salience.span.start))
    if item.conditions:
        lines += _when("when", item.conditions)
    actions = [Line(2, action_text(one), one.span.start) for one in item.actions]
    return lines + _block("then", actions)


def _when(word: str, conditions: Sequence[ast.Condition]) -> list[Line]:
    lines = [line for one in conditions for line in condition_lines(one, 2)]
    return _block(word, lines)


def _block(word: str, lines: list[Line]) -> list[Line]:
    """Return `word` and its lines: on one line when there is but one and it fits."""
    if len(lines) == 1 and lines[0].level == 2 and fits(1, f"{word} {lines[0].text}"):
        return [Line(1, f"{word} {lines[0].text}", lines[0].start)]
    return [Line(1, f"{word}:"), *lines]


def condition_lines(condition: ast.Condition, level: int) -> list[Line]:
    """Return the lines of a condition that stands in a block."""
    start = condition.span.start
    match condition:
        case ast.TestCondition(expression):
            return [Line(level, _foldable(level, "", expression), start)]
        case ast.BindCondition(variable, expression):
            return [Line(level, _foldable(level, f"{variable} = ", expression), start)]
        case ast.EitherCondition(branches):
            return _either(branches, level, start)
        case _:
            return [Line(level, condition_text(condition), start)]


def _either(branches: Sequence[tuple[ast.Condition, ...]], level: int, start: int) -> list[Line]:
    lines = []
    for index, branch in enumerate(branches):
        lines.append(Line(level, "or:") if index else Line(level, "either:", start))
        lines += [line for one in branch for line in condition_lines(one, level + 1)]
    return lines


def action_text(action: ast.Action) -> str:
    """Return an action as text."""
    match action:
        case ast.Conclude():
            text = f"conclude {action.variable}.{action.field} = {expression_text(action.value)}"
            if action.certainty is not None:
                text += f", certainty {expression_text(action.certainty)}"
            return text
        case ast.Derive(fact):
            return f"derive {fact_text(fact)}"
        case ast.Assert(fact):
            return f"assert {fact_text(fact)}"
        case ast.Modify(variable, changes):
            return f"modify {variable}: {', '.join(argument_text(one) for one in changes)}"
        case ast.Retract(variable):
            return f"retract {variable}"
        case ast.Because(text):
            return f"because {template_text(text)}"
        case ast.Log(text):
            return f"log {template_text(text)}"
        case ast.Halt():
            return "halt"


# Tables


def _table(item: ast.Table) -> list[Line]:
    head = f"table {item.name}({item.type_name} -> {item.field}){_title(item.title)}"
    head += f", {item.hit} {'hits' if item.hit == 'collect' else 'hit'}:"
    start = item.span.start
    if item.source is not None:
        source = f"from {quote(item.source)}"
        if fits(0, f"{head} {source}"):
            return [Line(0, f"{head} {source}", start)]
        return [Line(0, head, start), Line(1, source)]
    header = [expression_text(one) for one in item.columns]
    grid = [header, *([cell_text(cell) for cell in row.cells] for row in item.rows)]
    values = [item.field, *(expression_text(row.value) for row in item.rows)]
    first = item.columns[0].span.start if item.columns else None
    starts = [first, *(row.span.start for row in item.rows)]
    lines = [
        Line(1, f"{cells} -> {value}", place, whole=True)
        for cells, value, place in zip(_aligned(grid), values, starts, strict=True)
    ]
    return [Line(0, head, start), *lines]


def cell_text(cell: ast.Cell) -> str:
    """Return a cell of a table as text."""
    match cell:
        case ast.AnyCell():
            return "-"
        case ast.CompareCell(operator, value):
            return f"{operator} {expression_text(value, COMPARED)}"
        case ast.ValuesCell(values, negated):
            texts = (
                expression_text(one, 0 if isinstance(one, ast.Range) else COMPARED)
                for one in values
            )
            return ("not " if negated else "") + ", ".join(texts)


def _aligned(grid: list[list[str]]) -> list[str]:
    """Return the rows of a grid as text, the columns below each other."""
    columns = max(len(row) for row in grid)
    widths = [
        max(len(row[column]) for row in grid if column < len(row)) for column in range(columns)
    ]
    rows = [
        " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=False))
        for row in grid
    ]
    longest = max(len(row) for row in rows)
    return [row.ljust(longest) for row in rows]


# Dispatch, queries, tests


def _route(item: ast.Route) -> str:
    text = item.backend
    if item.name is not None:
        text += f" {item.name}"
    text += _title(item.reason)
    if item.conditions:
        return f"{text} when {', '.join(condition_text(one) for one in item.conditions)}"
    # An agreement is a condition of its own.
    return text if item.backend == "agree" else f"{text} otherwise"


def _query(item: ast.Query) -> list[Line]:
    head = f"query {item.name}({', '.join(item.parameters)}):"
    value = f"-> {expression_text(item.value)}"
    lines = [line for one in item.conditions for line in condition_lines(one, 1)]
    if not any(isinstance(one, ast.EitherCondition) for one in item.conditions):
        text = f"{head} {', '.join(line.text for line in lines)} {value}"
        if fits(0, text):
            return [Line(0, text, item.span.start)]
    return [Line(0, head, item.span.start), *lines, Line(1, value, item.value.span.start)]


def _test(item: ast.Test) -> list[Line]:
    lines = [Line(0, f"test {quote(item.title)}:", item.span.start)]
    if item.given:
        lines += _block("given", [Line(2, given_text(one), one.span.start) for one in item.given])
    lines += [Line(1, f"expect {expect_text(one)}", one.span.start) for one in item.expects]
    return lines


def given_text(given: ast.FactExpression | ast.Setting) -> str:
    """Return what a test gives as text: a fact or a setting."""
    if isinstance(given, ast.Setting):
        return f"{given.name} = {expression_text(given.value)}"
    return fact_text(given)


def expect_text(expect: ast.Expect | ast.ExpectRoute) -> str:
    """Return what a test expects as text, without the word `expect`."""
    if isinstance(expect, ast.ExpectRoute):
        return f"route {expect.backend}" + (f" {expect.name}" if expect.name is not None else "")
    because = f" because {expect.because}" if expect.because is not None else ""
    return condition_text(expect.condition) + because
