"""Slices: regions in which one side is right and the other is not, described as conditions.

Found on training rows, where models answer as they did out of fold; confirmed on held-out rows,
which had no part in finding them. A slice is reported when on the held-out rows what it claims
is more frequent in it than elsewhere, and, of two sides, more frequent than the contrary: both
by exact tests, with Holm's correction over all candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.answer import plain
from heuron.compare.collect import Gathered
from heuron.compare.costs import Cost
from heuron.compare.intervals import Interval, agresti_min, wilson
from heuron.compare.paired import holm
from heuron.compare.policies import rank_models
from heuron.compare.regions import LEAST_ROWS, Condition, Region, find_regions

if TYPE_CHECKING:
    from heuron.learn.data import Table

__all__ = ["FEW", "Slice", "SliceSearch", "find_slices"]

FEW: Final = 30
"""With fewer disagreements than this there is too little to describe."""
MOST: Final = {"a": 4, "b": 4, "neither": 2}
"""How many candidates of each claim: a alone is right, b alone is right, neither is."""
SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """A region on the held-out rows that both sides answered.

    `claim` is "a" (a alone is right there more often than elsewhere), "b" or "neither". `p` is
    Holm's, over all candidates.
    """

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

    @property
    def claimed(self) -> int:
        """The rows of the slice on which the claim is true."""
        return {"a": self.a_only, "b": self.b_only}.get(self.claim, self.neither)

    @property
    def difference_interval(self) -> Interval:
        """The interval of (a's accuracy - b's) in the slice."""
        return agresti_min(self.a_only, self.b_only, self.rows)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "when": self.text,
            "conditions": [
                {"field": one.field, "relation": one.relation, "bound": plain(one.bound)}
                for one in self.when
            ],
            "claim": self.claim,
            "rows": self.rows,
            "a_right": self.a_right,
            "b_right": self.b_right,
            "a_only_right": self.a_only,
            "b_only_right": self.b_only,
            "neither_right": self.neither,
            "difference_interval": list(self.difference_interval),
            "claimed_interval": list(wilson(self.claimed, self.rows)),
            "elsewhere": self.elsewhere,
            "elsewhere_rows": self.elsewhere_rows,
            "p": self.p,
        }


@dataclass(frozen=True, slots=True)
class SliceSearch:
    """What was looked for, and what was confirmed.

    `a` and `b` are the backends; `disagreements` the training rows on which they differ, of
    `rows_found` that both answered; `candidates` the regions that were put to the test.
    """

    a: str
    b: str
    rows_found: int
    disagreements: int
    candidates: int
    slices: tuple[Slice, ...]

    @property
    def too_few(self) -> bool:
        """Whether there was too little to describe."""
        return self.disagreements < FEW

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form, without the slices."""
        return {
            "a": self.a,
            "b": self.b,
            "rows_found": self.rows_found,
            "disagreements": self.disagreements,
            "candidates": self.candidates,
            "too_few": self.too_few,
        }


@dataclass(frozen=True, slots=True)
class _Sides:
    """The rows that both answered: where they are, and who was right."""

    places: list[int]
    a_right: list[bool]
    b_right: list[bool]
    differ: int

    def true_of(self, claim: str) -> list[bool]:
        pairs = zip(self.a_right, self.b_right, strict=True)
        if claim == "a":
            return [a and not b for a, b in pairs]
        if claim == "b":
            return [b and not a for a, b in pairs]
        return [not (a or b) for a, b in pairs]


def find_slices(
    table: Table, training: Gathered, held_out: Gathered, cost: Cost
) -> SliceSearch | None:
    """Return where rules and the best model differ, and who is right there.

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
    a = "rules+models" if "rules+models" in training.outcomes.replies else "rules"
    b = f"model:{models[0]}"
    found, new = _sides(training, a, b), _sides(held_out, a, b)
    if found.differ < FEW:
        return SliceSearch(a, b, len(found.places), found.differ, 0, ())
    candidates = [
        (claim, region)
        for claim, most in MOST.items()
        for region in _regions(table, found, claim, most)
    ]
    tested = [_confirm(table, new, claim, region) for claim, region in candidates]
    adjusted = holm([None if one is None else one.p for one in tested])
    slices = [
        _with_p(one, p)
        for one, p in zip(tested, adjusted, strict=True)
        if one is not None and p is not None and p <= SIGNIFICANT
    ]
    return SliceSearch(a, b, len(found.places), found.differ, len(candidates), tuple(slices))


def _sides(gathered: Gathered, a: str, b: str) -> _Sides:
    outcomes = gathered.outcomes
    test = outcomes.contract.is_right
    sides = _Sides([], [], [], 0)
    differ = 0
    rows = zip(
        gathered.places, outcomes.replies[a], outcomes.replies[b], outcomes.truths, strict=True
    )
    for place, first, second, truth in rows:
        if first.value is None or second.value is None:
            continue
        sides.places.append(place)
        sides.a_right.append(test(first.value, truth))
        sides.b_right.append(test(second.value, truth))
        differ += not test(first.value, second.value)
    return _Sides(sides.places, sides.a_right, sides.b_right, differ)


def _regions(table: Table, sides: _Sides, claim: str, most: int) -> list[Region]:
    goal, concluded = table.contract.goal, table.contract.concluded
    columns = {
        name: cells
        for name, cells in table.columns.items()
        if name != goal and name not in concluded
    }
    return find_regions(table.contract.template, columns, sides.places, sides.true_of(claim), most)


def _confirm(table: Table, sides: _Sides, claim: str, region: Region) -> Slice | None:
    """Return what a region is on new rows, with its own p; None where too few rows are in it."""
    from scipy.stats import binom, hypergeom

    inside = [region.holds(table.columns, place) for place in sides.places]
    hits = sides.true_of(claim)
    rows, total = sum(inside), len(inside)
    if rows < LEAST_ROWS or rows == total:
        return None
    claimed = _count(inside, hits)
    # Fisher's exact test, one-sided: is the claim more often true in the region?
    p = float(hypergeom.sf(claimed - 1, total, sum(hits), rows))
    a_only, b_only = _count(inside, sides.true_of("a")), _count(inside, sides.true_of("b"))
    if claim != "neither":
        # And, by McNemar's, more often than the contrary? Both must hold, so the larger p counts.
        p = max(p, float(binom.sf(claimed - 1, a_only + b_only, 0.5)))
    return Slice(
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
    )


def _count(inside: Sequence[bool], what: Sequence[bool]) -> int:
    return sum(one and other for one, other in zip(inside, what, strict=True))


def _with_p(one: Slice, p: float) -> Slice:
    from dataclasses import replace

    return replace(one, p=p)
