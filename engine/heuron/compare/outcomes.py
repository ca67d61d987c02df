"""The raw material of a comparison: rows, their truth, and what each backend replied.

Data only. `collect` fills it by asking, `evaluate` counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from heuron.compare.scorecard import Loss, Shot
from heuron.learn.contract import Contract

__all__ = ["UNTIMED", "HeldOut", "Outcomes", "Reply", "Timing", "short_name"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backend said of one row.

    `value` is None when it gave no answer. `confidence` and `probabilities` are a calibrated
    model's, `certainty` is the rules'; `by` is whoever answered for a dispatcher: "rules",
    "model:NAME" or "refer".
    """

    value: object | None
    confidence: float | None = None
    probabilities: tuple[tuple[object, float], ...] = ()
    by: str | None = None
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Which rows are compared: how many, of how many, chosen how, and what was left out.

    `source` names the data; `split` is "hash", "group", "time", "stratified", or "all rows" when
    they are new to every model; `trained_on_left_out` are rows that a foreign model was trained
    on. `folds` is how many parts the rows were cut into, when models were fitted again without
    each part, and `repeats` how often that was done; None when the trained models were asked.
    `groups` is how many groups the rows come in, None where every row is one of its own.
    """

    rows: int
    of: int
    split: str
    seed: int | None = None
    copies_left_out: int = 0
    contradictions: int = 0
    trained_on_left_out: int = 0
    source: str = ""
    folds: int | None = None
    repeats: int | None = None
    groups: int | None = None

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
            "source": self.source,
            "folds": self.folds,
            "repeats": self.repeats,
            "groups": self.groups,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """Microseconds for one answer: the median of single queries, and a row in a batch.

    `quartiles` are those of the single queries.
    """

    single: float | None
    batch: float | None
    quartiles: tuple[float, float] | None = None


UNTIMED: Final = Timing(None, None)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All rows of a comparison with every reply, in the order of the rows.

    `contract` says what is asked and what counts as right. `shots` are the contributions of
    rules to the goal, `losses` what would change without one; `rules` names all rules that
    conclude it. `groups` gives each row's group
    where rows belong together. `timings` are left out of equality: they differ from run to run.
    """

    contract: Contract
    held_out: HeldOut
    truths: tuple[object, ...]
    replies: Mapping[str, tuple[Reply, ...]]
    rules: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()
    losses: tuple[Loss, ...] = ()
    groups: tuple[object, ...] | None = None
    timings: Mapping[str, Timing] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the goal is a quantity, right within a tolerance."""
        return self.contract.is_regression

    @property
    def levels(self) -> tuple[str | bool, ...]:
        """The goal's levels in template order; none for a quantity."""
        return self.contract.classes


def short_name(backend: str) -> str:
    """Return the name of a backend as texts show it: "model:forest" is "forest"."""
    return backend.removeprefix("model:")
