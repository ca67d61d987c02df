"""The texts that a knowledge base is made of: its rule file, what it uses, and its tables.

Owns reading files for the loader: UTF-8 only, inside the project's folder only, and every text
that was read is remembered with its path, so that the cache knows what a program depends on.
"""

from __future__ import annotations

import os

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["Sources", "model_names", "read_text"]

BIGGEST = 64_000_000
"""Rule files and tables beyond this many bytes are refused, before they fill the memory."""


def read_text(path: str, shown: str | None = None) -> str:
    """Return the text of a file.

    Raises:
        RuleError: It is not there, cannot be read, is too big, or is not UTF-8 text.
    """
    shown = path if shown is None else shown
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
    return decoded(data, shown)


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

    `texts` maps the paths that were read (absolute) to their bytes' text. Paths in rule files
    are relative to the file that names them and must stay inside `root`.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.texts: dict[str, str] = {}

    def read(self, path: str) -> str:
        """Return the text of a file inside the root.

        Raises:
            RuleError: As `read_text`; and `outside-project` for a path that leaves the root,
                symbolic links followed.
        """
        full = os.path.realpath(path)
        if os.path.commonpath([self.root, full]) != self.root:
            raise RuleError(
                _error(
                    "outside-project",
                    f'"{path}" is outside the project\'s folder.',
                    f"Files that a rule file names stay inside {self.root}.",
                )
            )
        text = self.texts.get(full)
        if text is None:
            text = self.texts[full] = read_text(full, path)
        return text


def model_names(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the models in a domain's model folders, sorted.

    A model is a spec `name.toml` (`data.toml` and `selected.toml` are no models) or a folder of
    artifacts.
    """
    found = set()
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            name, dot, ending = entry.name.partition(".")
            if dot and ending == "toml" and name not in ("data", "selected"):
                found.add(name)
    return tuple(sorted(found))
