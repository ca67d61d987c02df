"""Limits hold for one call of the host: each begins anew, and nothing restarts them midway."""

from __future__ import annotations

import re
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


LOOPS = {
    "plain tuples": "rule on:\n    when A(n: x)\n    then derive A(x + 1)\n",
    "a path": "rule on:\n    when B(n: x), A(n == x)\n    then derive B(x)\n"
    "rule more:\n    when B(n: x)\n    then derive B(x + 1)\n",
    "rounds": "rule on:\n    when A(n: x), not C(n == x)\n    then derive A(x + 1)\n",
    "conclusions beside": "rule on:\n    when a: A(n: x), not C(n == x)\n"
    "    then derive A(x + 1)\nrule k:\n    when a: A(n: x)\n    then conclude a.k = 3\n",
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
@pytest.mark.parametrize("limits", [Limits(facts=300), Limits(depth=40, facts=5000)])
def test_a_loop_of_definitions_names_the_fact_that_it_came_to(
    loop: str, definitions: str, limits: Limits
) -> None:
    types = TYPES.replace(
        "type A:\n    n: integer\n", "type A:\n    n: integer\n    k: integer, optional\n"
    )
    session = heuron.loads(types + LOOPS[loop]).session(limits=limits, definitions=definitions)
    session.assert_("A", n=0)
    session.assert_("B", n=0)
    with pytest.raises(LimitError) as caught:
        session.run()
    assert re.search(r"; going round: `(on|more)` \(last [AB]\(n = \d+\)\)\.$", reached(caught))


def reached(caught: pytest.ExceptionInfo[LimitError]) -> str:
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.message
