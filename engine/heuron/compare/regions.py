"""Regions of a table in which something happens more often than elsewhere, as conditions.

Owns the search for candidates: at most two conditions on fields, at cuts between the tenths of a
number's values, or at a level. It looks at every pair of conditions at once, as a product of
matrices. What it finds is a suggestion only: the best of many regions always looks good on the
rows that it was found on (subgroup discovery; Klösgen, "Explora", 1996).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from heuron.values import UNKNOWN, Template, Value, show

__all__ = [
    "LEAST_ROWS",
    "Atoms",
    "Condition",
    "Region",
    "atoms_of",
    "find_regions",
    "quoted",
    "shortest_between",
]

LEAST_ROWS: Final = 30
"""A region has at least so many rows."""
MOST_ROWS: Final = 20_000
"""Of more rows every second, third and so on is looked at: enough to find what is there."""
CUTS: Final = 9
"""So many cuts a number: between its tenths."""
LEAST_SCORE: Final = 3.0
"""A region stands out by so many standard errors, on the rows that it was found on."""
SECOND: Final = 1.0
"""A second condition must add so much to the score."""
OVERLAP: Final = 0.5
"""A region that shares more of what it counts with a better one says nothing new."""
Array = Any


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, a relation (`>=`, `<` or `==`) and a bound; false where the field is unknown."""

    field: str
    relation: str
    bound: Value

    @property
    def text(self) -> str:
        """The condition in the rule language."""
        return f"{self.field} {self.relation} {value_text(self.bound)}"

    def holds(self, value: Value) -> bool:
        """Return whether a value meets it."""
        if value is UNKNOWN or value is None:
            return False
        if self.relation == "==":
            return bool(value == self.bound)
        return bool(value >= self.bound if self.relation == ">=" else value < self.bound)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Region:
    """One or two conditions, all of which hold in it; `score` in standard errors."""

    conditions: tuple[Condition, ...]
    score: float

    @property
    def text(self) -> str:
        """The conditions in the rule language, as a pattern has them."""
        return ", ".join(one.text for one in self.conditions)

    def holds(self, columns: Mapping[str, Sequence[Value]], place: int) -> bool:
        """Return whether the row at that place is in it."""
        return all(one.holds(columns[one.field][place]) for one in self.conditions)


@dataclass(frozen=True, slots=True)
class Atoms:
    """All single conditions on some rows, worked out once for all that is asked of the rows.

    `masks` has a row of zeros and ones for each condition, over every `step`-th of `rows` rows;
    `weights` is what each of these rows counts, and `both` for each two conditions what the rows
    count on which both hold.
    """

    conditions: tuple[Condition, ...]
    masks: Array
    weights: Array
    both: Array
    rows: int
    step: int


