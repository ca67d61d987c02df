"""Soft votes: the weighted mean of several models on the same columns.

JSON: `{"kind": "vote", "models": […], "weights": […]}`; the weights add up to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.numbers import numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["check", "columns", "one"]


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check an untrusted vote; its members may be of any family but votes and margins."""
    from heuron.learn.scorer.form import family_of

    members = model.get("models")
    if not isinstance(members, list) or not members:
        raise ValueError("a vote needs models")
    numbers(model.get("weights"), len(members), "a vote's weights")
    for member in members:
        if not isinstance(member, dict) or member.get("kind") == "vote":
            raise ValueError("a vote's member is no model")
        if member.get("link") == "margin":
            raise ValueError("a vote needs probabilities")
        family_of(member).check(member, width, classes)


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Compile the vote for one encoded row."""
    from heuron.learn.scorer.form import family_of

    members = [
        (weight, family_of(member).one(member, width, classes))
        for weight, member in zip(model["weights"], model["models"], strict=True)
    ]

    def score(x: Sequence[float]) -> list[float]:
        sums = [0.0] * max(1, classes)
        for weight, member in members:
            for place, value in enumerate(member(x)):
                sums[place] += weight * value
        return sums

    return score


def columns(
    model: dict[str, Any], x: numpy.ndarray[Any, Any], classes: int
) -> numpy.ndarray[Any, Any]:
    """Return the class scores of many encoded rows."""
    import numpy

    from heuron.learn.scorer.form import family_of

    total = numpy.zeros((len(x), max(1, classes)))
    for weight, member in zip(model["weights"], model["models"], strict=True):
        total += weight * family_of(member).columns(member, x, classes)
    return total
