"""Model specs: what people decide about a model, in `models/<domain>/<name>.toml`.

Owns `Spec` and what it is made of; `read_spec` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from heuron.learn.allowed import Allowed, lookup
from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.learn.members import Member
from heuron.values import Value

__all__ = ["Feature", "Missing", "Range", "Spec", "Threshold", "default_features", "spec_names"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A field that the model reads; a date counts as days before `days_before`."""

    field: str
    days_before: date | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What happens when a field is unknown: refuse, median, most_common, native or a `value`."""

    policy: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """When the positive level is answered.

    `at` is a fixed probability; or it follows from what a missed positive and a false alarm cost;
    or it is the best for `metric` on out-of-fold answers.
    """

    at: float | None = 0.5
    missed: float | None = None
    alarm: float | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that a search draws from, both ends among them: evenly, or with `log` by size."""

    low: float
    high: float
    log: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """A model as people design it; `document` gives places for messages."""

    name: str
    title: str
    estimator: str
    features: tuple[Feature, ...]
    positive: str | bool | None
    calibration: str
    threshold: Threshold
    seed: int
    scaled: bool
    hyperparameters: Mapping[str, Any]
    members: tuple[Member, ...]
    packages: tuple[str, ...]
    missing: Mapping[str, Missing]
    search: Mapping[str, tuple[Any, ...] | Range]
    document: Document = field(compare=False, repr=False)

    @property
    def allowed(self) -> Allowed:
        """What is known of the estimator's class."""
        found = lookup(self.estimator, self.packages)
        assert found is not None, self.estimator
        return found


def spec_names(folder: Path) -> list[str]:
    """Return the names of the model specs in a domain's folder, sorted."""
    if not folder.is_dir():
        return []
    names = (path.stem for path in folder.glob("*.toml"))
    return sorted(name for name in names if name not in ("data", "selected"))


def default_features(contract: Contract) -> tuple[str, ...]:
    """Return the fields that a model reads unless its spec names them.

    All declared fields that no rule concludes, less the goal, text, lists, nested types and
    dates (which need a day to count from).
    """
    left_out = ("text", "list", "reference", "date", "datetime")
    return tuple(
        one.name
        for one in contract.template.fields
        if one.name != contract.goal
        and one.name not in contract.concluded
        and one.type.kind not in left_out
    )
