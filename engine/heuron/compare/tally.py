"""What a comparison keeps of rows that it has seen: counts and a few sums, never the rows.

Owns `Tally`. Rows that look alike are one cell with a count, so its size does not grow with the
file. Tallies of parts add up; everything is a whole number but sums of floats, and those are
exact (see `exact`). So the result is the same to the byte for any cut into pieces, any number of
workers, and after a stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from heuron.compare.exact import joined_sums

__all__ = ["GRAINS", "MOST_DIFFERING", "ONE", "Confidences", "Tally"]

GRAINS: Final = 4096
"""Confidences are counted in so many grains between 0 and 1."""
MOST_DIFFERING: Final = 100
"""The numbers of so many rows on which backends differ are kept, the first ones."""
ONE: Final = 2**30
"""Confidence 1 as a whole number, so that sums of them are exact."""

Cell = tuple[int, ...]
Counts = dict[tuple[Any, ...], int]


@dataclass(slots=True)
class Confidences:
    """The calibrated confidences of a backend's answers, by grain.

    `grains` maps a grain to [rows, right ones, sum of confidences, sum of their squares], the
    sums in units of 1/`ONE`. `brier`, `brier_squares`, `loss`, `loss_squares` are exact sums.
    """

    rows: int = 0
    grains: dict[int, list[int]] = field(default_factory=dict)
    brier: list[float] = field(default_factory=list)
    brier_squares: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    loss_squares: list[float] = field(default_factory=list)

    def add(self, other: Confidences) -> None:
        """Take in what comes after."""
        self.rows += other.rows
        for grain, counts in other.grains.items():
            mine = self.grains.get(grain)
            if mine is None:
                self.grains[grain] = list(counts)
            else:
                for at, count in enumerate(counts):
                    mine[at] += count
        for name in ("brier", "brier_squares", "loss", "loss_squares"):
            setattr(self, name, joined_sums(getattr(self, name), getattr(other, name)))


@dataclass(slots=True)
class Tally:
    """Counts of rows; all by the order of the backends and of the goal's levels.

    Attributes:
        rows: The rows that were compared.
        read: The rows that were read, those left out included.
        trained: The rows left out because a model was trained on them.
        cells: Of a goal with levels: (place of the truth, place of each backend's answer or -1)
            to rows. Of a quantity: (for each backend 1 right, 0 wrong or -1 not answered; for
            each pair of backends 1 the same, 0 another answer or -1) to rows.
        routes: (dispatcher, who answered) to rows.
        certainties: (backend, certainty) to [rows answered, right ones].
        confidences: By backend, where answers have calibrated probabilities.
        errors: By backend, of a quantity: [[rows answered], and exact sums of answer less truth,
            of its size, of its square, and of its fourth power].
        shots: (rule, value, certainty, whether true) to rows; the value is None of a quantity.
        overlaps: (rule, rule) to the rows on which both fired.
        losses: Rule to [right answers lost, won, answers changed] without it.
        differ: Of the rows that were read, from 0, the first on which backends differ.
        seconds: By backend, what its answers took; differs from run to run.
    """

    rows: int = 0
    read: int = 0
    trained: int = 0
    cells: dict[Cell, int] = field(default_factory=dict)
    routes: Counts = field(default_factory=dict)
    certainties: dict[tuple[str, float], list[int]] = field(default_factory=dict)
    confidences: dict[str, Confidences] = field(default_factory=dict)
    errors: dict[str, list[list[float]]] = field(default_factory=dict)
    shots: Counts = field(default_factory=dict)
    overlaps: Counts = field(default_factory=dict)
    losses: dict[str, list[int]] = field(default_factory=dict)
    differ: list[int] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take in the tally of the rows that come next."""
        room = max(0, MOST_DIFFERING - len(self.differ))
        self.differ += [self.read + row for row in other.differ[:room]]
        self.rows += other.rows
        self.read += other.read
        self.trained += other.trained
        for mine, theirs in (
            (self.cells, other.cells),
            (self.routes, other.routes),
            (self.shots, other.shots),
            (self.overlaps, other.overlaps),
        ):
            _count(mine, theirs)
        for lists, news in ((self.certainties, other.certainties), (self.losses, other.losses)):
            _add_lists(lists, news)
        for name, one in other.confidences.items():
            self.confidences.setdefault(name, Confidences()).add(one)
        for name, parts in other.errors.items():
            mine_of = self.errors.get(name, [[]] * len(parts))
            self.errors[name] = [
                joined_sums(one, more) for one, more in zip(mine_of, parts, strict=True)
            ]
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON; dictionaries by tuples become lists of pairs."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "confidences":
                found[one.name] = [[name, _plain_confidences(of)] for name, of in value.items()]
            elif isinstance(value, dict):
                found[one.name] = [
                    [list(key) if isinstance(key, tuple) else key, held]
                    for key, held in value.items()
                ]
            else:
                found[one.name] = value
        return found

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Tally:
        """Return the tally that `to_dict` wrote.

        Raises:
            ValueError: They are other data.
        """
        try:
            known: dict[str, Any] = {}
            for one in fields(Tally):
                value = data[one.name]
                if one.name == "confidences":
                    value = {name: _read_confidences(of) for name, of in value}
                elif one.name in ("rows", "read", "trained", "differ"):
                    pass
                else:
                    value = {_key(key): held for key, held in value}
                known[one.name] = value
            return Tally(**known)
        except (KeyError, TypeError) as error:
            raise ValueError("these are no counts of a comparison") from error


def _count(mine: dict[Any, int], theirs: Mapping[Any, int]) -> None:
    for key, rows in theirs.items():
        mine[key] = mine.get(key, 0) + rows


def _add_lists(mine: dict[Any, list[int]], theirs: Mapping[Any, Iterable[int]]) -> None:
    for key, counts in theirs.items():
        held = mine.get(key)
        if held is None:
            mine[key] = list(counts)
        else:
            held[:] = [a + b for a, b in zip(held, counts, strict=True)]


def _key(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _plain_confidences(one: Confidences) -> dict[str, Any]:
    found = {other.name: getattr(one, other.name) for other in fields(one)}
    return {**found, "grains": [[grain, counts] for grain, counts in one.grains.items()]}


def _read_confidences(data: Mapping[str, Any]) -> Confidences:
    grains = {grain: counts for grain, counts in data["grains"]}
    return Confidences(**{**data, "grains": grains})
