"""A sheet of a workbook as CSV text, so that a table in a sheet is read like one in a CSV file.

Only values are taken: numbers, texts, dates, truth values, and what formulas gave when the
workbook was last saved. Nothing is computed, and nothing outside the file is followed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

from heuron.check.tablefiles import cell_name
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.values import show

__all__ = ["sheet_text"]

BIGGEST = 256_000_000
"""Workbooks that are more bytes than this when unpacked are refused, before they are read."""

MOST_CELLS = 2_000_000


def sheet_text(data: bytes, shown: str, sheet: str = "") -> str:
    """Return a sheet's cells as CSV text, row by row from the first, in its own lines.

    Args:
        data: The bytes of an .xlsx file.
        shown: What messages call it.
        sheet: The name of the sheet; "" for the only one.

    Raises:
        RuleError: openpyxl is missing, the bytes are no workbook, there is no such sheet, or a
            cell has no plain value; the message names sheet and cell.
    """
    try:
        import openpyxl
    except ImportError:
        raise _refused(
            "needs-package", f'"{shown}" needs openpyxl to be read.', 'pip install "heuron[xlsx]"'
        ) from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > BIGGEST:
                raise _refused("file", f'"{shown}" is too big when it is unpacked.')
        values = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
        formulas = openpyxl.load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except RuleError:
        raise
    except Exception as problem:
        # openpyxl raises whatever the damage leads to: KeyError, ValueError, ParseError, …
        reason = f"{type(problem).__name__}: {problem}".splitlines()[0][:120]
        raise _refused("bad-data", f'"{shown}" is no workbook: {reason}.') from None
    name = _sheet_name(values, shown, sheet)
    return _as_csv(values[name], formulas[name], f'Sheet "{name}" of "{shown}"')


def _refused(code: str, message: str, hint: str | None = None) -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, code, message, hint=hint))


def _sheet_name(workbook: Any, shown: str, sheet: str) -> str:
    """Return the name of the sheet that is meant: in any case, or the only one."""
    names = [one.title for one in workbook.worksheets]
    folded = {one.casefold(): one for one in names}
    if sheet:
        if sheet.casefold() in folded:
            return str(folded[sheet.casefold()])
        raise _refused(
            "not-found", f'"{shown}" has no sheet "{sheet}".', f"Its sheets: {', '.join(names)}."
        )
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise _refused("bad-data", f'"{shown}" has no sheet of cells.')
    raise _refused(
        "bad-table",
        f'"{shown}" has several sheets: {", ".join(names)}.',
        f'Say which one: from "{shown.rpartition("/")[2]}#{names[0]}".',
    )


def _as_csv(sheet: Any, formulas: Any, where: str) -> str:
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        raise _refused("file", f"{where} has more than {MOST_CELLS:,} cells.")
    if sheet.merged_cells.ranges:
        merged = sorted(str(one) for one in sheet.merged_cells.ranges)[0]
        hint = "Unmerge them: each cell of a table says something of its own."
        raise _refused("bad-table", f"{where}: the cells {merged} are merged.", hint)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for row in sheet.iter_rows():
        cells = []
        for cell in row:
            place = f"{where}, cell {cell_name(cell.row, cell.column)}"
            if cell.value is None and formulas.cell(cell.row, cell.column).data_type == "f":
                hint = "Open the workbook in a spreadsheet program and save it."
                raise _refused("bad-table", f"{place}: its formula was never computed.", hint)
            if cell.data_type == "e":
                raise _refused("bad-table", f"{place}: {cell.value} is no value.")
            cells.append(_cell_text(cell.value, place))
        writer.writerow(cells)
    return stream.getvalue()


def _cell_text(value: object, place: str) -> str:
    """Return a cell's value as a rule file writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return show(value.date() if value.time() == time() else value)
    if isinstance(value, (int, str, date, timedelta)):
        return str(value) if isinstance(value, (int, str)) else show(value)
    raise _refused("bad-table", f"{place}: a {type(value).__name__} is no value of a table.")
