"""`heuron tune`: let a trained model go on learning from new rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heuron.cli.allowances import AllowPackage, AllowPath

if TYPE_CHECKING:
    from heuron.learn.tune import Scores, TuneResult

__all__ = ["tune"]


def tune(
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
        ),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name.")],
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="The new rows, in CSV or parquet.")
    ] = None,
    from_spec: Annotated[
        bool, typer.Option("--from-spec", help="Train from the spec, on old and new rows.")
    ] = False,
    allow_package: AllowPackage = None,
    allow_path: AllowPath = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Fine-tune a trained model on new rows, as a new version of it."""
    from heuron.cli import exits
    from heuron.cli.allowances import allowed_packages
    from heuron.cli.comparing import rows_of
    from heuron.cli.opening import open_domain, open_ledger, open_store, trusted_file
    from heuron.cli.render import print_diagnostics, print_json, say
    from heuron.cli.train import specs_folder
    from heuron.diagnostics import Diagnostic, RuleError, Severity
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load
    from heuron.learn.tune import tune as tune_model
    from heuron.ledger import Entry

    if data is None:
        message = "Tuning needs new rows: give --data FILE."
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    found, knowledge = open_domain(domain)
    contract, folder = contract_of(knowledge), specs_folder(found)
    result = tune_model(
        contract,
        folder,
        open_store(found),
        name,
        rows_of(found, knowledge, None, allow_path),
        load(contract, Path(data), folder=folder),
        trusted=trusted_file(),
        from_spec=from_spec,
        packages=allowed_packages(allow_package),
    )
    booked = Entry("tune", knowledge.name, f"model:{name}", result.cpu_seconds, rows=result.rows)
    open_ledger().book(booked)
    print_diagnostics(result.warnings)
    if json:
        print_json("tune", {"domain": knowledge.name, **_body(result)})
    else:
        for line in _lines(result):
            say(line)
    return exits.GOOD


def _body(result: TuneResult) -> dict[str, object]:
    def scores(one: Scores) -> dict[str, int]:
        return {"rows": one.rows, "before": one.before, "after": one.after}

    return {
        "name": result.name,
        "version": result.artifact.version,
        "parent": result.parent,
        "method": result.method,
        "rows": result.rows,
        "held_out_before": result.left_out,
        "old": scores(result.old),
        "new": scores(result.new),
        "cpu_seconds": round(result.cpu_seconds, 3),
    }


def _lines(result: TuneResult) -> list[str]:
    lines = [
        f"{result.name}  {result.artifact.version}, from {result.parent}: {result.method} "
        f"({result.rows:,} rows)"
    ]
    for words, one in (("old", result.old), ("new", result.new)):
        if one.rows:
            lines.append(
                f"  right on {one.rows:,} {words} rows that were held out: "
                f"{one.before / one.rows:.1%} before, {one.after / one.rows:.1%} after"
            )
    if result.left_out:
        lines.append(f"  {result.left_out:,} new rows are held out of the old data: not used")
    return lines
