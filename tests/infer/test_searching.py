"""Definitions made to run on the agenda plan: that they do, one activation at a time.

That they mean the same is the affair of the traps, cases and properties, which run on both plans.
"""

from __future__ import annotations

import pytest

import heuron
from heuron.diagnostics import LimitError, RuleError
from heuron.infer.host import Host
from heuron.infer.limits import Limits
from heuron.infer.session import State
from sessions import CLOSURE, TODAY, engine_of, facts_of, words


def on_agenda(text: str, limits: Limits | None = None, **host) -> State:
    """Return a session whose definitions run on the agenda plan."""
    return engine_of(text).session(Host(today=TODAY, **host), limits, definitions="agenda")


def derived_in_order(state: State, type_name: str) -> list[str]:
    """Return the facts of a type in the order in which they were derived."""
    return [words(one) for one in sorted(state.facts(type_name), key=lambda one: one.number)]


def test_what_follows_from_a_new_fact_comes_before_what_waits():
    """Depth first, the newest edge before the others; the fixpoint plan goes round by round."""
    edges = "facts:\n    Edge(1, 2)\n    Edge(2, 3)\n    Edge(3, 4)\n"
    state = on_agenda(CLOSURE + edges)

    assert derived_in_order(state, "Reach") == [
        "Reach(3, 4)",
        "Reach(2, 3)",
        "Reach(2, 4)",
        "Reach(1, 2)",
        "Reach(1, 3)",
        "Reach(1, 4)",
    ]


def test_facts_of_two_types_that_feed_each_other():
    text = """
type Edge(a: integer, b: integer)
type Odd(a: integer, b: integer)
type Even(a: integer, b: integer)
rule one:
    when Edge(a: x, b: y)
    then derive Odd(x, y)
rule even:
    when:
        Odd(a: x, b: y)
        Edge(a == y, b: z)
    then derive Even(x, z)
rule odd:
    when:
        Even(a: x, b: y)
        Edge(a == y, b: z)
    then derive Odd(x, z)
facts:
    Edge(1, 2)
    Edge(2, 3)
    Edge(3, 1)
"""
    state = on_agenda(text)

    pairs = [(x, y) for x in (1, 2, 3) for y in (1, 2, 3)]
    assert facts_of(state, "Odd") == [f"Odd({x}, {y})" for x, y in pairs]
    assert facts_of(state, "Even") == [f"Even({x}, {y})" for x, y in pairs]


def test_two_facts_of_one_new_type_are_joined_once_each():
    """Both are new, and each is searched around; a pair has one seed, a fact with itself too."""
    text = """
type Edge(a: integer, b: integer)
type Way(a: integer, b: integer)
type Pair(a: integer, b: integer, c: integer)
rule one:
    when Edge(a: x, b: y)
    then derive Way(x, y)
rule two:
    when:
        Way(a: x, b: y)
        Way(a == y, b: z)
    then derive Way(x, z)
"""
    state = on_agenda(text)
    found: list[object] = []
    search = state.truth._deriving._closing._searches
    for name in ("h1_s0", "h1_s1"):
        search[name] = counted(search[name], found)
    for a, b in ((1, 2), (2, 3), (3, 4), (5, 5)):
        state.assert_("Edge", a, b)

    assert len(facts_of(state, "Way")) == 7
    # 1-2-3, 1-2-4, 1-3-4, 2-3-4, 5-5-5
    assert len(found) == 5


def counted(search, found):
    """Return a search that puts whatever it finds into a list as well."""

    def searched(seeds, first):
        for one in search(seeds, first):
            found.append(one)
            yield one

    return searched


def test_a_stratum_is_complete_before_a_not_above_it_is_asked():
    text = f"""{CLOSURE}
type Node(a: integer)
type Apart(a: integer, b: integer)
rule apart:
    when:
        Node(a: x)
        Node(a: y)
        x != y
        not Reach(a == x, b == y)
    then derive Apart(x, y)
"""
    state = on_agenda(text)
    for number in (1, 2, 3):
        state.assert_("Node", number)
    edges = [state.assert_("Edge", a, b) for a, b in ((1, 2), (2, 3), (3, 2))]
    seen = [facts_of(state, "Apart")]
    for one in edges:
        state.retract(one)
        seen.append(facts_of(state, "Apart"))

    assert seen == [
        ["Apart(2, 1)", "Apart(3, 1)"],
        ["Apart(1, 2)", "Apart(1, 3)", "Apart(2, 1)", "Apart(3, 1)"],
        ["Apart(1, 2)", "Apart(1, 3)", "Apart(2, 1)", "Apart(2, 3)", "Apart(3, 1)"],
        [f"Apart({x}, {y})" for x in (1, 2, 3) for y in (1, 2, 3) if x != y],
    ]


