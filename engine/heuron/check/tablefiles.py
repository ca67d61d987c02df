"""Decision tables in files: the rows of a CSV file or of a sheet, as a table of the language.

A file's rows become the text of a table, one line a row at the row's own line, which is parsed as
if it stood in the rule file. So a cell means in a file what it means in a rule file, and nothing
else; only that texts and levels may go without quotes there, as people write them in sheets.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from heuron.check.context import Context
from heuron.coercion import from_text, slug
from heuron.diagnostics import Diagnostic, RuleError, SourceText
from heuron.lang import ast
from heuron.lang.parser import parse
from heuron.values import Field, FieldType, Template

__all__ = ["FileTable", "cell_name", "is_workbook", "read_file_table"]

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
STRANGE = re.compile(r"\||->|#")
"""What ends a cell or a line, so that it may stand in a cell only inside quotes."""

COMPARES = re.compile(r"\s*(?:==|!=|<=|>=|<|>)")
NEGATED = re.compile(r"\s*not\s+")


def is_workbook(path: str) -> bool:
    """Return whether a path names a workbook, perhaps with a sheet: `prices.xlsx#Europe`."""
    return path.partition("#")[0].lower().endswith((".xlsx", ".xlsm"))


def cell_name(row: int, column: int) -> str:
    """Return what a spreadsheet program calls a cell, both counted from 1: (3, 2) is B3."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


