"""Induce rules from the training rows of a table, and say honestly how sure each may be.

Owns `induce` and `InducedRule`. A rule's certainty is MYCIN's relative change of belief, from
what rules that were found in the same way, without some of the rows, were worth on those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Final

import numpy

from heuron.certainty import implied_certainty
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.contract import Contract
from heuron.learn.copies import is_id
from heuron.learn.data import Table
from heuron.learn.features import kind_of
from heuron.learn.folds import split_folds
from heuron.learn.induce.conclusions import Conclusion, conclude, hits
from heuron.learn.induce.conditions import Premise, matches, needed
from heuron.learn.induce.cover import list_premises
from heuron.learn.induce.tree import tree_premises
from heuron.learn.scorer.table import Numbers, to_numbers
from heuron.learn.spec import Feature, default_features
from heuron.values import UNKNOWN, Value

__all__ = ["LOWEST", "METHODS", "Induced", "InducedRule", "goal_numbers", "induce", "induce_rules"]

METHODS: Final[Mapping[str, Callable[..., list[Premise]]]] = {
    "tree": tree_premises,
    "list": list_premises,
}
HIGHEST: Final = 0.99
"""No rule that was found in examples is certain."""
ENOUGH: Final = 30
"""Rows not seen that rules of like support must have met before they speak for others."""
LOWEST: Final = 0.1
"""A rule that changes belief by less is left out."""
NEARER: Final = 0.98
"""Lines are drawn where they take so much off the mean error on rows not seen."""
MOST_BASES: Final = 25
"""Of a line the base rate is the mean over so many of its answers."""
HARDLY: Final = 0.01
"""The same for numbers: how often a number is near enough is one thing, how far it is another."""


@dataclass(frozen=True, slots=True)
class InducedRule:
    """A premise over the columns, the value that it concludes, and how well that went.

    `fired` training rows meet the premise (and, in an ordered list, no earlier one); on about
    `right` of them it would be right had it not seen them; `base` is the share of all training
    rows that have the value. Of a number, `conclusion` says what it is (`value` is what it is in
    the middle of its rows) and `error` how far it would be from rows not seen, in the mean.
    """

    premise: Premise
    value: Value
    certainty: float
    fired: int
    right: int
    base: float
    conclusion: Conclusion
    error: float | None = None

    @property
    def precision(self) -> float:
        """The share of right answers out of fold."""
        return self.right / self.fired if self.fired else 0.0


@dataclass(frozen=True, slots=True)
class Induced:
    """Rules with the fields and kinds of the columns that they speak of.

    `rows` are the training rows of `of`, each copy once; under `ordered` the first rule that
    holds answers.
    """

    fields: tuple[str, ...]
    kinds: tuple[Any, ...]
    rules: tuple[InducedRule, ...]
    ordered: bool
    rows: int
    of: int


def induce(table: Table, most: int = 8, method: str = "tree") -> Induced:
    """Induce rules from a table's training rows; held-out rows are not looked at.

    Args:
        table: The examples.
        most: The most rules.
        method: "tree" (a shallow tree: no two rules hold at once) or "list" (an ordered list).

    Raises:
        RuleError: No field to learn from, a goal with several values, or too few rows.
    """
    contract = table.contract
    # Copies are one row that was written down several times: they support nothing twice.
    places = [at for at in table.places("training") if table.scored[at]]
    fields = _fields(contract, table.columns)
    kinds = tuple(kind_of(contract, Feature(name)) for name in fields)
    columns = [[table.columns[name][at] for at in places] for name in fields]
    goal = goal_numbers(contract, table.truths(places))
    _check(contract, fields, goal)
    fold = split_folds(goal, [table.groups[at] for at in places], contract.is_regression, 0)
    rules = induce_rules(contract, kinds, to_numbers(kinds, columns), goal, fold, most, method)
    return Induced(fields, kinds, tuple(rules), method == "list", len(places), len(table))


def goal_numbers(contract: Contract, truths: Sequence[Value]) -> Numbers:
    """Return true values as places of classes, or as numbers."""
    if contract.is_regression:
        return numpy.array(truths, dtype=float)
    place = {level: at for at, level in enumerate(contract.classes)}
    return numpy.array([place[one] for one in truths], dtype=int)  # type: ignore[index]


def _fields(contract: Contract, columns: Mapping[str, list[Value]]) -> tuple[str, ...]:
    return tuple(
        name
        for name in default_features(contract)
        if name in columns
        and contract.template[name].type.kind != "duration"
        and not is_id(name, [None if cell is UNKNOWN else cell for cell in columns[name]])
    )


def _check(contract: Contract, fields: Sequence[str], goal: Numbers) -> None:
    message = None
    if contract.many:
        message = f"`{contract.goal}` may have several values: rules are induced for one"
    elif not fields:
        message = "there is no field to learn from: numbers, levels and yes/no count"
    elif len(goal) < 20 or len(numpy.unique(goal)) < 2:
        message = (
            f"{len(goal):,} training rows with {len(numpy.unique(goal))} different values of "
            f"`{contract.goal}` are too few to induce rules: 20 rows and two values are the least."
        )
    if message is not None:
        raise RuleError(Diagnostic(Severity.ERROR, "too-few-rows", message))


def induce_rules(
    contract: Contract,
    kinds: tuple[Any, ...],
    numbers: Numbers,
    goal: Numbers,
    fold: Numbers,
    most: int,
    method: str,
) -> list[InducedRule]:
    """Return the rules of typed rows, with claims that hold on rows not seen.

    Args:
        contract: The goal, and what counts as right.
        kinds: What each column is, in the words of a scorer's form.
        numbers: The rows.
        goal: Places of classes, or numbers.
        fold: The fold of each row.
        most: The most rules.
        method: One of `METHODS`.
    """
    lines = False
    trials: list[_Trial] = []
    for lined in (False, True) if contract.is_regression else (False,):
        found_so = []
        for number in range(int(fold.max()) + 1):
            away = fold == number
            found_so += _trials(contract, kinds, numbers, goal, away, most, method, lined)
        # Lines only where they are nearer to rows not seen.
        if not lined or _error(found_so) < NEARER * _error(trials):
            lines, trials = lined, found_so
    lowest = HARDLY if contract.is_regression else LOWEST
    found = []
    for premise, rows in _found(kinds, numbers, goal, most, contract, method):
        concluded = conclude(contract, kinds, numbers[rows], goal[rows], lines)
        found.append(
            _measured(contract, needed(premise, numbers), concluded, rows, numbers, goal, trials)
        )
    # In an ordered list a rule that says nothing still keeps later ones from speaking.
    return found if method == "list" else [one for one in found if one.certainty >= lowest]


@dataclass(frozen=True, slots=True)
class _Trial:
    """A rule found without some rows, and how it did on those.

    `promised` and `kept` are shares above the base rate; of numbers `near` is the mean error
    among the rows that it was found on, `far` among those that it had not seen, and `usual` that
    of the median of all.
    """

    support: float
    promised: float
    kept: float
    rows: int
    near: float = 0.0
    far: float = 0.0
    usual: float = 0.0


def _error(trials: Sequence[_Trial]) -> float:
    return fsum(one.far * one.rows for one in trials) / max(1, sum(one.rows for one in trials))


def _found(
    kinds: tuple[Any, ...],
    numbers: Numbers,
    goal: Numbers,
    most: int,
    contract: Contract,
    method: str,
) -> list[tuple[Premise, Numbers]]:
    """Return premises in order, each with the rows that it is the first to hold on."""
    found = []
    rest = numpy.ones(len(goal), dtype=bool)
    for premise in METHODS[method](kinds, numbers, goal, most, contract.is_regression):
        rows = matches(premise, numbers) & rest
        rest &= ~rows
        if rows.any():
            found.append((premise, rows))
    return found


def _trials(
    contract: Contract,
    kinds: tuple[Any, ...],
    numbers: Numbers,
    goal: Numbers,
    away: Numbers,
    most: int,
    method: str,
    lines: bool,
) -> list[_Trial]:
    seen, truth = numbers[~away], goal[~away]
    left = away.copy()
    trials = []
    for premise, rows in _found(kinds, seen, truth, most, contract, method):
        held = matches(premise, numbers) & left
        left &= ~held
        if not held.any():
            continue
        concluded = conclude(contract, kinds, seen[rows], truth[rows], lines)
        inside, outside = concluded.answers(seen[rows]), concluded.answers(numbers[held])
        promised = _share(contract, inside, truth[rows]) - _base(contract, inside, truth)
        kept = _share(contract, outside, goal[held]) - _base(contract, outside, truth)
        errors = (0.0, 0.0, 0.0)
        if contract.is_regression:
            errors = (
                _distance(inside, truth[rows]),
                _distance(outside, goal[held]),
                _distance(numpy.median(truth), goal[held]),
            )
        trials.append(_Trial(float(rows.mean()), promised, kept, int(held.sum()), *errors))
    return trials


def _share(contract: Contract, said: Numbers, truth: Numbers) -> float:
    return float(hits(contract, said, truth).mean())


def _base(contract: Contract, said: Numbers, truth: Numbers) -> float:
    """Return how often an answer is right about just any row: the mean over what is said."""
    values: Any = said[:1]
    if (said != said[0]).any():
        values = numpy.quantile(said, numpy.linspace(0, 1, MOST_BASES))
    return fsum(float(hits(contract, one, truth).mean()) for one in values) / len(values)


def _distance(said: Any, truth: Numbers) -> float:
    return float(numpy.abs(truth - said).mean())


def _like(support: float, trials: Sequence[_Trial]) -> list[_Trial]:
    """Return trials of like support, where there are enough of them, else all."""
    for factor in (1.5, 2.0, 4.0):
        near = [one for one in trials if support / factor <= one.support <= support * factor]
        if sum(one.rows for one in near) >= ENOUGH:
            return near
    return list(trials)


def _shrinkage(near: Sequence[_Trial]) -> float:
    """Return which part of what rules of such a support promised they kept on rows not seen.

    Small rules promise most and keep least, so like is compared with like where there is enough.
    """
    promised = fsum(one.promised * one.rows for one in near)
    kept = fsum(one.kept * one.rows for one in near)
    return min(1.0, max(0.0, kept / promised)) if promised > 0.0 else 0.0


def _measured(
    contract: Contract,
    premise: Premise,
    concluded: Conclusion,
    rows: Numbers,
    numbers: Numbers,
    goal: Numbers,
    trials: Sequence[_Trial],
) -> InducedRule:
    answers, truth = concluded.answers(numbers[rows]), goal[rows]
    fired = int(rows.sum())
    inside, base = _share(contract, answers, truth), _base(contract, answers, goal)
    near = _like(fired / len(goal), trials)
    share = base + (inside - base) * _shrinkage(near)
    right = round(min(inside, share) * fired)
    certainty = min(HIGHEST, round(implied_certainty(right, fired, base), 2))
    if not contract.is_regression:
        value: Value = contract.classes[int(concluded.value)]
        return InducedRule(premise, value, certainty, fired, right, base, concluded)
    far, usual = _error(near), fsum(one.usual * one.rows for one in near)
    if far * sum(one.rows for one in near) < usual:
        # Hardly more often near enough than chance, and nearer all the same.
        certainty = max(certainty, HARDLY)
    promised = fsum(one.near * one.rows for one in near) / max(1, sum(one.rows for one in near))
    worse = max(1.0, far / promised) if promised > 0.0 else 1.0
    middle = float(numpy.median(answers))
    value = int(middle) if contract.field.type.kind == "integer" else middle
    error = _distance(answers, truth) * worse
    return InducedRule(premise, value, certainty, fired, right, base, concluded, error)
