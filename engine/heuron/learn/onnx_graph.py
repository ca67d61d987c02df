"""A compiled model as an ONNX graph in double precision, made of its plain numbers.

Owns `graph_of`. The graph takes one tensor `inputs`, a row of numbers an answer (an enumeration's
level as its place, a boolean as 0 or 1, gaps filled), and gives `scores`, a column a class or the
number. Trees need ONNX-ML 5. Needs the package onnx.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any, Final

import numpy

from heuron.learn.scorer.calibrated import EPSILON
from heuron.learn.scorer.form import Form
from heuron.learn.scorer.trees import nodes_of

__all__ = ["INPUTS", "SCORES", "graph_of"]

INPUTS: Final = "inputs"
SCORES: Final = "scores"
LESS_OR_EQUAL: Final = 0
"""The number of "at most" among ONNX's node modes."""


def graph_of(onnx: Any, form: Form) -> Any:
    """Return the model proto of a checked scorer, made with the package onnx."""
    graph = Graph(onnx)
    x = graph.encoded(form)
    scores = _model(graph, form.model, x, len(form.encode), len(form.classes))
    graph.node("Identity", [_finished(graph, form, scores)], SCORES)
    double = onnx.TensorProto.DOUBLE
    shown = onnx.helper.make_graph(
        graph.nodes,
        "heuron",
        [onnx.helper.make_tensor_value_info(INPUTS, double, [None, len(form.inputs)])],
        [onnx.helper.make_tensor_value_info(SCORES, double, [None, max(1, len(form.classes))])],
        graph.constants,
    )
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("ai.onnx.ml", 5)]
    return onnx.helper.make_model(
        shown, opset_imports=opsets, ir_version=10, producer_name="heuron"
    )


class Graph:
    """Collects nodes and constants under fresh names."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, kind: Any = float) -> str:
        """Return the name of a constant tensor."""
        name = f"c{len(self.constants)}"
        array = numpy.array(values, dtype=numpy.int64 if kind is int else kind)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of what it gives."""
        name = output or f"n{len(self.nodes)}"
        made = self.onnx.helper.make_node(kind, inputs, [name], **attributes)
        self.nodes.append(made)
        return name

    def encoded(self, form: Form) -> str:
        """Add the encoding: each column is an input, shifted and scaled, or equal to a number."""
        steps = form.encode
        x = self.node("Gather", [INPUTS, self.constant([one[1] for one in steps], int)], axis=1)
        scale = [one for one in steps if one[0] == "scale"]
        if scale:
            x = self.node("Sub", [x, self.constant([_of(one, "scale", 2, 0.0) for one in steps])])
            x = self.node("Div", [x, self.constant([_of(one, "scale", 3, 1.0) for one in steps])])
        if any(one[0] == "times" for one in steps):
            x = self.node("Mul", [x, self.constant([_of(one, "times", 2, 1.0) for one in steps])])
            x = self.node("Add", [x, self.constant([_of(one, "times", 3, 0.0) for one in steps])])
        equal = [one[0] in ("is", "equals") for one in steps]
        if any(equal):
            wanted = [
                float(one[2]) if is_it else 0.0 for one, is_it in zip(steps, equal, strict=True)
            ]
            same = self.node("Equal", [x, self.constant(wanted)])
            bits = self.node("Cast", [same], to=self.onnx.TensorProto.DOUBLE)
            x = self.node("Where", [self.constant(equal, bool), bits, x])
        return x


def _of(step: list[Any], kind: str, place: int, otherwise: float) -> float:
    return float(step[place]) if step[0] == kind else otherwise


def _model(graph: Graph, model: Mapping[str, Any], x: str, width: int, classes: int) -> str:
    kind = model["kind"]
    if kind == "vote":
        total = ""
        for member, weight in zip(model["models"], model["weights"], strict=True):
            one = _model(graph, member, x, width, classes)
            one = graph.node("Mul", [one, graph.constant(weight)])
            total = graph.node("Add", [total, one]) if total else one
        return total
    if kind == "linear":
        sums = _affine(graph, x, model["weights"], model["bias"])
        return _linked(graph, model["link"], sums, classes)
    if kind == "network":
        return _network(graph, model, x, classes)
    if kind == "gaussian":
        return _gaussian(graph, model, x)
    if kind == "bernoulli":
        return _bernoulli(graph, model, x)
    if kind == "calibrated":
        return _calibrated(graph, model, x, width, classes)
    return _trees(graph, model, x, classes)


def _affine(graph: Graph, x: str, weights: Any, bias: Any) -> str:
    product = graph.node("MatMul", [x, graph.constant(numpy.array(weights, dtype=float).T)])
    return graph.node("Add", [product, graph.constant(bias)])


