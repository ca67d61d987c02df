"""The dispatcher: whom it asks, side by side, models that are absent, and what it imports."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from fakes import LOAN, FakeModel, FakeStore

import heuron
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.dispatch.what_if import what_if

BLOCK = "\ndispatch:\n    rules when rules.certainty >= 0.9\n    model net otherwise\n"


def loan(store: FakeStore | None = None, text: str = LOAN + BLOCK, **more: str) -> Dispatcher:
    return Dispatcher(heuron.loads(text, models=("net", "other")), store, **more)


def test_via_rules_and_via_a_model() -> None:
    dispatcher = loan(FakeStore(net=FakeModel("refuse", 0.7)))
    rules = dispatcher.ask({"income": 60_000}, via="rules")
    assert (rules.value, rules.backend, rules.route) == ("accept", "rules", None)
    net = dispatcher.ask({"income": 60_000}, via="net")
    assert (net.value, net.confidence, net.backend) == ("refuse", 0.7, "model:net")
    assert (net.certainty, net.calibrated, net.domain) == (None, True, "loan")
    assert [(one.value, one.certainty) for one in net.alternatives] == [("accept", None)]


def test_side_by_side() -> None:
    dispatcher = loan(FakeStore(net=FakeModel("refuse"), other=FakeModel(required=("age",))))
    found = dispatcher.ask({"income": 60_000}, via="all")
    assert list(found.answers) == ["rules", "model:net", "model:other"]
    assert [one.value for one in found.answers.values()] == ["accept", "refuse", None]
    assert found.agree is False
    assert found.dispatch.backend == "rules"
    assert found.dispatch.route is not None
    assert found.answers["rules"].route is None
    body = found.to_dict()
    assert list(body) == ["domain", "goal", "answers", "dispatch", "agree"]


@pytest.mark.parametrize(
    ("value", "income", "expected"),
    [("accept", 60_000, True), ("refuse", 60_000, False), ("accept", 1, None)],
)
def test_who_agrees(value: str, income: float, expected: bool | None) -> None:
    dispatcher = loan(FakeStore(net=FakeModel(value)))
    assert dispatcher.ask({"income": income}, via="all").agree is expected


def test_each_is_asked_once_side_by_side() -> None:
    net = FakeModel()
    loan(FakeStore(net=net)).ask({"income": 30_000}, via="all")
    assert len(net.asked) == 1


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("net", "cannot ask the model `net`: it has not been trained", "heuron train loan net"),
        ("nett", "has no model `nett`", "Did you mean `net`?"),
    ],
)
def test_a_model_that_is_not_there(name: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        loan().ask({"income": 1}, via=name)
    found = caught.value.diagnostics[0]
    assert found.code == "model-absent"
    assert message in found.message
    assert hint in (found.hint or "")


def test_a_model_that_does_not_fit_is_as_good_as_absent() -> None:
    dispatcher = loan(FakeStore(net=FakeModel(misfit="it reads `salary`, which is gone")))
    assert dispatcher.models == ()
    answer = dispatcher.ask({"income": 1})
    assert (answer.backend, answer.reason) == ("refer", "no route")
    assert answer.route is not None
    assert answer.route.skipped == ("net",)
    with pytest.raises(RuleError, match="it reads `salary`, which is gone"):
        dispatcher.ask({"income": 1}, via="net")


def test_strict_does_not_skip() -> None:
    with pytest.raises(RuleError, match="cannot ask the model `net`"):
        loan().ask({"income": 1}, strict=True)
    assert loan().ask({"income": 60_000}, strict=True).value == "accept"


def test_evidence_that_is_not_accepted() -> None:
    with pytest.raises(RuleError) as caught:
        loan().ask({"incme": 1, "age": 200})
    assert [one.code for one in caught.value.diagnostics] == ["unknown-field", "wrong-value"]


@pytest.mark.parametrize(
    ("income", "store", "backend", "line"),
    [
        (60_000, None, "rules", 1),
        (1, FakeStore(net=FakeModel()), "model:net", 2),
        (1, FakeStore(net=FakeModel(required=("age",))), "refer", 3),
        (1, None, "refer", 2),
    ],
)
def test_without_a_block(income: float, store: FakeStore | None, backend: str, line: int) -> None:
    """Rules when they answer, else the selected model, else a person."""
    answer = loan(store, LOAN).ask({"income": income})
    assert answer.backend == backend
    assert answer.route is not None
    assert answer.route.taken == line


def test_a_named_block() -> None:
    text = LOAN + BLOCK + "\ndispatch careful:\n    refer otherwise\n"
    assert loan(text=text, policy="careful").ask({"income": 60_000}).backend == "refer"
    assert loan(text=text).ask({"income": 60_000}).backend == "rules"
    with pytest.raises(RuleError, match="no dispatch block `carefull`"):
        loan(text=text, policy="carefull")


def test_a_knowledge_base_without_a_goal() -> None:
    with pytest.raises(RuleError, match="no goal"):
        Dispatcher(heuron.loads("type T(a: text)\n"))


PREDICTS = """
rule learned_doubt:
    when:
        a: Applicant(income < 20_000)
        p = predict(net, a)
        p.value == refuse, p.confidence > 0.8
    then conclude a.decision = refuse, certainty 0.6
