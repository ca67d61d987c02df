"""Certainties measured on training rows, put into a rule file; nothing else in it changes.

A rule's certainty is scaled by what its record implies against what it claimed, so that a rule
that reads a conclusion of others, and claims less than it says for that, is measured fairly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.compare.scorecard import FEW, RuleScore, score_rules
from heuron.compare.shots import goal_rules, shots
from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.lang import ast
    from heuron.learn.data import Table

__all__ = ["Calibrated", "calibrate_rules"]

DIGITS: Final = 2
"""A person reads and edits these numbers."""
LEAST: Final = 0.01
"""A rule that says nothing keeps this much: a certainty of 0 is no conclusion."""
MOST: Final = 0.99
"""Rows prove nothing for good."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A rule file's new text.

    `changed` holds (rule, certainty before, after), `kept` (rule, why its certainty stays).
    """

    text: str
    changed: tuple[tuple[str, float, float], ...]
    kept: tuple[tuple[str, str], ...]


def calibrate_rules(kb: KnowledgeBase, table: Table) -> Calibrated:
    """Return the main rule file with certainties as the training rows imply them.

    Raises:
        RuleError: There are no training rows, or the goal is a quantity and has no base rate.
    """
    places = [at for at in table.places("training") if table.scored[at]]
    if not places or table.contract.is_regression:
        message = (
            "Certainties of rules about a quantity cannot be measured."
            if places
            else "Certainties are measured on training rows, and these data have none."
        )
        raise RuleError(Diagnostic(Severity.ERROR, "no-training-rows", message))
    cards = _cards(kb, table, places)
    main, text = next(iter(kb.files.items()))
    edits: list[tuple[int, int, str]] = []
    changed, kept = [], []
    for rule, actions in _concluding(text, main, table).items():
        card = cards.pop(rule, None)
        found = _measured(card, actions)
        if isinstance(found, str):
            kept.append((rule, found))
            continue
        before, after = found
        action = actions[0]
        if after != before:
            edits.append(_edit(action, after))
            changed.append((rule, before, after))
        else:
            kept.append((rule, "as measured"))
    kept += [(name, "a row of a table, or in another file") for name in cards]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return Calibrated(text, tuple(changed), tuple(kept))


def _cards(kb: KnowledgeBase, table: Table, places: Sequence[int]) -> dict[str, RuleScore]:
    """Return the scorecards of the training rows."""
    truths = table.truths(places)
    given = [kb.evidence(row) for row in table.rows(places)]
    fired = shots(kb, table.contract, given, truths, table.as_of)
    rates: dict[object, float] = {
        level: truths.count(level) / len(truths) for level in table.contract.classes
    }
    return {one.name: one for one in score_rules(goal_rules(kb), fired.shots, rates)}


def _concluding(text: str, path: str, table: Table) -> Mapping[str, list[ast.Conclude]]:
    """Return the actions that conclude the goal's field, by rule, in the order of the file."""
    from heuron.lang import ast
    from heuron.lang.parser import parse

    file, _ = parse(text, path)
    goal = table.contract.goal
    found = {}
    for item in file.items:
        if isinstance(item, ast.Rule):
            actions = [
                one for one in item.actions if isinstance(one, ast.Conclude) and one.field == goal
            ]
            if actions:
                found[item.name] = actions
    return found


def _measured(card: RuleScore | None, actions: Sequence[ast.Conclude]) -> tuple[float, float] | str:
    """Return a rule's certainty as written and as measured, or why it stays as it is."""
    if len(actions) > 1:
        return "concludes several values"
    before = _written(actions[0])
    if before is None:
        return "its certainty is computed"
    if card is None or card.fired == 0:
        return "never fired"
    if card.fired < FEW:
        return f"fired on {card.fired} rows only"
    if card.implied_certainty is None or not card.certainty:
        return "nothing to measure it by"
    after = round(before * card.implied_certainty / card.certainty, DIGITS)
    size = min(MOST, max(LEAST, abs(after)))
    sign = after if after else before
    return before, math.copysign(size, sign)


def _written(action: ast.Conclude) -> float | None:
    """Return the certainty that an action states as a number; 1 where it states none."""
    from heuron.lang import ast

    match action.certainty:
        case None:
            return 1.0
        case ast.Literal(value=int() | float() as value):
            return float(value)
        case ast.Negative(operand=ast.Literal(value=int() | float() as value)):
            return -float(value)
    return None


def _edit(action: ast.Conclude, certainty: float) -> tuple[int, int, str]:
    """Return where in the text something is replaced, and by what."""
    written = f"{certainty:.{DIGITS}f}".rstrip("0")
    if action.certainty is None:
        end = action.value.span.end
        return end, end, f", certainty {written}"
    return action.certainty.span.start, action.certainty.span.end, written