DESCENTS = {
    "turned round": ("Reach(a: x, b: y)", "Edge(b == x, a: z)", "Reach(z, y)"),
    "by an order": ("Reach(a: x, b: y)", "Edge(a >= y, b: z)", "Reach(x, z)"),
    "in every pair": ("Reach(a: x, b: y)", "Edge(a: z, b: w)", "Reach(w, y)"),
    "with a test of the seed": ("Reach(a: x, b: y, b < 5)", "Edge(a == y, b: z)", "Reach(x, z)"),
    "with a test of both": ("p: Reach(b: y)", "Edge(a == y, b > p.a, b: z)", "Reach(p.a, z)"),
    "with a sum": ("Reach(a: x, b: y)", "Edge(a == y, b: z)", "Reach(x, (y + z) % 7)"),
    "by a bound value": (
        "Reach(a: x, b: y)\n        k = y % 4",
        "Edge(a == k, b: z)",
        "Reach(x, z)",
    ),
    "to a bound value": (
        "Reach(a: x, b: y)",
        "Edge(a == y, b: z)\n        k = (z + x) % 5",
        "Reach(x, k)",
    ),
    "into a range": ("Short(a: x, b: y)", "Edge(a == y, b: z)", "Short(x, z + 1)"),
    "with what may be unknown": ("Reach(a: x, b: y)", "Loose(a == y, b: z)", "Reach(x, z)"),
    "keeping what may be unknown": ("p: Loose2(a: x)", "Edge(a == x, b: z)", "Loose2(z, p.b)"),
}


@pytest.mark.parametrize("name", DESCENTS)
def test_a_rule_that_goes_on_from_its_own_facts_descends_to_the_same_ones(name):
    first, second, head = DESCENTS[name]
    text = f"""
type Edge(a: integer, b: integer)
type Reach(a: integer, b: integer)
type Short:
    a: integer
    b: integer in 0..5
type Loose:
    a: integer
    b: integer, optional
type Loose2:
    a: integer
    b: integer, optional
rule one:
    when e: Edge(a: x, b: y)
    then derive {head.partition("(")[0]}(x, y)
rule more:
    when:
        {first}
        {second}
    then derive {head}
"""
    if name.startswith("keeping"):
        text = text.replace("derive Loose2(x, y)", "derive Loose2(x)")
    engine = engine_of(text)
    assert ("x1" in engine.make_searches(*engine.session().closed_over())) is True
    found = []
    for plan in ("fixpoint", "agenda"):
        state = engine.session(Host(today=TODAY), definitions=plan)
        for a, b in ((1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 0), (0, 0)):
            state.assert_("Edge", a, b)
            state.assert_("Loose", a, b if b % 2 else None)
        state.run()
        seen = [facts_of(state)]
        state.retract(state.facts("Edge")[2])
        seen.append(facts_of(state))
        state.assert_("Edge", 3, 0)
        found.append([*seen, facts_of(state)])

    assert found[0] == found[1]
    assert len(found[0][0]) > 20 + (name == "in every pair")


def test_a_proof_that_has_become_shorter_is_told():
    edges = "".join(f"    Edge({n}, {n + 1})\n" for n in range(5))
    session = heuron.loads(f"{CLOSURE}facts:\n{edges}").session(definitions="agenda")
    last = next(one for one in session.facts("Reach") if (one["a"], one["b"]) == (0, 5))
    assert [one.rule for one in session.explain(last).supports] == ["more"]
    session.assert_("Edge", 0, 5)

    assert [one.rule for one in session.explain(last).supports] == ["one"]
    assert [one.rule for one in session.explain(last, all=True).supports] == ["one", "more"]


def test_two_rules_that_go_on_from_the_same_facts():
    """One of them descends, the other one is searched around what comes of that, and so on."""
    text = (
        CLOSURE
        + """
type Bridge(a: integer, b: integer)
rule over:
    when:
        Reach(a: x, b: y)
        Bridge(a == y, b: z)
    then derive Reach(x, z)
"""
    )
    found = []
    for plan in ("fixpoint", "agenda"):
        state = engine_of(text).session(Host(today=TODAY), definitions=plan)
        for n in range(0, 20, 2):
            state.assert_("Edge", n, n + 1)
            state.assert_("Bridge", n + 1, n + 2)
        bridges = state.facts("Bridge")
        seen = [facts_of(state)]
        state.retract(bridges[4])
        seen.append(facts_of(state))
        state.assert_("Bridge", 20, 0)
        found.append([*seen, facts_of(state)])

    assert found[0] == found[1]
    # From each even number to all that are greater, up to 20.
    assert len(found[0][0]) == 20 + sum(20 - n for n in range(0, 20, 2))


def test_conclusions_from_joins_are_searched_for():
    text = """
type Person:
    name: text
    rich: boolean
type Account(owner: text, amount: number)
goal Person.rich
rule saved:
    when:
        p: Person(name: x)
        Account(owner == x, amount > 100)
    then conclude p.rich = true, certainty 0.5
"""
    state = on_agenda(text)
    person = state.assert_("Person", name="ann")
    first = state.assert_("Account", "ann", 200.0)
    assert state.value(person.number, "rich") == (True, 0.5)
    second = state.assert_("Account", "ann", 300.0)
    assert state.value(person.number, "rich") == (True, 0.75)
    state.retract(first)
    assert state.value(person.number, "rich") == (True, 0.5)
    state.modify(second, amount=1.0)

    assert state.value(person.number, "rich") == (heuron.UNKNOWN, 0.0)


