"""Traps that other engines have fallen into, each by name.

Where the meaning is one, a trap is set twice: for a step (the agenda plan) and for a definition
(the fixpoint plan); and all of them once more with definitions on the agenda plan.
"""

from __future__ import annotations

import pytest

import heuron
from heuron.diagnostics import RuleError
from sessions import engine_of, facts_of, fired, session_of

pytestmark = pytest.mark.usefixtures("definitions")

TYPES = """
type Item(n: integer)
type Blocker(n: integer, why: text)
type Note(n: integer)
"""
MADE = pytest.mark.parametrize("makes", ["assert", "derive"])
"""By a step, or by a definition."""


def notes(state):
    """Run; return the notes that are held then."""
    state.run()
    return facts_of(state, "Note")


@MADE
def test_a_leading_not_activates_before_there_is_any_fact(makes):
    state = session_of(TYPES + f"rule empty:\n    when not Item()\n    then {makes} Note(0)\n")

    assert notes(state) == ["Note(0)"]


@MADE
def test_a_leading_not_joins_with_the_pattern_behind_it(makes):
    state = session_of(f"""{TYPES}
rule free:
    when:
        not Blocker(n == x)
        Item(n: x)
    then {makes} Note(x)
""")
    state.assert_("Blocker", 1, "")
    state.assert_("Item", 1)
    state.assert_("Item", 2)

    assert notes(state) == ["Note(2)"]


def test_a_leading_not_activates_again_after_its_blocker():
    state = session_of(TYPES + "rule empty:\n    when not Item()\n    then assert Note(0)\n")
    assert fired(state) == ["empty"]
    item = state.assert_("Item", 1)
    assert fired(state) == []
    state.retract(item)

    assert fired(state) == ["empty"]


def test_exists_fires_once_and_not_once_a_fact():
    state = session_of(TYPES + "rule any:\n    when exists Item()\n    then assert Note(0)\n")
    items = [state.assert_("Item", number) for number in range(3)]
    assert fired(state) == ["any"]
    state.retract(items[0])
    state.assert_("Item", 9)

    assert fired(state) == []


def test_exists_is_one_piece_of_evidence_however_many_facts_there_are():
    state = session_of(f"""{TYPES}
type Case(name: text, bad: boolean)
goal Case.bad
rule any:
    when:
        c: Case()
        exists Item()
    then conclude c.bad = true, certainty 0.5
""")
    case = state.assert_("Case", "a")
    for number in range(3):
        state.assert_("Item", number)

    assert state.value(case.number, "bad") == (True, 0.5)


@MADE
def test_one_of_several_blockers_goes_and_the_others_still_block(makes):
    state = session_of(f"""{TYPES}
rule free:
    when:
        Item(n: x)
        not Blocker(n == x)
    then {makes} Note(x)
""")
    state.assert_("Item", 1)
    blockers = [state.assert_("Blocker", 1, why) for why in "abc"]
    seen = [notes(state)]
    for one in blockers:
        state.retract(one)
        seen.append(notes(state))

    assert seen == [[], [], [], ["Note(1)"]]


@MADE
def test_not_exists_is_not(makes):
    """And `not not` is `exists`: once, however many facts there are."""
    state = session_of(f"""{TYPES}
type Twice(n: integer)
rule none:
    when:
        Item(n: x)
        not exists Blocker(n == x)
    then {makes} Note(x)
rule some:
    when:
        Item(n: x)
        not not Blocker(n == x)
    then {makes} Twice(x)
""")
    state.assert_("Item", 1)
    state.assert_("Item", 2)
    blockers = [state.assert_("Blocker", 2, why) for why in "ab"]

    assert notes(state) == ["Note(1)"]
    assert facts_of(state, "Twice") == ["Twice(2)"]
    for one in blockers:
        state.retract(one)
    if makes == "assert":
        assert fired(state) == ["none"]
    assert notes(state) == ["Note(1)", "Note(2)"]


