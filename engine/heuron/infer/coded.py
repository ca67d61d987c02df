"""Columns in the form that the column plan reads, and their values one by one.

Numbers, dates and durations are numeric columns with NaN for unknown (a column of whole numbers
has none). Levels and truth values are whole numbers with -1 for unknown; texts are places in a
list of the texts that occur. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from heuron.plan.columnexpressions import EPOCH
from heuron.values import UNKNOWN, FieldType, Value

__all__ = ["Coded", "decode"]

Array = Any


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as the plan wants it: numbers with NaN, or whole numbers with -1, for unknown.

    `texts` are the texts of a text column by their codes.
    """

    values: Array
    texts: Sequence[str] | None = None

    @property
    def codes(self) -> Mapping[str, int] | None:
        """The codes of the texts of a text column."""
        return None if self.texts is None else {one: at for at, one in enumerate(self.texts)}

    def decoded(self, at: Array, kind: FieldType) -> list[Value]:
        """Return the values of some rows."""
        if self.texts is not None:
            texts: list[Value] = [*self.texts, UNKNOWN]
            return [texts[code] for code in self.values[at].tolist()]
        return decode(self.values[at], kind)


def decode(values: Array, kind: FieldType) -> list[Value]:
    """Return a column as values of the language; unknown is `UNKNOWN`."""
    if values.dtype == object:
        return list(values)
    match kind.kind:
        case "enumeration":
            names: list[Value] = [*kind.levels, UNKNOWN]
            return [names[at] for at in values.tolist()]
        case "boolean":
            truths: list[Value] = [False, True, UNKNOWN]
            return [truths[at] for at in values.tolist()]
        case "integer":
            return [UNKNOWN if one != one else int(one) for one in values.tolist()]
        case "date":
            return [UNKNOWN if one != one else date.fromordinal(int(one)) for one in values]
        case "datetime":
            steps = [UNKNOWN if one != one else timedelta(microseconds=one) for one in values]
            return [EPOCH + one if isinstance(one, timedelta) else one for one in steps]
        case "duration":
            return [UNKNOWN if one != one else timedelta(microseconds=one) for one in values]
    if values.dtype.kind in "iu":
        values = values.astype(float)
    found: list[Value] = values.tolist()
    unknown = np.flatnonzero(np.isnan(values))
    for at in unknown.tolist():
        found[at] = UNKNOWN
    return found
