"""The bootstrap of joint cells: seeded, paired, and equal to drawing rows."""

from __future__ import annotations

import numpy as np
import pytest

from heuron.compare.bootstrap import (
    RESAMPLES,
    bootstrap,
    bootstrap_calibration,
    bootstrap_mean,
    resample_cells,
    resample_groups,
)
from heuron.compare.metrics import macro_f1
from heuron.compare.paired import cohen_kappa

CELLS = {("a", "a"): 40, ("a", "b"): 10, ("b", "a"): 5, ("b", "b"): 45}


def test_the_same_seed_gives_the_same_interval() -> None:
    assert bootstrap(CELLS, macro_f1, seed=3) == bootstrap(CELLS, macro_f1, seed=3)
    assert bootstrap(CELLS, macro_f1, seed=3) != bootstrap(CELLS, macro_f1, seed=4)


def test_every_resample_has_as_many_rows() -> None:
    counts = resample_cells(list(CELLS.values()), 0)
    assert counts.shape == (RESAMPLES, 4)
    assert (counts.sum(axis=1) == 100).all()


def test_cells_are_as_good_as_rows() -> None:
    """The interval of an accuracy agrees with one from drawing the rows themselves."""

    def accuracy(cells: dict[tuple[str, str], int]) -> float:
        return sum(n for (t, a), n in cells.items() if t == a) / sum(cells.values())

    interval = bootstrap(CELLS, accuracy)
    rows = np.repeat([True, False], [85, 15])
    drawn = np.random.default_rng(0).choice(rows, size=(RESAMPLES, 100)).mean(axis=1)
    assert interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.011)


def test_kappa_lies_in_its_interval() -> None:
    interval = bootstrap(CELLS, cohen_kappa)
    assert interval is not None
    assert interval[0] < 0.7 < interval[1]


def test_groups_are_drawn_whole() -> None:
    counts = resample_groups([[4, 0], [0, 6]], 0)
    assert {tuple(row) for row in counts.tolist()} == {(8, 0), (4, 6), (0, 12)}


def test_groups_widen_the_interval() -> None:
    groups = [{("a", "a"): 10, ("a", "b"): 0}] * 5 + [{("a", "a"): 0, ("a", "b"): 10}] * 5

    def share(cells: dict[tuple[str, str], int]) -> float:
        return cells.get(("a", "a"), 0) / sum(cells.values())

    cells = {("a", "a"): 50, ("a", "b"): 50}
    rows = bootstrap(cells, share)
    grouped = bootstrap(cells, share, groups=groups)
    assert rows is not None
    assert grouped is not None
    assert grouped[1] - grouped[0] > 2 * (rows[1] - rows[0])


def test_an_undefined_statistic_has_no_interval() -> None:
    assert bootstrap(CELLS, lambda cells: None) is None
    assert bootstrap({}, cohen_kappa) is None


def test_the_mean_of_groups() -> None:
    """Ten groups that differ as much as can be: the groups count, not their hundred rows."""
    values, groups = [0.0] * 50 + [1.0] * 50, [row // 10 for row in range(100)]
    rows = bootstrap_mean(values)
    grouped = bootstrap_mean(values, groups=groups)
    assert rows is not None
    assert grouped is not None
    assert grouped[1] - grouped[0] > 2 * (rows[1] - rows[0])
    assert bootstrap_mean([]) is None


def test_a_mean_of_many_values_is_normal() -> None:
    values = np.random.default_rng(0).normal(size=2500).tolist()
    expected = np.mean(values) + 1.96 * np.std(values) / 50 * np.array([-1, 1])
    assert bootstrap_mean(values) == pytest.approx(tuple(expected), abs=1e-4)


def test_the_interval_of_a_calibration_error() -> None:
    """A model that is off by a tenth in every bin; resampling would push the interval upwards."""
    bins = [(100, 40, 0.5), (100, 60, 0.7), (100, 80, 0.9)]
    ends = bootstrap_calibration(bins)
    assert ends is not None
    assert 0.02 < ends[0] < 0.1 < ends[1] < 0.2
    assert ends == bootstrap_calibration(bins)
    perfect = bootstrap_calibration([(100, 50, 0.5), (100, 70, 0.7)])
    assert perfect is not None
    assert perfect[0] == 0.0


def test_groups_widen_the_interval_of_a_calibration_error() -> None:
    """Twenty groups, all right or all wrong: they say as much as twenty rows."""
    bins = [(100, 40, 0.8), (100, 60, 0.95)]
    of_groups = [[[10, 0], [0, 0]]] * 4 + [[[0, 10], [0, 0]]] * 6
    of_groups += [[[0, 0], [10, 0]]] * 6 + [[[0, 0], [0, 10]]] * 4
    rows, grouped = bootstrap_calibration(bins), bootstrap_calibration(bins, groups=of_groups)
    assert rows is not None
    assert grouped is not None
    assert grouped[1] - grouped[0] > 2 * (rows[1] - rows[0])
