"""`heuron domains`: what can be asked about."""

from __future__ import annotations

from typing import Annotated

import typer

from heuron.cli import exits
from heuron.cli.render import columns, print_json, say

__all__ = ["domains"]


def domains(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """List the knowledge bases of this project and the built-in ones."""
    from heuron.knowledge.project import domains as find
    from heuron.knowledge.sources import model_names

    found = find()
    if json:
        listed = [
            {
                "name": domain.name,
                "question": question,
                "file": domain.shown,
                "built_in": domain.built_in,
                "models": list(model_names(domain.models)),
            }
            for domain, question in found
        ]
        print_json("domains", {"domains": listed})
        return exits.GOOD
    rows = [
        (domain.name, question or "", "built in" if domain.built_in else domain.shown)
        for domain, question in found
    ]
    for line in columns(rows):
        say(line)
    return exits.GOOD
