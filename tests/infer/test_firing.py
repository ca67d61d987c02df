"""Steps that fire inside their searches: as they do one by one, looked at, and listened to."""

import pytest
from benchmarks.engine import chain, graph, manners, stepped, waltz

from heuron.diagnostics import LimitError, RuleError
from heuron.infer.limits import Limits
from sessions import fired, session_of

PROGRAMS = {
    "manners": manners(8, 1.0, 1),
    "waltz": waltz(3, 1.0, 1),
    "chain": stepped("chain", chain(12), 1.0),
    "graph": stepped("graph", graph(12, 30), 1.0),
    "graph around": stepped("graph", [*graph(9, 20), *chain(9), (9, 0)], 1.0),
}


def started(name):
    state = session_of(PROGRAMS[name].rules)
    for type_name, values in PROGRAMS[name].facts:
        state.assert_(type_name, *values)
    return state


def told(firings):
    return [(one.rule, one.bindings, one.matched, one.asserted, one.retracted) for one in firings]


def whole(name):
    state = started(name)
    return told(state.run().firings), state.facts()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_run_in_parts_fires_what_one_run_does(name):
    expected, facts = whole(name)
    for limit in (1, 2, 7, 64, 65):
        state, firings = started(name), []
        while len(firings) < len(expected):
            firings += told(state.run(limit).firings)
        assert (firings, state.facts()) == (expected, facts)


@pytest.mark.parametrize("name", PROGRAMS)
def test_looking_at_the_agenda_in_between_changes_nothing(name):
    expected, facts = whole(name)
    state, firings = started(name), []
    for limit in (1, 2, 3, 5, 8, 13):
        waiting = state.agenda()
        some = state.run(limit).firings
        firings += told(some)
        if some:
            assert (waiting[0].rule, waiting[0].matched) == (some[0].rule, some[0].matched)
    firings += told(state.run().firings)

    assert (firings, state.facts()) == (expected, facts)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_listener_that_comes_midway_hears_the_rest(name):
    expected, facts = whole(name)
    state, heard = started(name), []
    first = told(state.run(6).firings)
    state.listen(lambda event: heard.append(event.firing) if event.kind == "fired" else None)
    rest = told(state.run().firings)

    assert (first + rest, told(heard), state.facts()) == (expected, rest, facts)
    assert len(expected) > 6


VALUES = """
domain values
type Item(n: integer)
type Twice(n: integer in 0..10)
type Next(n: integer)
rule next:
    when Item(n: k)
    then assert Next(k + 1)
rule twice:
    when Item(n: k)
    then assert Twice(2 * k)
"""


def test_what_does_not_fit_is_refused_and_the_rest_fires_later():
    state = session_of(VALUES)
    for n in (2**53, 1):
        state.assert_("Item", n)
    with pytest.raises(RuleError, match="rule `next` could not act"):
        state.run()
    assert [one.rule for one in state.agenda()] == ["twice"]


def test_a_limit_holds_in_the_midst_of_a_search():
    state = session_of(PROGRAMS["chain"].rules, Limits(firings=50))
    for type_name, values in PROGRAMS["chain"].facts:
        state.assert_(type_name, *values)
    with pytest.raises(LimitError, match="50 firings"):
        state.run()
    assert len(state.facts("Reach")) == 50


def test_what_is_blocked_and_unblocked_meanwhile_fires_once():
    state = session_of("""
domain locks
type Item(n: integer)
type Lock(n: integer)
type Key(n: integer)
type Done(n: integer)
rule lock:
    salience 5
    when:
        Done(n: k)
        Item(n == k + 1)
    then assert Lock(k + 1)
rule open:
    salience 3
    when:
        Key(n: k)
        l: Lock(n == k)
    then retract l
rule work:
    when:
        Item(n: k)
        not Lock(n == k)
    then assert Done(k)
""")
    for n in (4, 3, 2, 1):
        state.assert_("Key", n)
        state.assert_("Item", n)
    assert fired(state) == [
        "work",
        "lock",
        "open",
        "work",
        "lock",
        "open",
        "work",
        "lock",
        "open",
        "work",
    ]
