"""`heuron compare`: rules, models and the dispatcher on the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heuron.compare.policies import Cost
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain
    from heuron.learn.data import Table

__all__ = ["compare"]


def compare(
    domain: Annotated[
        str, typer.Argument(help="A built-in name, a name in the project's rules/, or a path.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A CSV or parquet file, all of whose rows are new; by default the rows of the "
            "domain's own data that were held out.",
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="A dispatch block; by default the first.")
    ] = None,
    cost: Annotated[
        str | None,
        typer.Option(metavar="COST", help="Rank by cost, for instance wrong=1,refer=0.2."),
    ] = None,
    disagreements: Annotated[
        bool,
        typer.Option("--disagreements", help="List the rows on which they differ, with reasons."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Say who is right how often, where they differ, at what cost."""
    from heuron.cli import exits
    from heuron.cli.opening import open_domain, open_store
    from heuron.cli.render import note, print_json, say
    from heuron.compare import compare as compare_rows
    from heuron.dispatch import Dispatcher

    found, knowledge = open_domain(domain)
    dispatcher = Dispatcher(knowledge, open_store(found), policy=policy)
    table = _table(found, knowledge, data)
    comparison = compare_rows(dispatcher, table, cost=_cost(cost), disagreements=disagreements)
    if json:
        print_json("compare", comparison.to_dict())
        return exits.GOOD
    from heuron.compare.report import report

    say(report(comparison))
    for name in knowledge.models:
        if name not in dispatcher.models:
            why = dispatcher.bench.why_not.get(name, "it has not been trained")
            note(f"Left out: {name}, because {why}. Train it: heuron train {knowledge.name} {name}")
    return exits.GOOD


def _table(domain: Domain, knowledge: KnowledgeBase, data: str | None) -> Table:
    """Return the rows to compare on: the domain's held-out ones, or all of a file's."""
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load

    folders = [Path(folder) for folder in domain.models]
    folder = next((one for one in folders if (one / "data.toml").is_file()), None)
    return load(
        contract_of(knowledge),
        data,
        folder=folder,
        root=Path(domain.root),
        everything=data is not None,
    )


def _cost(text: str | None) -> Cost | None:
    """Return the cost that was given.

    Raises:
        RuleError: It cannot be read.
    """
    if text is None:
        return None
    from heuron.compare.policies import read_cost
    from heuron.diagnostics import Diagnostic, RuleError, Severity

    try:
        return read_cost(text)
    except ValueError as error:
        message = f"--cost cannot be read: {error}."
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message)) from None