"""


def test_rules_reach_models_through_the_dispatcher() -> None:
    net = FakeModel("refuse", 0.9)
    dispatcher = loan(FakeStore(net=net), LOAN + PREDICTS + BLOCK)
    answer = dispatcher.ask({"income": 10_000, "age": 30}, via="rules")
    assert (answer.value, answer.certainty, answer.rules) == ("refuse", 0.6, ("learned_doubt",))
    assert net.asked == [{"income": 10_000.0, "age": 30}]


def test_rules_and_routes_share_a_models_answer() -> None:
    net = FakeModel("refuse", 0.9)
    dispatcher = loan(FakeStore(net=net), LOAN + PREDICTS + BLOCK)
    assert dispatcher.ask({"income": 10_000}).backend == "model:net"
    assert len(net.asked) == 1


def test_rules_need_the_model_that_is_absent() -> None:
    answer = loan(None, LOAN + PREDICTS).ask({"income": 10_000, "age": 30}, via="rules")
    assert answer.value is None
    assert "model net" in answer.needs


def test_a_model_that_reads_a_conclusion_asks_the_rules() -> None:
    net = FakeModel(inputs=("income", "risk"))
    loan(FakeStore(net=net)).ask({"income": 1, "history": "poor"}, via="net")
    assert net.asked[0]["risk"] == "high"


def test_the_day_of_the_answer() -> None:
    day = date(2026, 2, 28)
    assert loan().ask({"income": 60_000}, today=day).today == day
    found = loan(FakeStore(net=FakeModel())).ask({"income": 60_000}, via="all", today=day)
    assert {one.today for one in found.answers.values()} == {day}


def test_why_the_rules_answer_is_kept_through_the_route() -> None:
    assert "rich" in str(loan().ask({"income": 60_000}).why())


def test_a_model_without_explanation_says_so() -> None:
    answer = loan(FakeStore(net=FakeModel())).ask({"income": 1}, via="net")
    assert str(answer.why()) == "net: accept, and it cannot explain itself"


def test_what_if() -> None:
    dispatcher = loan(FakeStore(net=FakeModel("refuse")))
    found = what_if(dispatcher.ask, {"income": 60_000}, {"income": 30_000})
    assert (found.before.value, found.after.value) == ("accept", "refuse")
    assert dict((what, after) for what, _, after in found.changed) == {
        "value": "refuse",
        "certainty": None,
        "confidence": 0.9,
        "backend": "model:net",
        "rules": (),
        "route": 2,
    }
    assert "value accept -> refuse" in str(found)
    assert str(what_if(dispatcher.ask, {"income": 60_000}, {"age": 30})) == "nothing changes"


def test_the_same_question_has_the_same_answer() -> None:
    dispatcher = loan(FakeStore(net=FakeModel()))
    answers = [dispatcher.ask({"income": 30_000}, today=date(2026, 1, 1)) for _ in range(2)]
    first, second = ({**one.to_dict(), "elapsed_us": 0} for one in answers)
    assert first == second


def test_asking_from_the_cache_imports_no_compiler(tmp_path: object) -> None:
    """Neither the parser, the checks and the plans, nor numpy and scikit-learn."""
    code = f"""
import sys, heuron
from heuron.dispatch import Dispatcher
from heuron.learn.store import Store
kb = heuron.load("cancer", cache={str(tmp_path)!r})
answer = Dispatcher(kb, Store("models")).ask({{"worst_radius": 15.5, "worst_concave_points": 0.16}})
print(answer.backend)
unwanted = ("lark", "numpy", "sklearn", "heuron.lang", "heuron.check", "heuron.plan.dispatch")
print([name for name in sys.modules if name.startswith(unwanted)])
"""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines()[1] == "[]"
