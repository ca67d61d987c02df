"""Sessions: facts come and go, and what follows from them comes and goes with them."""

from __future__ import annotations

from collections.abc import Callable

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
        (lambda s: s.assert_([], parent="a"), "unknown-type", "`[]`"),
        (lambda s: s.assert_("Parent", parnt="a"), "unknown-field", "Did you mean `parent`?"),
        (lambda s: s.modify(1, chil="a"), "unknown-field", "Did you mean `child`?"),
        (lambda s: s.facts([]), "unknown-type", "There are: "),
        (lambda s: s.query("ancestor_of", who="a"), "unknown-name", "`ancestors_of`"),
        (lambda s: s.query(3), "unknown-name", "ancestors_of"),
        (lambda s: s.query("ancestors_of"), "wrong-arguments", "ancestors_of(who: text)"),
        (lambda s: s.query("ancestors_of", "a", "b"), "wrong-arguments", "takes 1 value, and 2"),
        (lambda s: s.query("ancestors_of", whom="a"), "wrong-arguments", "Did you mean `who`?"),
        (lambda s: s.query("ancestors_of", "a", who="a"), "wrong-arguments", "`who` twice"),
        (lambda s: s.query("ancestors_of", who=3), "wrong-value", "accepts text, not 3"),
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
        (lambda s: s.fact("1"), TypeError),
        (lambda s: s.fact(True), TypeError),
        (lambda s: s.run(-1), ValueError),
        (lambda s: s.run("3"), TypeError),
        (lambda s: s.listen(3), TypeError),
        (lambda s: s.knowledge.session("2026-01-01"), TypeError),
        (lambda s: s.knowledge.session(limits=3), TypeError),
        (lambda s: s.knowledge.session(strategy=3), TypeError),
        (lambda s: s.knowledge.session(state=[]), TypeError),
        (lambda s: s.knowledge.consider({}, limits=3), TypeError),
        (lambda s: heuron.Limits(firings="3"), TypeError),
        (lambda s: heuron.Limits(facts=True), TypeError),
        (lambda s: heuron.Limits(steps=1.5), TypeError),
        (lambda s: heuron.Limits(depth=-1), ValueError),
        (lambda s: heuron.Limits(seconds=float("nan")), ValueError),
        (lambda s: s.knowledge.ask_many({"parent": "a"}), TypeError),
        (lambda s: s.knowledge.ask_many(3), TypeError),
        (lambda s: list(s.knowledge.infer_chunks([], workers=0)), ValueError),
        (lambda s: list(s.knowledge.infer_chunks([], workers="2")), TypeError),
        (lambda s: heuron.loads(3), TypeError),
        (lambda s: heuron.loads("", functions=[print]), TypeError),
        (lambda s: heuron.loads("", functions={"f": 3}), TypeError),
        (lambda s: heuron.loads("", functions={3: print}), TypeError),
    ],
)
def test_wrong_use_from_python_is_the_usual_error(session: Session, call, kind) -> None:
    with pytest.raises(kind):
        call(session)


def test_a_fact_that_is_not_held_is_told_from_those_that_are() -> None:
    session = heuron.loads("type N(n: integer)\n").session()

    assert refusal(lambda: session.retract(1)) == "No facts are held."
    first = session.assert_("N", 0)
    assert refusal(lambda: session.retract(7)) == "Fact 1 is held."
    session.retract(first)
    gone = "It was retracted, or lost what it followed from."
    assert refusal(lambda: session.modify(first, n=1)) == f"{gone} No facts are held."
    facts = [session.assert_("N", n) for n in range(3)]
    assert refusal(lambda: session.explain(9)) == "Facts 2, 3 and 4 are held."
    session.retract(facts[1])
    assert refusal(lambda: session.value(3, "n")) == f"{gone} Facts 2 and 4 are held."
    for n in range(10, 20):
        session.assert_("N", n)
    assert refusal(lambda: session.retract(0)) == (
        "12 facts are held, with numbers from 2 to 14; `session.facts()` lists them."
    )


