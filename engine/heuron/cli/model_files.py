"""`heuron models export`, `remove` and `diff`: a model's files, and two cards side by side."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from heuron.cli import exits
from heuron.cli.render import columns, note, print_json, say
from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["diff_models", "export_model", "remove_model"]

Domain = Annotated[
    str,
    typer.Argument(
        metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
    ),
]
Named = Annotated[
    str, typer.Argument(metavar="NAME[@VERSION]", help="A model, the version in use by default.")
]
SHOWN = 60
"""Characters of a setting that are shown; the JSON has all."""


def export_model(
    domain: Domain,
    name: Named,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="The .zip file to write.")] = None,
) -> int:
    """Write the files of a model that can travel into a .zip file."""
    from heuron.cli.opening import opened_models
    from heuron.learn.exchange import packed_model
    from heuron.learn.write import write_file

    called, _, store = opened_models(domain)
    plain, version = _parted(name)
    model = store.model(called, plain, version)
    path = out or f"{called}-{plain}-{model.version}.zip"
    write_file(path, packed_model(called, model))
    note(f"{path}: unpack it in a project's models/")
    return exits.GOOD


def remove_model(domain: Domain, name: Named) -> int:
    """Remove a trained model, or one version of it; its spec stays."""
    from heuron.cli.opening import opened_models
    from heuron.learn.exchange import remove

    called, _, store = opened_models(domain)
    plain, version = _parted(name)
    for removed in remove(store, called, plain, version):
        say(f"removed {os.path.relpath(removed)}")
    return exits.GOOD


def diff_models(
    domain: Domain,
    first: Named,
    second: Named,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show in what the cards of two models differ; exit 4 when they do."""
    from heuron.cli.opening import opened_models

    called, _, store = opened_models(domain)
    cards = [store.card(called, *_parted(one)) for one in (first, second)]
    left, right = (_flat(card) for card in cards)
    changed = [
        (key, left.get(key), right.get(key))
        for key in dict.fromkeys((*left, *right))
        if left.get(key) != right.get(key)
    ]
    if json:
        rows = [{"what": key, "first": one, "second": other} for key, one, other in changed]
        print_json("models", {"differences": rows})
    else:
        shown = [(key, _short(one), _short(other)) for key, one, other in changed]
        for line in columns([("", first, second), *shown] if shown else []):
            say(line)
    return exits.NO if changed else exits.GOOD


def _flat(value: Any, path: str = "") -> dict[str, object]:
    """Return the leaves of a card by dotted path; the sums of files say nothing to a reader."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[str, object] = {}
    for key, one in value.items():
        if path or key != "files":
            found |= _flat(one, f"{path}.{key}" if path else key)
    return found


def _short(value: object) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _parted(name: str) -> tuple[str, str | None]:
    """Return a model's name and version.

    Raises:
        RuleError: There is an @ without a version behind it.
    """
    plain, at, version = name.partition("@")
    if at and not version:
        message = f'"{name}" names no version: write NAME@VERSION.'
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    return plain, version or None
