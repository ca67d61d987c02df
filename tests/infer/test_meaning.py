"""Sentences of the language reference ("Meaning") that no other test is about, one test each.

`tests/cases/meaning.toml` says for every sentence which tests these are.
"""

from __future__ import annotations

import json

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.values import UNKNOWN
from naive import Oracle
from resolving import resolved
from sessions import TODAY, facts_of, fired, session_of

# 1. Definitions and steps

DOUBT = """
type Item:
    n: integer
    size: small | large, optional
type Big(n: integer)
type Seen(n: integer, big: boolean)
rule size:
    when i: Item(n > 5)
    then conclude i.size = large
rule big:
    when i: Item(size == large, n: x)
    then derive Big(x)
rule small:
    salience 5
    when:
        Item(n: x)
        not Big(n == x)
    then assert Seen(x, false)
rule grow:
    when i: Item(n == 5)
    then modify i: n = 9
rule found:
    when Big(n: x)
    then assert Seen(x, true)
"""


def test_what_a_rule_does_makes_it_a_definition_or_a_step():
    base = resolved("""
type A(n: integer, v: integer)
type B(n: integer)
type C(n: integer)
rule concludes:
    when a: A()
    then:
        conclude a.v = 1
        because "so it is"
rule derives:
    when A(n: x)
    then:
        derive B(x)
        log "{x}"
rule asserts:
    when A(n: x)
    then assert C(x)
rule modifies:
    when a: A(n == 1)
    then modify a: n = 2
rule retracts:
    when a: A(n == 3)
    then retract a
rule halts:
    when A(n == 4)
    then:
        log "stop"
        halt
""")

    assert {one.name: one.is_step for one in base.rules} == {
        "concludes": False,
        "derives": False,
        "asserts": True,
        "modifies": True,
        "retracts": True,
        "halts": True,
    }


def test_all_definitions_are_true_before_the_first_step_and_after_each():
    """Two strata of them: at no moment does a step see an old size or a Big that is missing."""
    state = session_of(DOUBT)
    state.assert_("Item", 5)
    state.assert_("Item", 7)

    assert fired(state) == ["small", "found", "grow", "found"]
    assert facts_of(state, "Seen") == ["Seen(5, false)", "Seen(7, true)", "Seen(9, true)"]


@pytest.mark.parametrize("strategy", ["depth", "breadth", "lex", "mea", "random(3)"])
def test_strategies_and_order_concern_steps_only(strategy):
    text = DOUBT.split("rule small")[0]
    session = heuron.loads(text).session(strategy=strategy)
    for number in (9, 3, 7):
        session.assert_("Item", number)
    backwards = heuron.loads(text).session(strategy=strategy)
    for number in (7, 3, 9):
        backwards.assert_("Item", number)

    assert session.run().firings == backwards.run().firings == ()
    for one in (session, backwards):
        assert sorted(fact["n"] for fact in one.facts("Big")) == [7, 9]


def test_salience_is_a_whole_number_written_in_the_file():
    rule = "type A(n: integer)\nrule a:\n    salience {}\n    when x: A()\n    then retract x\n"
    assert heuron.loads(rule.format("-3")) is not None
    assert heuron.loads("let k = 3\n" + rule.format("k + 1")) is not None
    for other in ("1.5", "n", '"1"', "today()", "unknown"):
        with pytest.raises(RuleError):
            heuron.loads(rule.format(other))


def test_salience_of_a_definition_decides_ties_and_nothing_else():
    text = """
type Case(n: integer, v: a | b | c)
goal Case.v
rule first:
    when k: Case()
    then conclude k.v = a, certainty 0.5
rule second:
    salience 10
    when k: Case()
    then conclude k.v = b, certainty 0.5
rule third:
    salience -10
    when k: Case(n > 1)
    then conclude k.v = c, certainty 0.6
"""
    knowledge = heuron.loads(text)

    assert (knowledge.ask({"n": 1}).value, knowledge.ask({"n": 2}).value) == ("b", "c")
    state = session_of(text)
    state.assert_("Case", 2)
    assert [one.rule for one in state.definitions()] == ["second", "first", "third"]


