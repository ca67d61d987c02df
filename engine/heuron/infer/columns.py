"""Running the column plan: chunks of columns in, settled columns out; odd rows one by one.

Imports numpy; nothing on the way of a single answer imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heuron.infer.coded import Coded, is_exact
from heuron.infer.host import Host
from heuron.infer.tablerun import TableRun
from heuron.plan.columncontract import COLUMN_NAMES
from heuron.plan.columnexpressions import encode
from heuron.plan.columns import ColumnPlan, plan_columns
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.record import RecordResult

__all__ = ["Chunk", "ColumnRun", "Fired", "Report", "column_run"]

CHUNK: Final = 16_384
"""Rows at a time: a chunk's columns stay in the processor's cache."""

Array = Any
Report = tuple[str, str, Array]
"""Something strange (several-hits, contradiction), the table or field, and the rows."""

Records = Callable[[Array], Iterator[Mapping[str, Value]]]
"""From the places of rows to their values, for rows that columns do not settle."""


class Fired(Mapping[int, Array]):
    """On which rows of a chunk each rule or row of a table fired: masks by its index.

    Masks are made from the words of the column plan when they are asked for.

    Attributes:
        size: The rows of the chunk.
        odd: The places of the rows that were answered one by one.
        by_record: For each of them the rules that fired.
    """

    def __init__(
        self,
        words: Sequence[tuple[Array, Sequence[tuple[int, int]]]],
        hits: Sequence[tuple[Array, int, int]],
        size: int,
        odd: Array,
        by_record: Sequence[Sequence[int]],
    ) -> None:
        self.size = size
        self.odd = odd
        self.by_record = by_record
        self._bits: dict[int, list[tuple[Array, int]]] = {}
        self._hits: dict[int, tuple[Array, int]] = {}
        self._words = words
        self._tables = hits
        for word, bits in words:
            for mask, index in bits:
                self._bits.setdefault(index, []).append((word, mask))
        for hit, first, count in hits:
            self._hits |= {first + place: (hit, count - place) for place in range(count)}
        extra = {index for one in by_record for index in one}
        self._indexes = sorted({*self._bits, *self._hits, *extra})

    @property
    def layout(self) -> Hashable:
        """What `columns` mean: equal layouts make equal columns say the same."""
        words = tuple(tuple(bits) for _, bits in self._words)
        return words, tuple(hit[1:] for hit in self._tables)

    @property
    def columns(self) -> list[tuple[Array, int]]:
        """What tells rows apart by the rules that fired, where the columns answered.

        Whole numbers from 0, each column with a number that its values are below.
        """
        found: list[tuple[Array, int]] = []
        for word, bits in self._words:
            width = max(mask for mask, _ in bits).bit_length()
            if width <= WIDE:
                found.append((word, 1 << width))
                continue
            for shift in range(0, width, WIDE):
                part = np.right_shift(word, shift) & ((1 << WIDE) - 1)
                found.append((part, 1 << min(WIDE, width - shift)))
        found += [(hit, count + 1) for hit, _, count in self._tables]
        return found

    def __getitem__(self, index: int) -> Array:
        """Return the mask of a rule, a new array.

        Raises:
            KeyError: The rule has fired on no row and could not.
        """
        mask = np.zeros(self.size, dtype=bool)
        if index in self._hits:
            hit, place = self._hits[index]
            mask = hit == place
        elif index in self._bits:
            for word, bits in self._bits[index]:
                mask |= (word & bits) != 0
        elif index not in self._indexes:
            raise KeyError(index)
        for at, fired in zip(self.odd.tolist(), self.by_record, strict=True):
            mask[at] = index in fired
        return mask

    def __iter__(self) -> Iterator[int]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)

    def counts(self) -> dict[int, int]:
        """Return on how many rows each rule fired."""
        found = dict.fromkeys(self._indexes, 0)
        for word, bits in self._words:
            if len(self.odd):
                word = np.delete(word, self.odd)
            each = _bit_counts(word, max(mask for mask, _ in bits).bit_length())
            for mask, index in bits:
                # Of several bits of one rule at most one is set.
                found[index] += sum(n for bit, n in enumerate(each) if mask >> bit & 1)
        for hit, first, count in self._tables:
            if len(self.odd):
                hit = np.delete(hit, self.odd)
            each = np.bincount(hit, minlength=count + 1).tolist()
            for place in range(count):
                found[first + place] += each[count - place]
        for fired in self.by_record:
            for index in set(fired):
                found[index] += 1
        return found


def _bit_counts(word: Array, bits: int) -> list[int]:
    """Return how often each bit is set in a column of words."""
    found = [0] * max(bits, LANE * LANES)
    for bit in range(min(bits, LANE)):
        # Bits that are a lane apart are added up together: a chunk is shorter than a lane counts.
        total = int(((word >> bit) & LOWEST_OF_LANES).sum())
        for lane in range(LANES):
            found[bit + LANE * lane] = total >> LANE * lane & (1 << LANE) - 1
    return found


WIDE: Final = 16
"""Bits in one of the columns that tell rows apart."""

LANE: Final = 16
LANES: Final = 4
LOWEST_OF_LANES: Final = sum(1 << LANE * lane for lane in range(LANES))


@dataclass(frozen=True, slots=True)
class Chunk:
    """The results of the rows from `start` on.

    `values` and `certainties` are by concluded field; of a `many` field the values are lists of
    (value, certainty). `fired` maps the index of a rule or row to the rows on which it fired.
    `one_by_one` counts the rows that the single-record function answered. `reports` says what was
    strange, about which field or table, and on which rows of the chunk. `exact` has, by field and
    row of the chunk, the moments and durations that are not exact as numbers.
    """

    start: int
    values: Mapping[str, Array]
    certainties: Mapping[str, Array]
    fired: Fired
    one_by_one: int
    reports: tuple[Report, ...] = ()
    exact: Mapping[tuple[str, int], Value] = field(default_factory=dict)

    @property
    def counts(self) -> dict[int, int]:
        """On how many rows each rule or row fired."""
        return self.fired.counts()


def column_run(engine: Engine) -> ColumnRun:
    """Return the column run of an engine, made once."""
    if engine.column_run is None:
        engine.column_run = ColumnRun(engine)
    run: ColumnRun = engine.column_run
    return run


class ColumnRun:
    """A program with `single_record`, ready to run over columns."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # An allocator that has seen a large block come and go keeps the chunks' memory, instead
        # of giving it back after each of them (glibc's threshold follows the largest block).
        np.empty(1 << 24, dtype=np.uint8)
        self.plan: ColumnPlan = plan_columns(engine.program)
        names = engine.compiled("columns", self.plan.source, COLUMN_NAMES)
        self._columns = names["columns"]
        self._complete_columns = names["complete_columns"]

    @property
    def concluded(self) -> tuple[str, ...]:
        """The concluded fields of the goal's type."""
        return tuple(name for name, _, _, _ in self.plan.outputs)

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """The rules that have no form over columns, with the reasons.

        The rows on which one of them may fire are answered one by one.
        """
        return self.plan.refused

    def run(
        self,
        columns: Mapping[str, Coded],
        rows: int,
        records: Records,
        host: Host,
        odd: Array | None = None,
    ) -> Iterator[Chunk]:
        """Yield the results chunk by chunk.

        Args:
            columns: The columns of the plan's inputs; a field without a column is unknown.
            rows: The number of rows.
            records: Gives the values of rows that columns do not settle.
            host: Functions, and what `today()` is.
            odd: A mask of rows that go one by one in any case (evidence for concluded fields).
        """
        table = TableRun(columns, host)
        for start in range(0, rows, CHUNK):
            stop = min(rows, start + CHUNK)
            chunk, complete = self._chunk(columns, start, stop)
            function = self._complete_columns if complete else self._columns
            table.inexact = None
            with np.errstate(all="ignore"):
                mask, words, hits, settled, strange = function(chunk, stop - start, table)
            for some in (None if odd is None else odd[start:stop], table.inexact):
                if some is not None:
                    mask = some if mask is None else mask | some
            yield self._finish(start, stop, (words, hits, settled, strange), mask, records, host)

    def _chunk(
        self, columns: Mapping[str, Coded], start: int, stop: int
    ) -> tuple[dict[str, Array], bool]:
        chunk: dict[str, Array] = {}
        complete = True
        for name, kind in self.plan.inputs:
            held = columns.get(name)
            if held is None:
                missing = np.nan if kind == "float" else -1
                chunk[name] = np.full(stop - start, missing)
                complete = False
                continue
            part = held.values[start:stop]
            chunk[name] = part
            if complete:
                complete = _is_complete(part, kind)
        return chunk, complete

    def _finish(
        self,
        start: int,
        stop: int,
        results: tuple[Any, Any, Any, Any],
        mask: Array | None,
        records: Records,
        host: Host,
    ) -> Chunk:
        size = stop - start
        words, hits, settled, strange = results
        values: dict[str, Array] = {}
        certainties: dict[str, Array] = {}
        for (name, kind, levels, many), (found, certain) in zip(
            self.plan.outputs, settled, strict=True
        ):
            if many:
                # Under `many` these are lists: the certainties and the keys of levels.
                values[name] = _held(levels, found, certain, size)
                certainties[name] = np.maximum.reduce([np.zeros(size), *found])
                continue
            values[name] = _objects(found, levels, kind) if kind in ("text", "none") else found
            certainties[name] = certain
        at = np.flatnonzero(mask) if mask is not None else np.zeros(0, dtype=np.int64)
        by_record = []
        exact: dict[tuple[str, int], Value] = {}
        reports: list[Report] = []
        for kind, about, where in strange:
            if mask is not None:
                where = where & ~mask
            reports.append((kind, about, np.flatnonzero(where)))
        if len(at):
            for name, _, _, many in self.plan.outputs:
                if not many:
                    values[name] = np.array(values[name])
                    certainties[name] = np.array(certainties[name])
            for row, given in zip(at.tolist(), records(at + start), strict=True):
                result = self.engine.record(given, host)
                self._one(row, result, values, certainties, exact)
                by_record.append(result.fired)
                reports += [(kind, about, np.array([row])) for kind, about in result.reports]
        fired = Fired(words, hits, size, at, by_record)
        return Chunk(start, values, certainties, fired, len(at), tuple(reports), exact)

    def _one(
        self,
        at: int,
        result: RecordResult,
        values: dict[str, Array],
        certainties: dict[str, Array],
        exact: dict[tuple[str, int], Value],
    ) -> None:
        """Write the answer of the single-record function over the columns."""
        for name, kind, levels, many in self.plan.outputs:
            if many:
                values[name][at] = result.held(name)
                certainties[name][at] = result.settled(name)[1]
                continue
            value, certainty = result.settled(name)
            if kind in ("float", "level", "boolean"):
                coded = values[name][at] = encode(value, kind, tuple(map(str, levels)))
                if not is_exact(value, coded):
                    exact[name, at] = value
            else:
                values[name][at] = value
            certainties[name][at] = certainty


