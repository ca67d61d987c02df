"""What copies are worth: the same comparison with copies kept together, and with copies ignored.

A row that stands in the data twice may be learned from and asked about. Models then look better
than they are, by what they remember. Both figures come from models fitted again fold by fold, so
that nothing but the copies differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from heuron.compare.clustered import share_interval
from heuron.compare.folds import Folds, fold_rows
from heuron.compare.intervals import Interval

if TYPE_CHECKING:
    from heuron.compare.collect import Gathered
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["CopiesWorth", "WithCopies", "copies_worth"]


@dataclass(frozen=True, slots=True)
class WithCopies:
    """A backend's right rows of all rows: copies counted once and kept together, and ignored.

    The interval of the share with copies ignored is too narrow by nature.
    """

    backend: str
    once: tuple[int, int]
    ignored: tuple[int, int]
    once_interval: Interval
    ignored_interval: Interval

    @property
    def apparent(self) -> float:
        """The share that ignoring copies makes it look better by."""
        return self.ignored[0] / self.ignored[1] - self.once[0] / self.once[1]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "backend": self.backend,
            "once": list(self.once),
            "once_interval": list(self.once_interval),
            "ignored": list(self.ignored),
            "ignored_interval": list(self.ignored_interval),
            "apparent": self.apparent,
        }


@dataclass(frozen=True, slots=True)
class CopiesWorth:
    """How many rows are copies of an earlier one, and what that makes of each backend's score."""

    rows: int
    copies: int
    folds: int
    scores: tuple[WithCopies, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "copies": self.copies,
            "folds": self.folds,
            "scores": [one.to_dict() for one in self.scores],
        }


def copies_worth(
    dispatcher: Dispatcher, table: Table, folds: Folds, *, seed: int = 0
) -> CopiesWorth:
    """Return what ignoring copies would make of everybody's score.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The data, copies kept together.
        folds: How the rows are cut; one repeat is enough.
        seed: The seed of the folds.

    Raises:
        RuleError: No model can be fitted again.
    """
    copies = len(table) - sum(table.scored)
    if not copies:
        return CopiesWorth(len(table), 0, folds.count, ())
    single = replace(folds, repeats=1)
    rows = len(table)
    loose = replace(table, scored=(True,) * rows, groups=tuple(range(rows)))
    once = _right(fold_rows(dispatcher, table, single, seed=seed).gathered[0])
    ignored = _right(fold_rows(dispatcher, loose, single, seed=seed).gathered[0])
    scores = tuple(
        WithCopies(name, once[name][0], ignored[name][0], once[name][1], ignored[name][1])
        for name in once
    )
    return CopiesWorth(rows, copies, folds.count, scores)


def _right(gathered: Gathered) -> Mapping[str, tuple[tuple[int, int], Interval]]:
    """Return for each backend the rows that it got right, of all rows, and the interval."""
    outcomes = gathered.outcomes
    test = outcomes.contract.is_right
    found = {}
    for name, replies in outcomes.replies.items():
        right = [
            one.value is not None and test(one.value, truth)
            for one, truth in zip(replies, outcomes.truths, strict=True)
        ]
        found[name] = (sum(right), len(right)), share_interval(right, outcomes.groups)
    return found
