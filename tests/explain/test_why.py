"""Why a value holds, why another one does not: for facts and for single records."""

from pathlib import Path

from heuron.explain.explainers import record_explainer, session_explainer
from heuron.explain.why import why, why_fact
from heuron.infer.host import Host
from sessions import TODAY, engine_of, session_of

LANGUAGE = Path(__file__).parents[1] / "cases" / "language"
CANCER = (LANGUAGE / "cancer.rules").read_text(encoding="utf-8")
GARAGE = (LANGUAGE / "garage.rules").read_text(encoding="utf-8")
FAMILY = (LANGUAGE / "family.rules").read_text(encoding="utf-8")
LARGE = {"worst_radius": 20.1, "worst_concave_points": 0.19}


def explained(text, values):
    """Return the explainer of one record's answer."""
    return record_explainer(engine_of(text).record(values, Host(today=TODAY)))


def test_a_proof_goes_down_to_what_was_given():
    proof = explained(CANCER, LARGE).why()

    assert str(proof).splitlines() == [
        "diagnosis == malignant   0.95",
        '  because large_and_irregular "Large nuclei with a concave outline"'
        "   test.rules:23   0.95",
        "    worst_radius 20.1 > 16.8   given",
        "    shape == irregular   1",
        "      because irregular_outline   test.rules:15   1",
        "        worst_concave_points 0.19 > 0.14   given",
    ]


def test_a_proof_as_data():
    proof = explained(CANCER, LARGE).why()
    (support,) = proof.supports

    assert (support.rule, support.place, support.certainty) == (
        "large_and_irregular",
        "test.rules:23",
        0.95,
    )
    assert [(one.text, one.source) for one in support.premises] == [
        ("worst_radius > 16.8", "given"),
        ("shape == irregular", "rule irregular_outline"),
    ]
    assert support.premises[1].proof is not None
    assert proof.to_dict()["supports"][0]["premises"][0]["read"] == "worst_radius 20.1 > 16.8"


def test_why_not_names_the_first_condition_that_failed_with_its_value():
    text = explained(CANCER, LARGE).why_not("benign")

    assert text.splitlines() == [
        "diagnosis is not benign: malignant has certainty 0.95.",
        '  small_and_smooth "Small nuclei with a smooth outline"   test.rules:27',
        "    worst_radius < 15 failed: worst_radius is 20.1",
    ]


def test_why_not_says_what_is_unknown():
    text = explained(CANCER, {"worst_radius": 12.0}).why_not("benign")

    assert text.splitlines() == [
        "diagnosis is not benign.",
        '  small_and_smooth "Small nuclei with a smooth outline"   test.rules:27',
        "    shape == smooth is unknown: shape is not known",
    ]


def test_a_rule_that_fired_and_lost():
    values = {"worst_radius": 12.0, "worst_concave_points": 0.1, "worst_texture": 40.0}
    explainer = explained(CANCER, values)

    assert explainer.why().conclusion == "diagnosis == benign"
    assert explainer.why_not("malignant").splitlines() == [
        "diagnosis is not malignant: benign has certainty 0.9, malignant 0.3.",
        '  large_and_irregular "Large nuclei with a concave outline"   test.rules:23',
        "    worst_radius > 16.8 failed: worst_radius is 12",
        '  coarse_texture "Coarse texture alone is weak evidence"   test.rules:31',
        "    fired, with certainty 0.3",
    ]


def test_evidence_against_is_part_of_the_proof():
    proof = explained(GARAGE, {"cranks": True, "fuel_gauge": "empty", "smell": True}).why()

    assert [one.rule for one in proof.supports] == ["no_fuel"]
    assert [(one.rule, one.certainty) for one in proof.against] == [("flooded_engine", -0.8)]


def test_a_value_that_nothing_concludes():
    text = """
type T(a: integer, f: x | y | z)
goal T.f
rule one:
    when t: T(a > 0)
    then conclude t.f = x
"""
    explainer = explained(text, {"a": 1})

    assert explainer.why_not("z") == "No rule concludes f == z."
    assert explainer.why_not("x") == "f is x, with certainty 1."


def test_a_derived_fact_is_explained_by_facts():
    state = session_of(FAMILY)
    (ancestor,) = [
        one for one in state.facts("Ancestor") if (one["older"], one["younger"]) == ("tom", "ann")
    ]
    proof = why_fact(state, ancestor.number)

    assert str(proof).splitlines() == [
        "Ancestor(older tom, younger ann)",
        "  because ancestor_of_parent   test.rules:15   1",
        "    Parent(parent tom, child bob)   initial fact",
        "    Ancestor(older bob, younger ann)",
        "      because parent_is_ancestor   test.rules:11   1",
        "        Parent(parent bob, child ann)   initial fact",
    ]


def test_defaults_reasons_in_words_and_computed_values():
    text = """
type Person:
    income: number
    history: good | poor | none, default none
    decision: accept | refuse
type Loan(who: Person, amount: number)
goal Person.decision
rule over_indebted:
    when:
        a: Person(income: i, history == none)
        debt = sum(l.amount for l: Loan(who == a))
        debt > i / 2
    then:
        conclude a.decision = refuse, certainty 0.95
        because "open loans of {debt:,.0f} against an income of {i:,.0f}"
"""
    state = session_of(text)
    person = state.assert_("Person", income=20_000)
    state.assert_("Loan", who=person, amount=15_000)
    (support,) = why(state, person.number, "decision").supports

    assert support.because == "open loans of 15,000 against an income of 20,000"
    assert [(one.read, one.source) for one in support.premises] == [
        ("income 20000", "given"),
        ("history == none", "default"),
        ("debt = 15000", "computed"),
        ("debt 15000 > i 20000 / 2", "computed"),
    ]


def test_an_earlier_row_of_a_table_is_the_reason_why_not():
    text = """
type Person:
    age: integer
    rate: number
goal Person.rate
table rate(Person -> rate), first hit:
    age  -> rate
    < 25 -> 1
    < 50 -> 2
    -    -> 3
"""
    explainer = explained(text, {"age": 20})

    assert explainer.why().supports[0].rule == "rate[1]"
    assert explainer.why_not(2).splitlines()[-1] == "    the earlier row rate[1] hit"


def test_a_fact_that_a_step_asserted_names_its_rule():
    text = """
type Item(n: integer)
type Note(n: integer, big: boolean)
rule note:
    when Item(n: x)
    then assert Note(x)
rule big:
    when o: Note(n > 3)
    then conclude o.big = true
"""
    state = session_of(text.replace("assert Note(x)", "assert Note(n = x)"))
    state.assert_("Item", 5)
    state.run()
    (note,) = state.facts("Note")
    (support,) = why(state, note.number, "big").supports

    assert support.premises[0].source == "rule note"


def test_an_explainer_of_a_session():
    state = session_of(CANCER)
    fact = state.assert_("Tumour", **LARGE)
    explainer = session_explainer(state, fact.number, "diagnosis")

    assert explainer.why() == explained(CANCER, LARGE).why()
