"""Pieces of a table as coded columns: what `columns` makes of cells, a column at a time.

A column of numbers is checked by its least and greatest one; of every other column each distinct
cell is read once. Where a cell is refused the piece is read again cell by cell, so that messages
name the row. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heuron.diagnostics import RuleError
from heuron.infer.coded import Coded
from heuron.knowledge.coding import coded_values, distinct_cells, numeric_column
from heuron.learn.columns import Cells, cell_reader, match_columns, type_columns
from heuron.learn.contract import Contract
from heuron.learn.pieces import Piece, TableFile
from heuron.learn.settings import DataSettings
from heuron.learn.source import Raw
from heuron.plan.columnexpressions import column_kind
from heuron.values import Field, Value

__all__ = ["CodedPiece", "PieceReader"]

Array = Any


@dataclass(frozen=True, slots=True)
class CodedPiece:
    """The usable rows of a piece.

    Attributes:
        piece: Where they are in the file.
        rows: How many are usable: the goal is known, and no cell is refused.
        columns: Coded columns by field, the goal included.
        kept: The places of the usable rows in the piece; None: all of them.
        read: How many rows were read.
        trained: How many rows were left out because a model was trained on them.
    """

    piece: Piece
    rows: int
    columns: Mapping[str, Coded]
    kept: Array | None
    read: int
    trained: int = 0

    def chosen(self, places: Array) -> CodedPiece:
        """Return the piece with some of its usable rows only, by their places."""
        columns = {name: Coded(one.values[places], one.texts) for name, one in self.columns.items()}
        kept = places if self.kept is None else self.kept[places]
        return CodedPiece(self.piece, len(places), columns, kept, self.read, self.trained)

    def values(self, rows: Array, contract: Contract) -> dict[str, list[Value]]:
        """Return the values of some rows (a selection of numpy), by field."""
        types = contract.template
        return {name: one.decoded(rows, types[name].type) for name, one in self.columns.items()}


class PieceReader:
    """Reads the pieces of a file by a contract and what `data.toml` says.

    Args:
        contract: The template and the goal.
        settings: What columns and levels are called in the data.
        file: The file; closed with the reader.

    Raises:
        RuleError: The goal, or a field that is not optional, has no column.
    """

    def __init__(self, contract: Contract, settings: DataSettings, file: TableFile) -> None:
        self.contract = contract
        self.file = file
        self._settings = settings
        raw = Raw(str(file.path), {name: [] for name in file.names}, "")
        found = match_columns(contract, settings, raw)
        self._columns = {
            name: column
            for name, column in found.items()
            if column_kind(contract.template[name].type) is not None
        }
        self._cells = {
            name: cell_reader(
                contract.template[name], settings.levels.get(name, {}), name == contract.goal
            )
            for name in self._columns
        }

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have a column."""
        return tuple(self._columns)

    def read(self, piece: Piece) -> CodedPiece:
        """Return the usable rows of a piece.

        Raises:
            RuleError: Cells are refused (and `data.toml` does not allow it), or the file is no
                table there.
        """
        names = set(self._columns.values())
        arrays = self.file.columns(piece, names)
        if arrays is not None:
            coded = self._coded(arrays)
            if coded is not None:
                return self._usable(piece, coded, frozenset())
        raw = self.file.raw(piece, names)
        typed = type_columns(self.contract, self._settings, raw, self._columns)
        if any(one.is_error for one in typed.found):
            raise RuleError(typed.found)
        columns = {
            name: coded_values(self.contract.template[name], values)
            for name, values in typed.columns.items()
        }
        return self._usable(piece, columns, typed.bad_rows)

    def _coded(self, arrays: Mapping[str, Any]) -> dict[str, Coded] | None:
        """Return the columns coded, or None when a cell is refused."""
        columns = {}
        for name, column in self._columns.items():
            field = self.contract.template[name]
            found = _numbers(field, arrays[column]) if not self._cells[name].codes else None
            if found is None:
                found = _distinct(self._cells[name], arrays[column])
            if found is None:
                return None
            columns[name] = self._with_default(field, found)
        return columns

    def _with_default(self, field: Field, coded: Coded) -> Coded:
        """Return a column of numbers with the field's default in empty cells."""
        if field.default is None or field.name == self.contract.goal or coded.texts is not None:
            return coded
        if coded.values.dtype.kind != "f":
            return coded
        empty = np.isnan(coded.values)
        if not empty.any():
            return coded
        default = coded_values(field, [field.default]).values[0]
        return Coded(np.where(empty, default, coded.values))

    def _usable(
        self, piece: Piece, columns: Mapping[str, Coded], refused: frozenset[int]
    ) -> CodedPiece:
        goal = columns[self.contract.goal].values
        usable = goal == goal if goal.dtype.kind == "f" else goal >= 0
        if self.contract.is_regression and goal.dtype.kind != "f":
            usable = np.ones(len(goal), dtype=bool)
        if refused:
            usable[sorted(refused)] = False
        whole = CodedPiece(piece, len(goal), columns, None, len(goal))
        return whole if usable.all() else whole.chosen(np.flatnonzero(usable))


def _numbers(field: Field, column: Any) -> Coded | None:
    """Return a column of numbers, or None when its cells need a look one by one."""
    if field.type.kind not in ("number", "integer"):
        return None
    if str(column.type).startswith("dictionary"):
        return None
    if str(column.type) in ("string", "large_string"):
        column = _parsed(field, column)
    numbers = None if column is None else numeric_column(field, column)
    return None if numbers is None else Coded(numbers)


def _parsed(field: Field, column: Any) -> Any | None:
    """Return a column of texts as numbers, nulls where empty; None where one is no plain number."""
    import pyarrow
    import pyarrow.compute as compute

    whole = field.type.kind == "integer"
    if whole and compute.any(compute.match_substring(column, "x", ignore_case=True)).as_py():
        return None  # arrow reads 0x10 as sixteen
    known = compute.if_else(compute.equal(column, ""), None, column)
    try:
        numbers = known.cast(pyarrow.int64() if whole else pyarrow.float64())
    except pyarrow.ArrowException:
        return None
    if not whole and compute.any(compute.is_nan(numbers)).as_py():
        return None
    return numbers


def _distinct(cells: Cells, column: Any) -> Coded | None:
    """Return a column each of whose distinct cells is read once, or None when one is refused."""
    codes, distinct = distinct_cells(column)
    before = len(cells.refused)
    # The last of them is for the code -1: an empty cell.
    typed: Sequence[Value] = [cells.value(cell, 0) for cell in (*distinct, None)]
    if len(cells.refused) > before:
        del cells.refused[before:]
        cells.unmapped.clear()
        return None
    coded = coded_values(cells.field, typed)
    return Coded(coded.values[codes], coded.texts)
