"""A step as the cycle fires it: its functions, and what an agenda keeps for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from heuron.infer.memory import Row
from heuron.values import Value

__all__ = [
    "NO_TEXTS",
    "Brief",
    "Fired",
    "Found",
    "Full",
    "Key",
    "Step",
    "Taken",
    "bindings_of",
    "key_of",
    "spread",
]

Found = tuple[tuple[Row, ...], tuple[Value, ...]]
"""An activation as a search gives it: matched rows, other values."""

Key = tuple[tuple[int, int], ...]
"""The (number, version) of each matched fact."""


Texts = tuple[str | None, tuple[str, ...]]
"""Reason and log lines of a firing."""
NO_TEXTS: Final[Texts] = (None, ())


class Step:
    """One rule that changes memory. It is made before the functions are, and given them then.

    `rule` is what the outline knows of it; `act` carries out its actions, and `careful` says that
    one of them may be refused after another; a plain step is not careful, says nothing and does not
    halt. `texts` computes its reason and log lines, if it has
    any. For a rule that is searched lazily `still` says whether an activation still holds, and
    `stack` holds its searches, with those of other rules of its salience, and `woken` remembers the
    events after which activations were unblocked; `values` computes an activation's other values
    from its rows, for a rule whose firings are recorded in brief.
    """

    __slots__ = (
        "act",
        "careful",
        "halts",
        "index",
        "is_plain",
        "rule",
        "stack",
        "still",
        "texts",
        "values",
        "woken",
    )

    act: Callable[..., tuple[int, ...]]
    still: Callable[..., bool] | None
    texts: Callable[..., Texts] | None
    values: Callable[[tuple[Row, ...]], tuple[Value, ...]] | None

    def __init__(self, rule: dict[str, Any]) -> None:
        self.rule = rule
        self.index: int = rule["index"]
        self.careful: bool = rule["careful"]
        self.halts: bool = rule["halts"]
        self.is_plain = False
        self.stack: list[Any] = []
        self.woken: dict[Key, int] = {}

    def equip(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Take the functions of the rule from those of the session."""
        self.act = functions[f"a{self.index}"]
        self.still = functions.get(f"v{self.index}")
        self.values = functions.get(f"p{self.index}")
        reason, lines = functions.get(f"w{self.index}"), functions.get(f"o{self.index}")
        self.texts = None if reason is lines is None else _texts(reason, lines)
        self.is_plain = self.texts is None and not self.careful and not self.halts


Taken = tuple[Step, Found]
"""An activation that is about to fire."""

Full = tuple[Step, tuple[Row, ...], tuple[Value, ...], tuple[int, ...], Texts]
"""A firing: rule, rows, other values, what its actions returned (see `plan.changes`), texts."""

Brief = tuple[Any, ...]
"""A firing of a rule with one action (see `plan.firing`): rule, what it returned, matched rows."""


Fired = Full | Brief


def spread(fired: Fired) -> Full:
    """Return a firing with everything that a brief record leaves out."""
    if type(fired[1]) is not int:
        return fired
    step, number, *rows = fired
    matched = tuple(rows)
    assert step.values is not None
    return step, matched, step.values(matched), (number,), NO_TEXTS


def _texts(
    reason: Callable[..., str] | None, lines: Callable[..., tuple[str, ...]] | None
) -> Callable[..., tuple[str | None, tuple[str, ...]]]:
    def texts(rows: tuple[Row, ...], values: tuple[Value, ...]) -> Any:
        because = None if reason is None else reason(rows, values)
        return because, () if lines is None else lines(rows, values)

    return texts


def key_of(rows: tuple[Row, ...]) -> Key:
    """Return which facts were matched, in which versions."""
    return tuple([(row[0], row[1]) for row in rows])


def bindings_of(
    rule: Mapping[str, Any], rows: tuple[Row, ...], values: tuple[Value, ...]
) -> tuple[tuple[str, Value], ...]:
    """Return the variables of an activation with their values, facts as their numbers."""
    facts = [(name, row[0]) for name, row in zip(rule["rows"], rows, strict=True)]
    return tuple(
        (name, value)
        for name, value in facts + list(zip(rule["values"], values, strict=False))
        if name[:1] != "_" and "." not in name
    )
