"""What rules conclude about the rows of a table, for models that read such fields.

Owns `with_conclusions`. A model that reads a concluded field is trained, tuned and judged on what
the rules say of each row, as it will be when it answers; a column of that name in the data is
evidence for the rules, and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from heuron.learn.data import Table
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.knowledge.finding import Finding

__all__ = ["with_conclusions"]


def with_conclusions(table: Table, fields: Iterable[str]) -> Table:
    """Return a table whose concluded fields, as far as they are wanted, hold what rules conclude.

    Args:
        table: Typed rows; the goal is hidden from the rules.
        fields: What a model reads; fields that no rule concludes stay as they are.

    Raises:
        LimitError: The rules met a limit on a row.
    """
    contract = table.contract
    wanted = [name for name in fields if name in contract.concluded]
    knowledge = contract.rules
    if not wanted or knowledge is None:
        return table
    found: dict[str, list[Value]] = {name: [] for name in wanted}
    from heuron.knowledge.evidence import Evidence

    for row in table.rows(table.places("all")):
        finding = knowledge.consider(Evidence(row), today=table.as_of, hide_goal=True)
        for name in wanted:
            found[name].append(_held_most(finding, name))
    return replace(table, columns={**table.columns, **found})


def _held_most(finding: Finding, name: str) -> Value:
    """Return the value that is held most strongly, unknown where none is held."""
    held = [value for value, certainty in finding.settled(name) if certainty > 0.0]
    return held[0] if held else UNKNOWN
