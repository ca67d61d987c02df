"""Forms of a compiled model that need fewer bytes or less work, made from its plain numbers.

Owns `packed`, `int8` and `fewer_trees`. Votes and calibrated models are gone through: each part is
changed that the method means something for. A form in which nothing would change is refused with
`Unsuited`, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import ceil, isfinite
from typing import Any, Final

from heuron.learn.scorer.form import has_trees
from heuron.learn.scorer.network import weights_of
from heuron.learn.scorer.pack import LARGE

__all__ = ["TREES", "Unsuited", "fewer_trees", "int8", "most_rounds", "packed", "trees_left"]

TREES: Final = ("tree", "forest", "boosting")

ROUNDED: Final = {
    "linear": ("weights", "bias"),
    "gaussian": ("mean", "variance", "prior"),
    "bernoulli": ("weights", "start"),
}
"""The numbers of each kind of model that may be rounded, trees and networks aside."""

NAMES: Final = {
    "linear": "a linear model",
    "gaussian": "naive Bayes",
    "bernoulli": "naive Bayes",
    "network": "a network",
    "tree": "a single tree",
    "forest": "a forest of one tree",
    "boosting": "boosting of one round",
}

Parts = Mapping[str, Any]


class Unsuited(ValueError):
    """A method means nothing for a model; the message says why, for its user."""


def packed(form: Parts) -> dict[str, Any]:
    """Return a form in single precision.

    A tree's cut is rounded down, so that it stays below the next single number, which is what the
    estimator compared; what only explanations read is dropped.
    """
    changed = {**form, "model": _each(form["model"], _packed)}
    if not has_trees(form["model"]):  # their cuts belong to inputs that are encoded exactly
        changed["encode"] = [_packed_step(step) for step in form["encode"]]
    return changed


def int8(form: Parts) -> dict[str, Any]:
    """Return a form whose networks have weights in whole numbers from -127 to 127, times a scale.

    Raises:
        Unsuited: It has no network.
    """
    kinds = [part["kind"] for part in _parts(form["model"])]
    if "network" not in kinds:
        if any(kind in TREES for kind in kinds):
            raise Unsuited("trees hold cuts, not weights: packed is for them")
        raise Unsuited(f"{_named(kinds)} has too few numbers to gain by it: int8 is for networks")
    return {**form, "model": _each(form["model"], _int8)}


def fewer_trees(form: Parts, rounds: int) -> dict[str, Any]:
    """Return a form with the first trees of each of its ensembles.

    Args:
        form: The form.
        rounds: How many are left of the ensemble that has the most, of `most_rounds`; the others
            keep the same share.
    """
    most = most_rounds(form)

    def first(part: Parts) -> dict[str, Any]:
        own = _rounds(part)
        return dict(part) if own < 2 else _first_trees(part, ceil(own * rounds / most))

    return {**form, "model": _each(form["model"], first)}


def most_rounds(form: Parts) -> int:
    """Return how many trees (rounds of boosting) the largest ensemble of a form has.

    Raises:
        Unsuited: It has none of at least two trees.
    """
    parts = list(_parts(form["model"]))
    most = max(map(_rounds, parts))
    if most < 2:
        raise Unsuited(f"{_named([part['kind'] for part in parts])} has no trees to leave out")
    return most


def trees_left(form: Parts, rounds: int) -> str:
    """Return in words how many trees are left after so many rounds."""
    ensembles = [part for part in _parts(form["model"]) if _rounds(part) > 1]
    most = most_rounds(form)
    if len(ensembles) > 1:
        return f"the first {rounds} of {most} trees in {len(ensembles)} ensembles"
    if ensembles[0]["kind"] == "boosting" and len(ensembles[0]["start"]) > 1:
        return f"the first {rounds} of {most} rounds"
    return f"{rounds} of {most} trees"


def _parts(model: Parts) -> Iterator[Parts]:
    """Yield the models that a model is made of, itself where it is none of others."""
    if model["kind"] == "vote":
        for member in model["models"]:
            yield from _parts(member)
    elif model["kind"] == "calibrated":
        yield from _parts(model["model"])
    else:
        yield model


def _each(model: Parts, change: Callable[[Parts], dict[str, Any]]) -> dict[str, Any]:
    """Return a model with each of its parts changed."""
    if model["kind"] == "vote":
        return {**model, "models": [_each(one, change) for one in model["models"]]}
    if model["kind"] == "calibrated":
        maps = [_packed_map(one) if change is _packed else one for one in model.get("maps") or ()]
        inner = {**model, "model": _each(model["model"], change)}
        return {**inner, "maps": maps} if maps else inner
    return change(model)


def _named(kinds: list[str]) -> str:
    return "a vote" if len(set(kinds)) > 1 else NAMES[kinds[0]]


def _packed(model: Parts) -> dict[str, Any]:
    if model["kind"] in TREES:
        return _packed_trees(model)
    if model["kind"] == "network":
        layers = [
            {**layer, "weights": _single(layer["weights"]), "bias": _single(layer["bias"])}
            for layer in model["layers"]
        ]
        return {**model, "layers": layers}
    return {**model, **{name: _single(model[name]) for name in ROUNDED[model["kind"]]}}


def _packed_trees(model: Parts) -> dict[str, Any]:
    import numpy

    cuts = numpy.asarray(model["cut"], dtype=float)
    with numpy.errstate(over="ignore"):
        low = cuts.astype(numpy.float32)
    low = numpy.where(low > cuts, numpy.nextafter(low, numpy.float32(-numpy.inf)), low)
    singles = [float(one) for one in low]
    if len(singles) <= LARGE:
        # The decimals of a single number may lie below it: then a value on the cut would turn.
        singles = [max(one, float(str(cut))) for one, cut in zip(singles, low, strict=True)]
    singles = [
        one if isfinite(one) else cut for one, cut in zip(singles, model["cut"], strict=True)
    ]
    slim = {name: one for name, one in model.items() if name != "rows"}
    if model["kind"] == "tree":  # a list a leaf, none of them long
        return {**slim, "cut": singles, "leaf": [one and _single(one) for one in model["leaf"]]}
    return {**slim, "cut": singles, "leaf": _single(model["leaf"])}


def _packed_step(step: list[Any]) -> list[Any]:
    return [*step[:2], *map(_rounded, step[2:])] if step[0] in ("scale", "times") else step


def _packed_map(calibration: list[Any]) -> list[Any]:
    """Return a calibration's points in single precision, where they still rise."""
    if calibration[0] != "isotonic":
        return calibration
    x, y = _single(calibration[1]), _single(calibration[2])
    return ["isotonic", x, y] if all(a < b for a, b in pairwise(x)) else calibration


