"""Sorted range indexes: the rows of a type in the order of one field, for inequality joins."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from heuron.values import UNKNOWN

__all__ = ["RangeIndex"]

Row = tuple[Any, ...]
EVENT: Final = itemgetter(1)
FEW: Final = 8
"""Above one row in so many, a look at all of them, newest first, finds one as soon."""


class RangeIndex:
    """Rows of one type, sorted by the value at one place; rows where it is unknown stand apart.

    `buckets` is always empty: it keeps rows in the order of values, not of events. It is empty
    until it is first asked, and kept up to date from then on.
    """

    __slots__ = ("_place", "_rows", "_table", "_values", "_wake", "buckets", "is_kept")

    def __init__(
        self, table: dict[int, Row], place: int, wake: Callable[[RangeIndex], None]
    ) -> None:
        self._table = table
        self._place = place
        self._wake = wake
        self.is_kept = False
        self._values: list[Any] = []
        self._rows: list[Row] = []
        self.buckets: dict[Any, dict[int, Row]] = {}

    def awake(self) -> None:
        """Keep the index from now on."""
        if not self.is_kept:
            self.is_kept = True
            self._fill()
            self._wake(self)

    def _fill(self) -> None:
        place = self._place
        rows = [row for row in self._table.values() if row[place] is not UNKNOWN]
        rows.sort(key=EVENT)
        rows.sort(key=itemgetter(place))
        self._rows = rows
        self._values = [row[place] for row in rows]

    def add(self, row: Row) -> None:
        """Enter a row."""
        value = row[self._place]
        if value is UNKNOWN:
            return
        at = bisect_right(self._values, value)
        if at and self._rows[at - 1][1] > row[1] and self._values[at - 1] == value:
            # A row that comes back, after a change was looked at, has its old event.
            low = bisect_left(self._values, value)
            at = bisect_right(self._rows, row[1], low, at, key=EVENT)
        self._values.insert(at, value)
        self._rows.insert(at, row)

    def remove(self, row: Row) -> None:
        """Take a row out."""
        value = row[self._place]
        if value is UNKNOWN:
            return
        # Rows with one value stand in the order of their events, which derived facts share.
        low, high = bisect_left(self._values, value), bisect_right(self._values, value)
        at = bisect_left(self._rows, row[1], low, high, key=EVENT)
        while self._rows[at][0] != row[0]:
            at += 1
        del self._values[at]
        del self._rows[at]

    def above(self, value: Any) -> list[Row]:
        """Return the rows with this value or a greater one, and perhaps others, newest first."""
        if value is UNKNOWN:
            return []
        self.awake()
        return self._between(bisect_left(self._values, value), len(self._rows))

    def below(self, value: Any) -> list[Row]:
        """Return the rows with this value or a smaller one, and perhaps others, newest first."""
        if value is UNKNOWN:
            return []
        self.awake()
        return self._between(0, bisect_right(self._values, value))

    def _between(self, low: int, high: int) -> list[Row]:
        if (high - low) * FEW > len(self._rows):
            return [*self._table.values()][::-1]
        rows = self._rows[low:high]
        rows.sort(key=EVENT, reverse=True)
        return rows
