"""Who concludes a field, which values, and in which order ties are decided."""

from __future__ import annotations

from dataclasses import dataclass

from heuron.check.tree import CertaintyOf, Conclude, Constant, Expression, Rule, Table
from heuron.check.walk import walk
from heuron.plan.normal import Program
from heuron.values import UNKNOWN, Value

__all__ = ["Conclusions", "conclusions_of", "levels_read", "rank_of", "typed"]


def typed(kind: str, value: Value) -> Value:
    """Return a constant in the type of its field: a whole number in a number field is a float."""
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What is concluded about one field.

    `values` are the distinct constant values in rule order, or None when some value is computed;
    `negated` the places of those that some rule speaks against; `supports` pairs the indexes of
    rules and rows with the places of the values that they support.
    """

    values: tuple[Value, ...] | None
    negated: frozenset[int]
    supports: tuple[tuple[int, int], ...]


def definitions(program: Program) -> tuple[Rule | Table, ...]:
    """Return all rules and tables that are definitions, in rule order."""
    items: list[Rule | Table] = []
    for stratum in program.strata:
        items += [*stratum.record, *stratum.tables, *stratum.fixpoint]
    return tuple(sorted(items, key=lambda one: one.index))


def rank_of(program: Program) -> dict[int, int]:
    """Return the rank of each definition's rule or row: salience first, then rule order."""
    order: list[tuple[int, int]] = []
    for item in definitions(program):
        if isinstance(item, Table):
            order += [(0, item.index + place) for place in range(len(item.rows))]
        else:
            order.append((-item.salience, item.index))
    return {index: rank for rank, (_, index) in enumerate(sorted(order))}


def levels_read(program: Program) -> frozenset[str]:
    """Return the names of fields whose certainty is read for a given value."""
    nodes = (*definitions(program), *program.steps, *program.queries)
    return frozenset(
        one.field
        for node in nodes
        for one in walk(node)
        if isinstance(one, CertaintyOf) and one.value is not None
    )


def conclusions_of(program: Program, key: tuple[str, str]) -> Conclusions:
    """Return what the definitions of a program conclude about the field (type, field)."""
    type_name, field = key
    kind = program.templates[type_name][field].type.kind
    found: list[tuple[int, Expression, float]] = []
    for item in definitions(program):
        if isinstance(item, Table):
            if (item.type_name, item.field) == key:
                rows = enumerate(item.rows)
                found += [(item.index + place, row.value, 1.0) for place, row in rows]
            continue
        found += [
            (item.index, action.value, action.certainty)
            for action in item.actions
            if isinstance(action, Conclude) and action.field == field
        ]
    return _sorted_out(kind, found)


def _sorted_out(kind: str, found: list[tuple[int, Expression, float]]) -> Conclusions:
    values: dict[str, Value] = {}
    places: dict[str, int] = {}
    negated: set[int] = set()
    supports: list[tuple[int, int]] = []
    for index, value, certainty in found:
        if not isinstance(value, Constant) or value.value is UNKNOWN:
            return Conclusions(None, frozenset(), ())
        constant = typed(kind, value.value)
        values.setdefault(repr(constant), constant)
        place = places.setdefault(repr(constant), len(places))
        if certainty > 0.0:
            supports.append((index, place))
        else:
            negated.add(place)
    return Conclusions(tuple(values.values()), frozenset(negated), tuple(supports))
