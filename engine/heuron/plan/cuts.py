"""From a value to the rules whose tests on one field hold: tables that generated code looks up.

A set of rules is a whole number, one bit a rule. A field of numbers has sorted cut points and a
set for each interval between them; a field of levels, texts or booleans has a set for each value
that some rule names, and one for all others. The tables are built when a program is loaded, from
what each rule allows: they would be long as source, and as bytes in a cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any, Final

from heuron.values import UNKNOWN, Value

__all__ = ["OFF_GRID", "choice_table", "cut_table", "grid_table", "hit_rows"]

OFF_GRID: Final = (TypeError, IndexError, OverflowError)
"""What looking up a value raises that is outside its grid, or in a cell with several cuts."""


def cut_table(base: int, spans: Iterable[tuple[int, float, float]]) -> tuple[Any, Any]:
    """Return cut points and the set of rules for each interval that they make.

    The set for a value x is `sets[bisect_right(cuts, x)]`. An unknown x compares false with every
    cut, so it falls beyond the last one, which is infinite: there only `base` holds.

    Args:
        base: The rules that do not test the field.
        spans: Bit, lowest value that holds, and lowest value above that does not hold any more.
    """
    starts: dict[float, int] = {}
    ends: dict[float, int] = {}
    now = base
    for bit, low, high in spans:
        if low >= high:
            continue
        if low == -inf:
            now |= 1 << bit
        else:
            starts[low] = starts.get(low, 0) | 1 << bit
        ends[high] = ends.get(high, 0) | 1 << bit
    ends.setdefault(inf, 0)
    cuts = sorted({*starts, *ends})
    sets = [now]
    for cut in cuts:
        # One rule has one span, so nothing starts where it ends.
        now = now & ~ends.get(cut, 0) | starts.get(cut, 0)
        sets.append(now)
    return tuple(cuts), tuple(sets)


def grid_table(
    cuts: Sequence[float], sets: Sequence[int], low: float, scale: float, cells: int
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return a cut table as a grid, in which a value is found without a search.

    The cell of a value x is `int((x - low) * scale)`. As that never falls when x grows, a cell
    holds the values between two others exactly; where one cut lies in a cell, x is compared with
    it: the set is `below[cell] if x < cut[cell] else above[cell]`. A cell with several cuts has
    None for its cut, and so have as many cells again above the grid: comparing with None raises,
    and the caller searches. Values below `low` are the caller's affair.

    Args:
        cuts: The cut points of `cut_table`, the last one infinite.
        sets: The set of rules for each interval between them.
        low: Where the first cell begins.
        scale: Cells a unit.
        cells: How many cells there are.

    Returns:
        The lists `below`, `cut` and `above`.
    """
    below: list[Any] = []
    cut: list[Any] = [inf] * cells + [None] * cells
    after: dict[int, int] = {}
    now = sets[0]
    for place, at in enumerate(cuts):
        if at >= low:
            cell = min(int((at - low) * scale), cells) if at < inf else cells
            if cell == cells:
                break
            below += [now] * (cell + 1 - len(below))
            cut[cell] = None if cell in after else at
            after[cell] = sets[place + 1]
        now = sets[place + 1]
    below += [now] * (cells - len(below))
    above = below.copy()
    for cell, rules in after.items():
        above[cell] = rules
    return below, cut, above


def choice_table(
    base: int, choices: Sequence[tuple[int, bool, tuple[Value, ...]]]
) -> tuple[dict[Value, int], int]:
    """Return the set of rules for each value that is named, unknown too, and for all others.

    Args:
        base: The rules that do not test the field.
        choices: Bit, whether the values are those that hold or those that do not, the values.
    """
    other = base
    for bit, holds, _ in choices:
        if not holds:
            other |= 1 << bit
    table: dict[Value, int] = {}
    for bit, holds, values in choices:
        for value in values:
            now = table.get(value, other)
            table[value] = now | 1 << bit if holds else now & ~(1 << bit)
    table[UNKNOWN] = base
    return table, other


def hit_rows(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return what to do for a rule, by the bit length of a set in which it is the first.

    The first rule has the highest bit. Each row gets the bit of its rule after its index.
    """
    last = len(rows) - 1
    found = [(row[0], 1 << (last - place), *row[1:]) for place, row in enumerate(rows)]
    return (None, *reversed(found))
