"""What a dispatcher asks: backends by name, each giving an opinion on one record.

Owns the protocols that models and stores meet, and how a prediction becomes an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from heuron.answer import Alternative, Answer, Explainer, Prediction, Proof
from heuron.values import UNKNOWN, Value, show

__all__ = ["Backend", "Model", "Models", "NoModels", "explained", "prediction_answer"]


class Backend(Protocol):
    """Something that answers a query."""

    @property
    def name(self) -> str:
        """How answers name it: "rules" or "model:NAME"."""

    def answer(self, record: Mapping[str, Value]) -> Answer:
        """Return its answer about one record."""


class Model(Protocol):
    """A trained model: the values of a record to a prediction."""

    @property
    def name(self) -> str:
        """Its name within the domain."""

    def predict(self, record: Mapping[str, Value]) -> Prediction:
        """Return what it says of one record; unknown fields may be missing."""


class Models(Protocol):
    """The models of a domain."""

    def names(self, domain: str) -> tuple[str, ...]:
        """Return the names of the models that can answer."""

    def get(self, domain: str, name: str) -> Model | None:
        """Return a model, or None when it has not been trained."""

    def selected(self, domain: str) -> str | None:
        """Return the name of the model that answers where nothing else is said."""


class NoModels:
    """A domain without models."""

    __slots__ = ()

    def names(self, domain: str) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def get(self, domain: str, name: str) -> Model | None:
        """Return nothing."""
        return None

    def selected(self, domain: str) -> str | None:
        """Return nothing."""
        return None


def prediction_answer(
    blank: Answer, name: str, prediction: Prediction, explainer: Explainer | None = None
) -> Answer:
    """Return a model's prediction as an answer.

    Args:
        blank: An answer with the domain, the goal and the day.
        name: The model's name.
        prediction: What the model said.
        explainer: Explains the prediction on request.
    """
    calibrated = prediction.calibrated
    alternatives = tuple(
        Alternative(value, confidence=chance if calibrated else None)
        for value, chance in sorted(prediction.probabilities, key=lambda pair: -pair[1])
        if value != prediction.value
    )
    return replace(
        blank,
        value=None if prediction.value is UNKNOWN else prediction.value,
        confidence=prediction.confidence if calibrated else None,
        calibrated=calibrated if prediction.answered else None,
        interval=prediction.interval,
        backend=f"model:{name}",
        alternatives=alternatives,
        needs=prediction.needs,
        imputed=prediction.imputed,
        outside=prediction.outside,
        score=prediction.score,
        explainer=explainer,
    )


def explained(
    model: Model, name: str, record: Mapping[str, Value], prediction: Prediction
) -> Proof:
    """Return why a model said what it said, as far as it can tell, in the form of a proof."""
    said = "no answer" if not prediction.answered else show(prediction.value)
    return Proof(f"{name}: {said}", None)
