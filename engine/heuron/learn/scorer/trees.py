"""Trees, forests and boosted trees as flat arrays of nodes.

JSON of one tree: `{"kind": "tree", "feature": […], "cut": […], "left": […], "right": […],
"missing_left": […] or null, "leaf": […]}`; a leaf has feature -1 and its value in `leaf`, a list
of one number a class (a number, for a regression); other nodes have null there. A value at most
the cut goes left. `forest` and `boosting` join the nodes of all trees in the same arrays, `roots`
says where each tree begins, `leaf` is one flat list, in node order, of the leaves' values.
A forest averages its trees; boosting adds them to `start`, tree after tree, each for one of the
outputs in turn, and puts the sums through `link`.

`rows`, where it is there, has the (weighted) training rows of each node; explanations use it.
A cut is the largest float64 that scikit-learn's float32 comparison sends left, so that a query
needs no cast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.learn.scorer.linear import link_one
from heuron.learn.scorer.numbers import MOST_NUMBERS, a_number, indexes, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["Nodes", "check", "many", "nodes_of", "one"]


class Nodes(NamedTuple):
    """The nodes of all trees. `values` has the rows of `leaf`, `place` of a leaf is its row."""

    feature: Sequence[int]
    cut: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    missing_left: Sequence[int] | None
    roots: Sequence[int]
    values: list[list[float]]
    place: list[int]


def outputs(model: dict[str, Any], classes: int) -> int:
    """Return how many numbers a leaf holds."""
    return 1 if model["kind"] == "boosting" else max(1, classes)


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted model of `width` columns and `classes` classes (0: a number)."""
    feature = model.get("feature")
    if not isinstance(feature, list) or not 0 < len(feature) <= MOST_NUMBERS:
        raise ValueError("a tree needs a list of features")
    count = len(feature)
    indexes(feature, count, -1, width, "a tree's features")
    numbers(model.get("cut"), count, "a tree's cuts")
    for side in ("left", "right"):
        children = indexes(model.get(side), count, -1, count, f"a tree's {side} children")
        for parent, child in enumerate(children):
            if (child <= parent) if feature[parent] >= 0 else (child != -1):
                raise ValueError(f"node {parent} has the {side} child {child}: it must come later")
    if model.get("missing_left") is not None:
        indexes(model["missing_left"], count, 0, 2, "missing_left")
    if model.get("rows") is not None:
        indexes(model["rows"], count, 0, 2**53, "the training rows of nodes")
    _check_leaves(model, classes, [at for at, one in enumerate(feature) if one < 0])
    if model["kind"] == "tree":
        return
    roots = indexes(model.get("roots"), None, 0, count, "the roots")
    if not roots or roots[0] != 0 or any(first >= second for first, second in pairwise(roots)):
        raise ValueError("the roots do not rise from 0")
    if model["kind"] == "boosting":
        sums = 1 if classes <= 2 else classes
        numbers(model.get("start"), sums, "the start")
        allowed = {0: "identity", 2: "logistic"}.get(classes, "softmax")
        if (
            model.get("link") not in (allowed, "margin" if classes else allowed)
            or len(roots) % sums
        ):
            raise ValueError("the link or the number of trees does not suit the classes")


def _check_leaves(model: dict[str, Any], classes: int, leaves: list[int]) -> None:
    each = outputs(model, classes)
    leaf = model.get("leaf")
    if model["kind"] != "tree":
        numbers(leaf, len(leaves) * each, "the leaves")
        return
    if not isinstance(leaf, list) or len(leaf) != len(model["feature"]):
        raise ValueError("a tree needs a leaf or null for each node")
    for at in leaves:
        if classes:
            numbers(leaf[at], each, "a leaf")
        else:
            a_number(leaf[at], "a leaf")