def _network(graph: Graph, model: Mapping[str, Any], x: str, classes: int) -> str:
    from heuron.learn.scorer.network import weights_of

    bend = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}.get(model["activation"])
    *hidden, last = model["layers"]
    for layer in hidden:
        x = _affine(graph, x, weights_of(layer), layer["bias"])
        x = graph.node(bend, [x]) if bend else x
    sums = _affine(graph, x, weights_of(last), last["bias"])
    return _linked(graph, model["link"], sums, classes)


def _linked(graph: Graph, link: str, sums: str, classes: int) -> str:
    if link == "identity":
        return sums
    if link == "softmax":
        return graph.node("Softmax", [sums], axis=1)
    if link == "logistic":
        other = graph.node("Neg", [sums])
        both = graph.node("Concat", [sums, other], axis=1)
        return graph.node("Sigmoid", [both])
    if link == "one_vs_rest":
        return _adding_up(graph, graph.node("Sigmoid", [sums]), classes)
    if classes > 2:  # a margin a class
        return sums
    return graph.node("Concat", [sums, graph.node("Neg", [sums])], axis=1)


def _adding_up(graph: Graph, each: str, classes: int) -> str:
    """Add the step that makes a row's numbers add up to 1; a row of zeros becomes even."""
    total = graph.node("ReduceSum", [each, graph.constant([1], int)], keepdims=1)
    even = graph.constant(1.0 / classes)
    share = graph.node("Div", [each, total])
    return graph.node("Where", [graph.node("Equal", [total, graph.constant(0.0)]), even, share])


def _gaussian(graph: Graph, model: Mapping[str, Any], x: str) -> str:
    columns = []
    for prior, means, variances in zip(
        model["prior"], model["mean"], model["variance"], strict=True
    ):
        start = prior - 0.5 * float(numpy.log(2.0 * pi * numpy.array(variances)).sum())
        apart = graph.node("Sub", [x, graph.constant(means)])
        shares = graph.node("Div", [graph.node("Mul", [apart, apart]), graph.constant(variances)])
        total = graph.node("ReduceSum", [shares, graph.constant([1], int)], keepdims=1)
        half = graph.node("Mul", [total, graph.constant(-0.5)])
        columns.append(graph.node("Add", [half, graph.constant(start)]))
    return graph.node("Softmax", [graph.node("Concat", columns, axis=1)], axis=1)


def _bernoulli(graph: Graph, model: Mapping[str, Any], x: str) -> str:
    if model["cut"] is not None:
        over = graph.node("Greater", [x, graph.constant(model["cut"])])
        x = graph.node("Cast", [over], to=graph.onnx.TensorProto.DOUBLE)
    return graph.node("Softmax", [_affine(graph, x, model["weights"], model["start"])], axis=1)


def _calibrated(graph: Graph, model: Mapping[str, Any], x: str, width: int, classes: int) -> str:
    """Add a model below a calibration of its own."""
    inner = _model(graph, model["model"], x, width, classes)
    if model.get("temperature") is not None:
        is_margin = model["model"].get("link") == "margin"
        if not is_margin and classes == 2:
            second = _column(graph, inner, 1)
            first = graph.node("Sub", [graph.constant(1.0), second])
            inner = graph.node("Concat", [first, second], axis=1)
        logs = inner if is_margin else _logs(graph, inner, float(model.get("epsilon", EPSILON)))
        scaled = graph.node("Mul", [logs, graph.constant(float(model["temperature"]))])
        return graph.node("Softmax", [scaled], axis=1)
    maps = model["maps"]
    if classes == 2:
        second = _mapped(graph, maps[0], _column(graph, inner, 1))
        first = graph.node("Sub", [graph.constant(1.0), second])
        return graph.node("Concat", [first, second], axis=1)
    each = [_mapped(graph, own, _column(graph, inner, at)) for at, own in enumerate(maps)]
    return _adding_up(graph, graph.node("Concat", each, axis=1), classes)


def _logs(graph: Graph, scores: str, added: float) -> str:
    return graph.node("Log", [graph.node("Add", [scores, graph.constant(added)])])


def _column(graph: Graph, table: str, at: int) -> str:
    return graph.node("Gather", [table, graph.constant([at], int)], axis=1)


