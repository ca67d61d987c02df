"""Tables of rules that join facts or take steps: a session for each row, its answer as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.infer.coded import Coded, is_exact
from heuron.infer.columns import CHUNK, Chunk, Fired, Report
from heuron.infer.host import Host
from heuron.plan.columnexpressions import column_kind, encode
from heuron.plan.columns import rules_without_columns
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.columns import Records
    from heuron.infer.load import Engine

__all__ = ["RowRun"]

Array = Any


class RowRun:
    """A program whose goal is not about single records alone, run row by row.

    It answers as `ColumnRun` does.
    """

    def __init__(self, engine: Engine) -> None:
        assert engine.goal is not None
        self.engine = engine
        self.type_name = engine.goal[0]
        program = engine.program
        self.fields = tuple(
            one
            for one in program.templates[self.type_name].fields
            if (self.type_name, one.name) in program.concluded
        )
        self._many = {name for type_name, name in program.many if type_name == self.type_name}
        self._indexes = {rule["name"]: index for index, rule in engine.rules.items()}
        self._has_steps = bool(program.steps)

    @property
    def concluded(self) -> tuple[str, ...]:
        """The concluded fields of the goal's type."""
        return tuple(one.name for one in self.fields)

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """The rules that have no form over columns, with the reasons."""
        return rules_without_columns(self.engine.program)

    def run(
        self,
        columns: Mapping[str, Coded],
        rows: int,
        records: Records,
        host: Host,
        odd: Array | None = None,
    ) -> Iterator[Chunk]:
        """Yield the results chunk by chunk; see `ColumnRun.run`."""
        for start in range(0, rows, CHUNK):
            yield self._chunk(start, min(CHUNK, rows - start), records, host)

    def _chunk(self, start: int, size: int, records: Records, host: Host) -> Chunk:
        values = {one.name: self._empty(one.name, size) for one in self.fields}
        certainties = {one.name: np.zeros(size) for one in self.fields}
        by_record = []
        exact: dict[tuple[str, int], Value] = {}
        reports: list[Report] = []
        every = np.arange(size)
        for at, record in enumerate(records(every + start)):
            state = self.engine.session(host)
            number = state.add(self.type_name, record)
            if self._has_steps:
                state.run()
            for one in self.fields:
                held = state.values(number, one.name)
                if one.name in self._many:
                    values[one.name][at] = tuple(held)
                else:
                    value = held[0][0] if held else UNKNOWN
                    kind = column_kind(one.type) or "none"
                    if kind in ("float", "level", "boolean"):
                        coded = values[one.name][at] = encode(value, kind, one.type.levels)
                        if not is_exact(value, coded):
                            exact[one.name, at] = value
                    else:
                        values[one.name][at] = value
                certainties[one.name][at] = held[0][1] if held else 0.0
            fired = dict.fromkeys(self._indexes[one.rule] for one in state.definitions())
            by_record.append(tuple(fired))
            reports += [
                (kind, about, np.array([at]))
                for kind, about, whose in state.reports()
                if whose == number
            ]
        ran = Fired((), (), size, every, by_record)
        return Chunk(start, values, certainties, ran, size, tuple(reports), exact)

    def _empty(self, name: str, size: int) -> Array:
        field = next(one for one in self.fields if one.name == name)
        kind = column_kind(field.type)
        if name in self._many or kind in ("text", None):
            return np.full(size, UNKNOWN, dtype=object)
        return np.full(size, np.nan) if kind == "float" else np.full(size, -1)
