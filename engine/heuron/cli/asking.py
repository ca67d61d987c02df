"""What `heuron ask` does with a question: asks whom it is to ask, and shows what they say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from heuron.answer import Answer
from heuron.cli import exits
from heuron.cli.costs import counted, explaining
from heuron.cli.render import as_json, note, print_diagnostics, print_json, say
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.diagnostics import Diagnostic
    from heuron.dispatch.dispatcher import Dispatcher
    from heuron.dispatch.what_if import WhatIf
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain
    from heuron.ledger import Ledger

__all__ = ["Wanted", "ask_one", "ask_records", "show_how"]


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

        return _all(open_dispatcher(domain, knowledge, ledger), given, wanted)
    ask = _asker(domain, knowledge, wanted, ledger)
    answer = ask(given)
    if out is not None:
        from heuron.cli.answer_files import write_answers

        write_answers(out, [("1", answer)])
    elif wanted.json:
        with explaining(ledger, knowledge.name, answer, wanted.explained):
            body = answer.to_dict() | _explained(answer, wanted)
        if wanted.what_if:
            body["what_if"] = _changed(ask, given, wanted).to_dict()
        print_json("ask", body)
    else:
        with explaining(ledger, knowledge.name, answer, wanted.explained):
            _show(knowledge, answer, wanted)
        if wanted.what_if:
            say(f"With {' '.join(wanted.what_if)}: {_changed(ask, given, wanted)}")
    return _exit(answer, wanted)


def _asker(domain: Domain, knowledge: KnowledgeBase, wanted: Wanted, ledger: Ledger) -> Ask:
    """Return how one record is asked about: by rules alone, or through the dispatcher."""
    if wanted.via == "rules" and not knowledge.calls_models:
        return counted(
            lambda given: knowledge.ask(given, wanted.today, hide_goal=True),
            ledger.counter(knowledge.name, "rules"),
        )

    from heuron.cli.opening import open_dispatcher

    dispatcher = open_dispatcher(domain, knowledge, ledger)
    return lambda given: dispatcher.ask(
        given, via=wanted.via, strict=wanted.strict, today=wanted.today
    )


def _show(knowledge: KnowledgeBase, answer: Answer, wanted: Wanted) -> None:
    from heuron.cli.answers import answer_lines, why_lines

    for line in answer_lines(knowledge.question, answer, has_routes=bool(knowledge.blocks)):
        say(line)
    if wanted.why and answer.value is not None:
        say("\n".join(why_lines(answer)))
    if wanted.why_not is not None:
        say(answer.why_not(wanted.why_not))


def _all(dispatcher: Dispatcher, given: Mapping[str, object], wanted: Wanted) -> int:
    found = dispatcher.ask(given, via="all", strict=wanted.strict, today=wanted.today)
    if wanted.json:
        body = found.to_dict()
        if wanted.why:
            body["why"] = {name: answer.why().to_dict() for name, answer in found.answers.items()}
        print_json("ask", body)
    else:
        from heuron.cli.side_by_side import side_by_side_lines

        for line in side_by_side_lines(dispatcher, found, why=wanted.why):
            say(line)
    return _exit(found.dispatch, wanted)


def _changed(ask: Ask, given: Mapping[str, object], wanted: Wanted) -> WhatIf:
    from heuron.dispatch.what_if import what_if
    from heuron.knowledge.evidence import from_words

    return what_if(ask, given, from_words(wanted.what_if))


def _explained(answer: Answer, wanted: Wanted) -> dict[str, object]:
    body: dict[str, object] = {}
    if wanted.why:
        body["why"] = answer.why().to_dict()
    if wanted.why_not is not None:
        body["why_not"] = answer.why_not(wanted.why_not).splitlines()
    return body


def _exit(answer: Answer, wanted: Wanted) -> int:
    return exits.NO if wanted.strict and answer.value is None else exits.GOOD


def ask_records(
    domain: Domain,
    knowledge: KnowledgeBase,
    file: str,
    given: Mapping[str, object],
    wanted: Wanted,
    out: str | None,
    ledger: Ledger,
) -> int:
    """Ask about every record of a file; what the command line gives holds for each of them.

    A record that is not accepted is said on stderr and the others go on, unless the answers are
    written to a file: that is whole, or not written.
    """
    if wanted.via == "all":
        raise RuleError(_all_of_many())
    answers = _answers(knowledge, _asker(domain, knowledge, wanted, ledger), file, given)
    if out is not None:
        from heuron.cli.answer_files import write_answers

        note(f"{write_answers(out, _accepted(answers)):,} answers written to {out}")
        return exits.GOOD
    worst = exits.GOOD
    for place, found in answers:
        if isinstance(found, RuleError):
            _say_refused(place, found, wanted)
            worst = exits.ERRORS
            continue
        worst = max(worst, _exit(found, wanted))
        if wanted.json:
            body = {"record": place, **found.to_dict(), **_explained(found, wanted)}
            print_json("ask", body, line=True)
        else:
            from heuron.cli.answers import said

            say("   ".join((place, *(cell for cell in said(found) if cell))))
    return worst


def _answers(
    knowledge: KnowledgeBase, ask: Ask, file: str, given: Mapping[str, object]
) -> Iterator[tuple[str, Answer | RuleError]]:
    from heuron.cli.records import read_records

    concluded = [field for _, field in knowledge.concluded]
    for place, record in read_records(file, knowledge.template, concluded):
        try:
            yield place, ask({**given, **record})
        except RuleError as error:
            yield place, error


def _accepted(
    answers: Iterator[tuple[str, Answer | RuleError]],
) -> Iterator[tuple[str, Answer]]:
    for place, found in answers:
        if isinstance(found, RuleError):
            raise RuleError(_at(place, found))
        yield place, found


def _at(place: str, error: RuleError) -> list[Diagnostic]:
    from dataclasses import replace

    return [replace(one, message=f"{place}: {one.message}") for one in error.diagnostics]


def _say_refused(place: str, error: RuleError, wanted: Wanted) -> None:
    found = _at(place, error)
    if wanted.json:
        first = error.diagnostics[0]
        body = {"code": first.code, "message": first.message, "hint": first.hint}
        say(as_json({"format": 1, "command": "ask", "record": place, "error": body}, line=True))
    else:
        sys.stdout.flush()
        print_diagnostics(found)


def _all_of_many() -> Diagnostic:
    from heuron.diagnostics import Diagnostic, Severity

    message = "--via all shows one record at a time."
    hint = "Ask about one, or compare all with `heuron compare`."
    return Diagnostic(Severity.ERROR, "usage", message, hint=hint)
