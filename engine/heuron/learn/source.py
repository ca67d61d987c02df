"""Where data come from: scikit-learn's tables, CSV, parquet, SQL. Columns of raw cells, untyped.

Owns `Raw`, `Query` and `read_source`. What a cell means is the affair of `columns`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heuron.diagnostics import nearest
from heuron.knowledge.sources import separator_of
from heuron.learn.csv_text import EMPTY_FILE, csv_records, csv_text, header_names, refused_file

if TYPE_CHECKING:
    from heuron.learn.document import Document

__all__ = ["EMPTY", "Query", "Raw", "located", "read_source"]

EMPTY: Final = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"})
"""Texts that stand for an empty cell, unless the field has a level of that name.

In a text field only the first one does: "NA" is Namibia.
"""

SKLEARN: Final = ("iris", "wine", "digits", "breast_cancer", "diabetes")
"""Tables that come with scikit-learn; nothing is ever downloaded."""


@dataclass(frozen=True, slots=True)
class Query:
    """A SQL query over declared files: `files` maps its tables to paths.

    `document` is the `data.toml` that it stands in, for messages.
    """

    text: str
    files: Mapping[str, str]
    document: Document | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What its rows are called in messages and cards."""
        return f"a query over {', '.join(self.files.values())}"


@dataclass(frozen=True, slots=True)
class Raw:
    """A table as it was read.

    `columns` maps names to cells, all of one length; a cell of a CSV file is text, others are
    Python values, None where empty. `target` is the column of a scikit-learn table's target and
    `target_names` its names by code. `first_line` is the line of the first row in the file, or
    None where rows have no lines; `lines` is each row's last line where these are not one after
    another. `digest` is the SHA-256 of the content. `first_row` counts the rows before the first,
    where these are a part of a table.
    """

    name: str
    columns: Mapping[str, list[Any]]
    digest: str
    target: str | None = None
    target_names: tuple[str, ...] = ()
    first_line: int | None = None
    lines: tuple[int, ...] = ()
    first_row: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))

    def place(self, row: int) -> str:
        """Return where a row (from 0) stands, for messages."""
        if self.lines:
            return f"{self.name}:{self.lines[row]}"
        if self.first_line is not None:
            return f"{self.name}:{row + self.first_line}"
        return f"{self.name} row {self.first_row + row + 1}"


def read_source(source: str | Query, folder: Path, root: Path | None) -> Raw:
    """Read the data that `source` names.

    Args:
        source: `sklearn:NAME`, a path of a CSV or parquet file, or a query over such files.
        folder: What a relative path starts from.
        root: The folder that the path must stay in; None when the user gave the path.

    Raises:
        RuleError: Not found, outside the project, or not readable as a table.
    """
    if isinstance(source, Query):
        from heuron.learn.sql import read_query

        return read_query(source, folder, root)
    scheme, colon, name = source.partition(":")
    if colon and scheme == "sklearn":
        return _read_sklearn(name)
    path = located(source, folder, root)
    if path.suffix in (".parquet", ".pq"):
        return _read_parquet(path, source)
    if path.suffix in (".csv", ".tsv", ".txt"):
        return _read_csv(path, source)
    hint = 'sources are "sklearn:NAME", "FILE.csv" and "FILE.parquet"'
    raise refused_file("bad-data", source, "it is of no known kind", hint)


def located(source: str, folder: Path, root: Path | None) -> Path:
    """Return the path of a file of data, which is there and stays in `root`.

    Raises:
        RuleError: It is not there, is a folder, or lies outside.
    """
    path = (folder / source).resolve()
    if root is not None and not path.is_relative_to(root.resolve()):
        hint = "move it into the project, or read it all the same with --allow-path"
        raise refused_file("outside-project", source, "it lies outside the project's folder", hint)
    if not path.is_file():
        start = folder.resolve()
        where = f"the path starts from {start}" if start != Path.cwd() else None
        what = "a folder, no file, at" if path.is_dir() else "no data at"
        raise refused_file("not-found", source, f"{what} {path}", where)
    return path


def _read_sklearn(name: str) -> Raw:
    if name not in SKLEARN:
        near = nearest(name, SKLEARN)
        hint = f"Did you mean sklearn:{near}?" if near else f"known: {', '.join(SKLEARN)}"
        raise refused_file(
            "not-found", f"sklearn:{name}", f"scikit-learn has no table {name}", hint
        )
    import sklearn.datasets

    # scaled=False: the template's units are the measurements', not standard deviations.
    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(sklearn.datasets, f"load_{name}")(**options)
    columns = {
        str(column): bunch.data[:, at].tolist() for at, column in enumerate(bunch.feature_names)
    }
    columns["target"] = bunch.target.tolist()
    names = tuple(str(one) for one in getattr(bunch, "target_names", ()))
    digest = hashlib.sha256(bunch.data.tobytes() + bunch.target.tobytes()).hexdigest()
    return Raw(f"sklearn:{name}", columns, digest, "target", names)


def _read_parquet(path: Path, shown: str) -> Raw:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        hint = 'pip install "heuron[parquet]"'
        raise refused_file("needs-package", shown, "reading parquet needs pyarrow", hint) from None
    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        # What pyarrow says begins with the path, which the message has.
        why = str(error).partition("': ")[2] or str(error)
        raise refused_file("bad-data", shown, f"it is no parquet file: {why}") from None
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    _check_shape(shown, columns)
    return Raw(shown, columns, hashlib.sha256(path.read_bytes()).hexdigest())


def _read_csv(path: Path, shown: str) -> Raw:
    content = path.read_bytes()
    text = csv_text(content, shown)
    numbered = csv_records(text, separator_of(text), shown)
    if not numbered:
        raise refused_file("bad-data", shown, EMPTY_FILE)
    names = header_names(numbered[0][1], shown, numbered[0][0])
    lines = [at for at, _ in numbered[1:]]
    records = [record for _, record in numbered[1:]]
    cells = zip(*records, strict=True) if records else ([] for _ in names)
    columns = {name: list(column) for name, column in zip(names, cells, strict=True)}
    _check_shape(shown, columns)
    # Empty lines and cells of several lines: only then does each row need a number of its own.
    lines = [] if lines == list(range(2, len(lines) + 2)) else lines
    digest = hashlib.sha256(content).hexdigest()
    return Raw(shown, columns, digest, first_line=2, lines=tuple(lines))


def _check_shape(shown: str, columns: Mapping[str, list[Any]]) -> None:
    if not columns or not next(iter(columns.values())):
        raise refused_file("bad-data", shown, "it has no rows")
