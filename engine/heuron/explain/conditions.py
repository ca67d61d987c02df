"""The rules of a program as explanations see them: small conditions, one after another.

A pattern is taken apart: the fact that a rule is about is bound, and each of its slots becomes a
condition of its own, so that an explanation can name the one that held or failed.
"""

from __future__ import annotations

from dataclasses import dataclass

from heuron.check.reads import fact_types
from heuron.check.tree import (
    ANY,
    Bind,
    Conclude,
    Condition,
    Constant,
    FieldOf,
    Pattern,
    Row,
    Rule,
    Table,
    Test,
)
from heuron.plan.conclusions import definitions, typed
from heuron.plan.normal import Program
from heuron.values import Value

__all__ = ["Concluding", "by_index", "concluding", "opened"]


@dataclass(frozen=True, slots=True)
class Concluding:
    """A rule or row that concludes some value of a field.

    `variable` is the fact that it is about, `value` the constant that it concludes, or None when
    the value is computed; `before` are the rows of a `first` table that come first.
    """

    index: int
    name: str
    variable: str
    conditions: tuple[Condition, ...]
    value: Value | None
    certainty: float
    before: tuple[Row, ...] = ()


def by_index(program: Program) -> dict[int, Rule | tuple[Table, int]]:
    """Return rules by their index, and rows as (table, place)."""
    found: dict[int, Rule | tuple[Table, int]] = {}
    for item in (*definitions(program), *program.steps):
        if isinstance(item, Rule):
            found[item.index] = item
        else:
            found.update({item.index + at: (item, at) for at in range(len(item.rows))})
    return found


def row_conditions(table: Table, place: int) -> tuple[Condition, ...]:
    """Return the cells of a row as conditions."""
    tests = [one for one in table.rows[place].tests if one is not None]
    return tuple(Test(expression=one, span=one.span) for one in tests)


def concluding(program: Program, key: tuple[str, str]) -> tuple[Concluding, ...]:
    """Return the rules and rows that conclude a field, in rule order."""
    kind = program.templates[key[0]][key[1]].type.kind
    found: list[Concluding] = []
    for item in definitions(program):
        if isinstance(item, Table):
            if (item.type_name, item.field) == key:
                found += [_row(item, place, kind) for place in range(len(item.rows))]
            continue
        types = fact_types(item.conditions)
        for action in item.actions:
            if isinstance(action, Conclude) and (types[action.variable], action.field) == key:
                value = action.value
                constant = typed(kind, value.value) if isinstance(value, Constant) else None
                found.append(
                    Concluding(
                        item.index,
                        item.name,
                        action.variable,
                        item.conditions,
                        constant,
                        action.certainty,
                    )
                )
    return tuple(found)


def _row(table: Table, place: int, kind: str) -> Concluding:
    row = table.rows[place]
    constant = typed(kind, row.value.value) if isinstance(row.value, Constant) else None
    before = table.rows[:place] if table.hit == "first" else ()
    conditions = row_conditions(table, place)
    return Concluding(
        table.index + place, row.name, table.variable, conditions, constant, 1.0, before
    )


def opened(conditions: tuple[Condition, ...], variable: str) -> tuple[Condition, ...]:
    """Return conditions with the pattern of `variable` taken apart, its fact bound outside."""
    found: list[Condition] = []
    for one in conditions:
        if not (isinstance(one, Pattern) and one.variable == variable):
            found.append(one)
            continue
        for binding in one.bindings:
            field = FieldOf(type=ANY, span=one.span, variable=variable, field=binding.field)
            found.append(Bind(variable=binding.variable, expression=field, span=one.span))
        found += [Test(expression=test, span=test.span) for test in one.tests]
    return tuple(found)