def test_the_values_of_a_step_are_those_of_the_moment_it_fires():
    """The first action changes what the second one reads; the second one has read it before."""
    state = session_of("""
type A(n: integer)
type B(n: integer)
rule step:
    when:
        a: A(n < 9)
        c = count(A())
    then:
        modify a: n = a.n + 9
        assert B(a.n)
        assert B(c * 100)
        halt
""")
    state.assert_("A", 1)
    state.assert_("A", 2)

    assert fired(state) == ["step"]
    assert facts_of(state, "B") == ["B(2)", "B(200)"]


def test_a_derive_that_cannot_be_carried_out_derives_nothing():
    state = session_of("""
type A:
    n: integer
    m: integer, optional
type B(n: integer in 0..5, m: integer)
rule make:
    when a: A(n: x)
    then derive B(x, a.m)
""")
    state.assert_("A", 3, 1)
    state.assert_("A", 9, 1)
    state.assert_("A", 4)

    assert facts_of(state, "B") == ["B(3, 1)"]


# 2. Concluded fields

GRADE = """
type Case:
    n: integer
    grade: low | high, optional
goal Case.grade
rule low:
    when c: Case(n < 5)
    then conclude c.grade = low, certainty 0.5
rule high:
    when c: Case(n > 3)
    then conclude c.grade = high, certainty {}
"""


def test_a_concluded_field_is_no_part_of_what_makes_facts_equal():
    state = session_of(GRADE.format("0.8"))
    one = state.assert_("Case", n=4, grade="low")
    two = state.assert_("Case", n=4, grade="high")
    three = state.assert_("Case", n=4)

    assert one.number == two.number == three.number
    assert len(state.facts()) == 1
    assert state.value(one.number, "grade") == ("low", 1.0)


def test_concluding_is_no_event_and_makes_no_new_version():
    text = (
        GRADE.format("0.8")
        + """
type Note(n: integer)
rule noted:
    when Case(n: x)
    then assert Note(x)
"""
    )
    state = session_of(text)
    state.assert_("Case", n=4)
    event = state.memory.event
    assert state.value(1, "grade")[0] == "high"

    assert state.memory.event == event
    assert fired(state) == ["noted"]
    assert fired(state) == []


def test_a_contribution_goes_with_its_activation():
    state = session_of(GRADE.format("0.8"))
    case = state.assert_("Case", n=4)
    seen = [state.value(case.number, "grade")]
    for number in (2, 7, 4):
        state.modify(case.number, n=number)
        seen.append(state.value(case.number, "grade"))

    assert seen == [("high", 0.8), ("low", 0.5), ("high", 0.8), ("high", 0.8)]


def test_a_value_that_nothing_speaks_for_does_not_hold():
    """Evidence against `high` is none for `low`: the field is unknown, to readers as well."""
    text = (
        GRADE.replace("grade:", "why: text, optional\n    grade:").format("-0.8")
        + """
rule without:
    when c: Case(grade is unknown)
    then conclude c.why = "nothing known"
"""
    )
    state = session_of(text)
    case = state.assert_("Case", n=7)
    oracle = Oracle(resolved(text), TODAY)
    oracle.add("Case", {"n": 7})
    said = {name: one.values for (_, name), one in oracle.conclusions().items()}

    assert heuron.loads(text).ask({"n": 7}).value is None
    assert heuron.loads(text).infer_table({"n": [7]}).values == [None]
    assert state.value(case.number, "grade") == (UNKNOWN, 0.0)
    assert state.value(case.number, "why") == ("nothing known", 1.0)
    assert said == {"grade": (), "why": (("nothing known", 1.0),)}


def test_a_given_conclusion_that_is_unknown_is_not_given():
    knowledge = heuron.loads(GRADE.format("0.8"))

    assert knowledge.ask({"n": 7, "grade": None}).value == "high"
    assert knowledge.ask({"n": 7, "grade": "low"}).value == "low"


def test_a_conclusion_outside_its_field_is_no_contribution():
    knowledge = heuron.loads("""
type Case:
    n: integer
    m: integer, optional
    v: integer in 0..9
goal Case.v
rule one:
    when c: Case()
    then conclude c.v = c.n, certainty 0.9
rule two:
    when c: Case()
    then conclude c.v = c.m, certainty 0.8
""")

    assert knowledge.ask({"n": 10, "m": 4}).value == 4
    assert knowledge.ask({"n": 10}).value is None
    assert knowledge.infer_table({"n": [10, 10, 3], "m": [4, None, 4]}).values == [4, None, 3]


