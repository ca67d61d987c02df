"""All backends' answers to one query, beside the dispatcher's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heuron.answer import Answer
from heuron.values import Value

__all__ = ["SideBySide", "agreement"]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Every backend's own answer, the dispatcher's, and whether those who answered agree.

    `agree` is None when fewer than two gave an answer.
    """

    answers: Mapping[str, Answer]
    dispatch: Answer
    agree: bool | None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form of `ask --via all`."""
        return {
            "domain": self.dispatch.domain,
            "goal": self.dispatch.goal,
            "answers": {name: answer.to_dict() for name, answer in self.answers.items()},
            "dispatch": self.dispatch.to_dict(),
            "agree": self.agree,
        }


def agreement(answers: Mapping[str, Answer], same: Callable[[Value, Value], bool]) -> bool | None:
    """Return whether all that answered gave the same value; None for fewer than two."""
    values = [answer.value for answer in answers.values() if answer.value is not None]
    if len(values) < 2:
        return None
    return all(same(value, values[0]) for value in values[1:])