def _mapped(graph: Graph, calibration: list[Any], score: str) -> str:
    """Add a sigmoid or isotonic map of one column of scores."""
    if calibration[0] == "sigmoid":
        _, a, b = calibration
        value = graph.node("Mul", [score, graph.constant(-float(a))])
        return graph.node("Sigmoid", [graph.node("Add", [value, graph.constant(-float(b))])])
    _, x, y = calibration
    if len(x) == 1:
        nothing = graph.node("Mul", [score, graph.constant(0.0)])
        return graph.node("Add", [nothing, graph.constant(float(y[0]))])
    # Each stretch between two points adds its slope times as much of it as lies below the score.
    widths = numpy.diff(numpy.array(x, dtype=float))
    slopes = numpy.diff(numpy.array(y, dtype=float)) / widths
    past = graph.node("Sub", [score, graph.constant(x[:-1])])
    past = graph.node("Max", [past, graph.constant(0.0)])
    past = graph.node("Min", [past, graph.constant(widths)])
    risen = graph.node("MatMul", [past, graph.constant(slopes.reshape(-1, 1))])
    return graph.node("Add", [risen, graph.constant(float(y[0]))])


def _trees(graph: Graph, model: Mapping[str, Any], x: str, classes: int) -> str:
    nodes = nodes_of(dict(model), classes)
    is_sum = model["kind"] == "boosting"
    outputs = len(model["start"]) if is_sum else len(nodes.values[0])
    if not is_sum and outputs > 1:
        # One ensemble a class: a leaf of ONNX holds one number for one of them.
        columns = [_ensemble(graph, nodes, x, 1, place) for place in range(outputs)]
        sums = graph.node("Concat", columns, axis=1)
    else:
        sums = _ensemble(graph, nodes, x, outputs, 0)
    if is_sum:
        sums = graph.node("Add", [sums, graph.constant(model["start"])])
        return _linked(graph, model["link"], sums, classes)
    return graph.node("Div", [sums, graph.constant(float(len(nodes.roots)))])


def _ensemble(graph: Graph, nodes: Any, x: str, outputs: int, place: int) -> str:
    """Add a TreeEnsemble of each leaf's number at a place; trees speak for outputs in turn."""
    inner: dict[int, int] = {}
    leaf: dict[int, int] = {}
    for at, feature in enumerate(nodes.feature):
        if feature >= 0:
            inner[at] = len(inner)
        else:
            leaf[at] = len(leaf)
    # A graph's tree begins with a question: where there is none, both answers lead to the leaf.
    lone = {
        root: len(inner) + at for at, root in enumerate(one for one in nodes.roots if one in leaf)
    }
    turns, turn = {}, -1
    roots = set(nodes.roots)
    for at in range(len(nodes.feature)):
        turn += at in roots
        turns[at] = turn % outputs
    number = graph.onnx.numpy_helper.from_array

    def child(at: int) -> tuple[int, int]:
        return (leaf[at], 1) if at in leaf else (inner[at], 0)

    ends = [(leaf[root], 1) for root in lone]
    left = [*[child(nodes.left[at]) for at in inner], *ends]
    right = [*[child(nodes.right[at]) for at in inner], *ends]
    missing = nodes.missing_left or [0] * len(nodes.feature)
    none = [0] * len(lone)
    splits = numpy.array([*[nodes.cut[at] for at in inner], *none], dtype=float)
    modes = numpy.full(len(left), LESS_OR_EQUAL, dtype=numpy.uint8)
    return graph.node(
        "TreeEnsemble",
        [x],
        domain="ai.onnx.ml",
        n_targets=outputs,
        aggregate_function=1,
        post_transform=0,
        tree_roots=[lone[root] if root in lone else inner[root] for root in nodes.roots],
        nodes_featureids=[*[nodes.feature[at] for at in inner], *none],
        nodes_splits=number(splits, "splits"),
        nodes_modes=number(modes, "modes"),
        nodes_missing_value_tracks_true=[*[int(missing[at]) for at in inner], *none],
        nodes_truenodeids=[one for one, _ in left],
        nodes_trueleafs=[is_leaf for _, is_leaf in left],
        nodes_falsenodeids=[one for one, _ in right],
        nodes_falseleafs=[is_leaf for _, is_leaf in right],
        leaf_targetids=[turns[at] for at in leaf],
        leaf_weights=number(
            numpy.array([nodes.values[nodes.place[at]][place] for at in leaf], dtype=float),
            "leaves",
        ),
    )


def _finished(graph: Graph, form: Form, scores: str) -> str:
    """Add the scorer's own calibration."""
    match form.calibrate:
        case None:
            return scores
        case ["temperature", t]:
            from heuron.learn.scorer.calibrate import FLOOR

            if not form.is_margin:
                scores = graph.node("Max", [scores, graph.constant(FLOOR)])
                scores = graph.node("Log", [scores])
            return graph.node("Softmax", [graph.node("Div", [scores, graph.constant(t)])], axis=1)
    at = form.positive or 0
    own = _mapped(graph, form.calibrate, _column(graph, scores, at))
    other = graph.node("Sub", [graph.constant(1.0), own])
    return graph.node("Concat", [own, other] if at == 0 else [other, own], axis=1)
