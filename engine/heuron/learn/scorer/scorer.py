"""A compiled model: from typed values to class scores, confidence and decision.

Owns `Scorer`. Answering one query needs neither numpy nor scikit-learn; many rows go through
numpy. Both paths share the form and the decision, and differ by rounding only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer import calibrate as calibration
from heuron.learn.scorer.form import (
    Form,
    compile_encoder,
    family_of,
    has_trees,
    read_form,
)
from heuron.learn.scorer.fused import fused
from heuron.learn.scorer.inputs import TIE, is_levels
from heuron.learn.scorer.reading import (
    compile_reader,
    sorted_out,
)
from heuron.values import Value

if TYPE_CHECKING:
    import numpy

__all__ = ["Read", "Scorer"]

Read = tuple[list[float], list[str], list[str], list[str]]
"""Inputs as numbers, and the names that are needed, imputed, and outside."""


class Scorer:
    """A model as plain numbers, compiled when it first answers.

    Attributes:
        form: The checked form.
        encode: From one row of inputs as numbers to the model's columns.
        reader: From a record's look-up to a row of inputs as numbers, and what is odd about it.
        decide: From class scores to the place of the class that is answered.

    Raises:
        ValueError: From the constructor, when the data are no valid scorer.
    """

    __slots__ = ("_calibrate", "_many", "_model", "decide", "encode", "form", "reader")

    def __init__(self, data: Any) -> None:
        self.form: Form = read_form(data)
        self._model: Callable[[Sequence[float]], list[float]] | None = None
        self._many: Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]] | None = None
        self.encode = compile_encoder(self.form)
        self._calibrate: calibration.Map | None = None
        self.reader = compile_reader(self.form)
        self.decide = _decider(self.form)

    def read(self, values: Mapping[str, Value]) -> Read:
        """Return the inputs as numbers, and the names of needed, imputed and outside inputs.

        With a needed input the numbers are not complete.
        """
        row, noted = self.reader(values.get)
        if not noted:
            return list(row), [], [], []
        needs, imputed, outside = map(list, sorted_out(noted))
        return ([] if needs else list(row)), needs, imputed, outside

    def raw(self, row: Sequence[float]) -> list[float]:
        """Return the model's own scores of one row of inputs as numbers."""
        model = self._model
        if model is None:
            model = self._compile()
        return model(row)

    def scores(self, row: Sequence[float]) -> list[float]:
        """Return calibrated class scores of one row of inputs (a number for a regression)."""
        model = self._model
        if model is None:
            model = self._compile()
        scores = model(row)
        return scores if self._calibrate is None else self._calibrate(scores)

    def read_columns(
        self, columns: Mapping[str, Sequence[Value]]
    ) -> tuple[numpy.ndarray[Any, Any], numpy.ndarray[Any, Any]]:
        """Return the inputs of many rows, gaps filled, and which rows can be answered.

        A column that is absent is unknown in every row.
        """
        from heuron.learn.scorer.table import NEW, fill_gaps, to_numbers

        form = self.form
        numbers = to_numbers(form.kinds, [columns.get(name) for name in form.inputs])
        filled, answered = fill_gaps(form.fill, numbers)
        for at, kind in enumerate(form.kinds):
            if is_levels(kind):  # of a level that it never heard of the model says nothing
                answered &= filled[:, at] != NEW
        return filled, answered

    def score_columns(self, filled: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        """Return calibrated class scores of many rows, one column a class."""
        from heuron.learn.scorer.table import encode_columns, in_chunks

        form = self.form
        many = self._many
        if many is None:
            width, classes = len(form.encode), len(form.classes)
            many = self._many = family_of(form.model).many(form.model, width, classes)

        def score(part: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
            raw = many(encode_columns(form.encode, part))
            return calibration.columns(form.calibrate, raw, form.positive or 0, form.is_margin)

        return in_chunks(score, filled, has_trees(form.model))

    def decide_columns(self, scores: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        """Return the place of the class answered in each row."""
        from heuron.learn.scorer.table import decide_columns

        form = self.form
        return decide_columns(scores, form.deciding, form.threshold)

    def _compile(self) -> Callable[[Sequence[float]], list[float]]:
        form = self.form
        self._calibrate = calibration.one(form.calibrate, form.positive or 0, form.is_margin)
        self._model = fused(form)
        if self._model is None:
            encode = self.encode
            score = family_of(form.model).one(form.model, len(form.encode), len(form.classes))
            self._model = lambda row: score(encode(row))
        return self._model


def _decider(form: Form) -> Callable[[Sequence[float]], int]:
    """Return the function from class scores to the place of the class that is answered."""
    cut = form.threshold
    if form.deciding == 0:
        return lambda scores: 0 if scores[0] - cut >= -TIE else 1
    if form.deciding == 1:
        return lambda scores: 1 if scores[1] - cut > TIE else 0
    if len(form.classes) == 2:
        return lambda scores: 0 if scores[0] >= scores[1] - TIE else 1

    def highest(scores: Sequence[float]) -> int:
        most = max(scores) - TIE
        for at, one in enumerate(scores):
            if one >= most:
                return at
        raise AssertionError("a score is not a number")

    return highest
