"""`heuron new`: from a table to a project with rules, models and a first comparison."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from heuron.ledger import Entry

__all__ = ["new"]


def new(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A CSV or parquet file.")],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The new folder and domain; by default the file's name."
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that is to be answered.")
    ] = None,
    rules: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="The most rules to begin with.")
    ] = 8,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, the comparison in it.")
    ] = False,
) -> int:
    """Make a project from a table: template, rules, models, dispatch, tests, a comparison."""
    from heuron.cli import exits
    from heuron.cli.compare import compare
    from heuron.cli.opening import open_ledger
    from heuron.cli.render import note, print_diagnostics, print_json, say
    from heuron.learn.induce import induce
    from heuron.learn.induce.draft import plain_name
    from heuron.learn.induce.project import drafted, project_files

    folder = Path(name or plain_name(Path(data).stem))
    if target is None:
        from heuron.learn.source import read_source

        names = list(read_source(data, Path(), None).columns)
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        columns = ", ".join(names[:20]) + more
        raise _usage(f"What is to be answered? Give --target COLUMN, one of {columns}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _usage(f'"{folder}" is there already and not empty: give another NAME.')
    domain = plain_name(folder.name)
    start = drafted(Path(data), target, domain)
    print_diagnostics(start.table.warnings)
    induced = induce(start.table, rules)

    def files(model: str | None) -> dict[str, str]:
        return project_files(start, Path(data).name, induced, model)

    made, models, spent = _write(folder, files, Path(data), domain)
    note("Comparing on the rows that were held out …")
    here = os.getcwd()
    try:
        os.chdir(folder)
        open_ledger().book(*spent)  # the new project's own
        if json:
            comparison = _compared(domain)
        else:
            for path in made:
                say(f"{folder / path}")
            say()
            compare(domain)
    finally:
        os.chdir(here)
    note(f"Next: cd {folder} · heuron describe {domain} · heuron test rules/{domain}.rules")
    if json:
        left = [{"column": one, "reason": why} for one, why in start.draft.left_out]
        named = {"domain": domain, "goal": start.contract.goal, "folder": str(folder)}
        found = {"files": made, "left_out": left, "models": models, "comparison": comparison}
        print_json("new", {**named, **found})
    return exits.GOOD


def _compared(domain: str) -> dict[str, Any]:
    """Return the first comparison's JSON."""
    from heuron.cli.comparing import rows_of
    from heuron.cli.costs import evaluated
    from heuron.cli.opening import open_domain, open_store
    from heuron.compare import compare
    from heuron.dispatch import Dispatcher

    found, knowledge = open_domain(domain)
    table = rows_of(found, knowledge, None)
    with evaluated(domain, len(table)):
        return compare(Dispatcher(knowledge, open_store(found)), table).to_dict()


def _write(
    folder: Path, files: Callable[[str | None], dict[str, str]], data: Path, domain: str
) -> tuple[list[str], list[dict[str, Any]], list[Entry]]:
    """Write, check and train beside the new folder, which appears whole or not at all.

    `files` gives the texts by path, with a model to be asked by the dispatcher. Returns the
    paths in the folder, what is to be said of each model, and what training it took.
    """
    parent = folder.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        texts = files(None)
        for path, text in texts.items():
            place = temporary / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        shutil.copyfile(data, temporary / "models" / domain / data.name)
        models, spent = _train(temporary, domain)
        rules = f"rules/{domain}.rules"
        (temporary / rules).write_text(files(_best(models))[rules], encoding="utf-8")
        temporary.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for one in models:
        one["folder"] = str(folder / Path(one["folder"]).relative_to(temporary))
    return [*texts, f"models/{domain}/{data.name}"], models, spent


def _best(models: list[dict[str, Any]]) -> str:
    """Return the model that was nearest or most often right on training rows not seen."""

    def worth(one: dict[str, Any]) -> float:
        score = one["score"]
        return float(score.get("right", -score.get("mean_absolute_error", inf)))

    return str(max(models, key=worth)["name"])


def _train(root: Path, domain: str) -> tuple[list[dict[str, Any]], list[Entry]]:
    from heuron.cli.opening import trusted_file
    from heuron.cli.render import note
    from heuron.cli.train import booking, model_entry
    from heuron.knowledge.load import load
    from heuron.learn.contract import contract_of
    from heuron.learn.store import Store
    from heuron.learn.train import train

    knowledge = load(root / "rules" / f"{domain}.rules")
    results = train(
        contract_of(knowledge),
        root / "models" / domain,
        Store(root / "models"),
        root=root,
        trusted=trusted_file(),
        progress=lambda name, done, _: note(f"Training {name} …") if done == 1 else None,
    )
    return [model_entry(one) for one in results], [booking(domain, one) for one in results]


def _usage(message: str) -> Exception:
    from heuron.diagnostics import Diagnostic, RuleError, Severity

    return RuleError(Diagnostic(Severity.ERROR, "usage", message))
