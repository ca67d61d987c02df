"""Columns of raw cells to columns of typed values, by the template that rules read too.

Owns which column feeds which field, what an empty cell is, and how codes become levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from heuron.coercion import coerce, from_text, level_of, slug
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.learn.contract import Contract
from heuron.learn.settings import DataSettings
from heuron.learn.source import EMPTY, Raw
from heuron.values import UNKNOWN, Field, Value

__all__ = [
    "Cells",
    "Typed",
    "by_name",
    "cell_reader",
    "evidence_reader",
    "match_columns",
    "read_cells",
    "type_columns",
]

SHOWN_CELLS: Final = 5
"""How many bad cells of one column are shown before the rest is counted."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Typed columns by field, and the rows (from 0) that have cells the contract refuses."""

    columns: Mapping[str, list[Value]]
    bad_rows: frozenset[int]
    found: tuple[Diagnostic, ...]


def by_name(columns: Iterable[str]) -> Callable[[str], str | None]:
    """Return what finds the column that feeds a field: by the field's name, or by its slug."""
    present = dict.fromkeys(columns)
    by_slug: dict[str, str] = {}
    for column in present:
        by_slug.setdefault(slug(column), column)
        # "petal length (cm)": a unit in brackets is no part of the name.
        by_slug.setdefault(slug(column.split("(")[0]), column)
    return lambda name: name if name in present else by_slug.get(slug(name))


def match_columns(contract: Contract, settings: DataSettings, raw: Raw) -> dict[str, str]:
    """Return the column of each field: as declared, by its name, or by its slug.

    Raises:
        RuleError: When the goal or a field that is not optional has no column.
    """
    column_of = by_name(raw.columns)
    found: dict[str, str] = {}
    wrong: list[Diagnostic] = []
    lacking: list[str] = []
    for field in contract.template.fields:
        name = field.name
        declared = settings.columns.get(name)
        is_target = name == contract.goal and raw.target is not None
        wanted: str | None = declared or (raw.target if is_target else name)
        if wanted not in raw.columns and declared is None:
            wanted = column_of(name)
        if wanted is not None and wanted in raw.columns:
            found[name] = wanted
        elif declared is not None:
            wrong.append(_no_declared(settings, raw, name, declared))
        elif _is_needed(contract, field):
            lacking.append(name)
    if lacking:
        wrong.append(_no_columns(contract, settings, raw, lacking))
    if wrong:
        raise RuleError(wrong)
    return found


def type_columns(
    contract: Contract, settings: DataSettings, raw: Raw, columns: Mapping[str, str]
) -> Typed:
    """Return the typed columns; a cell that its field refuses makes a diagnostic.

    An empty cell takes the field's default, as missing evidence does, else it is unknown.
    """
    typed: dict[str, list[Value]] = {}
    bad: set[int] = set()
    found: list[Diagnostic] = []
    for name, column in columns.items():
        field = contract.template[name]
        if field.type.kind in ("reference", "list"):
            continue
        cells: Sequence[Any] = raw.columns[column]
        codes = _codes(settings.levels.get(name, {}))
        if column == raw.target and raw.target_names and not codes and not field.type.is_numeric:
            cells = [raw.target_names[code] for code in cells]
        read = Cells(field, codes, name == contract.goal)
        typed[name] = [read.value(cell, row) for row, cell in enumerate(cells)]
        if read.refused:
            bad.update(row for row, _ in read.refused)
            found += _refusals(settings, raw, column, read)
    return Typed(typed, frozenset(bad), tuple(found))


def read_cells(field: Field, cells: Sequence[Any]) -> list[Value]:
    """Return the cells of one column as values of a field, as in data without `[levels]`.

    Raises:
        ValueError: With the first cell that the field refuses.
    """
    read = Cells(field, {}, False)
    values = [read.value(cell, row) for row, cell in enumerate(cells)]
    if read.refused:
        row, message = read.refused[0]
        raise ValueError(f"row {row + 1}: {message}")
    return values


def evidence_reader(
    field: Field, levels: Mapping[str, tuple[object, ...]]
) -> Callable[[object], object]:
    """Return what reads one cell of a table as evidence, None for an empty one.

    Args:
        field: The field that the cell's column feeds.
        levels: What each of its levels is called in the data, as `[levels]` says.
    """
    codes = _codes(levels)
    kept = set(field.type.levels) if field.type.kind != "text" else EMPTY - {""}

    def read(cell: object) -> object:
        if cell is None or cell != cell:
            return None
        if codes:
            level = codes.get(_code(cell))
            if level is not None:
                return None if level == "unknown" else level
        if isinstance(cell, str) and cell.strip() in EMPTY and cell.strip() not in kept:
            return None
        return cell

    return read


def cell_reader(field: Field, levels: Mapping[str, tuple[object, ...]], is_goal: bool) -> Cells:
    """Return what reads the cells of one column, by what `[levels]` says of the field."""
    return Cells(field, _codes(levels), is_goal)


