"""The reasons of derived facts: the first one of each, and all of them when asked.

A fact that was derived alone keeps its first reason beside it. One of many that were derived at
once keeps only its place in the order of derivation: its first reason is then the activation
whose newest premise is the oldest, among those whose premises were all there before. So nothing
is ever its own reason, and proofs are as short as the order allows (after Zhao, Subotić and
Scholz, 2020, who keep the heights of proofs and look the premises up on demand).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, Final

from heuron.infer.memory import HEAD, Memory, Row
from heuron.values import Value

__all__ = ["Activation", "Reason", "Reasons"]

Activation = tuple[tuple[Row, ...], tuple[Value, ...], float]
"""Matched rows pattern by pattern, values of the other variables, certainty."""

Reason = tuple[int, Activation]
"""The index of a rule, and its activation."""

LATER: Final = 1 << 48
"""The first place in order of what was derived again; before it the numbers of facts are places."""


class _Enough(Exception):
    """One reason is found, and one was asked for."""


class Reasons:
    """Why derived facts hold.

    `first` has the first reason of facts by number, as far as it was kept or looked up.
    """

    __slots__ = (
        "_clock",
        "_functions",
        "_make",
        "_memory",
        "_places",
        "_rules",
        "_strata",
        "first",
    )

    def __init__(
        self,
        memory: Memory,
        outline: Mapping[str, Any],
        make: Callable[[], Mapping[str, Callable[..., None]]],
    ) -> None:
        self.first: dict[int, Reason] = {}
        self._memory = memory
        self._rules: Mapping[int, dict[str, Any]] = outline["rules"]
        self._strata: dict[str, dict[str, Any]] = {
            name: stratum for stratum in outline["strata"] for name in stratum["derives"]
        }
        self._make = make
        self._functions: Mapping[str, Callable[..., None]] | None = None
        self._places: dict[int, int] = {}
        self._clock = count(LATER)

    # What is kept.

    @property
    def is_ordered(self) -> bool:
        """Whether some facts were derived again, so that numbers are no longer the order."""
        return bool(self._places)

    def keep(self, number: int, reason: Reason, again: bool) -> None:
        """Keep the reason of a fact that was derived just now, perhaps not for the first time."""
        self.first[number] = reason
        if again or self._places:
            self._places[number] = next(self._clock)

    def order(self, numbers: Iterable[int]) -> None:
        """Let facts be derived now, in this order."""
        self._places.update(zip(numbers, self._clock, strict=False))

    def drop(self, number: int) -> None:
        """Forget a fact that is no longer derived."""
        self.first.pop(number, None)
        self._places.pop(number, None)

    def drop_all(self, numbers: Iterable[int]) -> None:
        """Forget facts that are derived afresh."""
        if self.first or self._places:
            for number in numbers:
                self.drop(number)

    def changed(self) -> None:
        """Hear that facts have come or gone. What was kept of the others still holds."""

    def forget(self) -> None:
        """Forget everything."""
        self.first.clear()
        self._places.clear()

    # What is asked.

    def first_of(self, number: int) -> Reason | None:
        """Return the first reason of a held fact; None for one that was told."""
        memory = self._memory
        if number in memory.told:
            return None
        found = self.first.get(number)
        if found is None:
            type_name = memory.types[number]
            row = memory.table(type_name)[number]
            found = self._earliest(type_name, row)
            if found is not None:
                self.first[number] = found
        return found

    def all_of(self, number: int) -> tuple[Reason, ...]:
        """Return all activations that derive a held fact, in rule order."""
        type_name = self._memory.types[number]
        values = self._memory.table(type_name)[number][HEAD:]
        return tuple(self._search(self._strata.get(type_name), type_name, values, False))

    def any_of(self, stratum: dict[str, Any], type_name: str, values: Row) -> Reason | None:
        """Return some activation that derives a fact of these values, or None."""
        return next(iter(self._search(stratum, type_name, values, True)), None)

    def _search(
        self, stratum: dict[str, Any] | None, type_name: str, values: Row, one: bool
    ) -> list[Reason]:
        if self._functions is None:
            self._functions = self._make()
        found: list[Reason] = []
        for index in () if stratum is None else stratum["derive"]:
            activations: list[Activation] = []
            for place, derived in enumerate(self._rules[index]["derivations"]):
                if derived == type_name:
                    out = activations.append if not one else _first_into(activations)
                    try:
                        self._functions[f"r{index}_{place}"](out, values)
                    except _Enough:
                        return [(index, activations[0])]
            found += [(index, activation) for activation in activations]
        return found

    def _earliest(self, type_name: str, row: Row) -> Reason | None:
        stratum = self._strata[type_name]
        best: Reason | None = None
        limit = self._place(row[0])
        for reason in self._search(stratum, type_name, row[HEAD:], False):
            newest = self._newest(reason, stratum["derives"])
            if newest < limit:
                best, limit = reason, newest
        return best

    def _newest(self, reason: Reason, types: tuple[str, ...]) -> int:
        """Return the place of the premise that was derived last, of this stratum's types."""
        index, (rows, _, _) = reason
        told = self._memory.told
        return max(
            (
                self._place(row[0])
                for row, type_name in zip(rows, self._rules[index]["patterns"], strict=True)
                if type_name in types and row[0] not in told
            ),
            default=-1,
        )

    def _place(self, number: int) -> int:
        return self._places.get(number, number)


def _first_into(found: list[Activation]) -> Callable[[Activation], None]:
    def out(activation: Activation) -> None:
        found.append(activation)
        raise _Enough

    return out
