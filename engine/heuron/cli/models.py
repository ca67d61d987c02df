"""`heuron models`: what has been trained: list, show, select, verify, and what travels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from heuron.cli import exits
from heuron.cli.model_files import (
    Named,
    diff_models,
    export_model,
    import_model,
    parted,
    remove_model,
    trust_joblib,
)
from heuron.cli.opening import opened_models
from heuron.cli.render import columns, note, print_json, say
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.learn.store import Store

__all__ = ["app"]

app = typer.Typer(help="List, show, select, verify, compare and export trained models.")

Domain = Annotated[
    str,
    typer.Argument(
        metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> int:
    """List, show, select, verify, compare and export trained models."""
    return exits.GOOD if context.invoked_subcommand else list_models()


@app.command("list")
def list_models(
    domain: Annotated[
        str | None, typer.Argument(metavar="DOMAIN", help="One domain; all by default.")
    ] = None,
    json: Json = False,
) -> int:
    """List trained models and specs that have not been trained."""
    from heuron.cli.cards import score_words
    from heuron.knowledge.project import domains

    names = [domain] if domain else [one.name for one, _ in domains()]
    rows, cards, damaged = [], [], []
    for one in names:
        try:
            called, specs, store = opened_models(one)
        except RuleError as error:
            # A mistake in one file does not hide the models of all others.
            if domain is not None:
                raise
            note(f"{one} is left out: {error.diagnostics[0].message} See `heuron check {one}`.")
            continue
        selected = store.selected(called)
        trained = store.names(called)
        for name in trained:
            artifact = store.find(called, name)
            assert artifact is not None
            state = "selected" if name == selected else ""
            try:
                card = store.card(called, name)
                words = score_words(card["score"])
            except RuleError as error:
                damaged.append(f"{called} {name} is left out: {error.diagnostics[0].message}")
                continue
            cards.append(_entry(card, artifact.version, name == selected))
            rows.append((called, name, artifact.version, words, state))
        rows += [(called, name, "", "not trained", "") for name in specs if name not in trained]
    if json:
        print_json("models", {"models": cards})
    else:
        for line in columns(rows):
            say(line)
    for line in damaged:
        note(line)
    return exits.ERRORS if damaged else exits.GOOD


@app.command("show")
def show_model(domain: Domain, name: Named, json: Json = False) -> int:
    """Show a model's card."""
    from heuron.cli.cards import card_lines

    called, _, store = opened_models(domain)
    plain, version = parted(name)
    card = store.card(called, plain, version)
    artifact = store.find(called, plain, version)
    assert artifact is not None
    if json:
        entry = _entry(card, artifact.version, store.selected(called) == plain)
        print_json("models", {"models": [entry]})
    else:
        for line in card_lines(card, artifact.version, _verified(store, called, plain, version)):
            say(line)
        others = [one for one in store.versions(called, plain) if one != artifact.version]
        if others:
            say(f"  others        {', '.join(f'{plain}@{one}' for one in others)}")
    return exits.GOOD


@app.command("select")
def select_model(domain: Domain, name: Named, json: Json = False) -> int:
    """Let a model answer where no dispatch block says otherwise; NAME@VERSION goes back to one."""
    called, _, store = opened_models(domain)
    plain, version = parted(name)
    store.select(called, plain, None if version is None else (plain, version))
    if json:
        artifact = store.find(called, plain)
        body = {"domain": called, "name": plain}
        print_json("models", {"selected": {**body, "version": artifact and artifact.version}})
    return exits.GOOD


@app.command("verify")
def verify_models(
    domain: Domain,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME[@VERSION]", help="Models; all by default.")
    ] = None,
    json: Json = False,
) -> int:
    """Check every sum, and replay the golden rows."""
    called, _, store = opened_models(domain)
    found = {name: _verified(store, called, *parted(name)) for name in names or store.names(called)}
    if json:
        models = [{"domain": called, "name": name, "verified": one} for name, one in found.items()]
        print_json("models", {"models": models})
    else:
        for line in columns(list(found.items())):
            say(line)
    changed = any(one.startswith("changed") for one in found.values())
    return exits.ERRORS if changed else exits.GOOD


app.command("diff")(diff_models)
app.command("export")(export_model)
app.command("import")(import_model)
app.command("trust")(trust_joblib)
app.command("remove")(remove_model)


def _entry(card: dict[str, Any], version: str, selected: bool) -> dict[str, Any]:
    return {**card, "version": version, "selected": selected}


def _verified(store: Store, domain: str, name: str, version: str | None = None) -> str:
    from heuron.cli.opening import trusted_file
    from heuron.learn.trust import trusted_sums

    return store.verify(domain, name, trusted_sums(trusted_file()), version)
