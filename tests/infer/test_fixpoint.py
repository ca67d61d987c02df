"""Joins as plain tuples, what follows changes, and reasons: against the oracle and themselves.

Random programs of joins are run with random changes in between, in four ways: as they are, by
the searches that count every step and afresh after each change, with definitions on the agenda
plan, and by the brute-force oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

import heuron
from heuron.check.tree import Base
from heuron.diagnostics import LimitError
from heuron.infer import truth
from heuron.infer.limits import CHUNK, Limits
from heuron.infer.session import State
from heuron.values import UNKNOWN
from naive import Oracle
from resolving import resolved
from sessions import CLOSURE, TODAY, engine_of, facts_of, session_of, words

TYPES = """
type A(a: integer, b: integer, c: integer)
type B(a: integer, b: integer)
type P(a: integer, b: integer)
type Q(a: integer, b: integer, c: integer)
type R:
    a: integer in 0..3
    b: integer, optional
"""
FIELDS = {"A": "abc", "B": "ab", "P": "ab", "Q": "abc", "R": "ab"}
DERIVED = "PQR"


def pattern(chance: Random, place: int, known: list[str], linked: bool) -> str:
    """Return a pattern, most often joined to what is bound, and bind its fields."""
    type_name = chance.choice("AABBPQR")
    parts = []
    for field in FIELDS[type_name]:
        form = chance.randrange(6)
        if known and (form <= 1 or (linked and field == "a")):
            parts.append(f"{field} == {chance.choice(known)}")
        elif form == 2:
            parts.append(f"{field} == {chance.randrange(3)}")
        elif form == 3 and known:
            parts.append(f"{field} >= {chance.choice(known)}")
        elif form < 6:
            parts.append(f"{field}: v{place}{field}")
    bound = [one.split(": ")[1] for one in parts if ": " in one]
    known += bound
    return f"p{place}: {type_name}({', '.join(parts)})"


def rule(chance: Random, number: int) -> str:
    """Return a rule that joins and derives."""
    known: list[str] = []
    count = chance.choice((1, 2, 2, 2, 3))
    lines = [pattern(chance, place, known, chance.random() < 0.8) for place in range(count)]
    if len(known) > 1 and chance.random() < 0.3:
        lines.append(f"{known[0]} {chance.choice(('<', '!=', '<='))} {known[-1]}")
    if known and chance.random() < 0.2:
        lines.append(f"z = ({chance.choice(known)} + 1) % 4")
        known.append("z")
    head = chance.choice(DERIVED)
    values = [chance.choice([*known, *known, "1"]) for _ in FIELDS[head]]
    if head == "R" and chance.random() < 0.3:
        values = values[:1]
    given = ", ".join(f"{field} = {one}" for field, one in zip(FIELDS[head], values, strict=False))
    body = "\n".join(f"        {line}" for line in lines)
    return f"rule r{number}:\n    when:\n{body}\n    then derive {head}({given})\n"


def program(chance: Random) -> str:
    """Return a program; a closure stands in every third."""
    rules = [rule(chance, number) for number in range(chance.randint(1, 5))]
    if chance.random() < 0.35:
        rules = [
            "rule one:\n    when B(a: x, b: y)\n    then derive P(x, y)\n",
            "rule more:\n    when:\n        P(a: x, b: y)\n        B(a == y, b: z)\n"
            "    then derive P(x, z)\n",
            *rules[: chance.randint(0, 1)],
        ]
    return TYPES + "".join(rules)


def asking(chance: Random) -> str:
    """Return a program of which some rules ask whether there is such a fact."""
    rules = []
    for text in program(chance).removeprefix(TYPES).split("rule ")[1:]:
        head, then, rest = text.partition("    then")
        known = [one for one in ("x", "y", "v0a", "v0b", "v1a") if f": {one}" in head]
        if known and head.count("when:"):
            asked = f"{chance.choice('BPPQQR')}(a == {chance.choice(known)})"
            either = f"either:\n            {asked}\n        or:\n            {known[0]} == 3"
            head += f"        {chance.choice((f'exists {asked}', either))}\n"
        rules.append(f"rule {head}{then}{rest}")
    return TYPES + "".join(rules)


Step = tuple[str, str, dict[str, object]]


def script(chance: Random) -> list[Step]:
    """Return changes: (what, label of a fact or its type, values)."""
    steps: list[Step] = []
    for _ in range(chance.randint(6, 22)):
        form = chance.randrange(10)
        type_name = chance.choice("AAABBBBBBPQ")
        values: dict[str, object] = {
            field: UNKNOWN if chance.random() < 0.06 else chance.randrange(4)
            for field in FIELDS[type_name]
        }
        if form < 6:
            steps.append(("assert", type_name, values))
        elif form == 6:
            steps.append(("look", "", {}))
        else:
            what = "retract" if form < 9 else "modify"
            steps.append((what, str(chance.randrange(30)), {"a": chance.randrange(4)}))
    return steps


def shrinking(chance: Random) -> list[Step]:
    """Return a script that begins with many facts and takes most of them back, with looks."""
    steps: list[Step] = []
    for _ in range(14):
        type_name = chance.choice("ABBB")
        values: dict[str, object] = {one: chance.randrange(4) for one in FIELDS[type_name]}
        steps.append(("assert", type_name, values))
    for _ in range(9):
        steps += [("look", "", {}), ("retract", str(chance.randrange(30)), {})]
    return steps


def play(side: State | Oracle, steps: list[Step]) -> set[tuple[object, ...]]:
    """Play a script and return the facts in the end."""
    numbers: dict[int, str] = {}
    for what, name, values in steps:
        if what == "assert":
            numbers.setdefault(side.add(name, values), name)
        elif what == "look":
            assert isinstance(side, Oracle) or side.run() is not None
        elif numbers:
            number = list(numbers)[int(name) % len(numbers)]
            if what == "retract":
                del numbers[number]
                side.retract(number)
            elif numbers[number] in "AB":
                if isinstance(side, Oracle):
                    side.modify(number, values)
                else:
                    side.modify(number, **values)
                if not is_held(side, number):
                    del numbers[number]
    return content(side)


def is_held(side: State | Oracle, number: int) -> bool:
    """Return whether a fact is held."""
    return number in (side.told if isinstance(side, Oracle) else side.memory.types)


def content(side: State | Oracle) -> set[tuple[object, ...]]:
    """Return the held facts as values, unknown ones as a word."""
    if isinstance(side, Oracle):
        facts = [(one.type, dict(one.values)) for one in side.view.facts.values()]
    else:
        facts = [(one.type, dict(one.values)) for one in side.facts()]
    return {
        (name, *("?" if one is UNKNOWN else one for one in values.values()))
        for name, values in facts
    }


def slow(state: State) -> State:
    """Let a session derive by counted searches, without following changes."""
    for name in [one for one in state._functions if one[0] == "z"]:
        del state._functions[name]
    return state


def programs(count: int, make: Callable[[Random], str] = program) -> list[tuple[int, str, Base]]:
    """Return random programs that check."""
    found = []
    seed = 0
    while len(found) < count:
        seed += 1
        text = make(Random(seed))
        try:
            found.append((seed, text, resolved(text)))
        except AssertionError:
            continue
    return found


PROGRAMS = programs(220)


def test_four_ways_one_meaning(monkeypatch):
    follow = truth._Readers.can_follow
    derived = 0
    for seed, text, base in PROGRAMS:
        steps = script(Random(seed))
        engine = engine_of(text)
        state = engine.session(heuron.infer.host.Host(today=TODAY))
        found = play(state, steps)
        monkeypatch.setattr(truth._Readers, "can_follow", lambda *_: False)
        other = play(slow(engine.session(heuron.infer.host.Host(today=TODAY))), steps)
        monkeypatch.setattr(truth._Readers, "can_follow", follow)
        assert found == other, (seed, text, steps)
        searched = engine.session(heuron.infer.host.Host(today=TODAY), definitions="agenda")
        assert found == play(searched, steps), (seed, text, steps)
        assert_reasons(searched, text)
        assert all_reasons(searched) == all_reasons(state), (seed, text, steps)
        derived += len(found) > len(state.memory.told)
        if seed % 2:
            assert found == play(Oracle(base, TODAY), steps), (seed, text, steps)
        assert_reasons(state, text)
    assert derived > 100


def test_strata_that_ask_about_themselves_agree_with_the_oracle():
    derived = themselves = 0
    for seed, text, base in programs(160, asking):
        steps = shrinking(Random(seed))
        engine = engine_of(text)
        expected = play(Oracle(base, TODAY), steps)
        for plan in ("fixpoint", "agenda"):
            state = engine.session(heuron.infer.host.Host(today=TODAY), definitions=plan)
            assert play(state, steps) == expected, (seed, plan, text, steps)
        derived += len(expected) > len(state.memory.told)
        themselves += any(one.asks_itself for one in state.truth._readers)
    assert derived > 40
    assert themselves > 15


def assert_reasons(state: State, text: str) -> None:
    """See that every derived fact has reasons that hold, the first of them without a circle."""
    memory = state.memory
    firings: dict[tuple[str, tuple[int, ...]], int] = {}
    for one in state.definitions():
        firings[one.rule, one.matched] = 0
    before: dict[int, tuple[int, ...]] = {}
    for number in memory.types:
        reasons = state.justifications(number)
        for index, (rows, _, _) in reasons:
            matched = tuple(row[0] for row in rows)
            assert all(memory.row(row[0]) == row for row in rows), text
            firings[state.engine.rules[index]["name"], matched] += 1
        if number not in memory.told:
            first = state.justification(number)
            assert first is not None, text
            assert first[1][0] in [one[1][0] for one in reasons], text
            before[number] = tuple(row[0] for row in first[1][0])
    # Every firing derives some fact, and is among its reasons.
    assert all(firings.values()), text
    settled = set(memory.told)
    waiting = dict(before)
    while waiting:
        done = [one for one, premises in waiting.items() if settled.issuperset(premises)]
        assert done, (text, waiting)
        settled.update(done)
        for one in done:
            del waiting[one]


def heights(state: State) -> dict[str, int]:
    """Return of every derived fact how many facts stand upon each other in its proof."""
    state.refresh()
    memory = state.memory
    found = dict.fromkeys(memory.told, 0)
    waiting = {}
    for number in set(memory.types) - memory.told:
        first = state.justification(number)
        assert first is not None
        waiting[number] = [row[0] for row in first[1][0]]
    while waiting:
        for number in [one for one, rows in waiting.items() if not waiting.keys() & set(rows)]:
            found[number] = 1 + max(found[one] for one in waiting.pop(number))
    return {words(one): found[one.number] for one in state.facts() if found[one.number]}


def test_first_reasons_are_the_shortest_on_either_plan():
    """After one run: rounds find the shortest first, searches find some other one first."""
    longest = 0
    for seed, text, _ in PROGRAMS:
        steps = [one for one in script(Random(seed)) if one[0] == "assert"]
        engine = engine_of(text)
        found = []
        for plan in ("fixpoint", "agenda"):
            state = engine.session(heuron.infer.host.Host(today=TODAY), definitions=plan)
            play(state, steps)
            found.append(heights(state))
        assert found[0] == found[1], (seed, text, steps)
        longest = max(longest, *found[0].values(), 0)
    assert longest >= 3


def test_a_short_proof_is_found_where_a_long_one_was_first(definitions):
    """Depth first, from the newest edge on, 1 reaches 9 by 3 and 4 before it reaches 2."""
    edges = ((1, 2), (2, 9), (4, 9), (3, 4), (1, 3))
    state = session_of(f"{CLOSURE}facts:\n" + "".join(f"    Edge{one}\n" for one in edges))
    assert heights(state)["Reach(1, 9)"] == 2
    middle = next(one for one in state.facts("Edge") if one["a"] == 2)
    state.retract(middle)

    assert heights(state)["Reach(1, 9)"] == 3


def all_reasons(state: State) -> set[tuple[object, ...]]:
    """Return every fact with every activation that derives it, numbers left out."""
    return {
        (words(one), index, tuple(row[2:] for row in rows), values)
        for one in state.facts()
        for index, (rows, values, _) in state.justifications(one.number)
    }


def test_facts_become_rows_when_somebody_looks():
    state = session_of(CLOSURE)
    for number in range(20):
        state.assert_("Edge", number, number + 1)
    state.run()
    assert len(state.memory) == 20

    assert len(state.facts("Reach")) == 210
    assert len(state.memory) == 230


def test_a_retract_takes_back_what_it_must_and_no_more():
    """In two chains that share no node, the other one is not even looked at."""
    state = session_of(CLOSURE)
    edges = [state.assert_("Edge", n, n + 1) for n in (*range(100), *range(200, 300))]
    before = {one.number for one in state.facts("Reach")}
    state.retract(edges[-1])
    after = {one.number for one in state.facts("Reach")}

    assert len(before - after) == 100
    assert not after - before


def test_an_edge_that_is_replaced_leaves_what_has_another_way():
    text = "".join(f"    Edge({a}, {b})\n" for a, b in ((1, 2), (2, 3), (1, 4), (4, 3), (3, 5)))
    state = session_of(f"{CLOSURE}facts:\n{text}")
    numbers = {words: one.number for one, words in zip(state.facts(), facts_of(state), strict=True)}
    state.retract(numbers["Edge(2, 3)"])

    assert facts_of(state, "Reach") == [
        "Reach(1, 2)",
        "Reach(1, 3)",
        "Reach(1, 4)",
        "Reach(1, 5)",
        "Reach(3, 5)",
        "Reach(4, 3)",
        "Reach(4, 5)",
    ]
    kept = {words: one.number for one, words in zip(state.facts(), facts_of(state), strict=True)}
    assert kept["Reach(1, 5)"] == numbers["Reach(1, 5)"]


def test_a_circle_does_not_hold_itself_up():
    """Facts that are reasons for each other go when nothing else holds them."""
    state = session_of(CLOSURE)
    way_in = state.assert_("Edge", 1, 2)
    state.assert_("Edge", 2, 3)
    state.assert_("Edge", 3, 2)
    assert "Reach(1, 3)" in facts_of(state)
    state.retract(way_in)

    assert facts_of(state, "Reach") == ["Reach(2, 2)", "Reach(2, 3)", "Reach(3, 2)", "Reach(3, 3)"]


def test_a_fact_that_is_told_as_well_outlives_its_reasons_and_its_telling():
    state = session_of(CLOSURE)
    edge = state.assert_("Edge", 1, 2)
    state.run()
    told = state.assert_("Reach", 1, 2)
    state.retract(edge)
    assert facts_of(state) == ["Reach(1, 2)"]
    again = state.assert_("Edge", 1, 2)
    state.retract(told)
    assert facts_of(state) == ["Edge(1, 2)", "Reach(1, 2)"]
    state.retract(again)
    assert facts_of(state) == []


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_two_of_the_facts_of_one_reason_go_together(order):
    state = session_of(CLOSURE)
    edges = {n: state.assert_("Edge", n, n + 1) for n in (1, 2)}
    state.facts()
    for number in order:
        state.retract(edges[number])

    assert facts_of(state) == []


SPREAD = """
type Start(a: integer)
type Edge(a: integer, b: integer)
type Node(a: integer)
rule first:
    when Start(a: x)
    then derive Node(x)
