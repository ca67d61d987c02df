"""Trees through scikit-learn's compiled walkers, rebuilt from a scorer's plain numbers.

Owns `fast_adder`. Where scikit-learn can be imported and the rows are many, its C code walks the
trees: `Tree` compares in float32, and is used where every cut is the largest float64 that rounds
to at most a float32, for then both comparisons say the same; else the walker of histogram
gradient boosting, which compares in float64. Neither class is public, so whoever uses one compares
it with numpy's own walk first, and what scikit-learn does not offer any more is left to numpy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import numpy

from heuron.learn.scorer.trees import Nodes

__all__ = ["Add", "fast_adder", "is_worth"]

Numbers = numpy.ndarray[Any, Any]

Add = Callable[[Numbers, Numbers], None]
"""Adds what each tree says of the rows to their sums, tree after tree."""

WORTH: Final = 200_000
"""With fewer rows times trees building the walkers takes longer than they save."""
WORTH_IMPORTING: Final = 20_000_000
"""The same, while scikit-learn has not been imported yet."""


def is_worth(rows: int, trees: int) -> bool:
    """Return whether so many rows are worth the building of walkers."""
    imported = "sklearn.tree" in sys.modules
    return rows * trees >= (WORTH if imported else WORTH_IMPORTING)


def fast_adder(nodes: Nodes, width: int, outputs: int, is_sum: bool) -> Add | None:
    """Return an adder in compiled code, or None where scikit-learn offers none."""
    try:
        if _is_single(nodes):
            return _single_adder(nodes, width, outputs, is_sum)
        return _double_adder(nodes, width, outputs, is_sum)
    except (ImportError, AttributeError, TypeError, ValueError, KeyError):
        return None


def _is_single(nodes: Nodes) -> bool:
    """Return whether a comparison in float32 says the same as the one in float64, at each cut.

    It does where the next float64 above a cut rounds to a higher float32: rounding keeps order.
    """
    cut = numpy.array(nodes.cut, dtype=float)[numpy.array(nodes.feature) >= 0]
    with numpy.errstate(over="ignore"):
        above = numpy.nextafter(cut, numpy.inf).astype(numpy.float32)
        return bool((above > cut.astype(numpy.float32)).all())


def _trees(nodes: Nodes) -> Iterator[tuple[slice, Numbers, dict[str, Numbers]]]:
    """Yield each tree's place, its leaves, and its children counted from its root."""
    feature = numpy.array(nodes.feature)
    left, right = numpy.array(nodes.left), numpy.array(nodes.right)
    missing = numpy.zeros(len(feature)) if nodes.missing_left is None else nodes.missing_left
    missing = numpy.array(missing, dtype=numpy.uint8)
    for begin, end in pairwise([*nodes.roots, len(feature)]):
        own = slice(begin, end)
        leaf = feature[own] < 0
        yield (
            own,
            leaf,
            {
                "feature": numpy.where(leaf, 0, feature[own]),
                "left": numpy.where(leaf, 0, left[own] - begin),
                "right": numpy.where(leaf, 0, right[own] - begin),
                "missing": missing[own],
            },
        )


def _single_adder(nodes: Nodes, width: int, outputs: int, is_sum: bool) -> Add:
    from sklearn.tree._tree import NODE_DTYPE, Tree

    each = len(nodes.values[0])
    with numpy.errstate(over="ignore"):
        cut = numpy.array(nodes.cut, dtype=float).astype(numpy.float32)
    leaves, place = numpy.array(nodes.values, dtype=float), numpy.array(nodes.place)
    trees = []
    for own, leaf, parts in _trees(nodes):
        count = len(leaf)
        array = numpy.zeros(count, dtype=NODE_DTYPE)
        array["left_child"] = numpy.where(leaf, -1, parts["left"])
        array["right_child"] = numpy.where(leaf, -1, parts["right"])
        array["feature"] = numpy.where(leaf, -2, parts["feature"])
        array["threshold"] = cut[own]
        array["missing_go_to_left"] = parts["missing"]
        values = numpy.zeros((count, 1, each))
        values[leaf, 0] = leaves[place[own][leaf]]
        tree = Tree(width, numpy.array([each], dtype=numpy.intp), 1)
        state = {"max_depth": count, "node_count": count, "nodes": array, "values": values}
        tree.__setstate__(state)
        trees.append(tree)

    staged = _staged(trees, outputs) if is_sum and nodes.missing_left is None else None

    def add(x: Numbers, sums: Numbers) -> None:
        with numpy.errstate(over="ignore"):
            single = numpy.ascontiguousarray(x, dtype=numpy.float32)
        if staged is not None:
            staged(single, sums)
            return
        for turn, tree in enumerate(trees):
            found = tree.predict(single).reshape(len(x), each)
            if is_sum:
                sums[:, turn % outputs] += found[:, 0]
            else:
                sums += found

    return add


def _staged(trees: list[Any], outputs: int) -> Add | None:
    """Return scikit-learn's loop over the trees of gradient boosting; None where it has none."""
    try:
        from sklearn.ensemble._gradient_boosting import predict_stages
    except ImportError:
        return None
    stages = numpy.array([SimpleNamespace(tree_=tree) for tree in trees], dtype=object)
    stages = stages.reshape(-1, outputs)
    return lambda single, sums: predict_stages(stages, single, 1.0, sums)


def _double_adder(nodes: Nodes, width: int, outputs: int, is_sum: bool) -> Add:
    from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    leaves, place = numpy.array(nodes.values, dtype=float), numpy.array(nodes.place)
    cut = numpy.array(nodes.cut, dtype=float)
    trees = []
    for own, leaf, parts in _trees(nodes):
        array = numpy.zeros(len(leaf), dtype=PREDICTOR_RECORD_DTYPE)
        array["is_leaf"] = leaf
        array["feature_idx"] = parts["feature"]
        array["num_threshold"] = cut[own]
        array["missing_go_to_left"] = parts["missing"]
        array["left"], array["right"] = parts["left"], parts["right"]
        # A leaf holds its number, or the place of its numbers.
        array["value"][leaf] = leaves[place[own][leaf], 0] if is_sum else place[own][leaf]
        trees.append(array)
    no_levels = numpy.zeros((0, 8), dtype=numpy.uint32)
    no_places = numpy.zeros(width, dtype=numpy.uint32)

    def add(x: Numbers, sums: Numbers) -> None:
        rows, found = numpy.ascontiguousarray(x), numpy.empty(len(x))
        for turn, tree in enumerate(trees):
            # In this thread alone: threads share the rows out in larger parts.
            _predict_from_raw_data(tree, rows, no_levels, no_levels, no_places, 1, found)
            if is_sum:
                sums[:, turn % outputs] += found
            else:
                sums += leaves.take(found.astype(numpy.intp), axis=0)

    return add
