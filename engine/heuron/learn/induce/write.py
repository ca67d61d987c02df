"""Induced rules as a rule file: built as a tree and printed, so that it always parses.

Owns `rule_file` (a whole file), `rule_items` and how a rule is named and commented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf
from typing import Any

from heuron.coercion import slug
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.lang.print_expressions import level_text
from heuron.lang.printer import print_file
from heuron.learn.contract import Contract
from heuron.learn.induce.conclusions import Conclusion
from heuron.learn.induce.conditions import Condition
from heuron.learn.induce.find import HARDLY, LOWEST, Induced, InducedRule
from heuron.learn.scorer.inputs import is_levels
from heuron.values import Field, Template, Value

__all__ = [
    "Item",
    "file_text",
    "goal_item",
    "literal_of",
    "number_of",
    "rule_file",
    "rule_items",
    "rule_names",
    "type_item",
]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a rule file with the comment lines above it."""

    item: ast.Item
    comments: tuple[str, ...] = ()


def rule_file(
    contract: Contract, induced: Induced, name: str, question: str | None, data: str | None
) -> str:
    """Return the text of a rule file with a contract's template and induced rules.

    Args:
        contract: The template and the goal.
        induced: The rules.
        name: The domain's name.
        question: Its question.
        data: What the `data` line names; None: no such line.
    """
    items = [
        Item(ast.Domain(name, question)),
        Item(type_item(contract, induced)),
        Item(goal_item(contract)),
    ]
    if data is not None:
        items.append(Item(ast.Data(data)))
    heading = [
        f"Rules that Heuron induced from {induced.rows:,} training rows of {induced.of:,}; the "
        "held-out rows were not",
        "looked at. Each certainty is the change of belief that the rule was worth on training",
        "rows out of fold. They are yours now: read them, mend them.",
    ]
    return file_text([*items, *rule_items(contract, induced)], heading)


def file_text(items: Sequence[Item], heading: Sequence[str] = ()) -> str:
    """Return items as the text of a rule file, each with its comments above it."""
    place = 10
    comments = [ast.Comment(f"# {one}", span=Span("", at, at)) for at, one in enumerate(heading)]
    placed: list[ast.Item] = []
    for one in items:
        # Only the order of the places matters: the printer puts comments above what follows.
        start = place + len(one.comments) + 1
        comments += [
            ast.Comment(f"# {text}", span=Span("", start - 1, start - 1)) for text in one.comments
        ]
        adjoining = isinstance(one.item, (ast.Goal, ast.Data)) and not one.comments
        end = start + 1
        placed.append(replace(one.item, span=Span("", start, end)))
        place = end if adjoining else end + 10
    return print_file(ast.File("", tuple(placed), tuple(comments)))


def goal_item(contract: Contract) -> ast.Goal:
    """Return a contract's goal as a declaration."""
    tolerance = None if contract.tolerance is None else number_of(contract.tolerance)
    return ast.Goal(contract.template.name, contract.goal, False, tolerance, contract.percent)


def type_item(contract: Contract, induced: Induced) -> ast.TypeDeclaration:
    """Return a contract's template as a declaration, without what other rules conclude.

    An ordered list adds a field that says which of its rows held.
    """
    template = contract.template
    kept = [
        _declaration(field)
        for field in template.fields
        if field.name == contract.goal
        or (field.name not in contract.concluded and field.type.kind not in ("list", "reference"))
    ]
    if induced.ordered:
        names = ast.EnumerationType(tuple(rule_names(contract, induced)))
        kept.append(ast.FieldDeclaration(_step(template), names))
    return ast.TypeDeclaration(template.name, template.title, tuple(kept))


