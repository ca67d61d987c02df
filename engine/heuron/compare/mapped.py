"""A map from certainties to probabilities, as data: `certainty_map` fits it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

__all__ = ["CertaintyMap"]


@dataclass(frozen=True, slots=True)
class CertaintyMap:
    """How often answers of a certainty were right, on `rows_found` training rows.

    `points` are (certainty, share right), both ascending; between two the share lies on a line,
    outside them it stays. `shares` pairs each value of the goal with its share of these rows.
    """

    rows_found: int
    points: tuple[tuple[float, float], ...]
    shares: tuple[tuple[object, float], ...]

    def probability(self, certainty: float) -> float:
        """Return how often an answer of that certainty is right."""
        at = bisect_right(self.points, (certainty, 2.0))
        if at == 0:
            return self.points[0][1]
        low, before = self.points[at - 1]
        if at == len(self.points) or low == certainty:
            return before
        high, after = self.points[at]
        return before + (after - before) * (certainty - low) / (high - low)

    def spread(self, value: object, probability: float) -> tuple[tuple[object, float], ...]:
        """Return the probability of each value; the others share the rest as they are common."""
        rest = sum(share for other, share in self.shares if other != value)
        return tuple(
            (
                other,
                probability
                if other == value
                else (1 - probability) * (share / rest if rest else 0),
            )
            for other, share in self.shares
        )

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"rows_found": self.rows_found, "points": [list(one) for one in self.points]}
