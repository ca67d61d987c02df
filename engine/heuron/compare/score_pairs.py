"""Score all pairs of backends, each on the rows that both answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from heuron.compare.cells import cell_interval
from heuron.compare.clustered import (
    design_effect,
    difference_interval,
    grouped,
    paired_p,
    share_interval,
    take,
)
from heuron.compare.comparison import PairScore
from heuron.compare.intervals import Interval, detectable_difference
from heuron.compare.metrics import confusion
from heuron.compare.outcomes import Outcomes
from heuron.compare.paired import PairCounts, cohen_kappa, holm, pair_counts
from heuron.compare.resampled import kappa_of_many
from heuron.compare.score_backend import Right

__all__ = ["score_pairs"]

Same = Callable[[object, object], bool]


def score_pairs(
    outcomes: Outcomes, right: Mapping[str, Right], same: Same, seed: int
) -> tuple[PairScore, ...]:
    """Return every pair, in the order of the backends, with p-values adjusted over all pairs."""
    names = list(combinations(right, 2))
    counts = [_counts(a, b, outcomes, right, same) for a, b in names]
    signs = [_signs(right[a], right[b], outcomes.groups) for a, b in names]
    p_values = [paired_p(*one) if one[0] else None for one in signs]
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
            difference_interval=difference_interval(*balance),
            mcnemar_p=p,
            holm_p=adjusted,
            would_not_show=_would_not_show(*balance),
            agreement_ends=_agreement_ends(a, b, outcomes, same),
        )
        for (a, b), one, balance, p, adjusted in zip(
            names, counts, signs, p_values, holm(p_values), strict=True
        )
        for kappa, kappa_interval in [_kappa(a, b, outcomes, seed)]
    )


def _signs(
    a_right: Right, b_right: Right, groups: Sequence[object] | None
) -> tuple[list[int], Sequence[object] | None]:
    """Return for each row that both answered who alone was right, 1 or -1, and its group."""
    rows = [
        row
        for row, (a, b) in enumerate(zip(a_right, b_right, strict=True))
        if a is not None and b is not None
    ]
    return [(a_right[row] is True) - (b_right[row] is True) for row in rows], take(groups, rows)


def _agreement_ends(a: str, b: str, outcomes: Outcomes, same: Same) -> Interval | None:
    """Return the interval of the share of equal answers on rows in groups; None without groups."""
    if not grouped(outcomes.groups):
        return None
    values = [
        (x.value, y.value) for x, y in zip(outcomes.replies[a], outcomes.replies[b], strict=True)
    ]
    rows = [row for row, pair in enumerate(values) if None not in pair]
    return share_interval([same(*values[row]) for row in rows], take(outcomes.groups, rows))


def _would_not_show(signs: Sequence[int], groups: Sequence[object] | None) -> float:
    """Return the difference that probably does not show; rows in groups count for fewer."""
    effect = design_effect(signs, groups)
    uneven = sum(map(abs, signs))
    return detectable_difference(round(uneven / effect), round(len(signs) / effect))


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
        kappa_of_many,
        levels=outcomes.levels,
        groups=[row[2] for row in rows] if outcomes.groups is not None else None,
        seed=seed,
    )
    return kappa, interval
