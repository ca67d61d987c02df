"""The rules' answers for the rows of a piece through the column plan, and which rules led to them.

Rows on which the same rules fired are of one pattern. Where all that rules conclude is constant,
the pattern decides what each rule contributed to the goal, so one row of each is looked at.
Imports numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heuron.compare.said import Said
from heuron.compare.shots import Contributions, contributions
from heuron.infer.columns import column_run
from heuron.knowledge.coding import constant
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.plan.columnexpressions import column_kind
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.evidence import Evidence

__all__ = ["ColumnRules", "Fired", "RulesSaid", "evidence_of"]

Array = Any
BITS: Final = 62
"""So many rules have their bits in one whole number."""


@dataclass(frozen=True, slots=True)
class RulesSaid:
    """The rules' answers, and the values and certainties of all that they concluded, by field."""

    said: Said
    values: Mapping[str, Array]
    certainties: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Fired:
    """What rules contributed to the goal.

    Attributes:
        patterns: The patterns that occur.
        of_row: The place of each row's pattern.
        losses: [right answers lost, won, answers changed] without each rule, where that was
            counted already and does not follow from the patterns.
    """

    patterns: tuple[Contributions, ...]
    of_row: Array
    losses: Mapping[str, list[int]] | None = None


class ColumnRules:
    """Rules about single records, asked about pieces; what it found out of patterns is kept."""

    def __init__(self, kb: KnowledgeBase, contract: Contract, today: date) -> None:
        self._kb = kb
        self._contract = contract
        self._today = today
        self._run = column_run(kb.engine)
        self._host = kb.host(today=today)
        self._known: dict[tuple[int, ...], Contributions] = {}
        self._constant = all(one[3] is not None for one in kb.engine.layout.values())

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
        fired = self._fired(piece, [one.fired for one in parts], [one.start for one in parts])
        return RulesSaid(said, values, certain), fired

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

    def _fired(
        self, piece: CodedPiece, parts: list[Mapping[int, Array]], starts: list[int]
    ) -> Fired:
        found: dict[Contributions, int] = {}
        of_row = []
        given = any(name in piece.columns for name in self._contract.concluded - {
            self._contract.goal
        })  # fmt: skip
        for fired, start in zip(parts, starts, strict=True):
            size = len(next(iter(fired.values()))) if fired else piece.rows - start
            if not self._constant or given:
                each = [
                    self._contributions(piece, start + at) for at in range(min(size, piece.rows))
                ]
                of_row.append(np.array([found.setdefault(one, len(found)) for one in each]))
                continue
            places, patterns, firsts = patterns_of(fired, size)
            lut = []
            for pattern, first in zip(patterns, firsts, strict=True):
                known = self._known.get(pattern)
                if known is None:
                    known = self._known[pattern] = self._contributions(piece, start + first)
                lut.append(found.setdefault(known, len(found)))
            of_row.append(np.array(lut, dtype=np.int32)[places])
        return Fired(tuple(found), _joined(of_row))

    def _contributions(self, piece: CodedPiece, row: int) -> Contributions:
        evidence = evidence_of(self._kb, self._contract, piece, row)
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


def patterns_of(
    fired: Mapping[int, Array], size: int
) -> tuple[Array, list[tuple[int, ...]], list[int]]:
    """Return which pattern each row is of, the patterns, and the first row of each.

    A pattern is the tuple of the rules that fired, by index.
    """
    indexes = sorted(fired)
    places = np.zeros(size, dtype=np.int64)
    patterns: list[tuple[int, ...]] = [()]
    for begin in range(0, len(indexes), BITS):
        some = indexes[begin : begin + BITS]
        code = np.zeros(size, dtype=np.int64)
        for bit, index in enumerate(some):
            code |= fired[index].astype(np.int64) << bit
        codes, within = _distinct(code)
        joint, inverse = _distinct(places * len(codes) + within)
        words = [tuple(one for bit, one in enumerate(some) if word >> bit & 1) for word in codes]
        pairs = (divmod(one, len(codes)) for one in joint)
        patterns = [patterns[before] + words[word] for before, word in pairs]
        places = inverse
    firsts = np.zeros(len(patterns), dtype=np.int64)
    firsts[places[::-1]] = np.arange(size - 1, -1, -1)
    return places, patterns, firsts.tolist()


def _distinct(code: Array) -> tuple[list[int], Array]:
    """Return the distinct numbers, ascending, and the place of each row's number."""
    most = int(code.max(initial=0))
    if most < 1 << 16:
        present = np.flatnonzero(np.bincount(code, minlength=1))
        lut = np.zeros(most + 1, dtype=np.int64)
        lut[present] = np.arange(len(present))
        return present.tolist(), lut[code]
    values, places = np.unique(code, return_inverse=True)
    return values.tolist(), places


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
