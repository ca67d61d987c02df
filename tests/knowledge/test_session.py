"""Sessions: facts come and go, and what follows from them comes and goes with them."""

from __future__ import annotations

import pytest

import heuron
from heuron.knowledge.session import Session


@pytest.fixture
def session() -> Session:
    return heuron.load("tests/cases/language/family.rules").session()


def test_initial_facts_hold_and_what_follows(session: Session) -> None:
    assert session.query("ancestors_of", who="ann") == ("bob", "tom")
    assert session.query("ancestors_of", "bob") == ("tom",)


def test_a_fact_can_be_asserted_and_retracted(session: Session) -> None:
    fact = session.assert_("Parent", parent="ann", child="eve")
    assert len(session.query("ancestors_of", who="eve")) == 3
    session.retract(fact)
    assert session.query("ancestors_of", who="eve") == ()


def test_a_modified_fact_keeps_its_number(session: Session) -> None:
    fact = session.assert_("Parent", "ann", "eve")
    changed = session.modify(fact, child="ida")
    assert changed is not None
    assert (changed.number, changed["child"]) == (fact.number, "ida")
    assert session.query("ancestors_of", who="eve") == ()


def test_a_derived_fact_is_explained(session: Session) -> None:
    ancestor = next(
        one for one in session.facts("Ancestor") if (one["older"], one["younger"]) == ("tom", "ann")
    )
    assert "ancestor_of_parent" in str(session.explain(ancestor))


def test_wrong_names_are_diagnostics(session: Session) -> None:
    with pytest.raises(heuron.RuleError, match="Parnt"):
        session.assert_("Parnt", parent="a", child="b")
    with pytest.raises(heuron.RuleError, match="no query"):
        session.query("ancestors", who="ann")


def test_steps_run_one_at_a_time() -> None:
    kb = heuron.loads(
        "type Counter(number: integer)\nfacts:\n    Counter(0)\n"
        "rule count:\n    when c: Counter(number: n), n < 3\n    then modify c: number = n + 1\n"
    )
    session = kb.session()
    assert [one.rule for one in session.agenda()] == ["count"]
    firing = session.step()
    assert firing is not None
    assert firing.rule == "count"
    assert session.run().cycles == 2
    assert [one["number"] for one in session.facts("Counter")] == [3]
    assert session.step() is None
