"""Which index a pattern is looked up in: equalities with what is known before its loop.

A field that steps modify is a state, such as `done == false`: an index by it would have to be kept
with each change, and seldom tells apart more than the other fields do. So where the index by the
others suffices it is asked, and the state is tested in the loop; only a bucket that has grown
large is replaced by that of the finer index, which is made at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from heuron.check.reads import free, patterns
from heuron.check.tree import Aggregate, Constant, Expression, Modify, Pattern
from heuron.check.walk import walk
from heuron.plan.compared import compared
from heuron.plan.items import Item
from heuron.plan.normal import Program

__all__ = ["LARGE", "Keys", "keys_of", "modified_fields"]

LARGE: Final = 16
"""Rows in a bucket from which on the finer index is worth its keeping."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Places of a row with sources of their values: `coarse` to begin with, `fine` all of them.

    `used` are the tests that a look-up in the coarse index makes unnecessary; `is_constant` says
    that its key is the same in every look-up.
    """

    coarse: dict[int, str]
    fine: dict[int, str]
    used: list[Item]
    is_constant: bool


def keys_of(
    pattern: Pattern,
    items: list[Item],
    places: dict[str, int],
    states: frozenset[str],
    has: Callable[[str], bool],
    value: Callable[[Expression], str],
) -> Keys:
    """Return the places of a row whose values are known before the loop, as source.

    Args:
        pattern: The pattern that is looked up.
        items: The conditions that wait; tests among them may become keys.
        places: The places of the given fields of its type.
        states: The fields of its type that steps modify.
        has: Whether a variable is bound.
        value: Writes an expression.
    """
    fine: dict[int, str] = {}
    state: list[int] = []
    constant: set[int] = set()
    used: list[tuple[int, Item]] = []
    for item in items:
        for field, _, operator, other in compared(pattern, item.condition):
            if operator != "==" or field not in places or places[field] in fine:
                continue
            if any(isinstance(one, Aggregate) for one in walk(other)):
                continue
            if all(has(name) for name in free(other)):
                fine[places[field]] = value(other)
                used.append((places[field], item))
                if isinstance(other, Constant):
                    constant.add(places[field])
                    if field in states:
                        state.append(places[field])
                break
    coarse = {place: source for place, source in fine.items() if place not in state}
    if not coarse:
        coarse = fine
    exact = [item for place, item in used if place in coarse]
    return Keys(coarse, fine, exact, coarse.keys() <= constant)


def modified_fields(program: Program) -> dict[str, frozenset[str]]:
    """Return the fields of each type that steps modify."""
    fields: dict[str, set[str]] = {}
    for rule in program.steps:
        types = {one.variable: one.type_name for one in patterns(rule.conditions)}
        for action in rule.actions:
            if isinstance(action, Modify):
                names = fields.setdefault(types[action.variable], set())
                names.update(name for name, _ in action.changes)
    return {type_name: frozenset(names) for type_name, names in fields.items()}
