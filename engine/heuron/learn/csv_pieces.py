"""CSV files in pieces, cut at ends of lines outside quotes, found by one look at all bytes.

With pyarrow a piece is read into arrow columns of texts; without it, or where pyarrow refuses, by
the standard library, whose messages name lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from heuron.knowledge.sources import separator_of
from heuron.learn.csv_text import EMPTY_FILE, csv_records, csv_text, header_names, refused_file
from heuron.learn.pieces import Piece
from heuron.learn.source import Raw

__all__ = ["CsvPieces"]

READ: Final = 1 << 22
"""Bytes that are looked at together for ends of lines."""
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that spreadsheets write."""
NEWLINE, QUOTE = 10, 34


class CsvPieces:
    """A CSV file that is read in pieces.

    Args:
        path: The file.
        shown: What messages call it.
        rows: The most rows of a piece.

    Raises:
        RuleError: It is empty, has no rows, or two of its columns have one name.
    """

    in_order = False

    def __init__(self, path: Path, shown: str, rows: int) -> None:
        self.path = path
        self._shown = shown
        with path.open("rb") as file:
            header, line, begin, first = self._header(file)
            self.pieces: tuple[Piece, ...] = tuple(_pieces(file, begin, first, rows))
        self._separator = separator_of(header)
        (_, record), *_ = csv_records(header, self._separator, shown, before=line - 1)
        self.names: tuple[str, ...] = header_names(record, shown, line)
        if not self.pieces:
            raise refused_file("bad-data", shown, "it has no rows")

    def columns(self, piece: Piece, names: Collection[str]) -> dict[str, Any] | None:
        """Return columns of a piece as arrow columns of texts; None without pyarrow."""
        try:
            import pyarrow
            import pyarrow.csv
        except ImportError:
            return None
        wanted = [name for name in self.names if name in names]
        if len(self.names) < 2:  # an empty line would be an empty cell
            return None
        texts = {name: pyarrow.string() for name in wanted}
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.py_buffer(self._bytes(piece)),
                pyarrow.csv.ReadOptions(column_names=list(self.names), use_threads=False),
                pyarrow.csv.ParseOptions(delimiter=self._separator, newlines_in_values=True),
                pyarrow.csv.ConvertOptions(
                    column_types=texts, include_columns=wanted, strings_can_be_null=False
                ),
            )
        except (pyarrow.ArrowException, UnicodeDecodeError):
            return None
        return {name: table.column(name) for name in wanted}

    def raw(self, piece: Piece, names: Collection[str]) -> Raw:
        """Return columns of a piece as texts, with the line of each row."""
        before = piece.start - 1
        text = csv_text(self._bytes(piece), self._shown, piece.start)
        numbered = csv_records(text, self._separator, self._shown, len(self.names), before)
        cells: list[Any] = list(zip(*(record for _, record in numbered), strict=True))
        columns = {
            name: list(cells[at]) if cells else []
            for at, name in enumerate(self.names)
            if name in names
        }
        lines = tuple(line for line, _ in numbered)
        return Raw(self._shown, columns, "", first_line=piece.start, lines=lines)

    def close(self) -> None:
        """Do nothing: the file is open only while a piece is read."""

    def _bytes(self, piece: Piece) -> bytes:
        with self.path.open("rb") as file:
            file.seek(piece.first)
            return file.read(piece.last - piece.first)

    def _header(self, file: BinaryIO) -> tuple[str, int, int, int]:
        """Return the header's text and line, the byte where the rows begin, and their line."""
        begin, line, first, held = 0, 0, 1, b""
        while not held.strip() or held.count(b'"') % 2:
            read = file.readline()
            if not read:
                raise refused_file("bad-data", self._shown, EMPTY_FILE)
            if held.strip():
                held += read
            else:
                held, first = read.removeprefix(b"" if begin else MARK), line + 1
            begin, line = begin + len(read), line + 1
        text = csv_text(held, self._shown, first)
        if "\n" not in text and "\r" in text.rstrip("\r"):
            message = "its lines end in carriage returns alone, as on very old computers"
            raise refused_file("bad-data", self._shown, message, "save it with ends of lines anew")
        return text.rstrip("\r\n"), first, begin, line + 1


def _pieces(file: BinaryIO, begin: int, line: int, rows: int) -> Iterator[Piece]:
    """Yield the pieces of a file from the byte `begin`, the start of the line `line`, on."""
    number, start, first, lines, at = 0, line, begin, 0, begin
    for end, inner in _line_ends(file, begin):
        lines += 1 + inner
        at = end
        # A row of several lines counts once for each of them.
        if lines >= rows:
            yield Piece(number, lines, start, first, end)
            number, start, first, lines = number + 1, start + lines, end, 0
    if at > first:
        yield Piece(number, lines, start, first, at)


def _line_ends(file: BinaryIO, begin: int) -> Iterator[tuple[int, int]]:
    """Yield the byte after each row's end, with the number of line ends within that row."""
    import numpy as np

    file.seek(begin)
    at, inside, inner = begin, False, 0
    last = begin
    while content := file.read(READ):
        codes = np.frombuffer(content, dtype=np.uint8)
        ends = np.flatnonzero(codes == NEWLINE)
        if inside or b'"' in content:
            odd = np.cumsum(codes == QUOTE) % 2 == 1
            outside = odd[ends] == inside
            inside = bool(odd[-1]) != inside
        else:
            outside = np.ones(len(ends), dtype=bool)
        for end, real in zip(ends.tolist(), outside.tolist(), strict=True):
            if real:
                last = at + end + 1
                yield last, inner
                inner = 0
            else:
                inner += 1
        at += len(content)
    if at > last:
        yield at, inner
