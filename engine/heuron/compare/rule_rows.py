"""The rows on which one rule was wrong: what it said, what was true, and what was known.

Owns `RuleRow`. A scorecard counts; whoever mends a rule wants to see the cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heuron.answer import plain
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.compare.collect import Gathered
    from heuron.learn.data import Table

__all__ = ["RuleRow", "RuleRows", "need_rule", "rule_rows"]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A row on which a rule spoke for what is not true, or against what is.

    `row` counts the usable rows of the data from 1; `said` is the value that it spoke of, with
    its certainty (below zero: against it).
    """

    row: int
    said: Value
    certainty: float
    truth: Value
    evidence: Mapping[str, Value]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "row": self.row,
            "said": plain(self.said),
            "certainty": self.certainty,
            "truth": plain(self.truth),
            "evidence": {name: plain(value) for name, value in self.evidence.items()},
        }


@dataclass(frozen=True, slots=True)
class RuleRows:
    """A rule's wrong rows, in the order of the data, of the rows that it fired on.

    `more` counts those that are not listed: of a file that streams only the first ones are.
    """

    rule: str
    fired: int
    wrong: tuple[RuleRow, ...]
    more: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rule": self.rule,
            "fired": self.fired,
            "wrong": [one.to_dict() for one in self.wrong],
            "more": self.more,
        }


def rule_rows(table: Table, gathered: Gathered, rule: str) -> RuleRows:
    """Return the rows on which a rule was wrong.

    Args:
        table: The data.
        gathered: What was said of the compared rows.
        rule: The name of a rule that concludes the goal.

    Raises:
        RuleError: There is no such rule (`unknown-name`).
    """
    outcomes = gathered.outcomes
    need_rule(rule, outcomes.rules, outcomes.contract.goal)
    mine = [one for one in outcomes.shots if one.rule == rule]
    wrong = []
    for shot in sorted((one for one in mine if not one.right), key=lambda one: one.row):
        place = gathered.places[shot.row]
        (evidence,) = table.rows([place])
        said: Value = shot.value
        wrong.append(RuleRow(place + 1, said, shot.certainty, table.goal[place], evidence))
    return RuleRows(rule, len({one.row for one in mine}), tuple(wrong))


def need_rule(rule: str, rules: Sequence[str], goal: str) -> None:
    """Say when no rule of that name is among those that conclude the goal.

    Raises:
        RuleError: There is no such rule (`unknown-name`).
    """
    if rule in rules:
        return
    near = nearest(rule, rules)
    hint = f"Did you mean `{near}`?" if near else f"Rules that conclude it: {_listed(rules)}."
    message = f"No rule `{rule}` concludes `{goal}`."
    raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message, hint=hint))


def _listed(rules: Sequence[str]) -> str:
    return ", ".join(rules) or "none"
