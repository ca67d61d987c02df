"""Score all pairs of backends, each on the rows that both answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

from heuron.compare.cells import cell_interval
from heuron.compare.comparison import PairScore
from heuron.compare.intervals import Interval, agresti_min, detectable_difference
from heuron.compare.metrics import confusion
from heuron.compare.outcomes import Outcomes
from heuron.compare.paired import PairCounts, cohen_kappa, holm, mcnemar, pair_counts
from heuron.compare.score_backend import Right

__all__ = ["score_pairs"]

Same = Callable[[object, object], bool]


def score_pairs(
    outcomes: Outcomes, right: Mapping[str, Right], same: Same, seed: int
) -> tuple[PairScore, ...]:
    """Return every pair, in the order of the backends, with p-values adjusted over all pairs."""
    names = list(combinations(right, 2))
    counts = [_counts(a, b, outcomes, right, same) for a, b in names]
    p_values = [mcnemar(one.a_only, one.b_only) if one.rows else None for one in counts]
    return tuple(
        PairScore(
            a=a,
            b=b,
            rows_both=one.rows,
            same=one.same,
            kappa=kappa,
            kappa_interval=kappa_interval,
            a_only_right=one.a_only,
            b_only_right=one.b_only,
            difference_interval=agresti_min(one.a_only, one.b_only, one.rows),
            mcnemar_p=p,
            holm_p=adjusted,
            would_not_show=detectable_difference(one.a_only + one.b_only, one.rows),
        )
        for (a, b), one, p, adjusted in zip(names, counts, p_values, holm(p_values), strict=True)
        for kappa, kappa_interval in [_kappa(a, b, outcomes, seed)]
    )


def _counts(
    a: str, b: str, outcomes: Outcomes, right: Mapping[str, Right], same: Same
) -> PairCounts:
    rows = zip(outcomes.replies[a], outcomes.replies[b], right[a], right[b], strict=True)
    return pair_counts(
        [
            (good, fine, same(x.value, y.value))
            for x, y, good, fine in rows
            if good is not None and fine is not None
        ]
    )


def _kappa(a: str, b: str, outcomes: Outcomes, seed: int) -> tuple[float | None, Interval | None]:
    """Return kappa and its interval over the rows that both answered."""
    if outcomes.numeric:
        return None, None
    groups = outcomes.groups or (None,) * len(outcomes.truths)
    rows = [
        (x.value, y.value, group)
        for x, y, group in zip(outcomes.replies[a], outcomes.replies[b], groups, strict=True)
        if x.value is not None and y.value is not None
    ]
    firsts, seconds = [row[0] for row in rows], [row[1] for row in rows]
    kappa = cohen_kappa(confusion(firsts, seconds))
    if kappa is None:
        return None, None
    interval = cell_interval(
        firsts,
        seconds,
        cohen_kappa,
        levels=outcomes.levels,
        groups=[row[2] for row in rows] if outcomes.groups is not None else None,
        seed=seed,
    )
    return kappa, interval
