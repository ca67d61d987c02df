"""Fit one estimator on some rows, and ask it about others.

Owns `Examples` (rows as numbers), `Fitted` and `fit`. Training uses them for the folds and for
the final model alike, so that a fold's answers come from the very same steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heuron.diagnostics import RuleError, Severity
from heuron.learn.contract import Contract
from heuron.learn.features import Inputs, inputs_of, kind_of, steps_of, used_columns
from heuron.learn.members import build_estimator
from heuron.learn.spec import Spec
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["Examples", "Fitted", "examples_of", "few_threads", "fit"]

MANY: Final = 50_000
"""Rows from which on several threads are worth their while."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from: inputs as numbers (NaN: unknown) and the goal.

    `goal` holds places in the contract's classes, or numbers for a regression.
    """

    kinds: tuple[Any, ...]
    numbers: Numbers
    goal: Numbers

    def part(self, places: Any) -> Examples:
        """Return some of the rows."""
        return Examples(self.kinds, self.numbers[places], self.goal[places])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted estimator with the steps that lead to its columns.

    `classes` are the places, in the contract's classes, of those that it has seen.
    """

    inputs: Inputs
    steps: list[list[Any]]
    estimator: Any
    classes: tuple[int, ...]
    messages: tuple[str, ...]

    def scores(self, numbers: Numbers, count: int) -> tuple[Numbers, Numbers]:
        """Return class scores (probabilities, or margins) and which rows can be answered.

        `count` is the number of classes in the contract, 0 for a regression, whose one column
        is the number itself.
        """
        import numpy

        from heuron.learn.scorer.served import raw_scores
        from heuron.learn.scorer.table import encode_columns, fill_gaps

        filled, answered = fill_gaps(self.inputs.fill, numbers)
        with few_threads(len(filled)):
            raw = raw_scores(self.estimator, encode_columns(self.steps, filled))
        if not count or len(self.classes) == count:
            return raw, answered
        # A fold without a rare class: it gives that class nothing.
        lowest = 0.0 if hasattr(self.estimator, "predict_proba") else float(raw.min()) - 1.0
        spread = numpy.full((len(raw), count), lowest)
        spread[:, list(self.classes)] = raw
        return spread, answered


def few_threads(rows: int) -> AbstractContextManager[Any]:
    """Return what holds numeric libraries to one thread while so few rows are worked on.

    Threads that wait for each other after every node of a small tree cost more than they save,
    and where other programs are at work, or a container has a share of a processor, a hundredfold.
    """
    if rows >= MANY:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)  # type: ignore[no-any-return]


def examples_of(
    contract: Contract, spec: Spec, columns: Mapping[str, Sequence[Value]], places: Sequence[int]
) -> Examples:
    """Return rows of a table as numbers."""
    import numpy

    from heuron.learn.scorer.table import to_numbers

    kinds = tuple(kind_of(contract, feature) for feature in spec.features)
    cells = used_columns(spec, columns, len(columns[contract.goal]))
    numbers = to_numbers(kinds, [[column[at] for at in places] for column in cells])
    goal = columns[contract.goal]
    if contract.is_regression:
        return Examples(kinds, numbers, numpy.array([goal[at] for at in places], dtype=float))
    place_of = {level: place for place, level in enumerate(contract.classes)}
    return Examples(
        kinds,
        numbers,
        numpy.array([place_of[goal[at]] for at in places], dtype=int),  # type: ignore[index]
    )


def fit(spec: Spec, examples: Examples, hyperparameters: Mapping[str, Any]) -> Fitted:
    """Fit the spec's estimator on the rows that it can use.

    Raises:
        RuleError: When scikit-learn refuses a hyperparameter or the data.
    """
    from heuron.learn.scorer.table import encode_columns, fill_gaps

    inputs = inputs_of(spec, examples.kinds, examples.numbers)
    filled, usable = fill_gaps(inputs.fill, examples.numbers)
    if not usable.any():
        raise _refused(spec, ValueError("no row has every field that it needs"))
    steps = steps_of(spec, inputs, filled[usable])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = build_estimator(spec, hyperparameters)
            with few_threads(int(usable.sum())):
                estimator.fit(encode_columns(steps, filled[usable]), examples.goal[usable])
        except (ValueError, TypeError, MemoryError) as error:
            raise _refused(spec, error) from None
    classes = tuple(int(one) for one in getattr(estimator, "classes_", ()))
    messages = tuple(dict.fromkeys(str(one.message).split("\n")[0] for one in caught))
    return Fitted(inputs, steps, estimator, classes, messages)


def _refused(spec: Spec, error: Exception) -> RuleError:
    words = " ".join(str(error).split()) or "it ran out of memory"
    code = "training-failed"
    at: tuple[str, ...] = ("estimator",)
    for name in spec.hyperparameters:
        if f"'{name}' parameter" in words:
            code, at = "bad-hyperparameter", ("hyperparameters", name)
    message = f"scikit-learn could not train {spec.name}: {words[:300]}"
    return RuleError(spec.document.diagnostic(Severity.ERROR, code, message, at))
