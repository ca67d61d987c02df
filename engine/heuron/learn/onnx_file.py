"""Compiled models as ONNX graphs in double precision, written from their plain numbers.

Owns `onnx_bytes`, `open_onnx` and `replayed`. The graph takes one tensor `inputs`, a row of numbers
an answer (an enumeration's level as its place, a boolean as 0 or 1, gaps filled), and gives
`scores`, a column a class in the order of the metadata's `classes`, or the number. Trees need
ONNX-ML 5. Needs the extra onnx.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.golden import typed_rows
from heuron.learn.scorer.form import Form
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.scorer.trees import nodes_of

__all__ = ["onnx_bytes", "open_onnx", "replayed"]

TOLERANCE: Final = 1e-9
LESS_OR_EQUAL: Final = 0
"""The number of "at most" among ONNX's node modes."""

Numbers = numpy.ndarray[Any, Any]


def onnx_bytes(form: Form) -> bytes:
    """Return the ONNX file of a checked scorer.

    Raises:
        RuleError: onnx is not installed, or a part of the model has no graph here.
    """
    onnx = _package("onnx")
    graph = _Graph(onnx)
    x = graph.encoded(form)
    scores = _model(graph, form.model, x, len(form.encode), len(form.classes))
    scores = _calibrated(graph, form, scores)
    graph.node("Identity", [scores], "scores")
    double = onnx.TensorProto.DOUBLE
    shown = onnx.helper.make_graph(
        graph.nodes,
        "heuron",
        [onnx.helper.make_tensor_value_info("inputs", double, [None, len(form.inputs)])],
        [onnx.helper.make_tensor_value_info("scores", double, [None, max(1, len(form.classes))])],
        graph.constants,
    )
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("ai.onnx.ml", 5)]
    model = onnx.helper.make_model(
        shown, opset_imports=opsets, ir_version=10, producer_name="heuron"
    )
    facts = {"inputs": form.inputs, "kinds": form.kinds, "classes": form.classes}
    onnx.helper.set_model_props(model, {name: json.dumps(one) for name, one in facts.items()})
    return bytes(model.SerializeToString())


def open_onnx(content: bytes) -> Callable[[Numbers], Numbers]:
    """Return the function from filled rows of inputs to scores, by ONNX Runtime.

    Raises:
        RuleError: onnxruntime is not installed.
    """
    runtime = _package("onnxruntime")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(["scores"], {"inputs": rows})[0]


def replayed(scorer: Scorer, golden: bytes, content: bytes) -> str | None:
    """Return what is wrong with an ONNX file's answers to the golden rows, or None."""
    rows = typed_rows(scorer, golden)
    columns = {name: [row[name] for row in rows] for name in scorer.form.inputs}
    filled, answered = scorer.read_columns(columns)
    filled = filled[answered]
    mine, theirs = scorer.score_columns(filled), open_onnx(content)(filled)
    apart = float(numpy.abs(mine - theirs).max(initial=0.0))
    if not apart <= TOLERANCE * max(1.0, float(numpy.abs(mine).max(initial=0.0))):
        return f"its scores differ by {apart:.2g}"
    classes = scorer.form.classes
    if classes and (scorer.decide_columns(mine) != scorer.decide_columns(theirs)).any():
        return "it gives other labels"
    return None


