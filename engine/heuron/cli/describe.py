"""`heuron describe`: what can be asked of a domain, and who answers."""

from __future__ import annotations

from typing import Annotated

import typer

from heuron.cli import exits
from heuron.cli.render import print_json, say

__all__ = ["describe"]


def describe(
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show a domain: fields, rules, queries, models, routes."""
    from heuron.cli.describing import long_lines
    from heuron.cli.opening import open_domain, open_store

    found, knowledge = open_domain(domain)
    trained = open_store(found).names(knowledge.name)
    if json:
        print_json("describe", {**knowledge.describe(), "trained": trained})
    else:
        for line in long_lines(found, knowledge, trained):
            say(line)
    return exits.GOOD
