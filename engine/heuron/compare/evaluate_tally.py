"""From the counts of a streamed comparison to the same scores that single rows give.

What depends on counts alone (shares, tests, confusion, macro-F1, kappa and their intervals) is
equal to the digit. Means of many different numbers have normal intervals, and confidences are
looked at by grain, 4,096 of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final, NamedTuple

from heuron.compare.bootstrap import bootstrap, bootstrap_counts
from heuron.compare.cells import ordered_cells
from heuron.compare.comparison import BackendScore, Comparison, Errors, PairScore, View
from heuron.compare.costs import Bound, Cost, CostScore
from heuron.compare.evaluate import comparison_warnings, within_words
from heuron.compare.intervals import (
    Interval,
    agresti_min,
    detectable_difference,
    normal_quantile,
    wilson,
)
from heuron.compare.metrics import BINS, Bin, Calibration, CertaintyBin, certainty_bins, macro_f1
from heuron.compare.outcomes import UNTIMED, HeldOut, Timing
from heuron.compare.paired import cohen_kappa, holm, mcnemar
from heuron.compare.resampled import kappa_of_many, macro_f1_of_many
from heuron.compare.score_backend import CALIBRATION_ROWS
from heuron.compare.scorecard import Loss, score_counts
from heuron.compare.tally import GRAINS, ONE, Confidences, Tally
from heuron.learn.contract import Contract

__all__ = ["evaluate_tally"]

STEPS: Final = 20
"""Points of the curve of coverage against accuracy."""
LEVEL: Final = 0.95


class _Group(NamedTuple):
    """Rows that are alike: the truth, each backend's answer, whether it is right (None: none)."""

    truth: object
    answers: tuple[object, ...]
    right: tuple[bool | None, ...]
    same: Mapping[tuple[int, int], bool]
    rows: int


def evaluate_tally(
    contract: Contract,
    tally: Tally,
    names: Sequence[str],
    *,
    held_out: HeldOut,
    rules: Sequence[str],
    seed: int = 0,
    cost: Cost | None = None,
    timings: Mapping[str, Timing] | None = None,
    warnings: Sequence[str] = (),
) -> Comparison:
    """Return the comparison that counts amount to.

    Args:
        contract: The template and the goal.
        tally: The counts.
        names: The backends, in the order in which the tally has them.
        held_out: Which rows were compared.
        rules: The rules that conclude the goal, in rule order.
        seed: The seed of the bootstrap.
        cost: The prices to rank backends by.
        timings: What one answer takes.
        warnings: What is to be said beside what the numbers say.
    """
    groups = _groups(contract, tally, len(names))
    scores = {
        name: _score(contract, tally, groups, at, name, seed, (timings or {}).get(name, UNTIMED))
        for at, name in enumerate(names)
    }
    base_rates = _base_rates(contract, groups)
    losses = [
        Loss(rule, lost, won, changed)
        for rule in rules
        if rule in tally.losses
        for lost, won, changed in [tally.losses[rule]]
    ]
    return Comparison(
        domain=contract.domain,
        goal=f"{contract.template.name}.{contract.goal}",
        held_out=held_out,
        backends=scores,
        pairs=_pairs(contract, groups, names, seed),
        views=tuple(_view(groups, names, at) for at in range(len(names))),
        rules=score_counts(
            rules, tally.shots, tally.overlaps, dict(base_rates), losses, held_out.rows
        ),
        base_rates=base_rates,
        best_possible=_bound(groups, names),
        warnings=(*warnings, *comparison_warnings(contract.classes, scores, base_rates)),
        cost=cost,
        costs=() if cost is None else _costs(groups, names, cost, seed),
        unit=contract.field.unit,
        within=within_words(contract),
    )


def _groups(contract: Contract, tally: Tally, count: int) -> list[_Group]:
    found = []
    levels = contract.classes
    pairs = list(combinations(range(count), 2))
    for cell, rows in sorted(tally.cells.items()):
        if contract.is_regression:
            right = tuple(None if one < 0 else one == 1 for one in cell[:count])
            same = {pair: one == 1 for pair, one in zip(pairs, cell[count:], strict=True)}
            found.append(_Group(None, right, right, same, rows))
            continue
        truth = levels[cell[0]]
        answers = tuple(None if one < 0 else levels[one] for one in cell[1:])
        right = tuple(None if one is None else one == truth for one in answers)
        same = {(a, b): answers[a] == answers[b] for a, b in pairs}
        found.append(_Group(truth, answers, right, same, rows))
    return found


