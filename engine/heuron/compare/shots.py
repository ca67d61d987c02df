"""What each rule contributed to the goal on each row: the material of scorecards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.compare.scorecard import Loss, Shot
from heuron.knowledge.evidence import Evidence
from heuron.learn.contract import Contract
from heuron.plan.settle import best, settle
from heuron.values import Value

if TYPE_CHECKING:
    from datetime import date

    from heuron.knowledge.base import KnowledgeBase

__all__ = ["goal_rules", "shots"]


def goal_rules(kb: KnowledgeBase) -> tuple[str, ...]:
    """Return the rules and rows of tables that conclude the goal, in rule order."""
    goal = kb.engine.goal
    assert goal is not None
    rules = kb.engine.rules
    names = [
        rules[index]["name"] for index in sorted(rules) if goal[:2] in rules[index]["concludes"]
    ]
    return tuple(dict.fromkeys(names))


class Fired(NamedTuple):
    """The contributions of all rows, and what each rule's absence would change, in rule order."""

    shots: tuple[Shot, ...]
    losses: tuple[Loss, ...]


def shots(
    kb: KnowledgeBase,
    contract: Contract,
    given: Sequence[Evidence],
    truths: Sequence[Value],
    today: date | None,
) -> Fired:
    """Return each rule's contributions to the goal: one a row and value, however often it fired.

    Args:
        kb: The rules; models are not asked.
        contract: Says what counts as right.
        given: The rows, checked; the goal is left out of them.
        truths: The true value of the goal in each row.
        today: The day of the comparison.
    """
    goal = kb.engine.goal
    assert goal is not None
    found: list[Shot] = []
    changes: dict[str, list[int]] = {name: [0, 0, 0] for name in goal_rules(kb)}
    host = kb.host(today=today)
    for row, (evidence, truth) in enumerate(zip(given, truths, strict=True)):
        record = {name: value for name, value in evidence.record.items() if name != goal[1]}
        state = kb.engine.session(host)
        number = state.add(goal[0], record)
        contributions = [
            (kb.engine.rules[index]["name"], index, value, certainty, rank)
            for value, certainty, rank, index, _ in state.contributions(number, goal[1])
        ]
        of_row: dict[tuple[int, object], Shot] = {}
        for name, index, value, certainty, _ in contributions:
            true = contract.is_right(value, truth)
            of_row.setdefault((index, value), Shot(name, value, certainty, true, row))
        found += of_row.values()
        before = _value([one[2:] for one in contributions])
        for name in dict.fromkeys(one[0] for one in contributions):
            after = _value([one[2:] for one in contributions if one[0] != name])
            counts = changes.setdefault(name, [0, 0, 0])
            was, would = (
                value is not None and contract.is_right(value, truth) for value in (before, after)
            )
            counts[0] += was and not would
            counts[1] += would and not was
            counts[2] += before != after
    losses = (Loss(name, *counts) for name, counts in changes.items())
    return Fired(tuple(found), tuple(losses))


def _value(contributions: Sequence[Any]) -> object | None:
    """Return the value that contributions amount to, as the engine settles it."""
    levels, _ = settle(contributions)
    held = best(levels)
    return held[0][0] if held else None
