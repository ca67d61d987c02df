"""Score one backend over all rows of a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from heuron.compare.bootstrap import bootstrap_calibration, bootstrap_mean
from heuron.compare.cells import cell_interval, ordered_cells
from heuron.compare.clustered import grouped, share_interval, take
from heuron.compare.comparison import BackendScore, Errors
from heuron.compare.intervals import Interval
from heuron.compare.metrics import (
    Calibration,
    CertaintyBin,
    bin_places,
    brier_score,
    calibration,
    certainty_table,
    confusion,
    coverage_curve,
    log_loss,
    macro_f1,
    signed_errors,
)
from heuron.compare.outcomes import UNTIMED, Outcomes, Reply
from heuron.compare.resampled import macro_f1_of_many

__all__ = ["CALIBRATION_ROWS", "Right", "score_backend", "with_probabilities"]

CALIBRATION_ROWS: Final = 200
"""With fewer rows than this a calibration error would be mostly noise."""

Right = Sequence[bool | None]
"""For each row whether the backend was right; None where it gave no answer."""


def score_backend(name: str, outcomes: Outcomes, right: Right, seed: int) -> BackendScore:
    """Return the score of the backend of that name; `right` is its part of the rows."""
    replies = outcomes.replies[name]
    good = sum(one is True for one in right)
    bad = sum(one is False for one in right)
    score = BackendScore(
        right=good,
        wrong=bad,
        not_answered=len(right) - good - bad,
        accuracy_interval=share_interval([one is True for one in right], outcomes.groups),
        interval=_of_answered(right, outcomes.groups) if good + bad else None,
        timing=outcomes.timings.get(name, UNTIMED),
        routes=_routes(replies),
        certainties=_certainties(replies, right, outcomes.groups),
        coverage_ends=_coverage_ends(right, outcomes.groups),
    )
    if outcomes.numeric:
        return replace(score, errors=_errors(replies, outcomes, seed))
    answers = [reply.value for reply in replies]
    cells = confusion(outcomes.truths, answers)
    ordered = ordered_cells(cells, outcomes.levels)
    score = replace(
        score,
        macro_f1=macro_f1(cells),
        macro_f1_interval=cell_interval(
            outcomes.truths,
            answers,
            macro_f1,
            macro_f1_of_many,
            levels=outcomes.levels,
            groups=outcomes.groups,
            seed=seed,
        ),
        confusion=tuple((truth, said, rows) for (truth, said), rows in ordered.items()),
    )
    return with_probabilities(score, replies, outcomes, right, seed)


def _routes(replies: Sequence[Reply]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for reply in replies:
        if reply.by is not None:
            counts[reply.by] = counts.get(reply.by, 0) + 1
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _of_answered(right: Right, groups: Sequence[object] | None) -> Interval:
    """Return the interval of the share right of the rows that were answered."""
    answered = [row for row, one in enumerate(right) if one is not None]
    return share_interval([right[row] is True for row in answered], take(groups, answered))


def _coverage_ends(right: Right, groups: Sequence[object] | None) -> Interval | None:
    if not grouped(groups):
        return None
    return share_interval([one is not None for one in right], groups)


def _certainties(
    replies: Sequence[Reply], right: Right, groups: Sequence[object] | None
) -> tuple[CertaintyBin, ...]:
    known = [
        (row, reply.certainty, good)
        for row, (reply, good) in enumerate(zip(replies, right, strict=True))
        if reply.certainty is not None and good is not None
    ]
    bins = certainty_table([one for _, one, _ in known], [good for _, _, good in known])
    if not grouped(groups):
        return bins
    found = []
    for one in bins:
        mine = [(row, good) for row, sure, good in known if one.low <= sure <= one.high]
        ends = share_interval([good for _, good in mine], take(groups, [row for row, _ in mine]))
        found.append(replace(one, interval=ends))
    return tuple(found)


def _errors(replies: Sequence[Reply], outcomes: Outcomes, seed: int) -> Errors | None:
    """Return the errors of the rows answered, each mean with its bootstrap interval."""
    signed = signed_errors([one.value for one in replies], outcomes.truths)
    if not signed:
        return None
    groups = None
    if outcomes.groups is not None:
        answered = zip(replies, outcomes.groups, strict=True)
        groups = [group for one, group in answered if one.value is not None]

    def interval(values: Sequence[float]) -> Interval | None:
        return bootstrap_mean(values, seed=seed, groups=groups)

    sizes, squares = [abs(one) for one in signed], [one * one for one in signed]
    ends = interval(squares)
    return Errors(
        absolute=math.fsum(sizes) / len(sizes),
        absolute_interval=interval(sizes),
        squared=math.sqrt(math.fsum(squares) / len(squares)),
        squared_interval=(math.sqrt(ends[0]), math.sqrt(ends[1])) if ends else None,
        bias=math.fsum(signed) / len(signed),
        bias_interval=interval(signed),
    )


def with_probabilities(
    score: BackendScore, replies: Sequence[Reply], outcomes: Outcomes, right: Right, seed: int
) -> BackendScore:
    """Add Brier score, log loss and calibration over the rows answered with a confidence."""
    groups = outcomes.groups or (None,) * len(replies)
    rows = [
        (truth, dict(reply.probabilities), reply.confidence, good, group)
        for reply, truth, good, group in zip(replies, outcomes.truths, right, groups, strict=True)
        if reply.value is not None and reply.confidence is not None and reply.probabilities
    ]
    if not rows or len(rows) != score.answered:
        return score
    truths = [row[0] for row in rows]
    probabilities = [row[1] for row in rows]
    errors = [brier_score([t], [p]) or 0.0 for t, p in zip(truths, probabilities, strict=True)]
    losses = [log_loss([t], [p]) or 0.0 for t, p in zip(truths, probabilities, strict=True)]
    of_rows = [row[4] for row in rows] if outcomes.groups else None
    enough = len(rows) >= CALIBRATION_ROWS
    confidences, good = [row[2] for row in rows], [bool(row[3]) for row in rows]
    found = calibration(confidences, good, of_rows)
    curve = coverage_curve(confidences, good)
    return replace(
        score,
        brier=brier_score(truths, probabilities),
        brier_interval=bootstrap_mean(errors, seed=seed, groups=of_rows),
        log_loss=log_loss(truths, probabilities),
        log_loss_interval=bootstrap_mean(losses, seed=seed, groups=of_rows),
        calibration=found if enough else None,
        calibration_interval=_calibration_interval(found, confidences, good, of_rows, seed)
        if enough and found
        else None,
        curve=curve,
        curve_ends=_curve_ends(curve, confidences, good, of_rows),
    )


def _calibration_interval(
    found: Calibration,
    confidences: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[object] | None,
    seed: int,
) -> Interval | None:
    bins = [(one.rows, one.right, one.confidence) for one in found.bins]
    if not grouped(groups):
        return bootstrap_calibration(bins, seed=seed)
    assert groups is not None
    of_group: dict[object, list[list[int]]] = {}
    for group, place, good in zip(groups, bin_places(confidences), right, strict=True):
        counts = of_group.setdefault(group, [[0, 0] for _ in bins])
        counts[place][not good] += 1
    return bootstrap_calibration(bins, seed=seed, groups=tuple(of_group.values()))


def _curve_ends(
    curve: Sequence[tuple[int, int]],
    confidences: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[object] | None,
) -> tuple[Interval, ...]:
    """Return the intervals along the curve of the most confident answers; none without groups."""
    if not grouped(groups):
        return ()
    order = sorted(range(len(right)), key=lambda row: -confidences[row])
    found = []
    for rows, _ in curve:
        mine = order[:rows]
        found.append(share_interval([right[row] for row in mine], take(groups, mine)))
    return tuple(found)
