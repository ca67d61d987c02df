"""What column code asks of a run over one table: texts, the day, functions of single values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from heuron.infer.coded import EXACT, Coded, decode, is_exact
from heuron.infer.host import Host
from heuron.plan.columnexpressions import encode
from heuron.plan.columntables import LevelTable, TextTable, column
from heuron.values import UNKNOWN, FieldType, Value

__all__ = ["TableRun"]

Array = Any

Reading = tuple[str, tuple[str, ...], str]
"""How the values of a column are read: kind of type, its levels or the texts that it can be, and
for texts and lists of the table the field that has them."""

DIRECT: Final = 1 << 16
"""So many combinations of values are told apart by counting; more of them are sorted."""

LARGEST: Final = 1 << 62


class TableRun:
    """One run of the column plan over the columns of a table.

    Attributes:
        today: The day, as days stand in columns.
        inexact: The rows of the chunk under way whose computed moments or durations are too far
            away to be exact as numbers; None: there are none.
    """

    def __init__(self, columns: Mapping[str, Coded], host: Host) -> None:
        self._columns = columns
        self._host = host
        self._codes: dict[str, Mapping[str, int]] = {}
        self._tables: dict[int, LevelTable] = {}
        self.today = float(host.today.toordinal())
        self.inexact: Array | None = None

    def code(self, field: str, text: str) -> int:
        """Return the code of a text in a column; -2 where it does not occur."""
        return self._codes_of(field).get(text, -2)

    def _codes_of(self, field: str) -> Mapping[str, int]:
        if field not in self._codes:
            held = self._columns.get(field)
            self._codes[field] = (held.codes if held is not None else None) or {}
        return self._codes[field]

    def _texts(self, field: str) -> Sequence[Value]:
        held = self._columns.get(field)
        return () if held is None or held.texts is None else held.texts

    def look(self, table: TextTable, values: Array, n: int) -> list[Array]:
        """Return the words of texts."""
        found = self._tables.get(id(table))
        if found is None:
            codes = self._codes_of(table.field) if table.named else {}
            found = self._tables[id(table)] = table.by_code(codes, len(self._texts(table.field)))
        return found.look(values, n)

    def mapped(
        self,
        function: Callable[..., Value],
        columns: Sequence[Array],
        readings: Sequence[Reading],
        target: str,
        n: int,
    ) -> Array:
        """Return a column of what a function gives, called once for each combination of values.

        Args:
            function: A function of values, one a column, and of the day and the time.
            columns: The columns that it reads.
            readings: How their values are read.
            target: The kind of column to make: float or boolean.
            n: The number of rows.
        """
        columns = [column(values, n) for values in columns]
        places: Array = np.zeros(n, dtype=np.int64)
        count = 1
        for values in columns:
            codes, size = _places(values)
            if count > LARGEST // size:
                places, _ = _compressed(places, count)
                count = n
            places = places * size + codes
            count *= size
        of_rows, rows = _compressed(places, count)
        arguments = [
            self._decoded(values[rows], reading)
            for values, reading in zip(columns, readings, strict=True)
        ]
        day, now = self._host.today, self._host.now
        found = [function(*one, day, now) for one in zip(*arguments, strict=True)]
        if not arguments:
            found = [function(day, now)] * len(rows)
        made = np.array([encode(one, target) for one in found], dtype=float)
        if (np.abs(made) > EXACT).any():
            self._note_inexact(found, made, of_rows)
        return (made if target == "float" else made.astype(np.int64))[of_rows]

    def _note_inexact(self, values: Sequence[Value], made: Array, of_rows: Array) -> None:
        """Note the rows on which a moment or duration is none that a float has."""
        pairs = zip(values, made.tolist(), strict=True)
        wrong = np.array([not is_exact(value, one) for value, one in pairs])
        if wrong.any():
            rows = wrong[of_rows]
            self.inexact = rows if self.inexact is None else self.inexact | rows

    def _decoded(self, values: Array, reading: Reading) -> list[Value]:
        kind, levels, field = reading
        if kind not in ("text", "list"):
            return decode(values, FieldType(kind, levels))
        named: list[Value] = [*(self._texts(field) if field else levels), UNKNOWN]
        return [named[code] for code in values.tolist()]


def _places(values: Array) -> tuple[Array, int]:
    """Return whole numbers from 0 that tell the values of a column apart, and how many there are.

    All values that are not a number count as one.
    """
    if values.dtype.kind == "f":
        found, codes = np.unique(values, return_inverse=True)
        return codes, max(len(found), 1)
    if not len(values):
        return values, 1
    least, most = int(values.min()), int(values.max())
    if most - least < DIRECT:
        return values - least, most - least + 1
    found, codes = np.unique(values, return_inverse=True)
    return codes, len(found)


def _compressed(places: Array, count: int) -> tuple[Array, Array]:
    """Return which distinct number each row has, and one row that has each of them."""
    if count > DIRECT:
        _, rows, of_rows = np.unique(places, return_index=True, return_inverse=True)
        return of_rows, rows
    present = np.flatnonzero(np.bincount(places, minlength=1))
    order = np.zeros(int(present[-1]) + 1 if len(present) else 1, dtype=np.int64)
    order[present] = np.arange(len(present))
    of_rows = order[places]
    rows = np.zeros(len(present), dtype=np.int64)
    rows[of_rows] = np.arange(len(places))
    return of_rows, rows
