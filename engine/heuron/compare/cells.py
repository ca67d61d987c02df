"""Joint cells of values on the same rows, in a stable order, and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heuron.compare.bootstrap import bootstrap
from heuron.compare.intervals import Interval
from heuron.compare.metrics import confusion

__all__ = ["cell_interval", "ordered_cells"]

Cell = tuple[object, object]
"""A pair of values: (truth, answer), or the answers of two backends."""


def ordered_cells(cells: Mapping[Cell, int], levels: Sequence[object]) -> dict[Cell, int]:
    """Return the cells in an order that does not depend on the rows: levels, then text, None."""
    place = {level: at for at, level in enumerate(levels)}

    def rank(value: object) -> tuple[int, str]:
        if value is None:
            return len(place) + 1, ""
        if value in place:
            return place[value], ""
        return len(place), str(value)

    return dict(sorted(cells.items(), key=lambda one: (rank(one[0][0]), rank(one[0][1]))))


def cell_interval(
    firsts: Sequence[object],
    seconds: Sequence[object],
    statistic: Callable[[dict[Cell, int]], float | None],
    of_many: Callable[[Sequence[Cell], Any], list[float | None]],
    *,
    levels: Sequence[object],
    groups: Sequence[object] | None,
    seed: int,
) -> Interval | None:
    """Return the bootstrap interval of a statistic of the pairs (first, second) of each row.

    `of_many` gives it for many resamples at once. With `groups`, one for each row, whole groups
    are resampled.
    """
    cells = ordered_cells(confusion(firsts, seconds), levels)
    if groups is None:
        return bootstrap(cells, statistic, seed=seed, of_many=of_many)
    counts: dict[object, dict[Cell, int]] = {}
    for group, pair in zip(groups, zip(firsts, seconds, strict=True), strict=True):
        of_group = counts.setdefault(group, {})
        of_group[pair] = of_group.get(pair, 0) + 1
    groups_of = tuple(counts.values())
    return bootstrap(cells, statistic, seed=seed, groups=groups_of, of_many=of_many)
