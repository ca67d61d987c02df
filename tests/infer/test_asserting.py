"""The short way in: it takes what the long way would take unchanged, and leaves it the rest."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.values import UNKNOWN, Fact

TYPES = """
type T(one: KIND)
type Other(n: integer)
type Seen(one: KIND)
rule seen:
    when T(one: x)
    then derive Seen(x)
"""
KINDS = (
    "text",
    "integer",
    "integer in -3..1_000_000",
    "integer > 0",
    "number",
    "number in 0..1",
    "number > 0, optional",
    "boolean",
    "date",
    "date >= 2026-01-01",
    "datetime",
    'red | green | "3+"',
    'text matching "[a-z]+"',
    "Other",
    "list of integer",
)
VALUES = (
    0,
    1,
    -3,
    True,
    1.0,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    10**400,
    2**53,
    2**53 + 1,
    "",
    "red",
    "RED",
    "unknown",
    "é",
    "\ud800",
    "12",
    "true",
    date(2026, 2, 28),
    date(2020, 1, 1),
    datetime(2026, 2, 28, 12),
    datetime(2026, 2, 28),
    None,
    UNKNOWN,
    (),
    (1, 2),
    [1],
    object,
)


def outcome(session: heuron.knowledge.session.Session, value: object) -> tuple[object, ...]:
    """Return what comes of asserting a value: the fact and what is held, or the message."""
    try:
        fact = session.assert_("T", value)
    except RuleError as error:
        return ("refused", str(error))
    held = [(one.type, dict(one.values), one.number, one.event) for one in session.facts()]
    return (repr(dict(fact.values)), fact.number, fact.event, repr(held))


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_in_give_the_same(kind):
    knowledge = heuron.loads(TYPES.replace("KIND", kind))
    for value in VALUES:
        short, long = knowledge.session(), knowledge.session()
        long.state.quick.clear()
        short.assert_("Other", 7)
        long.assert_("Other", 7)

        assert outcome(long, value) == outcome(short, value)


def test_fields_by_name_in_any_order_are_taken_too():
    knowledge = heuron.loads("type T(a: integer, b: text)\n")
    session = knowledge.session()
    one = session.assert_("T", b="x", a=1)

    assert dict(one.values) == {"a": 1, "b": "x"}
    assert session.assert_("T", 1, "x").number == one.number
    assert session.assert_("T", 1).number != one.number


def test_a_fact_that_is_given_beside_what_is_concluded_is_taken():
    text = """
type T(n: integer, f: integer)
rule one:
    when t: T(n > 0)
    then conclude t.f = t.n + 1
"""
    session = heuron.loads(text).session()
    fact = session.assert_("T", n=1)

    assert session.value(fact, "f") == (2, 1.0)
    assert session.value(session.assert_("T", 1, 5), "f") == (2, 1.0)
    assert session.value(session.assert_("T", 2, 5), "f") == (5, 1.0)


def test_many_facts_and_looks_between_them():
    """What is asserted after a look is followed, whichever way it came in."""
    session = heuron.loads(TYPES.replace("KIND", "integer")).session()
    for first, looks in product(range(0, 30, 3), (True, False)):
        session.assert_("T", first + 30 * looks)
        if looks:
            session.run()
    assert len(session.facts("Seen")) == 20


def test_a_listener_hears_of_what_comes_in():
    session = heuron.loads(TYPES.replace("KIND", "integer")).session()
    session.assert_("T", 1)
    heard = []
    session.listen(heard.append)
    session.assert_("T", 2)

    assert [(one.kind, one.fact.type) for one in heard] == [("asserted", "T"), ("derived", "Seen")]


def test_a_fact_looks_the_same_however_it_was_made():
    made = Fact("T", {"a": 1, "b": UNKNOWN}, 3, 5)
    held = Fact("T", (1, UNKNOWN), 3, 5, ("a", "b"))

    assert made == held
    assert hash(made) == hash(held)
    assert (repr(held), held["a"], held["c"]) == (repr(made), 1, UNKNOWN)
    assert held.to_dict() == made.to_dict()
