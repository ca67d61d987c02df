"""`heuron train`: from specs and examples to compiled models."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heuron.ledger import Entry

if TYPE_CHECKING:
    from heuron.knowledge.project import Domain
    from heuron.learn.train import TrainResult

__all__ = ["booking", "specs_folder", "train"]


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
        bool, typer.Option("--search", help="Try the hyperparameters of the specs' [search].")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Train models from their specs, and compile them."""
    from heuron.cli import exits
    from heuron.cli.opening import open_domain, open_ledger, open_store, trusted_file
    from heuron.cli.render import print_diagnostics, print_json, say
    from heuron.learn.contract import contract_of
    from heuron.learn.train import train as train_models

    found, knowledge = open_domain(domain)
    folder = specs_folder(found)
    results = train_models(
        contract_of(knowledge),
        folder,
        open_store(found),
        tuple(names or ()),
        data=None if data is None else Path(data).resolve(),
        root=None if data is not None else folder.resolve().parent.parent,
        trusted=trusted_file(),
        search=search,
        progress=_progress if sys.stderr.isatty() else None,
    )
    open_ledger().book(*[booking(knowledge.name, one) for one in results])
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    # Warnings about the data come with each model of them: once is enough.
    warnings = {str(one): one for result in results for one in result.warnings}
    print_diagnostics(warnings.values())
    if json:
        print_json("train", {"domain": knowledge.name, "models": [_entry(one) for one in results]})
    else:
        for result in results:
            say(_line(result))
    return exits.GOOD


def specs_folder(domain: Domain) -> Path:
    """Return the nearest of the domain's model folders that has specs; they need not be there.

    A folder below the present one is named from there, as messages show it.
    """
    from heuron.knowledge.sources import model_names

    found = next((one for one in domain.models if model_names((one,))), domain.models[0])
    near = os.path.relpath(found)
    return Path(found if near.startswith("..") else near)


def _progress(name: str, done: int, total: int) -> None:
    width = 24 * done // max(total, 1)
    sys.stderr.write(f"\r\033[K{name}  {'█' * width}{'·' * (24 - width)}  {done} of {total}")
    sys.stderr.flush()


def booking(domain: str, result: TrainResult) -> Entry:
    """Return what a training has cost: out-of-fold answers, calibration, compiling and all."""
    name = f"model:{result.name}"
    return Entry("train", domain, name, result.cpu_seconds, rows=result.rows)


def _entry(result: TrainResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "version": result.version,
        "folder": result.artifact.folder,
        "rows": result.rows,
        "score": dict(result.score),
        "trusted": result.trusted,
        "seconds": round(result.seconds, 3),
        "cpu_seconds": round(result.cpu_seconds, 3),
    }


def _line(result: TrainResult) -> str:
    from heuron.cli.cards import score_words

    return (
        f"{result.name}  {result.version}  {result.rows:,} rows, {score_words(result.score)}, "
        f"{result.seconds:.1f} s"
    )
