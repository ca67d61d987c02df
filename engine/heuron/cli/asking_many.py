"""What `heuron ask --file` does: asks about every record of a file, and shows or writes answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from heuron.answer import Answer
from heuron.cli import exits
from heuron.cli.asking import Ask, Wanted, asker, exit_of, explained, usage
from heuron.cli.render import SHOWN, note, print_diagnostics, print_json, say
from heuron.cli.rows_done import progressing
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.diagnostics import Diagnostic
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain
    from heuron.learn.settings import DataSettings
    from heuron.ledger import Ledger

__all__ = ["ask_records"]


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
    from heuron.cli.records import record_count

    _refuse_for_many(wanted, out)
    ask = asker(domain, knowledge, wanted, ledger)
    answers = _answers(domain, knowledge, ask, file, given)
    counting = progressing(answers, "records", lambda: record_count(file))
    if out is not None:
        return _to_file(out, knowledge, counting, wanted)
    worst, refusals, place = exits.GOOD, 0, None
    for place, found in answers if sys.stdout.isatty() else counting:
        if isinstance(found, RuleError):
            refusals += 1
            if wanted.json or refusals <= SHOWN:
                _say_refused(place, found, wanted)
            worst = exits.ERRORS
            continue
        worst = max(worst, exit_of(found, wanted))
        if wanted.json:
            body = {"record": place, **found.to_dict(), **explained(found, wanted)}
            print_json("ask", body, line=True)
        else:
            _show_record(place, found, wanted)
    if place is None:
        note(f"{'stdin' if file == '-' else file} has no records")
    if refusals > SHOWN and not wanted.json:
        note(f"… and {refusals - SHOWN:,} more records were not accepted")
    return worst


def _to_file(
    out: str,
    knowledge: KnowledgeBase,
    answers: Iterator[tuple[str, Answer | RuleError]],
    wanted: Wanted,
) -> int:
    """Write answers to a file, whole or not at all.

    Raises:
        RuleError: A record is not accepted.
        KeyboardInterrupt: After it was said that nothing is written.
    """
    from heuron.cli.answer_files import write_answers

    silent = 0

    def accepted() -> Iterator[tuple[str, Answer]]:
        nonlocal silent
        for place, found in answers:
            if isinstance(found, RuleError):
                raise RuleError(_at(place, found))
            silent += found.value is None
            yield place, found

    assert knowledge.goal is not None
    field = knowledge.template[knowledge.goal.field]
    try:
        count = write_answers(out, accepted(), field.type, many=knowledge.goal.many)
    except KeyboardInterrupt:
        note(f"Stopped: {out} is not written. Ask again to write it from the first record on.")
        raise
    note(f"{count:,} {'answer' if count == 1 else 'answers'} written to {out}")
    if wanted.strict and silent:
        note(f"Failed: {silent:,} of {count:,} records have no answer.")
        return exits.NO
    return exits.GOOD


def _refuse_for_many(wanted: Wanted, out: str | None) -> None:
    """Raise for what is shown of one record only, rather than pass over it."""
    hint = "Ask about one, or compare all with `heuron compare`."
    if wanted.via == "all":
        raise RuleError(usage("--via all shows one record at a time.", hint))
    if wanted.what_if:
        raise RuleError(usage("--what-if shows one record at a time.", "Ask about one."))
    if out is not None and wanted.explained:
        hint = "Leave --out out; with --json the reasons are part of each answer."
        raise RuleError(usage("A file of answers holds no reasons.", hint))


def _show_record(place: str, answer: Answer, wanted: Wanted) -> None:
    from heuron.cli.answers import said, why_lines

    say("   ".join((place, *(cell for cell in said(answer) if cell))))
    lines = why_lines(answer) if wanted.why and answer.value is not None else []
    if wanted.why_not is not None:
        lines += answer.why_not(wanted.why_not).splitlines()
    for line in lines:
        say(f"  {line}")


def _answers(
    domain: Domain, knowledge: KnowledgeBase, ask: Ask, file: str, given: Mapping[str, object]
) -> Iterator[tuple[str, Answer | RuleError]]:
    """Yield the answer about each record, or why it is refused.

    What cannot be read after the first record is refused without a place: its message has one.
    """
    from heuron.cli.opening import data_settings
    from heuron.cli.records import read_records

    concluded = [field for _, field in knowledge.concluded]

    def settings() -> DataSettings | None:
        return data_settings(domain, knowledge)

    records = read_records(file, knowledge.template, concluded, settings, given)
    is_first = True
    while True:
        try:
            place, record = next(records)
        except StopIteration:
            return
        except RuleError as error:
            if is_first:
                raise
            yield "", error
            return
        is_first = False
        try:
            yield place, ask({**given, **record})
        except RuleError as error:
            yield place, error


def _at(place: str, error: RuleError) -> list[Diagnostic]:
    from dataclasses import replace

    if not place:
        return list(error.diagnostics)
    return [replace(one, message=f"{place}: {one.message}") for one in error.diagnostics]


def _say_refused(place: str, error: RuleError, wanted: Wanted) -> None:
    found = _at(place, error)
    if wanted.json:
        first = error.diagnostics[0]
        error_body = {"code": first.code, "message": first.message, "hint": first.hint}
        print_json("ask", {"record": place or None, "error": error_body}, line=True)
    else:
        sys.stdout.flush()
        print_diagnostics(found)
