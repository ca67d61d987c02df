"""A rule text as an engine, and short words for what tests look at."""

from __future__ import annotations

from datetime import date
from typing import Any

from heuron.infer.host import Host
from heuron.infer.limits import Limits
from heuron.infer.load import Engine
from heuron.infer.session import State
from heuron.plan.lower import lower
from heuron.values import UNKNOWN, Fact, show
from resolving import resolved

TODAY = date(2026, 1, 1)

CLOSURE = """
type Edge(a: integer, b: integer)
type Reach(a: integer, b: integer)
rule one:
    when Edge(a: x, b: y)
    then derive Reach(x, y)
rule more:
    when:
        Reach(a: x, b: y)
        Edge(a == y, b: z)
    then derive Reach(x, z)
"""
"""Who reaches whom: the smallest program that goes round."""


def engine_of(text: str) -> Engine:
    """Return the engine of a rule text."""
    base = resolved(text)
    return Engine(lower(base), base.texts)


def session_of(text: str, limits: Limits | None = None, **host: Any) -> State:
    """Return a session of a rule text, with its initial facts."""
    return engine_of(text).session(Host(today=TODAY, **host), limits)


def words(fact: Fact) -> str:
    """Return a fact as "Type(value, value)": fields in order, unknown ones as `?`."""
    shown = ["?" if value is UNKNOWN else show(value) for value in fact.values.values()]
    return f"{fact.type}({', '.join(shown)})"


def facts_of(state: State, type_name: str | None = None) -> list[str]:
    """Return the held facts in words."""
    return [words(one) for one in state.facts(type_name)]


def fired(state: State, limit: int | None = None) -> list[str]:
    """Run, and return the names of the steps that fired."""
    return [one.rule for one in state.run(limit).firings]
