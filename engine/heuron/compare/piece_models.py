"""A model's answers for the rows of a piece, through its scorer's columns. Imports numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.said import Said
from heuron.infer.coded import Coded
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.plan.columnexpressions import column_kind
from heuron.values import Field, FieldType

if TYPE_CHECKING:
    from heuron.compare.piece_rules import RulesSaid

__all__ = ["ask_model"]

Array = Any


def ask_model(model: Any, contract: Contract, piece: CodedPiece, rules: RulesSaid) -> Said:
    """Return what a model says of a piece.

    Args:
        model: A compiled model, with `predict_columns`.
        contract: The template and the goal.
        piece: The rows.
        rules: What the rules concluded of them, for models that read that.
    """
    columns: dict[str, Any] = {}
    for name in model.inputs:
        field = contract.template[name]
        if name in contract.concluded:
            if name in rules.values:
                columns[name] = _numbers(Coded(rules.values[name]), field)
        elif name in piece.columns:
            columns[name] = _numbers(piece.columns[name], field)
        elif field.default is not None:
            columns[name] = [field.default] * piece.rows
    if not columns and piece.rows:
        columns[model.inputs[0]] = np.full(piece.rows, np.nan)
    scores, decided, answered = model.predict_columns(columns)
    form = model.scorer.form
    if not form.classes:
        number = scores[:, 0]
        if form.is_integer:
            number = np.rint(number)
        return Said(np.where(answered, number, np.nan))
    levels = list(contract.classes)
    place = np.array([levels.index(one) for one in form.classes], dtype=np.int16)
    values = np.where(answered, place[decided], np.int16(-1))
    if not model.calibrated:
        return Said(values)
    confidence = scores[np.arange(len(scores)), decided]
    ordered = scores
    if place.tolist() != list(range(len(levels))):
        ordered = np.zeros((len(scores), len(levels)))
        ordered[:, place] = scores
    return Said(values, confidence=np.where(answered, confidence, np.nan), probabilities=ordered)


def _numbers(coded: Coded, field: Field) -> Any:
    """Return a column as models read it: float64 with NaN, days, places of levels; or values."""
    kind: FieldType = field.type
    if coded.texts is not None or kind.kind in ("date", "datetime"):
        return coded.decoded(np.arange(len(coded.values)), kind)
    numbers = np.asarray(coded.values, dtype=float)
    if kind.kind == "duration":
        # As `timedelta.total_seconds` and the scorer divide.
        return numbers / 1e6 / 86_400
    if column_kind(kind) in ("level", "boolean"):
        return np.where(numbers < 0, np.nan, numbers)
    return numbers
