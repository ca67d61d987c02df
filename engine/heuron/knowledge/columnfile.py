"""Tables on disk as a stream of frames: parquet by columns, CSV in blocks, both with pyarrow.

Only the columns that are asked for are read. The texts of a parquet file stay in their
dictionaries, so that each distinct text is looked at once; no cell becomes a Python object. The
cells of a CSV file are texts; `infer_chunks(…, written=True)` reads them as the command line does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity, Span
from heuron.knowledge.sources import separator_of

__all__ = ["ROWS", "column_names", "read_frames", "row_count"]

ROWS = 262_144
"""Rows of a frame by default: some ten megabytes for ten columns of numbers."""


def column_names(path: str) -> tuple[str, ...]:
    """Return the names of the columns of a parquet or CSV file.

    Raises:
        RuleError: It cannot be read, or pyarrow is not installed.
    """
    with _reported(path):
        if _is_parquet(path):
            return tuple(_parquet(path).schema_arrow.names)
        with _csv(path, None) as reader:
            return tuple(reader.schema.names)


def row_count(path: str) -> int | None:
    """Return how many rows a parquet file has; None for other files, which do not say.

    Raises:
        RuleError: It cannot be read, or pyarrow is not installed.
    """
    if not _is_parquet(path):
        return None
    with _reported(path):
        count: int = _parquet(path).metadata.num_rows
        return count


def read_frames(
    path: str, columns: Collection[str] | None = None, rows: int = ROWS, first: int = 0
) -> Iterator[Any]:
    """Yield a file's rows as arrow record batches, each a frame for `infer_chunks`.

    Args:
        path: A parquet or CSV file, by its ending.
        columns: The columns to read, by name; None: all.
        rows: The most rows of a frame. Of a CSV file a frame is a block of some megabytes.
        first: How many rows to pass over (of a parquet file without reading whole row groups).

    Raises:
        RuleError: It cannot be read, it has no such column, or pyarrow is not installed.
    """
    present = column_names(path)
    names = [name for name in present if columns is None or name in columns]
    lacking = [name for name in columns or () if name not in present]
    if lacking:
        message = f"It has no column {lacking[0]}."
        raise _refused(path, message, f"Columns: {', '.join(present)}.")
    with _reported(path):
        if _is_parquet(path):
            yield from _parquet_batches(path, names, rows, first)
        else:
            yield from _passed(_csv_batches(path, names, rows), first)


def _is_parquet(path: str) -> bool:
    return path.endswith((".parquet", ".pq"))


def _parquet(path: str, dictionaries: list[str] | None = None) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path, memory_map=True, read_dictionary=dictionaries)


def _parquet_batches(path: str, names: list[str], rows: int, first: int) -> Iterator[Any]:
    schema = _parquet(path).schema_arrow
    texts = [name for name in names if str(schema.field(name).type) in ("string", "large_string")]
    with _parquet(path, texts) as file:
        groups, before = [], 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            if before + size <= first:
                first -= size
            else:
                before += size
                groups.append(group)
        yield from _passed(file.iter_batches(rows, groups, names, use_threads=True), first)


def _csv(path: str, names: list[str] | None) -> Any:
    import pyarrow
    import pyarrow.csv

    with open(path, encoding="utf-8-sig", newline="") as stream:
        separator = separator_of(stream.read(65_536))
    # Every cell stays a text: what it means is the template's affair.
    texts = {name: pyarrow.string() for name in names or ()}
    return pyarrow.csv.open_csv(
        path,
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=names, column_types=texts, strings_can_be_null=True, null_values=[""]
        ),
    )


def _csv_batches(path: str, names: list[str], rows: int) -> Iterator[Any]:
    with _csv(path, names) as reader:
        for batch in reader:
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)


def _passed(batches: Iterator[Any], first: int) -> Iterator[Any]:
    """Yield batches without their first rows."""
    for batch in batches:
        size = batch.num_rows
        if first < size:
            yield batch.slice(first) if first else batch
        first = max(0, first - size)


@contextmanager
def _reported(path: str) -> Iterator[None]:
    """Turn what pyarrow says of a file into a diagnostic."""
    try:
        import pyarrow
    except ImportError:
        message = "Reading tables in a stream needs pyarrow."
        raise _refused(path, message, "pip install heuron[parquet]") from None
    try:
        yield
    except UnicodeDecodeError as error:
        message = f"It is not UTF-8 text (byte {error.start})."
        raise _refused(path, message, "Save it as UTF-8.", "not-text") from None
    except FileNotFoundError:
        raise _refused(path, "There is no such file.", code="not-found") from None
    except (pyarrow.ArrowException, OSError) as error:
        kind = "parquet" if _is_parquet(path) else "CSV"
        message = f"It is no {kind} file: {str(error).splitlines()[0]}"
        raise _refused(path, message if message.endswith(".") else f"{message}.") from None


def _refused(path: str, message: str, hint: str | None = None, code: str = "bad-data") -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, code, message, Span(path, 0, 0), hint))
