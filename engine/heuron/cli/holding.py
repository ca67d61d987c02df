"""Facts from the command line and from a file into a session, for `heuron run`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from heuron.cli.records import is_table, read_records, refused
from heuron.coercion import slug
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.evidence import from_words, read_evidence
from heuron.values import Template, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.session import Session

__all__ = ["hold_facts"]


def hold_facts(
    knowledge: KnowledgeBase, session: Session, facts: list[str], files: list[str]
) -> None:
    """Hold facts that are written on the command line, and those of files, in a session.

    A table is of facts of one type: the one that the file is named for, else the goal's. All
    files are read before anything is held.

    Raises:
        RuleError: A fact is not accepted; every mistake is named, with its place in the file.
    """
    given = [_Given("", _read(knowledge, from_words((), facts)))] if facts else []
    mistakes: list[Diagnostic] = []
    for place, raw in (record for file in files for record in _records(knowledge, file)):
        try:
            given.append(_Given(place, _read(knowledge, raw)))
        except RuleError as error:
            mistakes += [_at(place, one) for one in error.diagnostics]
    if mistakes:
        raise RuleError(mistakes)
    for one in given:
        try:
            session.state.assert_all(one.facts)
        except RuleError as error:
            raise RuleError([_at(one.place, each) for each in error.diagnostics]) from None


Facts = tuple[tuple[str, tuple[tuple[str, Value], ...], str | None], ...]


class _Given(NamedTuple):
    """Facts that refer to each other by place, and where they were written."""

    place: str
    facts: Facts


def _records(knowledge: KnowledgeBase, file: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield what a file gives, record by record; of a table each is one fact."""
    if not is_table(file):
        yield from read_records(file, None, ())
        return
    if not Path(file).exists():
        message = f'There is no file "{file}".'
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message))
    template = _type_of(knowledge, file)
    # What rules conclude is seldom given.
    given = [name for type_name, name in knowledge.concluded if type_name == template.name]
    for place, one in read_records(file, template, (), given=given):
        yield place, {template.name: [dict(one)]}


def _read(knowledge: KnowledgeBase, raw: Mapping[str, object]) -> Facts:
    goal_type = _goal_type(knowledge, raw)
    given = read_evidence(raw, knowledge.templates, goal_type)
    # Facts refer to each other by place, and place 0 is the record of the goal's type.
    record = [(goal_type, given.record)] if goal_type is not None else []
    listed = [*record, *given.facts]
    if not record:
        listed = [(name, _moved(knowledge, name, values)) for name, values in listed]
    return tuple((name, tuple(values.items()), None) for name, values in listed)


def _at(place: str, one: Diagnostic) -> Diagnostic:
    """Return a mistake with the place of the record that it is in."""
    return replace(one, message=f"{place}: {one.message}") if place else one


def _type_of(knowledge: KnowledgeBase, file: str) -> Template:
    """Return the type of a table's facts: `parents.csv` and `Parent.csv` hold `Parent`s.

    Raises:
        RuleError: The file is named for no type, and there is no goal.
    """
    stem = slug(Path(file).stem)
    for name, template in knowledge.templates.items():
        if stem in (slug(name), f"{slug(name)}s"):
            return template
    if knowledge.goal is not None:
        return knowledge.templates[knowledge.goal.type_name]
    if len(knowledge.templates) == 1:
        return next(iter(knowledge.templates.values()))
    names = ", ".join(knowledge.templates)
    hint = f"Name the file for its type: {names}."
    raise refused(file, "it is named for no type, and there is no goal", hint)


def _goal_type(knowledge: KnowledgeBase, raw: Mapping[str, object]) -> str | None:
    """Return the goal's type where one fact of it is given, or its fields: others may mean it."""
    if knowledge.goal is None:
        return None
    given = raw.get(knowledge.goal.type_name)
    if any(name in knowledge.template for name in raw):
        # Fields by themselves are those of the record, as for a question.
        return knowledge.goal.type_name
    only = isinstance(given, Mapping) or (isinstance(given, list) and len(given) == 1)
    return knowledge.goal.type_name if only else None


def _moved(
    knowledge: KnowledgeBase, type_name: str, values: Mapping[str, Value]
) -> dict[str, Value]:
    """Return a fact's values with its references counted from 0 instead of from 1."""
    template = knowledge.templates[type_name]
    return {
        name: value - 1
        if template[name].type.kind == "reference" and isinstance(value, int)
        else value
        for name, value in values.items()
    }
