"""A SQL query over declared files, run by DuckDB, as a source of data.

Owns `read_query`. The query sees the declared files as tables and nothing else: they are read
first, then DuckDB's access to files, network, extensions and Python's variables is shut and its
settings are locked, so that a `data.toml` from elsewhere can read nothing that it does not name.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.source import EMPTY, Query, Raw, located, read_source

__all__ = ["read_query"]

SHUT: Final = (
    "set enable_external_access = false",
    "set lock_configuration = true",
)

OPTIONS: Final = {
    # One thread: the order of rows, and sums of floats, are the same in every run.
    "threads": "1",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}

TYPES: Final = {
    # 007 is a code: as a number it would lose what tells it from 7.
    "bigint": "[+-]?(0|[1-9][0-9]*)",
    "double": "[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?",
    "boolean": "true|false",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": "[0-9]{4}-[0-9]{2}-[0-9]{2}[ t].*",
}
"""What a column of a CSV file may be besides text, and how its cells look in small letters:
the first that takes every cell."""


def read_query(query: Query, folder: Path, root: Path | None) -> Raw:
    """Return the rows that a query selects.

    Args:
        query: The query and its files.
        folder: What their relative paths start from.
        root: The folder that they must stay in; None for any.

    Raises:
        RuleError: DuckDB is not installed, a file cannot be read, the query is no single SELECT,
            it fails, or gives no rows.
    """
    try:
        import duckdb
    except ImportError:
        message = "A source with a query needs DuckDB, which is not installed."
        raise _refused(
            query, "needs-package", message, ("source",), 'pip install "heuron[sql]"'
        ) from None
    digest = hashlib.sha256(query.text.encode())
    with duckdb.connect(":memory:", config=dict(OPTIONS)) as connection:
        for table, file in query.files.items():
            path = located(file, folder, root)
            digest.update(path.read_bytes())
            try:
                _fill(connection, table, file, folder, root)
            except duckdb.Error as error:
                message = f"{file} cannot be read as a table: {_words(error)}"
                raise _refused(query, "bad-data", message, ("source", "files", table)) from None
        for statement in SHUT:
            connection.execute(statement)
        try:
            columns = _selected(query, connection)
        except duckdb.Error as error:
            hint = f"its tables are {', '.join(query.files)}, and it can read nothing else"
            message = f"The query of the data fails: {_words(error)}"
            raise _refused(query, "bad-data", message, ("source", "query"), hint) from None
    if not columns or not next(iter(columns.values())):
        message = "The query of the data selects no rows."
        raise _refused(query, "bad-data", message, ("source", "query"))
    return Raw(query.name, columns, digest.hexdigest())


def _fill(connection: Any, table: str, file: str, folder: Path, root: Path | None) -> None:
    """Make a table of a file; the cells of a CSV file get the type that all of them have."""
    path = located(file, folder, root)
    if path.suffix in (".parquet", ".pq"):
        connection.execute(f"create table {_quoted(table)} as from read_parquet(?)", [str(path)])
        return
    import numpy

    raw = read_source(file, folder, root)
    cells = {
        name: numpy.array([cell if cell.strip() else None for cell in column], dtype=object)
        for name, column in raw.columns.items()
    }
    connection.register("heuron_cells", cells)
    chosen = ", ".join(_typed(connection, name) for name in cells)
    connection.execute(f"create table {_quoted(table)} as select {chosen} from heuron_cells")
    connection.unregister("heuron_cells")


def _typed(connection: Any, column: str) -> str:
    """Return the SQL that selects a column of texts as the type that takes every cell."""
    name = _quoted(column)
    empty = ", ".join(f"'{one}'" for one in sorted(EMPTY - {""}))
    known = f"trim({name}) not in ({empty})"
    for kind, form in TYPES.items():
        fails = f"try_cast({name} as {kind}) is null"
        fails += f" or not regexp_full_match(lower(trim({name})), '{form}')"
        counts = connection.execute(
            f"select count(*), count(*) filter (where {fails}) from heuron_cells "
            f"where {name} is not null and {known}"
        ).fetchone()
        if counts[0] and not counts[1]:
            return f"try_cast({name} as {kind}) as {name}"
    return f"cast({name} as varchar) as {name}"


def _selected(query: Query, connection: Any) -> dict[str, list[Any]]:
    """Return the columns that the query selects."""
    import duckdb

    statements = connection.extract_statements(query.text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        message = "The query of the data is to be one SELECT."
        raise _refused(query, "bad-setting", message, ("source", "query"))
    cursor = connection.execute(statements[0])
    names = [str(one[0]) for one in cursor.description]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        message = f'Two columns of the query are called "{twice}".'
        hint = f'name one of them: {twice} as "another name"'
        raise _refused(query, "bad-data", message, ("source", "query"), hint)
    rows = cursor.fetchall()
    return {name: [_plain(row[at]) for row in rows] for at, name in enumerate(names)}


def _plain(cell: Any) -> Any:
    return float(cell) if isinstance(cell, Decimal) else cell


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _words(error: Exception) -> str:
    """Return what DuckDB says, in one line and without its drawing of the place."""
    first = str(error).split("\n\nLINE")[0]
    return " ".join(first.split())[:300]


def _refused(
    query: Query, code: str, message: str, at: tuple[str, ...], hint: str | None = None
) -> RuleError:
    if query.document is None:
        return RuleError(Diagnostic(Severity.ERROR, code, message, None, hint))
    return RuleError(query.document.diagnostic(Severity.ERROR, code, message, at, hint))
