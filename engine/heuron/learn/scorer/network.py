"""Multi-layer perceptrons.

JSON: `{"kind": "network", "layers": [{"weights": [[…], …], "bias": […]}, …], "activation": A,
"link": L}`; a layer's weights have one row for each of its neurons. With a `scale` the weights
are whole numbers from -127 to 127, to be multiplied by it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from math import exp, tanh
from operator import mul
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer.linear import link_columns, link_one
from heuron.learn.scorer.numbers import a_number, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["check", "export", "many", "one", "weights_of"]

SMALL: Final = 200
"""With fewer weights plain Python is faster than numpy's calls."""
ACTIVATIONS = ("relu", "tanh", "logistic", "identity")


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted network of `width` columns and `classes` classes (0: a number)."""
    layers = model.get("layers")
    if not isinstance(layers, list) or not layers or model.get("activation") not in ACTIVATIONS:
        raise ValueError("a network needs layers and a known activation")
    for layer in layers:
        if not isinstance(layer, dict) or not isinstance(layer.get("weights"), list):
            raise ValueError("a layer needs weights")
        for row in layer["weights"]:
            numbers(row, width, "a neuron's weights")
        if layer.get("scale") is not None:
            a_number(layer["scale"], "a layer's scale")
        width = len(layer["weights"])
        numbers(layer.get("bias"), width, "a layer's bias")
    link = {0: "identity", 2: "logistic"}.get(classes, "softmax")
    if model.get("link") != link or width != (1 if classes <= 2 else classes):
        raise ValueError("the last layer does not suit the classes")


def weights_of(layer: dict[str, Any]) -> list[list[float]]:
    """Return a layer's weights, scaled where they are whole numbers."""
    scale = layer.get("scale")
    rows: list[list[float]] = layer["weights"]
    return rows if scale is None else [[scale * one for one in row] for row in rows]


def _logistic(value: float) -> float:
    if value >= 0.0:
        return 1.0 / (1.0 + exp(-value))
    small = exp(value)
    return small / (1.0 + small)


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the network for one encoded row: in numpy where that is in memory already.

    Importing numpy takes longer than thousands of answers of a small network.
    """
    pure = _pure(model)
    if sum(len(layer["bias"]) * len(layer["weights"][0]) for layer in model["layers"]) < SMALL:
        return pure
    finish = link_one(model["link"])
    known: list[Callable[[Any], Any]] = []

    def score(x: Sequence[float]) -> list[float]:
        if not known:
            if "numpy" not in sys.modules:
                return pure(x)
            known.append(_sums_of(model))
        return finish(known[0](x).tolist())

    return score


def _pure(model: dict[str, Any]) -> Callable[[Sequence[float]], list[float]]:
    layers = [list(zip(weights_of(one), one["bias"], strict=True)) for one in model["layers"]]
    hidden, last = layers[:-1], layers[-1]
    finish = link_one(model["link"])
    activation = model["activation"]
    bend = {"tanh": tanh, "logistic": _logistic}.get(activation)

    def score(x: Sequence[float]) -> list[float]:
        for layer in hidden:
            sums = [sum(map(mul, row, x), bias) for row, bias in layer]
            if activation == "relu":
                x = [one if one > 0.0 else 0.0 for one in sums]
            elif bend is not None:
                x = [bend(one) for one in sums]
            else:
                x = sums
        return finish([sum(map(mul, row, x), bias) for row, bias in last])

    return score


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    link, sums = model["link"], _sums_of(model)
    return lambda x: link_columns(link, sums(x))


def _sums_of(model: dict[str, Any]) -> Callable[[Any], Any]:
    """Return the function from a row or rows to the last layer's sums, in numpy."""
    import numpy

    layers = [
        (numpy.ascontiguousarray(numpy.array(weights_of(one), dtype=float).T), one["bias"])
        for one in model["layers"]
    ]
    layers = [(weights, numpy.array(bias, dtype=float)) for weights, bias in layers]
    hidden, (last, last_bias) = layers[:-1], layers[-1]
    bends: dict[str, Any] = {"relu": _relu, "tanh": numpy.tanh, "logistic": _logistics}
    bend = bends.get(model["activation"])

    def sums(x: Any) -> Any:
        for weights, bias in hidden:
            x = numpy.dot(x, weights)
            x += bias
            if bend is not None:
                bend(x, out=x)
        x = numpy.dot(x, last)
        x += last_bias
        return x

    return sums


def _relu(x: Any, out: Any) -> Any:
    import numpy

    return numpy.maximum(x, 0.0, out=out)


def _logistics(x: Any, out: Any) -> Any:
    import numpy

    small = numpy.exp(-numpy.abs(x))
    return numpy.divide(numpy.where(x >= 0.0, 1.0, small), 1.0 + small, out=out)


def export(estimator: Any) -> dict[str, Any] | None:
    """Return a fitted MLPClassifier or MLPRegressor as plain numbers; None for other links."""
    classes = len(getattr(estimator, "classes_", ()))
    if estimator.out_activation_ not in ("identity", "logistic", "softmax"):
        return None
    layers = [
        [weights.T, bias]
        for weights, bias in zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ]
    if classes == 2:  # scikit-learn's last sum speaks for the second class
        layers[-1] = [-layers[-1][0], -layers[-1][1]]
    return {
        "kind": "network",
        "layers": [
            {"weights": weights.tolist(), "bias": bias.tolist()} for weights, bias in layers
        ],
        "activation": estimator.activation,
        "link": {0: "identity", 2: "logistic"}.get(classes, "softmax"),
    }
