"""Models without a compiled form: a fitted estimator, loaded from a trusted joblib file.

JSON: `{"kind": "joblib"}`. The store puts the loaded object under `estimator`; JSON alone can
hold none. Such a model needs numpy and scikit-learn for every answer, and is labelled so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

__all__ = ["KIND", "check", "many", "one", "raw_scores"]

KIND = "joblib"


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check that there is an estimator of `width` columns and `classes` classes."""
    estimator = model.get("estimator")
    if not callable(getattr(estimator, "predict", None)):
        raise ValueError("its estimator was not loaded")
    known = len(getattr(estimator, "classes_", ()))
    if getattr(estimator, "n_features_in_", width) != width or known != classes:
        raise ValueError("its estimator has other columns or classes")


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Return the function for one encoded row."""
    import numpy

    estimator = model["estimator"]
    return lambda x: raw_scores(estimator, numpy.array([x]))[0].tolist()


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    estimator = model["estimator"]
    return lambda x: raw_scores(estimator, x)


def raw_scores(estimator: Any, x: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return an estimator's probabilities, margins (one a class), or numbers."""
    import numpy

    if not hasattr(estimator, "classes_"):
        return numpy.asarray(estimator.predict(x), dtype=float).reshape(-1, 1)
    if hasattr(estimator, "predict_proba"):
        return numpy.asarray(estimator.predict_proba(x), dtype=float)
    margin = numpy.asarray(estimator.decision_function(x), dtype=float)
    return numpy.stack([-margin, margin], axis=1) if margin.ndim == 1 else margin
