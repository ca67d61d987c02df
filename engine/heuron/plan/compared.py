"""Tests of a pattern read from its own fact's side: which field is compared, how, with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from heuron.check.tree import Compare, Expression, FactVariable, Pattern, Test
from heuron.plan.allowed import MIRRORED
from heuron.plan.items import own_field

__all__ = ["Compared", "compared", "referring"]


class Compared(NamedTuple):
    """A field of a pattern's own fact, as `mine`, a comparison, and the other side of it."""

    field: str
    mine: Expression
    operator: str
    other: Expression


def compared(pattern: Pattern, test: object) -> Iterator[Compared]:
    """Yield each way in which a test compares a field of the pattern's own fact; often none."""
    if not isinstance(test, Compare):
        return
    binders = {one.variable: one.field for one in pattern.bindings}
    mirrored = MIRRORED[test.operator]
    for mine, operator, other in (
        (test.left, test.operator, test.right),
        (test.right, mirrored, test.left),
    ):
        field = own_field(pattern, binders, mine)
        if field:
            yield Compared(field, mine, operator, other)


def referring(pattern: Pattern, test: object) -> Iterator[Expression]:
    """Yield what a test says refers to a pattern's own fact; often nothing."""
    if isinstance(test, Test):
        test = test.expression
    if not isinstance(test, Compare) or test.operator != "==":
        return
    for mine, other in ((test.left, test.right), (test.right, test.left)):
        if isinstance(mine, FactVariable) and mine.name == pattern.variable:
            yield other
