"""What Heuron tells a user about a file: diagnostics with a place, a code and a hint.

Owns `Span`, `SourceText`, `Severity`, `Diagnostic` and the exceptions that carry diagnostics.
Parsing and checking return diagnostics and carry on; only `load` raises (`RuleError`).
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "NOWHERE",
    "Diagnostic",
    "HeuronError",
    "LimitError",
    "Related",
    "RuleError",
    "Severity",
    "SourceText",
    "Span",
    "guess",
    "nearest",
    "render",
    "sentence",
    "sort_key",
]

SHOWN = 20
"""How many diagnostics are printed before the rest is only counted."""


INVISIBLE: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(32), *range(127, 160))
    if code not in (9, 10)
}
"""Control characters of a file, which a terminal would obey, as they are printed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: offsets in code points, `end` exclusive."""

    file: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.file, self.start, max(self.end, other.end))


NOWHERE: Final = Span("", 0, 0)
"""The span of what was made and not read."""


class SourceText:
    """The text of a file, with the lines and columns (from 1) of its offsets."""

    __slots__ = ("_starts", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts: list[int] | None = None

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts = [0]
            at = self.text.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.text.find("\n", at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1."""
        starts = self._line_starts()
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of a line (from 1) without its line end."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")


class Severity(enum.Enum):
    """How bad a diagnostic is: an error stops loading, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a diagnostic speaks of."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, where, and what to do about it.

    `code` is a stable word listed in `heuron.codes`; `line` and `column` count from 1 and are
    filled in by whoever holds the source text, so that a diagnostic can be printed without it.
    """

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    hint: str | None = None
    related: tuple[Related, ...] = ()
    line: int | None = None
    column: int | None = None
    excerpt: str | None = field(default=None, compare=False)

    @property
    def is_error(self) -> bool:
        """Whether this diagnostic stops the file from being loaded."""
        return self.severity is Severity.ERROR

    def located(self, source: SourceText) -> Diagnostic:
        """Return this diagnostic with line, column and source line taken from `source`."""
        if self.span is None or self.line is not None:
            return self
        line, column = source.position(self.span.start)
        return Diagnostic(
            self.severity,
            self.code,
            self.message,
            self.span,
            self.hint,
            self.related,
            line,
            column,
            source.line(line),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form: severity, code, message, file, line, column, hint."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "file": self.span.file if self.span else None,
            "line": self.line,
            "column": self.column,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return render(self)


class HeuronError(Exception):
    """The base of Heuron's own exceptions, always with diagnostics to show."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(render(one) for one in self.diagnostics[:SHOWN]))


class RuleError(HeuronError):
    """A rule file, a model spec or evidence cannot be used as it stands."""


class LimitError(HeuronError):
    """A run met one of its limits (firings, search steps, facts, seconds, depth)."""


def render(diagnostic: Diagnostic) -> str:
    """Return the printed form: place, severity, code and message, source line, caret, hint."""
    place = ""
    if diagnostic.span is not None:
        place = diagnostic.span.file
        if diagnostic.line is not None:
            place += f":{diagnostic.line}:{diagnostic.column}"
        place += ": "
    lines = [f"{place}{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.message}"]
    if diagnostic.excerpt is not None and diagnostic.span is not None and diagnostic.column:
        text = diagnostic.excerpt
        start = diagnostic.column - 1
        # A caret far to the right of a very long line helps nobody: show a window around it.
        if len(text) > 120:
            cut = max(0, start - 60)
            text, start = text[cut : cut + 120], start - cut
        width = max(1, min(diagnostic.span.end - diagnostic.span.start, len(text) - start))
        pad = "".join("\t" if character == "\t" else " " for character in text[:start])
        lines += [f"    {text}", f"    {pad}{'^' * width}"]
    lines += [f"  {one.message}" for one in diagnostic.related]
    if diagnostic.hint:
        lines.append(f"  hint: {diagnostic.hint}")
    return "\n".join(lines).translate(INVISIBLE)


def sentence(text: str) -> str:
    """Return what was said of something as the sentence of a message: a capital, a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def sort_key(diagnostic: Diagnostic) -> tuple[str, int, str, str]:
    """Return the order in which diagnostics are shown: by file, offset, code and message."""
    span = diagnostic.span
    return (
        span.file if span else "",
        span.start if span else -1,
        diagnostic.code,
        diagnostic.message,
    )


def guess(name: object, candidates: Collection[str]) -> str | None:
    """Return the hint about a name that is none of `candidates`; None where there are none."""
    near = nearest(name, candidates) if isinstance(name, str) else None
    if near is not None:
        return f"Did you mean `{near}`?"
    return f"There are: {', '.join(candidates)}." if candidates else None


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` was probably meant to be, or None."""
    # Imported here: only a mistake pays for difflib.
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in sorted(candidates)}
    found = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None
