"""Columns in the form that the column plan reads, and their values one by one.

Numbers, dates and durations are numeric columns with NaN for unknown (a column of whole numbers
has none). Levels and truth values are whole numbers with -1 for unknown; texts are places in a
list of the texts that occur, and so are lists. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from heuron.plan.columnexpressions import EPOCH
from heuron.values import UNKNOWN, FieldType, Value

__all__ = ["EXACT", "Coded", "decode", "is_exact"]

Array = Any

EXACT: Final = 2.0**53
"""Up to here every whole number is a float."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as the plan wants it: numbers with NaN, or whole numbers with -1, for unknown.

    `texts` are the texts of a text column by their codes. `exact` is given when some values are
    too large to be exact as numbers (microseconds of more than 285 years): all values, and the
    place of each row's among them.
    """

    values: Array
    texts: Sequence[Value] | None = None
    exact: tuple[Sequence[Value], Array] | None = None

    @property
    def codes(self) -> Mapping[str, int] | None:
        """The codes of the texts of a text column."""
        if self.texts is None:
            return None
        return {one: at for at, one in enumerate(self.texts) if isinstance(one, str)}

    @property
    def inexact(self) -> Array | None:
        """The rows whose values are not exact as numbers; None when all are."""
        return None if self.exact is None else np.abs(self.values) > EXACT

    def decoded(self, at: Array, kind: FieldType) -> list[Value]:
        """Return the values of some rows."""
        if self.exact is not None:
            values, places = self.exact
            return [values[place] for place in places[at].tolist()]
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
            return [_time(one, EPOCH) for one in values.tolist()]
        case "duration":
            return [_time(one, timedelta(0)) for one in values.tolist()]
    if values.dtype.kind in "iu":
        values = values.astype(float)
    found: list[Value] = values.tolist()
    unknown = np.flatnonzero(np.isnan(values))
    for at in unknown.tolist():
        found[at] = UNKNOWN
    return found


def is_exact(value: Value, as_float: float) -> bool:
    """Return whether a float stands for a value and no other: not for all moments and durations."""
    if not isinstance(value, (datetime, timedelta)) or abs(as_float) <= EXACT:
        return True
    return _time(as_float, EPOCH if isinstance(value, datetime) else timedelta(0)) == value


def _time(microseconds: float, start: datetime | timedelta) -> Value:
    """Return a time by its distance; unknown beyond the calendar, where a float was rounded up."""
    if microseconds != microseconds:
        return UNKNOWN
    try:
        return start + timedelta(microseconds=int(microseconds))
    except OverflowError:
        return UNKNOWN
