"""Routes: their order, whom they ask, what they say, and what an unknown condition does."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from fakes import LOAN, FakeModel, FakeStore

import heuron
from heuron.answer import Answer, Tried
from heuron.dispatch import Dispatcher


def dispatcher(routes: str, store: FakeStore | None = None, rules: str = LOAN) -> Dispatcher:
    lines = "\n".join(f"    {line}" for line in routes.strip().splitlines())
    models = tuple(store.models) if store else ("net",)
    kb = heuron.loads(f"{rules}\ndispatch:\n{lines}\n", models=models)
    return Dispatcher(kb, store)


def ask(routes: str, store: FakeStore | None = None, **evidence: object) -> Answer:
    return dispatcher(routes, store).ask(evidence)


def test_the_first_route_that_holds_is_taken() -> None:
    answer = ask("rules when rules.certainty >= 0.9\nrefer otherwise", income=60_000)
    assert (answer.value, answer.certainty, answer.backend) == ("accept", 0.95, "rules")
    assert answer.route is not None
    assert answer.route.taken == 1
    assert answer.route.tried == (Tried(1, "rules", True, "rules.certainty 0.95 >= 0.9"),)


def test_a_route_that_does_not_hold_says_why() -> None:
    answer = ask('rules when rules.certainty >= 0.9\nrefer "look again" otherwise', income=30_000)
    assert (answer.value, answer.backend, answer.reason) == (None, "refer", "look again")
    assert answer.route is not None
    assert answer.route.tried == (
        Tried(1, "rules", False, "rules.certainty 0.5 >= 0.9"),
        Tried(2, "refer", True, "otherwise"),
    )


def test_no_route_refers() -> None:
    answer = ask("rules when rules.certainty >= 0.9", income=30_000)
    assert (answer.backend, answer.reason, answer.value) == ("refer", "no route", None)
    assert answer.route is not None
    assert answer.route.taken is None


def test_a_model_is_asked_only_when_a_route_needs_it() -> None:
    net = FakeModel()
    routes = "rules when rules.certainty >= 0.9\nmodel net when net.confidence >= 0.8"
    loan = dispatcher(routes, FakeStore(net=net))
    assert loan.ask({"income": 60_000}).backend == "rules"
    assert net.asked == []
    answer = loan.ask({"income": 30_000})
    assert (answer.backend, answer.confidence, answer.certainty) == ("model:net", 0.9, None)
    assert len(net.asked) == 1


def test_a_backend_is_asked_once() -> None:
    net = FakeModel(confidence=0.7)
    routes = """
