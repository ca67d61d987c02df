"""The rules' answers for rows of a table through the column plan: a row in chunks, not one by one.

The answers are those of single questions; what differs is the time that they take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from datetime import date

    from heuron.knowledge.base import KnowledgeBase
    from heuron.learn.data import Table

__all__ = ["ByColumns", "rules_by_columns"]


class ByColumns(NamedTuple):
    """The goal's values in the order of the rows, None where unknown, and the seconds taken.

    `certainties` are those of the values; of no use where there is no value.
    """

    values: list[Value]
    certainties: list[float]
    seconds: float


def rules_by_columns(
    kb: KnowledgeBase, table: Table, places: Sequence[int], today: date | None
) -> ByColumns | None:
    """Return what the rules say of some rows, the goal hidden.

    None where rules join facts or ask models: then rows are asked one by one.
    """
    if not kb.engine.single_record or kb.calls_models or not places:
        return None
    goal = table.contract.goal
    frame = {
        name: _column([cells[at] for at in places], table.contract.template[name].type.kind)
        for name, cells in table.columns.items()
        if name != goal
    }
    start = perf_counter()
    answers = kb.infer_table(frame, today)
    certainties = [float(one) for one in answers.certainties]
    return ByColumns(answers.values, certainties, perf_counter() - start)


def _column(cells: list[Value], kind: str) -> Any:
    """Return cells as the column plan likes them: numbers as an array, NaN where unknown."""
    if kind not in ("number", "integer"):
        return [None if one is UNKNOWN else one for one in cells]
    import numpy as np

    return np.array([math.nan if one is UNKNOWN else one for one in cells], dtype=float)
