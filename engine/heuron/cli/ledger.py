"""`heuron ledger`: what training and answering have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heuron.ledger import Ledger
    from heuron.ledger.accounts import Summary

__all__ = ["ledger"]


def ledger(
    domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="One domain; all by default.")
    ] = None,
    per_day: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Say when they are even at N answers a day."),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw both costs into an .svg or .png file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Say what training and answering have cost, and when they are even."""
    from heuron.cli import exits
    from heuron.cli.opening import open_ledger
    from heuron.cli.render import note, print_json, say

    book = open_ledger()
    found = book.summary(domain)
    if plot is not None:
        _draw(plot, found, domain)
    if json:
        even = found.break_even_answers
        days = {} if per_day is None else {"days": None if even is None else even / per_day}
        print_json("ledger", {"domain": domain, **found.to_dict(), **days})
        return exits.GOOD
    from heuron.cli.accounts import account_lines

    if book.folder is None:
        note("The ledger is off: HEURON_LEDGER says so.")
    for line in account_lines(found, domain, per_day):
        say(line)
    if domain is not None and not (found.backends or found.evaluation_seconds):
        note(_counted(book, domain))
    if plot is not None:
        note(f"Drawn into {plot}")
    return exits.GOOD


def _counted(book: Ledger, domain: str) -> str:
    """Return in words which domains have been counted, where one has not."""
    from heuron.diagnostics import nearest

    names = sorted({one.domain for one in book.summary().backends})
    near = nearest(domain, names)
    if near:
        return f"Did you mean `{near}`?"
    return f"Counted are: {', '.join(names)}." if names else "Nor has any other domain."


def _draw(file: str, found: Summary, domain: str | None) -> None:
    """Draw the costs into a file.

    Raises:
        RuleError: The file's ending is another, or there is nothing to draw yet.
    """
    from heuron.cli.cost_plot import cost_pixels, cost_plot
    from heuron.diagnostics import Diagnostic, RuleError, Severity
    from heuron.learn.write import write_file

    ending = file.lower().rpartition(".")[2] if "." in file else ""
    if ending not in ("svg", "png"):
        message = f'"{file}" is no .svg and no .png file.'
        hint = "The ending says how the plot is drawn: costs.svg or costs.png."
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message, hint=hint))
    if found.break_even_answers is None:
        message = "There is nothing to draw before a training and an answer have been counted."
        hint = "heuron train DOMAIN, then heuron ask DOMAIN …"
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message, hint=hint))
    title = domain or "all domains"
    drawn = cost_pixels(found, title) if ending == "png" else cost_plot(found, title).encode()
    write_file(file, drawn)
