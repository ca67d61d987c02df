"""Answers of the rules about one record: the quick way, the long way, and both the same."""

from __future__ import annotations

import copy
import pickle
from datetime import date

import pytest

import heuron
from heuron.answer import Alternative, Answer
from heuron.diagnostics import RuleError
from heuron.knowledge.base import KnowledgeBase
from heuron.knowledge.evidence import from_words


def test_an_answer_says_what_and_how_sure_and_by_which_rules(fruit: KnowledgeBase) -> None:
    answer = fruit.ask({"colour": "red", "weight": 8.0})
    assert (answer.value, answer.certainty) == ("cherry", pytest.approx(0.72))
    assert (answer.domain, answer.goal, answer.backend) == ("fruit", "Fruit.name", "rules")
    assert answer.rules == ("cherry",)
    assert answer.needs == ()
    assert answer.elapsed_us is not None
    assert answer.elapsed_us > 0


def test_certainty_adds_up_and_others_stay_as_alternatives(fruit: KnowledgeBase) -> None:
    answer = fruit.ask({"weight": 150.0, "ripe": True})
    assert (answer.value, answer.certainty) == ("apple", 0.75)
    assert answer.rules == ("apple", "heavy_apple")
    several = heuron.loads(
        "type T:\n    x: integer\n    y: a | b\ngoal T.y\n"
        "rule one:\n    when t: T(x > 0)\n    then conclude t.y = a, certainty 0.6\n"
        "rule two:\n    when t: T(x > 1)\n    then conclude t.y = b, certainty 0.4\n"
    ).ask({"x": 2})
    assert several.alternatives == (Alternative("b", 0.4),)


def test_nothing_known_is_unknown_and_says_what_it_needs(fruit: KnowledgeBase) -> None:
    answer = fruit.ask({})
    assert (answer.value, answer.certainty, answer.rules) == (None, None, ())
    assert answer.needs == ("colour", "weight")
    assert answer.to_dict()["value"] is None


@pytest.mark.parametrize(
    "evidence",
    [
        {"colour": "red", "weight": 8.0},
        {"colour": "red", "weight": 8},
        {"colour": "red", "weight": None, "ripe": False},
        {"weight": 150.0, "ripe": True, "origin": "there"},
        {"shape": "round", "colour": "red"},
        {"weight": -0.0},
        {},
    ],
)
def test_the_quick_way_answers_as_the_long_way(
    fruit: KnowledgeBase, evidence: dict[str, object]
) -> None:
    quick = fruit.ask(evidence)
    long = fruit.consider(evidence).answer
    assert {**quick.to_dict(), "elapsed_us": None} == {**long.to_dict(), "elapsed_us": None}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({"colour": "blue"}, "unknown-level"),
        ({"weight": 5001.0}, "wrong-value"),
        ({"weight": float("nan")}, "wrong-value"),
        ({"weight": float("inf")}, "wrong-value"),
        ({"weight": True}, "wrong-value"),
        ({"ripe": 1}, "wrong-value"),
        ({"color": "red"}, "unknown-field"),
    ],
)
def test_the_quick_way_lets_nothing_wrong_through(
    fruit: KnowledgeBase, evidence: dict[str, object], code: str
) -> None:
    with pytest.raises(heuron.RuleError) as caught:
        fruit.ask(evidence)
    assert [one.code for one in caught.value.diagnostics] == [code]


def test_a_concluded_field_may_be_given(fruit: KnowledgeBase) -> None:
    """It is settled at certainty 1, and the rules' own contributions stay alternatives."""
    answer = fruit.ask({"colour": "red", "shape": "round"})
    assert (answer.value, answer.certainty) == ("cherry", 0.9)
    given = fruit.ask({"weight": 150.0, "name": "cherry"})
    assert (given.value, given.certainty) == ("cherry", 1.0)
    assert given.alternatives == (Alternative("apple", 0.5),)


def test_comparisons_hide_the_goal(fruit: KnowledgeBase) -> None:
    found = fruit.consider({"weight": 150.0, "name": "cherry"}, hide_goal=True)
    assert found.answer.value == "apple"


def test_ask_many_answers_in_order_and_names_a_bad_row(fruit: KnowledgeBase) -> None:
    rows = [{"colour": "red", "weight": 8}, {"weight": 150}]
    assert [one.value for one in fruit.ask_many(rows)] == ["cherry", "apple"]
    with pytest.raises(heuron.RuleError, match="row 2: `weight` accepts"):
        fruit.ask_many([{}, {"weight": "much"}])


def test_words_are_evidence_too(fruit: KnowledgeBase) -> None:
    assert fruit.ask(from_words(["colour=red", "weight=8"])).value == "cherry"


def test_an_answer_is_explained_when_asked(fruit: KnowledgeBase) -> None:
    answer = fruit.ask({"colour": "red", "weight": 8.0})
    proof = answer.why()
    assert [one.rule for one in proof.supports] == ["cherry"]
    assert "round_one" in str(proof)
    assert "weight > 100" in answer.why_not("apple")


