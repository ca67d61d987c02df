"""Whole tables through the rules: a frame in, a value and a certainty for each row out.

A frame is a dictionary of columns, or anything with columns by name: pandas, polars, pyarrow.
Cells are checked by the template as evidence is, column by column instead of cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.infer.columns import Coded, ColumnRun, decode
from heuron.plan.columnexpressions import column_kind, encode
from heuron.values import UNKNOWN, Field, FieldType, Template, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["TableAnswers", "infer_table"]

Array = Any


@dataclass(frozen=True, slots=True)
class TableAnswers:
    """The rules' answers for the rows of a table, in their order.

    `columns` are the concluded fields as they were computed: float64 with NaN for unknown, or
    whole numbers (the place of a level in its enumeration, 1 and 0 for booleans) with -1.
    `certainties` are those of the goal's values, `fired` says on how many rows each rule or table
    row fired, by name. `one_by_one` counts the rows that were answered by the single-record
    function, `refused` says which rules made that necessary for all.
    """

    goal: str
    types: Mapping[str, FieldType]
    columns: Mapping[str, Array]
    certainties: Array
    fired: Mapping[str, int]
    one_by_one: int
    refused: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.certainties)

    def field(self, name: str) -> list[Value]:
        """Return a concluded field as values: None where unknown, a tuple under `many`."""
        return [_plain(one) for one in decode(self.columns[name], self.types[name])]

    @property
    def values(self) -> list[Value]:
        """The goal's values: None where unknown, a tuple of values under `many`."""
        return self.field(self.goal)

    @property
    def fields(self) -> dict[str, list[Value]]:
        """The values of the other concluded fields, by name."""
        return {name: self.field(name) for name in self.columns if name != self.goal}

    def to_dict(self) -> dict[str, object]:
        """Return the columns by name: the goal's value, its certainty, the other fields."""
        return {"value": self.values, "certainty": self.certainties.tolist(), **self.fields}


def infer_table(knowledge: KnowledgeBase, frame: Any, today: date | None = None) -> TableAnswers:
    """Return the rules' answers for every row of a frame.

    Raises:
        RuleError: The knowledge base is not about single records, a column does not belong to a
            field, or cells are not accepted; the messages name columns and rows.
    """
    engine = knowledge.engine
    template = knowledge.template
    if not engine.single_record:
        message = f"The rules of {knowledge.name} join facts, so they do not run over columns."
        hint = "Use `ask_many`, which answers row by row."
        raise RuleError(Diagnostic(Severity.ERROR, "not-columns", message, hint=hint))
    columns, rows = _columns_of(frame)
    coded, odd, raw = _coded(knowledge, template, columns, rows)
    run = ColumnRun(engine)
    day = today or date.today()
    goal = knowledge.goal
    assert goal is not None
    parts: dict[str, list[Array]] = {name: [] for name, _, _, _ in run.plan.outputs}
    certainties: list[Array] = []
    fired: dict[int, int] = {}
    one_by_one = 0
    for chunk in run.run(coded, rows, _reader(template, raw), day, odd):
        for name in parts:
            parts[name].append(chunk.values[name])
        certainties.append(chunk.certainties[goal.field])
        for index, mask in chunk.fired.items():
            fired[index] = fired.get(index, 0) + int(mask.sum())
        one_by_one += chunk.one_by_one
    return TableAnswers(
        goal.field,
        {name: template[name].type for name in parts},
        {name: np.concatenate(listed) if listed else np.zeros(0) for name, listed in parts.items()},
        np.concatenate(certainties) if certainties else np.zeros(0),
        {engine.rules[index]["name"]: fired[index] for index in sorted(fired)},
        one_by_one,
        run.refused,
    )