def _declaration(field: Field) -> ast.FieldDeclaration:
    kind: ast.TypeExpression = ast.NamedType(field.type.kind)
    if field.type.kind == "enumeration":
        kind = ast.EnumerationType(field.type.levels)
    within, bounds = None, []
    both = field.low is not None and field.high is not None
    if both and not (field.low_open or field.high_open):
        within = ast.Range(_literal(field.low), _literal(field.high))
    else:
        if field.low is not None:
            bounds.append((">" if field.low_open else ">=", _literal(field.low)))
        if field.high is not None:
            bounds.append(("<" if field.high_open else "<=", _literal(field.high)))
    return ast.FieldDeclaration(
        field.name,
        kind,
        within=within,
        bounds=tuple(bounds),
        matching=field.matching,
        unit=field.unit,
        optional=field.optional,
        default=None if field.default is None else _literal(field.default),
        ask=field.ask,
    )


def rule_items(contract: Contract, induced: Induced) -> list[Item]:
    """Return the rules, with their support and precision above them; a list begins as a table."""
    names = rule_names(contract, induced)
    if not induced.ordered:
        rules = zip(induced.rules, names, strict=True)
        return [
            Item(_rule(contract, induced, rule, name), (_comment(contract, rule, induced.rows),))
            for rule, name in rules
        ]
    return _ordered(contract, induced, names)


def _ordered(contract: Contract, induced: Induced, names: list[str]) -> list[Item]:
    """Return an ordered list: a table finds the first row that holds, rules say what it means."""
    template = contract.template
    step = _step(template)
    used = sorted({one.column for rule in induced.rules for one in rule.premise})
    rows = []
    for rule, name in zip(induced.rules, names, strict=True):
        by_column = {one.column: one for one in rule.premise}
        cells = tuple(_cell(contract, induced, by_column.get(column)) for column in used)
        rows.append(ast.Row(cells, ast.Name(name)))
    columns = tuple(ast.Name(induced.fields[column]) for column in used)
    table = ast.Table(step, None, template.name, step, "first", columns, tuple(rows))
    note = "The first row that holds decides; a row with an unknown value stops the search."
    found = [Item(table, (note,))]
    for rule, name in zip(induced.rules, names, strict=True):
        if rule.certainty >= (HARDLY if contract.is_regression else LOWEST):
            test = ast.SlotTest(ast.Comparison(ast.Name(step), (("==", ast.Name(name)),)))
            found.append(
                Item(
                    _concluding(contract, induced, rule, name, (test,)),
                    (_comment(contract, rule, induced.rows),),
                )
            )
    return found


def _step(template: Template) -> str:
    """Return the name of the field that says which row of an ordered list held."""
    return "first_match_" if "first_match" in template else "first_match"


def _rule(contract: Contract, induced: Induced, rule: InducedRule, name: str) -> ast.Rule:
    tests = [test for one in rule.premise for test in _tests(contract, induced, one)]
    return _concluding(contract, induced, rule, name, tuple(ast.SlotTest(one) for one in tests))


def _concluding(
    contract: Contract,
    induced: Induced,
    rule: InducedRule,
    name: str,
    tests: tuple[ast.SlotTest, ...],
) -> ast.Rule:
    template = contract.template
    binder = template.name[0].lower()
    if binder in template:
        binder = "this"
    value = _value(template, contract.field, rule.value)
    if rule.conclusion.column is not None:
        field = ast.Attribute(ast.Name(binder), induced.fields[rule.conclusion.column])
        value = _line(rule.conclusion, field)
    conclusion = ast.Conclude(binder, contract.goal, value, number_of(rule.certainty))
    pattern = ast.Pattern(binder, template.name, tests)
    return ast.Rule(name, None, None, (pattern,), (conclusion,))


def _line(line: Conclusion, field: ast.Expression) -> ast.Expression:
    """Return a line as an expression: `12.5 + 3.1 * h.size`, rounded for a whole number."""
    times = ast.Arithmetic("*", (number_of(abs(line.slope)), field))
    sign = "-" if line.slope < 0 else "+"
    whole = ast.Arithmetic(sign, (number_of(line.value), times))
    return ast.Call("round", (whole,)) if line.whole else whole


