"""Multi-layer perceptrons.

JSON: `{"kind": "network", "layers": [{"weights": [[…], …], "bias": […]}, …], "activation": A,
"link": L}`; a layer's weights have one row for each of its neurons. With a `scale` the weights
are whole numbers from -127 to 127, to be multiplied by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, tanh
from operator import mul
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.linear import link_columns, link_one
from heuron.learn.scorer.numbers import a_number, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["check", "columns", "export", "one", "weights_of"]

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
    """Compile the network for one encoded row."""
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


def columns(
    model: dict[str, Any], x: numpy.ndarray[Any, Any], classes: int
) -> numpy.ndarray[Any, Any]:
    """Return the class scores of many encoded rows."""
    import numpy

    for layer in model["layers"][:-1]:
        x = x @ numpy.array(weights_of(layer)).T + numpy.array(layer["bias"])
        if model["activation"] == "relu":
            x = numpy.maximum(x, 0.0)
        elif model["activation"] == "tanh":
            x = numpy.tanh(x)
        elif model["activation"] == "logistic":
            x = link_columns("logistic", x.reshape(-1, 1))[:, 0].reshape(x.shape)
    last = model["layers"][-1]
    sums = x @ numpy.array(weights_of(last)).T + numpy.array(last["bias"])
    return link_columns(model["link"], sums)


def export(estimator: Any) -> dict[str, Any]:
    """Return a fitted MLPClassifier or MLPRegressor as plain numbers."""
    classes = len(getattr(estimator, "classes_", ()))
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
