"""What the engine knows of a program beside its code: plain tuples, dictionaries and texts.

An outline is made of plain data only, so that it can be kept in a cache with the compiled code
and read back without the resolved tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heuron.check.reads import patterns, variable_types
from heuron.check.tree import (
    Call,
    CertaintyOf,
    Compare,
    Conclude,
    Condition,
    Derive,
    FieldOf,
    Halt,
    Holds,
    IsUnknown,
    Membership,
    Pattern,
    Predict,
    ReferencedField,
    Rule,
    Table,
)
from heuron.check.walk import walk
from heuron.diagnostics import SourceText, Span
from heuron.plan.acting import can_fail_halfway
from heuron.plan.changes import followed_types
from heuron.plan.conclusions import definitions, rank_of
from heuron.plan.derivation import only_derivation
from heuron.plan.gates import blockers
from heuron.plan.general import variables
from heuron.plan.lazy import is_lazy
from heuron.plan.normal import Program, Stratum

__all__ = ["outline_of"]

Outline = dict[str, Any]


def outline_of(program: Program, texts: Mapping[str, SourceText]) -> Outline:
    """Return the outline of a program.

    Args:
        program: The program.
        texts: The sources by file, for the lines of rules.

    Returns:
        `rules`: for each rule, table and row by index (see `_entry`); `strata`; `steps`, the
        indexes of the steps; `queries`; `facts`; `goal` (type, field, many) or None; `concluded`
        and `many`: (type, field) pairs; `followed`: types whose changes definitions, or steps that
        are not searched lazily, must follow; `ranks`: the order in which ties are decided.
    """
    entries: dict[int, Outline] = {}
    lazy = tuple(one for one in program.steps if is_lazy(program, one))
    followed = followed_types(program, lazy)
    for item in (*definitions(program), *program.steps):
        if isinstance(item, Table):
            _table_entries(program, item, texts, entries)
        else:
            entries[item.index] = _rule_entry(program, item, texts)
            entries[item.index]["careful"] = can_fail_halfway(program, item, followed)
    goal = program.goal
    return {
        "rules": entries,
        "strata": tuple(_stratum(program, one) for one in program.strata),
        "steps": tuple(one.index for one in program.steps),
        "queries": tuple((one.name, one.parameters, one.types) for one in program.queries),
        "facts": tuple((one.type_name, one.values, one.binder) for one in program.facts),
        "goal": None if goal is None else (goal.type_name, goal.field, goal.many),
        "concluded": tuple(program.concluded),
        "many": tuple(sorted(program.many)),
        "followed": followed,
        "derived": tuple(sorted(program.derived)),
        "ranks": rank_of(program),
        "single_record": program.single_record,
        "predicts": any(
            isinstance(one, Predict)
            for item in definitions(program)
            if isinstance(item, Rule)
            for one in item.conditions
        ),
        "reads_clock": any(
            isinstance(one, Call) and one.function in ("today", "now")
            for item in definitions(program)
            for one in walk(item)
        ),
    }


def _place(span: Span, texts: Mapping[str, SourceText]) -> tuple[str, int, int, int, int]:
    """Return file, line, column, start and end; line 0 where the text is not at hand."""
    source = texts.get(span.file)
    line, column = source.position(span.start) if source is not None else (0, 0)
    return span.file, line, column, span.start, span.end


def _rule_entry(program: Program, rule: Rule, texts: Mapping[str, SourceText]) -> Outline:
    rows, values = variables(rule)
    types = variable_types(rule.conditions)
    own = patterns(rule.conditions)
    return {
        "index": rule.index,
        "name": rule.name,
        "title": rule.title,
        "place": _place(rule.span, texts),
        "salience": rule.salience,
        "table": None,
        "rows": tuple(rows),
        "values": tuple(values),
        "patterns": tuple(one.type_name for one in own),
        "nested": _nested_types(rule.conditions),
        "specificity": _specificity(rule.conditions),
        "lazy": _lazy_types(program, rule),
        "halts": any(isinstance(one, Halt) for one in rule.actions),
        "fused": _fused_type(rule),
        "reads": _fields(program, rule.conditions, rule.actions, types),
        "asks": _given_reads(rule),
        "predicts": any(isinstance(one, Predict) for one in rule.conditions),
        "derives": tuple(
            dict.fromkeys(one.type_name for one in rule.actions if isinstance(one, Derive))
        ),
        "derivations": tuple(one.type_name for one in rule.actions if isinstance(one, Derive)),
        "concludes": tuple(
            dict.fromkeys(
                (types[one.variable], one.field)
                for one in rule.actions
                if isinstance(one, Conclude)
            )
        ),
        "targets": tuple(
            (rows.index(one.variable), types[one.variable], one.field)
            for one in rule.actions
            if isinstance(one, Conclude)
        ),
    }


def _table_entries(
    program: Program, table: Table, texts: Mapping[str, SourceText], entries: dict[int, Outline]
) -> None:
    types = {table.variable: table.type_name}
    for place, row in enumerate(table.rows):
        tests = tuple(one for one in row.tests if one is not None)
        reads = _fields(program, (table.rows,), (), types)
        entries[table.index + place] = {
            "index": table.index + place,
            "name": row.name,
            "title": table.title,
            "place": _place(row.span, texts),
            "salience": 0,
            "table": (table.name, table.index, place, len(table.rows)),
            "rows": (table.variable,),
            "values": (),
            "patterns": (table.type_name,),
            "nested": (),
            "specificity": 0,
            "lazy": None,
            "fused": None,
            "reads": reads,
            "predicts": False,
            "asks": ((0, *_named_fields(tests, types)),),
            "derives": (),
            "derivations": (),
            "concludes": ((table.type_name, table.field),),
            "targets": ((0, table.type_name, table.field),),
        }


def _fused_type(rule: Rule) -> str | None:
    """Return the type that a rule derives when it does nothing else, else None."""
    derivation = only_derivation(rule)
    return None if derivation is None else derivation.type_name


def _specificity(conditions: tuple[Condition, ...]) -> int:
    """Return how much conditions ask for: their patterns and comparisons, at any depth."""
    kinds = (Pattern, Compare, Membership, Holds, IsUnknown)
    return sum(isinstance(one, kinds) for one in walk(conditions))


def _lazy_types(program: Program, rule: Rule) -> tuple[str, ...] | None:
    """Return the types under each `not` of a step that is searched lazily, else None."""
    if not is_lazy(program, rule):
        return None
    return tuple(one.type_name for one in blockers(rule))


def _nested_types(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """Return the types that are read elsewhere than in positive patterns."""
    names: dict[str, None] = {}
    for one in conditions:
        inner = walk(one)
        for node in inner:
            if isinstance(node, Pattern) and node is not one:
                names[node.type_name] = None
            elif isinstance(node, ReferencedField):
                names[node.target] = None
    return tuple(names)


def _fields(
    program: Program, conditions: object, actions: object, types: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the concluded fields that are read, as (type, field)."""
    found: dict[tuple[str, str], None] = {}
    nodes = (conditions, tuple(actions) if isinstance(actions, tuple) else ())
    for one in walk(nodes):
        match one:
            case FieldOf() | Holds() | CertaintyOf():
                # Locals of two sub-conditions may share a name: every type that fits counts.
                for type_name, field in program.concluded:
                    if field == one.field and types.get(one.variable, type_name) == type_name:
                        found[(type_name, field)] = None
            case ReferencedField():
                found[(one.target, one.field)] = None
            case Pattern():
                for binding in one.bindings:
                    found[(one.type_name, binding.field)] = None
    return tuple(key for key in found if key in program.concluded)


