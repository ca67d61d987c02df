"""A comparison on all rows: models are fitted again, fold by fold, and answer what they left out.

Rules are not fitted; they and the dispatcher are asked as ever. Rows are told apart by no test
that takes them for independent, since the folds' models share most of their training rows: the
difference of two backends is measured once a fold, and tested by the corrected resampled t-test
(Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heuron.compare.collect import Gathered, gather_unseen
from heuron.compare.comparison import Comparison, PairScore
from heuron.compare.paired import corrected_resampled_t, holm
from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table
    from heuron.learn.unseen import Unseen

__all__ = ["Folded", "Folds", "fold_rows", "halves", "training_unseen", "with_folds"]

LEAST: Final = 2
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Folds:
    """How a comparison is cut: into so many folds, so often; `specs` is where the specs are.

    `packages` are those besides scikit-learn whose estimators the specs may name.

    Raises:
        ValueError: Numbers that mean nothing.
    """

    specs: Path
    count: int = 10
    repeats: int = 1
    step: Callable[[str], None] | None = None
    packages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not LEAST <= self.count <= MOST:
            raise ValueError(f"folds are {LEAST} to {MOST}, not {self.count}")
        if not 1 <= self.repeats <= MOST:
            raise ValueError(f"repeats are 1 to {MOST}, not {self.repeats}")


@dataclass(frozen=True, slots=True)
class Folded:
    """The answers of each repeat, and the fold of each of their rows."""

    gathered: tuple[Gathered, ...]
    fold: tuple[tuple[int, ...], ...]


def fold_rows(
    dispatcher: Dispatcher, table: Table, folds: Folds, *, seed: int = 0, timed: bool = False
) -> Folded:
    """Return what everybody says of all rows, models fitted again without each row's fold.

    Raises:
        RuleError: There is nothing to fit (`no-specs`), or scikit-learn refuses something.
    """
    fitted = table.places("all")
    found, numbers = [], []
    for repeat in range(folds.repeats):
        fold = _cut(table, fitted, folds.count, seed + repeat)
        unseen = _unseen(dispatcher, table, fitted, fold, folds)
        rows = [at for at in fitted if table.scored[at]]
        gathered = gather_unseen(dispatcher, table, rows, unseen, timed=timed and repeat == 0)
        held_out = replace(
            gathered.outcomes.held_out,
            split="folds",
            seed=seed,
            folds=int(fold.max()) + 1,
            repeats=folds.repeats,
            copies_left_out=len(fitted) - len(rows),
        )
        warnings = _seen(table, gathered.outcomes.warnings)
        outcomes = replace(gathered.outcomes, held_out=held_out, warnings=warnings)
        found.append(replace(gathered, outcomes=outcomes))
        numbers.append(tuple(int(fold[at]) for at in rows))
    return Folded(tuple(found), tuple(numbers))


def training_unseen(
    dispatcher: Dispatcher, table: Table, specs: Path, packages: Sequence[str] = ()
) -> dict[str, Unseen]:
    """Return what models say of training rows out of fold, fitted again for it."""
    places = table.places("training")
    if not places:
        return {}
    folds = Folds(specs, 5, packages=tuple(packages))
    return _unseen(dispatcher, table, places, _cut(table, places, folds.count, 0), folds)


def with_folds(comparison: Comparison, folded: Folded) -> Comparison:
    """Return a comparison of a fold-wise answered table with the tests that suit it."""
    p_values = [_p(folded, pair) for pair in comparison.pairs]
    pairs = tuple(
        replace(pair, mcnemar_p=None, resampled_p=p, holm_p=adjusted)
        for pair, p, adjusted in zip(comparison.pairs, p_values, holm(p_values), strict=True)
    )
    return replace(comparison, pairs=pairs)


def halves(folded: Folded) -> tuple[Gathered, Gathered]:
    """Return the rows of even and of odd folds: one to find something on, one to confirm it."""
    (gathered, *_), (fold, *_) = folded.gathered, folded.fold
    even = [row for row, number in enumerate(fold) if number % 2 == 0]
    odd = [row for row, number in enumerate(fold) if number % 2 == 1]
    return _part(gathered, even), _part(gathered, odd)


def _seen(table: Table, warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the warnings, with that of rules that saw training rows, which are among these."""
    from heuron.learn.data import SAW_TEXT

    saw = SAW_TEXT.rstrip(".")
    known = table.rules_saw == "nothing" or saw in warnings
    return warnings if known else (saw, *warnings)