rule next:
    when:
        Edge(a: x, b: y)
        {}
    then derive Node(y)
"""
EITHER = "either:\n            Node(a == x)\n        or:\n            x == 9"


@pytest.mark.parametrize("condition", ["exists Node(a == x)", EITHER])
def test_a_stratum_that_asks_about_itself_grows_and_shrinks(definitions, condition):
    """No pattern binds what `exists` has found, so nothing is found around it."""
    state = session_of(SPREAD.format(condition))
    for a, b in ((3, 4), (2, 3), (1, 2), (7, 8)):
        state.assert_("Edge", a, b)
    assert facts_of(state, "Node") == []
    start = state.assert_("Start", 1)
    assert facts_of(state, "Node") == ["Node(1)", "Node(2)", "Node(3)", "Node(4)"]
    state.assert_("Edge", 4, 7)
    assert facts_of(state, "Node")[4:] == ["Node(7)", "Node(8)"]
    state.retract(start)

    assert facts_of(state, "Node") == []


def test_facts_without_end_meet_a_limit_that_names_the_rule():
    text = """
type N(n: integer)
facts:
    N(0)
rule next:
    when N(n: x)
    then derive N(x + 1)
"""
    state = session_of(text, Limits(facts=1_000))
    with pytest.raises(LimitError, match=r"1,000 facts.*`next`"):
        state.run()
    state = session_of(text, Limits(depth=50))
    with pytest.raises(LimitError, match=r"50 rounds.*`next`"):
        state.run()


def test_a_path_meets_the_limit_on_facts():
    state = session_of(CLOSURE, Limits(facts=200))
    for number in range(30):
        state.assert_("Edge", number, number + 1)
    with pytest.raises(LimitError, match=r"200 facts.*`more`"):
        state.run()


def test_every_reason_of_a_fact_can_be_asked_for():
    text = "".join(f"    Edge({a}, {b})\n" for a, b in ((1, 2), (2, 9), (1, 3), (3, 9)))
    state = session_of(f"{CLOSURE}facts:\n{text}")
    number = next(one.number for one in state.facts("Reach") if one["a"] == 1 and one["b"] == 9)
    found = [[row[2:] for row in rows] for _, (rows, _, _) in state.justifications(number)]

    assert sorted(found) == [[(1, 2), (2, 9)], [(1, 3), (3, 9)]]


def test_a_reason_is_looked_up_and_not_searched_for():
    """In a chain of any length a reason takes the steps of its own premises."""
    state = session_of(CLOSURE)
    for number in range(60):
        state.assert_("Edge", number, number + 1)
    most = 0
    for fact in state.facts("Reach"):
        assert state.justification(fact.number) is not None
        most = max(most, CHUNK - state._budget.left[0])
    assert 0 < most < 100