def _named_fields(nodes: object, types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of all fields of a record that nodes read."""
    found: dict[str, None] = {}
    for one in walk(nodes):
        match one:
            case FieldOf() | Holds() if one.variable in types:
                found[one.field] = None
            case Pattern() if one.variable in types:
                found.update((binding.field, None) for binding in one.bindings)
    return tuple(found)


def _given_reads(rule: Rule) -> tuple[tuple[object, ...], ...]:
    """Return what a rule reads of facts: (place of the pattern or type's name, *fields)."""
    own = patterns(rule.conditions)
    reads: list[tuple[object, ...]] = []
    for place, pattern in enumerate(own):
        one = {pattern.variable: pattern.type_name}
        reads.append((place, *_named_fields(rule.conditions, one)))
    mine = {one.variable for one in own}
    for node in walk(rule.conditions):
        if isinstance(node, Pattern) and node.variable not in mine:
            one = {node.variable: node.type_name}
            reads.append((node.type_name, *_named_fields(rule.conditions, one)))
    return tuple(reads)


def _stratum(program: Program, stratum: Stratum) -> Outline:
    """Return a stratum: which rules define what is complete in it, and which fire in it.

    A rule with several actions may define things of several strata: it stands in the lowest, and
    is matched again in the others.
    """
    items = definitions(program)
    rules = [one for one in items if isinstance(one, Rule)]
    types = {one.index: variable_types(one.conditions) for one in rules}
    deriving = [
        one.index
        for one in rules
        if any(isinstance(a, Derive) and a.type_name in stratum.derives for a in one.actions)
    ]
    concluding = [
        one.index
        for one in rules
        if any(
            isinstance(a, Conclude) and (types[one.index][a.variable], a.field) in stratum.concludes
            for a in one.actions
        )
    ]
    tables = [
        one.index
        for one in items
        if isinstance(one, Table) and (one.type_name, one.field) in stratum.concludes
    ]
    own: list[Rule | Table] = [*stratum.record, *stratum.fixpoint, *stratum.tables]
    firing = [one.index for one in own]
    return {
        "index": stratum.index,
        "derive": tuple(deriving),
        "conclude": tuple(concluding),
        "tables": tuple(tables),
        "fires": tuple(sorted(firing)),
        "concludes": stratum.concludes,
        "derives": stratum.derives,
        "recursive": stratum.recursive,
    }
