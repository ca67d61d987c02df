"""What a model says of rows that it has not seen: fitted again and again, each time without some.

Owns the form in which such answers are kept and passed on. Training keeps those of its training
rows; a comparison in folds makes them for all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from heuron.learn.calibration import choose_calibration, is_calibrated
from heuron.learn.conclusions import with_conclusions
from heuron.learn.contract import Contract
from heuron.learn.features import resolve_missing
from heuron.learn.fit import examples_of
from heuron.learn.folds import Answers, answers_of, raw_folds
from heuron.learn.spec import Spec

if TYPE_CHECKING:
    from heuron.learn.data import Table
    from heuron.learn.scorer.table import Numbers

__all__ = ["Unseen", "answer_unseen", "as_unseen"]

Unseen = dict[str, dict[str, Any]]
"""By row key: `value` (a level, a number or None), `confidence`, and `probabilities`.

Confidence is None, and there are no probabilities, where scores are no probabilities.
"""


def answer_unseen(
    contract: Contract,
    spec: Spec,
    table: Table,
    places: Sequence[int],
    fold: Numbers,
    *,
    hyperparameters: Mapping[str, Any] | None = None,
    step: Callable[[], None] = lambda: None,
) -> Unseen:
    """Return what a spec's model says of rows when it is fitted on those of the other folds.

    Args:
        contract: The template and the goal.
        spec: The model, as people wrote it.
        table: The data.
        places: The rows to learn from and to answer.
        fold: The number of each row's fold.
        hyperparameters: Those that a search found; by default the spec's own.
        step: Called after each fit.

    Raises:
        RuleError: scikit-learn refuses the data or a hyperparameter.
    """
    table = with_conclusions(table, [one.field for one in spec.features])
    examples = examples_of(contract, spec, table.columns, places)
    spec = replace(spec, missing=resolve_missing(contract, spec, examples.numbers))
    chosen = dict(spec.hyperparameters if hyperparameters is None else hyperparameters)
    raw = raw_folds(contract, spec, examples, fold, chosen, step)
    kind = choose_calibration(spec, len(contract.classes))
    positive = 0 if spec.positive is None else contract.classes.index(spec.positive)
    answers = answers_of(contract, spec, kind, raw, examples.goal, positive)
    keys = [table.keys[at] for at in places]
    return as_unseen(contract, keys, answers, is_calibrated(spec, kind))


def as_unseen(
    contract: Contract, keys: Sequence[str], answers: Answers, calibrated: bool
) -> Unseen:
    """Return out-of-fold answers by row key."""
    found: Unseen = {}
    for row, key in enumerate(keys):
        value: object = None
        confidence: float | None = None
        chances: list[tuple[object, float]] = []
        if answers.answered[row]:
            if contract.is_regression:
                value = float(answers.value[row])
            else:
                value = contract.classes[int(answers.value[row])]
                if calibrated:
                    confidence = float(answers.probability[row])
                    scores = answers.scores[row].tolist()
                    chances = list(zip(contract.classes, scores, strict=True))
        found[key] = {"value": value, "confidence": confidence, "probabilities": chances}
    return found
