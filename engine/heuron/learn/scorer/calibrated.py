"""A model below a calibration of its own, as scikit-learn's `CalibratedClassifierCV` makes them.

JSON: `{"kind": "calibrated", "model": {…}, "maps": […]}`. With two classes there is one map, of
the second class's score; with more one a class, and their results are made to add up to 1. Or
`"temperature": b` instead of maps: the softmax of b times the scores, of their logarithms where
the model gives probabilities, which get `epsilon` added before; of two classes the first is taken
as 1 less the second, which next to 1 loses digits in scikit-learn too. A calibration that
Heuron fits itself stands in the scorer's own `calibrate`; this one can be a member of a vote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer import calibrate as calibration
from heuron.learn.scorer.linear import link_columns, link_one
from heuron.learn.scorer.numbers import a_number

if TYPE_CHECKING:
    import numpy

__all__ = ["EPSILON", "check", "many", "one"]

EPSILON: Final = 2.220446049250313e-16
"""What is added to a probability before its logarithm where no `epsilon` says otherwise."""


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted calibrated model; what it calibrates is no vote and not calibrated."""
    from heuron.learn.scorer.form import family_of

    inner = model.get("model")
    if classes < 2 or not isinstance(inner, dict) or inner.get("kind") in ("vote", "calibrated"):
        raise ValueError("a calibration needs classes and a model")
    family_of(inner).check(inner, width, classes)
    if model.get("temperature") is not None:
        if a_number(model["temperature"], "the temperature") <= 0:
            raise ValueError("the temperature is not above 0")
        if not 0.0 < a_number(model.get("epsilon", EPSILON), "epsilon") < 1e-3:
            raise ValueError("epsilon is not a little above 0")
        return
    maps = model.get("maps")
    if not isinstance(maps, list) or len(maps) != (1 if classes == 2 else classes):
        raise ValueError("a calibration needs a map for each class")
    for one in maps:
        if one is None:
            raise ValueError("a calibration lacks a map")
        calibration.check(one, 2)


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the model for one encoded row."""
    from heuron.learn.scorer.form import family_of

    inner = family_of(model["model"]).one(model["model"], width, classes)
    if model.get("temperature") is not None:
        return _tempered(inner, model["temperature"], _added(model), _is_margin(model))
    maps = [calibration.map_one(one) for one in model["maps"]]
    if classes == 2:
        only = maps[0]

        def score_two(x: Sequence[float]) -> list[float]:
            second = only(inner(x)[1])
            return [1.0 - second, second]

        return score_two

    def score(x: Sequence[float]) -> list[float]:
        each = [own(value) for own, value in zip(maps, inner(x), strict=True)]
        total = sum(each)
        return [one / total for one in each] if total else [1.0 / classes] * classes

    return score


def _added(model: dict[str, Any]) -> float:
    """Return what is added to a model's probabilities before their logarithm."""
    return float(model.get("epsilon", EPSILON))


def _is_margin(model: dict[str, Any]) -> bool:
    return bool(model["model"].get("link") == "margin")


def _tempered(
    inner: Callable[[Sequence[float]], list[float]], factor: float, added: float, margin: bool
) -> Callable[[Sequence[float]], list[float]]:
    softmax = link_one("softmax")

    def score(x: Sequence[float]) -> list[float]:
        scores = inner(x)
        if not margin and len(scores) == 2:
            scores = [1.0 - scores[1], scores[1]]
        logs = scores if margin else [log(one + added) for one in scores]
        return softmax([factor * one for one in logs])

    return score


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    import numpy

    from heuron.learn.scorer.form import family_of

    inner = family_of(model["model"]).many(model["model"], width, classes)
    factor, added, margin = model.get("temperature"), _added(model), _is_margin(model)

    def score(x: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        scores = inner(x)
        if factor is not None:
            if not margin and classes == 2:
                scores = numpy.stack([1.0 - scores[:, 1], scores[:, 1]], axis=1)
            logs = scores if margin else numpy.log(scores + added)
            return link_columns("softmax", factor * logs)
        if classes == 2:
            second = calibration.map_columns(model["maps"][0], scores[:, 1])
            return numpy.stack([1.0 - second, second], axis=1)
        each = numpy.stack(
            [
                calibration.map_columns(own, scores[:, place])
                for place, own in enumerate(model["maps"])
            ],
            axis=1,
        )
        total = each.sum(axis=1, keepdims=True)
        even = numpy.full_like(each, 1.0 / classes)
        return numpy.asarray(numpy.divide(each, total, out=even, where=total != 0.0))

    return score
