"""The limit on nesting, so that nothing that walks a tree can exhaust Python's stack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from heuron.diagnostics import Diagnostic, Span
from heuron.lang.ast import Node
from heuron.lang.lexemes import Lexeme, error

__all__ = ["DEPTH_LIMIT", "could_be_deep", "deepest_beyond", "too_deep"]

DEPTH_LIMIT: Final = 100
"""How deep brackets, blocks and expressions may nest."""

DEEPENING: Final = frozenset(
    {"NOT", "MINUS", "DOT", "SLASH", "DOUBLE_SLASH", "PERCENT", "LIST", "LPAR", "LSQB"}
)
"""Terminals that can put one more node on top of another."""


def too_deep(here: Span) -> Diagnostic:
    """Return the diagnostic for nesting beyond `DEPTH_LIMIT`."""
    message = f"this nests more than {DEPTH_LIMIT} levels deep"
    return error(here, message, "give parts of it names with `let`", "too-deep")


def could_be_deep(lexemes: Iterable[Lexeme]) -> bool:
    """Whether an item of these lexemes might nest too deeply; cheap, and never wrongly false."""
    bound = 0
    for lexeme in lexemes:
        kind = lexeme.type
        if kind in DEEPENING or kind == "_INDENT":
            bound += 1
        elif kind == "STRING" and "{" in lexeme.text:
            bound += len(lexeme.text) // 2
    # The other levels of an item (rule, condition, slot, comparison, …) are far fewer than 20.
    return bound > DEPTH_LIMIT - 20


def deepest_beyond(node: Node) -> Node | None:
    """Return the first node that stands deeper than `DEPTH_LIMIT` below `node`, if any."""
    pending: list[tuple[object, int]] = [(node, 0)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, tuple):
            pending += [(child, depth) for child in one]
        elif isinstance(one, Node):
            if depth > DEPTH_LIMIT:
                return one
            # A node's slots are its own fields; the span, a field of the base, holds no nodes.
            pending += [(getattr(one, name), depth + 1) for name in type(one).__slots__]
    return None
