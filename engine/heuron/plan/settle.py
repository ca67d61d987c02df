"""How a concluded field gets its value from contributions: the one meaning for all plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from heuron.certainty import from_products
from heuron.values import Value

__all__ = ["best", "earlier", "settle"]

LAST: Final = 2**60
"""The rank of a value that nothing supports."""


def settle(
    contributions: Iterable[tuple[Value, float, int]],
) -> tuple[list[tuple[Value, float]], bool]:
    """Return all values with their certainties, best first, and whether some contradict.

    Args:
        contributions: Triples of value, certainty and the rank of the rule (salience, then rule
            order), in rule order, then fact order.

    Returns:
        Pairs of value and certainty (of either sign), highest first, ties by rank, then by the
        order of the contributions; and True when certain contributions for and against one value
        met (certainty 0).
    """
    doubts: dict[Value, list[float]] = {}
    for place, (value, certainty, rank) in enumerate(contributions):
        doubt = doubts.get(value)
        if doubt is None:
            doubt = doubts[value] = [1.0, 1.0, LAST, place]
        if certainty > 0.0:
            doubt[0] *= 1.0 - certainty
            if rank < doubt[2]:
                doubt[2] = rank
                doubt[3] = place
        else:
            doubt[1] *= 1.0 + certainty
    ranked = [
        (-from_products(positive, negative), rank, place, value)
        for value, (positive, negative, rank, place) in doubts.items()
    ]
    ranked.sort(key=lambda one: one[:3])
    contradiction = any(doubt[0] == doubt[1] == 0.0 for doubt in doubts.values())
    return [(one[3], -one[0]) for one in ranked], contradiction


def best(settled: Iterable[tuple[Value, float]]) -> tuple[tuple[Value, float], ...]:
    """Return the values that hold: those above certainty 0, best first."""
    return tuple(pair for pair in settled if pair[1] > 0.0)


def earlier(
    fired: Iterable[int],
    ranks: Mapping[Value, Mapping[int, tuple[int, int]]],
    one: Value,
    other: Value,
) -> Value:
    """Return which of two values of equal certainty has the support that ranks first.

    Args:
        fired: The indexes of the rules that fired.
        ranks: For each value, by index, the rules that can support it: rank and place of the
            action.
        one: The value that was met first.
        other: The value with the same certainty.
    """
    firsts = []
    for value in (one, other):
        places = ranks[value]
        firsts.append(min((places[index] for index in fired if index in places), default=(LAST, 0)))
    return other if firsts[1] < firsts[0] else one