def _base_rates(contract: Contract, groups: Sequence[_Group]) -> tuple[tuple[object, float], ...]:
    total = sum(one.rows for one in groups)
    if contract.is_regression or not total:
        return ()
    counts: dict[object, int] = dict.fromkeys(contract.classes, 0)
    for one in groups:
        counts[one.truth] += one.rows
    return tuple((value, count / total) for value, count in counts.items())


def _score(
    contract: Contract,
    tally: Tally,
    groups: Sequence[_Group],
    at: int,
    name: str,
    seed: int,
    timing: Timing,
) -> BackendScore:
    good = sum(one.rows for one in groups if one.right[at] is True)
    bad = sum(one.rows for one in groups if one.right[at] is False)
    total = sum(one.rows for one in groups)
    routes = [(by, rows) for (backend, by), rows in tally.routes.items() if backend == name]
    score = BackendScore(
        right=good,
        wrong=bad,
        not_answered=total - good - bad,
        accuracy_interval=wilson(good, total),
        interval=wilson(good, good + bad) if good + bad else None,
        timing=timing,
        routes=tuple(sorted(routes, key=lambda one: (-one[1], one[0]))),
        certainties=_certainties(tally, name),
    )
    if contract.is_regression:
        return replace(score, errors=_errors(tally.errors.get(name, [])))
    counts: dict[tuple[object, object], int] = {}
    for one in groups:
        pair = (one.truth, one.answers[at])
        counts[pair] = counts.get(pair, 0) + one.rows
    cells = ordered_cells(counts, contract.classes)
    score = replace(
        score,
        macro_f1=macro_f1(cells),
        macro_f1_interval=bootstrap(cells, macro_f1, seed=seed, of_many=macro_f1_of_many),
        confusion=tuple((truth, said, rows) for (truth, said), rows in cells.items()),
    )
    held = tally.confidences.get(name)
    if held is None or not held.rows or held.rows != score.answered:
        return score
    return _with_probabilities(score, held)


def _certainties(tally: Tally, name: str) -> tuple[CertaintyBin, ...]:
    return certainty_bins(
        [
            (certainty, rows, good)
            for (backend, certainty), (rows, good) in sorted(tally.certainties.items())
            if backend == name
        ]
    )


def _with_probabilities(score: BackendScore, held: Confidences) -> BackendScore:
    brier = math.fsum(held.brier) / held.rows
    loss = math.fsum(held.loss) / held.rows
    return replace(
        score,
        brier=brier,
        brier_interval=_mean_interval(held.rows, brier, math.fsum(held.brier_squares)),
        log_loss=loss,
        log_loss_interval=_mean_interval(held.rows, loss, math.fsum(held.loss_squares)),
        calibration=_calibration(held) if held.rows >= CALIBRATION_ROWS else None,
        curve=_curve(held),
    )


def _mean_interval(rows: int, mean: float, squares: float) -> Interval:
    """Return the interval of a mean from the sum of squares; normal, as rows are many."""
    variance = max(0.0, squares / rows - mean * mean)
    reach = normal_quantile(LEVEL) * math.sqrt(variance / rows)
    return mean - reach, mean + reach


