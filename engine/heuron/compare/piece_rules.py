"""The rules' answers for the rows of a piece through the column plan, and which rules led to them.

Rows on which the same rules fired are of one pattern. Where all that rules conclude is constant,
the pattern decides what each rule contributed to the goal, so one row of each is looked at.
Imports numpy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.decided import Decided, computed_fields
from heuron.compare.joint import joint_codes
from heuron.compare.patterns import Fired, PatternBook
from heuron.compare.said import Said
from heuron.compare.shots import Contributions, contributions
from heuron.infer.columns import Chunk, column_run
from heuron.knowledge.coding import constant
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.plan.columnexpressions import column_kind
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.evidence import Evidence

__all__ = ["ColumnRules", "RulesSaid", "evidence_of"]

Array = Any


@dataclass(frozen=True, slots=True)
class RulesSaid:
    """The rules' answers, and the values and certainties of all that they concluded, by field."""

    said: Said
    values: Mapping[str, Array]
    certainties: Mapping[str, Array]


class ColumnRules:
    """Rules about single records, asked about pieces; what it found out of patterns is kept."""

    def __init__(self, kb: KnowledgeBase, contract: Contract, today: date) -> None:
        self._kb = kb
        self._contract = contract
        self._today = today
        self._run = column_run(kb.engine)
        self._host = kb.host(today=today)
        self._book = PatternBook(contract)
        self._known: dict[Hashable, dict[Hashable, int]] = {}
        self._decided = Decided(kb.engine)
        self._computed = computed_fields(kb.engine.program, contract.template.name, contract.goal)

    def ask(self, piece: CodedPiece) -> tuple[RulesSaid, Fired]:
        """Return what the rules say of a piece."""
        start = perf_counter()
        columns, odd = self._columns(piece)
        records = _records(self._contract, columns)
        parts = list(self._run.run(columns, piece.rows, records, self._host, odd))
        goal = self._contract.goal
        names = [name for name, _, _, _ in self._run.plan.outputs]
        values = {name: _joined([one.values[name] for one in parts]) for name in names}
        certain = {name: _joined([one.certainties[name] for one in parts]) for name in names}
        answers = values.get(goal)
        if answers is None:  # no rule concludes the goal
            missing = np.nan if self._contract.is_regression else -1
            answers, certain[goal] = np.full(piece.rows, missing), np.zeros(piece.rows)
        seconds = perf_counter() - start
        said = Said(answers, certainty=certain[goal], seconds=seconds)
        return RulesSaid(said, values, certain), self._fired(piece, parts, odd)

    def _columns(self, piece: CodedPiece) -> tuple[dict[str, Any], Array | None]:
        """Return the columns less the goal, defaults added, and the rows with given conclusions."""
        columns = {name: one for name, one in piece.columns.items() if name != self._contract.goal}
        odd: Array | None = None
        for name in self._contract.concluded:
            if name in columns:
                held = columns[name].values
                given = held == held if held.dtype.kind == "f" else held >= 0
                odd = given if odd is None else odd | given
        for field in self._contract.template.fields:
            absent = field.name not in columns and field.name != self._contract.goal
            if absent and field.default is not None and column_kind(field.type) is not None:
                columns[field.name] = constant(field, field.default, piece.rows)
        return columns, odd

    def _fired(self, piece: CodedPiece, parts: Sequence[Chunk], given: Array | None) -> Fired:
        """Return the pattern of contributions of each row.

        Args:
            piece: The rows.
            parts: What the rules said of them.
            given: The rows with evidence for what rules conclude, each of which is looked at.
        """
        alone = np.ones(piece.rows, dtype=bool) if self._computed is None else given
        of_row = [
            self._numbers(piece, list(some), layout, alone)
            for layout, some in groupby(parts, lambda one: one.fired.layout)
        ]
        return Fired(self._book, _joined(of_row))

    def _numbers(
        self, piece: CodedPiece, parts: Sequence[Chunk], layout: Hashable, alone: Array | None
    ) -> Array:
        """Return the number of each row's pattern; rows that are `alone` are looked at one by one.

        Rows are of one kind when the same rules fired and the same computed fields are known:
        then all certainties are the same, and so is what each rule contributed.
        """
        start, size = parts[0].start, sum(one.fired.size for one in parts)
        certain = [
            _joined([one.certainties[name] for one in parts]) != 0.0
            for name in self._computed or ()
        ]
        by_row: dict[int, int] = {}
        for at in np.flatnonzero(alone[start : start + size]).tolist() if alone is not None else ():
            by_row[at] = self._book.number(self._contributions(piece, start + at))
        known = self._known.setdefault(None, {})
        for part in parts:
            before = part.start - start
            for row, rules in zip(part.fired.odd.tolist(), part.fired.by_record, strict=True):
                at = before + row
                if at not in by_row:
                    kind = (tuple(rules), tuple(bool(one[at]) for one in certain))
                    by_row[at] = self._number(known, kind, piece, start + at)
        every = [one.fired.columns for one in parts]
        columns = [
            (_joined([one[place][0] for one in every]), every[0][place][1])
            for place in range(len(every[0]))
        ]
        columns += [(one, 2) for one in certain]
        if not by_row:
            return self._of_kinds(piece, columns, start, None, size, layout)
        rest = np.ones(size, dtype=bool)
        rest[list(by_row)] = False
        rows = np.flatnonzero(rest)
        numbers = np.zeros(size, dtype=np.int64)
        numbers[list(by_row)] = list(by_row.values())
        some = [(one[rows], below) for one, below in columns]
        numbers[rows] = self._of_kinds(piece, some, start, rows, len(rows), layout)
        return numbers

    def _of_kinds(
        self,
        piece: CodedPiece,
        columns: Sequence[tuple[Array, int]],
        start: int,
        rows: Array | None,
        size: int,
        layout: Hashable,
    ) -> Array:
        """Return the numbers of the patterns of rows that columns tell apart.

        Args:
            piece: Where they are.
            columns: What tells them apart.
            start: The place of the first of them in the piece.
            rows: Their places from there; None: they follow each other.
            size: How many there are.
            layout: What the columns mean.
        """
        kinds, keys = joint_codes(columns, size)
        known = self._known.setdefault(layout, {})
        if any(key not in known for key in keys):
            firsts = np.zeros(len(keys), dtype=np.int64)
            firsts[kinds[::-1]] = np.arange(size - 1, -1, -1)
            if rows is not None:
                firsts = rows[firsts]
            for key, first in zip(keys, firsts.tolist(), strict=True):
                self._number(known, key, piece, start + first)
        return np.array([known[key] for key in keys], dtype=np.int64).take(kinds)

    def _number(
        self, known: dict[Hashable, int], kind: Hashable, piece: CodedPiece, row: int
    ) -> int:
        """Return the number of the pattern of a kind of rows, of which `row` is one."""
        number = known.get(kind)
        if number is None:
            number = known[kind] = self._book.number(self._contributions(piece, row))
        return number

    def _contributions(self, piece: CodedPiece, row: int) -> Contributions:
        """Return what rules contributed on a row."""
        evidence = evidence_of(self._kb, self._contract, piece, row)
        if self._contract.concluded.isdisjoint(evidence.record):
            found = self._decided.contributions(evidence.record, self._host)
            if found is not None:
                return found
        return contributions(self._kb, evidence, self._today)


def evidence_of(kb: KnowledgeBase, contract: Contract, piece: CodedPiece, row: int) -> Evidence:
    """Return one row of a piece as evidence, the goal hidden."""
    values = piece.values(np.array([row]), contract)
    return kb.evidence(
        {
            name: cells[0]
            for name, cells in values.items()
            if name != contract.goal and cells[0] is not UNKNOWN
        }
    )


def _records(contract: Contract, columns: Mapping[str, Any]) -> Any:
    """Return what gives the values of some rows, for rows that columns do not settle."""

    def records(rows: Array) -> Iterator[dict[str, Value]]:
        decoded = {
            name: one.decoded(rows, contract.template[name].type) for name, one in columns.items()
        }
        for cells in zip(*decoded.values(), strict=True) if decoded else ((),) * len(rows):
            yield dict(zip(decoded, cells, strict=True))

    return records


def _joined(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
