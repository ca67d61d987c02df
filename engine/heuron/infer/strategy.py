"""Conflict resolution: which of the activations of equal salience fires first.

The strategies are those of CLIPS (Basic Programming Guide, 5.3), in terms of events: the newest
event (`depth`) or the oldest (`breadth`) first; the recency of all matched facts, newest first
(`lex`), or of the first matched fact and then of all (`mea`; both after OPS5); the rule with the
fewest (`simplicity`) or most tests (`complexity`) first, and of equally specific ones the oldest
event, as CLIPS does (its guide says the newest); or an order drawn from a seed. What one strategy
leaves open is decided by rule order, then by the recency of the facts as written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.infer.memory import Row

__all__ = ["STRATEGIES", "Strategy", "strategy"]

Strategy = Callable[[int, dict[str, Any], tuple[Row, ...]], object]
"""From event, rule and matched rows to a key: the smallest key fires first."""


def _depth(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return -event


def _breadth(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return event


def _lex(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    # Where one list of events ends, the longer one comes first: 1 is more than any -event.
    recency = tuple(sorted(-row[1] for row in rows))
    return (*recency, 1), -rule["specificity"]


def _mea(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return (-rows[0][1] if rows else 1), _lex(event, rule, rows)


def _simplicity(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return rule["specificity"], event


def _complexity(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
    return -rule["specificity"], event


STRATEGIES: Final[dict[str, Strategy]] = {
    "depth": _depth,
    "breadth": _breadth,
    "lex": _lex,
    "mea": _mea,
    "simplicity": _simplicity,
    "complexity": _complexity,
}
"""The strategies that take no seed, the default first."""


def _random(seed: str) -> Strategy:
    """Return an order that is drawn: a keyed hash of seed, rule and event."""
    from hashlib import blake2b

    def drawn(event: int, rule: dict[str, Any], rows: tuple[Row, ...]) -> object:
        key = f"{seed}\0{rule['name']}\0{event}".encode("utf-8", "surrogatepass")
        return blake2b(key, digest_size=8).digest()

    return drawn


def strategy(name: str = "depth") -> Strategy:
    """Return a strategy by its name; `random(7)` has a seed, a whole number.

    Raises:
        RuleError: When there is no such strategy.
        TypeError: When it is no name.
    """
    if not isinstance(name, str):
        raise TypeError(f"a strategy is chosen by its name, not by {name!r}")
    found = STRATEGIES.get(name)
    if found is not None:
        return found
    kind, _, rest = name.partition("(")
    seed = rest.removesuffix(")").strip()
    if kind == "random" and rest.endswith(")") and seed.removeprefix("-").isdecimal():
        return _random(seed)
    names = (*STRATEGIES, "random(seed)")
    near = "random" if kind == "random" else nearest(name, STRATEGIES)
    hint = "Write `random(7)`, with a whole number." if near == "random" else None
    if near and not hint:
        hint = f"Did you mean `{near}`?"
    message = f"There is no strategy `{name}`: they are {', '.join(names)}."
    raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message, None, hint))