# 4. Unknown

UNSURE = """
type Case:
    a: integer, optional
    b: integer, default 7
    v: yes | no
goal Case.v
rule yes:
    when c: Case({})
    then conclude c.v = "yes"
"""


def test_a_bare_binding_needs_a_known_value_and_a_read_does_not():
    known = heuron.loads(UNSURE.format("a: x, b >= x"))
    read = heuron.loads(UNSURE.format("a is unknown, b > 0"))

    assert known.ask({"a": 3}).value == "yes"
    assert known.ask({}).value is None
    assert read.ask({}).value == "yes"
    assert read.ask({"a": 3}).value is None


def test_an_equation_names_a_known_value_and_its_expression_can_be_tested():
    state = session_of("""
type A(n: integer)
type Named(n: number)
type Without(n: integer)
rule named:
    when:
        A(n: x)
        y = 1 / x
    then assert Named(y)
rule without:
    when:
        A(n: x)
        1 / x is unknown
    then assert Without(x)
""")
    state.assert_("A", 0)
    state.assert_("A", 2)
    state.run()

    assert sorted(facts_of(state)[2:]) == ["Named(0.5)", "Without(0)"]


def test_what_facts_and_rules_must_give_and_evidence_need_not():
    text = "type A:\n    n: integer\n    m: integer, optional\n    k: integer, default 1\n"
    state = session_of(text)
    assert state.assert_("A")["n"] is UNKNOWN
    assert heuron.loads(text + "facts:\n    A(n = 1)\n") is not None
    for part in ("facts:\n    A(m = 1)\n", "rule r:\n    when A()\n    then assert A(m = 2)\n"):
        with pytest.raises(RuleError) as caught:
            heuron.loads(text + part)
        assert caught.value.diagnostics[0].code == "wrong-arguments"


def test_optional_fields_are_not_listed_as_needed():
    answer = heuron.loads("""
type Case:
    a: integer
    b: integer, optional
    v: yes | no
goal Case.v
rule one:
    when c: Case(a > 1, b > 1)
    then conclude c.v = "yes"
""").ask({})

    assert list(answer.needs) == ["a"]


# 6. Facts and changes


def test_a_modify_that_changes_nothing_is_no_event():
    state = session_of(
        "type A(n: integer)\ntype B(n: integer)\nrule b:\n    when A(n: x)\n    then assert B(x)\n"
    )
    one = state.assert_("A", 1)
    assert fired(state) == ["b"]
    event = state.memory.event
    state.modify(one.number, n=1)

    assert (state.memory.event, fired(state)) == (event, [])


def test_derived_facts_do_not_hold_on_to_what_they_refer_to():
    state = session_of("""
type A(n: integer)
type Of(a: A)
rule of:
    when a: A()
    then derive Of(a)
""")
    one = state.assert_("A", 1)
    assert facts_of(state, "Of") == ["Of(1)"]
    state.retract(one.number)

    assert facts_of(state) == []


# 7. Order and refraction


def test_a_modify_of_what_a_rule_does_not_read_makes_it_fire_again_as_in_clips():
    state = session_of(
        "type A(n: integer, m: integer)\ntype B(n: integer)\n"
        "rule b:\n    when A(n: x)\n    then assert B(x)\n"
    )
    one = state.assert_("A", 1, 1)
    assert fired(state) == ["b"]
    state.modify(one.number, m=2)

    assert fired(state) == ["b"]


@pytest.mark.parametrize("condition", ["exists Go(on == true)", "forall Go() have Go(on == true)"])
def test_a_modify_is_one_event_for_what_holds_before_and_after(condition):
    """In CLIPS the rule fires once more; there a modify is a retract and an assert."""
    state = session_of(f"""
type Item(n: integer)
type Go(on: boolean, by: text)
type Done(n: integer)
rule go:
    when:
        Item(n: x)
        {condition}
    then assert Done(x)
""")
    state.assert_("Item", 1)
    go = state.assert_("Go", True, "a")
    assert fired(state) == ["go"]
    state.modify(go.number, by="b")
    assert fired(state) == []
    state.modify(go.number, on=False)
    assert fired(state) == []
    state.modify(go.number, on=True)

    assert fired(state) == ["go"]


