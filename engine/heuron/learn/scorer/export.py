"""From a fitted scikit-learn estimator to a model of plain numbers: which family exports it."""

from __future__ import annotations

from typing import Any

__all__ = ["export_model"]


def export_model(family: str | None, estimator: Any) -> dict[str, Any] | None:
    """Return the JSON form of a fitted estimator, or None when no family compiles it."""
    if family == "linear":
        from heuron.learn.scorer import linear

        return linear.export(estimator)
    if family in ("tree", "forest", "boosting"):
        from heuron.learn.scorer import tree_export

        return tree_export.export(estimator)
    if family == "naive_bayes":
        from heuron.learn.scorer import naive_bayes

        return naive_bayes.export(estimator)
    if family == "network":
        from heuron.learn.scorer import network

        return network.export(estimator)
    return None