model net when net.confidence >= 0.9
model net when net.confidence >= 0.8, net.value == accept
rules when net.confidence < 0.75, rules.answered
"""
    answer = dispatcher(routes, FakeStore(net=net)).ask({"income": 30_000})
    assert answer.backend == "rules"
    assert len(net.asked) == 1


def test_what_cannot_matter_is_not_asked() -> None:
    """The first part of a condition decides, so the model on its right is not asked."""
    net = FakeModel()
    routes = "rules when rules.certainty >= 0.9 or net.confidence >= 0.9\nrefer otherwise"
    assert dispatcher(routes, FakeStore(net=net)).ask({"income": 60_000}).backend == "rules"
    assert net.asked == []


def test_a_condition_about_the_record_asks_nobody() -> None:
    net = FakeModel()
    routes = 'refer "a minor" when Applicant(age < 18)\nmodel net otherwise'
    answer = dispatcher(routes, FakeStore(net=net)).ask({"age": 12})
    assert (answer.backend, answer.reason, answer.needs) == ("refer", "a minor", ())
    assert net.asked == []


def test_a_refer_route_fails_closed() -> None:
    """Without the age nobody knows whether it is a minor: a person decides, and is told why."""
    answer = ask('refer "a minor" when Applicant(age < 18)\nrules otherwise', income=60_000)
    assert (answer.backend, answer.reason) == ("refer", "a minor (age is unknown)")
    assert answer.needs == ("age",)
    assert answer.route is not None
    assert answer.route.taken == 1
    assert answer.route.tried == (Tried(1, "refer", None, "Applicant(age unknown < 18)"),)


def test_a_refer_route_that_is_false_elsewhere_lets_pass() -> None:
    """The age is unknown, but what comes after it is false: the route does not concern us."""
    routes = "refer when Applicant(age < 18), rules.certainty < 0.9\nrules otherwise"
    assert ask(routes, income=60_000).backend == "rules"


def test_other_routes_with_unknown_conditions_are_passed_over() -> None:
    routes = "rules when Applicant(age >= 18)\nrefer otherwise"
    answer = ask(routes, income=60_000)
    assert answer.backend == "refer"
    assert answer.route is not None
    assert answer.route.tried[0].held is None


def test_a_concluded_field_counts_as_asking_the_rules() -> None:
    routes = 'refer "risky" when Applicant(risk == high)\nrules otherwise'
    answer = ask(routes, income=60_000, history="poor")
    assert (answer.backend, answer.reason) == ("refer", "risky")
    assert answer.route is not None
    assert answer.route.tried[0].why == "Applicant(risk high == high)"


def test_rules_that_are_silent_for_no_lack_of_evidence_refer_nobody() -> None:
    """Nothing is missing: the value is unknown because no rule speaks, so nothing fails open."""
    routes = "refer when rules.value == refuse\nrefer when rules.certainty > 0.1\nrules otherwise"
    answer = ask(routes, income=1_000, age=40, history="good")
    assert (answer.backend, answer.value) == ("rules", None)


def test_rules_that_lack_evidence_fail_closed() -> None:
    answer = ask("refer when rules.value == refuse\nrules otherwise", age=40)
    assert (answer.backend, answer.needs) == ("refer", ("income",))


def test_agree() -> None:
    routes = 'agree net\nrefer "they differ" otherwise'
    answer = ask(routes, FakeStore(net=FakeModel("accept")), income=30_000)
    assert (answer.backend, answer.value, answer.certainty) == ("rules", "accept", 0.5)
    assert answer.route is not None
    assert answer.route.tried == (Tried(1, "agree:net", True, "rules: accept, net: accept"),)
    answer = ask(routes, FakeStore(net=FakeModel("refuse")), income=30_000)
    assert answer.reason == "they differ"


def test_agree_needs_both_answers() -> None:
    net = FakeModel(required=("history",))
    answer = ask("agree net\nrefer otherwise", FakeStore(net=net), income=30_000)
    assert answer.route is not None
    assert answer.route.tried[0].why == "rules: accept, net: no answer"
    net = FakeModel()
    answer = ask("agree net\nrefer otherwise", FakeStore(net=net), income=1_000)
    assert answer.backend == "refer"
    assert net.asked == []


def test_a_model_that_gives_no_answer() -> None:
    """`answered` is false and `confidence` 0, so that the next route has its turn."""
    net = FakeModel(required=("history",))
    routes = "model net when net.answered\nmodel net when net.confidence > 0\nrefer otherwise"
    answer = ask(routes, FakeStore(net=net), income=30_000)
    assert answer.route is not None
    assert [one.held for one in answer.route.tried] == [False, False, True]


def test_an_absent_model_is_skipped_and_named() -> None:
    routes = "model net when net.confidence > 0.5\nrules when net.answered\nrules otherwise"
    answer = ask(routes, income=60_000)
    assert answer.backend == "rules"
    assert answer.route is not None
    assert answer.route.skipped == ("net",)
    assert [one.line for one in answer.route.tried] == [3]


def test_a_refer_route_holds_without_its_model() -> None:
    routes = "refer when a: Applicant(), a.age < 18 or net.confidence < 0.5\nrules otherwise"
    assert ask(routes, age=12, income=60_000).backend == "refer"
    assert ask(routes, age=40, income=60_000).backend == "rules"


def test_an_uncalibrated_confidence_is_unknown() -> None:
    net = FakeModel(calibrated=False)
    routes = "model net when net.confidence > 0.1\nmodel net when net.answered\nrefer otherwise"
    answer = ask(routes, FakeStore(net=net), income=30_000)
    assert (answer.backend, answer.confidence, answer.score) == ("model:net", None, 0.9)
    assert answer.route is not None
    assert [one.held for one in answer.route.tried] == [None, True]


def test_outside_and_imputed_are_names_of_fields() -> None:
    routes = "model net when length(net.outside) == 0\nrefer otherwise"
    assert ask(routes, FakeStore(net=FakeModel()), income=30_000).backend == "model:net"


def test_a_model_may_be_asked_by_predict() -> None:
    routes = "model net when a: Applicant(), p = predict(net, a), p.confidence > 0.8"
    net = FakeModel()
    answer = ask(routes, FakeStore(net=net), income=30_000)
    assert answer.backend == "model:net"
    assert len(net.asked) == 1


def test_conditions_with_variables() -> None:
    routes = """
