"""`heuron ask`: one question to rules and models, from the command line or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from heuron.cli.render import note

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["ask"]


def ask(
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
        ),
    ],
    evidence: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE", help="What is known; all else is unknown."),
    ] = None,
    via: Annotated[
        str, typer.Option(metavar="WHO", help="dispatch, rules, a model's name, or all.")
    ] = "dispatch",
    why: Annotated[
        bool, typer.Option("--why", help="Explain the answer: its proof, or what moved a model.")
    ] = False,
    why_not: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="Explain what kept the answer from being VALUE."),
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE", help="Ask again with this changed, and show what changes."
        ),
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(metavar="FACT", help="Another fact, such as 'Loan(amount=15_000)'."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Records in JSON, JSON lines, CSV or parquet; - is stdin."
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the answers to a .csv, .jsonl or .parquet file."),
    ] = None,
    goal: Annotated[
        str | None,
        typer.Option(metavar="TYPE.FIELD", help="Ask the rules for another concluded field."),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="A dispatch block; by default the first.")
    ] = None,
    today: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of the question, as 2026-11-24.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 4 when nobody answers, with 1 when a model is absent."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a record.")] = False,
) -> int:
    """Answer a question by rules, models, or the dispatcher's choice."""
    from heuron.cli.asking import Wanted, ask_one, show_how
    from heuron.cli.costs import book_command
    from heuron.cli.opening import day, open_domain, open_ledger
    from heuron.knowledge.evidence import from_words, read_value
    from heuron.knowledge.written import Word

    found, knowledge = open_domain(domain, goal)
    wanted = Wanted(via, why, why_not, tuple(what_if or ()), day(today), strict, json, policy)
    if not (evidence or fact or file):
        return show_how(found, knowledge, wanted)
    if why_not is not None and knowledge.goal is not None:
        # Before anything is shown: a typing mistake is no question.
        read_value(knowledge.template[knowledge.goal.field], Word(why_not))
    given = from_words(evidence or (), fact or ())
    _say_hidden(knowledge, given)
    ledger = open_ledger(lasting=file is not None)
    try:
        if file is None:
            return ask_one(found, knowledge, given, wanted, out, ledger)
        from heuron.cli.asking_many import ask_records

        return ask_records(found, knowledge, file, given, wanted, out, ledger)
    finally:
        book_command(ledger, knowledge.name, "ask" if file is None else "ask --file")


def _say_hidden(knowledge: KnowledgeBase, given: Mapping[str, object]) -> None:
    """Say that the goal's own field was left out of the evidence, where somebody gave it."""
    goal = knowledge.goal
    if goal is None:
        return
    record = given.get(goal.type_name)
    if goal.field in given or (isinstance(record, Mapping) and goal.field in record):
        note(f"{goal.field} is what is asked for: what is given for it is left out")
