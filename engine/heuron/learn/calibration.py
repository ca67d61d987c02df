"""Fit calibration maps and thresholds on out-of-fold scores. Held-out rows steer nothing.

The maps' form and their application are `scorer.calibrate`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer.calibrate import FLOOR
from heuron.learn.spec import Spec, Threshold

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = [
    "ISOTONIC_ROWS",
    "choose_calibration",
    "fit_calibration",
    "fit_threshold",
    "is_calibrated",
]

ISOTONIC_ROWS: Final = 1000
"""Isotonic calibration needs so many rows; with fewer it learns noise by heart."""


def choose_calibration(spec: Spec, classes: int) -> str:
    """Return the kind of calibration that `auto` means for a spec.

    None for logistic regression without class weights, whose training maximises the likelihood
    of its probabilities; temperature for more than two classes; sigmoid otherwise.
    """
    if spec.calibration != "auto":
        return spec.calibration
    if classes == 0 or is_calibrated(spec, "none"):
        return "none"
    return "temperature" if classes > 2 else "sigmoid"


def is_calibrated(spec: Spec, kind: str) -> bool:
    """Return whether a spec's scores, after a calibration of that kind, are probabilities."""
    is_logistic = spec.estimator == "sklearn.linear_model.LogisticRegression"
    return kind != "none" or (is_logistic and "class_weight" not in spec.hyperparameters)


def fit_calibration(
    kind: str, scores: Numbers, goal: Numbers, positive: int, margin: bool
) -> list[Any] | None:
    """Return the calibration map that suits scores of rows that the model had not seen.

    Args:
        kind: none, sigmoid, isotonic or temperature.
        scores: One column a class.
        goal: The place of the true class in each row.
        positive: The place of the positive class (sigmoid and isotonic).
        margin: Whether scores are distances rather than probabilities.
    """
    if kind == "none" or not len(scores):
        return None
    if kind == "temperature":
        return ["temperature", _temperature(scores, goal, margin)]
    is_positive = goal == positive
    if is_positive.all() or not is_positive.any():
        return None
    if kind == "sigmoid":
        return ["sigmoid", *_sigmoid(scores[:, positive], is_positive)]
    return _isotonic(scores[:, positive], is_positive)


def _sigmoid(scores: Numbers, is_positive: Numbers) -> tuple[float, float]:
    """Return Platt's slope and start: p = 1 / (1 + exp(a f + b)).

    Newton's method with backtracking on the regularised targets of Platt (1999), as in Lin, Lin
    and Weng, "A note on Platt's probabilistic outputs", Machine Learning 68, 2007.
    """
    import numpy

    positives = int(is_positive.sum())
    negatives = len(scores) - positives
    high, low = (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0)
    target = numpy.where(is_positive, high, low)
    a, b = 0.0, float(numpy.log((negatives + 1.0) / (positives + 1.0)))

    def loss(a: float, b: float) -> float:
        z = a * scores + b
        return float((target * z + numpy.logaddexp(0.0, -z)).sum())

    now = loss(a, b)
    for _ in range(100):
        z = a * scores + b
        p = 1.0 / (1.0 + numpy.exp(numpy.clip(z, -700.0, 700.0)))
        error, weight = target - p, p * (1.0 - p)
        gradient = numpy.array([(scores * error).sum(), error.sum()])
        if numpy.abs(gradient).max() < 1e-9 * len(scores):
            break
        mixed = (scores * weight).sum()
        hessian = numpy.array(
            [[(scores * scores * weight).sum() + 1e-12, mixed], [mixed, weight.sum() + 1e-12]]
        )
        step = -numpy.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-10:
            trial = loss(a + size * step[0], b + size * step[1])
            if trial < now + 1e-4 * size * float(gradient @ step):
                break
            size /= 2.0
        else:
            break
        a, b, now = a + size * float(step[0]), b + size * float(step[1]), trial
    return float(a), float(b)


def _isotonic(scores: Numbers, is_positive: Numbers) -> list[Any]:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fitted.fit(scores, is_positive.astype(float))
    return ["isotonic", fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()]


def _temperature(scores: Numbers, goal: Numbers, margin: bool) -> float:
    """Return the temperature with the smallest log loss (Guo and others, ICML 2017)."""
    import numpy
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    logs = scores if margin else numpy.log(numpy.maximum(scores, FLOOR))
    rows = numpy.arange(len(goal))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logs / numpy.exp(log_temperature), axis=1)[rows, goal].mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-6})
    return float(numpy.exp(found.x))


def fit_threshold(
    threshold: Threshold, probability: Numbers, is_positive: Numbers, calibrated: bool
) -> float:
    """Return the probability from which the positive level is answered.

    With costs and calibrated probabilities it follows without any search: alarm / (alarm +
    missed) (Elkan, 2001). Otherwise the best of 99 on out-of-fold rows; of equals the nearest
    to one half.
    """
    if threshold.at is not None:
        return threshold.at
    missed, alarm = threshold.missed, threshold.alarm
    if missed is not None and alarm is not None and calibrated:
        return alarm / (alarm + missed)
    grid = sorted((at / 100 for at in range(1, 100)), key=lambda one: (abs(one - 0.5), one))
    return max(grid, key=lambda one: round(_worth(threshold, probability >= one, is_positive), 12))


def _worth(threshold: Threshold, answered: Numbers, is_positive: Numbers) -> float:
    right = float((answered & is_positive).sum())
    alarms = float((answered & ~is_positive).sum())
    missed = float((~answered & is_positive).sum())
    quiet = float((~answered & ~is_positive).sum())
    if threshold.missed is not None and threshold.alarm is not None:
        return -(threshold.missed * missed + threshold.alarm * alarms)
    match threshold.metric:
        case "f1":
            return 2 * right / (2 * right + alarms + missed) if right else 0.0
        case "balanced_accuracy":
            return right / max(1.0, right + missed) + quiet / max(1.0, quiet + alarms)
    return right + quiet
