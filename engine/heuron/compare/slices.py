"""Slices: regions in which one side is right and the other is not, or one side is often wrong.

The rules are set against every model, and everybody's own mistakes are looked at as well. Regions
are found on training rows, where models answer as they did out of fold; confirmed on held-out
rows, which had no part in finding them. A slice is reported when on the held-out rows what it
claims is more frequent in it than elsewhere, and, of two sides, more frequent than the contrary:
both by exact tests, with Holm's correction over all candidates of all looks. Where rows come in
groups (`[split] group`), groups count: in the search each once, in the tests as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from heuron.answer import plain
from heuron.compare.clustered import (
    count_groups,
    difference_interval,
    grouped,
    higher_inside,
    more_often,
    share_interval,
    take,
)
from heuron.compare.collect import Gathered
from heuron.compare.costs import Cost
from heuron.compare.intervals import Interval
from heuron.compare.paired import holm
from heuron.compare.policies import rank_models
from heuron.compare.regions import LEAST_ROWS, Atoms, Condition, Region, atoms_of, find_regions

if TYPE_CHECKING:
    from heuron.learn.data import Table

__all__ = ["FEW", "Look", "Slice", "SliceSearch", "find_slices"]

FEW: Final = 30
"""With fewer disagreements, or mistakes, than this there is too little to describe."""
BEST: Final = {"a": 4, "b": 4, "neither": 2}
"""How many candidates of each claim against the best model: a alone is right, b alone, neither."""
OTHERS: Final = {"a": 2, "b": 2}
"""The same against every other model."""
ALONE: Final = {"wrong": 2}
"""How many candidates for the mistakes of one backend."""
SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """A region on the held-out rows that both sides answered, or that the one side answered.

    `claim` is "a" (a alone is right there more often than elsewhere), "b" or "neither"; or, where
    one backend is looked at by itself (`b` is None), "wrong". `p` is Holm's, over all candidates.
    Intervals are of the share of its rows, and of the others, on which the claim is true, and of
    (a's accuracy - b's) in it; None of one backend.
    """

    a: str
    b: str | None
    claim: str
    when: tuple[Condition, ...]
    text: str
    rows: int
    a_right: int
    b_right: int
    a_only: int
    b_only: int
    neither: int
    elsewhere: int
    elsewhere_rows: int
    p: float
    claimed_interval: Interval
    elsewhere_interval: Interval
    difference_interval: Interval | None

    @property
    def claimed(self) -> int:
        """The rows of the slice on which the claim is true."""
        of_claim = {"a": self.a_only, "b": self.b_only, "wrong": self.rows - self.a_right}
        return of_claim.get(self.claim, self.neither)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        two = self.b is not None
        ends = self.difference_interval
        return {
            "a": self.a,
            "b": self.b,
            "when": self.text,
            "conditions": [
                {"field": one.field, "relation": one.relation, "bound": plain(one.bound)}
                for one in self.when
            ],
            "claim": self.claim,
            "rows": self.rows,
            "a_right": self.a_right,
            "b_right": self.b_right if two else None,
            "a_only_right": self.a_only if two else None,
            "b_only_right": self.b_only if two else None,
            "neither_right": self.neither if two else None,
            "difference_interval": list(ends) if ends else None,
            "claimed": self.claimed,
            "claimed_interval": list(self.claimed_interval),
            "elsewhere": self.elsewhere,
            "elsewhere_rows": self.elsewhere_rows,
            "elsewhere_interval": list(self.elsewhere_interval),
            "p": self.p,
        }


@dataclass(frozen=True, slots=True)
class Look:
    """What was looked at: two backends, or one and its mistakes (`b` is None).

    `disagreements` counts the training rows on which the two differ, or those that the one got
    wrong, of `rows_found` answered, and `independent` the groups that these are in, where rows
    come in groups; `candidates` the regions that were put to the test.
    """

    a: str
    b: str | None
    rows_found: int
    disagreements: int
    independent: int
    candidates: int

    @property
    def too_few(self) -> bool:
        """Whether there was too little to describe."""
        return self.independent < FEW

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "a": self.a,
            "b": self.b,
            "rows_found": self.rows_found,
            "disagreements": self.disagreements,
            "groups_of_disagreements": self.independent,
            "candidates": self.candidates,
            "too_few": self.too_few,
        }


@dataclass(frozen=True, slots=True)
class SliceSearch:
    """All looks, the rules beside the best model first, and the slices that were confirmed."""

    looks: tuple[Look, ...]
    slices: tuple[Slice, ...]

    @property
    def candidates(self) -> int:
        """The regions that were put to the test, in all looks."""
        return sum(one.candidates for one in self.looks)

    @property
    def rows_found(self) -> int:
        """The most training rows that a look was taken at."""
        return max(one.rows_found for one in self.looks)

    @property
    def too_few(self) -> bool:
        """Whether no look had enough to describe."""
        return all(one.too_few for one in self.looks)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The rows that both answered: where they are, and who was right.

    Of one backend by itself both sides are the same. `groups` is None where rows have none.
    """

    places: tuple[int, ...]
    a_right: list[bool]
    b_right: list[bool]
    differ: list[bool]
    groups: Sequence[object] | None

    def true_of(self, claim: str) -> list[bool]:
        pairs = zip(self.a_right, self.b_right, strict=True)
        match claim:
            case "a":
                return [a and not b for a, b in pairs]
            case "b":
                return [b and not a for a, b in pairs]
        return [not (a or b) for a, b in pairs]


