"""What to say about characters and signs that are no part of the language."""

from __future__ import annotations

from typing import Final

from heuron.diagnostics import Diagnostic, Span
from heuron.lang.lexemes import error

__all__ = ["strange_character"]

HINTS: Final = {
    "!": "write `not`, or `!=` for different",
    "&": "write `and`",
    "^": "powers are not part of the language",
    ";": "write one thing a line",
    "{": "braces stand only in the texts of `because` and `log`",
    "}": "braces stand only in the texts of `because` and `log`",
    "'": 'texts are written in double quotes: "like this"',
    "“": 'texts are written in straight quotes: "like this"',
    "”": 'texts are written in straight quotes: "like this"',
    "„": 'texts are written in straight quotes: "like this"',
    "–": "write the minus sign of the keyboard, `-`",
    "—": "write the minus sign of the keyboard, `-`",
    "−": "write the minus sign of the keyboard, `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "×": "write `*`",
    "÷": "write `/`",
    "→": "write `->`",
    "\\": "a line goes on inside brackets, or after a comma",
}


def strange_character(kind: str, text: str, span: Span) -> Diagnostic:
    """Return the diagnostic for an open text, a text in single quotes or a strange character."""
    if kind == "OPEN_TEXT":
        return error(
            Span(span.file, span.start, span.start + 1),
            "this text is not closed before the end of its line",
            'close it with `"`; inside a text write `\\"` for a quote and `\\n` for a new line',
        )
    if kind == "QUOTED":
        return error(span, "single quotes mean nothing here", HINTS["'"])
    shown = f"`{text}`" if text.isprintable() else f"the character U+{ord(text):04X}"
    hint = HINTS.get(text)
    if text == "\x00":
        hint = "is this a text file, saved as UTF-8?"
    return error(span, f"{shown} means nothing here", hint)
