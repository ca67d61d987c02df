"""What one backend says of many rows, as columns. Imports numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from heuron.learn.contract import Contract

__all__ = ["Said", "right_of", "same_of", "values_right"]

Array = Any


@dataclass(frozen=True, slots=True)
class Said:
    """One backend's answers, a row each.

    Attributes:
        values: The place of each answer among the goal's levels, -1 for none; of a quantity the
            number, NaN for none.
        certainty: How certain the rules are; None for others.
        confidence: A calibrated model's confidence; None for others.
        probabilities: That of each level (a row each), where there is a confidence.
        by: Who answered for a dispatcher, as places in `labels`; None for others.
        labels: "rules", "model:NAME" or "refer".
        seconds: How long it took.
    """

    values: Array
    certainty: Array | None = None
    confidence: Array | None = None
    probabilities: Array | None = None
    by: Array | None = None
    labels: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def answered(self) -> Array:
        """On which rows there is an answer."""
        return self.values == self.values if self.values.dtype.kind == "f" else self.values >= 0


def right_of(contract: Contract, said: Said, truths: Array) -> Array:
    """Return for each row 1 for a right answer, 0 for a wrong one, -1 for none."""
    good = same_of(contract, said.values, truths)
    # An answer that is lacking equals no truth.
    return np.subtract(good, ~said.answered, dtype=np.int8)


def values_right(contract: Contract, value: Any, truths: Array) -> Array:
    """Return on which rows one value (None: no answer) counts as right."""
    if value is None:
        return np.zeros(len(truths), dtype=bool)
    return same_of(contract, np.asarray(value), truths)


def same_of(contract: Contract, values: Array, truths: Array) -> Array:
    """Return where values count as equal to the truth: as `Contract.is_right`, for columns.

    Where a value is missing the result says nothing.
    """
    if not contract.is_regression:
        return values == truths
    allowed: Any = contract.tolerance or 0.0
    if contract.percent:
        # Multiplied as for one answer, so that both round alike.
        allowed = allowed * (np.abs(truths) / 100)
    with np.errstate(invalid="ignore"):
        return np.abs(values - truths) <= allowed
