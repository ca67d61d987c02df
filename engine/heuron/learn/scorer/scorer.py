"""A compiled model: from typed values to class scores, confidence and decision.

Owns `Scorer`. Answering one query needs neither numpy nor scikit-learn; many rows go through
numpy. Both paths share the form and the decision, and differ by rounding only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer import calibrate as calibration
from heuron.learn.scorer.form import (
    Form,
    compile_encoder,
    family_of,
    read_form,
)
from heuron.learn.scorer.inputs import TIE, conversion, is_levels
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    import numpy

__all__ = ["RARE", "WIDER", "Read", "Scorer"]

RARE: Final = 5
"""A level with fewer training rows is outside what the model knows."""

WIDER: Final = 0.1
"""A number is outside when it lies over this share of the training range's width beyond it."""

Read = tuple[list[float], list[str], list[str], list[str]]
"""Inputs as numbers, and the names that are needed, imputed, and outside."""


class Scorer:
    """A model as plain numbers, compiled when it first answers.

    Attributes:
        form: The checked form.
        encode: From one row of inputs as numbers to the model's columns.

    Raises:
        ValueError: From the constructor, when the data are no valid scorer.
    """

    __slots__ = ("_calibrate", "_model", "_readers", "encode", "form")

    def __init__(self, data: Any) -> None:
        self.form: Form = read_form(data)
        self._model: Callable[[Sequence[float]], list[float]] | None = None
        self.encode = compile_encoder(self.form)
        self._calibrate: calibration.Map | None = None
        self._readers = [_reader(self.form, at) for at in range(len(self.form.inputs))]

    def read(self, values: Mapping[str, Value]) -> Read:
        """Return the inputs as numbers, and the names of needed, imputed and outside inputs.

        With a needed input the numbers are not complete.
        """
        row: list[float] = []
        needs: list[str] = []
        imputed: list[str] = []
        outside: list[str] = []
        get = values.get
        for name, convert, fill, low, high, rare in self._readers:
            value: Any = get(name, UNKNOWN)
            if value is UNKNOWN or value is None:
                if fill is None:
                    needs.append(name)
                else:
                    imputed.append(name)
                    row.append(fill)
                continue
            if convert is not None:
                value = convert(value)
                if value is None:  # a level that the model has never heard of
                    needs.append(name)
                    outside.append(name)
                    continue
            if not low <= value <= high or value in rare:
                outside.append(name)
            row.append(value)
        return row, needs, imputed, outside

    def raw(self, row: Sequence[float]) -> list[float]:
        """Return the model's own scores of one row of inputs as numbers."""
        model = self._model
        if model is None:
            model = self._compile()
        return model(self.encode(row))

    def scores(self, row: Sequence[float]) -> list[float]:
        """Return calibrated class scores of one row of inputs (a number for a regression)."""
        scores = self.raw(row)
        return scores if self._calibrate is None else self._calibrate(scores)

    def decide(self, scores: Sequence[float]) -> int:
        """Return the place of the class that is answered."""
        form = self.form
        if form.deciding is None:
            most = max(scores) - TIE
            return next(at for at, one in enumerate(scores) if one >= most)
        over = scores[form.deciding] - form.threshold
        if form.deciding == 0:
            return 0 if over >= -TIE else 1
        return 1 if over > TIE else 0

    def read_columns(
        self, columns: Mapping[str, Sequence[Value]]
    ) -> tuple[numpy.ndarray[Any, Any], numpy.ndarray[Any, Any]]:
        """Return the inputs of many rows, gaps filled, and which rows can be answered.

        A column that is absent is unknown in every row.
        """
        from heuron.learn.scorer.table import fill_gaps, to_numbers

        cells = [columns.get(name) for name in self.form.inputs]
        return fill_gaps(self.form.fill, to_numbers(self.form.kinds, cells))

    def score_columns(self, filled: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        """Return calibrated class scores of many rows, one column a class."""
        from heuron.learn.scorer.table import encode_columns

        form = self.form
        x = encode_columns(form.encode, filled)
        raw = family_of(form.model).columns(form.model, x, len(form.classes))
        return calibration.columns(form.calibrate, raw, form.positive or 0, form.is_margin)

    def decide_columns(self, scores: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        """Return the place of the class answered in each row."""
        from heuron.learn.scorer.table import decide_columns

        form = self.form
        return decide_columns(scores, form.deciding, form.threshold)

    def _compile(self) -> Callable[[Sequence[float]], list[float]]:
        form = self.form
        model = family_of(form.model).one(form.model, len(form.encode), len(form.classes))
        self._calibrate = calibration.one(form.calibrate, form.positive or 0, form.is_margin)
        self._model = model
        return model


Reader = tuple[
    str, Callable[[Any], float | None] | None, float | None, float, float, frozenset[float]
]
NONE_RARE: Final[frozenset[float]] = frozenset()


def _reader(form: Form, at: int) -> Reader:
    """Return name, conversion, fill, lowest and highest usual number, and rare levels."""
    kind, seen = form.kinds[at], form.seen[at]
    low, high, rare = float("-inf"), float("inf"), NONE_RARE
    if is_levels(kind) or kind == "boolean":
        rare = frozenset(float(place) for place, rows in enumerate(seen or ()) if rows < RARE)
    elif seen is not None:
        margin = WIDER * (seen[1] - seen[0])
        low, high = seen[0] - margin, seen[1] + margin
    return form.inputs[at], conversion(kind), form.fill[at], low, high, rare
