"""`heuron plan`: strata, the plan of each, and why; like a database's EXPLAIN."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer

from heuron.cli import exits
from heuron.cli.render import bold, columns, print_json, say

if TYPE_CHECKING:
    from heuron.plan.joins import Look, Search
    from heuron.plan.normal import Program, Stratum

__all__ = ["plan"]

MANY: Final = 6
"""So many rules are named beside an index."""


def plan(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A rule file, or a domain.")],
    definitions: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The plan on which a session runs definitions: fixpoint, or agenda.",
        ),
    ] = "fixpoint",
    source: Annotated[
        bool, typer.Option("--source", help="Print the generated Python as well.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show how a rule file is run: strata, plans and why, join order and indexes."""
    from heuron.cli.opening import open_domain
    from heuron.infer.searching import run_on_agenda

    on_agenda = run_on_agenda(definitions)
    _, knowledge = open_domain(file)
    program = knowledge.engine.program
    if json:
        body: dict[str, object] = {
            "strata": [
                entry for one in program.strata for entry in _entries(program, one, on_agenda)
            ],
            "steps": [one.name for one in program.steps],
            "single_record": program.single_record,
            "no_columns": _no_columns(program),
            **_join_entries(program, on_agenda),
        }
        if source:
            body["source"] = _source(program, on_agenda)
        print_json("plan", body)
        return exits.GOOD
    for line in _lines(program, on_agenda):
        say(line)
    if source:
        sys.stdout.write("\n" + _source(program, on_agenda))
    return exits.GOOD


def _parts(stratum: Stratum, on_agenda: bool) -> list[tuple[str, list[str]]]:
    record = [one.name for one in stratum.record]
    tables = [one.name for one in stratum.tables]
    fixpoint = [one.name for one in stratum.fixpoint]
    parts = [("record", record + tables), ("fixpoint", fixpoint)]
    if on_agenda:
        parts = [("record", tables), ("agenda", record + fixpoint)]
    return [(name, rules) for name, rules in parts if rules]


def _reasons(program: Program, stratum: Stratum, on_agenda: bool) -> dict[str, str]:
    """Return by the name of a rule or table why it has its plan, or how it runs on that."""
    reasons = dict(stratum.reasons)
    if on_agenda:
        from heuron.plan.defining import way_of

        rules = (*stratum.record, *stratum.fixpoint)
        reasons |= {one.name: way_of(program, one) for one in rules}
    return reasons


def _entries(program: Program, stratum: Stratum, on_agenda: bool) -> list[dict[str, object]]:
    reasons = _reasons(program, stratum, on_agenda)
    return [
        {
            "index": stratum.index,
            "plan": name,
            "rules": rules,
            "concludes": [f"{type_name}.{field}" for type_name, field in stratum.concludes],
            "derives": list(stratum.derives),
            "recursive": stratum.recursive,
            "reasons": {rule: reasons[rule] for rule in rules if rule in reasons},
        }
        for name, rules in _parts(stratum, on_agenda)
    ]


def _lines(program: Program, on_agenda: bool) -> list[str]:
    lines = []
    if program.single_record:
        lines.append("One generated function answers a query: every rule is about one record.")
    if program.goal is not None:
        lines += _column_lines(program)
    for stratum in program.strata:
        made = [f"{type_name}.{field}" for type_name, field in stratum.concludes]
        made += [f"{name} facts" for name in stratum.derives]
        recursive = ", recursive" if stratum.recursive else ""
        lines.append(bold(f"stratum {stratum.index}") + f"   {', '.join(made)}{recursive}")
        reasons = _reasons(program, stratum, on_agenda)
        rows = [
            (rule, name, reasons.get(rule, ""))
            for name, rules in _parts(stratum, on_agenda)
            for rule in rules
        ]
        lines += columns(rows, indent="  ")
    if program.steps:
        lines.append(bold("steps"))
        rows = [(one.name, "agenda", f"salience {one.salience}") for one in program.steps]
        lines += columns(rows, indent="  ")
    if on_agenda or not program.single_record:
        lines += _join_lines(program, on_agenda)
    return lines or ["There are no rules to run."]