refer "poor" when a: Applicant(income: i), half = i / 2, half < 10_000
rules otherwise
"""
    assert ask(routes, income=19_000).reason == "poor"
    assert ask(routes, income=30_000).backend == "rules"


def test_not_and_or_about_the_record() -> None:
    routes = """
refer "odd" when not Applicant(age >= 18)
refer "rich" when a: Applicant(), a.income > 100_000 or a.age > 100
rules otherwise
"""
    assert ask(routes, age=12, income=60_000).reason == "odd"
    assert ask(routes, age=30, income=200_000).reason == "rich"
    assert ask(routes, age=30, income=60_000).backend == "rules"


def test_today_in_a_route() -> None:
    rules = LOAN.replace("history: good", "since: date, optional\n    history: good")
    routes = "refer when Applicant(since > today() - years(1))\nrules otherwise"
    loan = dispatcher(routes, rules=rules)
    evidence = {"income": 60_000, "since": date(2026, 6, 1)}
    assert loan.ask(evidence, today=date(2026, 11, 24)).backend == "refer"
    answer = loan.ask(evidence, today=date(2028, 11, 24))
    assert (answer.backend, answer.today) == ("rules", date(2028, 11, 24))


def test_the_goal_in_the_evidence_is_hidden() -> None:
    answer = ask("rules when rules.answered\nrefer otherwise", income=1_000, decision="accept")
    assert answer.backend == "refer"


def test_many_values() -> None:
    text = """
domain garage "What is wrong?"
type Car:
    cranks: boolean
    fault: battery | starter | fuel
goal Car.fault, many
rule a:
    when c: Car(cranks == false)
    then conclude c.fault = battery, certainty 0.5
rule b:
    when c: Car(cranks == false)
    then conclude c.fault = starter, certainty 0.8
"""
    garage = dispatcher('refer "tow" when Car(fault == battery)\nrules otherwise', rules=text)
    assert garage.ask({"cranks": False}).reason == "tow"
    assert garage.ask({"cranks": True}).backend == "rules"
    garage = dispatcher('refer "tow" when Car(fault == fuel)\nrules otherwise', rules=text)
    answer = garage.ask({"cranks": False})
    assert (answer.backend, answer.value) == ("rules", ("starter", "battery"))
    garage = dispatcher("rules when rules.value == starter\nrefer otherwise", rules=text)
    assert garage.ask({"cranks": False}).backend == "rules"


@pytest.mark.parametrize(
    ("amounts", "expected"), [((10_000, 50_000), "indebted"), ((10_000,), None), ((), None)]
)
def test_facts_beside_the_record(amounts: tuple[int, ...], expected: str | None) -> None:
    routes = """