def test_logical_support_that_is_lost_within_the_run_that_made_it():
    """The chain made by the first firing is gone before the second one looks at it."""
    state = session_of(f"""{TYPES}
type First(n: integer)
type Second(n: integer)
rule first:
    when Item(n: x)
    then derive First(x)
rule second:
    when First(n: x)
    then derive Second(x)
rule make:
    salience 2
    when not Item()
    then assert Item(1)
rule forget:
    salience 1
    when:
        Second()
        i: Item()
    then:
        retract i
        halt
rule seen:
    when Second(n: x)
    then assert Note(x)
""")

    assert fired(state) == ["make", "forget"]
    assert facts_of(state) == []
    assert fired(state, 1) == ["make"]
    assert facts_of(state) == ["Item(1)", "First(1)", "Second(1)"]


def test_support_for_two_reasons_outlives_the_first():
    state = session_of(TYPES + "rule note:\n    when Blocker(n: x)\n    then derive Note(x)\n")
    one, two = (state.assert_("Blocker", 1, why) for why in "ab")
    seen = [notes(state)]
    for each in (one, two):
        state.retract(each)
        seen.append(notes(state))

    assert seen == [["Note(1)"], ["Note(1)"], []]


@MADE
def test_a_rule_that_stands_after_its_facts_sees_them(makes, tmp_path):
    """In the same file, and in a file that uses theirs."""
    rule = f"rule note:\n    when Item(n: x)\n    then {makes} Note(x)\n"
    facts = "facts:\n    Item(1)\n    Item(2)\n"
    assert sorted(notes(session_of(facts + TYPES + rule))) == ["Note(1)", "Note(2)"]

    (tmp_path / "facts.rules").write_text(TYPES + facts, encoding="utf-8")
    (tmp_path / "rules.rules").write_text(f'use "facts.rules"\n{rule}', encoding="utf-8")
    session = heuron.load(tmp_path / "rules.rules").session()
    session.run()

    assert sorted(one["n"] for one in session.facts("Note")) == [1, 2]


def test_rules_that_came_after_a_session_was_saved_are_refused():
    """They would have to fire for facts that the saved session says are done with."""
    first = "rule one:\n    when Item(n == 1)\n    then assert Note(1)\n"
    session = heuron.loads(TYPES + first).session()
    session.assert_("Item", 2)
    session.run()
    later = heuron.loads(TYPES + first + first.replace("one", "two").replace("n == 1", "n == 2"))

    with pytest.raises(RuleError, match="saved with other rules"):
        later.session(state=session.saved())


def test_an_assert_while_a_search_is_suspended_is_found():
    """The first pair has fired and others wait; a newer fact joins with them, and goes first."""
    state = session_of(f"""{TYPES}
type Pair(a: integer, b: text)
rule pair:
    when:
        Item(n: x)
        Blocker(n >= x, why: y)
    then assert Pair(x, y)
""")
    for number in (1, 2, 3):
        state.assert_("Item", number)
    state.assert_("Blocker", 9, "a")
    assert fired(state, 1) == ["pair"]
    state.assert_("Blocker", 9, "b")
    state.assert_("Item", 4)
    assert fired(state, 3) == ["pair"] * 3
    item = state.assert_("Item", 5)
    assert fired(state, 1) == ["pair"]
    state.retract(item)
    fired(state)

    pairs = facts_of(state, "Pair")
    assert pairs[0] == "Pair(3, a)"
    assert sorted(pairs[1:3]) == ["Pair(4, a)", "Pair(4, b)"]
    assert pairs[3] == "Pair(3, b)"
    assert pairs[4][:7] == "Pair(5,"
    # Of the retracted item one pair had fired; nothing else is missing, nothing is there twice.
    assert sorted(one for one in pairs if one[5] != "5") == [
        f"Pair({x}, {y})" for x in (1, 2, 3, 4) for y in "ab"
    ]
    assert len(pairs) == 9


def test_a_step_asserts_while_its_own_search_is_suspended():
    """Every firing adds a fact to what the search is over."""
    state = session_of(f"""{TYPES}
rule grow:
    when:
        Item(n: x)
        Item(n: y)
        x <= y
        x + y < 6
    then assert Item(x + y)
""")
    state.assert_("Item", 1)
    fired(state)

    assert sorted(facts_of(state)) == [f"Item({number})" for number in range(1, 6)]


