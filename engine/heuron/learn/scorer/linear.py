"""Linear models: logistic and multinomial regression, margins, and plain linear regression.

JSON: `{"kind": "linear", "weights": [[…], …], "bias": […], "link": L}`. One row of weights for
two classes (the sum speaks for the first of them) or a number, one a class for more. Links:
`logistic` and `softmax` give probabilities, `one_vs_rest` a logistic each that are then made to
add up to 1, `margin` signed distances, `identity` the number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp
from operator import mul
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.numbers import numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["LINKS", "check", "export", "link_columns", "link_one", "many", "one"]

LINKS = ("logistic", "softmax", "one_vs_rest", "margin", "identity")

MOST_INLINE = 300
"""With more weights a loop is compiled, for generated text would be slow to compile."""


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted model of `width` columns and `classes` classes (0: a number)."""
    link = model.get("link")
    if link not in LINKS or (link == "identity") != (classes == 0):
        raise ValueError(f"a linear model has no link {link!r}")
    rows = 1 if classes <= 2 else classes
    if (link in ("softmax", "one_vs_rest")) != (classes > 2) and link != "margin" and classes:
        raise ValueError(f"the link {link} does not suit {classes} classes")
    weights = model.get("weights")
    if not isinstance(weights, list) or len(weights) != rows:
        raise ValueError(f"a linear model needs {rows} rows of weights")
    for row in weights:
        numbers(row, width, "a row of weights")
    numbers(model.get("bias"), rows, "the bias")


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the model for one encoded row: to a list of probabilities, margins, or a number."""
    weights = [[float(weight) for weight in row] for row in model["weights"]]
    bias = [float(number) for number in model["bias"]]
    sums = _inline(weights, bias, width) if width * len(weights) <= MOST_INLINE else None
    finish = link_one(model["link"])
    if sums is None:

        def score(x: Sequence[float]) -> list[float]:
            return finish(
                [sum(map(mul, row, x), start) for row, start in zip(weights, bias, strict=True)]
            )

        return score
    inline = sums
    return lambda x: finish(inline(x))


def _inline(
    weights: list[list[float]], bias: list[float], width: int
) -> Callable[[Sequence[float]], list[float]]:
    """Generate the weighted sums as Python text. Only numbers and indexes enter it."""
    lines = ["def sums(x):"]
    if width:
        lines.append("    " + "".join(f"x{at}, " for at in range(width)) + "= x")
    for place, (row, start) in enumerate(zip(weights, bias, strict=True)):
        terms = [f"{weight!r} * x{at}" for at, weight in enumerate(row)]
        lines.append(f"    s{place} = {start!r}")
        for at in range(0, len(terms), 40):
            lines.append(f"    s{place} += " + " + ".join(terms[at : at + 40]))
    lines.append("    return [" + ", ".join(f"s{place}" for place in range(len(bias))) + "]")
    scope: dict[str, Any] = {}
    exec("\n".join(lines), scope)
    return scope["sums"]  # type: ignore[no-any-return]


def link_one(link: str) -> Callable[[list[float]], list[float]]:
    """Return the function from raw sums to class scores for one row."""
    if link == "logistic":
        return _logistic
    if link == "softmax":
        return _softmax
    if link == "one_vs_rest":
        return _one_vs_rest
    if link == "margin":
        return lambda sums: [sums[0], -sums[0]] if len(sums) == 1 else sums
    return lambda sums: sums


def _logistic(sums: list[float]) -> list[float]:
    total = sums[0]
    # Each side from its own exponential, so that neither loses digits near 0.
    if total >= 0.0:
        small = exp(-total)
        return [1.0 / (1.0 + small), small / (1.0 + small)]
    small = exp(total)
    return [small / (1.0 + small), 1.0 / (1.0 + small)]


def _softmax(sums: list[float]) -> list[float]:
    most = max(sums)
    powers = [exp(one - most) for one in sums]
    total = sum(powers)
    if total != total:  # every sum is endless: nothing speaks for one class more than another
        return [1.0 / len(sums)] * len(sums)
    return [power / total for power in powers]


def _one_vs_rest(sums: list[float]) -> list[float]:
    each = [_logistic([one])[0] for one in sums]
    total = sum(each)
    return [one / total for one in each] if total else [1.0 / len(each)] * len(each)


def link_columns(link: str, sums: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return class scores, one column a class, of raw sums for many rows."""
    import numpy

    if link == "logistic":
        small = numpy.exp(-numpy.abs(sums[:, 0]))
        upper, lower = 1.0 / (1.0 + small), small / (1.0 + small)
        is_first = sums[:, 0] >= 0.0
        return numpy.asarray(numpy.where([is_first, ~is_first], upper, lower).T)
    if link == "softmax":
        with numpy.errstate(invalid="ignore"):
            powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
        found = powers / powers.sum(axis=1, keepdims=True)
        return numpy.asarray(numpy.where(numpy.isnan(found), 1.0 / sums.shape[1], found))
    if link == "one_vs_rest":
        small = numpy.exp(-numpy.abs(sums))
        each = numpy.where(sums >= 0.0, 1.0, small) / (1.0 + small)
        total = each.sum(axis=1, keepdims=True)
        even = numpy.full_like(each, 1.0 / each.shape[1])
        return numpy.asarray(numpy.divide(each, total, out=even, where=total != 0.0))
    if link == "margin" and sums.shape[1] == 1:
        return numpy.concatenate([sums, -sums], axis=1)
    return sums


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    import numpy

    weights = numpy.array(model["weights"], dtype=float).reshape(-1, width).T
    bias, link = numpy.array(model["bias"], dtype=float), model["link"]
    return lambda x: link_columns(link, x @ weights + bias)


def export(estimator: Any, margin: bool = False) -> dict[str, Any] | None:
    """Return a fitted scikit-learn linear model as plain numbers.

    Under `margin` it gives its decision function instead of probabilities. None where its
    probabilities are neither logistic nor softmax (`loss="modified_huber"`).
    """
    import numpy

    weights = numpy.atleast_2d(estimator.coef_)
    bias = numpy.broadcast_to(numpy.atleast_1d(estimator.intercept_), (len(weights),))
    link = _link_of(estimator, margin)
    if link is None:
        return None
    if link in ("logistic", "margin") and len(weights) == 1:
        weights, bias = -weights, -bias  # scikit-learn's sum speaks for the second class
    return {"kind": "linear", "weights": weights.tolist(), "bias": bias.tolist(), "link": link}


def _link_of(estimator: Any, margin: bool) -> str | None:
    if not hasattr(estimator, "classes_"):
        return "identity"
    if margin or not hasattr(estimator, "predict_proba"):
        return "margin"
    loss = getattr(estimator, "loss", "log_loss")
    if loss == "modified_huber":
        return None
    if len(estimator.classes_) == 2:
        return "logistic"
    # Stochastic gradient descent and liblinear fit each class against the rest.
    apart = hasattr(estimator, "loss") or getattr(estimator, "solver", "") == "liblinear"
    apart |= getattr(estimator, "multi_class", "") == "ovr"
    return "one_vs_rest" if apart else "softmax"
