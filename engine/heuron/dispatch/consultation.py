"""One query in the hands of a dispatcher: each backend is asked at most once.

Owns the memory of what was said about one record, for routes, for `predict` in rules, and for
answers side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from heuron.answer import Answer, Explainer, Prediction
from heuron.dispatch.backend import Model, Models, explained, prediction_answer
from heuron.dispatch.opinion import ABSENT, Opinion, RulesOpinion, model_opinion
from heuron.dispatch.policy import Decision, Policy
from heuron.values import UNKNOWN, Value

__all__ = ["Consultation"]

AskRules = Callable[[Callable[[str, Mapping[str, Value]], Prediction]], RulesOpinion]
"""Asks the rules; its argument is how they reach models."""


class Consultation:
    """What backends say of one record.

    Args:
        domain: The domain, as models know it.
        blank: An answer with domain, goal and day.
        record: The known values of the record, the goal hidden.
        models: The models of the domain.
        ask_rules: Asks the rules about the record and all other facts.
    """

    __slots__ = ("_ask_rules", "_predictions", "_rules", "blank", "domain", "models", "record")

    def __init__(
        self,
        domain: str,
        blank: Answer,
        record: Mapping[str, Value],
        models: Models,
        ask_rules: AskRules,
    ) -> None:
        self.domain = domain
        self.blank = blank
        self.record = record
        self.models = models
        self._ask_rules = ask_rules
        self._rules: RulesOpinion | None = None
        self._predictions: dict[tuple[str, object], Prediction] = {}

    def rules(self) -> RulesOpinion:
        """Return the rules' opinion."""
        if self._rules is None:
            self._rules = self._ask_rules(self.predict)
        return self._rules

    def has(self, name: str) -> bool:
        """Return whether a model can be asked."""
        return self.models.get(self.domain, name) is not None

    def predict(self, name: str, record: Mapping[str, Value]) -> Prediction:
        """Return a model's prediction for a record, which may be one that rules pass on.

        A model that has not been trained gives no answer, and says that it is needed.
        """
        key = (name, tuple(record.items()))
        found = self._predictions.get(key)
        if found is None:
            model = self.models.get(self.domain, name)
            if model is None:
                found = Prediction(UNKNOWN, needs=(f"model {name}",))
            else:
                found = model.predict(record)
            self._predictions[key] = found
        return found

    def opinion(self, name: str) -> Opinion:
        """Return the opinion of "rules" or of a model; `ABSENT` of one that is not trained."""
        if name == "rules":
            return self.rules()
        model = self.models.get(self.domain, name)
        if model is None:
            return ABSENT
        prediction = self.predict(name, self.record)
        return model_opinion(self._answer(model, name, prediction), prediction)

    def answer(self, name: str) -> Answer:
        """Return the answer of "rules" or of a model that is there."""
        found = self.opinion(name).answer
        assert found is not None, f"model {name} is absent"
        return found

    def decide(
        self,
        policy: Policy,
        same: Callable[[Value, Value], bool],
        host: Callable[..., Value] | None = None,
        today: Value = UNKNOWN,
        now: Value = UNKNOWN,
    ) -> Answer:
        """Return the answer of the backend that the policy chooses, with the route to it."""
        decision = policy.decide(
            self.opinion, self.record.get, has=self.has, same=same, today=today, now=now, host=host
        )
        return self._taken(decision)

    def _taken(self, decision: Decision) -> Answer:
        line, route = decision.line, decision.route
        if line is None:
            return replace(self.blank, backend="refer", reason="no route", route=route)
        if line.backend == "refer":
            reason = line.reason or "a person decides"
            if decision.missing:
                verb = "is" if len(decision.missing) == 1 else "are"
                reason += f" ({', '.join(decision.missing)} {verb} unknown)"
            return replace(
                self.blank, backend="refer", reason=reason, route=route, needs=decision.missing
            )
        name = line.name if line.backend == "model" and line.name else "rules"
        return replace(self.answer(name), route=route)

    def _answer(self, model: Model, name: str, prediction: Prediction) -> Answer:
        explainer = Explainer(
            lambda: explained(model, name, self.record, prediction),
            lambda value: f"{name} is a model: it has no rule for {value}; see --what-if",
        )
        return prediction_answer(self.blank, name, prediction, explainer)
