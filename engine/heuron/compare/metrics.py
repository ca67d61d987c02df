"""How good answers are: confusion, macro-F1, Brier score, log loss, calibration error.

Answers are compared with the truth row by row; an answer of None is one that was not given.
Sums of floats are exactly rounded (`math.fsum`), so they do not depend on the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from heuron.compare.clustered import grouped, share_interval, take
from heuron.compare.intervals import Interval, wilson

__all__ = [
    "BINS",
    "Bin",
    "Calibration",
    "CertaintyBin",
    "bin_places",
    "brier_score",
    "calibration",
    "certainty_bins",
    "certainty_table",
    "confusion",
    "coverage_curve",
    "log_loss",
    "macro_f1",
    "signed_errors",
]

BINS: Final = 10
"""Calibration is looked at in this many bins of equal mass."""
MOST_CERTAINTIES: Final = 6
CERTAINTY_BINS: Final = 5
"""So many different certainties of rules are told one by one; of more, bins of so many are made."""
EXACT_UP_TO: Final = 1000
"""Up to this many rows in a bin its perfect gap is summed exactly; a normal serves above."""

Cells = Mapping[tuple[object, object], int]
"""The number of rows for each pair (truth, answer)."""


def confusion(
    truths: Sequence[object], answers: Sequence[object]
) -> dict[tuple[object, object], int]:
    """Return the number of rows for each pair (truth, answer); an answer may be None."""
    cells: dict[tuple[object, object], int] = {}
    for pair in zip(truths, answers, strict=True):
        cells[pair] = cells.get(pair, 0) + 1
    return cells


def macro_f1(cells: Cells) -> float | None:
    """Return the mean over all levels of the harmonic mean of precision and recall.

    A row without an answer is a miss for its level. Levels that occur neither as truth nor as
    answer do not count; without rows the result is None.
    """
    levels = dict.fromkeys(value for pair in cells for value in pair if value is not None)
    if not levels:
        return None
    scores = []
    for level in levels:
        hits = cells.get((level, level), 0)
        true = sum(count for (truth, _), count in cells.items() if truth == level)
        said = sum(count for (_, answer), count in cells.items() if answer == level)
        scores.append(2 * hits / (true + said))
    return math.fsum(scores) / len(scores)


Probabilities = Sequence[Mapping[object, float]]
"""For each row the probability of every level."""


def brier_score(truths: Sequence[object], probabilities: Probabilities) -> float | None:
    """Return the mean squared error of the probabilities (Brier, 1950); 0 is perfect.

    With two levels it is the error of one probability (0 to 1), with more the sum over the
    levels (0 to 2), as scikit-learn has it.
    """
    if not truths:
        return None
    errors = []
    for truth, row in zip(truths, probabilities, strict=True):
        error = math.fsum((p - (level == truth)) ** 2 for level, p in row.items())
        if truth not in row:
            error += 1.0
        errors.append(error / 2 if len(row) == 2 else error)
    return math.fsum(errors) / len(errors)


def log_loss(truths: Sequence[object], probabilities: Probabilities) -> float | None:
    """Return the mean of -log(probability of the truth), in natural units; 0 is perfect."""
    if not truths:
        return None
    tiny = 2.0**-52
    losses = [
        -math.log(min(max(row.get(truth, 0.0), tiny), 1.0))
        for truth, row in zip(truths, probabilities, strict=True)
    ]
    return math.fsum(losses) / len(losses)


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a reliability curve: its rows, those right, and the mean confidence.

    `ends` is the interval of the share right, where rows do not count for one each.
    """

    rows: int
    right: int
    confidence: float
    ends: Interval | None = None

    @property
    def interval(self) -> Interval:
        """The interval of the share right."""
        return self.ends or wilson(self.right, self.rows)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibration error, the one that a perfect model would show at this size, the bins."""

    error: float
    perfect: float
    bins: tuple[Bin, ...]


def calibration(
    confidences: Sequence[float], right: Sequence[bool], groups: Sequence[object] | None = None
) -> Calibration | None:
    """Return the expected calibration error over bins of equal mass; None without rows.

    It is the mean over the rows of |mean confidence - share right| in the row's bin. Rows of
    equal confidence share a bin, so the order of the rows does not matter. Even a perfect
    model shows an error by chance; `perfect` is its expectation for these very confidences.
    """
    if not confidences:
        return None
    bins: list[Bin] = []
    perfect: list[float] = []
    for rows in _equal_mass(confidences):
        values = [confidences[row] for row in rows]
        hits = [right[row] for row in rows]
        mine = take(groups, rows)
        ends = share_interval(hits, mine) if grouped(mine) else None
        bins.append(Bin(len(rows), sum(hits), math.fsum(values) / len(rows), ends))
        perfect.append(_perfect_gap(values))
    total = len(confidences)
    error = math.fsum(abs(one.confidence * one.rows - one.right) for one in bins) / total
    return Calibration(error, math.fsum(perfect) / total, tuple(bins))


def _equal_mass(confidences: Sequence[float], count: int = BINS) -> list[list[int]]:
    """Return the rows of each bin; a value's bin is that of the middle of its ranks."""
    order = sorted(range(len(confidences)), key=confidences.__getitem__)
    bins: list[list[int]] = [[] for _ in range(count)]
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and confidences[order[end]] == confidences[order[start]]:
            end += 1
        bins[count * (start + end) // (2 * len(order))] += order[start:end]
        start = end
    return [rows for rows in bins if rows]


def bin_places(confidences: Sequence[float]) -> list[int]:
    """Return for each row the place of its bin among those of `calibration`."""
    places = [0] * len(confidences)
    for place, rows in enumerate(_equal_mass(confidences)):
        for row in rows:
            places[row] = place
    return places


def _perfect_gap(confidences: Sequence[float]) -> float:
    """Return the expected |rows right - sum of confidences| when every confidence is true."""
    mean = math.fsum(confidences)
    if len(confidences) > EXACT_UP_TO:
        variance = math.fsum(p * (1 - p) for p in confidences)
        return math.sqrt(2 * variance / math.pi)
    import numpy as np

    chances = np.ones(1)  # of 0, 1, 2, … rows right: the Poisson binomial distribution
    for p in confidences:
        chances = np.convolve(chances, (1 - p, p))
    return float(np.sum(chances * np.abs(np.arange(len(chances)) - mean)))


def coverage_curve(
    confidences: Sequence[float], right: Sequence[bool], steps: int = 20
) -> tuple[tuple[int, int], ...]:
    """Return (answers, right ones) when only the most confident answers are given.

    Up to `steps` points from few answers to all of them; answers of one confidence stay together
    (El-Yaniv and Wiener, "On the foundations of noise-free selective classification", 2010).
    """
    order = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points = []
    good, wanted = 0, 1
    for place, (confidence, fine) in enumerate(order, 1):
        good += fine
        if place < len(order) and order[place][0] == confidence:
            continue
        if place * steps >= wanted * len(order):
            points.append((place, good))
            wanted = place * steps // len(order) + 1
    return tuple(points)


@dataclass(frozen=True, slots=True)
class CertaintyBin:
    """Answers of rules of about one certainty: its ends and mean, the rows, and those right.

    `interval` is that of the share right.
    """

    low: float
    high: float
    mean: float
    rows: int
    right: int
    interval: Interval


def certainty_table(
    certainties: Sequence[float], right: Sequence[bool]
) -> tuple[CertaintyBin, ...]:
    """Return how often answers were right, by the certainty that rules gave them.

    Up to six different certainties (to two digits) have a line each; of more, five bins of equal
    mass do. A certainty is no probability, so it need not equal the share that was right; but the
    surer of two answers should be right more often.
    """
    counts: dict[float, list[int]] = {}
    for certainty, good in zip(certainties, right, strict=True):
        held = counts.setdefault(certainty, [0, 0])
        held[0] += 1
        held[1] += good
    return certainty_bins([(one, counts[one][0], counts[one][1]) for one in sorted(counts)])


def certainty_bins(counts: Sequence[tuple[float, int, int]]) -> tuple[CertaintyBin, ...]:
    """Return the table of `certainty_table` from (certainty, rows, right ones), ascending."""
    groups: dict[float, list[tuple[float, int, int]]] = {}
    for one in counts:
        groups.setdefault(round(one[0], 2), []).append(one)
    parts = [groups[key] for key in sorted(groups)]
    if len(parts) > MOST_CERTAINTIES:
        parts = _of_equal_mass(parts, CERTAINTY_BINS)
    found = []
    for part in parts:
        rows = sum(one[1] for one in part)
        mean = math.fsum(certainty * many for certainty, many, _ in part) / rows
        good = sum(one[2] for one in part)
        ends = wilson(good, rows)
        found.append(CertaintyBin(part[0][0], part[-1][0], mean, rows, good, ends))
    return tuple(found)


def _of_equal_mass(
    groups: Sequence[list[tuple[float, int, int]]], bins: int
) -> list[list[tuple[float, int, int]]]:
    """Return groups put together into bins; a group's bin is that of the middle of its ranks."""
    total = sum(one[1] for group in groups for one in group)
    found: list[list[tuple[float, int, int]]] = [[] for _ in range(bins)]
    start = 0
    for group in groups:
        end = start + sum(one[1] for one in group)
        found[bins * (start + end) // (2 * total)] += group
        start = end
    return [one for one in found if one]


def signed_errors(answers: Sequence[object], truths: Sequence[object]) -> list[float]:
    """Return answer less truth, in the goal's unit, of the rows answered with a number."""
    return [
        float(answer - truth)
        for answer, truth in zip(answers, truths, strict=True)
        if isinstance(answer, (int, float)) and isinstance(truth, (int, float))
    ]
