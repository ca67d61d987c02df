"""Which side of the split each row is on: held out, or trained on.

Owns `Sides`. Rows that share a key share a side: copies of one row, or the rows of one group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.contract import Contract
from heuron.learn.copies import Copies, content_key
from heuron.learn.settings import DataSettings
from heuron.learn.source import Raw
from heuron.learn.split import by_hash, by_time, stratified
from heuron.values import Value

__all__ = ["Sides"]


@dataclass(frozen=True, slots=True)
class Sides:
    """What decides the sides of a table's rows; `kept` are their places in `raw`."""

    contract: Contract
    settings: DataSettings
    raw: Raw
    kept: Sequence[int]
    cells: Mapping[str, Sequence[Value]]

    def keys(self, copies: Copies, keys: Sequence[str], together: bool) -> Sequence[str]:
        """Return the key that decides each row's side: one for copies and contradicting rows."""
        if not together:
            return keys
        return [content_key(copies.features[first], 0) for first in copies.group]

    def groups(self, keys: Sequence[str]) -> list[int]:
        """Return the number of each row's group: rows that no fold may tear apart."""
        if self.settings.group is not None:
            keys = [str(one) for one in self._column(self.settings.group)]
        numbers: dict[str, int] = {}
        return [numbers.setdefault(key, len(numbers)) for key in keys]

    def held_out(self, keys: Sequence[str]) -> tuple[str, list[bool]]:
        """Return how the rows are split, and which are held out.

        Raises:
            RuleError: The data lack the column to split by.
        """
        settings = self.settings
        for name in (settings.group, settings.time):
            if name is not None and name not in self.raw.columns:
                message = f'{self.raw.name} has no column "{name}" to split by.'
                raise RuleError(Diagnostic(Severity.ERROR, "unknown-column", message))
        if settings.group is not None:
            groups = [f"group {cell}" for cell in self._column(settings.group)]
            return "group", by_hash(groups, settings.held_out, settings.seed)
        if settings.time is not None:
            return "time", by_time(_moments(self._column(settings.time)), settings.held_out)
        if self.raw.target is not None:
            goal = self.cells[self.contract.goal]
            classes = [0] * len(goal) if self.contract.is_regression else goal
            return "stratified", stratified(keys, classes, settings.held_out, settings.seed)
        return "hash", by_hash(keys, settings.held_out, settings.seed)

    def split_copies(self, copies: Copies, keys: Sequence[str]) -> tuple[int, int]:
        """Return how many rows a split of single rows would hold out whose copy is trained on.

        The second number is how many it would hold out in all.
        """
        held = self.held_out(keys)[1]
        trained = {first for first, out in zip(copies.group, held, strict=True) if not out}
        pairs = list(zip(copies.group, held, strict=True))
        return sum(out and first in trained for first, out in pairs), sum(held)

    def _column(self, name: str) -> list[object]:
        cells = self.raw.columns[name]
        return [cells[at] for at in self.kept]


def _moments(cells: Sequence[object]) -> list[object]:
    """Return the cells to order rows by: numbers if all are, else dates and ISO texts as text."""
    known = [None if cell in ("", None) else cell for cell in cells]
    try:
        return [None if cell is None else float(cell) for cell in known]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return [None if cell is None else str(cell) for cell in known]
