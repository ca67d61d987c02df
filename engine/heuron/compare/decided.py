"""Whether the rules that fired on a record decide what each of them contributed to the goal.

Where they do, records on which the same rules fired are alike, and one of them is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from heuron.check.reads import concluded_reads
from heuron.check.tree import Conclude, Condition, Constant, Either, Expression, Pattern
from heuron.plan.normal import Program

__all__ = ["computed_fields"]


def computed_fields(program: Program, type_name: str, goal: str) -> tuple[str, ...] | None:
    """Return the fields that rules compute, which may be known or not where the same rules fired.

    None where the rules that fired decide too little: the goal itself is computed; several rules
    compute one field; or the certainty of a rule depends on the branch of an `either` that held.

    Args:
        program: Rules about single records.
        type_name: The type of record.
        goal: Its goal.
    """
    concluded = [field for of, field in program.concluded if of == type_name]
    heads = [(type_name, field) for field in concluded]
    computed: dict[str, None] = {}
    for field, value in _conclusions(program):
        if not isinstance(value, Constant):
            computed[field] = None
    if goal in computed or any(len(program.concluded[type_name, one]) > 1 for one in computed):
        return None
    for stratum in program.strata:
        for rule in stratum.record:
            types = {one.variable: type_name for one in rule.conditions if isinstance(one, Pattern)}
            for either in _branches(rule.conditions):
                if any(concluded_reads(branch, types, heads) for branch in either.branches):
                    return None
    return tuple(computed)


def _conclusions(program: Program) -> Iterator[tuple[str, Expression]]:
    for stratum in program.strata:
        for rule in stratum.record:
            for action in rule.actions:
                if isinstance(action, Conclude):
                    yield action.field, action.value
        for table in stratum.tables:
            for row in table.rows:
                yield table.field, row.value


def _branches(conditions: tuple[Condition, ...]) -> Iterator[Either]:
    """Yield the conditions `either`, those inside of others as well."""
    for one in conditions:
        if isinstance(one, Either):
            yield one
            for branch in one.branches:
                yield from _branches(branch)
