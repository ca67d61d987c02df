"""The first rows of a file on which backends differ, read again, with what each said and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from heuron.compare.collect import gather
from heuron.compare.disagreements import Disagreement, disagreements
from heuron.compare.piece_by_rows import table_of

if TYPE_CHECKING:
    from heuron.compare.job import Opened

__all__ = ["first_disagreements"]


def first_disagreements(opened: Opened, rows: Sequence[int]) -> tuple[Disagreement, ...]:
    """Return the disagreements on rows of a file, numbered as they stand in it.

    Args:
        opened: What is compared.
        rows: Places among all rows of the file, from 0, ascending.
    """
    found: list[Disagreement] = []
    before = 0
    for piece in opened.pieces:
        if len(found) == len(rows):
            break
        coded = opened.reader.read(piece)
        here = [row - before for row in rows if before <= row < before + coded.read]
        if here:
            kept = np.arange(coded.read) if coded.kept is None else coded.kept
            places = np.searchsorted(kept, here)
            values = coded.values(places, opened.contract)
            table = table_of(opened.contract, opened.today, values)
            gathered = gather(opened.dispatcher, table, timed=False)
            for one in disagreements(opened.dispatcher, table, gathered):
                found.append(replace(one, row=before + here[one.row - 1] + 1))
        before += coded.read
    return tuple(found)
