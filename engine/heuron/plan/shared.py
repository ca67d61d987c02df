"""The part of a rule that has nothing to do with a seed: found once, remembered, and shared.

A pattern such as `Stage(value == plot)` only switches a rule on: the other patterns are joined
with each other, but not with it. When the stage changes, what they match has not changed, so the
searches around the new stage share one search for them, and what it has found (`infer.shared`).
A rule that changes what it matches itself would have to begin again each time: it shares nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from heuron.check.reads import patterns
from heuron.check.tree import (
    Assert,
    Bind,
    Condition,
    Modify,
    Negation,
    Pattern,
    Retract,
    Rule,
    Test,
)
from heuron.check.walk import walk
from heuron.plan.items import items_of
from heuron.plan.normal import Program

__all__ = ["Shared", "shared_part", "types_read"]

Shared = tuple[tuple[Condition, ...], tuple[Condition, ...]]
"""The conditions that can be shared, and those that read the seed as well."""


def shared_part(program: Program, rule: Rule, seed: Pattern) -> Shared | None:
    """Return how a rule's other conditions divide, or None where sharing them is no use."""
    others = [one for one in patterns(rule.conditions) if one is not seed]
    if len(others) < 2 or any(one.identity is not None for one in (*others, seed)):
        return None
    own = {seed.variable, *(binding.variable for binding in seed.bindings)}
    grown = True
    while grown:
        more = {
            one.variable
            for one in rule.conditions
            if isinstance(one, Bind) and not own.isdisjoint(_needs(one))
        }
        grown = not more <= own
        own |= more
    crossing: list[Condition] = []
    for one in rule.conditions:
        if one is seed or own.isdisjoint(_needs(one)):
            continue
        if isinstance(one, (Pattern, Test)):
            return None
        crossing.append(one)
    if not _needs(seed) <= own:
        return None
    free = tuple(one for one in rule.conditions if one is not seed and one not in crossing)
    read = types_read(free)
    if read & (_changed(rule) | program.derived):
        return None
    return free, tuple(crossing)


def types_read(conditions: tuple[Condition, ...]) -> frozenset[str]:
    """Return the types that conditions read, under `not` as well."""
    return frozenset(one.type_name for one in walk(conditions) if isinstance(one, Pattern))


def _needs(condition: Condition) -> frozenset[str]:
    """Return the variables that a condition reads; a pattern reads its own fact."""
    needs: frozenset[str] = frozenset()
    for item in items_of((condition,)):
        needs |= item.needs
    return needs


def _changed(rule: Rule) -> frozenset[str]:
    """Return the types of the facts that a step changes."""
    types = {one.variable: one.type_name for one in patterns(rule.conditions)}
    return frozenset(_types_changed(rule, types))


def _types_changed(rule: Rule, types: dict[str, str]) -> Iterator[str]:
    for action in rule.actions:
        match action:
            case Assert():
                yield action.type_name
            case Modify() | Retract():
                yield types[action.variable]
            case _:
                assert not isinstance(action, Negation)
