"""Compiling: from texts to the parts of a knowledge base and its engine.

The only module of `knowledge` that needs the parser, the checks and the plans; a knowledge base
from the cache never imports it.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from heuron.check import Environment, analyse
from heuron.check.tree import Base, Goal, TestCase
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.infer.load import Engine
from heuron.knowledge.base import Block, GoalField, RuleEntry
from heuron.knowledge.digest import rules_digest
from heuron.knowledge.functions import host_function
from heuron.knowledge.parts import Parts
from heuron.plan.dispatch import plan_dispatch
from heuron.plan.lower import lower
from heuron.plan.routequeries import with_route_queries
from heuron.values import UNKNOWN, Field

__all__ = ["analysed", "compiled"]


class Texts(Protocol):
    """Where texts come from: files of a project, or a dictionary."""

    def main(self, shown: str) -> str:
        """Return the text of the main file."""

    def read(self, path: str, using: str) -> tuple[str, str]:
        """Return the path to show and the text of a file that another one names."""

    def read_table(self, path: str, using: str) -> tuple[str, str]:
        """Return the path to show and the CSV text of a file, or sheet, that a table names."""


def analysed(
    texts: Texts, shown: str, models: tuple[str, ...], functions: Mapping[str, Any]
) -> tuple[Base | None, tuple[Diagnostic, ...], dict[str, str]]:
    """Return the resolved tree (None with errors), all diagnostics, and every text by path.

    Raises:
        RuleError: The main file cannot be read.
    """
    files = {shown: texts.main(shown)}

    def read(path: str, using: str) -> tuple[str, str]:
        name, text = texts.read(path, using)
        files[name] = text
        return name, text

    def read_table(path: str, using: str) -> list[list[str]]:
        from heuron.knowledge.sources import table_rows

        name, text = texts.read_table(path, using)
        files[name] = text
        return table_rows(name, text)

    environment = Environment(
        models=frozenset(models) if models else None,
        functions={name: host_function(name, one) for name, one in functions.items()},
        read=read,
        read_table=read_table,
    )
    base, found = analyse(files[shown], shown, environment)
    return base, found, files


def compiled(
    texts: Texts,
    shown: str,
    models: tuple[str, ...],
    functions: Mapping[str, Any],
    name: str,
    goal_name: str | None = None,
) -> tuple[Parts, Engine]:
    """Return the parts and the engine of a knowledge base.

    Args:
        texts: Where its texts come from.
        shown: The path of the main file, as messages show it.
        models: The names of the domain's models.
        functions: Host functions.
        name: What it is called when it declares no domain.
        goal_name: Another goal than the file's, `Type.field`.

    Raises:
        RuleError: It has errors (it holds them all), or the goal does not exist.
    """
    base, found, files = analysed(texts, shown, models, functions)
    if base is None:
        raise RuleError([one for one in found if one.is_error])
    if goal_name is not None:
        base = _with_goal(base, goal_name)
    whole = with_route_queries(base)
    program = lower(whole)
    engine = Engine(program, whole.texts)
    goal = base.goal
    light: dict[str, Any] = {
        "path": shown,
        "name": base.domain or name,
        "question": base.question,
        "data": base.data,
        "goal": None
        if goal is None
        else GoalField(goal.type_name, goal.field, goal.many, goal.tolerance, goal.percent),
        "concluded": dict(base.concluded),
        "rules": _rules(engine),
        "queries": tuple((one.name, one.parameters) for one in base.queries),
        "blocks": _blocks(whole),
        "models": models,
        "warnings": found,
        "has_steps": bool(program.steps),
        "example": _example(base),
        "digest": rules_digest(files),
    }
    return Parts(light, (base, files)), engine


def _with_goal(base: Base, name: str) -> Base:
    """Return a knowledge base with another goal; routes and tests are about the old one."""
    type_name, _, field = name.partition(".")
    template = base.templates.get(type_name)
    if template is None or field not in template:
        fields = [f"{one}.{inner}" for one, inner in base.concluded]
        near = nearest(name, fields)
        hint = f"Did you mean {near}?" if near else f"There are: {', '.join(fields)}."
        message = f"{name} is no field that could be asked for."
        raise RuleError(Diagnostic(Severity.ERROR, "unknown-field", message, hint=hint))
    many = (type_name, field) in base.many
    other = Goal(type_name, field, many)
    is_new = base.goal is None or (base.goal.type_name, base.goal.field) != (type_name, field)
    question = None if is_new else base.question
    return replace(base, goal=other, question=question, dispatches=(), tests=())


def _rules(engine: Engine) -> tuple[RuleEntry, ...]:
    entries = []
    for index in sorted(engine.rules):
        rule = engine.rules[index]
        file, line, *_ = rule["place"]
        entries.append(RuleEntry(rule["name"], rule["title"], f"{file}:{line}"))
    return tuple(entries)


def _blocks(base: Base) -> tuple[Block, ...]:
    if base.goal is None:
        return ()
    blocks = []
    for place in range(len(base.dispatches)):
        plan = plan_dispatch(base, place)
        code = compile(plan.source, f"<heuron dispatch {plan.name or place}>", "exec")
        blocks.append(Block(plan.name, plan.routes, plan.models, marshal.dumps(code)))
    return tuple(blocks)


def _example(base: Base) -> dict[str, object]:
    """Return evidence for a first question: what the first test gives of the goal's type.

    A test that gives all that is asked comes before others; without tests the values are made up.
    """
    if base.goal is None:
        return {}
    type_name = base.goal.type_name
    asked = [
        one
        for one in base.templates[type_name].fields
        if not one.optional and one.default is None and (type_name, one.name) not in base.concluded
    ]
    tested = [given for test in base.tests if (given := _given(test, type_name))]
    full = [given for given in tested if all(one.name in given for one in asked)]
    if full or tested:
        return (full or tested)[0]
    made_up = {one.name: _plausible(one) for one in asked[:4]}
    return {name: value for name, value in made_up.items() if value is not None}


def _plausible(field: Field) -> object:
    """Return a value that a field accepts, or None where none can be thought of."""
    match field.type.kind:
        case "enumeration":
            return field.type.levels[0]
        case "boolean":
            return True
        case "number" | "integer":
            low = float(field.low) if isinstance(field.low, (int, float)) else None
            high = float(field.high) if isinstance(field.high, (int, float)) else None
            if low is not None and high is not None:
                middle = (low + high) / 2
                return round(middle) if field.type.kind == "integer" or middle > 1 else middle
            return round(low + 1) if low is not None else 1 if high is None else round(high - 1)
        case _:
            return None


def _given(test: TestCase, type_name: str) -> dict[str, object]:
    for fact in test.given:
        if fact.type_name == type_name:
            return {name: value for name, value in fact.values if value is not UNKNOWN}
    return {}
