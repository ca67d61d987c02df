"""The result of a comparison: frozen, comparable, with the stable JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from heuron.answer import plain
from heuron.compare.copied import CopiesWorth
from heuron.compare.costs import Bound, Cost, CostScore
from heuron.compare.disagreements import Disagreement
from heuron.compare.intervals import Interval, wilson
from heuron.compare.mapped import CertaintyMap
from heuron.compare.metrics import Bin, Calibration, CertaintyBin
from heuron.compare.outcomes import UNTIMED, HeldOut, Timing
from heuron.compare.policies import PolicyTrial
from heuron.compare.rule_rows import RuleRows
from heuron.compare.scorecard import RuleScore
from heuron.compare.slices import SliceSearch

__all__ = ["BackendScore", "Comparison", "Errors", "PairScore", "View"]

LISTS: Final = (
    "confusion",
    "reliability",
    "certainties",
    "certainty_map",
    "coverage_curve",
    "coverage_curve_intervals",
    "routes",
)
"""What a backend has many of, and a table with a row a backend has no place for."""


def _pair(interval: Interval | None) -> list[float] | None:
    return list(interval) if interval else None


def _bin(one: Bin) -> dict[str, object]:
    return {
        "rows": one.rows,
        "right": one.right,
        "confidence": one.confidence,
        "interval": _pair(one.interval),
    }


def _certainty_bin(one: CertaintyBin) -> dict[str, object]:
    return {
        "low": one.low,
        "high": one.high,
        "certainty": one.mean,
        "rows": one.rows,
        "right": one.right,
        "interval": _pair(one.interval),
    }


@dataclass(frozen=True, slots=True)
class Errors:
    """How far a backend's numbers are off, in the goal's unit, with intervals.

    `absolute` is the mean size of an error, `squared` the root of the mean square, `bias` the
    mean of answer less truth.
    """

    absolute: float
    absolute_interval: Interval | None
    squared: float
    squared_interval: Interval | None
    bias: float
    bias_interval: Interval | None


@dataclass(frozen=True, slots=True)
class BackendScore:
    """One backend over all compared rows.

    `interval` is that of `accuracy_where_covered`, `accuracy_interval` that of `accuracy`
    (right of all rows; a row not answered is not right). Brier score, log loss and calibration
    belong to calibrated confidences; they are None for dispatchers, and for rules unless
    `certainty_map`, fitted on training rows, made probabilities of certainties.
    `curve` holds (answers, right ones) among its most confident answers, from few to all;
    `curve_ends` and `coverage_ends` are intervals where rows do not count for one each.
    `certainties` says of rules how often they are right, by how certain they are; `errors` is
    there where the goal is a quantity.
    `routes` counts who answered for a dispatcher. `confusion` holds (truth, answer, rows).
    """

    right: int
    wrong: int
    not_answered: int
    accuracy_interval: Interval
    interval: Interval | None
    macro_f1: float | None = None
    macro_f1_interval: Interval | None = None
    brier: float | None = None
    brier_interval: Interval | None = None
    log_loss: float | None = None
    log_loss_interval: Interval | None = None
    calibration: Calibration | None = None
    calibration_interval: Interval | None = None
    curve: tuple[tuple[int, int], ...] = ()
    certainties: tuple[CertaintyBin, ...] = ()
    errors: Errors | None = None
    confusion: tuple[tuple[object, object, int], ...] = ()
    routes: tuple[tuple[str, int], ...] = ()
    timing: Timing = field(default=UNTIMED, compare=False)
    certainty_map: CertaintyMap | None = None
    coverage_ends: Interval | None = None
    curve_ends: tuple[Interval, ...] = ()

    @property
    def coverage_interval(self) -> Interval:
        """The interval of `coverage`."""
        return self.coverage_ends or wilson(self.answered, self.rows)

    @property
    def curve_intervals(self) -> tuple[Interval, ...]:
        """The intervals of the shares right along `curve`."""
        return self.curve_ends or tuple(wilson(good, rows) for rows, good in self.curve)

    @property
    def rows(self) -> int:
        """All rows."""
        return self.right + self.wrong + self.not_answered

    @property
    def answered(self) -> int:
        """The rows that got an answer."""
        return self.right + self.wrong

    @property
    def coverage(self) -> float | None:
        """The share of rows that got an answer."""
        return self.answered / self.rows if self.rows else None

    @property
    def accuracy(self) -> float | None:
        """The share of all rows that got the right answer."""
        return self.right / self.rows if self.rows else None

    @property
    def accuracy_where_covered(self) -> float | None:
        """The share of its answers that are right."""
        return self.right / self.answered if self.answered else None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        bins, errors = self.calibration, self.errors
        return {
            "right": self.right,
            "wrong": self.wrong,
            "not_answered": self.not_answered,
            "coverage": self.coverage,
            "coverage_interval": _pair(self.coverage_interval) if self.rows else None,
            "accuracy": self.accuracy,
            "accuracy_interval": _pair(self.accuracy_interval),
            "accuracy_where_covered": self.accuracy_where_covered,
            "interval": _pair(self.interval),
            "macro_f1": self.macro_f1,
            "macro_f1_interval": _pair(self.macro_f1_interval),
            "brier": self.brier,
            "brier_interval": _pair(self.brier_interval),
            "log_loss": self.log_loss,
            "log_loss_interval": _pair(self.log_loss_interval),
            "calibration_error": bins.error if bins else None,
            "calibration_error_interval": _pair(self.calibration_interval),
            "calibration_error_perfect": bins.perfect if bins else None,
            "reliability": [_bin(one) for one in bins.bins] if bins else [],
            "coverage_curve": [list(one) for one in self.curve],
            "coverage_curve_intervals": [_pair(one) for one in self.curve_intervals],
            "certainty_map": self.certainty_map.to_dict() if self.certainty_map else None,
            "certainties": [_certainty_bin(one) for one in self.certainties],
            "mean_absolute_error": errors.absolute if errors else None,
            "mean_absolute_error_interval": _pair(errors.absolute_interval) if errors else None,
            "root_mean_squared_error": errors.squared if errors else None,
            "root_mean_squared_error_interval": _pair(errors.squared_interval) if errors else None,
            "mean_error": errors.bias if errors else None,
            "mean_error_interval": _pair(errors.bias_interval) if errors else None,
            "confusion": [[plain(t), plain(a), rows] for t, a, rows in self.confusion],
            "routes": dict(self.routes),
            "us_single": self.timing.single,
            "us_batch": self.timing.batch,
            "us_quartiles": _pair(self.timing.quartiles),
        }


@dataclass(frozen=True, slots=True)
class PairScore:
    """Two backends on the rows that both answered.

    `difference_interval` is that of (a's accuracy - b's); `would_not_show` the difference of
    shares below which a comparison of this size would probably find nothing. Models that were
    fitted again fold by fold have no `mcnemar_p` but a `resampled_p`. `agreement_ends` is the
    interval of `agreement` where rows do not count for one each.
    """

    a: str
    b: str
    rows_both: int
    same: int
    kappa: float | None
    kappa_interval: Interval | None
    a_only_right: int
    b_only_right: int
    difference_interval: Interval
    mcnemar_p: float | None
    holm_p: float | None
    would_not_show: float
    resampled_p: float | None = None
    agreement_ends: Interval | None = None

    @property
    def agreement(self) -> float | None:
        """The share of the rows on which both gave the same answer."""
        return self.same / self.rows_both if self.rows_both else None

    @property
    def agreement_interval(self) -> Interval | None:
        """The interval of `agreement`."""
        if not self.rows_both:
            return None
        return self.agreement_ends or wilson(self.same, self.rows_both)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "a": self.a,
            "b": self.b,
            "rows_both": self.rows_both,
            "agreement": self.agreement,
            "agreement_interval": _pair(self.agreement_interval),
            "kappa": self.kappa,
            "kappa_interval": _pair(self.kappa_interval),
            "a_only_right": self.a_only_right,
            "b_only_right": self.b_only_right,
            "difference_interval": _pair(self.difference_interval),
            "mcnemar_p": self.mcnemar_p,
            "resampled_p": self.resampled_p,
            "holm_p": self.holm_p,
            "would_not_show": self.would_not_show,
        }


@dataclass(frozen=True, slots=True)
class View:
    """The rows that one backend answers, and how everybody does on them.

    `accuracy` pairs each backend with its share right of these rows; a row that it does not
    answer is not right. `ends` are the intervals where rows do not count for one each.
    """

    backend: str
    rows: int
    accuracy: tuple[tuple[str, float], ...]
    ends: tuple[tuple[str, Interval], ...] = ()

    @property
    def intervals(self) -> dict[str, Interval]:
        """The interval of each backend's share."""
        if self.ends:
            return dict(self.ends)
        return {name: wilson(round(one * self.rows), self.rows) for name, one in self.accuracy}

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rows_of": self.backend,
            "rows": self.rows,
            "accuracy": dict(self.accuracy),
            "intervals": {name: _pair(ends) for name, ends in self.intervals.items()},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who is right how often, where they differ, who should answer, and what it costs.

    `base_rates` pairs each value of the goal with its share among the rows. With a
    `cost`, `costs` ranks the backends by it. `disagreements` is None when they were not asked for,
    and so are `policies`; `slices` is None where no training rows have out-of-fold answers. Of a
    quantity `unit` is its unit, and `within` says in words what counts as right. `copies` says
    what copies are worth, `rule_rows` where one rule was wrong, if that was asked.
    """

    domain: str
    goal: str
    held_out: HeldOut
    backends: Mapping[str, BackendScore]
    pairs: tuple[PairScore, ...]
    views: tuple[View, ...]
    rules: tuple[RuleScore, ...]
    base_rates: tuple[tuple[object, float], ...]
    best_possible: Bound
    warnings: tuple[str, ...]
    cost: Cost | None = None
    costs: tuple[CostScore, ...] = ()
    disagreements: tuple[Disagreement, ...] | None = None
    policies: PolicyTrial | None = None
    slices: SliceSearch | None = None
    unit: str | None = None
    within: str | None = None
    copies: CopiesWorth | None = None
    rule_rows: RuleRows | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form of DESIGN (without format and command)."""
        return {
            "domain": self.domain,
            "goal": self.goal,
            "unit": self.unit,
            "within": self.within,
            "held_out": self.held_out.to_dict(),
            "backends": {name: score.to_dict() for name, score in self.backends.items()},
            "pairs": [one.to_dict() for one in self.pairs],
            "views": [one.to_dict() for one in self.views],
            "rules": [one.to_dict() for one in self.rules],
            "base_rates": [[plain(value), rate] for value, rate in self.base_rates],
            "best_possible": self.best_possible.to_dict(),
            "cost": self.cost.to_dict() if self.cost else None,
            "costs": [one.to_dict() for one in self.costs],
            "slices": [one.to_dict() for one in self.slices.slices] if self.slices else [],
            "slice_search": self.slices.looks[0].to_dict() if self.slices else None,
            "slice_looks": [one.to_dict() for one in self.slices.looks] if self.slices else [],
            "disagreements": None
            if self.disagreements is None
            else [one.to_dict() for one in self.disagreements],
            "policies": None if self.policies is None else self.policies.to_dict(),
            "copies": None if self.copies is None else self.copies.to_dict(),
            "rule_rows": None if self.rule_rows is None else self.rule_rows.to_dict(),
            "warnings": list(self.warnings),
        }

    def to_frame(self, library: str = "pandas") -> Any:
        """Return the scores as a table, a row a backend.

        Args:
            library: "pandas", with the backends as its index, or "polars", with a column
                `backend`; it must be installed.

        Raises:
            ValueError: It is neither of the two.
        """
        rows = {
            name: {key: one for key, one in score.to_dict().items() if key not in LISTS}
            for name, score in self.backends.items()
        }
        if library == "polars":
            import polars

            return polars.DataFrame([{"backend": name, **row} for name, row in rows.items()])
        if library != "pandas":
            raise ValueError(f'a table is of "pandas" or "polars", not of "{library}"')
        import pandas

        return pandas.DataFrame.from_dict(rows, orient="index")

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what was compared, who is right, what can be told apart."""
        from heuron.compare.page import excerpt

        return excerpt(self)
