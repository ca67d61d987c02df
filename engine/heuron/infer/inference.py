"""What a run did: the steps that fired, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from heuron.answer import Firing
from heuron.infer.step import Fired

__all__ = ["Firings", "Inference"]


class Firings(Sequence[Firing]):
    """The firings of a run in order; each is put into words only when it is looked at."""

    __slots__ = ("_fired", "_made")

    def __init__(self, fired: Sequence[Fired], made: Callable[[Fired], Firing]) -> None:
        self._fired = fired
        self._made = made

    def __len__(self) -> int:
        return len(self._fired)

    @overload
    def __getitem__(self, at: int) -> Firing: ...

    @overload
    def __getitem__(self, at: slice) -> Firings: ...

    def __getitem__(self, at: int | slice) -> Firing | Firings:
        if isinstance(at, slice):
            return Firings(self._fired[at], self._made)
        return self._made(self._fired[at])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Firings, tuple, list)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


@dataclass(frozen=True, slots=True)
class Inference:
    """What a run did: the steps that fired, in order.

    `quiescent` says that nothing more can fire; `cycles` counts the firings; `logs` are the lines
    of `log` actions; `reports` what definitions found strange: (kind, field or table, fact).
    """

    firings: Firings
    quiescent: bool
    cycles: int
    logs: tuple[str, ...]
    reports: tuple[tuple[str, str, int], ...]
