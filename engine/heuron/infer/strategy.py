"""Conflict resolution: which of the activations of equal salience fires first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.memory import Row

__all__ = ["Strategy", "strategy"]

Strategy = Callable[[int, dict[str, Any], tuple[Row, ...]], object]
"""From event, rule and matched rows to a key: the smallest key fires first."""

PLANNED = ("breadth", "lex", "mea", "simplicity", "complexity", "random")


def _depth(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return -event


def strategy(name: str = "depth") -> Strategy:
    """Return a strategy by its name.

    Raises:
        RuleError: When there is no such strategy, or not yet.
    """
    if name == "depth":
        return _depth
    if name.partition("(")[0] in PLANNED:
        message = f"the strategy `{name}` is not built yet; `depth` is"
        raise RuleError(Diagnostic(Severity.ERROR, "not-yet", message))
    message = f"there is no strategy `{name}`; try `depth`"
    raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message))
