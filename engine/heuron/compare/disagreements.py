"""The rows on which backends differ, with what each said and why.

Owns `Disagreement`. Rules give the rules that support their value and the conditions that held,
models the fields that moved them most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.answer import Proof, plain
from heuron.compare.collect import Gathered, consulted, first_value
from heuron.compare.outcomes import Outcomes
from heuron.values import UNKNOWN, Value, show

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["Disagreement", "Said", "differing_rows", "disagreements"]

OTHER: Final = "fitted without this row; as it was trained it says something else"
"""The reason of a model that was fitted again, where the trained one explains another answer."""
PARTS: Final = 3
"""So many of a model's contributions make its reason."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one backend said of a row, whether that is right, how sure it was, why in a line."""

    backend: str
    value: Value
    right: bool
    certainty: float | None
    confidence: float | None
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "backend": self.backend,
            "value": plain(self.value),
            "right": self.right,
            "certainty": self.certainty,
            "confidence": self.confidence,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row on which not all that answered gave the same value.

    `row` counts the usable rows of the data from 1; `evidence` is what is known of it.
    """

    row: int
    evidence: Mapping[str, object]
    truth: Value
    said: tuple[Said, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "row": self.row,
            "evidence": {name: plain(value) for name, value in self.evidence.items()},
            "truth": plain(self.truth),
            "answers": [one.to_dict() for one in self.said],
        }


def differing_rows(outcomes: Outcomes) -> list[int]:
    """Return the rows on which rules and models that answered did not all say the same."""
    same = outcomes.contract.is_right
    alone = [one for name, one in outcomes.replies.items() if not name.startswith("dispatch")]
    found = []
    for row, replies in enumerate(zip(*alone, strict=True)):
        values = [one.value for one in replies if one.value is not None]
        if any(not same(value, values[0]) for value in values[1:]):
            found.append(row)
    return found


def disagreements(
    dispatcher: Dispatcher, table: Table, gathered: Gathered
) -> tuple[Disagreement, ...]:
    """Return the rows on which backends differ, in the order of the data."""
    outcomes = gathered.outcomes
    found = []
    for row in differing_rows(outcomes):
        place = gathered.places[row]
        (evidence,) = table.rows([place])
        found.append(
            Disagreement(place + 1, evidence, table.goal[place], _said(dispatcher, gathered, row))
        )
    return tuple(found)


def _said(dispatcher: Dispatcher, gathered: Gathered, row: int) -> tuple[Said, ...]:
    asked = consulted(dispatcher, gathered, row)
    outcomes = gathered.outcomes
    truth, test = outcomes.truths[row], outcomes.contract.is_right
    found = []
    for name in ("rules", *gathered.said):
        answer = asked.answer(name)
        if answer.value is None:
            continue
        title = name if name == "rules" else f"model:{name}"
        if name == "rules" and "rules+models" in outcomes.replies:
            title = "rules+models"
        reason = _reason(answer.why(), first_value(answer.value))
        value = first_value(answer.value)
        good = test(value, truth)
        found.append(Said(title, value, good, answer.certainty, answer.confidence, reason))
    return tuple(found)


def _reason(why: Proof, value: Value) -> str:
    """Return a proof or a model's explanation in a line."""
    explanation = getattr(why, "explanation", None)
    if explanation is not None:
        if explanation.value != value:
            return OTHER
        parts: Sequence[tuple[str, Value, float]] = [
            (one.field, one.value, one.amount) for one in explanation.parts[:PARTS]
        ]
        listed = ", ".join(f"{field} {_short(value)} ({by:+.2g})" for field, value, by in parts)
        return f"{listed} {explanation.scale} toward {_short(explanation.toward)}"
    rules = [
        f"{one.rule} ({', '.join(premise.read or premise.text for premise in one.premises)})"
        for one in why.supports
    ]
    return "; ".join(rules) or why.conclusion


def _short(value: Value) -> str:
    if value is UNKNOWN:
        return "unknown"
    return f"{value:.5g}" if isinstance(value, float) else show(value)
