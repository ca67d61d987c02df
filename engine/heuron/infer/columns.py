"""Running the column plan: chunks of columns in, settled columns out; odd rows one by one.

Imports numpy; nothing on the way of a single answer imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heuron.infer.coded import Coded
from heuron.infer.host import Host
from heuron.plan.columncontract import COLUMN_NAMES
from heuron.plan.columnexpressions import encode
from heuron.plan.columns import ColumnPlan, plan_columns
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.record import RecordResult

__all__ = ["Chunk", "ColumnRun", "column_run"]

CHUNK: Final = 16_384
"""Rows at a time: a chunk's columns stay in the processor's cache."""

Array = Any
Records = Callable[[Array], Iterator[Mapping[str, Value]]]
"""From the places of rows to their values, for rows that columns do not settle."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The results of the rows from `start` on.

    `values` and `certainties` are by concluded field; of a `many` field the values are lists of
    (value, certainty). `masks` maps the index of a rule or row to the rows on which it fired;
    `hits` the index of the first row of a first-hit table to the place of the row that hit (-1:
    none did) and the number of its rows. `one_by_one` counts the rows that the single-record
    function answered.
    """

    start: int
    values: Mapping[str, Array]
    certainties: Mapping[str, Array]
    masks: Mapping[int, Array]
    hits: Mapping[int, tuple[Array, int]]
    one_by_one: int

    @property
    def fired(self) -> dict[int, Array]:
        """The rows on which each rule or row fired, by index."""
        found = dict(self.masks)
        for index, (hit, count) in self.hits.items():
            found.update((index + at, hit == at) for at in range(count))
        return found

    @property
    def counts(self) -> dict[int, int]:
        """On how many rows each rule or row fired."""
        found = {index: int(np.count_nonzero(mask)) for index, mask in self.masks.items()}
        for index, (hit, count) in self.hits.items():
            rows = np.bincount(hit + 1, minlength=count + 1)[1:].tolist()
            found.update((index + at, one) for at, one in enumerate(rows))
        return found


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
        self.plan: ColumnPlan = plan_columns(engine.program)
        self._functions: dict[str, Any] = {}
        if self.plan.source:
            names = engine.compiled("columns", self.plan.source, COLUMN_NAMES)
            self._functions = {one: names[one] for one in ("columns", "complete_columns")}

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """The rules that have no form over columns, with the reasons; then all runs by records."""
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
        for start in range(0, rows, CHUNK):
            stop = min(rows, start + CHUNK)
            if not self._functions:
                mask = np.ones(stop - start, dtype=bool)
                yield self._finish(start, stop, {}, mask, records, host)
                continue
            chunk, complete = self._chunk(columns, start, stop)
            function = self._functions["complete_columns" if complete else "columns"]
            with np.errstate(all="ignore"):
                mask, fired, settled = function(
                    chunk, stop - start, self._code(columns), _day(host.today)
                )
            if odd is not None:
                some = odd[start:stop]
                mask = some if mask is None else mask | some
            results = {"fired": fired, "settled": settled}
            yield self._finish(start, stop, results, mask, records, host)

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

    def _code(self, columns: Mapping[str, Coded]) -> Callable[[str, str], int]:
        def code(field: str, text: str) -> int:
            held = columns.get(field)
            return -2 if held is None or held.codes is None else held.codes.get(text, -2)

        return code

    def _finish(
        self,
        start: int,
        stop: int,
        results: Mapping[str, Any],
        mask: Array | None,
        records: Records,
        host: Host,
    ) -> Chunk:
        size = stop - start
        values: dict[str, Array] = {}
        certainties: dict[str, Array] = {}
        for place, (name, kind, levels, many) in enumerate(self.plan.outputs):
            found, certain = results["settled"][place] if results else (None, None)
            if many:
                values[name] = _held(levels, certain, size)
                certainties[name] = np.array([one[0][1] if one else 0.0 for one in values[name]])
            else:
                values[name] = _writable(found, size, np.nan if kind == "float" else -1)
                certainties[name] = _writable(certain, size, 0.0)
        masks: dict[int, Array] = {}
        hits: dict[int, tuple[Array, int]] = {}
        for index, held in (results["fired"] if results else {}).items():
            if isinstance(held, tuple):
                hits[index] = held
            else:
                masks[index] = np.array(np.broadcast_to(held, (size,)))
        odd = np.flatnonzero(mask) if mask is not None else np.zeros(0, dtype=np.int64)
        if len(odd):
            chunk = Chunk(start, values, certainties, masks, hits, len(odd))
            for at, row in zip(odd.tolist(), records(odd + start), strict=True):
                _one(chunk, at, self.engine.record(row, host), self.plan.outputs)
        return Chunk(start, values, certainties, masks, hits, len(odd))


def _one(
    chunk: Chunk,
    at: int,
    result: RecordResult,
    outputs: Sequence[tuple[str, str, tuple[str, ...], bool]],
) -> None:
    """Write the answer of the single-record function over the columns of a chunk."""
    values: Any = chunk.values
    masks: Any = chunk.masks
    certainties, hits = chunk.certainties, chunk.hits
    for name, kind, levels, many in outputs:
        if many:
            values[name][at] = result.held(name)
            certainties[name][at] = result.settled(name)[1]
            continue
        value, certainty = result.settled(name)
        if kind in ("float", "level", "boolean"):
            values[name][at] = encode(value, kind, levels)
        else:
            if values[name].dtype != object:
                values[name] = np.full(len(values[name]), UNKNOWN, dtype=object)
            values[name][at] = value
        certainties[name][at] = certainty
    for mask in masks.values():
        mask[at] = False
    for hit, _ in hits.values():
        hit[at] = -1
    for index in result.fired:
        table = next((one for one in hits if one <= index < one + hits[one][1]), None)
        if table is not None:
            hits[table][0][at] = index - table
            continue
        if index not in masks:
            masks[index] = np.zeros(len(certainties[outputs[0][0]]), dtype=bool)
        masks[index][at] = True


def _is_complete(part: Array, kind: str) -> bool:
    if kind == "float":
        return part.dtype.kind == "i" or not np.isnan(part).any()
    return not len(part) or part.min() >= 0


def _day(today: date) -> float:
    return float(today.toordinal())


def _writable(found: Array | None, size: int, missing: float) -> Array:
    if found is None:
        return np.full(size, missing)
    return np.array(np.broadcast_to(found, (size,)))


def _held(levels: tuple[str, ...], certain: list[Array | None] | None, size: int) -> Array:
    """Return, for each row, the (value, certainty) pairs above 0 of a `many` field, best first."""
    held: Array = np.empty(size, dtype=object)
    columns = [
        (level, column) for level, column in zip(levels, certain or [], strict=False)
        if column is not None
    ]  # fmt: skip
    for at in range(size):
        pairs = [(level, float(column[at])) for level, column in columns if column[at] > 0.0]
        pairs.sort(key=lambda pair: -pair[1])
        held[at] = tuple(pairs)
    return held
