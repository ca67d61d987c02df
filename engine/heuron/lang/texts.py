"""Texts in quotes: escapes, and the `{holes}` in the texts of `because` and `log`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.lang.depth import DEPTH_LIMIT, too_deep
from heuron.lang.lexemes import Lexeme, Mistake, Vocabulary, error
from heuron.lang.strange import strange_character

__all__ = ["is_format", "read_escape", "read_template", "unquote"]

ESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "t": "\t", "r": "\r", "/": "/"}

NUMBER_FORMAT = re.compile(r",?(\.[0-9])?[f%]?")
DATE_FORMAT = re.compile(r"(?:%[YmdHM]|[-/.: T])+")


def is_format(text: str) -> bool:
    """Whether `text` is a format that a hole may have: `,` `.0`-`.9` `f` `%`, or a date's."""
    if not text:
        return False
    if NUMBER_FORMAT.fullmatch(text):
        return True
    return "%" in text and DATE_FORMAT.fullmatch(text) is not None


def unquote(lexeme: Lexeme) -> str:
    """Return the text that a lexeme in quotes stands for."""
    inside = lexeme.text[1:-1]
    return _unescape(lexeme)[0] if "\\" in inside else inside


def _unescape(lexeme: Lexeme) -> tuple[str, list[int]]:
    """Return the text of a lexeme, and for each of its characters (and its end) the offset."""
    written, start = lexeme.text, lexeme.span.start
    characters: list[str] = []
    offsets: list[int] = []
    at, end = 1, len(written) - 1
    while at < end:
        character, width = written[at], 1
        if character == "\\":
            character, width = _escaped(lexeme, at)
        characters.append(character)
        offsets.append(start + at)
        at += width
    offsets.append(start + end)
    return "".join(characters), offsets


def read_escape(text: str, at: int) -> tuple[str, int] | None:
    """Return what the escape that begins with the backslash at `at` stands for, and its length."""
    following, digits = text[at + 1 : at + 2], text[at + 2 : at + 6]
    if following in ESCAPES:
        return ESCAPES[following], 2
    if following == "u" and re.fullmatch("[0-9a-fA-F]{4}", digits):
        return chr(int(digits, 16)), 6
    return None


def _escaped(lexeme: Lexeme, at: int) -> tuple[str, int]:
    found = read_escape(lexeme.text, at)
    if found is not None:
        return found
    here = Span(lexeme.span.file, lexeme.span.start + at, lexeme.span.start + at + 2)
    hint = 'write `\\\\` for a backslash; escapes are `\\"`, `\\n`, `\\t`, `\\u` with four digits'
    raise Mistake(error(here, f"`\\{lexeme.text[at + 1]}` is no escape", hint))


ParseHole = Callable[[list[Lexeme]], ast.Expression]
"""Parses the lexemes of a hole; raises `Mistake`."""


def read_template(lexeme: Lexeme, vocabulary: Vocabulary, parse: ParseHole) -> ast.TextTemplate:
    """Return the parts of a text with holes; `{{` and `}}` are plain braces.

    Raises:
        Mistake: a hole that cannot be read, or a format that is not known (`bad-format`).
    """
    text, offsets = _unescape(lexeme)
    parts: list[str | ast.Hole] = []
    plain: list[str] = []
    at = 0
    while at < len(text):
        brace = re.compile("[{}]").search(text, at)
        if brace is None:
            plain.append(text[at:])
            break
        begin = brace.start()
        plain.append(text[at:begin])
        character = brace.group()
        if text[begin + 1 : begin + 2] == character:
            plain.append(character)
            at = begin + 2
        elif character == "}":
            here = Span(lexeme.span.file, offsets[begin], offsets[begin + 1])
            raise Mistake(error(here, "`}` closes no brace", "write `}}` for a plain brace"))
        else:
            if any(plain):
                parts.append("".join(plain))
            plain = []
            hole, at = _Hole(lexeme.span.file, text, offsets, begin, vocabulary).read(parse)
            parts.append(hole)
    if any(plain):
        parts.append("".join(plain))
    return ast.TextTemplate(tuple(parts), span=lexeme.span)


class _Hole:
    """One `{expression:format}`, read from the brace at `begin`."""

    def __init__(
        self, file: str, text: str, offsets: list[int], begin: int, vocabulary: Vocabulary
    ) -> None:
        self.file = file
        self.text = text
        self.offsets = offsets
        self.begin = begin
        self.pattern = vocabulary.pattern

    def _span(self, start: int, end: int) -> Span:
        return Span(self.file, self.offsets[start], self.offsets[end])

    def read(self, parse: ParseHole) -> tuple[ast.Hole, int]:
        """Return the hole and the index after its closing brace."""
        lexemes, end = self._lexemes()
        if end == len(self.text):
            here = self._span(self.begin, self.begin + 1)
            raise Mistake(error(here, "`{` is never closed", "write `{{` for a plain brace"))
        if not lexemes:
            here = self._span(self.begin, end + 1)
            hint = "name the value to show, or write `{{}}` for plain braces"
            raise Mistake(error(here, "there is nothing between the braces", hint))
        expression = parse(lexemes)
        form = None
        if self.text[end] == ":":
            close = self.text.find("}", end)
            if close < 0:
                here = self._span(self.begin, self.begin + 1)
                raise Mistake(error(here, "`{` is never closed", "write `{{` for a plain brace"))
            form = self.text[end + 1 : close]
            if not is_format(form):
                here = self._span(end + 1, max(close, end + 2) if close > end + 1 else close + 1)
                hint = "formats are `,` `.0`-`.9` `f` `%`, and `%Y %m %d %H %M` for dates"
                raise Mistake(error(here, f"`{form}` is no format", hint, "bad-format"))
            end = close
        return ast.Hole(expression, form, span=self._span(self.begin, end + 1)), end + 1

    def _lexemes(self) -> tuple[list[Lexeme], int]:
        """Return the lexemes up to the `:` or `}` that ends the expression, and where it is."""
        lexemes: list[Lexeme] = []
        depth = 0
        for match in self.pattern.finditer(self.text, self.begin + 1):
            kind = match.lastgroup
            assert kind is not None
            start, end = match.span(kind)
            found = self.text[start:end]
            if depth == 0 and (kind == "COLON" or found == "}"):
                return lexemes, start
            if kind == "STOP":
                break
            if kind in ("BREAK", "COMMENT"):
                message = "a hole stands on one line, without comments"
                raise Mistake(error(self._span(start, end), message))
            if kind in ("OPEN_TEXT", "QUOTED", "BAD"):
                raise Mistake(strange_character(kind, found, self._span(start, end)))
            if kind in ("LPAR", "LSQB"):
                depth += 1
                if depth > DEPTH_LIMIT:
                    raise Mistake(too_deep(self._span(start, end)))
            elif kind in ("RPAR", "RSQB"):
                depth -= 1
            lexemes.append(Lexeme(kind, found, self._span(start, end)))
        return lexemes, len(self.text)