@dataclass(frozen=True, slots=True)
class FileTable:
    """A table that was read from a file; `starts` are the offsets at which its cells begin."""

    table: ast.Table
    shown: str
    starts: tuple[int, ...]
    cells: tuple[str, ...]

    def placed(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return a diagnostic with the sheet's cell that it is about, where it is about one."""
        span = diagnostic.span
        if span is None or span.file != self.shown or not is_workbook(self.shown):
            return diagnostic
        place = bisect_right(self.starts, span.start) - 1
        if place < 0:
            return diagnostic
        return replace(diagnostic, message=f"Cell {self.cells[place]}: {diagnostic.message}")


def read_file_table(node: ast.Table, template: Template, context: Context) -> FileTable | None:
    """Return the rows of `from "table.csv"`, or of a sheet, as a table; None with an error.

    Args:
        node: The table as written, with its source.
        template: The type that it is about.
        context: Where errors go, and how files are read.
    """
    rows = _rows(node, context)
    if rows is None:
        return None
    assert node.source is not None
    shown = posixpath.normpath(posixpath.join(posixpath.dirname(node.span.file), node.source))
    filled = [place for place, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        context.error("bad-table", f'"{node.source}" has no rows.', node.span)
        return None
    writer = _Writer(node, template, shown, context)
    before = context.errors()
    writer.write(rows, filled)
    if context.errors() > before:
        return None
    # Header and column names on one line: so a row's line is the file's own.
    source = SourceText(shown, writer.text(" "))
    context.texts.setdefault(shown, source)
    file, diagnostics = parse(writer.text("\n"), shown)
    item = file.items[0] if len(file.items) == 1 else None
    table = item if isinstance(item, ast.Table) else node
    found = FileTable(table, shown, tuple(writer.starts), tuple(writer.cells))
    if diagnostics:
        context.diagnostics += [
            found.placed(replace(one, line=None)).located(source) for one in diagnostics
        ]
        return None
    if table is node:
        context.error("bad-table", f'"{node.source}" cannot be read as a table.', node.span)
        return None
    return found


def _rows(node: ast.Table, context: Context) -> list[list[str]] | None:
    """Return the rows of a table's file as text, blank ones in their places."""
    assert node.source is not None
    if node.source.lower().endswith((".xls", ".ods")):
        hint = "Save it as .xlsx or as CSV."
        context.error("bad-table", f'"{node.source}" is no kind of table.', node.span, hint)
        return None
    reader = context.environment.read_table
    if reader is None:
        context.error("not-found", f'"{node.source}" cannot be read from here.', node.span)
        return None
    try:
        return reader(node.source, node.span.file)
    except RuleError as error:
        context.diagnostics += [
            replace(one, span=node.span, line=None) for one in error.diagnostics
        ]
    except FileNotFoundError:
        context.error("not-found", f'There is no file "{node.source}".', node.span)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        context.error("file", f'"{node.source}" cannot be read: {reason}.', node.span)
    return None


class _Writer:
    """Writes rows as a table of the language, and remembers where each cell begins."""

    def __init__(self, node: ast.Table, template: Template, shown: str, context: Context) -> None:
        self.node = node
        self.template = template
        self.shown = shown
        self.context = context
        self.head = f"table {node.name}({node.type_name} -> {node.field}), {node.hit} hit:"
        self.above = ""
        self.body = ""
        self.starts: list[int] = []
        self.cells: list[str] = []

    def text(self, between: str) -> str:
        """Return the table's text, with what stands between its first line and its header."""
        return f"{self.above}{self.head}{between}{self.body}"

    def write(self, rows: Sequence[Sequence[str]], filled: Sequence[int]) -> None:
        """Write all rows from the header on; blank ones keep their lines."""
        first, last = filled[0], filled[-1]
        self.above = "\n" * first
        header = list(rows[first])
        while header and not header[-1].strip():
            header.pop()
        width = len(header)
        names = [self._header(cell, place == width - 1) for place, cell in enumerate(header)]
        kinds = [self._kind(name) for name in names]
        kinds[-1] = self.template[self.node.field].type if width else None
        self._line(first, names)
        for place in range(first + 1, last + 1):
            row = list(rows[place])
            while len(row) > width and not row[-1].strip():
                row.pop()
            if not any(cell.strip() for cell in row):
                self.body += "\n"
                continue
            row += [""] * (width - len(row))
            self._line(place, [self._cell(place, at, row, kinds) for at in range(len(row))])

    def _line(self, row: int, cells: list[str]) -> None:
        """Write one row: ` | ` between conditions, ` -> ` before the value."""
        self.body += "    "
        for at, cell in enumerate(cells):
            if at:
                self.body += " -> " if at == len(cells) - 1 else " | "
            self.starts.append(len(self.above) + len(self.head) + 1 + len(self.body))
            self.cells.append(cell_name(row + 1, at + 1))
            self.body += cell
        self.body += "\n"

    def _header(self, cell: str, is_value: bool) -> str:
        """Return a header: the field that it names, as written or as a slug."""
        text = " ".join(cell.split())
        if text in self.template:
            return text
        named = [one for one in self.template.names if slug(one) == slug(text)]
        if len(named) == 1:
            return named[0]
        return text or (self.node.field if is_value else "-")

    def _kind(self, name: str) -> FieldType | None:
        field = self.template.get(name)
        return None if field is None else field.type

    def _cell(
        self, row: int, at: int, cells: Sequence[str], kinds: Sequence[FieldType | None]
    ) -> str:
        """Return one cell as the language writes it."""
        text = " ".join(cells[at].split())
        kind = kinds[at] if at < len(kinds) else None
        is_value = at == len(kinds) - 1
        written = _as_value(text, kind) if is_value else _as_condition(text, kind)
        where = (
            f"cell {cell_name(row + 1, at + 1)}" if is_workbook(self.shown) else f"line {row + 1}"
        )
        where = f'"{self.node.source}", {where}'
        if is_value and not text:
            message = f"{where}: this row has no value."
            hint = "The last column says what is concluded."
            self.context.error("bad-table", message, self.node.span, hint)
        elif STRANGE.search(QUOTED.sub("", written)):
            hint = 'Put a text that has such signs into quotes: "a | b".'
            message = f'{where}: "{text}" is no cell.'
            self.context.error("bad-table", message, self.node.span, hint)
        return written


def _as_condition(text: str, kind: FieldType | None) -> str:
    """Return a cell of a column: nothing is anything, texts and levels are put in quotes."""
    if text in ("", "-"):
        return "-"
    compares, negated = COMPARES.match(text), NEGATED.match(text)
    if compares is not None:
        rest = text[compares.end() :].strip()
        return f"{compares.group().strip()} {_as_value(rest, kind)}"
    if kind is None or kind.kind not in ("text", "enumeration", "boolean"):
        return _as_value(text, kind)
    begin = negated.group() if negated is not None else ""
    parts = [_as_value(one, kind) for one in _parts(text[len(begin) :])]
    return ("not " if begin else "") + ", ".join(parts)


def _parts(text: str) -> list[str]:
    """Return what stands between the commas of a cell, quoted ones left alone."""
    parts, start, hidden = [], 0, QUOTED.sub(lambda one: "x" * len(one.group()), text)
    for at, sign in enumerate(hidden):
        if sign == ",":
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def _as_value(text: str, kind: FieldType | None) -> str:
    """Return a value as the language writes one of this kind; what cannot be one stays."""
    if text == "" or kind is None or text.startswith('"'):
        return text
    match kind.kind:
        case "text":
            return _quoted(text)
        case "enumeration":
            return text if text.isidentifier() else _quoted(text)
        case "boolean":
            return {"yes": "true", "no": "false"}.get(text.casefold(), text.casefold())
        case "datetime" if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return f"{text}T00:00"
        case "duration" if text[:1].isdigit():
            try:
                value = from_text(Field("cell", kind), text)
            except ValueError:
                return text
            return f"seconds({value.total_seconds():.12g})"  # type: ignore[attr-defined]
    return text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
