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

from heuron.learn.scorer.linear import link_columns, link_one
from heuron.learn.scorer.numbers import MOST_NUMBERS, a_number, indexes, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["Nodes", "check", "columns", "nodes_of", "one"]

CHUNK = 16_384
"""How many rows go down a tree together: few enough for the processor's cache."""
DROP = 0.7
"""Rows that have arrived are dropped when fewer than this share is still going."""


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
        if model.get("link") != allowed or len(roots) % sums:
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

    Nodes become nested tuples `(feature, cut, left, right)`: unpacking one is faster than four
    look-ups in lists.
    """
    nodes = nodes_of(model, classes)
    roots = _nested(nodes, single=outputs(model, classes) == 1)
    missing = nodes.missing_left is not None
    if model["kind"] == "boosting":
        return _boosting(model, roots, missing)
    if outputs(model, classes) == 1:
        return _mean_number(roots, missing)
    if classes == 2:
        return _mean_of_two(roots, missing)
    return _mean_of_many(roots, missing, classes)


def _nested(nodes: Nodes, single: bool) -> list[Any]:
    built: list[Any] = [None] * len(nodes.feature)
    # Children come after their parents, so going backwards meets them first.
    for at in range(len(built) - 1, -1, -1):
        feature = nodes.feature[at]
        if feature < 0:
            value = nodes.values[nodes.place[at]]
            built[at] = value[0] if single else value
        elif nodes.missing_left is None:
            built[at] = (feature, nodes.cut[at], built[nodes.left[at]], built[nodes.right[at]])
        else:
            built[at] = (
                feature,
                nodes.cut[at],
                built[nodes.left[at]],
                built[nodes.right[at]],
                nodes.missing_left[at],
            )
    return [built[root] for root in nodes.roots]


def _walk(node: Any, x: Sequence[float]) -> Any:
    """Return the leaf that a row with missing values falls into."""
    while node.__class__ is tuple:
        feature, cut, left, right, missing_left = node
        value = x[feature]
        node = left if value <= cut or (missing_left and value != value) else right
    return node


def _mean_of_two(roots: list[Any], missing: bool) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        first = second = 0.0
        for node in roots:
            if missing:
                node = _walk(node, x)
            while node.__class__ is tuple:
                feature, cut, left, right = node
                node = left if x[feature] <= cut else right
            first += node[0]
            second += node[1]
        return [first / count, second / count]

    return score


def _mean_of_many(
    roots: list[Any], missing: bool, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        sums = [0.0] * classes
        for node in roots:
            if missing:
                node = _walk(node, x)
            while node.__class__ is tuple:
                feature, cut, left, right = node
                node = left if x[feature] <= cut else right
            for place, value in enumerate(node):
                sums[place] += value
        return [one / count for one in sums]

    return score


def _mean_number(roots: list[Any], missing: bool) -> Callable[[Sequence[float]], list[float]]:
    count = len(roots)

    def score(x: Sequence[float]) -> list[float]:
        total = 0.0
        for node in roots:
            if missing:
                node = _walk(node, x)
            while node.__class__ is tuple:
                feature, cut, left, right = node
                node = left if x[feature] <= cut else right
            total += node
        return [total / count]

    return score


def _boosting(
    model: dict[str, Any], roots: list[Any], missing: bool
) -> Callable[[Sequence[float]], list[float]]:
    start = [float(number) for number in model["start"]]
    sums_count = len(start)
    finish = link_one(model["link"])

    def score(x: Sequence[float]) -> list[float]:
        sums = start[:]
        turn = 0
        for node in roots:
            if missing:
                node = _walk(node, x)
            while node.__class__ is tuple:
                feature, cut, left, right = node
                node = left if x[feature] <= cut else right
            sums[turn] += node
            turn += 1
            if turn == sums_count:
                turn = 0
        return finish(sums)

    return score


class _Flat(NamedTuple):
    """The nodes as numpy arrays.

    `children` holds for each node where it goes on the right and on the left; a leaf goes on to
    itself. `missing_left` is None where no tree has learned from missing values.
    """

    feature: Any
    cut: Any
    children: Any
    inner: Any
    missing_left: Any
    values: Any
    place: Any


def columns(
    model: dict[str, Any], x: numpy.ndarray[Any, Any], classes: int
) -> numpy.ndarray[Any, Any]:
    """Return the class scores of many encoded rows (one column for a number).

    Tree by tree, all rows of a chunk go down together; those that have arrived drop out. The
    sums are added in the order of the compiled function for one row, so both agree to the bit.
    """
    import numpy

    nodes = nodes_of(model, classes)
    flat = _flat(nodes)
    is_sum = model["kind"] == "boosting"
    start = model["start"] if is_sum else [0.0] * flat.values.shape[1]
    sums = numpy.empty((len(x), len(start)))
    for begin in range(0, len(x), CHUNK):
        part = numpy.ascontiguousarray(x[begin : begin + CHUNK].T)
        totals = [numpy.full(part.shape[1], one, dtype=float) for one in start]
        for turn, root in enumerate(nodes.roots):
            leaves = flat.place.take(_arrive(flat, part, root))
            if is_sum:
                totals[turn % len(start)] += flat.values[:, 0].take(leaves)
                continue
            for place, total in enumerate(totals):
                total += flat.values[:, place].take(leaves)
        sums[begin : begin + CHUNK] = numpy.stack(totals, axis=1)
    return link_columns(model["link"], sums) if is_sum else sums / len(nodes.roots)


def _flat(nodes: Nodes) -> _Flat:
    import numpy

    feature = numpy.array(nodes.feature)
    inner = feature >= 0
    itself = numpy.arange(len(inner))
    children = numpy.empty(2 * len(inner), dtype=numpy.int32)
    children[0::2] = numpy.where(inner, nodes.right, itself)
    children[1::2] = numpy.where(inner, nodes.left, itself)
    missing = nodes.missing_left
    return _Flat(
        feature=numpy.where(inner, feature, 0),
        cut=numpy.array(nodes.cut, dtype=float),
        children=children,
        inner=inner,
        missing_left=None if missing is None else numpy.array(missing, dtype=bool),
        values=numpy.array(nodes.values, dtype=float),
        place=numpy.array(nodes.place),
    )


def _arrive(flat: _Flat, part: numpy.ndarray[Any, Any], root: int) -> numpy.ndarray[Any, Any]:
    """Return the leaf that each row falls into; `part` has one line a column."""
    import numpy

    count = part.shape[1]
    cells = part.ravel()
    base = (flat.feature * count).astype(numpy.int32 if cells.size < 2**31 else numpy.int64)
    live = numpy.arange(count, dtype=numpy.int32)
    at = numpy.full(count, root, dtype=numpy.int32)
    done = at.copy()
    while len(live):
        values = cells.take(base.take(at) + live)
        goes_left = values <= flat.cut.take(at)
        if flat.missing_left is not None:
            goes_left |= flat.missing_left.take(at) & numpy.isnan(values)
        at = flat.children.take(2 * at + goes_left)
        done[live] = at
        going = flat.inner.take(at)
        left = int(numpy.count_nonzero(going))
        if not left:
            break
        if left < DROP * len(at):
            live, at = live[going], at[going]
    return done
