"""The text of a CSV file: bytes to text, the header's names, records of the header's width.

Owns what is said of a file that is no such table; `source` reads whole files by it and
`csv_pieces` parts of them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from heuron.diagnostics import Diagnostic, RuleError, Severity, Span, sentence

__all__ = ["EMPTY_FILE", "csv_records", "csv_text", "header_names", "refused_file"]

EMPTY_FILE: Final = "it is empty: a header and rows are needed"
SHOWN: Final = 60
"""Characters of a line that a message shows."""
WIDE: Final = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
"""The marks that texts in another encoding begin with, of two bytes a character."""


def refused_file(code: str, name: str, message: str, hint: str | None = None) -> RuleError:
    """Return the error of a file that is not what it should be, said as part of a sentence."""
    return RuleError(Diagnostic(Severity.ERROR, code, sentence(message), Span(name, 0, 0), hint))


def csv_text(content: bytes, shown: str, line: int = 1) -> str:
    """Return bytes as text: UTF-8, the byte order mark of spreadsheets taken off.

    Args:
        content: The bytes.
        shown: What messages call the file.
        line: The line of the file that they begin with.

    Raises:
        RuleError: They are in another encoding; the message says where, and which it may be.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = line + content.count(b"\n", 0, error.start)
        message = f"it is not UTF-8 text: line {at} has bytes that mean nothing in it"
        raise refused_file("not-text", shown, message, _encoding(content, error.start)) from None


def _encoding(content: bytes, at: int) -> str:
    for mark, name in WIDE:
        if content.startswith(mark):
            return f"it begins like {name}: save it as UTF-8"
    first = content.rfind(b"\n", 0, at) + 1
    end = content.find(b"\n", at)
    line = content[first : None if end < 0 else end].decode("cp1252", "replace").strip()
    if line.isprintable() and "�" not in line:
        return f'save it as UTF-8; as Windows-1252 that line would be "{line[:SHOWN]}"'
    return "save it as UTF-8; is it a table at all, and no workbook or archive?"


def header_names(cells: Sequence[str], shown: str, line: int) -> tuple[str, ...]:
    """Return the names of columns; one without a name is called `unnamed` and its number.

    Args:
        cells: The cells of the header.
        shown: What messages call the file.
        line: The line of the file that the header stands in.

    Raises:
        RuleError: Two columns have one name.
    """
    names = tuple(cell.strip() or f"unnamed {at}" for at, cell in enumerate(cells, 1))
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        first, second = [at for at, name in enumerate(names, 1) if name == twice][:2]
        message = f'line {line} calls two columns "{twice}": numbers {first} and {second}'
        raise refused_file("bad-data", shown, message, "give one of them another name")
    return names


def csv_records(
    text: str, separator: str, shown: str, width: int | None = None, before: int = 0
) -> list[tuple[int, list[str]]]:
    """Return the records of a text, each with the line that it ends on; empty lines are none.

    Args:
        text: Text as it stands in the file.
        separator: What cells are parted by.
        shown: What messages call the file.
        width: How many cells each record has; None: as many as the first one.
        before: How many lines of the file stand before the text.

    Raises:
        RuleError: A record has another number of cells, or is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[tuple[int, list[str]]] = []
    last = before
    try:
        for record in reader:
            begun, last = last + 1, before + reader.line_num
            if not record:
                continue
            if width is None:
                width = len(record)
            if len(record) != width:
                raise _ragged(shown, begun, last, len(record), width, separator)
            found.append((last, record))
    except csv.Error as error:
        line = before + reader.line_num
        raise refused_file("bad-data", shown, f"line {line}: {error}") from None
    return found


def _ragged(shown: str, begun: int, last: int, cells: int, width: int, separator: str) -> RuleError:
    what = f"{cells} {'cell' if cells == 1 else 'cells'}, but the header has {width}"
    if last > begun:
        message = f"the row from line {begun} to line {last} has {what}"
        return refused_file("bad-data", shown, message, f"is a quote left open on line {begun}?")
    hint = f"the separator seems to be {separator!r}; texts that hold it need quotes"
    return refused_file("bad-data", shown, f"line {begun} has {what}", hint)
