"""When a word is a keyword and when it is a name.

Most keywords are recognised by where they stand: the parser accepts either the keyword or a name
there, never both. `LOOKAHEAD` decides the few places where both could stand, by the lexeme that
follows; a test compares it with the parse table, so that no new doubtful place goes unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from heuron.lang.lexemes import HARD_WORDS, Lexeme

__all__ = ["INNER_WORDS", "ITEM_WORDS", "LOOKAHEAD"]

ITEM_WORDS: Final = frozenset(
    {
        *("domain", "use", "data", "goal", "type", "facts", "let"),
        *("rule", "table", "dispatch", "query", "test"),
    }
)
"""The words that begin an item; keywords only there."""

INNER_WORDS: Final = frozenset(
    {
        *("salience", "when", "then", "given", "expect", "either", "or"),
        *("conclude", "derive", "assert", "modify", "retract", "because", "log", "halt"),
    }
)
"""The words that begin a line inside an item: at the left edge they still belong to it."""


def _before_name(following: Lexeme, after: Lexeme) -> bool:
    return following.type == "NAME" and following.text not in HARD_WORDS


def _before_backend(following: Lexeme, after: Lexeme) -> bool:
    return following.text in ("rules", "refer", "model", "agree")


def _before_text(following: Lexeme, after: Lexeme) -> bool:
    return following.type == "STRING"


def _before_of(following: Lexeme, after: Lexeme) -> bool:
    return following.text == "of"


def _before_colon(following: Lexeme, after: Lexeme) -> bool:
    return following.type == "COLON"


def _unless_colon(following: Lexeme, after: Lexeme) -> bool:
    return following.type != "COLON"


def _block_or_line(following: Lexeme, after: Lexeme) -> bool:
    if following.type == "COLON":
        return after.type == "_NEWLINE"
    return following.type not in ("EQUALS", "DOT")


LOOKAHEAD: Final[dict[str, Callable[[Lexeme, Lexeme], bool]]] = {
    "EXISTS": _before_name,
    "FORALL": _before_name,
    "EITHER": _before_colon,
    "ROUTE": _before_backend,
    "FROM": _before_text,
    "LIST": _before_of,
    "UNIT": _unless_colon,
    "ASK": _unless_colon,
    "MATCHING": _unless_colon,
    "OPTIONAL": _unless_colon,
    "DEFAULT": _unless_colon,
    "GIVEN": _block_or_line,
    "EXPECT": _block_or_line,
}
"""Keyword terminal -> whether it is one, given the next two lexemes."""
