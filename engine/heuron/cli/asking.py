"""What `heuron ask` does with a question: asks whom it is to ask, and shows what they say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.answer import Answer
from heuron.cli import exits
from heuron.cli.opening import open_dispatcher
from heuron.cli.render import as_json, note, print_diagnostics, print_json, say
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.dispatch.dispatcher import Dispatcher
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain

__all__ = ["Wanted", "ask_one", "ask_records", "show_how"]


class Wanted(NamedTuple):
    """What was asked for on the command line beside the evidence."""

    via: str
    why: bool
    why_not: str | None
    what_if: tuple[str, ...]
    today: date | None
    strict: bool
    json: bool


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
) -> int:
    """Ask about one record and show the answer, or all answers side by side."""
    dispatcher = open_dispatcher(domain, knowledge)
    if wanted.via == "all":
        return _all(dispatcher, given, wanted)
    answer = dispatcher.ask(given, via=wanted.via, strict=wanted.strict, today=wanted.today)
    if out is not None:
        from heuron.cli.answer_files import write_answers

        write_answers(out, [("1", answer)])
    elif wanted.json:
        body = answer.to_dict() | _explained(answer, wanted)
        if wanted.what_if:
            body["what_if"] = _changed(dispatcher, given, wanted).to_dict()
        print_json("ask", body)
    else:
        _show(dispatcher, answer, given, wanted)
    return _exit(answer, wanted)


def _show(
    dispatcher: Dispatcher, answer: Answer, given: Mapping[str, object], wanted: Wanted
) -> None:
    from heuron.cli.answers import answer_lines, why_lines

    for line in answer_lines(dispatcher.kb.question, answer):
        say(line)
    if wanted.why and answer.value is not None:
        say("\n".join(why_lines(answer)))
    if wanted.why_not is not None:
        say(answer.why_not(wanted.why_not))
    if wanted.what_if:
        say(f"With {' '.join(wanted.what_if)}: {_changed(dispatcher, given, wanted)}")


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


def _changed(dispatcher: Dispatcher, given: Mapping[str, object], wanted: Wanted) -> Any:
    from heuron.dispatch.what_if import what_if
    from heuron.knowledge.evidence import from_words

    def again(evidence: Mapping[str, object]) -> Answer:
        return dispatcher.ask(evidence, via=wanted.via, today=wanted.today)

    return what_if(again, given, from_words(wanted.what_if))


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
) -> int:
    """Ask about every record of a file; what the command line gives holds for each of them.

    A record that is not accepted is said on stderr and the others go on, unless the answers are
    written to a file: that is whole, or not written.
    """
    dispatcher = open_dispatcher(domain, knowledge)
    if wanted.via == "all":
        raise RuleError(_all_of_many())
    answers = _answers(dispatcher, file, given, wanted)
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
    dispatcher: Dispatcher, file: str, given: Mapping[str, object], wanted: Wanted
) -> Iterator[tuple[str, Answer | RuleError]]:
    from heuron.cli.records import read_records

    knowledge = dispatcher.kb
    concluded = [field for type_name, field in knowledge.concluded]
    for place, record in read_records(file, knowledge.template, concluded):
        try:
            yield (
                place,
                dispatcher.ask(
                    {**given, **record}, via=wanted.via, strict=wanted.strict, today=wanted.today
                ),
            )
        except RuleError as error:
            yield place, error


def _accepted(
    answers: Iterator[tuple[str, Answer | RuleError]],
) -> Iterator[tuple[str, Answer]]:
    for place, found in answers:
        if isinstance(found, RuleError):
            raise RuleError(_at(place, found))
        yield place, found


def _at(place: str, error: RuleError) -> list[Any]:
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


def _all_of_many() -> Any:
    from heuron.diagnostics import Diagnostic, Severity

    message = "--via all shows one record at a time."
    hint = "Ask about one, or compare all with `heuron compare`."
    return Diagnostic(Severity.ERROR, "usage", message, hint=hint)
