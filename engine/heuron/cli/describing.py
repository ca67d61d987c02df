"""A domain in words: the short form of `ask` without evidence, and the whole of `describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heuron.cli.render import bold, columns
from heuron.values import Field, Template, show

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain

__all__ = ["long_lines", "short_lines"]


def short_lines(domain: Domain, knowledge: KnowledgeBase) -> list[str]:
    """Return what a question can give, and an example."""
    lines = _heading(knowledge)
    if knowledge.goal is None:
        return [
            *lines,
            f"There is no goal to ask for; see its facts with `heuron run {_called(domain)}`.",
        ]
    template = knowledge.template
    given = [one for one in template.fields if not _concluders(knowledge, template, one)]
    asked = [one for one in given if not one.optional]
    lines += columns([_field_row(knowledge, template, one) for one in asked], indent="  ")
    more = len(given) - len(asked)
    if more:
        lines.append(f"  and {more} optional; `heuron describe {domain.name}` lists all")
    lines.append(f"For example: {example(domain, knowledge)}")
    return lines


def example(domain: Domain, knowledge: KnowledgeBase) -> str:
    """Return a command that asks a first question."""
    words = [f"{name}={_quoted(show(value))}" for name, value in knowledge.example.items()]
    return " ".join(["heuron ask", _called(domain), *(words or ["FIELD=VALUE"])])


def _called(domain: Domain) -> str:
    return domain.name if domain.shown == f"rules/{domain.name}.rules" else domain.shown


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def long_lines(domain: Domain, knowledge: KnowledgeBase, trained: list[str]) -> list[str]:
    """Return everything that can be asked, and what answers it."""
    lines = _heading(knowledge)
    for template in knowledge.templates.values():
        title = f"   {template.title}" if template.title else ""
        lines.append(f"\n{bold(template.name)}{title}")
        rows = [_field_row(knowledge, template, one) for one in template.fields]
        lines += columns(rows, indent="  ")
    lines.append(f"\n{bold('Rules')}")
    lines += columns([(one.name, one.title or "", one.place) for one in knowledge.rules], "  ")
    if knowledge.queries:
        lines.append(f"\n{bold('Queries')}")
        lines += [f"  {one}" for one in query_lines(knowledge)]
    models = dict.fromkeys([*knowledge.models, *trained])
    if models:
        lines.append(f"\n{bold('Models')}")
        states = [(name, "" if name in trained else "not trained") for name in models]
        lines += columns(states, indent="  ")
    for block in knowledge.blocks:
        lines.append(f"\n{bold('Routes')}" + (f" {block.name}" if block.name else ""))
        lines += [f"  {line}  {text}" for line, _, _, _, text in block.routes]
    if knowledge.goal is not None:
        lines.append(f"\nFor example: {example(domain, knowledge)}")
    else:
        lines.append(f"\nFor example: heuron run {_called(domain)}")
    return lines


def query_lines(knowledge: KnowledgeBase) -> list[str]:
    """Return the named questions, each parameter with its type where that is known."""
    lines = []
    for one in knowledge.describe()["queries"]:  # type: ignore[attr-defined]
        pairs = zip(one["parameters"], one["types"], strict=True)
        words = [name if kind == "any" else f"{name}: {kind}" for name, kind in pairs]
        lines.append(f"{one['name']}({', '.join(words)})")
    return lines


def _heading(knowledge: KnowledgeBase) -> list[str]:
    lines = [bold(knowledge.question or knowledge.name)]
    if knowledge.goal is not None:
        field = knowledge.template[knowledge.goal.field]
        several = ", several may hold" if knowledge.goal.many else ""
        accepted = str(field.type) if field.type.kind == "enumeration" else field.accepts()
        lines.append(f"Asks for {knowledge.goal_name}: {accepted}{several}")
    return lines


def _concluders(knowledge: KnowledgeBase, template: Template, field: Field) -> tuple[str, ...]:
    return knowledge.concluded.get((template.name, field.name), ())


def _field_row(knowledge: KnowledgeBase, template: Template, field: Field) -> tuple[str, str, str]:
    words = field.accepts()
    if field.type.kind == "enumeration":
        words = str(field.type)
    notes = [field.ask] if field.ask else []
    concluded = _concluders(knowledge, template, field)
    if concluded:
        notes.append(f"concluded by {', '.join(concluded)}")
    if field.default is not None:
        notes.append(f"default {show(field.default)}")
    elif field.optional:
        notes.append("optional")
    return field.name, words, "; ".join(notes)
