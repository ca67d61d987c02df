"""Calibration maps: from a model's class scores to probabilities.

JSON: null, `["sigmoid", a, b]` (Platt), `["isotonic", [x…], [y…]]` or `["temperature", t]`. The
first two map the positive class's score f, 1 / (1 + exp(a f + b)) or linear between the points;
temperature divides the logarithms of all scores (Guo and others, 2017).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from math import exp, log
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer.numbers import a_number, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["FLOOR", "check", "columns", "map_columns", "map_one", "one"]

FLOOR: Final = 1e-6
"""Probabilities below this count as this before temperature takes their logarithm."""

Map = Callable[[list[float]], list[float]]


def check(calibrate: object, classes: int) -> None:
    """Check an untrusted calibration for `classes` classes (0: a number)."""
    match calibrate:
        case None:
            return
        case ["sigmoid", a, b] if classes == 2:
            a_number(a, "a sigmoid's slope")
            a_number(b, "a sigmoid's start")
        case ["isotonic", x, y] if classes == 2:
            places = numbers(x, None, "isotonic points")
            heights = numbers(y, len(places), "isotonic points")
            if not places or any(first >= second for first, second in pairwise(places)):
                raise ValueError("isotonic points do not rise")
            if min(heights) < 0 or max(heights) > 1:
                raise ValueError("isotonic heights are no probabilities")
        case ["temperature", t] if classes >= 2:
            if a_number(t, "the temperature") <= 0:
                raise ValueError("the temperature is not above 0")
        case _:
            raise ValueError("no such calibration")


def one(calibrate: list[Any] | None, positive: int, margin: bool) -> Map | None:
    """Compile the map for one row's class scores, or return None for no change."""
    match calibrate:
        case ["sigmoid" | "isotonic", *_]:
            probability = map_one(calibrate)
            return lambda scores: _pair(probability(scores[positive]), positive)
        case ["temperature", t]:

            def tempered(scores: list[float]) -> list[float]:
                logs = scores if margin else [log(one if one > FLOOR else FLOOR) for one in scores]
                most = max(logs)
                powers = [exp((one - most) / t) for one in logs]
                total = sum(powers)
                return [power / total for power in powers]

            return tempered
    return None


def map_one(calibrate: list[Any]) -> Callable[[float], float]:
    """Compile a sigmoid or isotonic map for one score."""
    if calibrate[0] == "sigmoid":
        _, a, b = calibrate
        return lambda score: _sigmoid(a * score + b)
    _, x, y = calibrate
    return lambda score: _between(score, x, y)


def _sigmoid(value: float) -> float:
    if value >= 0.0:
        small = exp(-value)
        return small / (1.0 + small)
    return 1.0 / (1.0 + exp(value))


def _pair(probability: float, positive: int) -> list[float]:
    other = 1.0 - probability
    return [probability, other] if positive == 0 else [other, probability]


def _between(value: float, x: list[float], y: list[float]) -> float:
    at = bisect_right(x, value)
    if at == 0:
        return float(y[0])
    if at == len(x):
        return float(y[-1])
    slope = (y[at] - y[at - 1]) / (x[at] - x[at - 1])
    return float(slope * (value - x[at - 1]) + y[at - 1])


def columns(
    calibrate: list[Any] | None,
    scores: numpy.ndarray[Any, Any],
    positive: int,
    margin: bool,
) -> numpy.ndarray[Any, Any]:
    """Return calibrated probabilities of many rows, one column a class."""
    import numpy

    match calibrate:
        case ["sigmoid" | "isotonic", *_]:
            p = map_columns(calibrate, scores[:, positive])
        case ["temperature", t]:
            logs = scores if margin else numpy.log(numpy.maximum(scores, FLOOR))
            powers = numpy.exp((logs - logs.max(axis=1, keepdims=True)) / t)
            return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
        case _:
            return scores
    pair = [p, 1.0 - p] if positive == 0 else [1.0 - p, p]
    return numpy.stack(pair, axis=1)


def map_columns(calibrate: list[Any], score: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return what a sigmoid or isotonic map makes of many scores."""
    import numpy

    if calibrate[0] == "isotonic":
        return numpy.asarray(numpy.interp(score, calibrate[1], calibrate[2]))
    value = calibrate[1] * score + calibrate[2]
    small = numpy.exp(-numpy.abs(value))
    return numpy.asarray(numpy.where(value >= 0.0, small, 1.0) / (1.0 + small))
