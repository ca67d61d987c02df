"""What can be asked of a knowledge base, and what it knows: plain data for people and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heuron.answer import plain
from heuron.values import Field, Template

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["describe"]


def describe(knowledge: KnowledgeBase) -> dict[str, object]:
    """Return the JSON form of `heuron describe`."""
    blocks = knowledge.blocks
    goal = knowledge.goal
    return {
        "domain": knowledge.name,
        "question": knowledge.question,
        "file": knowledge.path,
        "goal": None
        if goal is None
        else {
            "type": goal.type_name,
            "field": goal.field,
            "many": goal.many,
            "tolerance": goal.tolerance,
            "percent": goal.percent,
        },
        "types": [_type(knowledge, one) for one in knowledge.templates.values()],
        "rules": [one._asdict() for one in knowledge.rules],
        "queries": [
            {"name": name, "parameters": list(parameters), "types": list(map(str, types))}
            for name, parameters, types in knowledge.engine.outline["queries"]
            if (name, parameters) in knowledge.queries
        ],
        "models": list(knowledge.models),
        "routes": [route[4] for route in blocks[0].routes] if blocks else [],
        "data": knowledge.data,
        "example": {name: plain(value) for name, value in knowledge.example.items()},
    }


def _type(knowledge: KnowledgeBase, template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "title": template.title,
        "fields": [_field(knowledge, template, one) for one in template.fields],
    }


def _field(knowledge: KnowledgeBase, template: Template, field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "type": str(field.type),
        "accepts": field.accepts(),
        "unit": field.unit,
        "ask": field.ask,
        "optional": field.optional,
        "default": None if field.default is None else plain(field.default),
        "concluded_by": list(knowledge.concluded.get((template.name, field.name), ())),
    }
