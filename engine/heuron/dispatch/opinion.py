"""What a backend said, as routes read it: a value, how sure, and what was missing.

A backend that gives no answer has `answered` false, `certainty` and `confidence` 0 and an unknown
`value`. Of a model that is absent everything is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heuron.answer import Answer, Prediction
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.knowledge.finding import Finding

__all__ = ["ABSENT", "Opinion", "RulesOpinion", "model_opinion"]


class Opinion:
    """A backend's opinion; `answer` is what it says when a route takes it.

    `outside` and `imputed` are names of fields.
    """

    __slots__ = (
        "answer",
        "answered",
        "certainty",
        "confidence",
        "imputed",
        "needs",
        "outside",
        "value",
    )

    def __init__(
        self,
        answer: Answer | None,
        value: Value = UNKNOWN,
        answered: Value = UNKNOWN,
        certainty: Value = UNKNOWN,
        confidence: Value = UNKNOWN,
        outside: Value = UNKNOWN,
        imputed: Value = UNKNOWN,
        needs: tuple[str, ...] | None = (),
    ) -> None:
        self.answer = answer
        self.value = value
        self.answered = answered
        self.certainty = certainty
        self.confidence = confidence
        self.outside = outside
        self.imputed = imputed
        if needs is not None:
            self.needs = needs


ABSENT = Opinion(None)
"""The opinion of a model that is not there: everything is unknown."""


def model_opinion(answer: Answer, prediction: Prediction) -> Opinion:
    """Return a model's opinion; an uncalibrated model's confidence is unknown."""
    if not prediction.answered:
        return Opinion(
            answer,
            UNKNOWN,
            False,
            0.0,
            0.0,
            prediction.outside,
            prediction.imputed,
            prediction.needs,
        )
    confidence = prediction.confidence
    return Opinion(
        answer,
        prediction.value,
        True,
        0.0,
        UNKNOWN if confidence is None or not prediction.calibrated else confidence,
        prediction.outside,
        prediction.imputed,
        prediction.needs,
    )


class RulesOpinion(Opinion):
    """The rules' opinion, with all that they concluded about the record (`finding`)."""

    __slots__ = ("finding",)

    def __init__(self, finding: Finding) -> None:
        answer = finding.answer
        answered = answer.value is not None
        super().__init__(
            answer,
            _value(answer),
            answered,
            answer.certainty if answered else 0.0,
            0.0,
            needs=None,
        )
        self.finding = finding

    def __getattr__(self, name: str) -> object:
        # What the rules needed takes a search, and is rarely asked for.
        if name == "needs":
            self.needs = self.finding.answer.needs
            return self.needs
        raise AttributeError(name)

    def holds(self, query: str) -> bool:
        """Return whether a hidden query about facts has an answer."""
        return self.finding.holds(query)

    def field(self, name: str) -> Value:
        """Return the value of a concluded field; of several the one held most strongly."""
        pairs = self.pairs(name)
        return pairs[0][0] if pairs else UNKNOWN

    def pairs(self, name: str) -> Sequence[tuple[Value, float]]:
        """Return the values of a concluded field that hold, with their certainties."""
        return [pair for pair in self.finding.settled(name) if pair[1] > 0.0]

    def strength(self, name: str) -> float:
        """Return the certainty of a concluded field's value; 0 when it has none."""
        pairs = self.pairs(name)
        return pairs[0][1] if pairs else 0.0

    def strength_of(self, name: str, value: Value) -> float:
        """Return the certainty of a given value of a concluded field."""
        return dict(self.finding.settled(name)).get(value, 0.0)

    def lacks(self, name: str) -> tuple[str, ...]:
        """Return the unknown fields that could decide a concluded field that is unknown."""
        return self.finding.lacks(name) if self.field(name) is UNKNOWN else ()


def _value(answer: Answer) -> Value:
    """Return the answer's value; of many the one held most strongly."""
    value = answer.value
    if isinstance(value, (tuple, list)):
        return value[0] if value else UNKNOWN
    return UNKNOWN if value is None else value