refer "indebted" when a: Applicant(), d = sum(l.amount for l: Loan(applicant == a)), d > 40_000
rules otherwise
"""
    loans = [{"amount": amount} for amount in amounts]
    answer = dispatcher(routes).ask({"income": 60_000, "Loan": loans})
    assert answer.reason == expected


def test_exists_beside_the_record() -> None:
    routes = 'refer "large" when a: Applicant(), exists Loan(applicant == a, amount > 5_000)'
    loan = dispatcher(f"{routes}\nrules otherwise")
    answer = loan.ask({"income": 60_000, "Loan": [{"amount": 10}, {"amount": 9_000}]})
    assert answer.reason == "large"
    assert loan.ask({"income": 60_000, "Loan": [{"amount": 10}]}).backend == "rules"
    answer = loan.ask({"income": 60_000, "Loan": [{}]})
    assert (answer.backend, answer.needs) == ("refer", ("Loan.amount",))


def test_a_backend_that_gave_no_answer_says_so_in_the_reason() -> None:
    """Its confidence counts as 0, which reads like an answer nobody is sure of."""
    net = FakeModel(required=("history",))
    text = "model net when net.confidence >= 0.8\nrefer otherwise"
    answer = ask(text, FakeStore(net=net), income=30_000)
    assert answer.route is not None
    assert answer.route.tried[0].why == "net.confidence 0 (no answer) >= 0.8"


def test_why_the_rules_gave_no_answer_is_told_with_a_referral() -> None:
    """A contradiction is the author's mistake, so it is not hidden behind a person's decision."""
    kb = heuron.loads(
        "type T:\n    a: integer\n    b: low | high\ngoal T.b\n"
        "rule for_it:\n    when t: T(a > 1)\n    then conclude t.b = low\n"
        "rule against_it:\n    when t: T(a > 2)\n    then conclude t.b = low, certainty -1\n"
    )
    answer = Dispatcher(kb).ask({"a": 3})
    assert answer.reason == "nobody knows (certain rules contradict each other)"
    assert Dispatcher(kb).ask({"a": 0}).reason == "nobody knows"


def test_rules_that_no_route_needed_still_say_why_not() -> None:
    routes = 'refer "a minor" when Applicant(age < 18)\nrules otherwise'
    answer = dispatcher(routes).ask({"age": 12, "income": 5})
    assert answer.backend == "refer"
    assert answer.why_not("accept").startswith("decision is not accept")
    travelled = pickle.loads(pickle.dumps(answer))
    assert travelled == answer
    assert "no explanation" in travelled.why_not("accept")


def test_a_referral_lists_what_would_have_made_the_rules_surer() -> None:
    """Rules that answer too weakly for every route still say what they lack."""
    rules = """
type A(x: integer, y: integer, d: yes | no)
goal A.d
rule weak:
    when a: A(x > 3)
    then conclude a.d = yes, certainty 0.4
rule strong:
    when a: A(y > 3)
    then conclude a.d = yes, certainty 0.9
"""
    routes = 'rules when rules.certainty > 0.8\nrefer "" otherwise'
    answer = dispatcher(routes, rules=rules).ask({"x": 5})
    assert (answer.backend, answer.needs) == ("refer", ("y",))
    assert dispatcher(routes, rules=rules).ask({"x": 5, "y": 9}).backend == "rules"


def test_a_referral_says_what_those_who_were_asked_said() -> None:
    """The rules say accept, too weakly; the model is not sure; a third is not asked."""
    store = FakeStore(net=FakeModel(value="accept", confidence=0.6), other=FakeModel())
    routes = (
        "rules when rules.certainty >= 0.9\nmodel net when net.confidence >= 0.9\nrefer otherwise"
    )
    answer = ask(routes, store, income=30_000)
    assert answer.backend == "refer"
    text = str(answer.why())
    assert text.startswith("rules: accept   0.5\n  because ")
    assert "net: accept" in text
    assert "other" not in text
    body = answer.why().to_dict()
    assert list(body["asked"]) == ["rules", "net"]  # type: ignore[call-overload]
    unasked = ask('refer "nobody is asked" when Applicant(income > 0)\nrules otherwise', income=1)
    assert str(unasked.why()) == "a person decides, and nobody was asked"
