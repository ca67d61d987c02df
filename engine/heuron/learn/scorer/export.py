"""From a fitted scikit-learn estimator to a model of plain numbers: which family exports it.

Votes and calibrations are exported with all that they hold: one part without a compiled form
leaves the whole to joblib.
"""

from __future__ import annotations

from typing import Any

from heuron.learn.allowed import ESTIMATORS, public_name

__all__ = ["export_estimator", "export_model"]


def export_estimator(estimator: Any, margin: bool = False) -> dict[str, Any] | None:
    """Return the JSON form of a fitted estimator, by its class; None where none compiles it.

    Under `margin` an estimator that has a decision function gives that, and no probabilities.
    """
    known = ESTIMATORS.get(public_name(type(estimator)))
    return export_model(None if known is None else known.family, estimator, margin)


def export_model(family: str | None, estimator: Any, margin: bool = False) -> dict[str, Any] | None:
    """Return the JSON form of a fitted estimator of a family, or None when it has none."""
    if family == "linear":
        from heuron.learn.scorer import linear

        return linear.export(estimator, margin)
    if family in ("tree", "forest", "boosting"):
        from heuron.learn.scorer import tree_export

        return tree_export.export(estimator, margin)
    if family == "naive_bayes":
        from heuron.learn.scorer import naive_bayes

        return naive_bayes.export(estimator)
    if family == "network":
        from heuron.learn.scorer import network

        return network.export(estimator)
    if family == "vote":
        return _vote(estimator)
    if family == "calibrated":
        return _calibrated(estimator)
    return None


def _vote(estimator: Any) -> dict[str, Any] | None:
    """Return a soft vote or a mean of numbers; a hard vote counts labels, and has no form."""
    if getattr(estimator, "voting", "soft") != "soft":
        return None
    weights = estimator._weights_not_none
    weights = [1.0] * len(estimator.estimators_) if weights is None else list(map(float, weights))
    return _mean_of(estimator.estimators_, weights)


def _mean_of(estimators: list[Any], weights: list[float]) -> dict[str, Any] | None:
    models: list[dict[str, Any]] = []
    shares: list[float] = []
    total = sum(weights)
    for member, weight in zip(estimators, weights, strict=True):
        model = export_estimator(member)
        if model is None or model.get("link") == "margin" or total <= 0:
            return None
        # A vote within a vote is one vote with more members.
        inner = model["models"] if model["kind"] == "vote" else [model]
        parts = model["weights"] if model["kind"] == "vote" else [1.0]
        models += inner
        shares += [weight / total * part for part in parts]
    return {"kind": "vote", "models": models, "weights": shares}


def _calibrated(estimator: Any) -> dict[str, Any] | None:
    """Return a `CalibratedClassifierCV`: the mean of its folds' calibrated models."""
    models = []
    for one in estimator.calibrated_classifiers_:
        inner = one.estimator
        model = export_estimator(inner, margin=hasattr(inner, "decision_function"))
        # A fold that lacks a class gives scores of fewer classes than the form has.
        if model is None or len(inner.classes_) != len(estimator.classes_):
            return None
        if model["kind"] in ("vote", "calibrated"):
            return None
        models.append({"kind": "calibrated", "model": model, **_maps(one)})
    if len(models) == 1:
        return models[0]
    return {"kind": "vote", "models": models, "weights": [1.0 / len(models)] * len(models)}


def _epsilon() -> float:
    """Return what this scikit-learn adds to a probability before its logarithm.

    It has changed from version to version, and decides where a probability is next to nothing.
    """
    from inspect import signature

    from heuron.learn.scorer.calibrated import EPSILON

    try:
        from sklearn.calibration import _convert_to_logits
    except ImportError:
        return EPSILON
    known = signature(_convert_to_logits).parameters.get("eps")
    return EPSILON if known is None else float(known.default)


def _maps(one: Any) -> dict[str, Any]:
    if one.method == "temperature":
        return {"temperature": float(one.calibrators[0].beta_), "epsilon": _epsilon()}
    if one.method == "sigmoid":
        return {"maps": [["sigmoid", float(map_.a_), float(map_.b_)] for map_ in one.calibrators]}
    return {
        "maps": [
            ["isotonic", map_.X_thresholds_.tolist(), map_.y_thresholds_.tolist()]
            for map_ in one.calibrators
        ]
    }
