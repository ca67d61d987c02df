"""Fitted trees, forests and boosted trees of scikit-learn to the flat arrays of `trees`."""

from __future__ import annotations

from math import copysign
from sys import float_info
from typing import Any

__all__ = ["export", "float64_cut"]


def float64_cut(threshold: float) -> float:
    """Return the largest float64 that, rounded to float32, is at most `threshold`.

    scikit-learn's trees cast a query to float32 before they compare it with a float64 threshold.
    """
    import numpy

    if abs(threshold) > numpy.finfo(numpy.float32).max:
        # "Known against missing" cuts at infinity, which JSON does not have.
        return copysign(float_info.max, threshold)
    rounded = numpy.float32(threshold)
    if float(rounded) > threshold:
        rounded = numpy.nextafter(rounded, numpy.float32(-numpy.inf))
    above = numpy.nextafter(rounded, numpy.float32(numpy.inf))
    middle = (float(rounded) + float(above)) / 2  # exact: both have 24 bits
    # Halfway goes to the neighbour with an even last bit.
    if float(numpy.float32(middle)) <= threshold:
        return middle
    return float(numpy.nextafter(middle, -numpy.inf))


def export(estimator: Any, margin: bool = False) -> dict[str, Any] | None:
    """Return a fitted tree, forest or boosting of scikit-learn as plain numbers.

    Under `margin` a boosting gives its decision function instead of probabilities. None for one
    whose loss has another link than those of the form.
    """
    if hasattr(estimator, "_predictors"):
        return _export_histogram(estimator, margin)
    classes = len(getattr(estimator, "classes_", ()))
    if hasattr(estimator, "tree_"):
        joined = _Joined(classes)
        joined.add(estimator.tree_)
        tree = joined.model("tree")
        del tree["roots"]
        values = iter(tree["leaf"] if not classes else _rows(tree["leaf"], classes))
        tree["leaf"] = [next(values) if one < 0 else None for one in tree["feature"]]
        return tree
    if hasattr(estimator, "init_"):
        return _export_gradient(estimator, classes, margin)
    joined = _Joined(classes)
    for member in estimator.estimators_:
        joined.add(member.tree_)
    return joined.model("forest")


def _rows(flat: list[float], width: int) -> list[list[float]]:
    return [flat[at : at + width] for at in range(0, len(flat), width)]


class _Joined:
    """Collects the nodes of several trees in one set of arrays."""

    def __init__(self, classes: int, rate: float | None = None) -> None:
        self.classes = classes
        self.rate = rate
        self.feature: list[int] = []
        self.cut: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.missing_left: list[int] = []
        self.roots: list[int] = []
        self.leaf: list[float] = []
        self.rows: list[int] = []
        self.has_missing = False

    def add(self, tree: Any) -> None:
        """Add a scikit-learn `Tree`."""
        base = len(self.feature)
        self.roots.append(base)
        inner = tree.children_left >= 0
        state = tree.__getstate__()["nodes"]
        missing = state["missing_go_to_left"] if "missing_go_to_left" in state.dtype.names else None
        self.has_missing |= missing is not None and bool((missing[inner] != 0).any())
        for at in range(tree.node_count):
            is_inner = bool(inner[at])
            self.feature.append(int(tree.feature[at]) if is_inner else -1)
            self.cut.append(float64_cut(float(tree.threshold[at])) if is_inner else 0.0)
            self.left.append(base + int(tree.children_left[at]) if is_inner else -1)
            self.right.append(base + int(tree.children_right[at]) if is_inner else -1)
            self.missing_left.append(int(missing[at] != 0) if missing is not None else 0)
            self.rows.append(round(float(tree.weighted_n_node_samples[at])))
            if not is_inner:
                self.leaf += self.value(tree.value[at, 0])

    def value(self, value: Any) -> list[float]:
        """Return what a leaf holds: probabilities, a number, or a number times the rate."""
        if self.rate is not None:
            return [self.rate * float(value[0])]
        if not self.classes:
            return [float(value[0])]
        total = value.sum()
        return [float(one / total) if total else 0.0 for one in value]

    def model(self, kind: str) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "kind": kind,
            "feature": self.feature,
            "cut": self.cut,
            "left": self.left,
            "right": self.right,
            "missing_left": self.missing_left if self.has_missing else None,
            "roots": self.roots,
            "leaf": self.leaf,
            "rows": self.rows,
        }


def _boosting_link(classes: int, margin: bool) -> str:
    return "margin" if margin else {0: "identity", 2: "logistic"}.get(classes, "softmax")


def _export_gradient(estimator: Any, classes: int, margin: bool) -> dict[str, Any]:
    import numpy

    # scikit-learn's sums speak for the second of two classes, a scorer's for the first.
    sign = -1.0 if classes == 2 else 1.0
    # The exponential loss works on half log-odds.
    is_half = estimator._loss.link.__class__.__name__ == "HalfLogitLink" and not margin
    rate = sign * (2.0 if is_half else 1.0)
    joined = _Joined(0, rate * float(estimator.learning_rate))
    for stage in estimator.estimators_:
        for member in stage:
            joined.add(member.tree_)
    model = joined.model("boosting")
    row = numpy.zeros((1, estimator.n_features_in_))
    # The start is what the ensemble predicts before its first tree; no feature enters it.
    start = estimator._raw_predict_init(row)[0]
    model["start"] = [rate * float(one) for one in start]
    model["link"] = _boosting_link(classes, margin)
    return model


def _export_histogram(estimator: Any, margin: bool) -> dict[str, Any] | None:
    classes = len(getattr(estimator, "classes_", ()))
    nodes = [predictor.nodes for stage in estimator._predictors for predictor in stage]
    known_link = estimator._loss.link.__class__.__name__ != "LogLink"
    if not known_link or any(bool(one["is_categorical"].any()) for one in nodes):
        return None
    sign = -1.0 if classes == 2 else 1.0
    joined = _Joined(0, sign)
    joined.has_missing = True
    for one in nodes:
        _add_histogram_tree(joined, one)
    model = joined.model("boosting")
    model["start"] = [sign * float(one) for one in estimator._baseline_prediction.reshape(-1)]
    model["link"] = _boosting_link(classes, margin)
    return model


def _add_histogram_tree(joined: _Joined, nodes: Any) -> None:
    base = len(joined.feature)
    joined.roots.append(base)
    for node in nodes:
        leaf = bool(node["is_leaf"])
        joined.feature.append(-1 if leaf else int(node["feature_idx"]))
        # These trees compare in float64 already.
        cut = float(node["num_threshold"])
        joined.cut.append(0.0 if leaf else max(min(cut, float_info.max), -float_info.max))
        joined.left.append(-1 if leaf else base + int(node["left"]))
        joined.right.append(-1 if leaf else base + int(node["right"]))
        joined.missing_left.append(int(node["missing_go_to_left"]) if not leaf else 0)
        joined.rows.append(int(node["count"]))
        if leaf:
            joined.leaf += joined.value([float(node["value"])])
