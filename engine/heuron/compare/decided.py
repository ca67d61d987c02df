"""What the rules that fired on a record contributed to the goal, where that follows from them.

Records on which the same rules fired are alike then, and one of them is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from heuron.check.reads import concluded_reads
from heuron.check.tree import Conclude, Condition, Constant, Either, Expression, Pattern, Rule
from heuron.compare.shots import Contribution, Contributions, amounting
from heuron.plan.normal import Program
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.infer.host import Host
    from heuron.infer.load import Engine

__all__ = ["Decided", "computed_fields"]

Conclusions = list[tuple[Value, float, tuple[str, ...]]]
"""Values, claimed certainties, and the concluded fields whose lowest certainty weighs them."""


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


class Decided:
    """Says what rules contributed to the goal of a record from the rules that fired alone.

    Args:
        engine: Rules about single records.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._claims = _claims(engine.program)
        ranks: Mapping[int, int] = engine.outline["ranks"]
        self._ranks: Final = ranks

    def contributions(self, record: Mapping[str, Value], host: Host) -> Contributions | None:
        """Return what rules contributed; None where more decides than which rules fired.

        Args:
            record: Its values, the goal and all that rules conclude left out.
            host: What `today()` is.
        """
        claims = self._claims
        if claims is None:
            return None
        result = self._engine.record(record, host)
        rules = self._engine.rules
        found: list[Contribution] = []
        for index in sorted(result.fired):
            for value, certainty, reads in claims.get(index, ()):
                weights = [result.settled(name)[1] for name in reads]
                # A field that is unknown takes no part.
                weight = min((one for one in weights if one != 0.0), default=1.0)
                name = rules[index]["name"]
                found.append((name, index, value, certainty * weight, self._ranks[index]))
        return amounting(found)


def _claims(program: Program) -> dict[int, Conclusions] | None:
    """Return what each rule concludes of the goal, by index; None where it depends on more."""
    assert program.goal is not None
    type_name, goal = program.goal.type_name, program.goal.field
    if computed_fields(program, type_name, goal) is None or program.many:
        return None
    heads = list(program.concluded)
    found: dict[int, Conclusions] = {}
    for stratum in program.strata:
        for rule in stratum.record:
            if any(isinstance(one, Pattern) and one.each for one in rule.conditions):
                return None
            reads = _reads(rule, type_name, heads)
            for action in rule.actions:
                if isinstance(action, Conclude) and action.field == goal:
                    assert isinstance(action.value, Constant)
                    claim = (action.value.value, float(action.certainty), reads)
                    found.setdefault(rule.index, []).append(claim)
        for table in stratum.tables:
            for place, row in enumerate(table.rows):
                types = {table.variable: type_name}
                if table.field == goal and concluded_reads(row.tests, types, heads):
                    return None
                if table.field == goal:
                    assert isinstance(row.value, Constant)
                    found[table.index + place] = [(row.value.value, 1.0, ())]
    return found


def _reads(rule: Rule, type_name: str, heads: list[tuple[str, str]]) -> tuple[str, ...]:
    types = {one.variable: type_name for one in rule.conditions if isinstance(one, Pattern)}
    return tuple(dict.fromkeys(one[2] for one in concluded_reads(rule.conditions, types, heads)))
