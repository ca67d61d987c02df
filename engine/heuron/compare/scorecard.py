"""The scorecard of a rule: how often it fired, how often it was right, what that is worth.

A certainty says how much a rule changes belief, so it is measured as MYCIN defines it
(Shortliffe and Buchanan, 1975): the change relative to the base rate, not the precision.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from heuron.certainty import implied_certainty, relative_change
from heuron.compare.clustered import difference_interval, grouped, share_interval, take
from heuron.compare.intervals import Interval, agresti_min, wilson

__all__ = ["AGAINST", "Loss", "RuleScore", "Shot", "measured_certainty", "score_rules"]

FEW: Final = 10
"""With fewer firings than this a rule's verdict is "too few rows"."""

AGAINST: Final = "speaks against what it says"
"""The verdict on a rule whose rows are right less often than any rows."""

OVERLAPS: Final = 3
"""So many overlapping rules are named."""

ShotKey = tuple[str, object, float, bool]
"""A rule, the value it spoke of (None of a quantity), its certainty, whether that was true."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A rule's contribution on one row: the value it spoke of, its certainty, if that was true.

    `row` counts the compared rows from 0.
    """

    rule: str
    value: object
    certainty: float
    true: bool
    row: int = 0

    @property
    def right(self) -> bool:
        """Whether the contribution pointed the right way."""
        return self.true == (self.certainty > 0)


@dataclass(frozen=True, slots=True)
class Loss:
    """What would change without a rule: right answers lost, won, and answers changed in all.

    `signs` has 1 for each row won and -1 for each row lost, with the row, where rows were asked
    one by one.
    """

    rule: str
    lost: int
    won: int
    changed: int
    signs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleScore:
    """What one rule did on the rows of a comparison.

    `certainty` is what its author claimed (the mean over its firings where it varies),
    `precision` the share of its firings that were right, `base` how often what it says is true
    of any row, `implied_certainty` the certainty that these rows imply. A quantity has no base
    rate, and then no certainty is implied. `overlaps` names the rules that fired on most of the
    same rows, with their number; `loss` says what the answers would be without it, and
    `loss_interval` is that of the share of all rows right without it less that with it.
    """

    name: str
    fired: int
    right: int
    certainty: float | None
    precision: float | None
    interval: Interval | None
    base: float | None
    implied_certainty: float | None
    verdict: str
    overlaps: tuple[tuple[str, int], ...] = ()
    loss: Loss | None = None
    loss_interval: Interval | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "fired": self.fired,
            "right": self.right,
            "certainty": self.certainty,
            "precision": self.precision,
            "interval": list(self.interval) if self.interval else None,
            "base": self.base,
            "implied_certainty": self.implied_certainty,
            "verdict": self.verdict,
            "overlaps": [{"name": name, "rows": rows} for name, rows in self.overlaps],
            "without": None
            if self.loss is None
            else {
                "lost": self.loss.lost,
                "won": self.loss.won,
                "changed": self.loss.changed,
                "difference_interval": list(self.loss_interval) if self.loss_interval else None,
            },
        }


def score_rules(
    names: Sequence[str],
    shots: Sequence[Shot],
    base_rates: Mapping[object, float],
    losses: Sequence[Loss] = (),
    groups: Sequence[object] | None = None,
    total: int = 0,
) -> tuple[RuleScore, ...]:
    """Return the scorecards in the order of `names`.

    Args:
        names: The rules that conclude the goal, in rule order; a silent rule has a card too.
        shots: Every contribution of a rule to the goal on the compared rows.
        base_rates: The share of each goal value among the compared rows; empty for quantities.
        losses: What would change without each rule.
        groups: The group of each compared row, where rows of a group belong together.
        total: How many rows were compared.
    """
    counts: dict[ShotKey, int] = {}
    rows: dict[str, set[int]] = {name: set() for name in names}
    for shot in shots:
        key = (shot.rule, shot.value if base_rates else None, shot.certainty, shot.true)
        counts[key] = counts.get(key, 0) + 1
        rows.setdefault(shot.rule, set()).add(shot.row)
    shared = {(a, b): both for a, b in combinations(rows, 2) if (both := len(rows[a] & rows[b]))}
    if not grouped(groups):
        return score_counts(names, counts, shared, base_rates, losses, total)
    cards = score_counts(names, counts, shared, base_rates, losses, total, _of(shots, groups))
    balances = {one.rule: _balance(one, total, groups) for one in losses}
    return tuple(replace(one, loss_interval=balances.get(one.name)) for one in cards)


