"""What each field added to a model's answer.

Linear models add up exactly. For trees and forests each feature gets what its splits changed on
the way down (Saabas, "Interpreting random forests", 2014; the `treeinterpreter` method), in the
class's raw score. For other models they are Shapley values against a usual record (Štrumbelj and
Kononenko, "An efficient explanation of individual classifications using game theory", 2010):
exact for a few features, for more the mean over two orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.trees import nodes_of

if TYPE_CHECKING:
    from heuron.learn.scorer.scorer import Scorer

__all__ = ["amounts_of"]

MOST_EXACT = 8
"""Up to so many features every order is counted: 256 scores."""


def amounts_of(
    scorer: Scorer, row: Sequence[float], place: int
) -> tuple[str, int, float, list[float]]:
    """Return the scale, the class that the amounts speak for, the base, and one amount an input."""
    form = scorer.form
    model = form.model
    sources = [step[1] for step in form.encode]
    if model["kind"] == "linear":
        x = scorer.encode(row)
        toward, weights, base = _linear_row(form, place)
        scale = {"margin": "margin", "identity": "number"}.get(model["link"], "log-odds")
        each = [weight * one for weight, one in zip(weights, x, strict=True)]
        return scale, toward, base, _by_input(each, sources, len(row))
    if model["kind"] in ("tree", "forest"):
        base, each = _path_parts(scorer, scorer.encode(row), place)
        scale = "share" if form.classes else "number"
        return scale, place, base, _by_input(each, sources, len(row))
    if model["kind"] == "boosting" and len(model["start"]) == 1:
        base, each = _path_parts(scorer, scorer.encode(row), 0)
        trees = len(model["roots"])
        # The sums speak for the first of two classes.
        sign = -1.0 if form.classes and place == 1 else 1.0
        each = [sign * trees * one for one in each]
        scale = "log-odds" if form.classes else "number"
        base = sign * (model["start"][0] + trees * base)
        return scale, place, base, _by_input(each, sources, len(row))
    return _by_stepping_in(scorer, row, place)


def _by_input(each: Sequence[float], sources: Sequence[int], count: int) -> list[float]:
    amounts = [0.0] * count
    for amount, source in zip(each, sources, strict=True):
        amounts[source] += amount
    return amounts


def _linear_row(form: Any, place: int) -> tuple[int, list[float], float]:
    """Return the class spoken for, its weights and its bias.

    With two classes the answered one against the other; with more, the answered one against
    the mean of all, so that adding the same to every class changes nothing.
    """
    weights, bias = form.model["weights"], form.model["bias"]
    if len(weights) == 1:
        sign = -1.0 if form.classes and place == 1 else 1.0
        return place, [sign * weight for weight in weights[0]], sign * bias[0]
    count = len(weights)
    means = [sum(column) / count for column in zip(*weights, strict=True)]
    own = [weight - mean for weight, mean in zip(weights[place], means, strict=True)]
    return place, own, bias[place] - sum(bias) / count


def _path_parts(scorer: Scorer, x: Sequence[float], place: int) -> tuple[float, list[float]]:
    """Return the base and each column's part of the trees' raw score, averaged over the trees.

    A node's value is the mean of its children, weighted by their training rows.
    """
    form = scorer.form
    nodes = nodes_of(form.model, len(form.classes))
    rows = form.model.get("rows")
    count = len(nodes.feature)
    value = [0.0] * count
    for at in range(count - 1, -1, -1):
        if nodes.feature[at] < 0:
            leaf = nodes.values[nodes.place[at]]
            value[at] = leaf[place] if len(leaf) > 1 else leaf[0]
            continue
        left, right = nodes.left[at], nodes.right[at]
        weights = (rows[left], rows[right]) if rows else (1, 1)
        total = (weights[0] * value[left] + weights[1] * value[right]) / max(1, sum(weights))
        value[at] = total
    parts = [0.0] * len(x)
    base = 0.0
    for root in nodes.roots:
        at = root
        base += value[root]
        while nodes.feature[at] >= 0:
            feature = nodes.feature[at]
            number = x[feature]
            left = number <= nodes.cut[at]
            if nodes.missing_left is not None and number != number:
                left = bool(nodes.missing_left[at])
            child = nodes.left[at] if left else nodes.right[at]
            parts[feature] += value[child] - value[at]
            at = child
    trees = len(nodes.roots)
    return base / trees, [part / trees for part in parts]


def _by_stepping_in(
    scorer: Scorer, row: Sequence[float], place: int
) -> tuple[str, int, float, list[float]]:
    """Return amounts that lead from the usual record's score to this record's.

    Each is the mean of what the feature's own value adds when it takes the usual one's place,
    over the orders in which features may do so: all of them for a few features (the Shapley
    value), else the declared order and its reverse.
    """
    form = scorer.form
    usual = _usual(scorer)

    def score(taken: int) -> float:
        mixed = [row[at] if taken >> at & 1 else usual[at] for at in range(len(row))]
        scores = scorer.scores(mixed)
        return scores[place] if form.classes else scores[0]

    count = len(row)
    if count <= MOST_EXACT:
        scores = [score(taken) for taken in range(1 << count)]
        amounts = [_shapley(scores, count, at) for at in range(count)]
        base = scores[0]
    else:
        up = [score((1 << at) - 1) for at in range(count + 1)]
        whole = (1 << count) - 1
        down = [score(whole & ~((1 << at) - 1)) for at in range(count + 1)]
        amounts = [(up[at + 1] - up[at] + down[at] - down[at + 1]) / 2 for at in range(count)]
        base = up[0]
    scale = "probability" if form.classes else "number"
    return scale, place, base, amounts


def _shapley(scores: Sequence[float], count: int, at: int) -> float:
    """Return one feature's Shapley value; `scores` are by the set of features that stepped in."""
    from math import comb, fsum

    bit = 1 << at
    return fsum(
        (scores[taken | bit] - scores[taken]) / (count * comb(count - 1, taken.bit_count()))
        for taken in range(1 << count)
        if not taken & bit
    )


def _usual(scorer: Scorer) -> list[float]:
    """Return a usual record: means where the scorer knows them, else middles of ranges."""
    form = scorer.form
    means = {step[1]: step[2] for step in form.encode if step[0] == "scale"}
    return [
        means[at] if at in means else _middle(kind, seen)
        for at, (kind, seen) in enumerate(zip(form.kinds, form.seen, strict=True))
    ]


def _middle(kind: Any, seen: list[float] | None) -> float:
    if seen is None:
        return 0.0
    if is_levels(kind) or kind == "boolean":
        return float(seen.index(max(seen)))
    return (seen[0] + seen[1]) / 2
