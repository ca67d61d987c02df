"""Parquet files in pieces: whole small row groups, or parts of a large one. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from heuron.learn.csv_text import refused_file
from heuron.learn.pieces import Piece
from heuron.learn.source import Raw

__all__ = ["ParquetPieces"]


class ParquetPieces:
    """A parquet file that is read in pieces; pieces in a row go through one decoder.

    Args:
        path: The file.
        shown: What messages call it.
        rows: The most rows of a piece.

    Raises:
        RuleError: It is no parquet file, has no rows, or pyarrow is not installed.
    """

    in_order = True

    def __init__(self, path: Path, shown: str, rows: int) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            hint = 'pip install "heuron[parquet]"'
            raise refused_file("bad-data", shown, "reading parquet needs pyarrow", hint) from None
        self.path = path
        self._shown = shown
        self._rows = rows
        self._errors = (pyarrow.ArrowException, OSError)
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
        except self._errors as error:
            raise self._damaged(error) from None
        self.names: tuple[str, ...] = tuple(schema.names)
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise refused_file("bad-data", shown, f'two columns are called "{twice}"')
        if not metadata.num_rows:
            raise refused_file("bad-data", shown, "it has no rows")
        self._texts = [one.name for one in schema if str(one.type) in ("string", "large_string")]
        sizes = [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]
        self.pieces: tuple[Piece, ...] = tuple(_pieces(sizes, rows))
        self._file: Any = None
        self._batches: Iterator[Any] | None = None
        self._next: tuple[int, tuple[str, ...]] | None = None

    def columns(self, piece: Piece, names: Collection[str]) -> dict[str, Any] | None:
        """Return columns of a piece as arrow arrays."""
        wanted = tuple(name for name in self.names if name in names)
        try:
            table = self._table(piece, wanted)
        except self._errors as error:
            raise self._damaged(error) from None
        return {name: table.column(name) for name in wanted}

    def raw(self, piece: Piece, names: Collection[str]) -> Raw:
        """Return columns of a piece as Python values."""
        columns = self.columns(piece, names) or {}
        listed = {name: column.to_pylist() for name, column in columns.items()}
        return Raw(self._shown, listed, "", first_row=piece.start)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file = self._batches = self._next = None

    def _table(self, piece: Piece, names: tuple[str, ...]) -> Any:
        if piece.last - piece.first > 1 or not piece.skipped:
            self._batches = None
        if piece.last - piece.first > 1:
            return self._opened().read_row_groups(range(piece.first, piece.last), list(names))
        if self._batches is None or self._next != (piece.number, names):
            # A row group can only be read from its beginning.
            self._batches = self._opened().iter_batches(
                self._rows, row_groups=[piece.first], columns=list(names)
            )
            for _ in range(piece.skipped // self._rows):
                next(self._batches)
        batch = next(self._batches)
        self._next = (piece.number + 1, names)
        assert batch.num_rows == piece.rows, "a row group was cut otherwise than planned"
        return batch

    def _opened(self) -> Any:
        if self._file is None:
            import pyarrow.parquet

            # Texts stay in their dictionaries, so that each distinct one is looked at once.
            self._file = pyarrow.parquet.ParquetFile(
                self.path, memory_map=True, read_dictionary=self._texts
            )
        return self._file

    def _damaged(self, error: Exception) -> Exception:
        return refused_file("bad-data", self._shown, f"it is no parquet file: {error}")


def _pieces(sizes: list[int], rows: int) -> Iterator[Piece]:
    """Yield the pieces of row groups of those sizes: small ones together, large ones in parts."""
    number, start, first, held = 0, 0, 0, 0
    for group, size in enumerate(sizes):
        if held and held + size > rows:
            yield Piece(number, held, start, first, group)
            number, start, held = number + 1, start + held, 0
        if not held:
            first = group
        if size <= rows:
            held += size
            continue
        for skipped in range(0, size, rows):
            part = min(rows, size - skipped)
            yield Piece(number, part, start, group, group + 1, skipped)
            number, start = number + 1, start + part
    if held:
        yield Piece(number, held, start, first, len(sizes))
