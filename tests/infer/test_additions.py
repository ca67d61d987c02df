"""Definitions go on from added facts, and begin afresh when something goes: the same either way."""

from __future__ import annotations

import pytest

import heuron
from heuron.check import analyse
from heuron.infer import deriving, truth
from playing import by_engine
from sessions import CLOSURE
from strategies import make_trial

FAMILY = f"""{CLOSURE}
type Far(a: integer)
type Alone(a: integer)
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
    original = deriving.Deriving.go_on

    def go_on(self, stratum, added):
        calls.append(stratum["derives"])
        return original(self, stratum, added)

    monkeypatch.setattr(deriving.Deriving, "go_on", go_on)
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


def test_random_programs_followed_and_afresh(monkeypatch):
    """Following changes, facts added and facts gone, says the same as computing afresh."""
    can_follow = truth._Readers.can_follow
    followed: list[str] = []
    for name in ("go_on", "retract"):
        monkeypatch.setattr(deriving.Deriving, name, noted(name, followed))
    compared = {"go_on": 0, "retract": 0}
    for seed in range(3_000):
        trial = make_trial(seed)
        base, _ = analyse(trial.text, "trial.rules")
        if base is None:
            continue
        monkeypatch.setattr(truth._Readers, "can_follow", can_follow)
        followed.clear()
        outcome = by_engine(base, trial)
        ways = set(followed)
        if not ways or not outcome.has_effect:
            continue
        monkeypatch.setattr(truth._Readers, "can_follow", lambda *_: False)
        assert outcome == by_engine(base, trial), trial.text
        for name in ways:
            compared[name] += 1
        if min(compared.values()) >= 60:
            break
    assert min(compared.values()) >= 60


def noted(name, followed):
    """Return a method that notes its calls."""
    original = getattr(deriving.Deriving, name)

    def method(self, *arguments):
        followed.append(name)
        return original(self, *arguments)

    return method