def atoms_of(
    template: Template,
    columns: Mapping[str, Sequence[Value]],
    places: Sequence[int],
    weights: Sequence[float] | None = None,
) -> Atoms:
    """Return the conditions that regions are made of.

    Args:
        template: The fields' types; those that are neither numbers, levels nor booleans are not
            looked at.
        columns: Cells by field, the whole table.
        places: The rows that are looked at.
        weights: What each of them counts; by default 1.
    """
    import numpy as np

    step = max(1, -(-len(places) // MOST_ROWS))
    conditions, masks = _atoms(template, columns, places[::step])
    counts = np.ones(masks.shape[1], dtype=np.float32)
    if weights is not None:
        counts = np.asarray(weights[::step], dtype=np.float32)
    return Atoms(tuple(conditions), masks, counts, (masks * counts) @ masks.T, len(places), step)


def find_regions(atoms: Atoms, hits: Sequence[bool], most: int) -> list[Region]:
    """Return the regions in which hits are most frequent, compared with elsewhere.

    Args:
        atoms: The conditions on the rows that are looked at.
        hits: Whether the thing happens in each of these rows.
        most: So many regions at most, the clearest first.
    """
    import numpy as np

    happens = np.asarray(hits[:: atoms.step], dtype=np.float32)
    weights = atoms.weights
    total, counted = float(weights.sum()), float((weights * happens).sum())
    if total < 2 * LEAST_ROWS or not 0 < happens.sum() < len(happens):
        return []
    conditions, masks = atoms.conditions, atoms.masks
    if not conditions:
        return []
    single = _scores(masks @ weights, masks @ (weights * happens), total, counted)
    both = _scores(atoms.both, (masks * (weights * happens)) @ masks.T, total, counted)
    found: list[tuple[float, tuple[int, ...]]] = [
        (float(single[at]), (int(at),)) for at in np.flatnonzero(single >= LEAST_SCORE)
    ]
    # A pair must beat each of its conditions by itself.
    gain = both - np.maximum(single[:, None], single[None, :])
    for first, second in np.argwhere((both >= LEAST_SCORE) & (gain >= SECOND)):
        if first < second and not _same_side(conditions[first], conditions[second]):
            found.append((float(both[first, second]), (int(first), int(second))))
    found.sort(key=lambda one: (-one[0], one[1]))
    return _unlike(found, conditions, masks * happens, most)


def _scores(rows: Array, hits: Array, total: float, all_hits: float) -> Array:
    """Return by how many standard errors hits are more frequent than if spread evenly."""
    import numpy as np

    share = all_hits / total
    # The variance of a hypergeometric count: rows are drawn without putting back.
    spread = rows * share * (1 - share) * (total - rows) / (total - 1)
    enough = (rows >= LEAST_ROWS) & (rows <= total - LEAST_ROWS) & (spread > 0)
    safe = np.where(enough, spread, 1.0)
    return np.where(enough, (hits - rows * share) / np.sqrt(safe), 0.0)


def _unlike(
    found: Sequence[tuple[float, tuple[int, ...]]],
    atoms: Sequence[Condition],
    hits: Array,
    most: int,
) -> list[Region]:
    """Return the best regions, less those that count mostly what a better one counts."""
    import numpy as np

    kept: list[Array] = []
    regions: list[Region] = []
    for score, places in found:
        mine = np.prod(hits[list(places)], axis=0)
        if any((mine * other).sum() > OVERLAP * min(mine.sum(), other.sum()) for other in kept):
            continue
        kept.append(mine)
        regions.append(Region(tuple(atoms[at] for at in places), score))
        if len(regions) == most:
            break
    return regions


def _same_side(first: Condition, second: Condition) -> bool:
    """Whether two conditions on one field add nothing to each other, or exclude each other."""
    if first.field != second.field:
        return False
    return "==" in (first.relation, second.relation) or first.relation == second.relation


def _atoms(
    template: Template, columns: Mapping[str, Sequence[Value]], places: Sequence[int]
) -> tuple[list[Condition], Array]:
    """Return all single conditions, and a row of zeros and ones for each."""
    import numpy as np

    atoms: list[Condition] = []
    masks: list[Array] = []
    for field in template.fields:
        if field.name not in columns:
            continue
        cells = [columns[field.name][at] for at in places]
        kind = field.type.kind
        if kind in ("number", "integer"):
            values = np.array([math.nan if one is UNKNOWN else float(one) for one in cells])  # type: ignore[arg-type]
            for cut in _cuts(values):
                atoms += [Condition(field.name, ">=", cut), Condition(field.name, "<", cut)]
                masks += [values >= cut, values < cut]
        elif kind in ("enumeration", "boolean"):
            levels: tuple[Value, ...] = field.type.levels or (False, True)
            for level in levels:
                atoms.append(Condition(field.name, "==", level))
                masks.append(np.array([one == level for one in cells]))
    table = np.array(masks, dtype=np.float32) if masks else np.zeros((0, len(places)))
    return atoms, table


def _cuts(values: Array) -> list[float]:
    """Return short numbers between the tenths of the values."""
    import numpy as np

    known = np.unique(values[~np.isnan(values)])
    if len(known) < 2:
        return []
    sorted_values = np.sort(values[~np.isnan(values)])
    cuts = []
    for part in range(1, CUTS + 1):
        place = int(np.searchsorted(known, sorted_values[part * len(sorted_values) // (CUTS + 1)]))
        low, high = known[max(0, place - 1)], known[max(1, place)]
        cuts.append(shortest_between(float(low), float(high)))
    return [one for one, other in pairwise([*cuts, math.inf]) if one != other]


def shortest_between(low: float, high: float) -> float:
    """Return the shortest decimal that is above `low` and at most `high`, nearest their middle."""
    middle = (low + high) / 2
    for digits in range(1, 18):
        short = float(f"{middle:.{digits}g}")
        if low < short <= high:
            return short
    return high


def value_text(value: Value) -> str:
    """Return a number, a level or a boolean as the rule language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    text = show(value)
    return (
        text if text.isidentifier() and text not in ("unknown", "true", "false") else quoted(text)
    )


def quoted(text: str) -> str:
    """Return a text in quotes."""
    return json.dumps(text, ensure_ascii=False)