@MADE
def test_equal_tokens_go_one_by_one(makes):
    """Three facts give the same binding, so three equal partial matches; each has its own end."""
    state = session_of(f"""{TYPES}
type Held(n: integer)
rule held:
    when:
        Blocker(n: x)
        Item(n == x)
    then derive Held(x)
rule note:
    when:
        not Held()
        Item(n: x)
    then {makes} Note(x)
""")
    state.assert_("Item", 1)
    blockers = [state.assert_("Blocker", 1, why) for why in "abc"]
    seen = []
    for one in blockers:
        seen.append((facts_of(state, "Held"), notes(state)))
        state.retract(one)
    seen.append((facts_of(state, "Held"), notes(state)))

    assert seen == [(["Held(1)"], [])] * 3 + [([], ["Note(1)"])]


def test_equal_tokens_fire_each_for_itself():
    state = session_of(f"""{TYPES}
type Log(n: integer, why: text)
rule log:
    when:
        Item(n: x)
        Blocker(n == x, why: y)
    then assert Log(x, y)
""")
    state.assert_("Item", 1)
    one, two, _ = (state.assert_("Blocker", 1, why) for why in "abc")
    state.retract(two)
    state.retract(one)

    assert fired(state) == ["log"]
    assert facts_of(state, "Log") == ["Log(1, c)"]


def test_a_rule_that_falsifies_its_own_condition_fires_once():
    """Not once a fact: what waits for the other one is gone with the first firing."""
    state = session_of(f"""{TYPES}
rule once:
    when:
        Item(n: x)
        not Note()
    then assert Note(x)
rule down:
    salience -1
    when i: Item(n > 0)
    then modify i: n = i.n - 1
""")
    for number in (1, 3):
        state.assert_("Item", number)

    # Each modify would complete `once` anew, were there no note; 3 becomes the other 1, and goes.
    assert fired(state) == ["once", "down", "down", "down"]
    assert facts_of(state) == ["Item(0)", "Note(3)"]


def test_a_definition_cannot_falsify_its_own_condition():
    """It would be true when it is false; that is said when the file is checked."""
    with pytest.raises(RuleError) as caught:
        heuron.loads(TYPES + "rule liar:\n    when not Note()\n    then derive Note(0)\n")

    assert [one.code for one in caught.value.diagnostics] == ["negation-cycle"]


def test_a_hundred_thousand_distinct_facts_are_all_kept_and_all_matched():
    """Among them -1 and -2, whose hashes are equal."""
    state = session_of(TYPES + "rule note:\n    when Item(n: x)\n    then derive Note(x)\n")
    for number in range(-50_000, 50_000):
        state.add("Item", {"n": number})

    assert len(state.facts("Item")) == 100_000
    assert len({one["n"] for one in state.facts("Note")}) == 100_000


def eithers(count):
    """Return a rule of so many `either`s, in each of which both branches hold."""
    parts = "".join(
        f"        either:\n            Item(n == {at})\n        or:\n            x >= 0\n"
        for at in range(count)
    )
    return f"{TYPES}rule many:\n    when:\n        Item(n: x)\n{parts}    then %s Note(x)\n"


@MADE
def test_either_is_not_expanded_into_a_product_of_rules(makes):
    """Twenty of them would be a million rules."""
    engines = [engine_of(eithers(count) % makes) for count in (10, 20)]
    sizes = [len(engine.code()) for engine in engines]
    state = engines[1].session()
    for number in range(21):
        state.assert_("Item", number)

    assert [len(engine.rules) for engine in engines] == [1, 1]
    assert sizes[1] < 2 * sizes[0]
    assert fired(state) == (["many"] * 21 if makes == "assert" else [])
    assert len(facts_of(state, "Note")) == 21


@MADE
def test_a_rule_of_thirty_patterns_fires(makes):
    conditions = "\n".join(f"        Link(a == x{at}, b: x{at + 1})" for at in range(29))
    state = session_of(f"""{TYPES}
type Link(a: integer, b: integer)
rule long:
    when:
        Link(a == 0, b: x0)
{conditions}
    then {makes} Note(x29)
""")
    for number in range(29):
        state.assert_("Link", number, number + 1)
    assert notes(state) == []
    state.assert_("Link", 29, 30)

    assert notes(state) == ["Note(30)"]