def test_a_derived_fact_whose_reasons_change_in_one_event_is_the_same_fact():
    """In CLIPS it goes and comes, so that the rule fires once more."""
    state = session_of("""
type Reading(n: integer, by: text)
type Warm(n: integer)
type Done(n: integer)
rule warm:
    when Reading(n: x), x > 20
    then derive Warm(20)
rule tell:
    when Warm(n: x)
    then assert Done(x)
""")
    reading = state.assert_("Reading", 25, "a")
    assert fired(state) == ["tell"]
    (warm,) = state.facts("Warm")
    state.modify(reading.number, n=30)
    assert fired(state) == []
    assert state.facts("Warm") == (warm,)
    state.modify(reading.number, n=10)
    assert fired(state) == []
    state.modify(reading.number, n=30)

    assert fired(state) == ["tell"]


def test_an_aggregate_that_changes_its_value_completes_its_rule_anew():
    state = session_of("""
type Item(n: integer)
type Total(n: integer)
rule total:
    when t = sum(i.n for i: Item())
    then assert Total(t)
""")
    assert fired(state) == ["total"]
    one = state.assert_("Item", 0)
    assert fired(state) == []
    state.modify(one.number, n=4)
    assert fired(state) == ["total"]
    state.assert_("Item", 3)

    assert fired(state) == ["total"]
    assert facts_of(state, "Total") == ["Total(0)", "Total(4)", "Total(7)"]


def test_facts_derived_after_one_event_stand_by_declaration_then_by_values():
    state = session_of("""
type Go(n: integer)
type Two(n: integer)
type One(n: integer)
type Seen(what: text, n: integer)
rule ones:
    when Go(n: x)
    then:
        derive One(x)
        derive One(0)
rule twos:
    when Go(n: x)
    then:
        derive Two(x)
        derive Two(0)
rule see_one:
    when One(n: x)
    then assert Seen("one", x)
rule see_two:
    when Two(n: x)
    then assert Seen("two", x)
""")
    state.assert_("Go", 5)
    fired(state)

    assert facts_of(state, "Seen") == [
        "Seen(one, 0)",
        "Seen(one, 5)",
        "Seen(two, 0)",
        "Seen(two, 5)",
    ]


# 9. Time, numbers, ends


def test_the_same_input_gives_the_same_bytes():
    def said():
        session = heuron.loads(DOUBT).session(TODAY)
        for number in (7, 5, 2):
            session.assert_("Item", number)
        firings = session.run().firings
        return json.dumps([session.saved(), [(one.rule, one.bindings) for one in firings]])

    assert said() == said()


def test_today_is_not_folded_into_what_was_compiled():
    text = """
type A(n: integer)
type B(n: integer, now: boolean)
rule b:
    when A(n: x)
    then assert B(x, today() == 2026-01-01)
"""
    knowledge = heuron.loads(text)
    seen = []
    for day in (TODAY, TODAY.replace(year=2027)):
        session = knowledge.session(day)
        session.assert_("A", 1)
        session.run()
        seen.append(session.facts("B")[0]["now"])

    assert seen == [True, False]


# 11. Text


def test_not_negates_a_pattern_or_a_test():
    state = session_of("""
type A(n: integer)
type None_(n: integer)
type Small(n: integer)
rule none:
    when:
        A(n: x)
        not A(n > x)
    then derive None_(x)
rule small:
    when:
        A(n: x)
        not (x > 1)
    then derive Small(x)
""")
    state.assert_("A", 1)
    state.assert_("A", 2)

    assert facts_of(state)[2:] == ["None_(2)", "Small(1)"]


def test_levels_are_names_in_either_case_or_quoted():
    knowledge = heuron.loads("""
type A(n: small | Large | "3+", v: integer)
goal A.v
rule one:
    when a: A(n == Large)
    then conclude a.v = 1
rule two:
    when a: A(n == "3+")
    then conclude a.v = 2
""")

    assert [knowledge.ask({"n": one}).value for one in ("Large", "large", "3+")] == [1, 1, 2]


def test_newlines_are_free_inside_brackets():
    state = session_of("""
type A(
    n: integer,
    m: integer
)
type B(n: integer)
rule b:
    when A(
        n: x,
        m > (
            1 +
            2
        )
    )
    then derive B(
        x
    )
""")
    state.assert_("A", 1, 4)

    assert facts_of(state, "B") == ["B(1)"]
