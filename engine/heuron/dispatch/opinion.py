"""What a backend said, as routes read it: a value, how sure, and what was missing.

A backend that gives no answer has `answered` false, `certainty` and `confidence` 0 and an unknown
`value`. Of a model that is absent everything is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heuron.answer import Answer, Prediction
from heuron.values import UNKNOWN, Value

__all__ = ["ABSENT", "Opinion", "RulesOpinion", "model_opinion"]

Settled = Sequence[tuple[Value, float]]
"""The values of a concluded field with their certainties, best first."""


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
        needs: tuple[str, ...] = (),
    ) -> None:
        self.answer = answer
        self.value = value
        self.answered = answered
        self.certainty = certainty
        self.confidence = confidence
        self.outside = outside
        self.imputed = imputed
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
    """The rules' opinion, with all that they concluded about the record.

    `settled` gives the values of a concluded field of the record; `lacks` the unknown fields
    that could have made a difference to it; `holds` whether a hidden query about facts has an
    answer.
    """

    __slots__ = ("_lacks", "_settled", "holds")

    def __init__(
        self,
        answer: Answer,
        settled: Callable[[str], Settled],
        lacks: Callable[[str], tuple[str, ...]],
        holds: Callable[[str], bool],
    ) -> None:
        answered = answer.value is not None
        super().__init__(
            answer,
            _value(answer),
            answered,
            answer.certainty if answered else 0.0,
            0.0,
            (),
            (),
            answer.needs,
        )
        self._settled = settled
        self._lacks = lacks
        self.holds = holds

    def field(self, name: str) -> Value:
        """Return the value of a concluded field; of several the one held most strongly."""
        pairs = self.pairs(name)
        return pairs[0][0] if pairs else UNKNOWN

    def pairs(self, name: str) -> Settled:
        """Return the values of a concluded field that hold, with their certainties."""
        return [pair for pair in self._settled(name) if pair[1] > 0.0]

    def strength(self, name: str) -> float:
        """Return the certainty of a concluded field's value; 0 when it has none."""
        pairs = self.pairs(name)
        return pairs[0][1] if pairs else 0.0

    def strength_of(self, name: str, value: Value) -> float:
        """Return the certainty of a given value of a concluded field."""
        return dict(self._settled(name)).get(value, 0.0)

    def lacks(self, name: str) -> tuple[str, ...]:
        """Return the unknown fields that could decide a concluded field that is unknown."""
        return self._lacks(name) if self.field(name) is UNKNOWN else ()


def _value(answer: Answer) -> Value:
    """Return the answer's value; of many the one held most strongly."""
    value = answer.value
    if isinstance(value, (tuple, list)):
        return value[0] if value else UNKNOWN
    return UNKNOWN if value is None else value
