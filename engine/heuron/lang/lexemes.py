"""The smallest parts of a text: what a lexeme is, and the vocabulary that recognises them.

The patterns themselves stand in `grammar.lark`; `Vocabulary` turns them into one regular
expression, because scanning with one expression is several times faster than Lark's own lexer
and leaves indentation, sections and messages to us.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from heuron.diagnostics import Diagnostic, Related, Severity, Span, sentence

__all__ = ["HARD_WORDS", "Lexeme", "Mistake", "Vocabulary", "error"]

HARD_WORDS = frozenset({"not", "and", "or", "in", "is", "unknown", "true", "false"})
"""The words that can never be names."""


class Lexeme:
    """A word, sign or value: its terminal in the grammar, its text, and where it stands.

    Line ends and changes of indentation are lexemes too, with an empty text.
    """

    __slots__ = ("span", "text", "type")

    # Lark copies these to its own end-of-input token; positions come from `span` alone.
    line = column = end_line = end_column = None

    def __init__(self, type: str, text: str, span: Span) -> None:
        self.type = type
        self.text = text
        self.span = span

    @property
    def start_pos(self) -> int:
        """The offset of the first character (Lark's name for it)."""
        return self.span.start

    @property
    def end_pos(self) -> int:
        """The offset after the last character (Lark's name for it)."""
        return self.span.end

    def __repr__(self) -> str:
        return f"{self.type}({self.text!r})"


class Mistake(Exception):
    """A mistake in the text, found while nodes are built; never leaves `heuron.lang`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def error(
    span: Span,
    message: str,
    hint: str | None = None,
    code: str = "syntax",
    related: Related | None = None,
) -> Diagnostic:
    """Return an error at `span`; `related` is a second place that the message speaks of.

    What is wrong and what to do are given as parts of a sentence.
    """
    further = (related,) if related else ()
    advice = None if hint is None else sentence(hint)
    return Diagnostic(Severity.ERROR, code, sentence(message), span, advice, further)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the words and signs of the language are.

    `pattern` matches blanks and one lexeme, its group being the terminal's name; further groups
    are `BREAK` (a line end), `COMMENT`, `STOP` (the end), `OPEN_TEXT` (a text without its closing
    quote), `QUOTED` (a text in single quotes) and `BAD` (any other character). `keywords` gives
    the terminal of a keyword, `signs` the text of a sign's terminal.
    """

    pattern: re.Pattern[str]
    keywords: dict[str, str]
    signs: dict[str, str]

    @classmethod
    def of(cls, fixed: dict[str, str], patterns: Iterable[tuple[str, str]]) -> Vocabulary:
        """Return the vocabulary of terminals with a fixed text and of those with a pattern.

        Args:
            fixed: terminal -> its text, for keywords and signs.
            patterns: (terminal, regular expression), the first to be tried first.
        """
        keywords = {text: name for name, text in fixed.items() if text.isalpha()}
        signs = {name: text for name, text in fixed.items() if not text.isalpha()}
        longest_first = sorted(signs.items(), key=lambda item: (-len(item[1]), item[0]))
        parts = [
            *patterns,
            ("BREAK", r"\n"),
            *((name, re.escape(text)) for name, text in longest_first),
            ("COMMENT", r"#[^\n]*"),
            ("OPEN_TEXT", r'"[^\n]*'),
            ("QUOTED", r"'[^'\n]*'"),
            ("STOP", r"\Z"),
            ("BAD", r"."),
        ]
        choices = "|".join(f"(?P<{name}>{pattern})" for name, pattern in parts)
        return cls(re.compile(rf"[^\S\n]*+(?:{choices})"), keywords, signs)
