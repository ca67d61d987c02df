"""What copies are worth, as data: `copies` measures it, reports and pages tell it."""

from __future__ import annotations

from dataclasses import dataclass

from heuron.compare.intervals import Interval

__all__ = ["CopiesWorth", "WithCopies"]


@dataclass(frozen=True, slots=True)
class WithCopies:
    """A backend's right rows of all rows: copies counted once and kept together, and ignored.

    Intervals count the different rows, not their copies.
    """

    backend: str
    once: tuple[int, int]
    ignored: tuple[int, int]
    once_interval: Interval
    ignored_interval: Interval
    apparent_interval: Interval

    @property
    def apparent(self) -> float:
        """The share that ignoring copies makes it look better by."""
        return self.ignored[0] / self.ignored[1] - self.once[0] / self.once[1]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "backend": self.backend,
            "once": list(self.once),
            "once_interval": list(self.once_interval),
            "ignored": list(self.ignored),
            "ignored_interval": list(self.ignored_interval),
            "apparent": self.apparent,
            "apparent_interval": list(self.apparent_interval),
        }


@dataclass(frozen=True, slots=True)
class CopiesWorth:
    """How many rows are copies of an earlier one, and what that makes of each backend's score."""

    rows: int
    copies: int
    folds: int
    scores: tuple[WithCopies, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "copies": self.copies,
            "folds": self.folds,
            "scores": [one.to_dict() for one in self.scores],
        }
