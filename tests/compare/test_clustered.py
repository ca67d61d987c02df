"""Rows in groups: groups count, not rows; where every row is its own group nothing changes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact, permutation_test

from comparing import made_up
from heuron.compare.clustered import (
    count_groups,
    design_effect,
    difference_interval,
    higher_inside,
    more_often,
    paired_p,
    share_interval,
)
from heuron.compare.evaluate import evaluate
from heuron.compare.intervals import agresti_min, detectable_difference, wilson
from heuron.compare.paired import mcnemar
from heuron.compare.report import report

signs_of_rows = st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=1, max_size=60)


@given(signs_of_rows)
def test_rows_of_their_own_are_the_usual_formulas(signs: list[int]) -> None:
    hits = [one == 1 for one in signs]
    for groups in (None, list(range(len(signs)))):
        assert share_interval(hits, groups) == wilson(sum(hits), len(hits))
        a, b = signs.count(1), signs.count(-1)
        assert difference_interval(signs, groups) == agresti_min(a, b, len(signs))
        assert paired_p(signs, groups) == mcnemar(a, b)
        expected = binomtest(a, a + b, alternative="greater").pvalue if a + b else 1.0
        assert more_often(signs, groups) == pytest.approx(expected)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 6)), min_size=2, max_size=30))
def test_all_signs_of_groups_are_tried(rows: list[tuple[int, int]]) -> None:
    """Every way to turn the groups around, written out."""
    signs, groups = [one for one, _ in rows], [one for _, one in rows]
    if len(set(groups)) == len(groups):
        return
    balance = [sum(sign for sign, group in rows if group == one) for one in dict.fromkeys(groups)]
    sums = [
        sum(turn * one for turn, one in zip(turns, balance, strict=True))
        for turns in itertools.product((1, -1), repeat=len(balance))
    ]
    reached = sum(balance)
    both = sum(abs(one) >= abs(reached) for one in sums) / len(sums)
    one_sided = sum(one >= reached for one in sums) / len(sums)
    assert paired_p(signs, groups) == pytest.approx(min(1.0, both))
    assert more_often(signs, groups) == pytest.approx(one_sided)


def test_the_randomisation_test_is_scipys() -> None:
    draw = random.Random(3)
    groups = [at // 3 for at in range(36)]
    signs = [draw.choice((1, 1, 0, -1)) for _ in groups]
    balance = np.bincount(groups, weights=signs)
    theirs = permutation_test((balance,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert paired_p(signs, groups) == pytest.approx(theirs.pvalue)


def test_equal_rows_of_a_group_count_once() -> None:
    """Each row four times over: exactly as many rows as there are groups, with Student's reach."""
    once = [True] * 30 + [False] * 10
    groups = [at for at in range(40) for _ in range(4)]
    hits = [one for one in once for _ in range(4)]
    assert design_effect(hits, groups) == pytest.approx(4 * 40 / 39)
    low, high = share_interval(hits, groups)
    plain = wilson(30, 40)
    assert low == pytest.approx(plain[0], abs=0.01)
    assert high == pytest.approx(plain[1], abs=0.01)
    assert high - low > plain[1] - plain[0]
    assert count_groups(groups, hits) == 30
    assert count_groups(None, hits) == 120