def test_answers_compare_by_what_they_say_and_travel(fruit: KnowledgeBase) -> None:
    one = fruit.ask({"colour": "red", "weight": 8.0})
    assert one == fruit.ask({"colour": "red", "weight": 8.0})
    assert one != fruit.ask({"colour": "red"})
    travelled = pickle.loads(pickle.dumps(one))
    assert type(travelled) is Answer
    assert travelled.to_dict() == one.to_dict()


def test_a_contradiction_is_the_reason_for_no_answer() -> None:
    kb = heuron.loads(
        "type T:\n    x: integer\n    y: a | b\ngoal T.y\n"
        "rule yes:\n    when t: T(x > 0)\n    then conclude t.y = a\n"
        "rule no:\n    when t: T(x > 0)\n    then conclude t.y = a, certainty -1\n"
    )
    answer = kb.ask({"x": 1})
    assert (answer.value, answer.reason) == (None, "certain rules contradict each other")


def test_today_is_the_day_that_is_given() -> None:
    kb = heuron.loads(
        "type T:\n    since: date\n    new: boolean\ngoal T.new\n"
        "rule new:\n    when t: T(since > today() - years(1))\n    then conclude t.new = true\n"
    )
    evidence = {"since": "2026-06-01"}
    assert kb.ask(evidence, today=date(2026, 11, 24)).value is True
    assert kb.ask(evidence, today=date(2027, 11, 24)).value is None
    assert kb.ask(evidence, today=date(2026, 11, 24)).today == date(2026, 11, 24)
    assert kb.ask(evidence, today=date(2026, 11, 24)).to_dict()["today"] == "2026-11-24"


def test_facts_beside_the_record_are_joined() -> None:
    kb = heuron.load("tests/cases/language/loan.rules")
    answer = kb.ask({"age": 40, "income": 20_000, "Loan": [{"amount": 15_000}]})
    assert (answer.value, answer.certainty, answer.rules) == ("refuse", 0.95, ("over_indebted",))
    assert kb.ask({"age": 40, "income": 20_000, "Loan": [{"amount": 5_000}]}).value is None


def test_a_knowledge_base_without_a_goal_says_so() -> None:
    with pytest.raises(heuron.RuleError) as caught:
        heuron.loads("type T(a: text)\n").ask({"a": "x"})
    assert caught.value.diagnostics[0].code == "missing-goal"


def test_copies_are_the_object_itself_and_pickles_are_source(fruit: KnowledgeBase) -> None:
    assert copy.copy(fruit) is fruit
    assert copy.deepcopy([fruit])[0] is fruit
    again = pickle.loads(pickle.dumps(fruit))
    assert again.ask({"colour": "red", "weight": 8.0}).to_dict()["rules"] == ["cherry"]
    assert again.files == fruit.files


def test_the_example_of_a_file_without_tests_is_made_up_from_its_fields() -> None:
    text = """
type Fruit:
    colour: red | yellow
    weight: number in 0..5000
    share: number in 0..1
    pieces: integer >= 2
    note: text, optional
    name: cherry | apple

goal Fruit.name

rule cherry:
    when f: Fruit(colour == red)
    then conclude f.name = cherry
"""
    knowledge = heuron.loads(text)
    made_up = {"colour": "red", "weight": 2500, "share": 0.5, "pieces": 3}
    assert dict(knowledge.example) == made_up
    assert knowledge.ask(made_up).value == "cherry"


@pytest.mark.parametrize(
    ("given", "source"),
    [({}, "default"), ({"b": "red"}, "given")],
)
@pytest.mark.parametrize("a", [2.0, "2"], ids=["plain evidence", "text"])
def test_a_default_is_not_said_to_be_given(
    a: object, given: dict[str, object], source: str
) -> None:
    text = """
type F:
    a: number
    b: red | green, default red
    c: x | y

goal F.c

rule r:
    when f: F(a > 1, b == red)
    then conclude f.c = x
"""
    (support,) = heuron.loads(text).ask({"a": a, **given}).why().supports
    assert [one.source for one in support.premises] == ["given", source]


@pytest.mark.parametrize("evidence", [[1], 5, None, "colour=red", [("colour", "red")]])
def test_evidence_that_is_no_dictionary_is_refused(evidence: object) -> None:
    kb = heuron.load("iris")
    with pytest.raises(RuleError, match=r"Evidence is a dictionary of fields, not of type"):
        kb.ask(evidence)  # type: ignore[arg-type]


def test_rows_of_a_table_that_is_not_the_first_rule_say_what_they_need():
    """Where rules join facts a session answers; rows count from the table's own place."""
    kb = heuron.loads(
        "type T(s: text, n: number, m: number, out: yes | no)\ntype U(n: number)\ngoal T.out\n"
        "rule r:\n    when t: T(n > 3)\n    then conclude t.out = yes\n"
        "rule j:\n    when t: T(n: x), U(n == x)\n    then conclude t.out = no\n"
        "table tab(T -> out), first hit:\n    s   | m   -> out\n"
        '    "a" | > 1 -> yes\n    "b" | -   -> no\n'
    )
    assert not kb.engine.single_record
    assert kb.ask({}).needs == ("s", "n", "m")
    assert kb.ask({"n": 1, "s": "a"}).needs == ("m",)
    assert kb.ask({"n": 1, "s": "b"}).needs == ()
    assert kb.ask({"n": 1, "s": "c"}).needs == ()
