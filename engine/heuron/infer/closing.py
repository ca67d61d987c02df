"""What closing a stratum means, in whatever order its derived facts are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from heuron.infer.memory import Memory, Row
from heuron.infer.reasons import Reason, Reasons

__all__ = ["DERIVE", "Closing", "Derivation", "New"]

DERIVE = 1
"""What the first place of an effect says, when it is a derived fact (see `plan.general`)."""

New = dict[str, list[Row]]
"""New rows by type."""


class Derivation:
    """What one computation of a stratum has derived so far.

    `before` are the rows that were derived until now, by type and values: what comes back has
    their numbers and events. `known` are the reasons of what rules derived that do nothing else,
    `fresh` what of it is still to be held (see `infer.seminaive`).
    """

    __slots__ = ("_memory", "_reasons", "before", "fresh", "known")

    def __init__(self, memory: Memory, reasons: Reasons, before: dict[str, dict[Row, Row]]) -> None:
        self._memory = memory
        self._reasons = reasons
        self.before = before
        self.known: dict[str | None, dict[Row, Reason]] = {type_name: {} for type_name in before}
        self.fresh: dict[str, list[Row]] = {type_name: [] for type_name in before}

    def hold(self, type_name: str, values: Row, reason: Reason, new: New) -> None:
        """Hold a fact, with its reason, and put its row into `new`; nothing where it is held."""
        if self._memory.find(type_name, values) is not None:
            return
        row = self.enter(type_name, values)
        self._reasons.keep(row[0], reason, again=values in self.before[type_name])
        new.setdefault(type_name, []).append(row)

    def enter(self, type_name: str, values: Row) -> Row:
        """Hold a fact that is not held, and return its row; its reason is found when asked for."""
        row = self.before[type_name].get(values)
        if row is None:
            return self._memory.add(type_name, values)
        self._memory.derive(type_name, row)
        return row


class Closing(Protocol):
    """How a stratum's facts are found: in rounds, or one activation after the other."""

    def close(
        self, stratum: dict[str, Any], derivation: Derivation, added: New | None
    ) -> Iterator[New]:
        """Hold what follows, and yield what is new as it comes, until nothing more does.

        Args:
            stratum: The stratum's outline.
            derivation: What is derived, and was before.
            added: The rows around which activations are new; None: everything is, and nobody
                asks for what is new.
        """

    def heads(
        self, stratum: dict[str, Any], derivation: Derivation, around: New
    ) -> list[tuple[str, Row]]:
        """Return what the activations around some rows derive: types and values."""
