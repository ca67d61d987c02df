"""Scores of out-of-fold answers, as they stand in a card. Training rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heuron.learn.contract import Contract
from heuron.learn.folds import Answers

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["score_answers"]


def score_answers(
    contract: Contract, answers: Answers, goal: Numbers, counted: Numbers, calibrated: bool
) -> dict[str, Any]:
    """Return how right the answers are on rows that the model had not seen.

    `counted` leaves out the second and later copies of a row. The interval of a share is Wilson's
    at 95 %, that of a mean error is by its standard error; both are approximate because the folds'
    models overlap.
    """
    import numpy

    used = answers.answered & counted
    rows = int(counted.sum())
    answered = int(used.sum())
    found: dict[str, Any] = {"rows": rows, "answered": answered}
    if not answered:
        return found
    truth, value = goal[used], answers.value[used]
    if contract.is_regression:
        error = numpy.abs(value - truth)
        allowed = contract.tolerance or 0.0
        limit = numpy.abs(truth) * allowed / 100 if contract.percent else allowed
        found["mean_absolute_error"] = float(error.mean())
        found["error_interval"] = _mean_interval(error)
        found["root_mean_squared_error"] = float(numpy.sqrt((error**2).mean()))
        if contract.tolerance is not None:
            found["within_tolerance"] = float((error <= limit).mean())
            found["interval"] = _wilson(int((error <= limit).sum()), answered)
        return found
    right = int((truth == value).sum())
    found["right"] = right
    found["accuracy"] = right / answered
    found["interval"] = _wilson(right, answered)
    present = [place for place in range(len(contract.classes)) if (truth == place).any()]
    recalls = [float((value[truth == place] == place).mean()) for place in present]
    found["balanced_accuracy"] = sum(recalls) / len(recalls)
    if calibrated:
        chance = answers.scores[used][numpy.arange(answered), truth]
        found["log_loss"] = float(-numpy.log(numpy.clip(chance, 1e-15, 1.0)).mean())
    return found


def _wilson(right: int, rows: int) -> list[float]:
    from scipy.stats import binomtest

    interval = binomtest(right, rows).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def _mean_interval(error: Numbers) -> list[float]:
    """Return where the mean error lies with 95 % confidence, by its standard error."""
    from math import sqrt

    mean, rows = float(error.mean()), len(error)
    half = 1.96 * float(error.std(ddof=1)) / sqrt(rows) if rows > 1 else mean
    return [max(0.0, mean - half), mean + half]
