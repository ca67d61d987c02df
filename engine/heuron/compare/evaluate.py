"""Count the replies of a comparison: scores, pairs, views, scorecards and warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from heuron.compare.clustered import grouped, share_interval, take
from heuron.compare.comparison import BackendScore, Comparison, View
from heuron.compare.costs import Cost, score_bound, score_costs
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import Outcomes, Reply, short_name
from heuron.compare.score_backend import Right, score_backend
from heuron.compare.score_pairs import score_pairs
from heuron.compare.scorecard import score_rules
from heuron.learn.contract import Contract

__all__ = ["COVERAGE_APART", "NOBODY_BEST", "evaluate"]

COVERAGE_APART: Final = 0.02
"""Backends whose coverages differ by more are not ranked without a cost."""
NOBODY_BEST: Final = (
    "coverages differ by more than 2 points, so nobody is called best: "
    "accuracy where it answers is on different rows"
)
REVERSED_BELOW: Final = 0.35
"""A backend between two levels that is right less often has probably swapped them."""
FEW_ROWS: Final = 30


def evaluate(outcomes: Outcomes, *, seed: int = 0, cost: Cost | None = None) -> Comparison:
    """Return the comparison that the replies of `outcomes` amount to.

    The same replies and seed give the same comparison to the byte, timings aside.
    """
    test = outcomes.contract.is_right
    right = {name: _right(replies, outcomes, test) for name, replies in outcomes.replies.items()}
    base_rates = _base_rates(outcomes)
    backends = {name: score_backend(name, outcomes, right[name], seed) for name in outcomes.replies}
    return Comparison(
        domain=outcomes.contract.domain,
        goal=f"{outcomes.contract.template.name}.{outcomes.contract.goal}",
        held_out=replace(outcomes.held_out, groups=_group_count(outcomes)),
        backends=backends,
        pairs=score_pairs(outcomes, right, test, seed),
        views=tuple(_view(name, right, outcomes.groups) for name in right),
        rules=score_rules(
            outcomes.rules,
            outcomes.shots,
            dict(base_rates),
            outcomes.losses,
            outcomes.groups,
            len(outcomes.truths),
        ),
        base_rates=base_rates,
        best_possible=score_bound(right, outcomes.groups),
        warnings=outcomes.warnings
        + comparison_warnings(outcomes.levels, backends, base_rates, _group_count(outcomes)),
        cost=cost,
        costs=()
        if cost is None
        else score_costs(right, outcomes.truths, cost, seed, outcomes.groups),
        unit=outcomes.contract.field.unit,
        within=within_words(outcomes.contract),
    )


def _group_count(outcomes: Outcomes) -> int | None:
    return len(set(outcomes.groups)) if outcomes.groups and grouped(outcomes.groups) else None


def within_words(contract: Contract) -> str | None:
    """Return in words which answers about a quantity count as right."""
    if not contract.is_regression:
        return None
    if not contract.tolerance:
        return "exactly equal"
    unit = " %" if contract.percent else f" {contract.field.unit}" if contract.field.unit else ""
    return f"within {contract.tolerance:g}{unit}"


def _right(
    replies: Sequence[Reply], outcomes: Outcomes, test: Callable[[object, object], bool]
) -> Right:
    return [
        None if reply.value is None else test(reply.value, truth)
        for reply, truth in zip(replies, outcomes.truths, strict=True)
    ]


def _base_rates(outcomes: Outcomes) -> tuple[tuple[object, float], ...]:
    """Return how common each value is among the rows; nothing for a numeric goal."""
    if outcomes.numeric or not outcomes.truths:
        return ()
    counts: dict[object, int] = dict.fromkeys(outcomes.levels, 0)
    for truth in outcomes.truths:
        counts[truth] = counts.get(truth, 0) + 1
    return tuple((value, count / len(outcomes.truths)) for value, count in counts.items())


def _view(name: str, right: Mapping[str, Right], groups: Sequence[object] | None) -> View:
    rows = [at for at, one in enumerate(right[name]) if one is not None]
    if not rows:
        return View(name, 0, ())
    shares = {
        other: sum(values[at] is True for at in rows) / len(rows) for other, values in right.items()
    }
    ends: tuple[tuple[str, Interval], ...] = ()
    if grouped(groups):
        mine = take(groups, rows)
        ends = tuple(
            (other, share_interval([values[at] is True for at in rows], mine))
            for other, values in right.items()
        )
    return View(name, len(rows), tuple(shares.items()), ends)


def comparison_warnings(
    levels: Sequence[object],
    backends: Mapping[str, BackendScore],
    base_rates: Sequence[tuple[object, float]],
    groups: int | None = None,
) -> tuple[str, ...]:
    """Return what the numbers themselves warn of: few rows, reversed answers, coverages apart."""
    found = []
    rows = max((one.rows for one in backends.values()), default=0)
    if rows < FEW_ROWS:
        found.append(f"only {rows} rows: nothing here is firm")
    if groups is not None and groups < FEW_ROWS:
        found.append(f"only {groups} groups of rows: nothing here is firm")
    for level, rate in base_rates:
        count = round(rate * rows)
        if 0 < count < FEW_ROWS:
            rows_are = "row is" if count == 1 else "rows are"
            found.append(f"only {count} {rows_are} {level}: read its figures with care")
    for name, score in backends.items():
        where = score.accuracy_where_covered
        enough = score.answered >= FEW_ROWS and where is not None and where < REVERSED_BELOW
        if len(levels) == 2 and enough:
            found.append(
                f"answers of {short_name(name)} look reversed: check [levels] in data.toml"
            )
    coverages = [score.coverage for score in backends.values() if score.coverage is not None]
    if coverages and max(coverages) - min(coverages) > COVERAGE_APART:
        found.append(NOBODY_BEST)
    return tuple(found)
