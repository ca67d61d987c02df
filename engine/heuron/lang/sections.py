"""Cutting a text into sections, one for each item, each a list of lexemes.

Owns blanks, line ends, indentation, brackets and comments. A section begins with a line at the
left edge, so that a mistake in one item leaves the others unharmed. What is wrong with the
lexemes themselves (an open bracket, an open text, a strange character) is the section's
`mistake`; its lexemes end there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from heuron.diagnostics import Diagnostic, Related, Span
from heuron.lang.ast import Comment
from heuron.lang.depth import DEPTH_LIMIT, too_deep
from heuron.lang.keywords import INNER_WORDS, ITEM_WORDS
from heuron.lang.lexemes import Lexeme, Vocabulary, error
from heuron.lang.strange import strange_character

__all__ = ["FIRST_WORD", "Section", "Sections"]

CLOSES = {"RPAR": "LPAR", "RSQB": "LSQB"}

# Inside brackets a line at the left edge begins an item only if it can be nothing else.
SURE_ITEM = re.compile(
    rf"(?:{'|'.join(sorted(ITEM_WORDS))})[^\S\n]+[\w\"]|(?:facts|dispatch)[^\S\n]*:", re.UNICODE
)

FIRST_WORD = re.compile(r"\s*(\w+|\S)")
"""The first word (or sign) of a line, its group 1."""


@dataclass(slots=True)
class Section:
    """The lexemes of one item, up to its first lexical mistake."""

    lexemes: list[Lexeme] = field(default_factory=list)
    mistake: Diagnostic | None = None

    @property
    def is_item(self) -> bool:
        """Whether the section begins with a word that begins an item."""
        return bool(self.lexemes) and self.lexemes[0].text in ITEM_WORDS


class Sections:
    """The sections and the comments of a text."""

    def __init__(self, text: str, path: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.path = path
        self.sections: list[Section] = []
        self.comments: list[Comment] = []
        self._section = Section()
        self._brackets: list[Lexeme] = []
        self._indents = [""]
        self._line_start = 0
        self._fresh = True
        """Whether the next lexeme is the first of its line."""
        self._scan(vocabulary)

    def _scan(self, vocabulary: Vocabulary) -> None:
        text, path = self.text, self.path
        # A byte order mark is no part of the language; offsets still count it.
        begin = self._line_start = 1 if text.startswith("\ufeff") else 0
        for match in vocabulary.pattern.finditer(text, begin):
            kind = match.lastgroup
            assert kind is not None
            start, end = match.span(kind)
            if kind == "BREAK":
                self._break(end)
                continue
            if kind == "COMMENT":
                self._comment(start, end)
                continue
            if kind == "STOP":
                break
            if self._fresh:
                self._fresh = False
                self._begin_line(kind, start, end)
            if self._section.mistake is None:
                lexeme = Lexeme(kind, text[start:end], Span(path, start, end))
                if kind == "NAME":
                    if not text[start:end].isascii():
                        self._name(lexeme)
                elif kind in _SPECIAL:
                    self._special(lexeme)
                self._section.lexemes.append(lexeme)
        self._close()

    # Lines

    def _break(self, next_line: int) -> None:
        """End a line: a lexeme, unless a bracket is open, or a `,` or `|` goes on."""
        if not self._fresh and not self._brackets and not self._continues():
            self._end_line()
        self._fresh = True
        self._line_start = next_line

    def _continues(self) -> bool:
        lexemes = self._section.lexemes
        return bool(lexemes) and lexemes[-1].type in ("COMMA", "VBAR")

    def _end_line(self) -> None:
        lexemes = self._section.lexemes
        if lexemes and lexemes[-1].type != "_NEWLINE" and self._section.mistake is None:
            self._mark("_NEWLINE")

    def _mark(self, kind: str) -> None:
        """Append a lexeme without text after the last one."""
        end = self._section.lexemes[-1].span.end
        self._section.lexemes.append(Lexeme(kind, "", Span(self.path, end, end)))

    def _begin_line(self, kind: str, start: int, end: int) -> None:
        """Begin a section, or see whether the line goes deeper or comes back."""
        joined = bool(self._brackets) or self._continues()
        if start == self._line_start and self._begins_section(kind, start, end, joined):
            self._close()
            return
        if not self._section.lexemes and self._section.mistake is None:
            if start > self._line_start:
                here = Span(self.path, start, end)
                self._fail(
                    error(here, "an item begins at the left edge", "remove the blanks before it")
                )
            return
        if not joined and self._section.mistake is None:
            self._indent(self.text[self._line_start : start], Span(self.path, start, end))

    def _begins_section(self, kind: str, start: int, end: int, joined: bool) -> bool:
        if not self._section.lexemes and self._section.mistake is None:
            return False
        if joined or self._section.mistake is not None:
            return SURE_ITEM.match(self.text, start) is not None
        if kind != "NAME":
            return False
        word = self.text[start:end]
        return word in ITEM_WORDS or word not in INNER_WORDS

    def _indent(self, indent: str, here: Span) -> None:
        indents = self._indents
        if indent == indents[-1]:
            return
        if indent.startswith(indents[-1]):
            indents.append(indent)
            if len(indents) > DEPTH_LIMIT:
                self._fail(too_deep(here))
            else:
                # The place of an indent is the line that it opens.
                self._section.lexemes.append(Lexeme("_INDENT", "", here))
            return
        above = indents[-1]
        while len(indents) > 1 and indents[-1] != indent and indents[-1].startswith(indent):
            indents.pop()
            self._section.lexemes.append(Lexeme("_DEDENT", "", here))
        if indents[-1] == indent:
            return
        if len({*indent, *above}) > 1:
            hint = "indent with spaces only"
            self._fail(error(here, "tabs and spaces are mixed in the indentation", hint))
        else:
            message = "this line's indentation fits no line above it"
            self._fail(error(here, message, "align it with the lines of its block"))

    def _comment(self, start: int, end: int) -> None:
        before = self.text[self._line_start : start]
        found = FIRST_WORD.match(before)
        beside = found.group(1) if found else None
        # The line above reaches from the line end before it to this line's own beginning.
        above = self.text.rfind("\n", 0, max(0, self._line_start - 1)) + 1
        apart = self._line_start > 0 and not self.text[above : self._line_start].strip()
        text, span = self.text[start:end].rstrip(), Span(self.path, start, end)
        self.comments.append(Comment(text, beside, len(before.expandtabs(4)), apart, span=span))

    # Lexemes

    def _name(self, lexeme: Lexeme) -> None:
        # Two spellings of one letter must not make two names.
        lexeme.text = unicodedata.normalize("NFC", lexeme.text)
        if not lexeme.text.isidentifier():
            self._fail(
                error(lexeme.span, f"`{lexeme.text}` is no name: names are letters, digits and `_`")
            )

    def _special(self, lexeme: Lexeme) -> None:
        """Look after brackets, and fail where a lexeme is none."""
        kind = lexeme.type
        if kind in ("LPAR", "LSQB"):
            self._brackets.append(lexeme)
            if len(self._brackets) > DEPTH_LIMIT:
                self._fail(too_deep(lexeme.span))
        elif kind in CLOSES:
            if not self._brackets:
                self._fail(error(lexeme.span, f"`{lexeme.text}` closes nothing", "remove it"))
            elif (opening := self._brackets.pop()).type != CLOSES[kind]:
                message = f"`{lexeme.text}` does not close `{opening.text}`"
                there = Related(f"`{opening.text}` stands here", opening.span)
                self._fail(error(lexeme.span, message, related=there))
        else:
            self._fail(strange_character(kind, lexeme.text, lexeme.span))

    def _fail(self, mistake: Diagnostic) -> None:
        if self._section.mistake is None:
            self._section.mistake = mistake
        self._brackets.clear()

    def _close(self) -> None:
        """End the section, and begin the next one."""
        section = self._section
        if section.mistake is None and self._brackets:
            opening = self._brackets[-1]
            self._fail(error(opening.span, f"`{opening.text}` is never closed"))
        if section.mistake is None and section.lexemes:
            self._end_line()
            for _ in self._indents[1:]:
                self._mark("_DEDENT")
        if section.lexemes or section.mistake:
            self.sections.append(section)
        self._section = Section()
        self._brackets.clear()
        self._indents = [""]


_SPECIAL = frozenset({"LPAR", "LSQB", "RPAR", "RSQB", "OPEN_TEXT", "QUOTED", "BAD"})