def test_nothing_is_left_to_the_functions_of_the_other_plans():
    """What the fixpoint plan would call is taken away; the answers stay the same."""
    state = on_agenda(CLOSURE)
    for name in [one for one in state._functions if one[0] in "dmz"]:
        del state._functions[name]
    edges = [state.assert_("Edge", n, n + 1) for n in range(5)]
    assert len(state.facts("Reach")) == 15
    state.retract(edges[2])
    state.assert_("Edge", 2, 4)

    assert len(state.facts("Reach")) == 4 + 3 + 2 + 2 + 1
    assert state.justification(state.facts("Reach")[0].number) is not None


def test_what_keeps_its_reasons_keeps_its_number():
    text = "".join(f"    Edge({a}, {b})\n" for a, b in ((1, 2), (2, 3), (1, 4), (4, 3), (3, 5)))
    state = on_agenda(f"{CLOSURE}facts:\n{text}")
    numbers = {words(one): one.number for one in state.facts()}
    state.retract(numbers["Edge(2, 3)"])
    kept = {words(one): one.number for one in state.facts()}

    assert kept == {name: number for name, number in numbers.items() if name in kept}
    assert set(numbers) - set(kept) == {"Edge(2, 3)", "Reach(2, 3)", "Reach(2, 5)"}


def test_facts_without_end_meet_a_limit_that_names_the_rule():
    text = """
type N(n: integer)
facts:
    N(0)
rule next:
    when N(n: x)
    then derive N(x + 1)
"""
    with pytest.raises(LimitError, match=r"1,000 facts.*`next`"):
        on_agenda(text, Limits(facts=1_000)).run()


def test_as_many_facts_are_held_as_may_be():
    """30 edges, and 465 facts that follow; one more is one too many."""

    def chain(facts: int) -> State:
        state = on_agenda(CLOSURE, Limits(facts=facts))
        for number in range(30):
            state.assert_("Edge", number, number + 1)
        return state

    assert len(chain(495).facts()) == 495
    with pytest.raises(LimitError, match=r"494 facts.*`more`"):
        chain(494).run()


def test_a_search_without_end_meets_the_limit_on_steps():
    state = on_agenda(CLOSURE, Limits(steps=500))
    for number in range(60):
        state.assert_("Edge", number, number + 1)

    with pytest.raises(LimitError, match=r"500 search steps.*`more`"):
        state.run()


def test_a_function_that_fails_in_a_search_leaves_a_session_that_goes_on():
    text = """
type In(n: integer)
type Out(n: integer)
rule out:
    when:
        In(n: x)
        y = half(x)
    then derive Out(y)
"""

    def half(n: int) -> int:
        if n % 2:
            raise ValueError("odd")
        return n // 2

    session = heuron.loads(text, functions={"half": half}).session(definitions="agenda")
    session.assert_("In", 4)
    odd = session.assert_("In", 3)
    with pytest.raises(RuleError, match=r"`out`.*odd"):
        session.facts()
    session.retract(odd)

    assert [one["n"] for one in session.facts("Out")] == [2]


def test_a_rule_of_thirty_patterns_is_searched():
    patterns = "".join(f"        E(a == {n}, b: x{n})\n" for n in range(30))
    types = "type E(a: integer, b: integer)\ntype Sum(n: integer)\n"
    text = f"{types}rule long:\n    when:\n{patterns}    then derive Sum(x0 + x29)\n"
    state = on_agenda(text)
    for number in range(30):
        state.assert_("E", number, number)

    assert facts_of(state, "Sum") == ["Sum(29)"]


@pytest.mark.parametrize(
    ("definitions", "problem"),
    [("agend", r"Did you mean `agenda`\?"), ("rete", "fixpoint or agenda"), ("", "fixpoint")],
)
def test_a_plan_that_does_not_exist_is_refused(definitions, problem):
    with pytest.raises(RuleError, match=problem) as caught:
        heuron.loads(CLOSURE).session(definitions=definitions)
    assert caught.value.diagnostics[0].code == "unknown-name"


def test_a_plan_is_chosen_by_its_name():
    with pytest.raises(TypeError, match="by a name, not by None"):
        heuron.loads(CLOSURE).session(definitions=None)


def test_experta_runs_definitions_its_own_way():
    with pytest.raises(RuleError, match="its own way"):
        heuron.loads(CLOSURE).session(engine="experta", definitions="agenda")


def test_a_saved_session_is_taken_up_on_the_other_plan():
    knowledge = heuron.loads(CLOSURE)
    session = knowledge.session()
    for number in range(4):
        session.assert_("Edge", number, number + 1)
    session.run()
    other = knowledge.session(state=session.saved(), definitions="agenda")
    other.assert_("Edge", 4, 5)

    assert len(other.facts("Reach")) == 15
