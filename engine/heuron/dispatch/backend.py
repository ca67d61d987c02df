"""The models that a dispatcher asks, and how a prediction becomes an answer.

Owns the protocols that models and stores meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import thread_time
from typing import Protocol

from heuron.answer import Alternative, Answer, Explainer, Prediction, Proof
from heuron.codes import UNUSABLE
from heuron.diagnostics import Diagnostic, RuleError
from heuron.values import UNKNOWN, Template, Value, show

__all__ = ["Bench", "Model", "Models", "explained", "not_said", "prediction_answer"]


class Model(Protocol):
    """A trained model: the values of a record to a prediction."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The fields that it reads."""

    def predict(self, values: Mapping[str, Value]) -> Prediction:
        """Return what it says of one record; unknown fields may be missing."""

    def predict_many(self, rows: Sequence[Mapping[str, Value]]) -> list[Prediction]:
        """Return what it says of each record."""

    def misfit(self, template: Template, goal: str, digest: str | None = None) -> str | None:
        """Return in words why it does not fit a template and rules, or None when it does."""


class Models(Protocol):
    """Where trained models are, by domain and name; `heuron.learn.store.Store` is one."""

    def names(self, domain: str) -> Sequence[str]:
        """Return the names of the models that have been trained."""

    def has(self, domain: str, name: str) -> bool:
        """Return whether a model has been trained."""

    def model(self, domain: str, name: str) -> Model:
        """Return a trained model; raise `RuleError` when it cannot be used."""

    def selected(self, domain: str) -> str | None:
        """Return the name of the model that answers where nothing else is said."""


class Bench:
    """The models of one domain as a dispatcher uses them: loaded once, checked once.

    A model that does not fit the template any more is as good as absent, and so is one that other
    software has to answer for which is not installed or not trusted; `why_not` says why, and
    `refused` holds what the store said.
    `loading` adds up the processor's seconds that loading took; whoever books sets it to zero.
    """

    __slots__ = (
        *("_digest", "_goal", "_loaded", "_models"),
        *("domain", "loading", "refused", "template", "why_not"),
    )

    def __init__(
        self,
        models: Models | None,
        domain: str,
        template: Template,
        goal: str,
        digest: str | None = None,
    ) -> None:
        self.domain = domain
        self.why_not: dict[str, str] = {}
        self.refused: dict[str, Diagnostic] = {}
        self._models = models
        self.template = template
        self._goal = goal
        self._digest = digest
        self._loaded: dict[str, Model | None] = {}
        self.loading = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models that can answer, sorted."""
        if self._models is None:
            return ()
        return tuple(one for one in self._models.names(self.domain) if self.get(one) is not None)

    @property
    def store(self) -> Models | None:
        """Where the models are, if anywhere."""
        return self._models

    @property
    def selected(self) -> str | None:
        """The name of the model that answers where nothing else is said."""
        if self._models is None:
            return None
        name = self._models.selected(self.domain)
        return name if name is not None and self.get(name) is not None else None

    def get(self, name: str) -> Model | None:
        """Return a model, or None when it has not been trained or does not fit.

        Raises:
            RuleError: When its files are damaged.
        """
        if name in self._loaded:
            return self._loaded[name]
        found: Model | None = None
        began = thread_time()
        if self._models is not None and self._models.has(self.domain, name):
            found = self._fitting(self._models, name)
        else:
            self.why_not[name] = "it has not been trained"
        self._loaded[name] = found
        self.loading += thread_time() - began
        return found

    def _fitting(self, models: Models, name: str) -> Model | None:
        try:
            found = models.model(self.domain, name)
        except RuleError as error:
            first = error.diagnostics[0]
            if first.code not in UNUSABLE:
                raise
            self.why_not[name], self.refused[name] = first.message, first
            return None
        misfit = found.misfit(self.template, self._goal, self._digest)
        if misfit is not None:
            self.why_not[name] = misfit
            return None
        return found


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


def not_said(
    model: Model,
    name: str,
    record: Mapping[str, Value],
    prediction: Prediction,
    template: Template,
    value: object,
) -> str:
    """Return in words why a model did not say `value`: how likely it thinks it, what would do."""
    if not prediction.answered:
        return f"{name} gives no answer: it needs {', '.join(prediction.needs)}."
    said, shown = show(prediction.value), str(value)
    if said == shown:
        return f"{name} says {said}."
    chance = {show(one): chance for one, chance in prediction.probabilities}.get(shown)
    line = f"{name} says {said}, not {shown}"
    if chance is not None and prediction.calibrated:
        line += f": {shown} has confidence {chance:.3f}"
    explain = getattr(model, "explain", None)
    if explain is None:
        return f"{line}."
    from heuron.dispatch.learned_why import change_words

    nearest = explain(record, template).nearest
    if nearest is None:
        return f"{line}. No change of one field would turn it."
    return f"{line}. Nearest change to {show(nearest.becomes)}: {change_words(nearest)}."


def explained(
    model: Model,
    name: str,
    record: Mapping[str, Value],
    prediction: Prediction,
    template: Template,
) -> Proof:
    """Return why a model said what it said, in the place of a proof, as far as it can tell."""
    explain = getattr(model, "explain", None)
    if not prediction.answered:
        return Proof(f"{name}: no answer, it needs {', '.join(prediction.needs)}", None)
    if explain is None:
        return Proof(f"{name}: {show(prediction.value)}, and it cannot explain itself", None)
    from heuron.dispatch.learned_why import learned_why

    return learned_why(name, explain(record, template))