class _Graph:
    """Collects nodes and constants under fresh names."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, kind: Any = float) -> str:
        """Return the name of a constant tensor."""
        name = f"c{len(self.constants)}"
        array = numpy.array(values, dtype=kind)
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
        x = self.node("Gather", ["inputs", self.constant([one[1] for one in steps], int)], axis=1)
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


def _model(graph: _Graph, model: Mapping[str, Any], x: str, width: int, classes: int) -> str:
    kind = model["kind"]
    if kind == "vote":
        total = ""
        for member, weight in zip(model["models"], model["weights"], strict=True):
            one = _model(graph, member, x, width, classes)
            one = graph.node("Mul", [one, graph.constant(weight)])
            total = graph.node("Add", [total, one]) if total else one
        return total
    if kind == "linear":
        return _linked(graph, model["link"], _affine(graph, x, model["weights"], model["bias"]))
    if kind == "network":
        return _network(graph, model, x)
    if kind in ("tree", "forest", "boosting"):
        return _trees(graph, model, x, classes)
    raise _no_graph(f"{kind} models")


def _affine(graph: _Graph, x: str, weights: Any, bias: Any) -> str:
    product = graph.node("MatMul", [x, graph.constant(numpy.array(weights, dtype=float).T)])
    return graph.node("Add", [product, graph.constant(bias)])


def _network(graph: _Graph, model: Mapping[str, Any], x: str) -> str:
    from heuron.learn.scorer.network import weights_of

    bend = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}.get(model["activation"])
    *hidden, last = model["layers"]
    for layer in hidden:
        x = _affine(graph, x, weights_of(layer), layer["bias"])
        x = graph.node(bend, [x]) if bend else x
    return _linked(graph, model["link"], _affine(graph, x, weights_of(last), last["bias"]))


def _linked(graph: _Graph, link: str, sums: str) -> str:
    if link == "identity":
        return sums
    if link == "softmax":
        return graph.node("Softmax", [sums], axis=1)
    if link == "logistic":
        other = graph.node("Neg", [sums])
        both = graph.node("Concat", [sums, other], axis=1)
        return graph.node("Sigmoid", [both])
    raise _no_graph(f"models with the link {link}")


def _trees(graph: _Graph, model: Mapping[str, Any], x: str, classes: int) -> str:
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
        return _linked(
            graph, model["link"], graph.node("Add", [sums, graph.constant(model["start"])])
        )
    return graph.node("Div", [sums, graph.constant(float(len(nodes.roots)))])


def _ensemble(graph: _Graph, nodes: Any, x: str, outputs: int, place: int) -> str:
    """Add a TreeEnsemble of each leaf's number at a place; trees speak for outputs in turn."""
    inner: dict[int, int] = {}
    leaf: dict[int, int] = {}
    for at, feature in enumerate(nodes.feature):
        if feature >= 0:
            inner[at] = len(inner)
        else:
            leaf[at] = len(leaf)
    if any(root in leaf for root in nodes.roots):
        raise _no_graph("trees of one leaf")
    turns, turn = {}, -1
    roots = set(nodes.roots)
    for at in range(len(nodes.feature)):
        turn += at in roots
        turns[at] = turn % outputs
    number = graph.onnx.numpy_helper.from_array

    def child(at: int) -> tuple[int, int]:
        return (leaf[at], 1) if at in leaf else (inner[at], 0)

    left = [child(nodes.left[at]) for at in inner]
    right = [child(nodes.right[at]) for at in inner]
    missing = nodes.missing_left or [0] * len(nodes.feature)
    return graph.node(
        "TreeEnsemble",
        [x],
        domain="ai.onnx.ml",
        n_targets=outputs,
        aggregate_function=1,
        post_transform=0,
        tree_roots=[inner[root] for root in nodes.roots],
        nodes_featureids=[nodes.feature[at] for at in inner],
        nodes_splits=number(numpy.array([nodes.cut[at] for at in inner], dtype=float), "splits"),
        nodes_modes=number(numpy.full(len(inner), LESS_OR_EQUAL, dtype=numpy.uint8), "modes"),
        nodes_missing_value_tracks_true=[int(missing[at]) for at in inner],
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


def _calibrated(graph: _Graph, form: Form, scores: str) -> str:
    match form.calibrate:
        case None:
            return scores
        case ["sigmoid", a, b]:
            at = form.positive or 0
            own = graph.node("Gather", [scores, graph.constant([at], int)], axis=1)
            value = graph.node("Mul", [own, graph.constant(-a)])
            value = graph.node("Add", [value, graph.constant(-b)])
            other = graph.node("Neg", [value])
            pair = [value, other] if at == 0 else [other, value]
            return graph.node("Sigmoid", [graph.node("Concat", pair, axis=1)])
        case ["temperature", t] if not form.is_margin:
            from heuron.learn.scorer.calibrate import FLOOR

            raised = graph.node("Max", [scores, graph.constant(FLOOR)])
            logs = graph.node("Div", [graph.node("Log", [raised]), graph.constant(t)])
            return graph.node("Softmax", [logs], axis=1)
    raise _no_graph(f"{form.calibrate[0]} calibration")


def _no_graph(what: str) -> RuleError:
    message = f"{what} cannot be written as ONNX"
    hint = "the .zip of `heuron models export` travels with every compiled model"
    return RuleError(Diagnostic(Severity.ERROR, "no-scorer", message, None, hint))


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        found = import_module(name)
        if name == "onnx":
            import_module("onnx.helper")
            import_module("onnx.numpy_helper")
    except ImportError:
        message = f"{name} is not installed"
        hint = 'pip install "heuron[onnx]"'
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, None, hint)) from None
    return found