def _plain(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(one for one, _ in value)
    return None if value is UNKNOWN else value


def _columns_of(frame: Any) -> tuple[dict[str, Any], int]:
    """Return the columns of a frame by name, and the number of rows."""
    if isinstance(frame, Mapping):
        columns = dict(frame)
    elif hasattr(frame, "column_names") and hasattr(frame, "column"):
        columns = {name: frame.column(name) for name in frame.column_names}
    elif hasattr(frame, "columns"):
        columns = {str(name): frame[name] for name in frame.columns}
    else:
        raise TypeError("a frame has columns by name: a dictionary, pandas, polars or pyarrow")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ValueError("the columns of a frame have one length")
    return columns, lengths.pop() if lengths else 0


def _coded(
    knowledge: KnowledgeBase, template: Template, columns: dict[str, Any], rows: int
) -> tuple[dict[str, Coded], Array | None, dict[str, list[Value]]]:
    """Return the plan's columns, the rows with given conclusions, and what has no column form."""
    found: dict[str, Coded] = {}
    odd: Array | None = None
    raw: dict[str, list[Value]] = {}
    wrong: list[Diagnostic] = []
    for name in columns:
        if name not in template:
            near = nearest(name, template.names)
            hint = f"Did you mean {near}?" if near else f"Fields: {', '.join(template.names)}."
            message = f'{template.name} has no field "{name}".'
            wrong.append(Diagnostic(Severity.ERROR, "unknown-field", message, hint=hint))
    for field in template.fields:
        if field.name not in columns:
            if field.default is not None:
                found[field.name] = _constant(field, rows)
            continue
        try:
            values, coded = _column(field, columns[field.name])
        except _Wrong as problem:
            wrong += problem.diagnostics
            continue
        raw[field.name] = values
        if (template.name, field.name) in knowledge.concluded:
            given = np.array([value is not UNKNOWN for value in _each(values)], dtype=bool)
            odd = given if odd is None else odd | given
        elif coded is not None:
            found[field.name] = coded
    if wrong:
        raise RuleError(wrong)
    return found, odd if odd is not None and odd.any() else None, raw


def _constant(field: Field, rows: int) -> Coded:
    kind = column_kind(field.type)
    if kind == "text":
        return Coded(np.zeros(rows, dtype=np.int32), {str(field.default): 0})
    return Coded(np.full(rows, encode(field.default, kind or "float", field.type.levels)))


class _Wrong(Exception):
    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__()
        self.diagnostics = diagnostics


def _column(field: Field, column: Any) -> tuple[Any, Coded | None]:
    """Return a column's typed values (an array or a list) and its coded form, if it has one."""
    kind = column_kind(field.type)
    if kind == "float" and field.type.kind in ("number", "integer"):
        numbers = _numbers(field, column)
        if numbers is not None:
            return numbers, Coded(numbers)
    values = [_typed(field, place, cell) for place, cell in enumerate(_cells(column))]
    bad = [one for one in values if isinstance(one, Diagnostic)]
    if bad:
        more = f"; and {len(bad) - 3} more such cells" if len(bad) > 3 else ""
        shown = bad[:3]
        if more:
            last = shown[-1]
            shown[-1] = Diagnostic(last.severity, last.code, last.message + more, hint=last.hint)
        raise _Wrong(shown)
    if kind is None:
        return values, None
    if kind == "text":
        codes: dict[str, int] = {}
        numbers = np.array(
            [-1 if one is UNKNOWN else codes.setdefault(str(one), len(codes)) for one in values],
            dtype=np.int32,
        )
        return values, Coded(numbers, codes)
    known: dict[Value, float | int] = {}
    listed = []
    for one in values:
        code = known.get(one)
        if code is None:
            code = known[one] = encode(one, kind, field.type.levels)
        listed.append(code)
    dtype = float if kind == "float" else np.int16
    return values, Coded(np.array(listed, dtype=dtype))


def _numbers(field: Field, column: Any) -> Array | None:
    """Return a numeric column checked as a whole, or None when it needs a look at each cell."""
    array = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if array.dtype.kind not in "iuf":
        return None
    numbers = array.astype(float)
    known = numbers[~np.isnan(numbers)]
    fine = np.isfinite(known)
    if field.type.kind == "integer":
        fine &= (known == np.floor(known)) & (np.abs(known) <= 2.0**53)
    if field.low is not None:
        fine &= known > field.low if field.low_open else known >= field.low
    if field.high is not None:
        fine &= known < field.high if field.high_open else known <= field.high
    return numbers if bool(fine.all()) else None


def _cells(column: Any) -> Iterator[object]:
    listed = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    for cell in listed:
        # A float that is no number is how tables write an empty cell.
        yield None if cell is None or cell != cell else getattr(cell, "item", lambda c=cell: c)()


def _typed(field: Field, place: int, cell: object) -> Value:
    if cell is None:
        return UNKNOWN
    try:
        return coerce(field, cell)
    except ValueError as problem:
        return Diagnostic(Severity.ERROR, "wrong-value", f"row {place + 1}: {problem}")


def _each(values: Any) -> Sequence[Value]:
    if isinstance(values, list):
        return values
    return [UNKNOWN if one != one else one for one in values.tolist()]


def _reader(template: Template, raw: Mapping[str, Any]) -> Any:
    """Return a function that gives the typed values of one row."""

    def record(at: int) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, column in raw.items():
            value = column[at]
            if not isinstance(column, list):
                value = UNKNOWN if value != value else value.item()
                if value is not UNKNOWN and template[name].type.kind == "integer":
                    value = int(value)  # type: ignore[arg-type]
            values[name] = value
        return values

    return record
