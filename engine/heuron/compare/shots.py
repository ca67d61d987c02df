"""What each rule contributed to the goal on each row: the material of scorecards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heuron.compare.scorecard import Shot
from heuron.knowledge.evidence import Evidence
from heuron.learn.contract import Contract
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


def shots(
    kb: KnowledgeBase,
    contract: Contract,
    given: Sequence[Evidence],
    truths: Sequence[Value],
    today: date | None,
) -> tuple[Shot, ...]:
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
    host = kb.host(today=today)
    for row, (evidence, truth) in enumerate(zip(given, truths, strict=True)):
        record = {name: value for name, value in evidence.record.items() if name != goal[1]}
        state = kb.engine.session(host)
        number = state.add(goal[0], record)
        of_row: dict[tuple[int, object], Shot] = {}
        for value, certainty, _, index, _ in state.contributions(number, goal[1]):
            name = kb.engine.rules[index]["name"]
            true = contract.is_right(value, truth)
            of_row.setdefault((index, value), Shot(name, value, certainty, true, row))
        found += of_row.values()
    return tuple(found)
