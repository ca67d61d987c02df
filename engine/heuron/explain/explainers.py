"""Explanations of one answer: for a session's fact, and for an answer of the record plan."""

from __future__ import annotations

from heuron.answer import Explainer
from heuron.coercion import coerce
from heuron.explain.why import why
from heuron.explain.why_not import why_not
from heuron.infer.record import RecordResult
from heuron.infer.session import State

__all__ = ["record_explainer", "record_state", "session_explainer"]


def session_explainer(state: State, number: int, field: str) -> Explainer:
    """Return the explainer of a fact's concluded field.

    The state must not change as long as explanations are wanted.
    """
    declared = state.memory.shapes[state.memory.types[number]].template[field]
    return Explainer(
        lambda: why(state, number, field),
        lambda value: why_not(state, number, field, coerce(declared, value)),
    )


def record_state(result: RecordResult, named: tuple[str, ...] | None = None) -> tuple[State, int]:
    """Return a session that holds the record of a result as a fact, and the fact's number.

    The record plan keeps no reasons: they are found again by the general plan, which has the
    same meaning and keeps everything.
    """
    engine = result.engine
    assert engine.goal is not None
    state = engine.session(result.host, facts=False)
    number = state.add(engine.goal[0], result.values)
    if named is not None:
        state.named[number] = frozenset(named)
    return state, number


def record_explainer(result: RecordResult, named: tuple[str, ...] | None = None) -> Explainer:
    """Return the explainer of an answer of the record plan; it does its work when asked.

    `named` are the fields that were given, while others have their defaults; None: all were.
    """
    kept: list[Explainer] = []

    def explainer() -> Explainer:
        if not kept:
            kept.append(session_explainer(*record_state(result, named), result.engine.goal_field))
        return kept[0]

    return Explainer(lambda: explainer().why(), lambda value: explainer().why_not(value))
