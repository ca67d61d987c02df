"""Running the fixpoint plan: the facts of a stratum as plain tuples, round by round.

What a round looks at is bounded before it begins, by the longest entry of each projection, and
seeds are taken in such portions that the clock is looked at in time. A stratum that could look at
too much for that is left to the searches that count every step (`plan.general`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from heuron.infer.limits import Budget, LimitReached
from heuron.infer.memory import Memory, Row

__all__ = ["Rounds", "derive_plainly"]

PORTION: Final = 2_000_000
"""How many candidates are looked at, at most, between two looks at the clock."""

Rounds = list[tuple[list[Row], ...]]
"""Facts in the order of derivation: for each round and type, those that were new."""

Facts = dict[Row, None]
Projection = dict[object, list[object]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A rule around one of its patterns; see `plan.fixpoint`."""

    rule: int
    seeds: str
    is_own: bool
    derives: int
    search: Callable[[Sequence[Row], Callable[[Row], None]], None]
    projections: tuple[Projection, ...]
    looked_up: tuple[int, ...]


class _Uncounted(Exception):
    """More could be looked at than can be bounded."""


class _Run:
    """One evaluation of a stratum."""

    def __init__(
        self,
        opened: tuple[Any, ...],
        types: tuple[str, ...],
        memory: Memory,
        budget: Budget,
        at: Callable[[int], None],
    ) -> None:
        self.known: tuple[Facts, ...] = opened[0]
        self.growing: tuple[Callable[[Sequence[Row]], None] | None, ...] = opened[1]
        self.pieces = [_Piece(*one) for one in opened[2]]
        self.path = opened[3]
        self.types = types
        self.memory = memory
        self.budget = budget
        self.at = at
        self.held = len(memory) - sum(len(memory.table(one)) for one in types)
        self.bounds = {id(one): _bound(one.projections) for one in self.pieces}
        self.looked_at = 0

    def search(self, piece: _Piece, seeds: Sequence[Row], fresh: list[Row]) -> None:
        """Search around seeds, and add what is new to `fresh`."""
        bound = prod((len(self.known[one]) for one in piece.looked_up), start=1)
        bound *= self.bounds[id(piece)]
        if not bound or not seeds:
            return
        if bound > PORTION:
            raise _Uncounted
        self.at(piece.rule)
        size = PORTION // bound
        for start in range(0, len(seeds), size):
            piece.search(seeds[start : start + size] if size < len(seeds) else seeds, fresh.append)
            self.look(min(size, len(seeds)) * bound)

    def look(self, candidates: int) -> None:
        """Count candidates, and see that no limit is met."""
        self.looked_at += candidates
        if self.looked_at > self.budget.limits.steps:
            # It may have been less: the searches that count every step will say.
            raise _Uncounted
        self.budget.hold(self.held + sum(map(len, self.known)))
        self.budget.look_at_clock()

    def rounds(self) -> Rounds:
        """Derive everything round by round, but for what a path derives."""
        new: list[list[Row]] = [list(one) for one in self.known]
        done: Rounds = [tuple(new)]
        for piece in self.pieces:
            if not piece.is_own:
                seeds = list(self.memory.table(piece.seeds).values())
                self.search(piece, seeds, new[piece.derives])
        own = [one for one in self.pieces if one.is_own]
        depth = 0
        while own and any(new):
            delta, new = new, [[] for _ in self.types]
            for grow, rows in zip(self.growing, delta, strict=True):
                if grow is not None and rows:
                    grow(rows)
            for piece in own:
                seeds = delta[self.types.index(piece.seeds)]
                self.search(piece, seeds, new[piece.derives])
            done.append(tuple(new))
            depth += 1
            if depth > self.budget.limits.depth:
                raise LimitReached(f"{self.budget.limits.depth:,} rounds of one recursion")
        return [(list(self.known[0]),)] if len(self.known) == 1 else done

    def last(self) -> tuple[str, Row] | None:
        """Return a fact that was derived last of its type."""
        for type_name, facts in zip(self.types, self.known, strict=True):
            if facts:
                return type_name, next(reversed(facts))
        return None

    def follow(self) -> list[Row]:
        """Follow the path from everything that is known; return all facts."""
        rule, search, projections, changed = self.path
        bound = _bound(projections)
        (known,) = self.known
        if not known or not bound:
            return list(known)
        if bound > PORTION:
            raise _Uncounted
        width = len(next(iter(known)))
        parts = _parted(known, changed, width)
        self.at(rule)
        total = self.held

        def charge(count: int) -> None:
            nonlocal total
            total += count
            self.looked_at += count * bound
            if self.looked_at > self.budget.limits.steps:
                raise _Uncounted
            self.budget.hold(total)
            self.budget.look_at_clock()

        search(parts.items(), charge)
        return _joined(parts, changed, width)


def derive_plainly(
    function: Callable[[set[int]], tuple[Any, ...] | None],
    types: tuple[str, ...],
    memory: Memory,
    budget: Budget,
    at: Callable[[int], None],
) -> Rounds | None:
    """Return all facts of a stratum, told ones too, as tuples of values.

    Args:
        function: What `plan.fixpoint` wrote for the stratum.
        types: The types that the stratum derives.
        memory: Working memory, complete but for this stratum.
        budget: The limits of the run.
        at: Called with the index of each rule before it is searched.

    Returns:
        The facts; None where they cannot be derived so, and must be by the general searches.

    Raises:
        LimitReached: When there are too many facts or rounds, or the time is up.
    """
    opened = function(memory.told)
    if opened is None:
        return None
    run = _Run(opened, types, memory, budget, at)
    try:
        rounds = run.rounds()
        return rounds if run.path is None else [(run.follow(),)]
    except _Uncounted:
        return None
    except LimitReached as reached:
        reached.last = run.last()
        raise


def _bound(projections: Iterable[Projection]) -> int:
    """Return how many combinations of entries one seed can have at most."""
    return prod((max(map(len, one.values()), default=0) for one in projections), start=1)


def _parted(facts: Facts, changed: int, width: int) -> dict[Any, dict[object, None]]:
    """Return facts by all their values but one; the one value is all that differs in a part."""
    parts: dict[Any, dict[object, None]] = {}
    pairs: Iterable[tuple[Any, object]]
    if width == 2:
        pairs = facts if changed == 1 else ((one, other) for other, one in facts)
    else:
        pairs = ((one[:changed] + one[changed + 1 :], one[changed]) for one in facts)
    for carried, value in pairs:
        if carried in parts:
            parts[carried][value] = None
        else:
            parts[carried] = {value: None}
    return parts


def _joined(parts: dict[Any, dict[object, None]], changed: int, width: int) -> list[Row]:
    """Return the facts that parts are made of, part by part."""
    if width > 2:
        return [
            (*carried[:changed], value, *carried[changed:])
            for carried, known in parts.items()
            for value in known
        ]
    if changed == 1:
        return [(carried, value) for carried, known in parts.items() for value in known]
    return [(value, carried) for carried, known in parts.items() for value in known]
