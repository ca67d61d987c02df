"""Rules that go round: steps that change a field from its own value, and that nothing stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from heuron.check import tree
from heuron.check.reads import fact_types, patterns
from heuron.check.walk import walk
from heuron.diagnostics import Diagnostic, Severity

__all__ = ["check_loops"]

Slot = tuple[str, str]
"""A fact variable and a field."""

CLAMPS = ("min", "max")
"""Functions that bring a growing value to a rest."""


def check_loops(base: tree.Base) -> Iterator[Diagnostic]:
    """Warn of rules that modify a fact which then matches them again, and again.

    A modify that changes nothing is no event, so only a value that comes from the changed field
    itself goes on for ever; and it does not where a condition tests what the rule changes.
    """
    for rule in base.rules:
        changes = [one for one in rule.actions if isinstance(one, tree.Modify)]
        if changes:
            yield from _looping(rule, changes, base)


def _looping(rule: tree.Rule, changes: list[tree.Modify], base: tree.Base) -> Iterator[Diagnostic]:
    behind = _behind(rule)
    changed = {(one.variable, field) for one in changes for field, _ in one.changes}
    if _ends(rule, base) or changed & _tested(rule, behind):
        return
    for action in changes:
        for field, value in action.changes:
            if changed & _reads(value, behind) and not _is_clamped(value):
                yield Diagnostic(
                    Severity.WARNING,
                    "modify-loop",
                    f"{rule.name} changes {action.variable}.{field} each time it fires, "
                    "and nothing stops it from firing for ever.",
                    value.span,
                    f"Add a condition on {field} that no longer holds in the end.",
                )
                return


def _ends(rule: tree.Rule, base: tree.Base) -> bool:
    """Return whether a firing may take away what the rule needs in another way."""
    if any(isinstance(one, (tree.Halt, tree.Retract)) for one in rule.actions):
        return True
    made = {one.type_name for one in rule.actions if isinstance(one, tree.Assert)}
    positive = patterns(rule.conditions)
    types = fact_types(positive)
    for one in walk(rule.conditions):
        match one:
            # Facts that it asserts may make a `not`, a `forall` or an aggregate false; derived
            # facts and concluded fields may change with what it modifies.
            case tree.Pattern() if one.type_name in base.derived:
                return True
            case tree.Pattern() if one.type_name in made and one not in positive:
                return True
            case tree.Predict() | tree.ReferencedField():
                return True
            case tree.FieldOf() | tree.Holds() | tree.CertaintyOf():
                if (types.get(one.variable, ""), one.field) in base.concluded:
                    return True
            case _:
                pass
    return False


def _behind(rule: tree.Rule) -> dict[str, frozenset[Slot]]:
    """Return the fields that each value variable comes from, directly or through others."""
    behind: dict[str, frozenset[Slot]] = {}
    for pattern in patterns(rule.conditions):
        for binding in pattern.bindings:
            behind[binding.variable] = frozenset({(pattern.variable, binding.field)})
    binds = [one for one in rule.conditions if isinstance(one, tree.Bind)]
    grown = True
    while grown:
        grown = False
        for one in binds:
            reads = frozenset(_reads(one.expression, behind))
            grown = grown or reads != behind.get(one.variable)
            behind[one.variable] = reads
    return behind


def _reads(node: object, behind: Mapping[str, frozenset[Slot]]) -> set[Slot]:
    """Return the fields that a node reads, also through variables."""
    found: set[Slot] = set()
    for one in walk(node):
        if isinstance(one, tree.FieldOf):
            found.add((one.variable, one.field))
        elif isinstance(one, tree.Variable):
            found |= behind.get(one.name, frozenset())
    return found


def _tested(rule: tree.Rule, behind: Mapping[str, frozenset[Slot]]) -> set[Slot]:
    """Return the fields that conditions test, rather than bind."""
    found: set[Slot] = set()
    for one in rule.conditions:
        match one:
            case tree.Pattern():
                found |= _reads(one.tests, behind)
            case tree.Bind():
                pass
            case _:
                found |= _reads(one, behind)
    return found


def _is_clamped(value: tree.Expression) -> bool:
    return any(isinstance(one, tree.Call) and one.function in CLAMPS for one in walk(value))
