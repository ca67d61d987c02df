"""Models whose answers are written down, and texts of knowledge bases around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heuron.answer import Prediction
from heuron.values import UNKNOWN, Template, Value

LOAN = """
domain loan "Should this application be accepted?"
type Applicant:
    age: integer in 0..120
    income: number >= 0
    history: good | poor, optional
    risk: low | high
    decision: accept | refuse
type Loan:
    applicant: Applicant
    amount: number > 0
goal Applicant.decision
rule rich:
    when a: Applicant(income > 50_000)
    then conclude a.decision = accept, certainty 0.95
rule middling:
    when a: Applicant(income in 20_000..50_000)
    then conclude a.decision = accept, certainty 0.5
rule poor_history:
    when a: Applicant(history == poor)
    then conclude a.risk = high, certainty 0.8
"""


class FakeModel:
    """Says one thing to everybody, and counts how often it is asked."""

    def __init__(
        self,
        value: Value = "accept",
        confidence: float | None = 0.9,
        inputs: tuple[str, ...] = ("income",),
        required: tuple[str, ...] = (),
        calibrated: bool = True,
        misfit: str | None = None,
    ) -> None:
        self.value = value
        self.confidence = confidence
        self.inputs = inputs
        self.required = required
        self.calibrated = calibrated
        self.asked: list[dict[str, Value]] = []
        self._misfit = misfit

    def predict(self, values: Mapping[str, Value]) -> Prediction:
        self.asked.append(dict(values))
        needs = tuple(one for one in self.required if values.get(one, UNKNOWN) is UNKNOWN)
        if needs:
            return Prediction(UNKNOWN, needs=needs)
        if not self.calibrated:
            return Prediction(self.value, None, False, self.confidence)
        other = "refuse" if self.value == "accept" else "accept"
        chance = self.confidence or 0.0
        pairs = ((self.value, chance), (other, 1 - chance))
        return Prediction(self.value, chance, True, None, pairs)

    def predict_many(self, rows: Sequence[Mapping[str, Value]]) -> list[Prediction]:
        return [self.predict(row) for row in rows]

    def misfit(self, template: Template, goal: str, digest: str | None = None) -> str | None:
        return self._misfit


class FakeStore:
    """Some fake models of one domain."""

    def __init__(self, **models: FakeModel) -> None:
        self.models = models

    def names(self, domain: str) -> list[str]:
        return sorted(self.models)

    def has(self, domain: str, name: str) -> bool:
        return name in self.models

    def model(self, domain: str, name: str) -> FakeModel:
        return self.models[name]

    def selected(self, domain: str) -> str | None:
        return min(self.models, default=None)
