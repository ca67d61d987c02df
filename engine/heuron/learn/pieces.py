"""A table on disk as pieces: runs of rows, each of which can be read without the others.

Owns `Piece` and the protocol of files that are read so. Where the pieces begin depends on the
file and on the wanted size alone, so that any number of workers reads the same ones.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from heuron.learn.csv_text import refused_file
from heuron.learn.source import Raw

__all__ = ["LARGE_PIECE_ROWS", "PIECE_ROWS", "Piece", "TableFile", "is_streamed", "open_table"]

PIECE_ROWS: Final = 65_536
"""Rows of a piece: its columns take a few megabytes."""
LARGE_PIECE_ROWS: Final = 262_144
"""Rows of a piece of a large parquet file, where what a piece costs by itself would show."""

PARQUET: Final = (".parquet", ".pq")
CSV: Final = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of rows of a file.

    Attributes:
        number: Its place among the pieces, from 0.
        rows: How many rows it has; of a CSV file how many lines, which may be empty ones.
        start: Of a parquet file the rows before it, of a CSV file the line of its first row.
        first: Of a parquet file its first row group, of a CSV file the byte where it begins.
        last: The row group, or the byte, after its last one.
        skipped: The rows of the first row group that belong to pieces before it.
    """

    number: int
    rows: int
    start: int
    first: int
    last: int
    skipped: int = 0


class TableFile(Protocol):
    """A file that can be read in pieces; threads may share it unless they are read in order."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Its pieces, in order."""

    @property
    def in_order(self) -> bool:
        """Whether one reader goes from piece to piece; else each is read by itself."""

    def columns(self, piece: Piece, names: Collection[str]) -> dict[str, Any] | None:
        """Return columns of a piece as arrow arrays; None where only `raw` can read it."""

    def raw(self, piece: Piece, names: Collection[str]) -> Raw:
        """Return columns of a piece as Python values, with the places of their rows.

        Raises:
            RuleError: It is no table there; the message says where.
        """

    def close(self) -> None:
        """Close the file."""


def is_streamed(path: str | Path) -> bool:
    """Return whether a file is of a kind that is read in pieces, by its ending."""
    return Path(path).suffix.lower() in (*PARQUET, *CSV)


def open_table(path: str | Path, rows: int = PIECE_ROWS, shown: str | None = None) -> TableFile:
    """Open a CSV or parquet file that is to be read in pieces of about so many rows.

    Args:
        path: The file.
        rows: The most rows of a piece.
        shown: What messages call it; by default the path as given.

    Raises:
        RuleError: It is not there, or it is no such table.
    """
    file, name = Path(path), shown or str(path)
    if not file.is_file():
        what = "a folder, no file, at" if file.is_dir() else "no data at"
        raise refused_file("not-found", name, f"{what} {file.resolve()}")
    if file.suffix.lower() in PARQUET:
        from heuron.learn.parquet_pieces import ParquetPieces

        return ParquetPieces(file, name, rows)
    if file.suffix.lower() in CSV:
        from heuron.learn.csv_pieces import CsvPieces

        return CsvPieces(file, name, rows)
    hint = "Only .csv and .parquet files are read in pieces."
    raise refused_file("bad-data", name, "it is of no known kind", hint)
