"""Records from a file or from stdin: JSON, JSON lines, CSV, parquet."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.sources import decoded, read_text
from heuron.values import Template

if TYPE_CHECKING:
    from heuron.learn.settings import DataSettings

__all__ = ["LINES", "is_table", "read_records", "record_count", "refused"]

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
LINES = (".jsonl", ".ndjson")

SHOWN: Final = 6
"""Fields without a column that are named before the others are counted."""

Record = tuple[str, Mapping[str, object]]
"""Where a record stands (`rows.csv:3`), and its raw evidence."""


def is_table(file: str) -> bool:
    """Whether a file holds a table, so that its columns are matched with fields by name."""
    return file.lower().endswith(TABLES)


def read_records(
    file: str,
    template: Template | None,
    kept: Iterable[str],
    settings: Callable[[], DataSettings | None] | None = None,
    given: Collection[str] = (),
) -> Iterator[Record]:
    """Yield the records of a file, or of stdin for `-`.

    Args:
        file: JSON (an object, or a list of objects), JSON lines, CSV or parquet, by its ending;
            stdin may be any of them.
        template: The goal's type: a table's columns are its fields, by name or by slug.
        kept: Fields that are not to be read from a table (the goal and other conclusions).
        settings: Tells what the domain's `data.toml` says of columns and levels; tables are read
            by it.
        given: Fields that need no column of a table, since they are given for every record.

    Raises:
        RuleError: The file is not there, or is not what its ending says.
    """
    table = _Table(template, frozenset(kept), settings, frozenset(given))
    if is_table(file):
        yield from _from_table(file, file, table)
        return
    shown = "stdin" if file == "-" else file
    content = sys.stdin.buffer.read() if file == "-" else b""
    ending = _table_ending(content)
    if ending is not None:
        with tempfile.NamedTemporaryFile(prefix="heuron-", suffix=ending) as copy:
            copy.write(content)
            copy.flush()
            yield from _from_table(copy.name, shown, table)
        return
    text = decoded(content, shown) if file == "-" else read_text(file)
    if not file.lower().endswith(LINES):
        try:
            whole = json.loads(text, object_pairs_hook=_once)
        except ValueError as error:
            if file != "-" or "\n" not in text.strip() or isinstance(error, _GivenTwice):
                raise _no_json(shown, error, text) from None
        except RecursionError:
            raise refused(shown, "nested too deeply") from None
        else:
            yield from _objects(shown, whole)
            return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{shown}:{number}", _line(f"{shown}:{number}", line)


class _GivenTwice(ValueError):
    """A name stands twice in one object of JSON."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON, in which no name may stand twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _GivenTwice(twice)
    return found


def _line(place: str, line: str) -> Mapping[str, object]:
    try:
        record = json.loads(line, object_pairs_hook=_once)
    except ValueError as error:
        raise _no_json(place, error, line) from None
    except RecursionError:
        raise refused(place, "nested too deeply") from None
    if not isinstance(record, dict):
        raise refused(place, "not an object of fields")
    return record


def _no_json(place: str, error: ValueError, text: str) -> RuleError:
    """Return the error of a text that is not JSON, with what it may have been meant to be."""
    if isinstance(error, _GivenTwice):
        return refused(place, f"`{error}` is given twice")
    if not text.strip():
        return refused(place, "nothing in it", 'A record is {"field": value}.')
    hint = 'A record is {"field": value}.'
    if text.lstrip()[0] not in "{[":
        hint += " A table has a header and rows."
    return refused(place, f"no JSON: {error}", hint)


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


@dataclass(frozen=True, slots=True)
class _Table:
    """How a table is read; the attributes are those of `read_records`."""

    template: Template | None
    kept: frozenset[str]
    settings: Callable[[], DataSettings | None] | None
    given: frozenset[str]


def _table_ending(content: bytes) -> str | None:
    """Return the ending of the kind of table that came on stdin; None for JSON."""
    if content.startswith(b"PAR1"):
        return ".parquet"
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    is_json = text[:1] in (b"{", b"[") or b"\n" not in text
    return None if is_json else ".csv"


def _from_table(file: str, shown: str, how: _Table) -> Iterator[Record]:
    from heuron.cli.render import note
    from heuron.knowledge.written import Word
    from heuron.learn.columns import evidence_reader
    from heuron.learn.pieces import open_table

    template, kept = how.template, how.kept
    if template is None:
        raise refused(shown, "a table is read here from a file alone, which is named for its type")
    settings = None if how.settings is None else how.settings()
    table = open_table(file, shown=shown)
    with contextlib.closing(table):
        levels = {} if settings is None else settings.levels
        declared = {} if settings is None else settings.columns
        fed = _fed(list(table.names), template, kept, declared)
        if not fed:
            raise _feeds_nothing(shown, table.names, template, kept)
        if lacking := _lacking(template, {*fed, *kept, *how.given}):
            note(f"{shown} has no column for {lacking}: unknown in every record")
        readers = {name: evidence_reader(template[name], levels.get(name, {})) for name in fed}
        for piece in table.pieces:
            raw = table.raw(piece, set(fed.values()))
            read = [(name, raw.columns[column], readers[name]) for name, column in fed.items()]
            for row in range(raw.rows):
                record: dict[str, object] = {}
                for name, column, reader in read:
                    cell = reader(column[row])
                    # An empty cell says nothing, so that a default fills it.
                    if cell is not None:
                        record[name] = Word(cell) if isinstance(cell, str) else cell
                yield raw.place(row), record


def _lacking(template: Template, there: Collection[str]) -> str:
    """Return the names of fields that records should have and no column feeds."""
    names = [
        one.name
        for one in template.fields
        if one.name not in there
        and not one.optional
        and one.default is None
        and one.type.kind not in ("list", "reference")
    ]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")


def record_count(file: str) -> int | None:
    """Return how many records a table has (of a CSV file its lines); None where nothing says it."""
    if not is_table(file):
        return None
    from heuron.learn.pieces import open_table

    with contextlib.closing(open_table(file)) as table:
        return sum(piece.rows for piece in table.pieces)


def _feeds_nothing(
    file: str, names: Iterable[str], template: Template, kept: frozenset[str]
) -> RuleError:
    """Return the error of a table none of whose columns is a field."""
    fields = ", ".join(name for name in template.names if name not in kept)
    columns = ", ".join(f'"{one}"' for one in list(names)[:12])
    hint = f"Its columns are {columns}. The fields of {template.name} are: {fields}."
    return refused(file, "none of its columns is a field", hint)


def _fed(
    columns: list[str], template: Template, kept: frozenset[str], declared: Mapping[str, str]
) -> dict[str, str]:
    """Return the column that feeds each field: as declared, by its name, or by its slug."""
    from heuron.learn.columns import by_name

    column_of = by_name(columns)
    found: dict[str, str] = {}
    for name in template.names:
        wanted = declared.get(name, name)
        column = wanted if wanted in columns else column_of(name)
        if column and name not in kept:
            found[name] = column
    return found


def refused(place: str, message: str, hint: str | None = None) -> RuleError:
    """Return the error of a file that is not what it should be."""
    return RuleError(Diagnostic(Severity.ERROR, "bad-evidence", f"{place}: {message}.", hint=hint))
