"""A trained model that answers: a scorer, its card, and the form of its predictions.

Owns `Model`. On the way of a query: imports neither numpy nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heuron.answer import Prediction
from heuron.learn.declared import difference
from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.reading import sorted_out
from heuron.learn.scorer.scorer import Scorer
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.learn.explain import Explanation

__all__ = ["Model"]

FEW: Final = 64
"""With fewer rows the single path is faster than the import of numpy."""


class Model:
    """A compiled model of a domain.

    Attributes:
        name: Its name in the domain; `version` the first 8 hex digits of its card's SHA-256.
        card: What is recorded of its making: estimator, features, scores, sums of its files.
        scorer: The numbers that answer.
        folder: Where its files are, as a path.
        calibrated: Whether its scores are probabilities to rely on (`confidence`).
    """

    __slots__ = ("_classes", "calibrated", "card", "folder", "name", "scorer", "version")

    def __init__(
        self, name: str, version: str, card: Mapping[str, Any], scorer: Scorer, folder: str
    ) -> None:
        self.name = name
        self.version = version
        self.card = card
        self.scorer = scorer
        self._classes = scorer.form.classes
        self.folder = folder
        self.calibrated: bool = bool(card.get("calibrated"))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The fields that the model reads."""
        return self.scorer.form.inputs

    @property
    def served(self) -> bool:
        """Whether scikit-learn or ONNX Runtime answers for it, and not plain numbers."""
        return self.scorer.form.is_served

    def predict(self, values: Mapping[str, Value]) -> Prediction:
        """Return what the model says of one record: its known values by field, typed.

        A model that lacks a required field gives no value and says what it needs.
        """
        scorer = self.scorer
        row, noted = scorer.reader(values.get)
        imputed: tuple[str, ...] = ()
        outside: tuple[str, ...] = ()
        if noted:
            needs, imputed, outside = sorted_out(noted)
            if needs:
                return Prediction(UNKNOWN, None, self.calibrated, None, (), needs, (), outside)
        scores = scorer.scores(row)
        place = scorer.decide(scores) if self._classes else 0
        return self._prediction(scores, place, imputed, outside)

    def predict_many(self, rows: Sequence[Mapping[str, Value]]) -> list[Prediction]:
        """Return what the model says of each record; many rows go through numpy at once."""
        if len(rows) < FEW:
            return [self.predict(row) for row in rows]
        columns = {name: [row.get(name, UNKNOWN) for row in rows] for name in self.inputs}
        scores, decided, answered = self.predict_columns(columns)
        predictions = []
        for at, row in enumerate(rows):
            _, needs, imputed, outside = self.scorer.read(row)
            if answered[at]:
                found = self._prediction(
                    scores[at].tolist(), int(decided[at]), tuple(imputed), tuple(outside)
                )
            else:
                found = Prediction(
                    UNKNOWN, None, self.calibrated, None, (), tuple(needs), (), tuple(outside)
                )
            predictions.append(found)
        return predictions

    def predict_columns(self, columns: Mapping[str, Sequence[Value]]) -> tuple[Any, Any, Any]:
        """Return scores (a column a class), decided class places and answered mask, as numpy.

        Args:
            columns: Typed cells by field, or numpy arrays of numbers; an absent field is unknown.
        """
        import numpy

        filled, answered = self.scorer.read_columns(columns)
        scores = self.scorer.score_columns(filled)
        if self.scorer.form.classes:
            return scores, self.scorer.decide_columns(scores), answered
        return scores, numpy.zeros(len(scores), dtype=int), answered

    def explain(self, values: Mapping[str, Value], template: Template | None = None) -> Explanation:
        """Return why the model says what it says, and the nearest change that would turn it.

        Raises:
            ValueError: When the model does not answer this record.
        """
        from heuron.learn.explain import explain

        return explain(self, values, template)

    def misfit(self, template: Template, goal: str, digest: str | None = None) -> str | None:
        """Return in words why the model does not fit a template, or None when it does.

        Rules may change under a model: a field that vanished, a level that was renamed; or, where
        it reads what they conclude, any rule. `digest` identifies the rules; None: do not ask.
        """
        rules = self.card.get("rules")
        if rules is not None and digest is not None and rules != digest:
            return "it reads what rules conclude, and the rules were changed since it was trained"
        form = self.scorer.form
        field = template.get(goal)
        if field is None or goal != self.card.get("goal", goal):
            return f"it answers `{self.card.get('goal')}`, not `{goal}`"
        known = (False, True) if field.type.kind == "boolean" else field.type.levels
        extra = [str(level) for level in form.classes if level not in known]
        if extra or bool(form.classes) == field.type.is_numeric:
            return f"it answers {', '.join(extra) or 'something else'}, which `{goal}` is not"
        for name, kind in zip(form.inputs, form.kinds, strict=True):
            wanted = template.get(name)
            if wanted is None:
                return f"it reads `{name}`, which {template.name} does not have"
            same = tuple(kind) == wanted.type.levels if is_levels(kind) else True
            if not same or _family(wanted.type.kind) != _family(_word(kind)):
                return f"`{name}` was declared differently when it was trained"
        return self._narrower(template)

    def _narrower(self, template: Template) -> str | None:
        """Return in words where the template now allows what it did not when this was trained."""
        declared = self.card.get("contract")
        for name, then in declared.items() if isinstance(declared, dict) else ():
            field = template.get(name)
            if field is not None and isinstance(then, dict):
                why = difference(field, then)
                if why is not None:
                    return why
        return None

    def training_keys(self) -> frozenset[str]:
        """Return the content keys of the rows that the model was trained on.

        Raises:
            RuleError: They are not what the card says, so that nobody knows which rows those were.
        """
        from pathlib import Path

        from heuron.learn.store import check_sum

        path = Path(self.folder) / "keys.bin"
        content = path.read_bytes() if path.is_file() else b""
        hint = "which rows it was trained on is not known any more: train it again"
        check_sum(str(path), content, self.card["files"].get("keys.bin"), hint)
        return frozenset(content[at : at + 8].hex() for at in range(0, len(content), 8))

    def _prediction(
        self,
        scores: list[float],
        place: int,
        imputed: tuple[str, ...],
        outside: tuple[str, ...],
    ) -> Prediction:
        classes = self._classes
        if not classes:
            form = self.scorer.form
            number = scores[0]
            value: Value = round(number) if form.is_integer else number
            half = form.interval
            interval = None if half is None else (number - half, number + half)
            return Prediction(value, None, True, None, (), (), imputed, outside, interval)
        value = classes[place]
        if not self.calibrated:
            return Prediction(value, None, False, scores[place], (), (), imputed, outside)
        if len(classes) == 2:
            pairs: Any = ((classes[0], scores[0]), (classes[1], scores[1]))
        else:
            pairs = tuple(zip(classes, scores, strict=True))
        return Prediction(value, scores[place], True, None, pairs, (), imputed, outside)

    def __repr__(self) -> str:
        return f"Model({self.name} {self.version})"


def _word(kind: Any) -> str:
    if is_levels(kind):
        return "enumeration"
    return "date" if isinstance(kind, list) else str(kind)


def _family(kind: str) -> str:
    """Return the kinds that a model reads alike as one word."""
    return {"integer": "number", "datetime": "date"}.get(kind, kind)
