"""Soft votes: the weighted mean of several models on the same columns.

JSON: `{"kind": "vote", "models": […], "weights": […]}`; the weights add up to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.numbers import numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["check", "many", "one"]


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


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Compile the model for many encoded rows: to one column a class, or one for a number."""
    import numpy

    from heuron.learn.scorer.form import family_of

    members = [
        (weight, family_of(member).many(member, width, classes))
        for weight, member in zip(model["weights"], model["models"], strict=True)
    ]

    def score(x: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        total = numpy.zeros((len(x), max(1, classes)))
        for weight, member in members:
            total += weight * member(x)
        return total

    return score
