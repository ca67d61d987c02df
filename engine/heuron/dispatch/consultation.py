"""One query in the hands of a dispatcher: each backend is asked at most once.

Owns the memory of what was said about one record, for routes, for `predict` in rules, and for
answers side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from heuron.answer import Answer, Explainer, Predict, Prediction, Route
from heuron.dispatch.backend import Bench, Model, explained, not_said, prediction_answer
from heuron.dispatch.opinion import ABSENT, Opinion, RulesOpinion, model_opinion
from heuron.dispatch.policy import Decision, Policy
from heuron.dispatch.referred import referred
from heuron.infer.host import Host
from heuron.knowledge.finding import Finding, new_answer
from heuron.values import UNKNOWN, Value

__all__ = ["Consultation"]

AskRules = Callable[[Predict], "Finding"]
"""Asks the rules; its argument is how they reach models."""


class Consultation:
    """What backends say of one record.

    Args:
        blank: An answer with domain, goal and day.
        record: The values of the record, the goal hidden.
        bench: The models of the domain.
        concluded: The fields of the record that rules conclude: a model that reads one asks them.
        ask_rules: Asks the rules about the record and all other facts.
        host: Functions of the host program, and the day.
        facts: The other facts of the evidence, as pairs of type and values.

    Attributes:
        taken: Whose answer was taken: "rules", a model's name, or "refer".
    """

    __slots__ = (
        "_ask_rules",
        "_concluded",
        "_predictions",
        "_rules",
        "bench",
        "blank",
        "facts",
        "host",
        "record",
        "taken",
    )

    taken: str

    def __init__(
        self,
        blank: Answer,
        record: Mapping[str, Value],
        bench: Bench,
        concluded: frozenset[str],
        ask_rules: AskRules,
        host: Host,
        facts: tuple[tuple[str, Mapping[str, Value]], ...] = (),
    ) -> None:
        self.blank = blank
        self.record = record
        self.bench = bench
        self._concluded = concluded
        self._ask_rules = ask_rules
        self.host = host
        self.facts = facts
        self._rules: RulesOpinion | None = None
        self._predictions: dict[tuple[object, ...], Prediction] = {}

    def rules(self) -> RulesOpinion:
        """Return the rules' opinion."""
        if self._rules is None:
            self._rules = RulesOpinion(self._ask_rules(self.predict))
        return self._rules

    def know(self, finding: Finding | None, predictions: Mapping[str, Prediction]) -> None:
        """Take in what rules and models were asked before, so that they are not asked again.

        Args:
            finding: What the rules found; None when they were not asked.
            predictions: What models said of this record, by name.
        """
        if finding is not None:
            self._rules = RulesOpinion(finding)
        for name, prediction in predictions.items():
            model = self.bench.get(name)
            if model is not None:
                self._predictions[self._key(name, model, self.record_for(model))] = prediction

    def has(self, name: str) -> bool:
        """Return whether a model can be asked."""
        return self.bench.get(name) is not None

    def predict(self, name: str, record: Mapping[str, Value]) -> Prediction | None:
        """Return a model's prediction for a record, which may be one that rules pass on.

        None says that the model is absent.
        """
        model = self.bench.get(name)
        return None if model is None else self._predicted(name, model, record)

    def _predicted(self, name: str, model: Model, record: Mapping[str, Value]) -> Prediction:
        key = self._key(name, model, record)
        found = self._predictions.get(key)
        if found is None:
            found = self._predictions[key] = model.predict(record)
        return found

    def _key(self, name: str, model: Model, record: Mapping[str, Value]) -> tuple[object, ...]:
        # Only what the model reads tells records apart.
        return (name, *[record.get(field, UNKNOWN) for field in model.inputs])

    def opinion(self, name: str) -> Opinion:
        """Return the opinion of "rules" or of a model; `ABSENT` of one that is not there."""
        if name == "rules":
            return self.rules()
        model = self.bench.get(name)
        if model is None:
            return ABSENT
        record = self.record_for(model)
        prediction = self._predicted(name, model, record)
        explainer = Explainer(
            lambda: explained(model, name, record, prediction, self.bench.template),
            lambda value: not_said(model, name, record, prediction, self.bench.template, value),
        )
        answer = prediction_answer(self.blank, name, prediction, explainer)
        return model_opinion(answer, prediction)

    def answer(self, name: str) -> Answer:
        """Return the answer of "rules" or of a model that is there."""
        found = self.opinion(name).answer
        assert found is not None, f"model {name} is absent"
        return found

    def decide(self, policy: Policy, same: Callable[[Value, Value], bool]) -> Answer:
        """Return the answer of the backend that the policy chooses, with the route to it.

        Args:
            policy: The dispatch block.
            same: Whether two values of the goal count as the same answer.
        """
        host = self.host
        decision = policy.decide(
            self.opinion,
            self.record.get,
            has=self.has,
            same=same,
            today=host.today,
            now=host.now,
            host=host.call,
        )
        return self._taken(decision)

    def record_for(self, model: Model) -> Mapping[str, Value]:
        """Return the record with the conclusions of the rules that a model reads."""
        wanted = [name for name in model.inputs if name in self._concluded]
        if not wanted:
            return self.record
        rules = self.rules()
        return {**self.record, **{name: rules.field(name) for name in wanted}}

    def _lacking(self, missing: tuple[str, ...]) -> tuple[str, ...]:
        """Return those fields of other facts ("Loan.amount") that some fact does not have."""

        def lacks(name: str) -> bool:
            type_name, dot, field = name.partition(".")
            return not dot or any(
                values.get(field, UNKNOWN) is UNKNOWN
                for other, values in self.facts
                if other == type_name
            )

        return tuple(name for name in missing if lacks(name)) or missing

    def _unheard(self) -> tuple[str, ...]:
        """Return what could have made a difference to the backends that were asked.

        Rules that answered, too weakly for every route, might have answered better.
        """
        opinions: list[Opinion | Prediction] = [*self._predictions.values()]
        if self._rules is not None:
            opinions.insert(0, self._rules)
        return tuple(dict.fromkeys(need for one in opinions for need in one.needs))

    def _asked(self) -> dict[str, Answer]:
        """Return the answers of those who were asked about the record itself."""
        found = {} if self._rules is None else {"rules": self._rules.finding.answer}
        for name in dict.fromkeys(str(key[0]) for key in self._predictions):
            model = self.bench.get(name)
            if model is not None:
                key = self._key(name, model, self.record_for(model))
                if key in self._predictions:
                    found[name] = self.answer(name)
        return found

    def _taken(self, decision: Decision) -> Answer:
        line, route = decision.line, decision.route
        if line is None or line.backend == "refer":
            self.taken = "refer"
            reason = "no route" if line is None else line.reason or "a person decides"
            needs = self._lacking(decision.missing)
            if needs:
                verb = "is" if len(needs) == 1 else "are"
                reason += f" ({', '.join(needs)} {verb} unknown)"
            else:
                needs = self._unheard()
                if self._rules is not None and (why := self._rules.finding.answer.reason):
                    reason += f" ({why})"
            # Why the rules gave no answer, or another one, can still be asked; rules that no route
            # needed are asked when it is.
            explainer = Explainer(
                lambda: referred(self._asked()),
                lambda value: self.rules().finding.answer.why_not(value),
            )
            return replace(
                self.blank,
                backend="refer",
                reason=reason,
                route=route,
                needs=needs,
                explainer=explainer,
            )
        self.taken = name = line.name if line.backend == "model" and line.name else "rules"
        if name == "rules":
            return routed(self.rules().finding, route)
        return replace(self.answer(name), route=route)


def routed(finding: Finding, route: Route) -> Answer:
    """Return a new answer of the rules with the route that led to it.

    Its details are still worked out when they are read.
    """
    first = finding.answer
    value = UNKNOWN if first.value is None else first.value
    answer = new_answer(finding, value, first.certainty or 0.0)
    object.__setattr__(answer, "route", route)
    return answer
