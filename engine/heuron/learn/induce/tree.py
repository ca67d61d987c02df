"""Rules from a shallow decision tree: each leaf is a premise and a value."""

from __future__ import annotations

from typing import Any

import numpy

from heuron.learn.induce.conditions import Condition, Premise, level_count, round_cut, tighten
from heuron.learn.scorer.table import Numbers

__all__ = ["encode", "tree_premises"]

DEPTH = 4


def tree_premises(
    kinds: tuple[Any, ...], numbers: Numbers, goal: Numbers, most: int, regression: bool
) -> list[Premise]:
    """Return the premises of a tree's leaves, from left to right; no two hold on one row.

    Args:
        kinds: What each column is, in the words of a scorer's form.
        numbers: The rows, NaN where unknown; the tree sees a column's median there.
        goal: Places of classes, or numbers for a regression.
        most: The most leaves.
        regression: Whether the goal is a number.
    """
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    encoded, meaning = encode(kinds, numbers)
    if most < 2 or not encoded.shape[1]:
        return [()]
    kind = DecisionTreeRegressor if regression else DecisionTreeClassifier
    smallest = max(5, len(goal) // 100) if len(goal) >= 20 else 1
    estimator = kind(
        max_leaf_nodes=most, max_depth=DEPTH, min_samples_leaf=smallest, random_state=0
    )
    estimator.fit(encoded, goal)
    tree = estimator.tree_
    found: list[Premise] = []

    def walk(node: int, premise: Premise) -> None:
        left = int(tree.children_left[node])
        if left < 0:
            found.append(premise)
            return
        feature = int(tree.feature[node])
        below, above = _sides(encoded[:, feature], tree.threshold[node], kinds, meaning[feature])
        walk(left, tighten(premise, below))
        walk(int(tree.children_right[node]), tighten(premise, above))

    walk(0, ())
    return found


def encode(
    kinds: tuple[Any, ...], numbers: Numbers
) -> tuple[Numbers, list[tuple[int, int | None]]]:
    """Return a column a number and a column a level, and what each of them means."""
    columns: list[Any] = []
    meaning: list[tuple[int, int | None]] = []
    for at, kind in enumerate(kinds):
        cells = numbers[:, at]
        known = cells[~numpy.isnan(cells)]
        if not len(known):
            continue
        count = level_count(kind)
        if count:
            # Of two levels one column says all.
            places = range(count) if count > 2 else range(1)
            columns += [(cells == place).astype(float) for place in places]
            meaning += [(at, place) for place in places]
        else:
            columns.append(numpy.where(numpy.isnan(cells), numpy.median(known), cells))
            meaning.append((at, None))
    return (numpy.column_stack(columns) if columns else numpy.zeros((len(numbers), 0))), meaning


def _sides(
    cells: Numbers, threshold: float, kinds: tuple[Any, ...], meaning: tuple[int, int | None]
) -> tuple[Condition, Condition]:
    """Return the conditions of a node's left and right side."""
    column, place = meaning
    if place is not None:
        others = tuple(one for one in range(level_count(kinds[column])) if one != place)
        return Condition(column, levels=others), Condition(column, levels=(place,))
    # The tree compares in single precision: the rows on each side say where the cut may lie.
    left = cells.astype(numpy.float32) <= threshold
    cut = round_cut(float(cells[left].max()), float(cells[~left].min()))
    return Condition(column, high=cut), Condition(column, low=cut)