def _comment(contract: Contract, rule: InducedRule, rows: int) -> str:
    words = (
        f"{rule.fired:,} of {rows:,} rows, right on about {rule.right:,} out of fold: "
        f"{rule.precision:.3f}, base rate {rule.base:.2f}"
    )
    if rule.error is None:
        return f"{words}."
    unit = "" if contract.field.unit is None else f" {contract.field.unit}"
    return f"{words}; off by about {rule.error:.3g}{unit}."


def _tests(contract: Contract, induced: Induced, one: Condition) -> list[ast.Expression]:
    name = induced.fields[one.column]
    field, kind = contract.template[name], induced.kinds[one.column]
    place = ast.Name(name)
    if one.levels is None:
        ends = ((">", one.low), ("<=", one.high))
        return [
            ast.Comparison(place, ((sign, _cut(field, end)),))
            for sign, end in ends
            if abs(end) < inf
        ]
    if not is_levels(kind):
        return [place if one.levels == (1,) else ast.Not(place)]
    values = [_value(contract.template, field, kind[at]) for at in one.levels]
    if len(values) == 1:
        return [ast.Comparison(place, (("==", values[0]),))]
    others = [at for at in range(len(kind)) if at not in one.levels]
    if len(others) == 1:
        other = _value(contract.template, field, kind[others[0]])
        return [ast.Comparison(place, (("!=", other),))]
    return [ast.Comparison(place, (("in", ast.ListLiteral(tuple(values))),))]


def _cell(contract: Contract, induced: Induced, one: Condition | None) -> ast.Cell:
    if one is None:
        return ast.AnyCell()
    field, kind = contract.template[induced.fields[one.column]], induced.kinds[one.column]
    if one.levels is None:
        sign, end = (">", one.low) if one.low > -inf else ("<=", one.high)
        return ast.CompareCell(sign, _cut(field, end))
    values: Sequence[Value] = kind if is_levels(kind) else (False, True)
    return ast.ValuesCell(tuple(_value(contract.template, field, values[at]) for at in one.levels))


def literal_of(contract: Contract, name: str, value: Value) -> ast.Expression:
    """Return a value of a field as it is written in rules."""
    return _value(contract.template, contract.template[name], value)


def _value(template: Template, field: Field, value: Value) -> ast.Expression:
    """Return a value as it is written; a level that is also a field's name stands in quotes."""
    if field.type.kind == "enumeration":
        assert isinstance(value, str)
        plain = level_text(value) == value
        return ast.Name(value) if plain and value not in template else ast.Literal(value)
    return _literal(value)


def _literal(value: Any) -> ast.Expression:
    if isinstance(value, (bool, str, date, datetime)):
        return ast.Literal(value)
    return number_of(value)


def _cut(field: Field, value: float) -> ast.Expression:
    return number_of(int(value) if field.type.kind == "integer" and value == int(value) else value)


def number_of(value: float) -> ast.Expression:
    """Return a number as it is written in rules."""
    if value < 0:
        return ast.Negative(number_of(-value))
    if float(value).is_integer() and abs(value) < 1e15:
        whole = int(value)
        return ast.Literal(whole, f"{whole:_}" if whole >= 10_000 else str(whole))
    return ast.Literal(float(value))


def rule_names(contract: Contract, induced: Induced) -> list[str]:
    """Return a name for each rule, from its conditions: `high_worst_radius`, `island_Dream`."""
    names: list[str] = []
    for rule in induced.rules:
        words = [_word(induced, one) for one in rule.premise]
        base = "_".join(words[:2]) or f"always_{slug(str(rule.value)) or 'so'}"
        if base in names:
            base = "_".join(words[:3])
        name, number = base, 1
        while name in names or name in contract.template:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def _word(induced: Induced, one: Condition) -> str:
    name, kind = induced.fields[one.column], induced.kinds[one.column]
    if one.levels is None:
        degree = "low" if one.low == -inf else "high" if one.high == inf else "middle"
        return f"{degree}_{name}"
    if not is_levels(kind):
        return name if one.levels == (1,) else f"not_{name}"
    if len(one.levels) == 1:
        return f"{name}_{slug(kind[one.levels[0]]) or one.levels[0]}"
    return f"{name}_other"
