"""Naive Bayes: Gaussian, and Bernoulli on features cut to 0 and 1.

JSON: `{"kind": "gaussian", "prior": log priors, "mean": [[…]], "variance": [[…]]}` with a row a
class; `{"kind": "bernoulli", "cut": c, "start": […], "weights": [[…]]}`, where a feature above
`cut` (null: as it is) adds its weight to the class's log odds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log, pi
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.linear import link_columns, link_one
from heuron.learn.scorer.numbers import a_number, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["check", "export", "many", "one"]


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted model of `width` columns and `classes` classes."""
    if classes < 2:
        raise ValueError("naive Bayes needs classes")
    names = ("mean", "variance") if model["kind"] == "gaussian" else ("weights",)
    for name in names:
        rows = model.get(name)
        if not isinstance(rows, list) or len(rows) != classes:
            raise ValueError(f"{name} needs a row for each class")
        for row in rows:
            checked = numbers(row, width, name)
            if name == "variance" and min(checked, default=1.0) <= 0:
                raise ValueError("a variance is not above 0")
    numbers(model.get("prior" if model["kind"] == "gaussian" else "start"), classes, "the start")
    if model["kind"] == "bernoulli" and model.get("cut") is not None:
        a_number(model["cut"], "the cut")


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the model for one encoded row."""
    softmax = link_one("softmax")
    if model["kind"] == "bernoulli":
        cut, weights, start = model["cut"], model["weights"], model["start"]

        def score_bits(x: Sequence[float]) -> list[float]:
            bits = x if cut is None else [1.0 if value > cut else 0.0 for value in x]
            rows = zip(weights, start, strict=True)
            return softmax(
                [first + sum(w * b for w, b in zip(row, bits, strict=True)) for row, first in rows]
            )

        return score_bits
    rows = []
    for prior, means, variances in zip(
        model["prior"], model["mean"], model["variance"], strict=True
    ):
        start = prior - 0.5 * sum(log(2.0 * pi * variance) for variance in variances)
        rows.append((start, list(zip(means, variances, strict=True))))

    def score(x: Sequence[float]) -> list[float]:
        return softmax(
            [
                start - 0.5 * sum((v - m) * (v - m) / s for v, (m, s) in zip(x, pairs, strict=True))
                for start, pairs in rows
            ]
        )

    return score


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    import numpy

    if model["kind"] == "bernoulli":
        cut, start = model["cut"], numpy.array(model["start"], dtype=float)
        weights = numpy.array(model["weights"], dtype=float).T

        def score_bits(x: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
            bits = x if cut is None else (x > cut).astype(float)
            return link_columns("softmax", bits @ weights + start)

        return score_bits
    means = numpy.array(model["mean"], dtype=float)
    variances = numpy.array(model["variance"], dtype=float)
    starts = numpy.array(model["prior"], dtype=float)
    starts = starts - 0.5 * numpy.log(2.0 * pi * variances).sum(axis=1)

    def score(x: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        sums = numpy.empty((len(x), classes))
        apart = numpy.empty_like(x)
        for place in range(classes):
            numpy.subtract(x, means[place], out=apart)
            numpy.multiply(apart, apart, out=apart)
            numpy.divide(apart, variances[place], out=apart)
            sums[:, place] = starts[place] - 0.5 * apart.sum(axis=1)
        return link_columns("softmax", sums)

    return score


def export(estimator: Any) -> dict[str, Any]:
    """Return a fitted GaussianNB or BernoulliNB as plain numbers."""
    import numpy

    if hasattr(estimator, "var_"):
        return {
            "kind": "gaussian",
            "prior": numpy.log(estimator.class_prior_).tolist(),
            "mean": estimator.theta_.tolist(),
            "variance": estimator.var_.tolist(),
        }
    absent = numpy.log1p(-numpy.exp(estimator.feature_log_prob_))
    return {
        "kind": "bernoulli",
        "cut": None if estimator.binarize is None else float(estimator.binarize),
        "start": (estimator.class_log_prior_ + absent.sum(axis=1)).tolist(),
        "weights": (estimator.feature_log_prob_ - absent).tolist(),
    }
