"""How results reach the terminal: JSON objects, diagnostics, columns and a little colour.

Owns everything that writes to stdout and stderr. Results go to stdout, all else to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO, TypedDict

from heuron.diagnostics import Diagnostic
from heuron.diagnostics import render as render_diagnostic

__all__ = [
    "SHOWN",
    "bold",
    "columns",
    "dim",
    "note",
    "print_diagnostics",
    "print_error",
    "print_json",
    "say",
    "terminal",
]

SHOWN = 20
"""How many diagnostics are printed; the rest is counted."""

FORMAT = 1
"""The version of every JSON object. Keys may be added under it, never changed."""


def say(text: str = "") -> None:
    """Write a line of a result to stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a line that is no result to stderr."""
    sys.stderr.write(text + "\n")


def print_json(command: str, body: Mapping[str, object], *, line: bool = False) -> None:
    """Write the one JSON object of a command, or one `line` of many."""
    say(as_json({"format": FORMAT, "command": command, **body}, line=line))


def as_json(value: object, *, line: bool = False) -> str:
    """Return a value as JSON text: indented, or in one line."""
    return json.dumps(value, indent=None if line else 2, ensure_ascii=False, allow_nan=False)


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO | None = None) -> None:
    """Write diagnostics in the order of their places; 20 in full, then a count."""
    stream = sys.stderr if stream is None else stream
    found = sorted(diagnostics, key=_place)
    for diagnostic in found[:SHOWN]:
        stream.write(render_diagnostic(diagnostic) + "\n")
    if len(found) > SHOWN:
        stream.write(f"… and {len(found) - SHOWN} more\n")


def print_error(command: str, diagnostics: Sequence[Diagnostic], *, as_object: bool) -> None:
    """Write what stopped a command: as an `error` object on stdout, or in words on stderr."""
    if not as_object:
        print_diagnostics(diagnostics)
        return
    found = sorted(diagnostics, key=_place)
    first = found[0]
    body: dict[str, object] = {
        "error": {"code": first.code, "message": first.message, "hint": first.hint}
    }
    if first.span is not None or len(found) > 1:
        body["diagnostics"] = [one.to_dict() for one in found]
    print_json(command, body)


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    """Return where a diagnostic stands; those without a place keep the order they were found in."""
    span = diagnostic.span
    return ("", -1) if span is None else (span.file, span.start)


def columns(rows: Sequence[Sequence[str]], indent: str = "", gap: int = 3) -> list[str]:
    """Return rows as lines with their cells under each other; trailing space is cut."""
    if not rows:
        return []
    widths = [
        max(len(row[place]) if place < len(row) else 0 for row in rows)
        for place in range(max(len(row) for row in rows))
    ]
    return [
        (
            indent
            + (" " * gap).join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        ).rstrip()
        for row in rows
    ]


def bold(text: str) -> str:
    """Return a text in bold, where stdout is a terminal that wants it."""
    return f"\033[1m{text}\033[0m" if _wants_colour() else text


def dim(text: str) -> str:
    """Return a text in a fainter colour, where stdout is a terminal that wants it."""
    return f"\033[2m{text}\033[0m" if _wants_colour() else text


class Terminal(TypedDict):
    """What a report must know of where it is shown."""

    width: int
    colour: bool


def terminal() -> Terminal:
    """Return how wide stdout is (80 columns at least where it is no terminal), and colour."""
    from shutil import get_terminal_size

    width = get_terminal_size().columns if sys.stdout.isatty() else 80
    return {"width": max(60, min(width, 120)), "colour": _wants_colour()}


def _wants_colour() -> bool:
    return (
        not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()
    )
