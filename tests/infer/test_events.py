"""The event stream: everything that happens, once it stands, in order; nothing that does not."""

from __future__ import annotations

from typing import Any

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.infer.events import Event

TEXT = """
type T(n: integer, f: low | high, many_of: red | green)
goal T.many_of, many
type Big(n: integer)
rule low:
    when t: T(n > 0)
    then conclude t.f = low, certainty 0.5
rule high:
    when t: T(n > 5)
    then conclude t.f = high, certainty 0.9
rule red:
    when t: T(n > 5)
    then conclude t.many_of = red
rule green:
    when t: T(n > 6)
    then conclude t.many_of = green, certainty 0.4
rule big:
    when t: T(n: x), x > 100
    then derive Big(x)
"""
STEP = """
rule grow:
    when t: T(n: x), x > 0, x < 7
    then modify t: n = x + 3
"""


def heard_by(text: str) -> tuple[heuron.Session, list[Event]]:
    """Return a session and the list that its events go to."""
    session = heuron.loads(text).session()
    heard: list[Event] = []
    session.listen(heard.append)
    return session, heard


def said(event: Event) -> tuple[Any, ...]:
    """Return an event in short."""
    if event.kind == "fired":
        assert event.firing is not None
        return event.number, "fired", event.firing.rule
    assert event.fact is not None
    return (event.number, event.kind, event.fact["n"], *filter(None, (event.field, event.values)))


def test_conclusions_are_told_after_the_fact_that_they_are_about() -> None:
    session, heard = heard_by(TEXT)
    fact = session.assert_("T", n=3)
    session.modify(fact, n=6)
    session.modify(fact, n=200)
    session.retract(fact)

    assert [said(one) for one in heard] == [
        (1, "asserted", 3),
        (1, "concluded", 3, "f", (("low", 0.5),)),
        (2, "modified", 6),
        (2, "concluded", 6, "f", (("high", 0.9),)),
        (2, "concluded", 6, "many_of", (("red", 1.0),)),
        (3, "modified", 200),
        (3, "derived", 200),
        (3, "concluded", 200, "many_of", (("red", 1.0), ("green", 0.4))),
        (4, "retracted", 200),
        (4, "retracted", 200),
    ]


def test_a_conclusion_that_ends_is_told_and_one_that_stays_is_not() -> None:
    session, heard = heard_by(TEXT)
    fact = session.assert_("T", n=7)
    heard.clear()
    session.modify(fact, n=8)
    assert [one.kind for one in heard] == ["modified"]
    session.modify(fact, n=0)
    assert [(one.field, one.values) for one in heard[2:]] == [("f", ()), ("many_of", ())]


def test_what_held_before_somebody_listened_is_no_news() -> None:
    session = heuron.loads(TEXT).session()
    fact = session.assert_("T", n=7)
    heard: list[Event] = []
    session.listen(heard.append)
    session.assert_("T", n=-1)
    session.modify(fact, n=9)

    assert [one.kind for one in heard] == ["asserted", "modified"]


@pytest.mark.parametrize("strategy", ["depth", "breadth"])
def test_a_firing_is_told_after_what_it_did(strategy: str) -> None:
    session = heuron.loads(TEXT + STEP).session(strategy=strategy)
    heard: list[Event] = []
    session.listen(heard.append)
    session.assert_("T", n=5)
    session.run()

    assert [said(one)[:3] for one in heard] == [
        (1, "asserted", 5),
        (1, "concluded", 5),
        (2, "modified", 8),
        (2, "concluded", 8),
        (2, "concluded", 8),
        (2, "fired", "grow"),
    ]


def test_the_same_happens_whether_somebody_listens_or_not() -> None:
    session, _ = heard_by(TEXT + STEP)
    alone = heuron.loads(TEXT + STEP).session()
    for number in (1, 5, 7, 300):
        session.assert_("T", n=number)
        alone.assert_("T", n=number)

    assert session.run() == alone.run()
    assert session.facts() == alone.facts()


FAILING = """
type T(n: integer in 0..9)
type U(n: integer)
rule up:
    when T(n: x)
    then:
        assert U(x)
        assert T(x + 4)
"""


def test_what_is_taken_back_is_not_told() -> None:
    session, heard = heard_by(FAILING)
    session.assert_("T", n=1)
    with pytest.raises(RuleError):
        session.run()

    assert [(one.kind, one.fact["n"]) for one in heard if one.fact is not None] == [
        ("asserted", 1),
        ("asserted", 1),
        ("asserted", 5),
        ("asserted", 5),
        ("asserted", 9),
    ]
    assert [one["n"] for one in session.facts("U")] == [1, 5]


def test_a_listener_may_change_facts_and_hears_of_it_in_turn() -> None:
    session, heard = heard_by(TEXT)

    def also(event: Event) -> None:
        if event.kind == "asserted" and event.fact is not None and event.fact["n"] < 3:
            session.assert_("T", n=event.fact["n"] + 1)

    session.listen(also)
    session.assert_("T", n=1)

    kinds = [one.fact["n"] for one in heard if one.kind == "asserted" and one.fact is not None]
    assert kinds == [1, 2, 3]
    assert [one["n"] for one in session.facts("T")] == [1, 2, 3]


def test_a_listener_may_look_but_not_run_the_session_that_tells_it() -> None:
    session = heuron.loads(TEXT + STEP).session()
    seen: list[int] = []
    session.listen(lambda event: seen.append(len(session.facts("T"))))
    session.assert_("T", n=5)
    session.run()
    assert set(seen) == {1}

    session.listen(lambda event: session.run())
    with pytest.raises(RuntimeError, match="at work"):
        session.assert_("T", n=1)


def test_a_listener_that_fails_stops_the_run_after_what_it_heard_of() -> None:
    session = heuron.loads(TEXT + STEP).session()
    session.assert_("T", n=1)
    session.assert_("T", n=2)

    def fail(event: Event) -> None:
        if event.kind == "fired":
            raise KeyError("mine")

    session.listen(fail)
    with pytest.raises(KeyError, match="mine"):
        session.run()
    assert sorted(one["n"] for one in session.facts("T")) == [1, 5]


def test_listening_keeps_nothing_and_no_listening_makes_nothing(monkeypatch) -> None:
    """Without listeners no event is made: making one would fail here."""
    from heuron.infer import telling

    def refuse(*_: object) -> None:
        raise AssertionError("an event was made")

    monkeypatch.setattr(telling, "Event", refuse)
    session = heuron.loads(TEXT + STEP).session()
    for number in range(10):
        session.assert_("T", n=number)
    assert session.run().cycles > 0
