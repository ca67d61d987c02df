"""Definitions go on from added facts, and begin afresh when something goes: the same either way."""

from __future__ import annotations

import pytest

import heuron
from heuron.check import analyse
from heuron.infer import truth
from playing import by_engine
from strategies import make_trial

FAMILY = """
type Edge(a: integer, b: integer)
type Reach(a: integer, b: integer)
type Far(a: integer)
type Alone(a: integer)
rule one:
    when Edge(a: x, b: y)
    then derive Reach(x, y)
rule more:
    when:
        Reach(a: x, b: y)
        Edge(a == y, b: z)
    then derive Reach(x, z)
rule far:
    when count(1 for r: Reach()) > 5
    then derive Far(0)
rule alone:
    when:
        Edge(b: y)
        not Reach(a == y)
    then derive Alone(y)
"""


@pytest.fixture
def went_on(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Record for which strata the evaluation went on."""
    calls: list[tuple[str, ...]] = []
    original = truth.Truth._go_on

    def go_on(self, stratum, added):
        calls.append(stratum["derives"])
        return original(self, stratum, added)

    monkeypatch.setattr(truth.Truth, "_go_on", go_on)
    return calls


def test_added_facts_go_on_where_nothing_can_go(went_on):
    session = heuron.loads(FAMILY).session()
    session.assert_("Edge", 1, 2)
    first = session.facts("Reach")
    assert went_on == []

    session.assert_("Edge", 2, 3)
    assert [tuple(one.values.values()) for one in session.facts("Reach")] == [
        (1, 2),
        (1, 3),
        (2, 3),
    ]
    assert session.facts("Reach")[0] == first[0]
    # Alone and Far read Reach inside `not` and `count`: they begin afresh.
    assert went_on == [("Reach",)]
    assert [one.values["a"] for one in session.facts("Alone")] == [3]


def test_a_fact_that_goes_takes_along_what_was_added_since(went_on):
    session = heuron.loads(FAMILY).session()
    session.assert_("Edge", 1, 2)
    session.facts()
    edge = session.assert_("Edge", 2, 3)
    session.facts()
    session.retract(edge)

    assert [tuple(one.values.values()) for one in session.facts("Reach")] == [(1, 2)]
    assert went_on == [("Reach",)]


def test_a_fact_that_came_and_went_between_two_looks_leaves_nothing():
    session = heuron.loads(FAMILY).session()
    session.assert_("Edge", 1, 2)
    session.facts()
    session.retract(session.assert_("Edge", 2, 3))
    session.modify(session.assert_("Edge", 2, 4), b=5)

    assert [tuple(one.values.values()) for one in session.facts("Reach")] == [
        (1, 2),
        (1, 5),
        (2, 5),
    ]


def test_a_new_fact_is_explained_by_the_facts_it_came_from():
    session = heuron.loads(FAMILY).session()
    session.assert_("Edge", 1, 2)
    session.facts()
    session.assert_("Edge", 2, 3)
    reached = next(one for one in session.facts("Reach") if one.values == {"a": 1, "b": 3})

    assert "more" in str(session.explain(reached))


def test_random_programs_going_on_and_afresh(went_on, monkeypatch):
    can_go_on = truth._Readers.can_go_on
    compared = 0
    for seed in range(2_000):
        trial = make_trial(seed)
        base, _ = analyse(trial.text, "trial.rules")
        if base is None:
            continue
        monkeypatch.setattr(truth._Readers, "can_go_on", can_go_on)
        before = len(went_on)
        outcome = by_engine(base, trial)
        if len(went_on) == before or not outcome.has_effect:
            continue
        monkeypatch.setattr(truth._Readers, "can_go_on", lambda *_: False)
        assert outcome == by_engine(base, trial), trial.text
        compared += 1
        if compared >= 60:
            break
    assert compared >= 60
