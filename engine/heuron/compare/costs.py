"""What answers cost: a wrong one, and one that is left to a person.

Accuracy cannot rank backends that leave different rows unanswered; a price for both can.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heuron.answer import plain
from heuron.compare.bootstrap import bootstrap_mean
from heuron.compare.clustered import share_interval
from heuron.compare.intervals import Interval

__all__ = ["Bound", "Cost", "CostScore", "read_cost", "score_bound", "score_costs"]

Right = Sequence[bool | None]
"""For each row whether the backend was right; None where it gave no answer."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The price of a wrong answer and of one that a person has to give; a right one is free.

    `by_truth` pairs values of the goal with what a wrong answer costs where they are the truth;
    of the others it costs `wrong`.
    """

    wrong: float = 1.0
    refer: float = 0.2
    by_truth: tuple[tuple[object, float], ...] = ()

    @property
    def words(self) -> str:
        """The prices in words."""
        found = [f"wrong {self.wrong:g}"]
        found += [f"wrong about {plain(level)} {price:g}" for level, price in self.by_truth]
        return ", ".join([*found, f"a person {self.refer:g}"])

    def paid(self, right: Right, truths: Sequence[object]) -> list[float]:
        """Return what each row costs, from whether it was right (None: not answered)."""
        wrong = dict(self.by_truth)
        return [
            0.0 if one is True else self.refer if one is None else wrong.get(truth, self.wrong)
            for one, truth in zip(right, truths, strict=True)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "wrong": self.wrong,
            "refer": self.refer,
            "by_truth": [[plain(level), price] for level, price in self.by_truth],
        }


@dataclass(frozen=True, slots=True)
class CostScore:
    """A backend's expected cost of one row; `more` is the interval of (its cost - the least)."""

    backend: str
    cost: float
    interval: Interval | None
    more: Interval | None

    @property
    def dearer(self) -> bool:
        """Whether it costs more than the cheapest beyond what chance explains."""
        return self.more is not None and self.more[0] > 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "backend": self.backend,
            "cost": self.cost,
            "interval": list(self.interval) if self.interval else None,
            "more_than_least": list(self.more) if self.more else None,
        }


@dataclass(frozen=True, slots=True)
class Bound:
    """What no route can beat: the rows that rules or some model got right, and its interval."""

    right: int
    accuracy: float | None
    interval: Interval | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "right": self.right,
            "accuracy": self.accuracy,
            "interval": list(self.interval) if self.interval else None,
        }


def read_cost(text: str, levels: Sequence[object] = ()) -> Cost:
    """Return the cost that a text like "wrong=1,refer=0.2,malignant=5" states.

    What it leaves out is 1 and 0.2. A level of the goal prices wrong answers where it is the
    truth; of two levels `missed` is the first and `alarm` the second, as in a model's spec.

    Args:
        text: Prices, separated by commas.
        levels: The goal's levels in template order; none for a quantity.

    Raises:
        ValueError: It is no such text; the message says what is wrong.
    """
    named: dict[str, object] = {str(plain(level)).lower(): level for level in levels}
    if len(levels) == 2:
        named = {"missed": levels[0], "alarm": levels[1], **named}
    known = ["wrong", "refer", *named]
    found: dict[str, float] = {}
    by_truth: dict[object, float] = {}
    for part in text.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if not equals or name.lower() not in known:
            hint = f" (prices are of {', '.join(known)})" if equals else ""
            raise ValueError(f'"{part.strip()}" is no cost{hint}: write wrong=1,refer=0.2')
        value = _price(name, number)
        if name in ("wrong", "refer"):
            found[name] = value
        else:
            by_truth[named[name.lower()]] = value
    ordered = [(level, by_truth[level]) for level in levels if level in by_truth]
    return Cost(**found, by_truth=tuple(ordered))


def _price(name: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f'"{number}" is no number') from None
    if not 0 <= value < math.inf:
        raise ValueError(f"a cost is not negative: {name}={number}")
    return value


def score_costs(
    right: Mapping[str, Right],
    truths: Sequence[object],
    cost: Cost,
    seed: int,
    groups: Sequence[object] | None = None,
) -> tuple[CostScore, ...]:
    """Return every backend's expected cost of a row, the cheapest first.

    Args:
        right: For each backend, for each row, whether it was right.
        truths: The true value of each row.
        cost: The prices.
        seed: The seed of the bootstrap.
        groups: The group of each row, where rows of a group belong together.
    """
    paid = {name: cost.paid(values, truths) for name, values in right.items()}
    means = {name: math.fsum(rows) / len(rows) for name, rows in paid.items() if rows}
    if not means:
        return ()
    order = sorted(means, key=means.__getitem__)
    least = paid[order[0]]
    return tuple(
        CostScore(
            name,
            means[name],
            bootstrap_mean(paid[name], seed=seed, groups=groups),
            None
            if name == order[0]
            else bootstrap_mean(
                [mine - other for mine, other in zip(paid[name], least, strict=True)],
                seed=seed,
                groups=groups,
            ),
        )
        for name in order
    )


def score_bound(right: Mapping[str, Right], groups: Sequence[object] | None = None) -> Bound:
    """Return what the best choice among rules and models for each row would give."""
    alone = [values for name, values in right.items() if not name.startswith("dispatch")]
    best = [any(one is True for one in row) for row in zip(*alone, strict=True)]
    if not best:
        return Bound(0, None)
    return Bound(sum(best), sum(best) / len(best), share_interval(best, groups))
