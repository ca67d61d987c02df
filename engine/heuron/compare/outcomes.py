"""The raw material of a comparison: rows, their truth, and what each backend replied.

Data only. `collect` fills it by asking, `evaluate` counts it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from heuron.check.tree import Goal
from heuron.compare.scorecard import Shot

__all__ = ["UNTIMED", "HeldOut", "Outcomes", "Reply", "Timing", "rightness", "short_name"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backend said of one row.

    `value` is None when it gave no answer. `confidence` and `probabilities` are a calibrated
    model's; `by` is whoever answered for a dispatcher: "rules", "model:NAME" or "refer".
    """

    value: object | None
    confidence: float | None = None
    probabilities: tuple[tuple[object, float], ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Which rows are compared: how many, of how many, chosen how, and what was left out.

    `split` says in words how the rows were chosen; `trained_on_left_out` are rows that a
    foreign model was trained on.
    """

    rows: int
    of: int
    split: str
    seed: int | None = None
    copies_left_out: int = 0
    contradictions: int = 0
    trained_on_left_out: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "of": self.of,
            "split": self.split,
            "seed": self.seed,
            "copies_left_out": self.copies_left_out,
            "contradictions": self.contradictions,
            "trained_on_left_out": self.trained_on_left_out,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """Microseconds for one answer: the median of single queries, and a row in a batch."""

    single: float | None
    batch: float | None


UNTIMED: Final = Timing(None, None)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All rows of a comparison with every reply, in the order of the rows.

    `levels` are the goal's levels in template order (empty for numbers and text). `shots` are
    the contributions of rules to the goal; `rules` names all rules that conclude it. `groups`
    gives each row's group where rows belong together. `timings` are left out of equality:
    they differ from run to run.
    """

    domain: str
    goal: Goal
    levels: tuple[str, ...]
    held_out: HeldOut
    truths: tuple[object, ...]
    replies: Mapping[str, tuple[Reply, ...]]
    rules: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()
    groups: tuple[object, ...] | None = None
    timings: Mapping[str, Timing] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the goal is a quantity, right within a tolerance."""
        return self.goal.tolerance is not None


def rightness(goal: Goal) -> Callable[[object, object], bool]:
    """Return the test of whether an answer is as good as another: equal, or within tolerance.

    A tolerance in percent is relative to the second argument, the truth.
    """
    tolerance = goal.tolerance
    if tolerance is None:
        return lambda answer, truth: answer == truth

    def within(answer: object, truth: object) -> bool:
        if not isinstance(answer, (int, float)) or not isinstance(truth, (int, float)):
            return False
        allowed = abs(truth) * tolerance / 100 if goal.percent else tolerance
        # A hair more than the tolerance, so that 0.3 is within 0.1 of 0.2 as people read it.
        return abs(answer - truth) <= allowed + 4 * math.ulp(max(abs(answer), abs(truth)))

    return within


def short_name(backend: str) -> str:
    """Return the name of a backend as texts show it: "model:forest" is "forest"."""
    return backend.removeprefix("model:")
