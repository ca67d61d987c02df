"""`heuron run`: bring a rule file to rest, and show what fired and what holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from heuron.values import show, show_fact

if TYPE_CHECKING:
    from heuron.answer import Proof
    from heuron.infer.events import Event
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.session import Session

__all__ = ["run"]


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A rule file, or a domain.")],
    facts: Annotated[
        list[str] | None,
        typer.Argument(metavar="FACT", help='Facts to begin with, such as \'Parent("a", "b")\'.'),
    ] = None,
    facts_files: Annotated[
        list[str] | None,
        typer.Option(
            "--facts",
            metavar="FILE",
            help='JSON: {"Type": [{"field": value}]}. Or a table, Type.csv, of facts of one type.',
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Fire at most so many steps.")] = None,
    strategy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Which of several steps fires first: depth, breadth, lex, mea, simplicity, "
            "complexity or random(SEED).",
        ),
    ] = "depth",
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Which engine runs the rules: heuron, or experta, where it can express them.",
        ),
    ] = "heuron",
    definitions: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="On which plan rules that derive and conclude run: fixpoint, as is fastest, or "
            "agenda, one activation at a time, as steps do.",
        ),
    ] = "fixpoint",
    query: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUERY",
            help="Answer a named question instead of listing facts, such as "
            "'ancestors_of(\"ann\")'.",
        ),
    ] = None,
    why: Annotated[
        list[int] | None,
        typer.Option(
            metavar="NUMBER",
            help="Say why fact #NUMBER holds: every rule that gives it, and what led to it.",
        ),
    ] = None,
    trace: Annotated[
        bool,
        typer.Option("--trace", help="Show what happens: firings, changes, conclusions."),
    ] = False,
    today: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day of the run, as 2026-11-24.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Run a rule file until nothing can fire, and list what holds."""
    from heuron.cli import exits
    from heuron.cli.holding import hold_facts
    from heuron.cli.opening import day, open_domain
    from heuron.cli.render import note, print_json, say
    from heuron.knowledge.asked import ask_query

    _, knowledge = open_domain(file)
    session = knowledge.session(
        today=day(today), strategy=strategy, engine=engine, definitions=definitions
    )
    if trace:
        session.listen(lambda event: note(_event_words(knowledge, event)))
    hold_facts(knowledge, session, facts or [], facts_files or [])
    inference = session.run(limit)
    answers = [(one, ask_query(session, one)) for one in query or []]
    proofs = [(number, _proofs(knowledge, session, number)) for number in why or []]
    if json:
        body = _body(knowledge, session, inference, answers)
        print_json("run", body | {"why": [_why_body(*one) for one in proofs]})
        return exits.GOOD
    for line in inference.logs:
        say(line)
    for line in _answer_lines(answers):
        say(line)
    for number, some in proofs:
        for proof in some.values():
            say(f"#{number}  {proof}".replace("\n", "\n  "))
    if query is None and why is None:
        for line in _fact_lines(knowledge, session):
            say(line)
    if not inference.quiescent:
        note(f"stopped after {inference.cycles} steps; more could fire")
    return exits.GOOD


Answers = list[tuple[str, tuple[Any, ...]]]
"""Queries as written, with their answers."""


def _answer_lines(answers: Answers) -> list[str]:
    """Return the answers, one a line; below the question where there are several."""
    if len(answers) == 1:
        return [show(value) for value in answers[0][1]]
    return [
        line for text, some in answers for line in (text, *(f"    {show(one)}" for one in some))
    ]


def _proofs(knowledge: KnowledgeBase, session: Session, number: int) -> dict[str | None, Proof]:
    """Return why a fact holds, under None, and why its concluded fields have their values."""
    proofs: dict[str | None, Proof] = {None: session.explain(number, all=True)}
    fact = session.fact(number)
    for name, field in knowledge.concluded:
        if fact is not None and name == fact.type and session.value(number, field)[1] > 0.0:
            proofs[field] = session.explain(number, field)
    return proofs


def _why_body(number: int, proofs: dict[str | None, Proof]) -> dict[str, object]:
    concluded = {field: one.to_dict() for field, one in proofs.items() if field is not None}
    return {"fact": number, "proof": proofs[None].to_dict(), "concluded": concluded}


def _event_words(knowledge: KnowledgeBase, event: Event) -> str:
    if event.firing is not None:
        bindings = [f"{name} = {show(value)}" for name, value in event.firing.bindings]
        return f"{event.number}  {event.kind} {event.firing.rule}   {', '.join(bindings)}".rstrip()
    assert event.fact is not None
    if event.field is not None:
        held = [f"{show(value)} ({certainty:.3g})" for value, certainty in event.values]
        what = f"{event.field} == {', '.join(held)}" if held else f"{event.field} is unknown"
        return f"{event.number}  {event.kind} #{event.fact.number} {what}"
    words = show_fact(event.fact, knowledge.templates[event.fact.type])
    return f"{event.number}  {event.kind} #{event.fact.number} {words}"


def _fact_lines(knowledge: KnowledgeBase, session: Session) -> list[str]:
    """Return the held facts, each with what was concluded about it."""
    lines = []
    for fact in session.facts():
        concluded = [field for name, field in knowledge.concluded if name == fact.type]
        words = show_fact(fact, knowledge.templates[fact.type], concluded)
        lines.append(f"#{fact.number}  {words}")
        for field in concluded:
            for value, certainty in session.state.values(fact.number, field):
                lines.append(f"    {field} == {show(value)}   {certainty:.3g}")
    return lines


def _body(
    knowledge: KnowledgeBase, session: Session, inference: Any, answers: Answers
) -> dict[str, object]:
    from heuron.answer import plain

    places = {one.name: one.place for one in knowledge.rules}
    firings = [
        {
            "rule": one.rule,
            "place": places[one.rule],
            "bindings": {name: plain(value) for name, value in one.bindings},
            "matched": list(one.matched),
            "certainty": one.certainty,
        }
        for one in inference.firings
    ]
    facts = []
    for fact in session.facts():
        entry = fact.to_dict()
        concluded = [field for name, field in knowledge.concluded if name == fact.type]
        entry["values"] = {
            name: plain(value) for name, value in fact.values.items() if name not in concluded
        }
        entry["concluded"] = {
            field: [
                {"value": plain(value), "certainty": certainty}
                for value, certainty in session.state.values(fact.number, field)
            ]
            for field in concluded
        }
        facts.append(entry)
    return {
        "fired": inference.cycles,
        "firings": firings,
        "facts": facts,
        "quiescent": inference.quiescent,
        "log": list(inference.logs),
        "answers": [
            {"query": text, "values": [plain(one) for one in some]} for text, some in answers
        ],
    }
