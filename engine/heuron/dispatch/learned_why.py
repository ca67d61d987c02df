"""Why a model answered: an explanation of the learned side in the place of a proof.

A proof of rules goes down to what was given; a model has contributions instead, and the nearest
change that would turn its answer. Neither is passed off as the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.answer import Proof
from heuron.values import Value, show

if TYPE_CHECKING:
    from heuron.learn.explain import Explanation
    from heuron.learn.nearest import Change

__all__ = ["LearnedWhy", "change_words", "learned_why"]

SHOWN: Final = 8
"""So many contributions are shown; the rest is summed up."""
BAR: Final = 8
"""The length of the longest bar."""


@dataclass(frozen=True, slots=True)
class LearnedWhy(Proof):
    """A model's explanation; `model` is its name."""

    model: str = ""
    explanation: Explanation | None = None

    def __str__(self) -> str:
        if self.explanation is None:
            return self.conclusion
        return "\n".join(_lines(self.model, self.explanation))

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as plain data."""
        found = {} if self.explanation is None else self.explanation.to_dict()
        return {"conclusion": self.conclusion, "model": self.model, **found}


def learned_why(model: str, explanation: Explanation) -> LearnedWhy:
    """Return a model's explanation in the place of a proof."""
    conclusion = f"{model}: {_short(explanation.value)}"
    return LearnedWhy(conclusion, None, model=model, explanation=explanation)


def _lines(model: str, why: Explanation) -> list[str]:
    lines = [f"{model}: {_short(why.value)}, {_total(why)}"]
    largest = max((abs(part.amount) for part in why.parts), default=0.0)
    rows = []
    for part in why.parts[:SHOWN]:
        bar = "█" * round(BAR * abs(part.amount) / largest) if largest else ""
        value = _short(part.value) + (" (filled in)" if part.imputed else "")
        rows.append((part.field, value, _signed(part.amount), bar))
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    lines += [
        "    " + "   ".join((*map(str.ljust, row[:3], widths), row[3])).rstrip() for row in rows
    ]
    rest = why.parts[SHOWN:]
    if rest:
        lines.append(f"    {len(rest)} more fields   {_signed(sum(part.amount for part in rest))}")
    if why.nearest is not None:
        lines.append(
            f"  Nearest change to {_short(why.nearest.becomes)}: {change_words(why.nearest)}"
        )
    return lines


def _signed(amount: float) -> str:
    """Return an amount with its sign; large ones as whole numbers with thousands."""
    return f"{amount:+,.0f}" if abs(amount) >= 1000 else f"{amount:+.3g}"


def _total(why: Explanation) -> str:
    if why.scale in ("log-odds", "margin"):
        return f"{why.scale} {why.total:+.3g} (above 0 is {_short(why.toward)})"
    if why.scale == "share":
        toward = _short(why.toward)
        return f"{why.total:.3g} of {toward} in the leaves before calibration, from {why.base:.3g}"
    if why.scale == "probability":
        return f"probability {why.total:.3g} of {_short(why.toward)}, from {why.base:.3g}"
    return f"from {why.base:.6g}"


def change_words(change: Change) -> str:
    """Return a change of one field in words."""
    if change.relation == "=":
        return f"{change.field} = {_short(change.bound)} (now {_short(change.now)})"
    bound, now = _short(change.bound), _short(change.now)
    return f"{change.field} {change.relation} {bound} (now {now})"


def _short(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else show(value)