def nodes_of(model: dict[str, Any], classes: int) -> Nodes:
    """Return the nodes of a checked model."""
    each = outputs(model, classes)
    leaves = [at for at, one in enumerate(model["feature"]) if one < 0]
    if model["kind"] == "tree":
        flat = [value if isinstance(value, list) else [value] for value in model["leaf"]]
        values = [flat[at] for at in leaves]
    else:
        leaf = model["leaf"]
        values = [leaf[at : at + each] for at in range(0, len(leaf), each)]
    place = [-1] * len(model["feature"])
    for row, at in enumerate(leaves):
        place[at] = row
    return Nodes(
        model["feature"],
        model["cut"],
        model["left"],
        model["right"],
        model.get("missing_left"),
        model.get("roots", [0]),
        values,
        place,
    )


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the model for one encoded row: to probabilities, or to a list of one number.

    Nodes become nested tuples `(feature, cut, left, right)`, a leaf `(-1, number, number, None)`
    or `(-1, numbers, None, None)`: unpacking one is faster than look-ups in lists. A row with a
    gap goes down trees that have learned from missing values another way.
    """
    nodes = nodes_of(model, classes)
    each = outputs(model, classes)
    roots = _nested(nodes, each)
    score = _boosting(model, roots) if model["kind"] == "boosting" else _mean(roots, each)
    if nodes.missing_left is None:
        return score
    gaps = _with_gaps(nodes, model, each)

    def guarded(x: Sequence[float]) -> list[float]:
        total = sum(x)
        # Not a number where a cell is, or where endless ones cancel out.
        return score(x) if total == total else gaps(x)

    return guarded


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    from heuron.learn.scorer.tree_columns import compile_columns

    return compile_columns(model, nodes_of(model, classes), width)


def _nested(nodes: Nodes, each: int) -> list[Any]:
    built: list[Any] = [None] * len(nodes.feature)
    # Children come after their parents, so going backwards meets them first.
    for at in range(len(built) - 1, -1, -1):
        feature = nodes.feature[at]
        if feature < 0:
            built[at] = _leaf(nodes.values[nodes.place[at]], each)
        else:
            built[at] = (feature, nodes.cut[at], built[nodes.left[at]], built[nodes.right[at]])
    return [built[root] for root in nodes.roots]


def _leaf(values: list[float], each: int) -> tuple[Any, ...]:
    if each == 1:
        return -1, values[0], None, None
    return (-1, values[0], values[1], None) if each == 2 else (-1, values, None, None)


def _mean(roots: list[Any], each: int) -> Callable[[Sequence[float]], list[float]]:
    if each == 1:
        return _mean_number(roots)
    return _mean_of_two(roots) if each == 2 else _mean_of_many(roots, each)


def _mean_of_two(roots: list[Any]) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        first = second = 0.0
        for feature, cut, left, right in roots:
            while feature >= 0:
                feature, cut, left, right = left if x[feature] <= cut else right
            first += cut
            second += left
        return [first / count, second / count]

    return score


def _mean_of_many(roots: list[Any], each: int) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        sums = [0.0] * each
        for feature, cut, left, right in roots:
            while feature >= 0:
                feature, cut, left, right = left if x[feature] <= cut else right
            for place, value in enumerate(cut):
                sums[place] += value
        return [one / count for one in sums]

    return score


def _mean_number(roots: list[Any]) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        total = 0.0
        for feature, cut, left, right in roots:
            while feature >= 0:
                feature, cut, left, right = left if x[feature] <= cut else right
            total += cut
        return [total / count]

    return score


def _boosting(model: dict[str, Any], roots: list[Any]) -> Callable[[Sequence[float]], list[float]]:
    start = [float(number) for number in model["start"]]
    finish = link_one(model["link"])
    if len(start) > 1:
        return _boosting_of_many(start, roots, finish)
    first = start[0]

    def score(x: Sequence[float]) -> list[float]:
        total = first
        for feature, cut, left, right in roots:
            while feature >= 0:
                feature, cut, left, right = left if x[feature] <= cut else right
            total += cut
        return finish([total])

    return score


def _boosting_of_many(
    start: list[float], roots: list[Any], finish: Callable[[list[float]], list[float]]
) -> Callable[[Sequence[float]], list[float]]:
    count = len(start)
    turns = [(turn % count, *root) for turn, root in enumerate(roots)]

    def score(x: Sequence[float]) -> list[float]:
        sums = start[:]
        for turn, feature, cut, left, right in turns:
            while feature >= 0:
                feature, cut, left, right = left if x[feature] <= cut else right
            sums[turn] += cut
        return finish(sums)

    return score


def _with_gaps(
    nodes: Nodes, model: dict[str, Any], each: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the model for a row in which a number is missing: node by node, from the arrays."""
    is_sum = model["kind"] == "boosting"
    start = [float(one) for one in model["start"]] if is_sum else [0.0] * each
    finish = link_one(model["link"]) if is_sum else None
    feature, cut, missing_left = nodes.feature, nodes.cut, nodes.missing_left
    left, right, count = nodes.left, nodes.right, len(nodes.roots)
    assert missing_left is not None

    def score(x: Sequence[float]) -> list[float]:
        sums = start[:]
        for turn, at in enumerate(nodes.roots):
            column = feature[at]
            while column >= 0:
                value = x[column]
                goes_left = value <= cut[at] or (value != value and missing_left[at])
                at = left[at] if goes_left else right[at]
                column = feature[at]
            values = nodes.values[nodes.place[at]]
            if is_sum:
                sums[turn % len(sums)] += values[0]
                continue
            for place, one in enumerate(values):
                sums[place] += one
        return [one / count for one in sums] if finish is None else finish(sums)

    return score