def refusal(act: Callable[[], object]) -> str | None:
    """Return the hint of the one diagnostic about a fact that is not held."""
    with pytest.raises(heuron.RuleError) as caught:
        act()
    (found,) = caught.value.diagnostics
    assert found.code == "unknown-fact"
    return found.hint


REFERRING = """
type Part(name: text)
type Car(name: text, part: Part optional, dear: boolean optional)

rule dear:
    when c: Car(part: p), Part(name == "gold")
    then conclude c.dear = true

rule spare:
    when Car(name: n)
    then derive Spare(n)

type Spare(name: text)
"""


def test_a_reference_says_which_facts_it_may_be() -> None:
    session = heuron.loads(REFERRING).session()
    with pytest.raises(
        heuron.RuleError, match=r"there is no fact 5\.\n  hint: First assert a `Part`"
    ):
        session.assert_("Car", "a", part=5)
    part = session.assert_("Part", "door")
    car = session.assert_("Car", "a", part=part)
    with pytest.raises(heuron.RuleError, match=r"fact 2 is a `Car`\.\n  hint: Of this type"):
        session.modify(car, part=car.number)
    with pytest.raises(heuron.RuleError, match="Change what the rules conclude it from"):
        session.modify(car, dear=True)
    with pytest.raises(heuron.RuleError, match=r"`session.explain\(3\)` names it"):
        session.retract(session.facts("Spare")[0])


def test_a_fact_of_another_session_is_refused() -> None:
    knowledge = heuron.loads(REFERRING)
    session, other = knowledge.session(), knowledge.session()
    part = session.assert_("Part", "door")
    stranger = other.assert_("Car", "a")
    for act in (
        lambda: session.retract(stranger),
        lambda: session.modify(stranger, name="b"),
        lambda: session.fact(stranger),
        lambda: session.explain(stranger),
        lambda: session.value(stranger, "name"),
    ):
        with pytest.raises(heuron.RuleError, match="of another session"):
            act()
    assert session.facts() == (part,)


def test_a_fact_of_another_type_is_no_reference_and_no_argument() -> None:
    knowledge = heuron.loads("""
type Dog(name: text)
type Cat(name: text)
type Toy(owner: Dog)
query toys(d): t: Toy(owner == d) -> t.owner.name
""")
    session, other = knowledge.session(), knowledge.session()
    session.assert_("Toy", session.assert_("Dog", "rex"))
    cat = other.assert_("Cat", "tom")
    for act in (
        lambda: session.assert_("Toy", cat),
        lambda: session.query("toys", cat),
        lambda: session.query("toys", session.assert_("Cat", "mia")),
    ):
        with pytest.raises(heuron.RuleError, match="Dog"):
            act()
    assert len(session.facts("Toy")) == 1


def test_a_fact_of_another_session_is_refused_before_what_it_may_be_is_derived() -> None:
    knowledge = heuron.loads("""
type Dog(name: text)
type Cat(name: text)
type Old(name: text)
rule old:
    when Dog(name: n)
    then derive Old(n)
""")
    session, other = knowledge.session(), knowledge.session()
    session.assert_("Dog", "rex")
    other.assert_("Cat", "tom")
    with pytest.raises(heuron.RuleError, match="of another session"):
        session.fact(other.assert_("Cat", "mia"))


def test_questions_leave_nothing_in_a_session() -> None:
    session = heuron.loads("""
type A(n: integer)
type B(n: integer)
type D(n: integer)
rule r:
    when:
        A(n: x)
        count(B(n == x)) < 2
    then derive D(x)
""").session()
    session.assert_("A", 1)
    (fact,) = session.facts("D")
    index = session.state.memory.index("B", (2,))
    session.explain(fact)
    before = len(index.watchers)
    for _ in range(5):
        session.explain(fact)

    assert len(index.watchers) == before


def test_a_fact_is_looked_at_as_it_is_now() -> None:
    session = heuron.loads(REFERRING).session()
    part = session.assert_("Part", "door")
    session.modify(part, name="window")
    now = session.fact(part)

    assert now is not None
    assert now["name"] == "window"
    session.retract(part)
    assert session.fact(part) is None
