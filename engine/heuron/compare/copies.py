"""What copies are worth: the same comparison with copies kept together, and with copies ignored.

A row that stands in the data twice may be learned from and asked about. Models then look better
than they are, by what they remember. Both figures come from models fitted again fold by fold, so
that nothing but the copies differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from heuron.compare.bootstrap import resample_groups
from heuron.compare.clustered import share_interval
from heuron.compare.copied import CopiesWorth, WithCopies
from heuron.compare.folds import Folds, fold_rows
from heuron.compare.outcomes import Outcomes

if TYPE_CHECKING:
    from heuron.compare.collect import Gathered
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["copies_worth"]


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
    once = fold_rows(dispatcher, table, single, seed=seed).gathered[0]
    ignored = fold_rows(dispatcher, loose, single, seed=seed).gathered[0]
    scores = tuple(_score(name, table, once, ignored, seed) for name in once.outcomes.replies)
    return CopiesWorth(rows, copies, folds.count, scores)


def _score(name: str, table: Table, once: Gathered, ignored: Gathered, seed: int) -> WithCopies:
    """Return a backend's right rows, copies counted once and ignored.

    The interval of the difference comes from drawing whole groups of copies (2,000 times).
    """
    import numpy as np

    sides = [(one.places, _right(one.outcomes, name)) for one in (once, ignored)]
    counts: dict[int, list[int]] = {}
    for side, (places, right) in enumerate(sides):
        for place, good in zip(places, right, strict=True):
            of_group = counts.setdefault(table.groups[place], [0, 0, 0, 0])
            of_group[2 * side] += good
            of_group[2 * side + 1] += 1
    drawn = resample_groups(list(counts.values()), seed)
    differences = drawn[:, 2] / drawn[:, 3] - drawn[:, 0] / drawn[:, 1]
    low, high = np.quantile(differences, [0.025, 0.975])
    first_ends, second_ends = (
        share_interval(right, [table.groups[place] for place in places]) for places, right in sides
    )
    (_, first), (_, second) = sides
    return WithCopies(
        name,
        (sum(first), len(first)),
        (sum(second), len(second)),
        first_ends,
        second_ends,
        (float(low), float(high)),
    )


def _right(outcomes: Outcomes, name: str) -> list[bool]:
    """Return for each row whether a backend got it right."""
    test = outcomes.contract.is_right
    return [
        one.value is not None and test(one.value, truth)
        for one, truth in zip(outcomes.replies[name], outcomes.truths, strict=True)
    ]
