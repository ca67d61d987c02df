"""Hyperparameters tried out: which settings of a spec's search space, and which is best.

Owns `settings_to_try` and `choose`. Settings are judged by out-of-fold answers of the training
rows; held-out rows are not looked at. The best of several looks a little better than it is, so a
card says how many were tried.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import exp, log, prod
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.allowed import import_class
from heuron.learn.calibration import choose_calibration
from heuron.learn.contract import Contract
from heuron.learn.fit import Examples
from heuron.learn.folds import RawFolds, answers_of, raw_folds
from heuron.learn.spec import Range, Spec

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["choose", "settings_to_try"]

Settings = dict[str, Any]

DRAWS: Final = 20
"""So many draws are made for each setting wanted: a small space has few different ones."""


def settings_to_try(spec: Spec, most: int) -> list[Settings]:
    """Return the settings that a search tries: the spec's own first, then others of its space.

    All of them where they are no more than `most`; else some at random (Bergstra and Bengio,
    "Random search for hyper-parameter optimization", 2012), the same for the same seed.

    Args:
        spec: With a search space; without one its own settings alone are returned.
        most: The most settings, 1 or more.
    """
    own = dict(spec.hyperparameters)
    if not spec.search or most < 2:
        return [own]
    lists = [one for one in spec.search.values() if not isinstance(one, Range)]
    if len(lists) == len(spec.search) and prod(map(len, lists)) <= most:
        others = [dict(zip(spec.search, one, strict=True)) for one in product(*lists)]
    else:
        others = _drawn(spec.search, most * DRAWS, random.Random(spec.seed))
    defaults = _defaults(spec.estimator)
    found, seen = [own], [{**defaults, **own}]
    for other in others:
        settings = {**own, **other}
        if {**defaults, **settings} not in seen and len(found) < most:
            found.append(settings)
            seen.append({**defaults, **settings})
    return found


def _defaults(estimator: str) -> Settings:
    """Return what scikit-learn sets where a spec says nothing."""
    import inspect

    known = inspect.signature(import_class(estimator)).parameters.values()
    return {one.name: one.default for one in known}


def _drawn(
    space: Mapping[str, tuple[Any, ...] | Range], count: int, chance: random.Random
) -> list[Settings]:
    return [{name: _one(among, chance) for name, among in space.items()} for _ in range(count)]


def _one(among: tuple[Any, ...] | Range, chance: random.Random) -> Any:
    if not isinstance(among, Range):
        return chance.choice(among)
    if among.log:
        number = exp(chance.uniform(log(among.low), log(among.high)))
    else:
        number = chance.uniform(among.low, among.high)
    if among.whole:
        return min(int(among.high), max(int(among.low), round(number)))
    # Three digits are as exact as such a search is.
    return min(among.high, max(among.low, float(f"{number:.3g}")))


def choose(
    contract: Contract,
    spec: Spec,
    examples: Examples,
    fold: Numbers,
    tried: Sequence[Settings],
    step: Callable[[], None],
    positive: int,
) -> tuple[Settings, RawFolds]:
    """Return the settings with the best out-of-fold answers (the first of equals), and those."""
    best: tuple[float, Settings, RawFolds] | None = None
    for settings in tried:
        raw = raw_folds(contract, spec, examples, fold, settings, step)
        worth = _worth(contract, spec, raw, examples.goal, positive) if len(tried) > 1 else 0.0
        if best is None or worth > best[0]:
            best = (worth, settings, raw)
    assert best is not None
    return best[1], best[2]


def _worth(contract: Contract, spec: Spec, raw: RawFolds, goal: Numbers, positive: int) -> float:
    """Return minus the log loss after calibration, or minus the squared error."""
    import numpy

    kind = choose_calibration(spec, len(contract.classes))
    answers = answers_of(contract, spec, kind, raw, goal, positive)
    used = answers.answered
    if contract.is_regression:
        return -float(((answers.value[used] - goal[used]) ** 2).mean())
    if raw.margin and kind == "none":
        return float((answers.value[used] == goal[used]).mean())
    chance = answers.scores[used][numpy.arange(int(used.sum())), goal[used]]
    return float(numpy.log(numpy.clip(chance, 1e-6, 1.0)).mean())
