"""Which definitions run together, in which order, and by which plan."""

from __future__ import annotations

from collections.abc import Iterable

from heuron.check.strata import edges, levels, lowest_level, outputs
from heuron.check.tree import (
    Aggregate,
    Base,
    Because,
    Bind,
    Conclude,
    Either,
    FactVariable,
    FieldOf,
    Holds,
    Log,
    Pattern,
    Predict,
    ReferencedField,
    Rule,
    Table,
    Test,
)
from heuron.check.walk import walk
from heuron.plan.normal import Stratum

__all__ = ["record_reason", "stratify"]


def record_reason(rule: Rule) -> str | None:
    """Return why a definition is not about one record alone, or None when it is."""
    patterns = [one for one in rule.conditions if isinstance(one, Pattern)]
    if len(patterns) != 1:
        return "it joins facts" if patterns else "it matches no record"
    if patterns[0].identity is not None:
        return "it follows a reference"
    for one in rule.conditions:
        if not isinstance(one, (Pattern, Test, Bind, Either, Predict)):
            return "it asks about other facts"
    if any(not isinstance(one, (Conclude, Because, Log)) for one in rule.actions):
        return "it derives facts"
    inner = [one for one in walk(rule.conditions) if isinstance(one, Pattern)]
    if len(inner) != 1:
        return "it asks about other facts"
    for node in walk((rule.conditions, rule.actions)):
        if isinstance(node, Aggregate):
            return "it sums up other facts"
        if isinstance(node, ReferencedField):
            return "it follows a reference"
        if isinstance(node, FactVariable):
            return "it compares facts"
        if isinstance(node, (FieldOf, Holds)) and node.variable != patterns[0].variable:
            return "it reads another fact"
    return None


def stratify(base: Base, rules: Iterable[Rule]) -> tuple[Stratum, ...]:
    """Return the strata of the definitions among `rules` (lowered) and of all tables, in order."""
    found = edges(base)
    level = levels(base, found)
    recursive = {
        level[edge.target]
        for edge in found
        if not edge.strict and level.get(edge.source, -1) == level[edge.target]
    }
    records: dict[int, list[Rule]] = {}
    fixpoints: dict[int, list[Rule]] = {}
    tables: dict[int, list[Table]] = {}
    reasons: dict[int, list[tuple[str, str]]] = {}
    for rule in rules:
        if rule.is_step:
            continue
        # Contributions may come early; what is derived or concluded is complete at its own level.
        targets = outputs(rule)
        # A rule that only logs defines nothing, and still reads what must be settled.
        at = min(level[one] for one in targets) if targets else lowest_level(rule, base, level)
        reason = record_reason(rule)
        (records if reason is None else fixpoints).setdefault(at, []).append(rule)
        reasons.setdefault(at, []).append((rule.name, reason or "it is about one record"))
    for table in base.tables:
        at = level[table.type_name, table.field]
        tables.setdefault(at, []).append(table)
        reasons.setdefault(at, []).append((table.name, "a table is about one record"))
    height = max((*level.values(), *records, *fixpoints), default=0) + 1
    strata: list[Stratum] = []
    for at in range(height):
        settled = tuple(one for one in base.concluded if level.get(one) == at)
        derives = tuple(
            name for name in base.templates if name in base.derived and level[(name,)] == at
        )
        parts = (records.get(at, []), tables.get(at, []), fixpoints.get(at, []))
        if not any(parts) and not settled:
            continue
        strata.append(
            Stratum(
                len(strata),
                tuple(parts[0]),
                tuple(parts[1]),
                tuple(parts[2]),
                settled,
                derives,
                at in recursive,
                tuple(reasons.get(at, ())),
            )
        )
    return tuple(strata)
