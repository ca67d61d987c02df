"""`heuron check`: everything that is wrong with rule files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from heuron.cli import exits
from heuron.cli.render import print_diagnostics, print_json

__all__ = ["check"]


def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Rule files or domains; all of rules/ by default."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Check rule files: names, types, ranges, cycles, lost certainty."""
    from heuron.cli.opening import listed_files
    from heuron.diagnostics import Diagnostic
    from heuron.knowledge.load import check as check_file

    named = list(files) if files else listed_files()
    # A file that others use is checked with each of them; its mistakes are shown once.
    found: dict[tuple[object, ...], Diagnostic] = {}
    for file in named:
        for one in check_file(file):
            found.setdefault((one.code, one.message, one.span), one)
    if json:
        body = {"files": named, "diagnostics": [one.to_dict() for one in found.values()]}
        print_json("check", body)
    else:
        print_diagnostics(found.values(), sys.stdout)
    return exits.ERRORS if any(one.is_error for one in found.values()) else exits.GOOD
