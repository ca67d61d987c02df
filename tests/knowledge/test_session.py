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


TWO_WAYS = """
type Edge(a: text, b: text)
type Reach(a: text, b: text)
facts:
    Edge("a", "b")
    Edge("b", "d")
    Edge("a", "c")
    Edge("c", "d")
rule one:
    when Edge(a: x, b: y)
    then derive Reach(x, y)
rule more:
    when:
        Edge(a: x, b: y)
        Reach(a: y, b: z)
    then derive Reach(x, z)
"""


def test_all_reasons_of_a_fact_are_given_on_request() -> None:
    session = heuron.loads(TWO_WAYS).session()
    reach = next(one for one in session.facts("Reach") if (one["a"], one["b"]) == ("a", "d"))
    first, every = session.explain(reach), session.explain(reach, all=True)

    assert [one.rule for one in first.supports] == ["more"]
    assert [one.rule for one in every.supports] == ["more", "more"]
    assert first.supports[0] in every.supports
    assert {one.premises[0].read for one in every.supports} == {
        "Edge(a a, b b)",
        "Edge(a a, b c)",
    }


def test_all_reasons_of_a_told_fact_say_that_it_is_told() -> None:
    session = heuron.loads(TWO_WAYS).session()
    told = session.assert_("Reach", "a", "b")
    both = session.explain(told, all=True)

    assert both.conclusion == "Reach(a a, b b), given"
    assert [one.rule for one in both.supports] == ["one"]
    assert session.explain(told).supports == ()


def test_a_circle_of_reasons_ends() -> None:
    session = heuron.loads(TWO_WAYS).session()
    session.assert_("Edge", "d", "a")
    for reach in session.facts("Reach"):
        proof = session.explain(reach, all=True)
        assert len(set(proof.supports)) == len(proof.supports) >= 1


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (lambda s: s.explain(99), "unknown-fact", "no fact 99"),
        (lambda s: s.explain(1, "nope"), "unknown-field", "`nope`"),
        (lambda s: s.value(99, "parent"), "unknown-fact", "no fact 99"),
        (lambda s: s.value(1, "parnt"), "unknown-field", "`parent`"),
        (lambda s: s.facts("Parrent"), "unknown-type", "`Parent`"),
        (lambda s: s.modify(99, parent="a"), "unknown-fact", "no fact 99"),
        (lambda s: s.retract(99), "unknown-fact", "no fact 99"),
        (lambda s: s.assert_("Parent", "a", "b", "c"), "wrong-arguments", "2 fields"),
        (lambda s: s.assert_("Parent", "a", parent="b"), "wrong-arguments", "by name"),
        (lambda s: s.assert_(3), "unknown-type", "`3`"),
        (lambda s: s.query("ancestor_of", who="a"), "unknown-name", "`ancestors_of`"),
        (lambda s: s.knowledge.session(strategy="deep"), "unknown-name", "depth"),
    ],
)
def test_what_is_not_there_is_a_diagnostic(session: Session, call, code, words) -> None:
    before = session.facts()
    with pytest.raises(heuron.RuleError) as caught:
        call(session)

    assert caught.value.diagnostics[0].code == code
    assert words in str(caught.value)
    assert session.facts() == before


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda s: s.explain("a"), TypeError),
        (lambda s: s.retract(None), TypeError),
        (lambda s: s.modify(True, parent="a"), TypeError),
        (lambda s: s.run(-1), ValueError),
        (lambda s: s.run("3"), TypeError),
        (lambda s: s.listen(3), TypeError),
        (lambda s: s.knowledge.session("2026-01-01"), TypeError),
        (lambda s: s.knowledge.session(limits=3), TypeError),
        (lambda s: s.knowledge.session(strategy=3), TypeError),
    ],
)
def test_wrong_use_from_python_is_the_usual_error(session: Session, call, kind) -> None:
    with pytest.raises(kind):
        call(session)