class Cells:
    """Reads the cells of one column, each distinct text only once."""

    def __init__(self, field: Field, codes: Mapping[str, str], is_goal: bool) -> None:
        self.field = field
        self.codes = codes
        self.refused: list[tuple[int, str]] = []
        self.unmapped: list[str] = []
        self._known: dict[tuple[type, object], Value] = {}
        default = field.default
        # A default fills in for evidence; an answer that nobody wrote down stays unknown.
        self._empty = UNKNOWN if default is None or is_goal else default

    def value(self, cell: object, row: int) -> Value:
        if cell is None or cell != cell:  # NaN is the one value that is not itself
            return self._empty
        key = (type(cell), cell)
        try:
            return self._known[key]
        except KeyError:
            pass
        except TypeError:  # a nested cell of a parquet file
            key = (str, repr(cell))
        try:
            value = self._read(cell)
        except ValueError as error:
            self.refused.append((row, str(error)))
            return UNKNOWN
        self._known[key] = value
        return value

    def _read(self, cell: object) -> Value:
        kind = self.field.type.kind
        if self.codes:
            level = self.codes.get(_code(cell))
            if level == "unknown":
                return self._empty
            if level is not None:
                return level == "true" if kind == "boolean" else level
        if kind == "enumeration":
            return self._level(cell)
        if kind == "boolean" and isinstance(cell, (int, float)) and cell in (0, 1):
            return bool(cell)
        if isinstance(cell, str):
            if cell.strip() in EMPTY and (kind != "text" or not cell.strip()):
                return self._empty
            return from_text(self.field, cell)
        if kind == "text":
            return coerce(self.field, _code(cell))
        return coerce(self.field, cell)

    def _level(self, cell: object) -> Value:
        text = _code(cell)
        if text in self.field.type.levels:
            return text
        if isinstance(cell, str):
            level = level_of(self.field.type, cell)
            if level is not None:
                return level
            if cell.strip() in EMPTY:
                return self._empty
        if text not in self.unmapped:
            self.unmapped.append(text)
        levels = ", ".join(self.field.type.levels)
        raise ValueError(f'"{text}" is no level of `{self.field.name}` ({levels})')


def _is_needed(contract: Contract, field: Field) -> bool:
    if field.name == contract.goal:
        return True
    plain = field.type.kind not in ("text", "list", "reference")
    return (
        plain
        and not field.optional
        and field.default is None
        and field.name not in contract.concluded
    )


def _no_declared(settings: DataSettings, raw: Raw, name: str, declared: str) -> Diagnostic:
    near = nearest(declared, raw.columns)
    message = f'{raw.name} has no column "{declared}" of field `{name}`; {_has(raw)}'
    hint = f'[columns]  {name} = "{near or "THE COLUMN"}"'
    if settings.document is None:
        return Diagnostic(Severity.ERROR, "unknown-column", message, None, hint)
    at = ("columns", name)
    return settings.document.diagnostic(Severity.ERROR, "unknown-column", message, at, hint)


def _no_columns(
    contract: Contract, settings: DataSettings, raw: Raw, lacking: Sequence[str]
) -> Diagnostic:
    """Return what is said of fields that no column feeds: one message, with the lines to add."""
    named = _some([f"`{name}`" for name in lacking])
    message = f"{raw.name} has no column for {named}; {_has(raw)}"
    where = settings.document.file if settings.document is not None else "data.toml"
    lines = [f'{name} = "{nearest(name, raw.columns) or "THE COLUMN"}"' for name in lacking[:3]]
    hint = f"say in {where} which it is:  [columns]  {'  '.join(lines)}"
    hint += " …" if len(lacking) > 3 else ""
    if contract.goal not in lacking:
        hint += "; or declare it `optional` in the template"
    return Diagnostic(Severity.ERROR, "unknown-column", message, None, hint)


def _has(raw: Raw) -> str:
    return f"it has {_some(list(raw.columns))}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _code(cell: object) -> str:
    """Return a cell as the text that a code in `data.toml` is compared by: 1.0 is "1"."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _codes(levels: Mapping[str, tuple[object, ...]]) -> dict[str, str]:
    return {_code(code): level for level, codes in levels.items() for code in codes}


def _refusals(settings: DataSettings, raw: Raw, column: str, read: Cells) -> list[Diagnostic]:
    name = read.field.name
    severity = Severity.WARNING if "incomplete-rows" in settings.allow else Severity.ERROR
    if read.unmapped:
        rows = len(read.refused)
        levels = read.field.type.levels
        message = (
            f'Column "{column}" has {_some([f"{one!r}" for one in read.unmapped])} in {rows} rows, '
            f"which are no levels of `{name}` ({', '.join(levels)})."
        )
        where = settings.document.file if settings.document is not None else "data.toml"
        hint = f"say in {where} what they mean:  [levels.{name}]  {_blanks(read)}"
        return [Diagnostic(severity, "unmapped-level", message, None, hint)]
    shown = [f"{raw.place(row)}: {message}" for row, message in read.refused[:SHOWN_CELLS]]
    more = len(read.refused) - SHOWN_CELLS
    if more > 0:
        shown.append(f'and {more:,} more in column "{column}"')
    hint = 'mend the cells, or leave such rows out:  [allow]  incomplete-rows = "REASON"'
    return [Diagnostic(severity, "wrong-value", "; ".join(shown), None, hint)]


def _blanks(read: Cells) -> str:
    """Return the lines to add to `[levels]`: which code is which level, only a person knows."""
    codes = " or ".join(_toml(one) for one in sorted(read.unmapped)[:6])
    if len(read.unmapped) == 1:
        return f"LEVEL = {codes}"
    levels = [f"{_key(one)} = …" for one in read.field.type.levels[:6]]
    return f"{'  '.join(levels)}  (write {codes} for each …)"


def _key(level: str) -> str:
    return level if level.replace("_", "").replace("-", "").isalnum() else f'"{level}"'


def _toml(text: str) -> str:
    return text if text.lstrip("-").isdecimal() else f'"{text}"'
