"""`heuron optimise`: smaller copies of a model, and what they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heuron.learn.optimise import Variant

__all__ = ["optimise"]


def optimise(
    domain: Annotated[
        str, typer.Argument(help="A built-in name, a name in the project's rules/, or a path.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name.")],
    keep: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="Use this one: packed, smaller, int8 or onnx."),
    ] = None,
    max_changed: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many labels may change.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show other forms of a model: bytes, time, labels changed; perhaps use one."""
    from time import process_time

    from heuron.cli import exits
    from heuron.cli.comparing import rows_of
    from heuron.cli.opening import open_domain, open_ledger, open_store
    from heuron.cli.render import columns, print_json, say
    from heuron.diagnostics import Diagnostic, RuleError, Severity
    from heuron.learn.contract import contract_of
    from heuron.learn.optimise import METHODS, NoVariant, Variant, variants
    from heuron.learn.optimise import keep as keep_variant
    from heuron.ledger import Entry

    began = process_time()
    found, knowledge = open_domain(domain)
    contract, store = contract_of(knowledge), open_store(found)
    model = store.model(knowledge.name, name)
    if keep is not None and keep not in METHODS[1:]:
        message = f'"{keep}" is no method: {", ".join(METHODS[1:])}.'
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
    tried = variants(contract, model, rows_of(found, knowledge, None), max_changed)
    kept = None
    if keep is not None:
        wanted = next(one for one in tried if one.method == keep)
        if isinstance(wanted, NoVariant):
            message = f"{name} has no {keep} copy: {wanted.why}"
            raise RuleError(Diagnostic(Severity.ERROR, "usage", message))
        kept = keep_variant(contract, store, model, wanted, max_changed)
    spent = Entry("optimise", knowledge.name, f"model:{name}", process_time() - began)
    open_ledger().book(spent)
    if json:
        body = {
            "variants": [one.to_dict() for one in tried if isinstance(one, Variant)],
            "without": {one.method: one.why for one in tried if isinstance(one, NoVariant)},
        }
        version = None if kept is None else kept.version
        print_json("optimise", {"name": name, **body, "kept": version})
        return exits.GOOD
    for line in columns([HEADS, *(_row(one) for one in tried if isinstance(one, Variant))]):
        say(line)
    for one in tried:
        if isinstance(one, NoVariant):
            say(f"{one.method}: {one.why}")
    if kept is not None:
        say(f"{name} is now {kept.version}, from {model.version}")
    return exits.GOOD


HEADS = ("", "bytes", "one answer", "among many", "labels changed", "largest change", "")


def _row(one: Variant) -> tuple[str, ...]:
    changed = (
        f"{one.changed_held_out:,} of {one.held_out:,} held out, "
        f"{one.changed_contract:,} of {one.contract:,} made"
    )
    return (
        one.method,
        f"{one.bytes:,}",
        f"{one.us_single:.1f} µs",
        f"{one.us_batch:.2f} µs",
        changed,
        f"{one.largest_change:.1g}",
        one.what,
    )