def find_slices(
    table: Table, training: Gathered, held_out: Gathered, cost: Cost
) -> SliceSearch | None:
    """Return where rules and models differ and who is right there, and where each is wrong.

    Args:
        table: The rows.
        training: Training rows with out-of-fold answers: regions, and the best model, are found
            here.
        held_out: Rows that confirm.
        cost: What "best" means.

    Returns:
        None when there is no model.
    """
    models = rank_models(training.outcomes, cost)
    if not models:
        return None
    looks, tested = [], []
    known: dict[tuple[int, ...], Atoms] = {}
    for a, b, most in _wanted(training, models):
        found = _sides(training, a, b)
        candidates: list[tuple[str, Region]] = []
        independent = count_groups(found.groups, found.differ)
        if independent >= FEW:
            if found.places not in known:
                known[found.places] = _atoms(table, found)
            atoms = known[found.places]
            candidates = [
                (claim, region)
                for claim, count in most.items()
                for region in find_regions(atoms, found.true_of(claim), count)
            ]
        differ = sum(found.differ)
        looks.append(Look(a, b, len(found.places), differ, independent, len(candidates)))
        if candidates:
            new = _sides(held_out, a, b)
            tested += [_confirm(table, new, (a, b), *one) for one in candidates]
    adjusted = holm([None if one is None else one.p for one in tested])
    slices = [
        replace(one, p=p)
        for one, p in zip(tested, adjusted, strict=True)
        if one is not None and p is not None and p <= SIGNIFICANT
    ]
    return SliceSearch(tuple(looks), tuple(slices))


def _wanted(
    training: Gathered, models: Sequence[str]
) -> list[tuple[str, str | None, dict[str, int]]]:
    """Return the looks to take: rules beside each model, then each by itself."""
    rules = "rules+models" if "rules+models" in training.outcomes.replies else "rules"
    best, *others = (f"model:{name}" for name in models)
    found: list[tuple[str, str | None, dict[str, int]]] = [(rules, best, BEST)]
    found += [(rules, name, OTHERS) for name in others]
    return found + [(name, None, ALONE) for name in (rules, best, *others)]


def _sides(gathered: Gathered, a: str, b: str | None) -> _Sides:
    outcomes = gathered.outcomes
    test = outcomes.contract.is_right
    places: list[int] = []
    a_right: list[bool] = []
    b_right: list[bool] = []
    differ: list[bool] = []
    answered: list[int] = []
    replies = outcomes.replies
    rows = zip(
        gathered.places, replies[a], replies[a if b is None else b], outcomes.truths, strict=True
    )
    for row, (place, first, second, truth) in enumerate(rows):
        if first.value is None or second.value is None:
            continue
        places.append(place)
        answered.append(row)
        a_right.append(test(first.value, truth))
        b_right.append(test(second.value, truth))
        differ.append(not (a_right[-1] if b is None else test(first.value, second.value)))
    groups = take(outcomes.groups, answered)
    return _Sides(tuple(places), a_right, b_right, differ, groups if grouped(groups) else None)


def _atoms(table: Table, sides: _Sides) -> Atoms:
    goal, concluded = table.contract.goal, table.contract.concluded
    columns = {
        name: cells
        for name, cells in table.columns.items()
        if name != goal and name not in concluded
    }
    return atoms_of(table.contract.template, columns, sides.places, _weights(sides.groups))


def _weights(groups: Sequence[object] | None) -> list[float] | None:
    """Return what each row counts: with the others of its group it counts once."""
    if groups is None:
        return None
    sizes = Counter(groups)
    return [1 / sizes[one] for one in groups]


def _confirm(
    table: Table, sides: _Sides, names: tuple[str, str | None], claim: str, region: Region
) -> Slice | None:
    """Return what a region is on new rows, with its own p; None where too few rows are in it."""
    inside = [region.holds(table.columns, place) for place in sides.places]
    hits = sides.true_of(claim)
    rows, total = sum(inside), len(inside)
    if count_groups(sides.groups, inside) < LEAST_ROWS or rows == total:
        return None
    claimed = _count(inside, hits)
    p = higher_inside(inside, hits, sides.groups)
    mine = [row for row, one in enumerate(inside) if one]
    others = [row for row, one in enumerate(inside) if not one]
    groups = take(sides.groups, mine)
    signs = [sides.a_right[row] - sides.b_right[row] for row in mine]
    a_only, b_only = signs.count(1), signs.count(-1)
    if claim in ("a", "b"):
        # And more often than the contrary? Both must hold, so the larger p counts.
        p = max(p, more_often(signs if claim == "a" else [-one for one in signs], groups))
    return Slice(
        *names,
        claim,
        region.conditions,
        region.text,
        rows,
        _count(inside, sides.a_right),
        _count(inside, sides.b_right),
        a_only,
        b_only,
        _count(inside, sides.true_of("neither")),
        sum(hits) - claimed,
        total - rows,
        p,
        share_interval([hits[row] for row in mine], groups),
        share_interval([hits[row] for row in others], take(sides.groups, others)),
        None if names[1] is None else difference_interval(signs, groups),
    )


def _count(inside: Sequence[bool], what: Sequence[bool]) -> int:
    return sum(one and other for one, other in zip(inside, what, strict=True))
