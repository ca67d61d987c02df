"""Records from a file or from stdin: JSON, JSON lines, CSV, parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.sources import decoded, read_text
from heuron.values import Template

__all__ = ["LINES", "is_table", "read_records", "refused"]

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
LINES = (".jsonl", ".ndjson")

Record = tuple[str, Mapping[str, object]]
"""Where a record stands (`rows.csv:3`), and its raw evidence."""


def is_table(file: str) -> bool:
    """Whether a file holds a table, so that its columns are matched with fields by name."""
    return file.lower().endswith(TABLES)


def read_records(file: str, template: Template | None, kept: Iterable[str]) -> Iterator[Record]:
    """Yield the records of a file, or of stdin for `-`.

    Args:
        file: JSON (an object, or a list of objects), JSON lines, CSV or parquet, by its ending;
            stdin is JSON or JSON lines.
        template: The goal's type: a table's columns are its fields, by name or by slug.
        kept: Fields that are not to be read from a table (the goal and other conclusions).

    Raises:
        RuleError: The file is not there, or is not what its ending says.
    """
    if is_table(file):
        yield from _from_table(file, template, frozenset(kept))
        return
    shown = "stdin" if file == "-" else file
    text = decoded(sys.stdin.buffer.read(), shown) if file == "-" else read_text(file)
    if not file.lower().endswith(LINES):
        try:
            whole = json.loads(text)
        except ValueError as error:
            if file != "-" or "\n" not in text.strip():
                raise refused(shown, f"no JSON: {error}") from None
        except RecursionError:
            raise refused(shown, "nested too deeply") from None
        else:
            yield from _objects(shown, whole)
            return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{shown}:{number}", _line(f"{shown}:{number}", line)


def _line(place: str, line: str) -> Mapping[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise refused(place, f"no JSON: {error}") from None
    if not isinstance(record, dict):
        raise refused(place, "not an object of fields")
    return record


def _objects(shown: str, whole: object) -> Iterator[Record]:
    if isinstance(whole, dict):
        yield shown, whole
        return
    if not isinstance(whole, list):
        raise refused(shown, "neither an object of fields nor a list of them")
    for number, record in enumerate(whole, 1):
        if not isinstance(record, dict):
            raise refused(f"{shown} record {number}", "not an object of fields")
        yield f"{shown} record {number}", record


def _from_table(file: str, template: Template | None, kept: frozenset[str]) -> Iterator[Record]:
    from heuron.coercion import slug
    from heuron.knowledge.written import Word
    from heuron.learn.source import read_source

    if template is None:
        raise refused(file, "a table of records needs a knowledge base with a goal")
    raw = read_source(file, Path(), None)
    by_slug = {slug(name): name for name in template.names if name not in kept}
    fields = {column: by_slug.get(slug(column)) for column in raw.columns}
    used = {column: field for column, field in fields.items() if field is not None}
    if not used:
        hint = f"The fields of {template.name} are: {', '.join(by_slug.values())}."
        raise refused(file, "none of its columns is a field", hint)
    for row in range(raw.rows):
        record: dict[str, object] = {}
        for column, field in used.items():
            cell: Any = raw.columns[column][row]
            # An empty cell says nothing, so that a default fills it.
            if cell is not None and cell != "" and cell == cell:
                record[field] = Word(cell) if isinstance(cell, str) else cell
        yield raw.place(row), record


def refused(place: str, message: str, hint: str | None = None) -> RuleError:
    """Return the error of a file that is not what it should be."""
    return RuleError(Diagnostic(Severity.ERROR, "bad-evidence", f"{place}: {message}.", hint=hint))