def _is_complete(part: Array, kind: str) -> bool:
    if kind == "float":
        return part.dtype.kind == "i" or not np.isnan(part).any()
    return not len(part) or part.min() >= 0


def _objects(codes: Array, texts: tuple[Value, ...], kind: str) -> Array:
    """Return texts by their codes, and no value where a type has no column; -1 is unknown."""
    named = np.empty(len(texts) + 1, dtype=object)
    named[:] = (*texts, UNKNOWN)
    return named[codes] if kind == "text" else np.full(len(codes), UNKNOWN, dtype=object)


def _held(
    levels: tuple[Value, ...], certain: list[Array], keys: list[Array | None], size: int
) -> Array:
    """Return, for each row, the (value, certainty) pairs above 0 of a `many` field, best first.

    Where there are keys they decide the order.
    """
    orders = [column if key is None else key for column, key in zip(certain, keys, strict=True)]
    known: dict[tuple[Any, ...], tuple[tuple[Value, float], ...]] = {}

    def pairs(at: int, row: tuple[Any, ...]) -> tuple[tuple[Value, float], ...]:
        each = [float(column[at]) for column in certain]
        every = sorted(zip(row, levels, each, strict=True), key=lambda one: -one[0])
        found = known[row] = tuple((name, one) for _, name, one in every if one > 0.0)
        return found

    if not orders:
        return np.fromiter(((),) * size, dtype=object, count=size)
    rows = enumerate(zip(*(order.tolist() for order in orders), strict=True))
    found = (known[row] if row in known else pairs(at, row) for at, row in rows)
    return np.fromiter(found, dtype=object, count=size)