def _join_lines(program: Program, on_agenda: bool) -> list[str]:
    """Return how facts are found, search by search, and in which indexes."""
    from heuron.plan.joins import indexes_of, searches_of

    searches = searches_of(program, on_agenda)
    lines: list[str] = []
    for rule, some in groupby(searches, key=lambda one: one.rule):
        words = [f"    {_search_words(one)}" for one in some if one.looks]
        lines += [f"  {rule}", *words] if words else []
    if lines:
        lines.insert(0, bold("searches") + "   facts in the order in which they are looked for")
    indexes = indexes_of(searches)
    if indexes:
        lines.append(bold("indexes") + "   each is filled when it is needed")
        rows = [(_by(one.type_name, one.fields), one.kind, _some(one.rules)) for one in indexes]
        lines += columns(rows, indent="  ")
    return lines


def _join_entries(program: Program, on_agenda: bool) -> dict[str, object]:
    from heuron.plan.joins import indexes_of, searches_of

    has_none = program.single_record and not on_agenda
    searches = () if has_none else searches_of(program, on_agenda)
    return {
        "searches": [
            {
                "rule": one.rule,
                "around": one.around,
                "looks": [
                    {
                        "type": look.type_name,
                        "kind": look.kind,
                        "fields": list(look.fields),
                        "finer": list(look.finer),
                        "scope": look.scope or None,
                        "remembered": look.kept,
                    }
                    for look in one.looks
                ],
            }
            for one in searches
        ],
        "indexes": [
            {
                "type": one.type_name,
                "fields": list(one.fields),
                "kind": one.kind,
                "rules": list(one.rules),
            }
            for one in indexes_of(searches)
        ],
    }


def _search_words(search: Search) -> str:
    begin = "" if search.around is None else f"a new {search.around}, then "
    return begin + ", then ".join(_look_words(one) for one in search.looks)


def _look_words(look: Look) -> str:
    scope = f"{look.scope} " if look.scope else ""
    kept = " (remembered)" if look.kept else ""
    match look.kind:
        case "scan":
            found = f"every {look.type_name}"
        case "number":
            found = f"the {look.type_name} referred to"
        case "sorted":
            found = f"{look.type_name} in order of {look.fields[0]}"
        case _:
            found = _by(look.type_name, look.fields)
    finer = f" or {_names(look.finer)}" if look.finer else ""
    return f"{scope}{found}{finer}{kept}"


def _some(rules: tuple[str, ...]) -> str:
    more = len(rules) - MANY
    return ", ".join(rules[:MANY]) + (f" and {more} more" if more > 0 else "")


def _by(type_name: str, fields: tuple[str, ...]) -> str:
    return f"{type_name} by {_names(fields)}"


def _names(fields: tuple[str, ...]) -> str:
    return fields[0] if len(fields) == 1 else f"({', '.join(fields)})"


def _no_columns(program: Program) -> dict[str, str]:
    """Return why rules do not run over whole columns, by rule."""
    from heuron.plan.columns import rules_without_columns

    return dict(rules_without_columns(program))


def _column_lines(program: Program) -> list[str]:
    refused = _no_columns(program)
    rows = columns(list(refused.items()), indent="  ")
    if not refused:
        return ["A whole table runs as columns, all rules at once."]
    if not program.single_record:
        return ["A whole table runs record by record, because of:", *rows]
    return ["A whole table runs as columns; rows on which these may fire run one by one:", *rows]


def _source(program: Program, on_agenda: bool) -> str:
    if on_agenda:
        from heuron.plan.defining import plan_defining

        defining, general = plan_defining(program), _general(program)
        return f"# Definitions on the agenda plan\n\n{defining}\n# Everything else\n\n{general}"
    if program.single_record:
        from heuron.plan.columns import plan_columns
        from heuron.plan.record import plan_record

        record, whole = plan_record(program).source, plan_columns(program).source
        return f"# One record\n\n{record}\n# Whole columns\n\n{whole}"
    return _general(program)


def _general(program: Program) -> str:
    from heuron.plan.general import plan_general

    return plan_general(program).source
