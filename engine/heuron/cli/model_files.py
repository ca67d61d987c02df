"""`heuron models export`, `import`, `trust`, `remove`, `diff`: a model's files and its card."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from heuron.cli import exits
from heuron.cli.render import columns, note, print_json, say
from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = [
    "Named",
    "diff_models",
    "export_model",
    "import_model",
    "parted",
    "remove_model",
    "trust_joblib",
]

Domain = Annotated[
    str,
    typer.Argument(
        metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
    ),
]
Named = Annotated[
    str, typer.Argument(metavar="NAME[@VERSION]", help="A model, the version in use by default.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SHOWN = 60
"""Characters of a setting that are shown; the JSON has all."""


def export_model(
    domain: Domain,
    name: Named,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="The file to write.")] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="zip: what travels; skops: estimator too; onnx: a graph.",
        ),
    ] = "zip",
    json: Json = False,
) -> int:
    """Write a model into one file: a .zip of what travels, a .skops, or an ONNX graph."""
    from heuron.cli.opening import opened_models, trusted_file
    from heuron.learn.exchange import packed_model
    from heuron.learn.write import write_file

    if format not in ("zip", "skops", "onnx"):
        message = f'"{format}" is no format: zip, skops or onnx.'
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    called, _, store = opened_models(domain)
    plain, version = parted(name)
    model = store.model(called, plain, version)
    if format == "skops":
        from heuron.learn.skops_file import skops_bytes

        content = skops_bytes(called, model, trusted_file())
    elif format == "onnx":
        from heuron.learn.exchange import travelling_files
        from heuron.learn.onnx_file import onnx_of

        content = onnx_of(called, plain, model.scorer.form, travelling_files(model))
    else:
        content = packed_model(called, model)
    path = out or f"{called}-{plain}-{model.version}.{format}"
    write_file(path, content)
    if json:
        body = {"name": plain, "version": model.version, "file": path, "bytes": len(content)}
        print_json("models", {"exported": {"domain": called, **body}})
    else:
        if format == "onnx":
            note(f"{path} repeats the golden rows in ONNX Runtime")
        note(f"{path}: `heuron models import {called} {path}` takes it in elsewhere")
    return exits.GOOD


def import_model(
    domain: Domain,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A .zip, .skops or .onnx of `export`.")
    ],
    name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="The name to give it; by default its own."),
    ] = None,
    json: Json = False,
) -> int:
    """Take in an exported model: sums checked, golden rows replayed, then stored."""
    from heuron.cli.opening import opened_models, trusted_file
    from heuron.learn.exchange import renamed, taken_in
    from heuron.learn.trust import sum_of, trust

    called, _, store = opened_models(domain)
    whose, own, files, joblib = _unpacked(file)
    if whose != called:
        message = f'"{file}" holds a model of {whose}, and this is {called}.'
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    extra: dict[str, bytes] = {}
    # Read as data and written anew by this very process, so it is the user's own.
    if joblib is not None and trust(trusted_file(), sum_of(joblib), f"{called}/{name or own}"):
        extra = {"estimator.joblib": joblib}
    if name is not None:
        files = renamed(files, name)
    artifact = taken_in(store, called, name or own, files, extra)
    if json:
        body = {"domain": called, "name": artifact.name, "version": artifact.version}
        print_json("models", {"imported": body})
    else:
        say(f"{artifact.name}  {artifact.version}  {os.path.relpath(artifact.folder)}")
    return exits.GOOD


def _unpacked(file: str) -> tuple[str, str, dict[str, bytes], bytes | None]:
    """Return domain, name, files and, where it has one, the joblib file of an exported model."""
    from heuron.learn.exchange import unzipped

    try:
        with open(file, "rb") as stream:
            content = stream.read()
    except OSError as error:
        message = f'"{file}" cannot be used: {(error.strerror or str(error)).lower()}.'
        raise RuleError(Diagnostic(Severity.ERROR, "file", message)) from None
    if file.endswith(".skops"):
        from heuron.learn.skops_file import from_skops

        return from_skops(content)
    if file.endswith(".onnx"):
        from heuron.learn.onnx_file import from_onnx

        return *from_onnx(content), None
    return *unzipped(content), None


def trust_joblib(
    domain: Domain,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name.")],
    allow_package: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Let the file use the names of a package."),
    ] = None,
    json: Json = False,
) -> int:
    """Show what a model's joblib file uses, and trust it if that is what such files use."""
    from heuron.cli.opening import opened_models, trusted_file
    from heuron.learn.exchange import trust_model

    called, _, store = opened_models(domain)
    found = trust_model(store, called, name, trusted_file(), tuple(allow_package or ()))
    if json:
        body = {"domain": called, "name": name, "file": found.file, "sum": found.sum}
        names = {"names": list(found.names), "unexpected": list(found.unexpected)}
        print_json("models", {"trusted": {**body, **names, "added": found.added}})
        return exits.GOOD if found.added else exits.ERRORS
    say(f"{os.path.relpath(found.file)} uses:")
    for one in found.names:
        say(f"  {one}{'   not expected' if one in found.unexpected else ''}")
    if found.unexpected:
        message = f"{name} is not trusted: it uses {', '.join(found.unexpected)}"
        hint = "--allow-package lets it use a package's names; who uses them runs their code"
        raise RuleError(Diagnostic(Severity.ERROR, "not-trusted", message, None, hint))
    say(f"trusted: {found.sum}")
    return exits.GOOD


def remove_model(domain: Domain, name: Named, json: Json = False) -> int:
    """Remove a trained model, or one version of it; its spec stays."""
    from heuron.cli.opening import opened_models
    from heuron.learn.exchange import remove

    called, _, store = opened_models(domain)
    plain, version = parted(name)
    folders = remove(store, called, plain, version)
    if json:
        print_json("models", {"removed": folders})
        return exits.GOOD
    for removed in folders:
        say(f"removed {os.path.relpath(removed)}")
    return exits.GOOD


def diff_models(
    domain: Domain,
    first: Named,
    second: Named,
    json: Json = False,
) -> int:
    """Show in what the cards of two models differ; exit 4 when they do."""
    from heuron.cli.opening import opened_models

    called, _, store = opened_models(domain)
    cards = [store.card(called, *parted(one)) for one in (first, second)]
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


def parted(name: str) -> tuple[str, str | None]:
    """Return a model's name and version.

    Raises:
        RuleError: There is an @ without a version behind it.
    """
    plain, at, version = name.partition("@")
    if at and not version:
        message = f'"{name}" names no version: write NAME@VERSION.'
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    return plain, version or None
