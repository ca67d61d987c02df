"""When a word is a keyword and when it is a name.

Most keywords are recognised by where they stand: the parser accepts either the keyword or a name
there, never both. `LOOKAHEAD` decides the few places where both could stand, by the lexeme that
follows; a test compares it with the parse table, so that no new doubtful place goes unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

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


def _before_name(following: str, after: str) -> bool:
    return following == "NAME"


def _before_text(following: str, after: str) -> bool:
    return following == "STRING"


def _unless_field(following: str, after: str) -> bool:
    return following != "COLON"


def _before_branch(following: str, after: str) -> bool:
    return following == "COLON"


def _before_of(following: str, after: str) -> bool:
    return following == "NAME"


def _block_or_line(following: str, after: str) -> bool:
    if following == "COLON":
        return after == "_NEWLINE"
    return following not in ("EQUALS", "DOT")


LOOKAHEAD: Final[dict[str, Callable[[str, str], bool]]] = {
    "EXISTS": _before_name,
    "FORALL": _before_name,
    "EITHER": _before_branch,
    "ROUTE": _before_name,
    "FROM": _before_text,
    "LIST": _before_of,
    "UNIT": _unless_field,
    "ASK": _unless_field,
    "MATCHING": _unless_field,
    "OPTIONAL": _unless_field,
    "DEFAULT": _unless_field,
    "GIVEN": _block_or_line,
    "EXPECT": _block_or_line,
}
"""Keyword terminal -> whether it is one, given the terminals of the next two lexemes."""