def _balance(loss: Loss, total: int, groups: Sequence[object] | None) -> Interval:
    """Return the interval of the difference that a rule's absence makes, on rows in groups."""
    signs = [0] * total
    for row, sign in loss.signs:
        signs[row] = sign
    return difference_interval(signs, groups)


def _of(shots: Sequence[Shot], groups: Sequence[object] | None) -> dict[str, Interval]:
    """Return the interval of each rule's precision on rows in groups."""
    of_rule: dict[str, list[Shot]] = {}
    for shot in shots:
        of_rule.setdefault(shot.rule, []).append(shot)
    return {
        name: share_interval([one.right for one in mine], take(groups, [one.row for one in mine]))
        for name, mine in of_rule.items()
    }


def score_counts(
    names: Sequence[str],
    counts: Mapping[ShotKey, int],
    shared: Mapping[tuple[str, str], int],
    base_rates: Mapping[object, float],
    losses: Sequence[Loss] = (),
    total: int = 0,
    intervals: Mapping[str, Interval] | None = None,
) -> tuple[RuleScore, ...]:
    """Return the scorecards in the order of `names`, from counts instead of single rows.

    Args:
        names: The rules that conclude the goal, in rule order.
        counts: On how many rows a rule spoke of a value with a certainty, and was right or not.
        shared: On how many rows two rules fired; either order of the pair.
        base_rates: The share of each goal value among the compared rows; empty for quantities.
        losses: What would change without each rule.
        total: How many rows were compared.
        intervals: Those of the rules' precision, where rows do not count for one each.
    """
    fired: dict[str, list[tuple[ShotKey, int]]] = {name: [] for name in names}
    for key, rows in counts.items():
        fired.setdefault(key[0], []).append((key, rows))
    known = {one.rule: one for one in losses}
    return tuple(
        replace(
            _score(name, listed, base_rates, (intervals or {}).get(name)),
            overlaps=_overlaps(name, fired, shared),
            loss=loss,
            loss_interval=agresti_min(loss.won, loss.lost, total) if loss and total else None,
        )
        for name, listed in fired.items()
        for loss in [known.get(name)]
    )


def _overlaps(
    name: str, names: Iterable[str], shared: Mapping[tuple[str, str], int]
) -> tuple[tuple[str, int], ...]:
    """Return the rules that fired on the same rows, those of most rows first."""
    both = [
        (other, shared.get((name, other), 0) + shared.get((other, name), 0))
        for other in names
        if other != name
    ]
    found = sorted((one for one in both if one[1]), key=lambda one: -one[1])
    return tuple(found[:OVERLAPS])


def _score(
    name: str,
    counts: Sequence[tuple[ShotKey, int]],
    base_rates: Mapping[object, float],
    measured: Interval | None,
) -> RuleScore:
    count = sum(rows for _, rows in counts)
    if count == 0:
        return RuleScore(name, 0, 0, None, None, None, None, None, "never fired")
    right = sum(rows for (_, _, certainty, true), rows in counts if true == (certainty > 0))
    # In an order that does not depend on which row came first.
    claims = sorted((certainty, rows) for (_, _, certainty, _), rows in counts)
    claimed = math.fsum(certainty * rows for certainty, rows in claims) / count
    interval = wilson(right, count) if measured is None else measured
    share = right / count
    if not base_rates:
        return RuleScore(name, count, right, claimed, share, interval, None, None, "")
    base = math.fsum(_base(key, base_rates) * rows for key, rows in counts) / count
    sign = 1.0 if claimed > 0 else -1.0
    implied = sign * implied_certainty(right, count, base)
    return RuleScore(
        name,
        count,
        right,
        claimed,
        share,
        interval,
        base,
        implied,
        _verdict(abs(claimed), count, interval, base),
    )


def _base(key: ShotKey, base_rates: Mapping[object, float]) -> float:
    _, value, certainty, _ = key
    rate = base_rates.get(value, 0.0)
    return rate if certainty > 0 else 1 - rate


def _verdict(claimed: float, fired: int, interval: Interval, base: float) -> str:
    """Say how the claim stands to what was measured."""
    if fired < FEW:
        return "too few rows"
    low, high = interval
    if high < base:
        return AGAINST
    if relative_change(low, base) > claimed:
        return "stronger than claimed"
    if relative_change(high, base) < claimed:
        return "weaker than claimed"
    return "as claimed"


def measured_certainty(rule: RuleScore) -> Interval | None:
    """Return the certainties between which a rule's record leaves room, in ascending order."""
    if rule.interval is None or rule.base is None or rule.certainty is None:
        return None
    low, high = (relative_change(end, rule.base) for end in rule.interval)
    return (-high, -low) if rule.certainty < 0 else (low, high)
