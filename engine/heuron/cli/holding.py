"""Facts from the command line and from a file into a session, for `heuron run`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from heuron.cli.records import is_table, read_records, refused
from heuron.coercion import slug
from heuron.knowledge.evidence import from_words, read_evidence
from heuron.values import Template, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.session import Session

__all__ = ["hold_facts"]


def hold_facts(
    knowledge: KnowledgeBase, session: Session, facts: list[str], facts_file: str | None
) -> None:
    """Hold facts that are written on the command line, and those of a file, in a session.

    A table is of facts of one type: the one that the file is named for, else the goal's.

    Raises:
        RuleError: A fact is not accepted; every mistake is named.
    """
    sources: list[dict[str, object]] = [from_words((), facts)] if facts else []
    if facts_file is not None and is_table(facts_file):
        template = _type_of(knowledge, facts_file)
        sources += [
            {template.name: [dict(one)]} for _, one in read_records(facts_file, template, ())
        ]
    elif facts_file is not None:
        sources += [dict(one) for _, one in read_records(facts_file, None, ())]
    for raw in sources:
        goal_type = _goal_type(knowledge, raw)
        given = read_evidence(raw, knowledge.templates, goal_type)
        # Facts refer to each other by place, and place 0 is the record of the goal's type.
        record = [(goal_type, given.record)] if goal_type is not None else []
        listed = [*record, *given.facts]
        if not record:
            listed = [(name, _moved(knowledge, name, values)) for name, values in listed]
        session.state.assert_all(
            tuple((name, tuple(values.items()), None) for name, values in listed)
        )


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
    """Return the goal's type where exactly one fact of it is given: the others may mean it."""
    if knowledge.goal is None:
        return None
    given = raw.get(knowledge.goal.type_name)
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
