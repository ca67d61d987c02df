"""TOML files that people write: read with `tomllib`, their mistakes shown with line and column.

Owns `Document`: the data of a `data.toml` or a model spec, where each key stands, and the
diagnostics found so far. `tomllib` tells no places, so a small locator finds them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity, SourceText, Span, nearest

__all__ = ["Document"]

Path_ = tuple[str, ...]

KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
HEADER = re.compile(rf"^[ \t]*\[\[?[ \t]*({KEY}(?:[ \t]*\.[ \t]*{KEY})*)[ \t]*\]\]?", re.M)
ASSIGNMENT = re.compile(rf"^[ \t]*({KEY}(?:[ \t]*\.[ \t]*{KEY})*)[ \t]*=[ \t]*", re.M)


class Document:
    """The content of a TOML file, with places for messages.

    Attributes:
        file: The path as it is shown to the user.
        data: What `tomllib` read.
        found: The diagnostics reported so far; `finish` raises when one is an error.
    """

    def __init__(self, file: str, text: str) -> None:
        import tomllib

        self.file = file
        self.source = SourceText(file, text)
        self.found: list[Diagnostic] = []
        self._places: dict[Path_, tuple[Span, Span]] | None = None
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RuleError(self._syntax(str(error))) from None
        except RecursionError:
            raise RuleError(
                self._syntax("brackets nest too deeply (at line 1, column 1)")
            ) from None

    @classmethod
    def read(cls, path: Path, shown: str | None = None) -> Document:
        """Read a file.

        Raises:
            RuleError: When it does not exist, is no UTF-8 text, or no TOML.
        """
        shown = shown or str(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise RuleError(
                Diagnostic(Severity.ERROR, "not-text", f"{shown} is not UTF-8 text.")
            ) from None
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise RuleError(Diagnostic(Severity.ERROR, "not-found", f"{shown}: {why}")) from None
        return cls(shown, text.replace("\r\n", "\n"))

    def error(
        self, code: str, message: str, at: Path_ = (), hint: str | None = None, key: bool = False
    ) -> None:
        """Report a mistake at a key path: at its value, or with `key` at the key itself."""
        self.found.append(self.diagnostic(Severity.ERROR, code, message, at, hint, key))

    def diagnostic(
        self,
        severity: Severity,
        code: str,
        message: str,
        at: Path_ = (),
        hint: str | None = None,
        key: bool = False,
    ) -> Diagnostic:
        """Return a located diagnostic; the deepest known part of `at` is its place."""
        if self._places is None:
            self._places = dict(_locate(self.file, self.source.text))
        span = None
        for length in range(len(at), 0, -1):
            places = self._places.get(at[:length])
            if places is not None:
                span = places[0 if key or length < len(at) else 1]
                break
        if span is None:
            span = Span(self.file, 0, 0)
        return Diagnostic(severity, code, message, span, hint).located(self.source)

    def finish(self) -> None:
        """Raise `RuleError` with everything reported, if any of it is an error."""
        if any(one.is_error for one in self.found):
            raise RuleError(self.found)

    def check_keys(self, table: Iterable[str], allowed: Iterable[str], at: Path_ = ()) -> None:
        """Report every key that is not allowed, with the nearest that is."""
        allowed = tuple(allowed)
        for name in table:
            if name not in allowed:
                near = nearest(name, allowed)
                where = f" in [{'.'.join(at)}]" if at else ""
                hint = f"Did you mean `{near}`?" if near else f"known: {', '.join(allowed)}"
                self.error("unknown-key", f"No key `{name}`{where}.", (*at, name), hint, key=True)

    def check_levels(self, given: Iterable[str], known: Iterable[str], at: Path_) -> None:
        """Report every name that is no level, with the nearest that is."""
        known = tuple(known)
        for level in given:
            if level not in known:
                near = nearest(level, known)
                hint = f"Did you mean `{near}`?" if near else f"levels: {', '.join(known)}"
                message = f"`{at[-1]}` has no level `{level}`."
                self.error("unknown-level", message, (*at, level), hint, key=True)

    def _syntax(self, message: str) -> Diagnostic:
        match = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", message)
        text = self.source.text
        offset = len(text)
        if match and match[1]:
            lines = text.split("\n")
            offset = sum(len(line) + 1 for line in lines[: int(match[1]) - 1]) + int(match[2]) - 1
        words = message.split(" (at ")[0]
        span = Span(self.file, offset, offset + 1)
        hint = "texts stand in quotes, lists in [ ], inline tables in { }"
        return Diagnostic(
            Severity.ERROR, "syntax", f"This is no TOML: {words}.", span, hint
        ).located(self.source)


def _locate(file: str, text: str) -> list[tuple[Path_, tuple[Span, Span]]]:
    """Return the key and value spans of every key path, inline tables included."""
    found: list[tuple[Path_, tuple[Span, Span]]] = []
    blanked = _blank_strings(text)
    headers = [(match.start(), match) for match in HEADER.finditer(blanked)]
    keys = [(match.start(), match) for match in ASSIGNMENT.finditer(blanked)]
    marks = sorted(headers + keys, key=lambda mark: mark[0])
    table: Path_ = ()
    for index, (_, match) in enumerate(marks):
        path = _split_key(text[match.start(1) : match.end(1)])
        key = Span(file, match.start(1), match.end(1))
        if match.re is HEADER:
            table = path
            found.append((table, (key, key)))
            continue
        end = marks[index + 1][0] if index + 1 < len(marks) else len(text)
        # Not the match's end: a string of several lines is blank there, and all of it matched.
        start = text.index("=", match.end(1)) + 1
        start += len(text[start:]) - len(text[start:].lstrip(" \t"))
        value_text = text[start:end]
        first = value_text.split("\n")[0] if value_text[:1] not in "[{" else value_text
        stop = start + max(1, len(_without_comment(first).rstrip()))
        full = (*table, *path)
        found.append((full, (key, Span(file, start, stop))))
        found += _inline(file, text, start, stop, full)
    return found


def _inline(
    file: str, text: str, start: int, stop: int, at: Path_
) -> list[tuple[Path_, tuple[Span, Span]]]:
    """Return the places of the keys of one inline table."""
    if text[start : start + 1] != "{":
        return []
    found = []
    for match in re.finditer(rf"({KEY})[ \t]*=[ \t]*([^,{{}}]*)", text[start:stop]):
        key = Span(file, start + match.start(1), start + match.end(1))
        value = Span(file, start + match.start(2), start + match.end(2))
        found.append(((*at, *_split_key(match[1])), (key, value)))
    return found


def _blank_strings(text: str) -> str:
    """Return the text with the insides of multi-line strings blanked, offsets unchanged."""
    return re.sub(
        r'("""|\'\'\').*?\1',
        lambda match: re.sub(r"[^\n]", " ", match[0]).replace("\n", " "),
        text,
        flags=re.S,
    )


def _split_key(text: str) -> Path_:
    return tuple(part.strip("\"'") for part in re.findall(KEY, text))


def _without_comment(text: str) -> str:
    return re.sub(r"#[^\n\"']*$", "", text)
