"""`heuron induce`: from examples to rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heuron.learn.contract import Contract
    from heuron.learn.data import Table
    from heuron.learn.induce.find import Induced

__all__ = ["induce"]


def induce(
    source: Annotated[
        str,
        typer.Argument(metavar="DOMAIN|DATA", help="A domain with data, or a CSV or parquet file."),
    ],
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of a file: the column to conclude.")
    ] = None,
    rules: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="The most rules.")] = 8,
    method: Annotated[
        str, typer.Option(help="tree: no two rules hold at once; list: the first that holds.")
    ] = "tree",
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The rule file to write; - is stdout. By default in rules/."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, which tells of each rule.")
    ] = False,
) -> int:
    """Find rules in examples and write them as a rule file."""
    from heuron.cli import exits
    from heuron.cli.render import note, print_diagnostics, print_json, say
    from heuron.learn.induce.find import METHODS
    from heuron.learn.induce.find import induce as find
    from heuron.learn.induce.write import rule_file
    from heuron.learn.write import write_file

    if method not in METHODS:
        raise _usage(f'--method is tree or list, not "{method}".')
    contract, table, name, question, data = _opened(source, target)
    path = out or _place(name)
    if path != "-" and os.path.exists(path) and not force:
        raise _usage(f'"{path}" is there already: give --force, or another --out FILE.')
    print_diagnostics(table.warnings)
    induced = find(table, rules, method)
    text = rule_file(contract, induced, name, question, data)
    if path != "-":
        write_file(path, text.encode())
    if json:
        print_json("induce", _body(contract, induced, name, None if path == "-" else path, text))
    elif path == "-":
        say(text.rstrip("\n"))
    else:
        note(f"{len(induced.rules)} rules from {induced.rows:,} training rows, in {path}")
    return exits.GOOD


def _body(
    contract: Contract, induced: Induced, name: str, path: str | None, text: str
) -> dict[str, object]:
    """Return what the JSON object says: the file or its text, and each rule with its record."""
    from heuron.answer import plain
    from heuron.learn.induce.write import rule_names

    rules = [
        {
            "name": called,
            "value": plain(one.value),
            "certainty": one.certainty,
            "fired": one.fired,
            "right": one.right,
            "precision": one.precision,
            "base": one.base,
            "error": one.error,
        }
        for called, one in zip(rule_names(contract, induced), induced.rules, strict=True)
    ]
    return {
        "domain": name,
        "goal": contract.goal,
        "file": path,
        "text": text if path is None else None,
        "ordered": induced.ordered,
        "rows": induced.rows,
        "of": induced.of,
        "rules": rules,
    }


def _opened(source: str, target: str | None) -> tuple[Contract, Table, str, str | None, str | None]:
    """Return contract and table, and the new domain's name, question and data line."""
    if source.endswith((".csv", ".parquet", ".tsv", ".txt")):
        from heuron.learn.induce.draft import plain_name
        from heuron.learn.induce.project import drafted

        if target is None:
            raise _usage("A file needs --target COLUMN: what is to be concluded.")
        name = plain_name(Path(source).stem)
        start = drafted(Path(source), target, name)
        question = f"What is {start.contract.goal.replace('_', ' ')}?"
        return start.contract, start.table, name, question, None
    from heuron.cli.comparing import rows_of
    from heuron.cli.opening import open_domain
    from heuron.learn.contract import contract_of

    if target is not None:
        raise _usage("--target belongs to a file: a domain has its own goal.")
    domain, knowledge = open_domain(source)
    contract = contract_of(knowledge)
    table = rows_of(domain, knowledge, None)
    data = contract.data if contract.data is not None and ":" in contract.data else None
    return contract, table, f"{knowledge.name}_induced", knowledge.question, data


def _place(name: str) -> str:
    """Return where a new rule file goes: the project's rules/, else here."""
    from heuron.knowledge.project import find_project

    project = find_project(".")
    folder = None if project is None else os.path.join(project, "rules")
    if folder is not None and os.path.isdir(folder):
        return os.path.relpath(os.path.join(folder, f"{name}.rules"))
    return f"{name}.rules"


def _usage(message: str) -> Exception:
    from heuron.diagnostics import Diagnostic, RuleError, Severity

    return RuleError(Diagnostic(Severity.ERROR, "usage", message))
