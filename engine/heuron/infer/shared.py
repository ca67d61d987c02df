"""What several searches have in common: found once, and read by each from its beginning.

Tables stand in the order of events, the newest row last. So a table is as it was when it has as
many rows as then, with the same one at its end: whatever was added or renewed since and is still
there would stand behind it, and whatever went left fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from heuron.infer.memory import Row

__all__ = ["SharedMatches"]

Match = tuple[tuple[Row, ...], tuple[Any, ...]]


class SharedMatches:
    """The matches of some patterns, as long as their tables stay as they are."""

    __slots__ = ("_found", "_rest", "_stamp", "_tables")

    def __init__(self, tables: tuple[dict[int, Row], ...]) -> None:
        self._tables = tables
        self._stamp: list[Any] | None = None
        self._found: list[Match] = []
        self._rest: Iterator[Match] = iter(())

    def matches(self, search: Callable[[], Iterator[Match]]) -> Iterator[Match]:
        """Yield all matches: those that were found since the tables changed, then further ones."""
        # A row's number and event say which row it is, and in which version.
        stamp = [(len(one), next(reversed(one.values()), ())[:2]) for one in self._tables]
        if stamp != self._stamp:
            self._stamp, self._found, self._rest = stamp, [], search()
        return self._read(self._found, self._rest)

    def _read(self, found: list[Match], rest: Iterator[Match]) -> Iterator[Match]:
        at = 0
        while True:
            if at == len(found):
                try:
                    further = next(rest, None)
                except BaseException:
                    # A search that met a limit has not found everything.
                    self._stamp = None
                    raise
                if further is None:
                    return
                found.append(further)
            yield found[at]
            at += 1
