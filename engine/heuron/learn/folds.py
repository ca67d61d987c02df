"""Out-of-fold answers: what a model says of training rows that it has not seen.

Owns `OutOfFold` and how it is made. Calibration and threshold of a fold come from the other
folds, so that an out-of-fold answer is as honest as an answer to a new row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.calibration import fit_calibration, fit_threshold, is_calibrated
from heuron.learn.contract import Contract
from heuron.learn.fit import Examples, fit
from heuron.learn.scorer.calibrate import columns as calibrated_columns
from heuron.learn.spec import Spec

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["FOLDS", "RawFolds", "answers_of", "raw_folds", "split_folds"]

FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class RawFolds:
    """Uncalibrated out-of-fold scores, one row a training row.

    `fold` numbers the fold that a row was left out of; `answered` says whether the model can
    answer the row; `margin` whether scores are distances.
    """

    scores: Numbers
    answered: Numbers
    fold: Numbers
    margin: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """Out-of-fold answers: the place of the class answered (or the number), -1 for none."""

    value: Numbers
    probability: Numbers
    scores: Numbers
    answered: Numbers


def split_folds(
    goal: Numbers, groups: Sequence[int], regression: bool, seed: int, folds: int = FOLDS
) -> Numbers:
    """Return the fold of each row: stratified by class, groups whole, seeded.

    There are fewer than `folds` where there are too few groups, or rows of every class.
    """
    import warnings

    import numpy
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    rows = len(goal)
    grouped = len(set(groups)) < rows
    count = min(folds, len(set(groups)))
    kind: Any
    if regression:
        kind = GroupKFold if grouped else KFold
    else:
        largest = int(numpy.unique(goal, return_counts=True)[1].max())
        count = max(2, min(count, largest))
        kind = StratifiedGroupKFold if grouped else StratifiedKFold
    fold = numpy.zeros(rows, dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer rows than folds; `few-rows` says so
        splitter = kind(n_splits=count, shuffle=True, random_state=seed)
        parts = splitter.split(numpy.zeros((rows, 1)), goal, numpy.asarray(groups))
        for number, (_, left_out) in enumerate(parts):
            fold[left_out] = number
    return fold


def raw_folds(
    contract: Contract,
    spec: Spec,
    examples: Examples,
    fold: Numbers,
    hyperparameters: Mapping[str, Any],
    step: Callable[[], None],
) -> RawFolds:
    """Return the scores of each row from a model fitted without its fold."""
    import numpy

    count = len(contract.classes)
    scores = numpy.zeros((len(fold), max(1, count)))
    answered = numpy.zeros(len(fold), dtype=bool)
    margin = False
    for number in range(int(fold.max()) + 1):
        left_out = fold == number
        fitted = fit(spec, examples.part(~left_out), hyperparameters)
        scores[left_out], answered[left_out] = fitted.scores(examples.numbers[left_out], count)
        margin = bool(count) and not hasattr(fitted.estimator, "predict_proba")
        step()
    return RawFolds(scores, answered, fold, margin)


def answers_of(
    contract: Contract, spec: Spec, kind: str, raw: RawFolds, goal: Numbers, positive: int
) -> Answers:
    """Return what the model would have answered, calibrated and decided by the other folds."""
    import numpy

    from heuron.learn.scorer.table import decide_columns

    if contract.is_regression:
        value = raw.scores[:, 0]
        return Answers(value, numpy.ones(len(value)), raw.scores, raw.answered)
    scores = raw.scores.copy()
    value = numpy.full(len(goal), -1)
    for number in range(int(raw.fold.max()) + 1):
        mine = raw.fold == number
        others = ~mine & raw.answered
        fitted = fit_calibration(kind, raw.scores[others], goal[others], positive, raw.margin)
        scores[mine] = calibrated_columns(fitted, raw.scores[mine], positive, raw.margin)
        threshold = 0.5
        is_probability = fitted is not None or not raw.margin
        two = len(contract.classes) == 2 and is_probability
        if two:
            calmed = calibrated_columns(fitted, raw.scores[others], positive, raw.margin)
            threshold = fit_threshold(
                spec.threshold,
                calmed[:, positive],
                goal[others] == positive,
                is_calibrated(spec, kind),
            )
        value[mine] = decide_columns(scores[mine], positive if two else None, threshold)
    probability = scores[numpy.arange(len(goal)), value]
    value[~raw.answered] = -1
    return Answers(value, probability, scores, raw.answered)
