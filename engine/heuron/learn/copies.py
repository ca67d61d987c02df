"""Rows that are copies of each other, and rows that contradict each other.

Owns the identity of rows: content keys, groups of copies, and the rule that tells copies from
equal rows that chance alone would bring.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

__all__ = ["Copies", "content_key", "find_copies", "is_id", "is_id_like"]

LEAST_PAIRS: Final = 5
TIMES_EXPECTED: Final = 10
"""Copies are at least so many equal pairs, and so many times what the marginals would give."""

ID_WORDS: Final = frozenset({"id", "index", "key", "nr", "no", "row", "rownames", "unnamed"})
"""Words that say in a column's name that it numbers or names the rows."""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found out about equal rows.

    `group` gives each row the number of the first row that it is equal to; `pairs` counts equal
    pairs, `expected` what the columns' marginals would give; `counted` says whether they count
    as copies. `contradictions` counts rows equal to another one in all but the target.
    `features` has each row's cells without target and id-like columns, `whole` with the target.
    """

    group: list[int]
    pairs: int
    expected: float
    counted: bool
    contradictions: int
    features: list[Row]
    whole: list[Row]

    @property
    def copied_rows(self) -> int:
        """How many rows are copies of an earlier row."""
        return sum(first != row for row, first in enumerate(self.group))


def find_copies(columns: Mapping[str, Sequence[Any]], target: str) -> Copies:
    """Return which rows are equal on every column, the target included.

    Id-like columns are excluded, and an empty cell (None) matches anything. `columns` are cells
    that can be hashed, all of one length.
    """
    kept = [name for name, cells in columns.items() if name != target and not is_id_like(cells)]
    features = list(zip(*(columns[name] for name in kept), strict=True))
    if not kept:
        features = [()] * len(columns[target])
    whole = [(*row, goal) for row, goal in zip(features, columns[target], strict=True)]
    group = _groups(whole)
    sizes = Counter(group)
    pairs = sum(size * (size - 1) // 2 for size in sizes.values())
    expected = _expected_pairs([*(columns[name] for name in kept), columns[target]])
    counted = bool(kept) and pairs >= LEAST_PAIRS and pairs >= TIMES_EXPECTED * expected
    goals: dict[Row, set[object]] = {}
    for row, goal in zip(features, columns[target], strict=True):
        goals.setdefault(row, set()).add(goal)
    contradictions = sum(len(goals[row]) > 1 for row in features) if kept else 0
    return Copies(group, pairs, expected, counted, contradictions, features, whole)


def is_id_like(cells: Sequence[Any]) -> bool:
    """Return whether every row has another text or whole number: a name or number of the row.

    Twenty rows at least, and texts of a language (with many words) count too: nobody learns from
    what no second row shares. Measurements are no ids, however rarely they repeat.
    """
    known = [cell for cell in cells if cell is not None]
    if len(known) < 20 or any(isinstance(cell, (bool, float)) for cell in known[:50]):
        return False
    if not all(isinstance(cell, (str, int)) for cell in known):
        return False
    if isinstance(known[0], str) and _are_decimals(known):
        return False
    return len(set(known)) == len(known)


def is_id(name: str, cells: Sequence[Any]) -> bool:
    """Return whether a column only tells rows apart: an id, or a number of the row.

    Whole numbers that differ in every row may be amounts: they count when they are called an id,
    leave few numbers between them out, or rise from row to row.
    """
    if not is_id_like(cells):
        return False
    known = [cell for cell in cells if cell is not None]
    if isinstance(known[0], str):
        return True
    dense = max(known) - min(known) < 2 * len(known)
    rising = all(before < after for before, after in pairwise(known))
    words = name.casefold().replace("-", "_").replace(" ", "_").split("_")
    return dense or rising or not ID_WORDS.isdisjoint(words)


def content_key(values: Sequence[object], occurrence: int) -> str:
    """Return the key of a row by its typed content: 16 hex digits (BLAKE2b).

    Equal rows are told apart by their occurrence, from 0, so that adding or reordering rows
    changes no other row's key.
    """
    text = "\x1f".join(f"{type(value).__name__}:{value!r}" for value in values)
    return hashlib.blake2b(f"{text}\x1e{occurrence}".encode(), digest_size=8).hexdigest()


def _are_decimals(texts: Sequence[str]) -> bool:
    """Return whether some cells are fractions like 0.25, and so a measurement."""
    return any("." in text and text.replace(".", "", 1).lstrip("-").isdecimal() for text in texts)


def _expected_pairs(columns: Sequence[Sequence[Any]]) -> float:
    rows = len(columns[0])
    chance = rows * (rows - 1) / 2
    for cells in columns:
        known = Counter(cell for cell in cells if cell is not None)
        total = sum(known.values())
        if total:
            chance *= sum((count / total) ** 2 for count in known.values())
    return chance


def _groups(rows: list[Row]) -> list[int]:
    first: dict[Row, int] = {}
    group = [first.setdefault(row, at) for at, row in enumerate(rows)]
    gaps = sorted({at for at in group if None in rows[at]})
    projections: dict[tuple[int, ...], dict[Row, set[int]]] = {}
    joined: dict[int, int] = {}
    for at in gaps:
        known = tuple(place for place, cell in enumerate(rows[at]) if cell is not None)
        # A row that is mostly empty would match half the table.
        if 2 * len(known) < len(rows[at]):
            continue
        if known not in projections:
            by_cells: dict[Row, set[int]] = {}
            for other in first.values():
                if None not in rows[other]:
                    cells = tuple(rows[other][place] for place in known)
                    by_cells.setdefault(cells, set()).add(other)
            projections[known] = by_cells
        same = projections[known].get(tuple(rows[at][place] for place in known), set())
        if len(same) == 1:
            joined[at] = next(iter(same))
    if not joined:
        return group
    merged = [joined.get(at, at) for at in group]
    # A group is named by its first row, which may be the one with the gap.
    earliest: dict[int, int] = {}
    for row, at in enumerate(merged):
        earliest.setdefault(at, row)
    return [earliest[at] for at in merged]
