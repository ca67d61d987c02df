"""Limits hold for one call of the host: each begins anew, and nothing restarts them midway."""

from __future__ import annotations

from time import sleep

import pytest

import heuron
from heuron import LimitError, Limits

TYPES = """
domain d "Which?"
type A:
    n: integer
type B:
    n: integer
type C:
    n: integer
"""
QUERY = (
    TYPES
    + """
query q(a):
    A(n: x), A(n: y), x + y < a -> x
"""
)
PAIRS = (
    TYPES
    + """
rule pairs:
    when A(n: x), A(n: y), x + y < 0
    then assert B(x)
"""
)
LOOP = (
    TYPES
    + """
rule on:
    when A(n: x)
    then assert A(x + 1)
"""
)


def test_queries_have_steps_and_seconds_of_their_own() -> None:
    session = heuron.loads(QUERY).session(limits=Limits(seconds=0.5, steps=400_000))
    for number in range(500):
        session.assert_("A", n=number)
    session.run()
    for _ in range(3):
        assert session.query("q", a=0) == ()
        sleep(0.2)


def test_a_listener_that_changes_the_session_does_not_renew_the_limit_of_a_run() -> None:
    session = heuron.loads(LOOP).session(limits=Limits(seconds=0.2, firings=40_000))

    def another(event: heuron.Event) -> None:
        if event.kind == "fired":
            session.assert_("C", n=event.number)

    session.listen(another)
    session.assert_("A", n=0)
    with pytest.raises(LimitError, match="seconds"):
        session.run()


def test_a_look_at_the_agenda_that_is_too_long_names_the_rule() -> None:
    session = heuron.loads(PAIRS).session(limits=Limits(steps=100_000))
    for number in range(1_000):
        session.assert_("A", n=number)
    with pytest.raises(LimitError, match="pairs"):
        session.agenda()
