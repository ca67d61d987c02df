"""Tallies: how many rows of a type there are with each key at some places.

What a gate wants to know is whether there is any, and for that a number does: a new version with
the same key, which an index must move to the end of its bucket, leaves a tally as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

__all__ = ["Tally"]

Row = tuple[Any, ...]
SELDOM: Final = 2
"""Looks at a table that cost no more than a number which changes of the key must keep."""


class Tally:
    """Numbers of rows of one type by the values at some places. `watchers` are told when they
    are kept.

    `counts` maps a key (one value, or a tuple of them) to a positive number. It is empty until it
    has been asked some times, and kept up to date from then on. Rows with unknown values have
    keys that nobody asks for.
    """

    buckets: Final[dict[Any, dict[int, Row]]] = {}
    """None: a tally knows no rows."""

    __slots__ = ("_key_of", "_looks", "_table", "_wake", "counts", "is_kept", "watchers")

    def __init__(
        self, table: dict[int, Row], places: tuple[int, ...], wake: Callable[[Tally], None]
    ) -> None:
        self._key_of = itemgetter(*places)
        self._table = table
        self._wake = wake
        self._looks = 0
        self.is_kept = False
        self.watchers: list[Callable[[], None]] = []
        self.counts: dict[Any, int] = {}

    def __contains__(self, key: Any) -> bool:
        """Return whether there is a row with the key; asked often enough, keep the numbers."""
        if self.is_kept:
            return key in self.counts
        if self._looks == SELDOM:
            self._keep()
            return key in self.counts
        self._looks += 1
        return key in map(self._key_of, self._table.values())

    def _keep(self) -> None:
        self.is_kept = True
        self.counts.update(Counter(map(self._key_of, self._table.values())))
        self._wake(self)
        for tell in self.watchers:
            tell()
        self.watchers.clear()

    def add(self, row: Row) -> None:
        """Count a row."""
        key = self._key_of(row)
        self.counts[key] = self.counts.get(key, 0) + 1

    def remove(self, row: Row) -> None:
        """Count a row no longer."""
        key = self._key_of(row)
        count = self.counts[key]
        if count == 1:
            del self.counts[key]
        else:
            self.counts[key] = count - 1