def _single(value: Any) -> Any:
    """Return numbers in single precision: exactly, where they are many and stored as such; else
    as the shortest decimals that name it, for text is what a short list is stored as."""
    if not isinstance(value, list):
        return _rounded(value)
    if len(value) > LARGE:
        return [_exact(one) for one in value]
    return [_single(one) for one in value]


def _exact(value: Any) -> Any:
    import numpy

    if isinstance(value, list):
        return [_exact(one) for one in value]
    with numpy.errstate(over="ignore"):
        found = float(numpy.float32(value))
    # What single precision cannot hold stays as it was: a variance of 0 would be no variance.
    return found if isfinite(found) and (found != 0.0 or value == 0.0) else value


def _rounded(value: Any) -> Any:
    import numpy

    if isinstance(value, int):
        return value
    exact = _exact(value)
    return exact if exact == value else float(str(numpy.float32(exact)))


def _int8(model: Parts) -> dict[str, Any]:
    if model["kind"] != "network":
        return dict(model)
    layers = []
    for layer in model["layers"]:
        rows = weights_of(layer)
        scale = max((abs(one) for row in rows for one in row), default=0.0) / 127 or 1.0
        whole = [[round(one / scale) for one in row] for row in rows]
        layers.append({**layer, "weights": whole, "scale": scale})
    return {**model, "layers": layers}


def _rounds(model: Parts) -> int:
    """Return how often a model asks its trees: of boosting a round has a tree a class."""
    if model["kind"] == "boosting":
        return len(model["roots"]) // len(model["start"])
    return len(model["roots"]) if model["kind"] == "forest" else 0


def _first_trees(model: Parts, rounds: int) -> dict[str, Any]:
    roots = model["roots"]
    count = rounds * (len(model["start"]) if model["kind"] == "boosting" else 1)
    if count >= len(roots):
        return dict(model)
    end = roots[count]
    leaves = sum(one < 0 for one in model["feature"])
    each = len(model["leaf"]) // leaves
    kept = sum(one < 0 for one in model["feature"][:end])
    slim = dict(model)
    for name in ("feature", "cut", "left", "right", "missing_left", "rows"):
        if model.get(name) is not None:
            slim[name] = model[name][:end]
    slim["leaf"] = model["leaf"][: kept * each]
    slim["roots"] = roots[:count]
    return slim
