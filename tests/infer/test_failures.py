"""What fails in a run: named with rule, function, bindings and line, and taken back whole."""

from __future__ import annotations

import gc

import pytest

import heuron
from heuron.diagnostics import LimitError, RuleError
from heuron.infer.host import Host
from heuron.infer.limits import Limits
from sessions import TODAY, engine_of, facts_of

TYPES = """
type T(n: integer)
type U(n: integer, f: integer, optional)
type V(n: integer)
"""


def grim(n: int) -> int:
    """Fail for seven, lie for eight."""
    if n == 7:
        raise ZeroDivisionError("seven")
    return "eight" if n == 8 else n  # type: ignore[return-value]


def session(text: str, limits: Limits | None = None, strategy: str = "depth"):
    kb = heuron.loads(TYPES + text, functions={"grim": grim})
    return kb.session(limits=limits, strategy=strategy)


IN_ACTION = """
rule act:
    when T(n: x)
    then:
        assert V(x)
        assert U(grim(x))
"""
IN_REASON = """
rule act:
    when T(n: x)
    then:
        assert V(x)
        because "it is {grim(x)}"
"""
IN_STEP = """
rule act:
    when T(n: x), grim(x) > 0
    then assert V(x)
"""
IN_NEXT_STEP = """
rule first:
    when T(n: x)
    then assert U(x)
rule act:
    when U(n: x), grim(x) > 0
    then assert V(x)
"""
IN_DERIVATION = """
rule first:
    when T(n: x)
    then assert U(x)
rule act:
    when U(n: x), grim(x) > 0
    then derive V(x)
"""
IN_CONCLUSION = """
rule first:
    when T(n: x)
    then assert U(x)
rule act:
    when u: U(n: x)
    then conclude u.f = grim(x)
"""


@pytest.mark.parametrize("strategy", ["depth", "breadth"])
@pytest.mark.parametrize("number", [7, 8])
@pytest.mark.parametrize(
    "text", [IN_ACTION, IN_REASON, IN_STEP, IN_NEXT_STEP, IN_DERIVATION, IN_CONCLUSION]
)
def test_a_failing_function_is_named_with_its_rule_and_nothing_is_left_of_it(
    text: str, number: int, strategy: str
) -> None:
    state = session(text, strategy=strategy)
    state.assert_("T", 1)
    state.run()
    before, event = state.facts(), state.state.memory.event

    def go_on() -> None:
        nonlocal before, event
        state.assert_("T", number)
        before, event = state.facts(), state.state.memory.event
        state.run()

    with pytest.raises(RuleError) as caught:
        go_on()
    (diagnostic,) = caught.value.diagnostics

    assert diagnostic.code == "host-function"
    assert "`act`" in diagnostic.message
    assert f"`grim({number})`" in diagnostic.message
    assert ("ZeroDivisionError: seven" if number == 7 else "'eight', which is no integer") in str(
        caught.value
    )
    assert diagnostic.line == text[: text.index("rule act")].count("\n") + TYPES.count("\n") + 1
    assert isinstance(caught.value.__cause__, ZeroDivisionError) == (number == 7)
    assert (state.facts(), state.state.memory.event) == (before, event)
    # The session goes on.
    state.assert_("T", 2)
    state.run()
    assert {one["n"] for one in state.facts() if one.type != "T"} >= {1, 2}
    assert gc.isenabled()


def test_a_failing_function_in_a_record_is_named_with_its_rule() -> None:
    text = "type R(n: integer, f: integer)\ngoal R.f\nrule act:\n    when r: R(n: x), grim(x) > 0\n"
    kb = heuron.loads(text + "    then conclude r.f = 1\n", functions={"grim": grim})

    assert kb.ask({"n": 3}).value == 1
    with pytest.raises(RuleError, match=r"Rule `act` .*`grim\(7\)` failed: ZeroDivisionError"):
        kb.ask({"n": 7})


def test_a_failing_function_in_a_query_names_no_other_rule() -> None:
    state = session(IN_ACTION + "query grims(): T(n: x) -> grim(x)\n")
    state.assert_("T", 1)
    state.run()
    state.assert_("T", 7)
    with pytest.raises(RuleError) as caught:
        state.query("grims")
    assert "Rule `" not in caught.value.diagnostics[0].message


def test_a_function_may_not_change_what_calls_it() -> None:
    kept: list[heuron.Session] = []

    def meddle(n: int) -> int:
        kept[0].assert_("T", n + 1)
        return n

    def look(n: int) -> int:
        return len(kept[0].facts())

    for function in (meddle, look):
        text = TYPES + "rule r:\n    when T(n: x), meddle(x) > 0\n    then derive V(x)\n"
        kept[:] = [heuron.loads(text, functions={"meddle": function}).session()]
        kept[0].assert_("T", 1)
        with pytest.raises(RuleError, match="this session is at work"):
            kept[0].facts()


def test_who_made_a_fact_is_forgotten_with_it() -> None:
    state = session(
        IN_ACTION.replace("assert U(grim(x))", "modify t: n = grim(x)").replace("T(", "t: T(")
    )
    state.assert_("T", 7)
    with pytest.raises(RuleError):
        state.run()
    fact = state.assert_("V", 99)

    assert "given" in state.explain(fact).conclusion


def test_a_failing_firing_does_not_come_again_by_itself() -> None:
    state = session(IN_ACTION)
    seven = state.assert_("T", 7)
    with pytest.raises(RuleError):
        state.run()

    assert state.run().cycles == 0
    state.modify(seven, n=6)
    assert state.run().cycles == 1


def test_a_limit_in_the_midst_of_a_search_is_said_again() -> None:
    """What a search had still to find is lost with it: going on would silently leave it out."""
    text = TYPES + "rule r:\n    when T(n: x), T(n: y), x + y > 3\n    then assert V(x)\n"
    state = engine_of(text).session(Host(today=TODAY), Limits(steps=500))
    for number in range(40):
        state.add("T", {"n": number})
    with pytest.raises(LimitError, match="500 search steps"):
        state.run()
    with pytest.raises(LimitError, match="Begin a new session"):
        state.run()
    assert len(facts_of(state, "T")) == 40


def test_a_limit_that_an_assert_meets_takes_the_fact_back() -> None:
    text = (
        TYPES
        + "rule step:\n    when V(n: x)\n    then retract v\n".replace("V(", "v: V(")
        + "rule many:\n    when T(n: x), T(n: y), T(n: z), x + y + z < 0\n    then derive U(x)\n"
    )
    state = engine_of(text).session(Host(today=TODAY), Limits(steps=5_000))

    def fill() -> None:
        for number in range(100):
            state.add("T", {"n": number})

    with pytest.raises(LimitError, match="`many`"):
        fill()
    held = len(facts_of(state, "T"))
    assert 3 < held < 100
    assert state.memory.event == held
