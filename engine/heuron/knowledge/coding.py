"""From the columns of a frame to coded columns: checked by the template, whole columns at a time.

A column of numbers is checked by its least and greatest value; of every other column each
distinct cell is checked once, as evidence is. Frames are dictionaries of columns, pandas, polars
and pyarrow tables; none of these libraries is imported here. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from heuron.coercion import coerce, from_text
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.infer.coded import EXACT, Coded
from heuron.plan.columnexpressions import column_kind, encode
from heuron.values import INTEGER_LIMIT, UNKNOWN, Field, Template, Value

__all__ = [
    "coded_values",
    "columns_of",
    "constant",
    "distinct_cells",
    "listed_column",
    "numeric_column",
    "read_column",
    "unknown_names",
]

Array = Any

SHOWN = 3
"""Wrong cells of one column that are named before the others are counted."""


def columns_of(frame: Any) -> tuple[dict[str, Any], int]:
    """Return the columns of a frame by name, and the number of rows.

    Raises:
        TypeError: It is no frame.
        ValueError: Its columns differ in length.
    """
    if isinstance(frame, Mapping):
        columns = dict(frame)
    elif hasattr(frame, "schema") and hasattr(frame, "column"):
        columns = {name: frame.column(name) for name in frame.schema.names}
    elif hasattr(frame, "columns"):
        columns = {str(name): frame[name] for name in frame.columns}
    else:
        raise TypeError("a frame has columns by name: a dictionary, pandas, polars or pyarrow")
    lengths = {name: _length(name, column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"the columns of a frame have one length; {said}")
    return columns, next(iter(lengths.values()), 0)


def _length(name: str, column: Any) -> int:
    """Return how many cells a column has.

    Raises:
        TypeError: It is no column.
        ValueError: It is a table.
    """
    if isinstance(column, (str, bytes, Mapping)) or not hasattr(column, "__len__"):
        kind = type(column).__name__
        raise TypeError(f"the column {name} of a frame is no list or array of cells: {kind}")
    if getattr(column, "ndim", 1) != 1:
        raise ValueError(f"the column {name} of a frame has {column.ndim} dimensions, not one")
    return len(column)


def unknown_names(template: Template, names: Sequence[str]) -> list[Diagnostic]:
    """Return a diagnostic for each name that is no field of the template."""
    wrong = []
    for name in names:
        if name not in template:
            near = nearest(name, template.names)
            hint = f"Did you mean {near}?" if near else f"Fields: {', '.join(template.names)}."
            message = f'{template.name} has no field "{name}".'
            wrong.append(Diagnostic(Severity.ERROR, "unknown-field", message, hint=hint))
    return wrong


def constant(field: Field, value: Value, rows: int) -> Coded:
    """Return a column that has the same value everywhere."""
    kind = column_kind(field.type)
    if kind in ("text", None):
        return Coded(np.zeros(rows, dtype=np.int64), (str(value) if kind else value,))
    return Coded(np.full(rows, encode(value, kind or "float", field.type.levels)))


def read_column(field: Field, column: Any, before: int = 0, written: bool = False) -> Coded:
    """Return a column's coded form.

    Args:
        field: The declared field.
        column: A column of some frame.
        before: How many rows stand before the column's first, for messages.
        written: Texts are read as on the command line ("unknown" in a text field is unknown).

    Raises:
        RuleError: Cells are not accepted; the first of them are named with their rows.
    """
    if field.type.kind in ("number", "integer"):
        numbers = numeric_column(field, _parsed(column) if written else column)
        if numbers is not None:
            return Coded(numbers)
    kind = column_kind(field.type)
    if kind is None:
        return listed_column(field, column, before, written)
    codes, typed = _typed_cells(field, column, before, written)
    return _coded(field, kind, codes, typed)


def listed_column(field: Field, column: Any, before: int = 0, written: bool = False) -> Coded:
    """Return a column of any type by the places of its values among the distinct ones.

    See `read_column`.
    """
    codes, typed = _typed_cells(field, column, before, written)
    known = [-1 if one is UNKNOWN else at for at, one in enumerate(typed)]
    return Coded(np.array([*known, -1], dtype=np.int64).take(codes), tuple(typed))


def _typed_cells(
    field: Field, column: Any, before: int, written: bool
) -> tuple[Array, list[Value]]:
    """Return the place of each cell among the distinct ones (-1: empty), and their values."""
    codes, distinct = distinct_cells(column)
    typed: list[Value] = []
    wrong: dict[int, str] = {}
    for at, cell in enumerate(distinct):
        try:
            typed.append(_typed(field, cell, written))
        except ValueError as problem:
            typed.append(UNKNOWN)
            wrong[at] = str(problem)
    if wrong:
        raise RuleError(_wrong_cells(codes, wrong, before))
    return codes, typed


def coded_values(field: Field, values: Sequence[Value]) -> Coded:
    """Return typed values of a field whose type has a column form as a coded column."""
    kind = column_kind(field.type)
    assert kind is not None
    return _coded(field, kind, np.arange(len(values)), values)


def _coded(field: Field, kind: str, codes: Array, typed: Sequence[Value]) -> Coded:
    if kind == "text":
        places: dict[str, int] = {}
        known = [
            -1 if one is UNKNOWN else places.setdefault(str(one), len(places)) for one in typed
        ]
        return Coded(np.array([*known, -1], dtype=np.int64).take(codes), tuple(places))
    numbers = [encode(one, kind, field.type.levels) for one in (*typed, UNKNOWN)]
    values = np.array(numbers, dtype=float if kind == "float" else np.int64)
    if field.type.kind in ("datetime", "duration") and (np.abs(values) > EXACT).any():
        return Coded(values.take(codes), exact=((*typed, UNKNOWN), codes))
    return Coded(values.take(codes))


def _wrong_cells(codes: Array, wrong: Mapping[int, str], before: int) -> list[Diagnostic]:
    bad = np.flatnonzero(np.isin(codes, list(wrong)))
    found = [f"row {before + int(at) + 1}: {wrong[int(codes[at])]}" for at in bad[:SHOWN].tolist()]
    if len(bad) > SHOWN:
        found[-1] += f"; and {len(bad) - SHOWN} more such cells"
    return [Diagnostic(Severity.ERROR, "wrong-value", message) for message in found]


def numeric_column(field: Field, column: Any) -> Array | None:
    """Return a numeric column checked as a whole, or None when it needs a look at each cell."""
    array = _as_array(column)
    if array is None or array.dtype.kind not in "iuf":
        return None
    whole = array.dtype.kind in "iu"
    wanted = np.int64 if whole and array.dtype != np.uint64 else np.float64
    numbers = array.astype(wanted, copy=False)
    if not len(numbers):
        return numbers
    if whole:
        least, most = numbers.min(), numbers.max()
    else:
        # These pass NaN over, unless there is nothing else.
        least, most = np.fmin.reduce(numbers), np.fmax.reduce(numbers)
        if least != least:
            return numbers
    fine = bool(np.isfinite(least) and np.isfinite(most))
    if field.type.kind == "integer":
        fine = fine and least >= -INTEGER_LIMIT and most <= INTEGER_LIMIT
        if fine and not whole:
            fine = not ((numbers != np.floor(numbers)) & (numbers == numbers)).any()
    return numbers if fine and _in_range(field, float(least), float(most)) else None


def _parsed(column: Any) -> Any:
    """Return a column of texts as numbers, or as it is when some text is no plain number."""
    if str(getattr(column, "type", "")) not in ("string", "large_string"):
        return column
    try:
        numbers = column.cast("float64")
    except ValueError:
        return column
    # "nan" and "infinity" are no numbers in evidence, though arrow reads them.
    unknown = int(np.count_nonzero(~np.isfinite(np.asarray(numbers))))
    return numbers if unknown == column.null_count else column


def _in_range(field: Field, least: float, most: float) -> bool:
    low: Any = field.low
    high: Any = field.high
    above = low is None or (least > low if field.low_open else least >= low)
    return above and (high is None or (most < high if field.high_open else most <= high))


def _as_array(column: Any) -> Array | None:
    """Return a column as a numpy array where that is cheap; nulls among numbers are NaN."""
    if isinstance(column, np.ndarray):
        return column
    if isinstance(column, (list, tuple)):
        if all(type(cell) is float for cell in column):
            return np.array(column, dtype=float)
        return None
    kind = str(getattr(column, "type", getattr(column, "dtype", ""))).lower()
    if not kind.startswith(("int", "uint", "float", "double", "halffloat")):
        return None
    # An arrow column, and one of pandas or polars: nulls among numbers become NaN.
    return _arrow_array(column) if hasattr(column, "cast") else np.asarray(column.to_numpy())


def _arrow_array(column: Any) -> Array:
    """Return an arrow column as a numpy array, nulls as NaN; without nulls in place."""
    if getattr(column, "num_chunks", 0) == 1:
        column = column.chunk(0)
    if hasattr(column, "__dlpack__") and not column.null_count:
        # Arrow's own way imports pandas where that is installed, which takes half a second.
        return np.from_dlpack(column)
    return np.asarray(column)


def distinct_cells(column: Any) -> tuple[Array, Sequence[object]]:
    """Return the place of each cell among the distinct cells (-1: empty), and these."""
    # polars has its own texts; as an arrow column they are told apart in one go.
    if hasattr(column, "to_arrow"):
        try:
            column = column.to_arrow()
        except ImportError:
            column = column.to_list()
    if hasattr(column, "dictionary_encode"):
        return _arrow_distinct(column)
    if hasattr(column, "factorize"):
        codes, values = column.factorize()
        return codes.astype(np.int64), list(values)
    if isinstance(column, np.ndarray) and column.dtype.kind == "b":
        return column.astype(np.int64), (False, True)
    if isinstance(column, np.ndarray) and column.dtype.kind in "iufUMm":
        if column.dtype.kind in "Mm":
            # Days stay days; what is finer becomes microseconds, as Python has them.
            day = f"{column.dtype.kind}8[D]"
            column = column if column.dtype == day else column.astype(f"{day[:2]}[us]")
        values, codes = np.unique(column, return_inverse=True)
        return codes.astype(np.int64), values.tolist()
    return _listed_distinct(list(column))


def _arrow_distinct(column: Any) -> tuple[Array, Sequence[object]]:
    if str(column.type).startswith(("list", "large_list", "struct", "map")):
        return _listed_distinct(column.to_pylist())
    if not str(column.type).startswith("dictionary"):
        column = column.dictionary_encode()
    if hasattr(column, "unify_dictionaries"):
        chunks = column.unify_dictionaries().chunks
        if not chunks:
            return np.zeros(0, dtype=np.int64), ()
        values = chunks[0].dictionary.to_pylist()
    else:
        chunks = [column]
        values = column.dictionary.to_pylist()
    codes = [
        _arrow_array(one.indices.cast("int64").fill_null(-1) if one.null_count else one.indices)
        for one in chunks
    ]
    return np.concatenate(codes).astype(np.int64, copy=False), values


def _listed_distinct(cells: list[object]) -> tuple[Array, Sequence[object]]:
    # 1, 1.0 and True are equal, but they are not the same cell.
    places: dict[object, int] = {}
    values: list[object] = []
    codes = []
    for cell in cells:
        try:
            place = places.setdefault((type(cell), cell), len(values))
        except TypeError:
            place = len(values)
        if place == len(values):
            values.append(cell)
        codes.append(place)
    return np.array(codes, dtype=np.int64), values


def _typed(field: Field, cell: object, written: bool) -> Value:
    if _is_empty(cell):
        return UNKNOWN
    if written and isinstance(cell, str):
        return from_text(field, cell)
    return coerce(field, _plain(cell))


def _is_empty(cell: object) -> bool:
    # A float that is no number is how tables write an empty cell.
    return cell is None or bool(cell != cell) or type(cell).__name__ == "NAType"


def _plain(cell: object) -> object:
    item = getattr(cell, "item", None)
    return cell if item is None else item()