def test_all_alike_counts_as_many_as_there_are_groups() -> None:
    hits, groups = [True] * 100, [at // 10 for at in range(100)]
    assert design_effect(hits, groups) == 10.0
    assert share_interval(hits, groups)[0] < wilson(10, 10)[0]
    assert share_interval([True] * 5, ["one"] * 5)[0] <= wilson(1, 1)[0]
    assert design_effect([], []) == 1.0


def visits(draw: random.Random, patients: int) -> tuple[list[bool], list[int]]:
    """Return visits of patients, most of whom are always or never answered rightly."""
    hits, groups = [], []
    for patient in range(patients):
        mine = draw.choice((0.98, 0.98, 0.4))
        for _ in range(draw.randint(1, 9)):
            hits.append(draw.random() < mine)
            groups.append(patient)
    return hits, groups


def test_intervals_hold_what_they_promise_on_visits() -> None:
    """Mean of the patients' chances is 0.787; Wilson's over visits misses it far too often."""
    draw = random.Random(1)
    truth = (0.98 + 0.98 + 0.4) / 3
    held = [0, 0]
    for _ in range(400):
        hits, groups = visits(draw, 60)
        for at, ends in enumerate((share_interval(hits, groups), share_interval(hits, None))):
            held[at] += ends[0] <= truth <= ends[1]
    assert held[0] >= 365
    assert held[1] < 320


def test_no_more_than_one_in_twenty_regions_is_higher_by_chance() -> None:
    """Patients live in the region or outside; Fisher's test takes their visits for evidence."""
    draw = random.Random(2)
    found = [0, 0]
    for _ in range(400):
        hits, groups = visits(draw, 150)
        lives = [draw.random() < 0.3 for _ in range(150)]
        inside = [lives[group] for group in groups]
        found[0] += higher_inside(inside, hits, groups) <= 0.05
        found[1] += higher_inside(inside, hits, None) <= 0.05
    assert found[0] <= 26
    assert found[1] > 40


def test_a_region_that_is_higher_is_found() -> None:
    inside = [at % 2 == 0 for at in range(400)]
    groups = [at // 2 for at in range(400)]
    hits = [one or at % 7 == 0 for at, one in enumerate(inside)]
    counts: Sequence[Sequence[int]] = [[200, 0], [28, 172]]
    assert higher_inside(inside, hits, None) == pytest.approx(
        fisher_exact(counts, alternative="greater").pvalue
    )
    assert higher_inside(inside, hits, groups) < 1e-6


def test_a_comparison_of_groups_says_less() -> None:
    """Each row three times in its group: every interval widens, and the p-values do not shrink."""
    outcomes = made_up(240)
    alone = evaluate(outcomes)
    three = replace(
        outcomes,
        truths=outcomes.truths * 3,
        replies={name: one * 3 for name, one in outcomes.replies.items()},
        shots=tuple(
            replace(one, row=one.row + 240 * part) for part in range(3) for one in outcomes.shots
        ),
        held_out=replace(outcomes.held_out, rows=720),
        groups=tuple(range(240)) * 3,
    )
    grouped, loose = evaluate(three), evaluate(replace(three, groups=None))
    assert (alone.held_out.groups, grouped.held_out.groups) == (None, 240)
    for name, score in grouped.backends.items():
        narrow, single = loose.backends[name], alone.backends[name]
        for kind in ("accuracy_interval", "interval", "coverage_interval", "macro_f1_interval"):
            mine, theirs = _width(getattr(score, kind)), _width(getattr(narrow, kind))
            assert mine > 1.4 * theirs or theirs == mine == 0.0 or score.coverage == 1.0, kind
            assert mine == pytest.approx(_width(getattr(single, kind)), rel=0.25, abs=0.01), kind
    for pair, more, one in zip(grouped.pairs, loose.pairs, alone.pairs, strict=True):
        assert pair.mcnemar_p == pytest.approx(one.mcnemar_p)
        assert more.mcnemar_p is not None
        assert pair.mcnemar_p is not None
        assert more.mcnemar_p <= pair.mcnemar_p
        assert _width(pair.difference_interval) > 1.4 * _width(more.difference_interval)
        assert _width(pair.agreement_interval) > 1.4 * _width(more.agreement_interval)
        assert pair.would_not_show > more.would_not_show
    for card, other in zip(grouped.rules, loose.rules, strict=True):
        if card.fired:
            assert _width(card.interval) > _width(other.interval)
    curves = grouped.backends["model:forest"], loose.backends["model:forest"]
    assert all(
        _width(mine) >= _width(theirs)
        for mine, theirs in zip(curves[0].curve_intervals, curves[1].curve_intervals, strict=True)
    )
    assert "720 of 960 rows that no model was trained on" in report(grouped)
    assert "in 240 groups" in " ".join(report(grouped).split())


def _width(interval: tuple[float, float] | None) -> float:
    assert interval is not None
    return interval[1] - interval[0]


def test_what_would_not_show_by_groups() -> None:
    assert detectable_difference(10, 100) > detectable_difference(40, 400)
