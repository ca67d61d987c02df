"""The texts that a knowledge base is made of: its rule file, what it uses, and its tables.

Owns reading files for the loader: UTF-8 only, inside the project's folder only, and the paths
that were read are remembered, so that the cache knows what a program depends on.
"""

from __future__ import annotations

import os

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["Sources", "decoded", "model_names", "read_text", "table_rows"]

BIGGEST = 64_000_000
"""Rule files and tables beyond this many bytes are refused, before they fill the memory."""


def read_text(path: str, shown: str | None = None) -> str:
    """Return the text of a file.

    Raises:
        RuleError: It is not there, cannot be read, is too big, or is not UTF-8 text.
    """
    shown = path if shown is None else shown
    return decoded(read_bytes(path, shown), shown)


def read_bytes(path: str, shown: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        RuleError: It is not there, cannot be read, or is too big.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(BIGGEST + 1)
    except FileNotFoundError:
        raise RuleError(_error("not-found", f'There is no file "{shown}".')) from None
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise RuleError(_error("file", f'"{shown}" cannot be read: {reason}.')) from None
    if len(data) > BIGGEST:
        raise RuleError(
            _error("file", f'"{shown}" is bigger than {BIGGEST // 1_000_000} megabytes.')
        )
    return data


def decoded(data: bytes, shown: str) -> str:
    """Return bytes as text: UTF-8, a byte-order mark taken off, line ends as they are.

    Raises:
        RuleError: The bytes are not UTF-8; the message says where.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f'"{shown}" is not UTF-8 text: the bytes of line {line} mean nothing in it.'
        raise RuleError(_error("not-text", message, "Save the file as UTF-8.")) from None
    return text


def _error(code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, hint=hint)


class Sources:
    """Reads the files of one knowledge base, and remembers what it read.

    A file is named by its *shown* path, the one in messages; `read` maps it to the real one.
    Paths in rule files are relative to the file that names them and must stay inside `root`,
    symbolic links followed. `used` lists the real paths that were read, in order.
    """

    def __init__(self, root: str, file: str, shown: str) -> None:
        self.root = os.path.realpath(root)
        self.used: list[str] = []
        self._real = {shown: os.path.realpath(file)}

    def main(self, shown: str) -> str:
        """Return the text of the main file."""
        return self._text(self._real[shown], shown)

    def read(self, path: str, using: str) -> tuple[str, str]:
        """Return the path to show and the text of a file that the file `using` names.

        Raises:
            RuleError: As `read_text`; and `outside-project` for a path that leaves the root.
        """
        shown, full = self._place(path, using)
        return shown, self._text(full, shown)

    def read_table(self, path: str, using: str) -> tuple[str, str]:
        """Return the path to show and the CSV text of a table's file: that, or a sheet of one.

        `prices.xlsx#Europe` is a sheet of a workbook.

        Raises:
            RuleError: As `read`; and what `sheet_text` says of workbooks.
        """
        from heuron.check.tablefiles import is_workbook

        if not is_workbook(path):
            return self.read(path, using)
        from heuron.knowledge.workbook import sheet_text

        file, _, sheet = path.partition("#")
        shown, full = self._place(file, using)
        if full not in self.used:
            self.used.append(full)
        text = sheet_text(read_bytes(full, shown), shown, sheet)
        return f"{shown}#{sheet}" if sheet else shown, text

    def _place(self, path: str, using: str) -> tuple[str, str]:
        full = os.path.realpath(os.path.join(os.path.dirname(self._real[using]), path))
        if os.path.isabs(path) or not _is_inside(full, self.root):
            raise RuleError(
                _error(
                    "outside-project",
                    f'"{path}" is outside the project\'s folder.',
                    f"Paths are relative to {using} and stay inside {self.root}.",
                )
            )
        shown = os.path.normpath(os.path.join(os.path.dirname(using), path)).replace(os.sep, "/")
        # Two files never share a shown path: one that would is shown by its real path.
        if self._real.setdefault(shown, full) != full:
            shown = full
            self._real[full] = full
        return shown, full

    def _text(self, full: str, shown: str) -> str:
        if full not in self.used:
            self.used.append(full)
        return read_text(full, shown)


SEPARATORS = (",", ";", "\t", "|")


def separator_of(text: str) -> str:
    """Return the separator of a CSV text: what its header holds most of, a comma of equals."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(SEPARATORS, key=header.count)


def table_rows(shown: str, text: str) -> list[list[str]]:
    """Return the rows of a CSV text, each at its own line, so that blank lines are empty rows.

    The separator is found in the header.

    Raises:
        RuleError: It is no CSV (`bad-data`).
    """
    import csv

    try:
        rows: list[list[str]] = []
        reader = csv.reader(text.splitlines(keepends=True), delimiter=separator_of(text))
        for row in reader:
            # A row is where it ends: line breaks in quotes belong to their row.
            rows += [[]] * (reader.line_num - len(rows) - 1)
            rows.append(row)
        return rows
    except csv.Error as error:
        raise RuleError(_error("bad-data", f'"{shown}" is no CSV file: {error}.')) from None


def _is_inside(path: str, root: str) -> bool:
    try:
        return os.path.commonpath([root, path]) == root
    except ValueError:  # another drive
        return False


def model_names(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the models in a domain's model folders, sorted.

    A model is a spec `name.toml`; `data.toml` and `selected.toml` are no models.
    """
    found: dict[str, None] = {}
    for folder in folders:
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            name = entry.removesuffix(".toml")
            if name not in (entry, "data", "selected"):
                found[name] = None
    return tuple(sorted(found))