def _part(gathered: Gathered, rows: Sequence[int]) -> Gathered:
    def those(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[row] for row in rows)

    old = gathered.outcomes
    outcomes = replace(
        old,
        held_out=replace(old.held_out, rows=len(rows)),
        truths=those(old.truths),
        replies={name: those(one) for name, one in old.replies.items()},
        groups=None if old.groups is None else those(old.groups),
        shots=(),
        losses=(),
    )
    return Gathered(
        outcomes,
        those(gathered.places),
        those(gathered.given),
        those(gathered.findings),
        {name: those(one) for name, one in gathered.said.items()},
        gathered.today,
    )


def _cut(table: Table, places: Sequence[int], count: int, seed: int) -> Any:
    """Return the fold of each row, the same for all models."""
    import numpy

    from heuron.learn.folds import split_folds

    contract, goal = table.contract, table.goal
    if contract.is_regression:
        numbers = numpy.array([goal[at] for at in places], dtype=float)
    else:
        place_of: Mapping[object, int] = {one: at for at, one in enumerate(contract.classes)}
        numbers = numpy.array([place_of[goal[at]] for at in places], dtype=int)
    groups = [table.groups[at] for at in places]
    return split_folds(numbers, groups, contract.is_regression, seed, count)


def _unseen(
    dispatcher: Dispatcher, table: Table, places: Sequence[int], fold: Any, folds: Folds
) -> dict[str, Unseen]:
    from heuron.learn.read_spec import read_spec
    from heuron.learn.spec import spec_names
    from heuron.learn.unseen import answer_unseen

    there = spec_names(folds.specs) if folds.specs.is_dir() else []
    found = {}
    for name in dispatcher.models:
        if name not in there:
            continue
        spec = read_spec(table.contract, folds.specs / f"{name}.toml", packages=folds.packages)
        if folds.step is not None:
            folds.step(name)
        card = getattr(dispatcher.bench.get(name), "card", {})
        chosen = {**spec.hyperparameters, **_searched(card, spec.search)}
        found[name] = answer_unseen(
            table.contract, spec, table, places, fold, hyperparameters=chosen
        )
    if not found:
        message = "No model can be fitted again: none that was trained has a spec here."
        hint = f"Write {folds.specs}/NAME.toml and train it: heuron train {dispatcher.kb.name}"
        raise RuleError(Diagnostic(Severity.ERROR, "no-specs", message, hint=hint))
    return found


def _searched(card: Mapping[str, Any], search: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search found for the hyperparameters that it tried."""
    known = card.get("hyperparameters", {})
    return {name: known[name] for name in search if name in known}


def _p(folded: Folded, pair: PairScore) -> float | None:
    """Return the p-value of the differences of a pair in all folds of all repeats."""
    differences: list[float] = []
    sizes: list[float] = []
    for gathered, fold in zip(folded.gathered, folded.fold, strict=True):
        outcomes = gathered.outcomes
        test = outcomes.contract.is_right
        sums: dict[int, list[int]] = {}
        rows = zip(
            fold, outcomes.replies[pair.a], outcomes.replies[pair.b], outcomes.truths, strict=True
        )
        for number, first, second, truth in rows:
            if first.value is not None and second.value is not None:
                good = test(first.value, truth) - test(second.value, truth)
                sums.setdefault(number, []).append(good)
        differences += [math.fsum(sums[number]) / len(sums[number]) for number in sorted(sums)]
        sizes += [len(fold) / (max(fold) + 1)] * len(sums)
    if len(differences) < LEAST:
        return None
    rows_in_all = len(folded.fold[0])
    ratio = sizes[0] / (rows_in_all - sizes[0])
    return corrected_resampled_t(differences, ratio)
