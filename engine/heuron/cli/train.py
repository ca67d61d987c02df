"""`heuron train`: from specs and examples to compiled models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heuron.cli.allowances import AllowPackage, AllowPath
from heuron.ledger import Entry

if TYPE_CHECKING:
    from heuron.diagnostics import Diagnostic
    from heuron.knowledge.project import Domain
    from heuron.learn.data import Table
    from heuron.learn.train import TrainResult

__all__ = ["booking", "model_entry", "specs_folder", "train"]


def train(
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Specs models/<domain>/<name>.toml; all by default."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Examples in CSV or parquet, instead of data.toml's."),
    ] = None,
    search: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="The most settings of the specs' [search] to try."),
    ] = 1,
    group_duplicates: Annotated[
        bool,
        typer.Option(
            "--group-duplicates/--no-group-duplicates",
            help="Keep copies of a row on one side of the split; --no-group-duplicates does not.",
        ),
    ] = True,
    allow_package: AllowPackage = None,
    allow_path: AllowPath = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Train models from their specs, and compile them."""
    from heuron.cli import exits
    from heuron.cli.allowances import allowed_packages, allowed_root
    from heuron.cli.opening import open_domain, open_ledger, open_store, trusted_file
    from heuron.cli.progress import bars
    from heuron.cli.render import print_diagnostics, print_json
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load
    from heuron.learn.train import read_specs
    from heuron.learn.train import train as train_models

    found, knowledge = open_domain(domain)
    contract, folder = contract_of(knowledge), specs_folder(found)
    # Mistakes in specs are told before any data are read.
    packages = allowed_packages(allow_package)
    read_specs(contract, folder, tuple(names or ()), packages)
    table = load(
        contract,
        None if data is None else Path(data).resolve(),
        folder=folder,
        root=allowed_root(folder.resolve().parent.parent, allow_path or data is not None),
        together=None if group_duplicates else False,
    )
    print_diagnostics(table.warnings)
    with bars() as progress:
        results = train_models(
            contract,
            folder,
            open_store(found),
            tuple(names or ()),
            table=table,
            trusted=trusted_file(),
            search=search,
            progress=progress,
            packages=packages,
        )
    open_ledger().book(*[booking(knowledge.name, one) for one in results])
    print_diagnostics([one for result in results for one in _own_warnings(result, table)])
    if json:
        print_json(
            "train", {"domain": knowledge.name, "models": [model_entry(one) for one in results]}
        )
    else:
        _say_cards(results)
    return exits.GOOD


def _own_warnings(result: TrainResult, table: Table) -> list[Diagnostic]:
    """Return what was found about the model; the data's warnings have been told."""
    return [one for one in result.warnings if one not in table.warnings]


def _say_cards(results: Sequence[TrainResult]) -> None:
    """Print a card for each model that was trained."""
    from heuron.cli.cards import card_lines
    from heuron.cli.render import say

    for number, result in enumerate(results):
        if number:
            say()
        size = sum(path.stat().st_size for path in Path(result.artifact.folder).glob("scorer.*"))
        kept = "" if result.trusted else ", no joblib file"
        files = f"answers from {size:,} bytes{kept}; trained in {result.cpu_seconds:.1f} CPU s"
        for line in card_lines(result.card, result.version, files):
            say(line)


def specs_folder(domain: Domain) -> Path:
    """Return the nearest of the domain's model folders that has specs; they need not be there.

    A folder below the present one is named from there, as messages show it.
    """
    from heuron.knowledge.sources import model_names

    found = next((one for one in domain.models if model_names((one,))), domain.models[0])
    near = os.path.relpath(found)
    return Path(found if near.startswith("..") else near)


def booking(domain: str, result: TrainResult) -> Entry:
    """Return what a training has cost: out-of-fold answers, calibration, compiling and all."""
    name = f"model:{result.name}"
    return Entry("train", domain, name, result.cpu_seconds, rows=result.rows)


def model_entry(result: TrainResult) -> dict[str, Any]:
    """Return what the JSON object says of a model that was trained."""
    return {
        "name": result.name,
        "version": result.version,
        "folder": result.artifact.folder,
        "rows": result.rows,
        "score": dict(result.score),
        "searched": result.card["searched"],
        "trusted": result.trusted,
        "seconds": round(result.seconds, 3),
        "cpu_seconds": round(result.cpu_seconds, 3),
    }
