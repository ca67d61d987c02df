"""The same question with something changed: what is answered now, and what changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heuron.answer import Answer, plain
from heuron.values import show

__all__ = ["WhatIf", "what_if"]

COMPARED = ("value", "certainty", "confidence", "backend", "rules", "needs", "reason")
"""What of an answer is compared, besides the route's line."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two answers to one question, before and after a change of its evidence.

    `changed` holds (what, before, after) for every part of the answer that is different.
    """

    before: Answer
    after: Answer
    changed: tuple[tuple[str, object, object], ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "changed": [
                {"what": what, "before": plain(before), "after": plain(after)}
                for what, before, after in self.changed
            ],
        }

    def __str__(self) -> str:
        if not self.changed:
            return "nothing changes"
        return ", ".join(f"{what} {one} -> {other}" for what, one, other in self.in_words())

    def in_words(self) -> list[tuple[str, str, str]]:
        """Return what changed, from what, and to what, as words."""
        return [(what, _words(before), _words(after)) for what, before, after in self.changed]


def what_if(
    ask: Callable[[Mapping[str, object]], Answer],
    evidence: Mapping[str, object],
    changes: Mapping[str, object],
) -> WhatIf:
    """Return both answers and what is different between them.

    Args:
        ask: Answers a question from its evidence, such as a dispatcher's `ask`.
        evidence: The evidence as it is.
        changes: Fields and the values that they should have instead; None makes one unknown.

    Raises:
        RuleError: When the evidence, before or after, is not accepted.
    """
    before = ask(evidence)
    after = ask({**evidence, **changes})
    changed = [
        (what, getattr(before, what), getattr(after, what))
        for what in COMPARED
        if getattr(before, what) != getattr(after, what)
    ]
    lines = [None if one.route is None else one.route.taken for one in (before, after)]
    if lines[0] != lines[1]:
        changed.append(("route", lines[0], lines[1]))
    return WhatIf(before, after, tuple(changed))


def _words(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, tuple):
        return " and ".join(map(str, value)) or "nothing"
    return f"{value:.4g}" if isinstance(value, float) else show(value)
