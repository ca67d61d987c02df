"""What `heuron ask` does with a question: asks whom it is to ask, and shows what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from heuron.answer import Answer
from heuron.cli import exits
from heuron.cli.costs import counted, explaining
from heuron.cli.render import columns, note, print_json, say
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.diagnostics import Diagnostic
    from heuron.dispatch.dispatcher import Dispatcher
    from heuron.dispatch.what_if import WhatIf
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain
    from heuron.ledger import Ledger

__all__ = ["Ask", "Wanted", "ask_one", "asker", "exit_of", "explained", "show_how", "usage"]


Ask = Callable[[Mapping[str, object]], Answer]


class Wanted(NamedTuple):
    """What was asked for on the command line beside the evidence."""

    via: str
    why: bool
    why_not: str | None
    what_if: tuple[str, ...]
    today: date | None
    strict: bool
    json: bool
    policy: str | None = None

    @property
    def explained(self) -> bool:
        """Whether an explanation was asked for."""
        return self.why or self.why_not is not None


def show_how(domain: Domain, knowledge: KnowledgeBase, wanted: Wanted) -> int:
    """Show what can be given, and an example."""
    from heuron.cli.describing import short_lines

    if wanted.json:
        print_json("ask", knowledge.describe())
    else:
        for line in short_lines(domain, knowledge):
            say(line)
    return exits.GOOD


def ask_one(
    domain: Domain,
    knowledge: KnowledgeBase,
    given: Mapping[str, object],
    wanted: Wanted,
    out: str | None,
    ledger: Ledger,
) -> int:
    """Ask about one record and show the answer, or all answers side by side."""
    if wanted.via == "all":
        from heuron.cli.opening import open_dispatcher

        if wanted.what_if or out is not None:
            option = "--what-if" if wanted.what_if else "--out"
            raise RuleError(usage(f"{option} is about one answer.", "Leave --via all out."))
        return _all(open_dispatcher(domain, knowledge, ledger, wanted.policy), given, wanted)
    ask = asker(domain, knowledge, wanted, ledger)
    answer = ask(given)
    if out is not None:
        from heuron.cli.answer_files import write_answers

        count = write_answers(out, [("1", answer)])
        note(f"{count} answer written to {out}")
    elif wanted.json:
        with explaining(ledger, knowledge.name, answer, wanted.explained):
            body = answer.to_dict() | explained(answer, wanted)
        if wanted.what_if:
            body["what_if"] = _changed(ask, given, wanted).to_dict()
        print_json("ask", body)
    else:
        with explaining(ledger, knowledge.name, answer, wanted.explained):
            _show(knowledge, answer, wanted)
        if wanted.what_if:
            _show_change(wanted, _changed(ask, given, wanted))
    return exit_of(answer, wanted)


def asker(domain: Domain, knowledge: KnowledgeBase, wanted: Wanted, ledger: Ledger) -> Ask:
    """Return how one record is asked about: by rules alone, or through the dispatcher."""
    if wanted.via == "rules" and not knowledge.calls_models:
        return counted(
            lambda given: knowledge.ask(given, wanted.today, hide_goal=True),
            ledger.counter(knowledge.name, "rules"),
        )

    from heuron.cli.opening import open_dispatcher

    dispatcher = open_dispatcher(domain, knowledge, ledger, wanted.policy)
    return lambda given: dispatcher.ask(
        given, via=wanted.via, strict=wanted.strict, today=wanted.today
    )


def _show(knowledge: KnowledgeBase, answer: Answer, wanted: Wanted) -> None:
    from heuron.cli.answers import answer_lines, why_lines

    for line in answer_lines(knowledge.question, answer, has_routes=bool(knowledge.blocks)):
        say(line)
    if wanted.why and (answer.value is not None or answer.backend == "refer"):
        say("\n".join(why_lines(answer)))
    if wanted.why_not is not None:
        say(answer.why_not(wanted.why_not))


def _show_change(wanted: Wanted, found: WhatIf) -> None:
    changed = found.in_words()
    say(f"With {' '.join(wanted.what_if)}:{'' if changed else ' nothing changes'}")
    for line in columns([(what, f"{one} -> {other}") for what, one, other in changed], "  "):
        say(line)


def _all(dispatcher: Dispatcher, given: Mapping[str, object], wanted: Wanted) -> int:
    found = dispatcher.ask(given, via="all", strict=wanted.strict, today=wanted.today)
    if wanted.json:
        body = found.to_dict()
        if wanted.why:
            body["why"] = {name: answer.why().to_dict() for name, answer in found.answers.items()}
        if wanted.why_not is not None:
            body["why_not"] = {
                name: answer.why_not(wanted.why_not).splitlines()
                for name, answer in found.answers.items()
            }
        print_json("ask", body)
    else:
        from heuron.cli.side_by_side import side_by_side_lines

        for line in side_by_side_lines(dispatcher, found, why=wanted.why):
            say(line)
        for name, why in dispatcher.bench.refused.items():
            note(f"{name} is left out: {why.message}")
        for name, answer in found.answers.items() if wanted.why_not is not None else ():
            lines = answer.why_not(wanted.why_not).splitlines()
            say("\n".join(["Rules:", *(f"  {one}" for one in lines)] if name == "rules" else lines))
    return exit_of(found.dispatch, wanted)


def _changed(ask: Ask, given: Mapping[str, object], wanted: Wanted) -> WhatIf:
    from heuron.dispatch.what_if import what_if
    from heuron.knowledge.evidence import from_words

    return what_if(ask, given, from_words(wanted.what_if))


def explained(answer: Answer, wanted: Wanted) -> dict[str, object]:
    body: dict[str, object] = {}
    if wanted.why:
        body["why"] = answer.why().to_dict()
    if wanted.why_not is not None:
        body["why_not"] = answer.why_not(wanted.why_not).splitlines()
    return body


def usage(message: str, hint: str) -> Diagnostic:
    """Return what is wrong with options that do not go together."""
    from heuron.diagnostics import Diagnostic, Severity

    return Diagnostic(Severity.ERROR, "usage", message, hint=hint)


def exit_of(answer: Answer, wanted: Wanted) -> int:
    return exits.NO if wanted.strict and answer.value is None else exits.GOOD
