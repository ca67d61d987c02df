"""The tables that column code looks words up in, and what it makes of words. Imports numpy.

A word is a whole number a row with one bit for each condition (`plan.columnwords`). A table is
made when generated source is loaded, from the values at which the words change; `look` gives the
words of a chunk of rows. Key tables go on from there: from the bits of the rules that speak about
one value of a concluded field to its certainty, as a key that orders values as the language does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from heuron.certainty import DIGITS
from heuron.plan.columnsettle import RANK_BITS, VALUE_BITS

__all__ = ["TABLE_NAMES", "NumberTable", "TextTable"]

Array = Any
"""A numpy array of length n, or a plain scalar that stands for one."""

Words = tuple[int, ...]

LARGEST_DIRECT: Final = 1 << 16
"""Whole numbers over so wide a range are looked up directly."""

LARGEST_GRID: Final = 1 << 14
CELLS_FOR_A_CUT: Final = 16

FEW_CUTS: Final = 12
"""So many cuts are compared one by one; more of them have a grid."""

NO_RANK: Final = (1 << RANK_BITS) - 1
"""The rank of a value that nothing supports."""

MOST_IN_A_CELL: Final = 4
"""Cuts in one cell of a grid; with more the cuts are searched."""


class NumberTable:
    """Words by the value of a column of numbers.

    `cuts` are where intervals begin, in order; `sets` the words of the interval below the first
    and of each that begins; `unknown` those of NaN, unless the column is `complete`.
    """

    def __init__(
        self, cuts: Sequence[float], sets: Sequence[Words], unknown: Words, complete: bool
    ) -> None:
        self.cuts = np.array(cuts, dtype=float)
        self.sets = [np.array(word, dtype=np.int64) for word in zip(*sets, strict=True)]
        self.unknown = unknown
        # The place 0 is for unknown where there may be unknown values.
        self.first = 0 if complete else 1
        if complete:
            self.by_place = self.sets
        else:
            self.by_place = [
                np.concatenate(([one], word)) for one, word in zip(unknown, self.sets, strict=True)
            ]
        self._direct: tuple[int, list[Array]] | None = None
        self._grid: tuple[float, float, int, Array, list[Array]] | None = None
        self._looked_for_grid = False

    def look(self, values: Array, n: int) -> list[Array]:
        """Return the words of a chunk, new arrays that the caller may change."""
        values = column(values, n)
        if values.dtype.kind == "i" and self._is_direct():
            return self._by_number(values)
        places = self._places(values)
        return [word.take(places, mode="clip") for word in self.by_place]

    def _is_direct(self) -> bool:
        if self._direct is None:
            if not len(self.cuts):
                self._direct = 0, [word[:1] for word in self.sets]
                return True
            low, high = np.floor(self.cuts[0]) - 1, np.ceil(self.cuts[-1])
            if not high - low < LARGEST_DIRECT:
                return False
            # From 0 on no subtraction is needed.
            start = 0 if 0 <= low < LARGEST_DIRECT else int(low)
            numbers = np.arange(start, int(high) + 1)
            places = np.searchsorted(self.cuts, numbers, side="right")
            self._direct = start, [word[places] for word in self.sets]
        return True

    def _by_number(self, values: Array) -> list[Array]:
        assert self._direct is not None
        start, words = self._direct
        if start:
            values = values - start
        return [word.take(values, mode="clip") for word in words]

    def _places(self, values: Array) -> Array:
        """Return the place of each value among the sets, 0 where it is unknown."""
        if len(self.cuts) <= FEW_CUTS:
            found: Array = np.zeros(len(values), dtype=np.int8)
            for cut in self.cuts:
                found += (values >= cut).view(np.int8)
            if self.first:
                found += (values == values).view(np.int8)
            return found
        if not self._looked_for_grid:
            self._looked_for_grid = True
            self._grid = _grid(self.cuts, self.first)
        if self._grid is None:
            found = np.searchsorted(self.cuts, values, side="right")
            if self.first:
                found = np.where(values == values, found + 1, 0)
            return found
        scale, shift, cells, starts, inside = self._grid
        # Cell 0 is for unknown, 1 for what lies below the grid, the last one for what lies above.
        scaled = values * scale
        scaled += shift
        np.maximum(scaled, 1.0, out=scaled)
        np.minimum(scaled, cells - 1.0, out=scaled)
        if self.first:
            np.fmax(scaled, 0.0, out=scaled)
        cell = scaled.astype(np.intp)
        found = starts.take(cell, mode="clip")
        for cuts in inside:
            found += values >= cuts.take(cell, mode="clip")
        return found


def _grid(cuts: Array, first: int) -> tuple[float, float, int, Array, list[Array]] | None:
    """Return a grid over cuts, or None where too many fall into one cell.

    It has the cells a unit, the cell of zero, the number of cells, the number of cuts before each
    cell, and the cuts inside each cell. The cell of a value never falls when the value grows, so
    that a value is above all cuts of lower cells and below all cuts of higher ones.
    """
    width = float(cuts[-1] - cuts[0])
    if not 1e-100 < width < 1e100:
        return None
    size = min(LARGEST_GRID, 1 << (CELLS_FOR_A_CUT * len(cuts)).bit_length())
    scale, cells = (size - 1) / width, size + 3
    shift = 2.0 - float(cuts[0]) * scale
    if not abs(shift) < 1e9:
        return None
    of_cuts = np.minimum(np.maximum(cuts * scale + shift, 1.0), cells - 1.0).astype(np.intp)
    counts = np.bincount(of_cuts, minlength=cells)
    if counts.max() > MOST_IN_A_CELL:
        return None
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])) + first
    starts[0] = 0
    inside = [np.full(cells, np.inf) for _ in range(counts.max())]
    for place, cell in enumerate(of_cuts.tolist()):
        inside[place - (int(starts[cell]) - first)][cell] = cuts[place]
    return scale, shift, cells, starts.astype(np.intp), inside


class LevelTable:
    """Words by level or truth value; the last ones, for -1, are those of unknown."""

    def __init__(self, sets: Sequence[Words]) -> None:
        self.words = [np.array(word, dtype=np.int64) for word in zip(*sets, strict=True)]

    def look(self, values: Array, n: int) -> list[Array]:
        """Return the words of a chunk."""
        values = column(values, n)
        return [word.take(values) for word in self.words]


class TextTable:
    """Words by text: those that tests name, all others, and unknown.

    `look` is given by the run, which knows the codes of the texts of a column.
    """

    def __init__(self, field: str, named: dict[str, Words], other: Words, unknown: Words) -> None:
        self.field = field
        self.named = named
        self.other = other
        self.unknown = unknown

    def by_code(self, codes: Mapping[str, int], texts: int) -> LevelTable:
        """Return the words by code for a column of so many texts."""
        sets = [self.other] * texts + [self.unknown]
        for text, words in self.named.items():
            code = codes.get(text)
            if code is not None:
                sets[code] = words
        return LevelTable(sets)


def column(values: Array, n: int) -> Array:
    """Return a column, also of a plain scalar that stands for one, or of a plain mask."""
    return values if getattr(values, "ndim", 0) else np.broadcast_to(values, (n,))


def gate(word: Array, mask: Array, bit: int) -> None:
    """Clear a bit of a word where a mask does not hold."""
    if isinstance(mask, (bool, np.bool_)):
        if not mask:
            word &= ~(1 << bit)
        return
    word &= np.negative(mask.view(np.int8), dtype=np.int64) | ~(1 << bit)


def some(word: Array, bits: int) -> Array:
    """Return where a word has one of some bits."""
    return (word & bits) != 0


def single(words: Sequence[Array], groups: Sequence[Words]) -> Array:
    """Clear all groups of bits where more than one of them has a bit; return where that was so.

    Each group has some bits of each word.
    """
    seen = np.zeros(len(words[0]), dtype=bool)
    several = np.zeros(len(words[0]), dtype=bool)
    for group in groups:
        hit = np.zeros(len(words[0]), dtype=bool)
        for word, bits in zip(words, group, strict=True):
            hit |= (word & bits) != 0
        several |= seen & hit
        seen |= hit
    if several.any():
        for place, word in enumerate(words):
            word[several] &= ~sum(group[place] for group in groups)
    return several


def part(word: Array, shift: int, bits: int) -> Array:
    """Return some neighbouring bits of a word, from the lowest on."""
    found = word >> shift if shift else word
    return found & bits


def top(words: Sequence[Array], sizes: Sequence[int]) -> Array:
    """Return the highest bit over words, of which the first has the highest bits; 0 for none.

    Bits are counted from 1, the lowest one of the last word.
    """
    below = sum(sizes)
    found = None
    for word, size in zip(words, sizes, strict=True):
        below -= size
        # A whole number below 2**53 is exact as a float, whose exponent is its bit length.
        places = np.frexp(word.astype(float))[1]
        if below:
            places = np.where(places > 0, places + below, 0)
        found = places if found is None else np.maximum(found, places)
    return found


def first_hit(
    words: Sequence[Array], possible: Sequence[Array] | None, sizes: Sequence[int]
) -> Array:
    """Return which row of a table hits: rows counted from the last, from 1; 0 for none.

    Args:
        words: Words of the rows that are true, the first row in the highest bit.
        possible: Words of the rows that are true or unknown; None when none is unknown. An
            unknown row hides the rows after it.
        sizes: How many rows each word has.
    """
    hit = top(words, sizes)
    if possible is None:
        return hit
    return np.where(top(possible, sizes) == hit, hit, 0)


def key_table(speaking: Sequence[tuple[float, int, int]], size: int, value: int) -> Array:
    """Return the key of a value of a concluded field by which of its rules fired.

    A key is greater for a greater certainty, then for a support of lower rank. It is 0 where the
    certainty is not above 0. Certainties are computed as `heuron.certainty` does.

    Args:
        speaking: In rule order, for each rule that speaks about the value: the certainty that it
            gives, the rank of its support, and the place of its bit.
        size: How many bits there are.
        value: The place of the value among the field's values.
    """
    return made_key(*doubt_table(speaking, size), value)


def doubt_table(
    speaking: Sequence[tuple[float, int, int]], size: int
) -> tuple[Array, Array, Array]:
    """Return the products of doubt for and against a value, and the lowest rank that supports it.

    See `key_table`; all three by which of the rules fired.
    """
    pattern = np.arange(1 << size)
    for_it, against, rank = no_doubt(len(pattern))
    for certainty, place, bit in speaking:
        fired = (pattern >> bit & 1).astype(bool)
        if certainty > 0.0:
            for_it[fired] *= 1.0 - certainty
            rank[fired] = np.minimum(rank[fired], place)
        else:
            against[fired] *= 1.0 + certainty
    return for_it, against, rank


def rank_table(supporting: Sequence[tuple[int, int]], size: int) -> Array:
    """Return the lowest rank of the rules that fired, from the rank and the bit of each."""
    pattern = np.arange(1 << size)
    rank = np.full(len(pattern), NO_RANK)
    for place, bit in supporting:
        np.minimum(rank, place, out=rank, where=(pattern >> bit & 1).astype(bool))
    return rank


def no_doubt(n: int) -> tuple[Array, Array, Array]:
    """Return columns of products of doubt and of ranks before any rule has spoken."""
    return np.ones(n), np.ones(n), np.full(n, NO_RANK)


def made_key(for_it: Array, against: Array, rank: Array, value: int) -> Array:
    """Return keys from products of doubt and the lowest ranks that support the value."""
    with np.errstate(all="ignore"):
        steps = np.trunc((1.0 - for_it / against) * DIGITS + 0.5)
    steps = np.where(for_it < against, steps, 0.0).astype(np.int64)
    key = (steps << RANK_BITS | (NO_RANK - rank)) << VALUE_BITS | value + 1
    return np.where(steps > 0, key, 0)


def best_value(key: Array, codes: Array) -> Array:
    """Return the value of keys; the first of the codes is that of unknown."""
    return codes.take(key & (1 << VALUE_BITS) - 1, mode="clip")


def key_certainty(key: Array) -> Array:
    """Return the certainty of keys."""
    return (key >> RANK_BITS + VALUE_BITS) / DIGITS


TABLE_NAMES: Final[dict[str, Callable[..., object]]] = {
    "number_table": NumberTable,
    "level_table": LevelTable,
    "text_table": TextTable,
    "gate": gate,
    "some": some,
    "single": single,
    "part": part,
    "first_hit": first_hit,
    "key_table": key_table,
    "doubt_table": doubt_table,
    "no_doubt": no_doubt,
    "rank_table": rank_table,
    "made_key": made_key,
    "best_value": best_value,
    "key_certainty": key_certainty,
}
"""The names for words in generated column code."""