def _calibration(held: Confidences) -> Calibration:
    """Return the calibration error over bins of equal mass; a grain is in one bin."""
    bins: list[list[int]] = [[0, 0, 0, 0] for _ in range(BINS)]
    start = 0
    for _, counts in sorted(held.grains.items()):
        end = start + counts[0]
        held_in = bins[min(BINS - 1, BINS * (start + end) // (2 * held.rows))]
        held_in[:] = [a + b for a, b in zip(held_in, counts, strict=True)]
        start = end
    found, gaps, perfect = [], [], []
    for rows, right, total, squares in bins:
        if not rows:
            continue
        sure = total / ONE
        found.append(Bin(rows, right, sure / rows))
        gaps.append(abs(sure - right))
        # A normal stands for the number of right rows: see `metrics.calibration`.
        perfect.append(math.sqrt(2 * max(0.0, sure - squares / ONE) / math.pi))
    return Calibration(math.fsum(gaps) / held.rows, math.fsum(perfect) / held.rows, tuple(found))


def _curve(held: Confidences) -> tuple[tuple[int, int], ...]:
    """Return (answers, right ones) when only the most confident answers are given."""
    points = []
    place, good, wanted = 0, 0, 1
    for grain in range(GRAINS - 1, -1, -1):
        counts = held.grains.get(grain)
        if counts is None:
            continue
        place, good = place + counts[0], good + counts[1]
        if place * STEPS >= wanted * held.rows:
            points.append((place, good))
            wanted = place * STEPS // held.rows + 1
    return tuple(points)


def _errors(parts: Sequence[Sequence[float]]) -> Errors | None:
    sums = [math.fsum(part) for part in parts]
    rows = int(sums[0]) if sums else 0
    if not rows:
        return None
    bias, absolute, square = sums[1] / rows, sums[2] / rows, sums[3] / rows
    low, high = _mean_interval(rows, square, sums[4])
    return Errors(
        absolute=absolute,
        absolute_interval=_mean_interval(rows, absolute, sums[3]),
        squared=math.sqrt(square),
        squared_interval=(math.sqrt(max(0.0, low)), math.sqrt(high)),
        bias=bias,
        bias_interval=_mean_interval(rows, bias, sums[3]),
    )


def _pairs(
    contract: Contract, groups: Sequence[_Group], names: Sequence[str], seed: int
) -> tuple[PairScore, ...]:
    pairs = list(combinations(range(len(names)), 2))
    found = [_pair(contract, groups, names, pair, seed) for pair in pairs]
    adjusted = holm([one.mcnemar_p for one in found])
    return tuple(replace(one, holm_p=p) for one, p in zip(found, adjusted, strict=True))


def _pair(
    contract: Contract,
    groups: Sequence[_Group],
    names: Sequence[str],
    pair: tuple[int, int],
    seed: int,
) -> PairScore:
    a, b = pair
    both = [one for one in groups if one.right[a] is not None and one.right[b] is not None]
    total = sum(one.rows for one in both)
    a_only = sum(one.rows for one in both if one.right[a] and not one.right[b])
    b_only = sum(one.rows for one in both if one.right[b] and not one.right[a])
    counts: dict[tuple[object, object], int] = {}
    for one in both:
        key = (one.answers[a], one.answers[b])
        counts[key] = counts.get(key, 0) + one.rows
    cells = ordered_cells(counts, contract.classes)
    kappa = None if contract.is_regression else cohen_kappa(cells)
    return PairScore(
        a=names[a],
        b=names[b],
        rows_both=total,
        same=sum(one.rows for one in both if one.same[pair]),
        kappa=kappa,
        kappa_interval=None
        if kappa is None
        else bootstrap(cells, cohen_kappa, seed=seed, of_many=kappa_of_many),
        a_only_right=a_only,
        b_only_right=b_only,
        difference_interval=agresti_min(a_only, b_only, total),
        mcnemar_p=mcnemar(a_only, b_only) if total else None,
        holm_p=None,
        would_not_show=detectable_difference(a_only + b_only, total),
    )


def _view(groups: Sequence[_Group], names: Sequence[str], at: int) -> View:
    mine = [one for one in groups if one.right[at] is not None]
    rows = sum(one.rows for one in mine)
    if not rows:
        return View(names[at], 0, ())
    shares = tuple(
        (name, sum(one.rows for one in mine if one.right[other] is True) / rows)
        for other, name in enumerate(names)
    )
    return View(names[at], rows, shares)


def _bound(groups: Sequence[_Group], names: Sequence[str]) -> Bound:
    alone = [at for at, name in enumerate(names) if not name.startswith("dispatch")]
    best = sum(one.rows for one in groups if any(one.right[at] is True for at in alone))
    total = sum(one.rows for one in groups)
    return Bound(best, best / total, wilson(best, total)) if total else Bound(0, None)


def _costs(
    groups: Sequence[_Group], names: Sequence[str], cost: Cost, seed: int
) -> tuple[CostScore, ...]:
    """Return every backend's expected cost of a row, the cheapest first."""
    if not groups:
        return ()
    paid = {
        at: [cost.paid([one.right[at]], [one.truth])[0] for one in groups]
        for at in range(len(names))
    }
    total = sum(one.rows for one in groups)
    means = {
        at: math.fsum(price * one.rows for price, one in zip(prices, groups, strict=True)) / total
        for at, prices in paid.items()
    }
    order = sorted(means, key=means.__getitem__)
    least = paid[order[0]]
    return tuple(
        CostScore(
            names[at],
            means[at],
            _interval(paid[at], groups, seed),
            None
            if at == order[0]
            else _interval([a - b for a, b in zip(paid[at], least, strict=True)], groups, seed),
        )
        for at in order
    )


def _interval(values: Sequence[float], groups: Sequence[_Group], seed: int) -> Interval | None:
    """Return the interval of the mean of a value that the rows of a group have in common."""
    counts: dict[float, int] = {}
    for value, one in zip(values, groups, strict=True):
        counts[value] = counts.get(value, 0) + one.rows
    return bootstrap_counts(counts, seed)
