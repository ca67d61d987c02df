"""Conditions taken apart into what a matcher loops over and what it tests on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heuron.check.reads import free
from heuron.check.tree import (
    Bind,
    Binding,
    Condition,
    Expression,
    FieldOf,
    Pattern,
    Predict,
    Variable,
)

__all__ = ["Item", "is_late", "items_of", "own_field"]


@dataclass(slots=True, eq=False)
class Item:
    """A condition other than the loop of a pattern, waiting for its variables."""

    condition: Condition | Expression | Binding
    needs: frozenset[str]
    owner: Pattern | None = None


def own_field(pattern: Pattern, binders: dict[str, str], node: Expression) -> str:
    """Return the field of a pattern's own fact that an expression is, or nothing."""
    if isinstance(node, FieldOf) and node.variable == pattern.variable:
        return "" if node.field in pattern.each else node.field
    if isinstance(node, Variable):
        return binders.get(node.name, "")
    return ""


def items_of(conditions: Iterable[Condition | Expression]) -> list[Item]:
    """Return the bindings, tests and other conditions, each with the variables it waits for."""
    items: list[Item] = []
    for one in conditions:
        if isinstance(one, Pattern):
            record = frozenset((one.variable,))
            items += [Item(binding, record, one) for binding in one.bindings]
            items += [Item(test, record | frozenset(free(test)), one) for test in one.tests]
        else:
            items.append(Item(one, frozenset(free(one))))
    return items


def is_late(item: Item, conditions: tuple[Condition | Expression, ...]) -> bool:
    """Return whether a condition calls a model, or reads what one said: those stand last."""
    late = {one.variable for one in conditions if isinstance(one, Predict)}
    grown = True
    while grown:
        more = {
            one.variable
            for one in conditions
            if isinstance(one, Bind) and late & set(free(one.expression))
        }
        grown = not more <= late
        late |= more
    return isinstance(item.condition, Predict) or bool(late & item.needs)
