"""Steps that fire inside their searches: as they do one by one, looked at, and listened to."""

import random

import pytest
from benchmarks.engine import chain, graph, manners, stepped, waltz

from heuron.check import analyse
from heuron.diagnostics import LimitError, RuleError
from heuron.infer import limits
from heuron.infer.host import Host
from heuron.infer.limits import Limits
from heuron.infer.load import Engine
from heuron.plan.general import plan_general
from heuron.plan.lower import lower
from playing import MOST, TODAY, by_engine, by_oracle, judge, play
from sessions import fired, session_of, words
from strategies import make_steps
from trial_parts import Event, RuleText, Trial

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
    with pytest.raises(RuleError, match="`next` could not act"):
        state.run()
    assert [one.rule for one in state.agenda()] == ["twice"]


def test_a_limit_holds_in_the_midst_of_a_search():
    state = session_of(PROGRAMS["chain"].rules, Limits(firings=50))
    for type_name, values in PROGRAMS["chain"].facts:
        state.assert_(type_name, *values)
    with pytest.raises(LimitError, match="50 firings"):
        state.run()
    assert len(state.facts("Reach")) == 50


def steps_taken(name):
    state = started(name)
    firings = told(state.run().firings)
    budget = state._budget
    return budget.limits.steps - budget._rest - budget.left[0], firings


@pytest.mark.parametrize("name", ["chain", "graph around"])
def test_search_steps_are_counted_alike_in_chunks_of_any_size(name, monkeypatch):
    expected = steps_taken(name)
    assert expected[0] > 50
    monkeypatch.setattr(limits, "CHUNK", 7)
    assert steps_taken(name) == expected


def test_a_limit_of_search_steps_stops_a_chain():
    state = session_of(PROGRAMS["chain"].rules, Limits(steps=40))
    for type_name, values in PROGRAMS["chain"].facts:
        state.assert_(type_name, *values)
    with pytest.raises(LimitError, match="40 search steps"):
        state.run()


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


def played(base, trial, strategy, size):
    """Play a trial's script in runs of `size` firings; return what fired and what was held."""
    state = Engine(lower(base), base.texts).session(
        Host(today=TODAY, predict=judge), strategy=strategy
    )
    seen = []

    def look():
        count = 0
        while count < MOST:
            try:
                firings = state.run(min(size, MOST - count)).firings
            except RuleError as problem:
                # What fired before in the same run is told by the facts.
                seen.append(problem.diagnostics[0].code)
                break
            seen.extend(told(firings))
            count += len(firings)
            if not firings:
                break
        seen.append([(one.number, one.event, words(one)) for one in state.facts()])

    def change(event, values):
        state.modify(values[""], **{name: one for name, one in values.items() if name})
        return values[""]

    def add(event, values):
        return state.add(event.type, {name: one for name, one in values.items() if name})

    def end(event, values):
        state.retract(values[""])

    seen.append(play(trial, {"assert": add, "modify": change, "retract": end}, look))
    return [one for one in seen if one]


@pytest.mark.parametrize("part", range(4))
def test_random_steps_fire_in_long_runs_as_one_by_one(part):
    effects = 0
    for seed in range(part, 400, 4):
        trial = make_steps(seed)
        if any("halt" in rule.actions for rule in trial.rules):
            continue
        base, _ = analyse(trial.text, "trial.rules")
        assert base is not None
        one_by_one = played(base, trial, "depth", 1)
        if any(isinstance(one, str) for one in one_by_one):
            continue
        effects += len(one_by_one) > 3
        assert played(base, trial, "depth", MOST) == one_by_one
        assert played(base, trial, "depth", 7) == one_by_one
    assert effects > 30


REACH = (
    "assert Reach(x, z)",
    "assert Reach(z, x)",
    "assert Reach(y, z)",
    "assert Reach(x, z + 1)",
    "assert Reach(1, z)",
)
MORE = (
    ("Reach(a: x, b: y)", "Edge(a == y, b: z)"),
    ("Edge(a: y, b: z)", "Reach(a: x, b == y)"),
    ("Reach(a: x, b: y, a != 3)", "Edge(a == y, b: z, b != x)"),
    ("Reach(a: x, b: y)", "Edge(a == y, b: z)", "x + z < 9"),
    ("Reach(a: x, b: y)", "Edge(b: z, a >= y)"),
    ("Reach(a: x, b: y, a < b)", "Edge(b: z)"),
)
OTHERS = (
    RuleText("note", ("Reach(a: x, b == 3)",), ("assert Seen(x)",)),
    RuleText("seen", ("Seen(n: x)", "e: Edge(a == x)"), ("retract e",), 1),
    RuleText("late", ("Reach(a == 2, b: y)",), ("assert Seen(y)",), -1),
    RuleText("grow", ("Reach(a == 1, b: y)",), ("assert Edge(y, y + 2)",), -2),
    RuleText("free", ("Reach(a: x)", "not Seen(n == x)"), ("assert Seen(x)",), -3),
    RuleText("both", ("Reach(a: x, b: y)", "Reach(a == y, b == x)"), ("assert Seen(x + y)",)),
)


def chains(seed):
    """Return a trial of a rule whose facts seed it again, with others that may come between."""
    chance = random.Random(seed)
    more = RuleText("more", chance.choice(MORE), (chance.choice(REACH),), chance.choice((0, 0, 1)))
    rules = [RuleText("one", ("Edge(a: x, b: y)",), ("assert Reach(x, y)",)), more]
    rules += chance.sample(OTHERS, chance.choice((0, 0, 1, 1, 2, 3)))
    chance.shuffle(rules)
    script, labels = [], []
    for _ in range(chance.randrange(4, 14)):
        do = chance.choice(("assert", "assert", "assert", "run", "retract"))
        if do == "assert":
            labels.append(f"e{len(labels)}")
            kind = chance.choice(("Edge", "Edge", "Reach"))
            ends = {"a": chance.randrange(5), "b": chance.randrange(6)}
            if not chance.randrange(9):
                ends.popitem()
            script.append(Event("assert", labels[-1], kind, tuple(ends.items())))
        elif do == "run" or not labels:
            script.append(Event("run"))
        else:
            script.append(Event("retract", labels.pop(chance.randrange(len(labels)))))
    types = (
        "domain trial",
        "type Edge(a: integer, b: integer)",
        "type Reach(a: integer, b: integer)",
        "type Seen(n: integer)",
    )
    return Trial(types, None, (), tuple(rules), script=(*script, Event("run")))


@pytest.mark.parametrize("part", range(4))
def test_chains_fire_as_the_oracle_says(part):
    effects = 0
    for seed in range(part, 240, 4):
        trial = chains(seed)
        base, problems = analyse(trial.text, "trial.rules")
        assert base is not None, problems
        expected = by_oracle(base, trial, seed % 3 == 0)
        effects += expected.has_effect
        assert by_engine(base, trial, seed % 3 == 0) == expected
        one_by_one = played(base, trial, "depth", 1)
        for size in (2, 5, MOST):
            assert played(base, trial, "depth", size) == one_by_one
    assert effects > 50


def test_most_of_those_trials_have_a_chain():
    texts = [chains(seed).text for seed in range(60)]
    found = [analyse(text, "trial.rules")[0] for text in texts]
    sources = [plan_general(lower(one)).source for one in found if one is not None]
    assert sum("_chain(" in one for one in sources) > 20


SWAP = """
domain swap
type Item(name: text, place: integer)
type Moved(a: text, b: text)
rule swap:
    when:
        x: Item(name: n, place: p)
        y: Item(name: m, place: q, place >= p)
        not Moved(a == n, b == m)
    then:
        assert Moved(n, m)
        modify x: place = q
        modify y: place = p
"""


def test_two_variables_for_one_fact_go_the_careful_way():
    """Each pair once, an item with itself too, which the second modify then finds changed."""
    state = session_of(SWAP)
    for name, place in (("a", 1), ("b", 2), ("c", 3)):
        state.assert_("Item", name, place)
    whole_run = told(state.run().firings)
    again = session_of(SWAP)
    for name, place in (("a", 1), ("b", 2), ("c", 3)):
        again.assert_("Item", name, place)
    parts = []
    while len(parts) < len(whole_run):
        parts += told(again.run(1).firings)

    assert parts == whole_run
    assert any(dict(bindings)["n"] == dict(bindings)["m"] for _, bindings, *_ in whole_run)
    assert any(dict(bindings)["n"] != dict(bindings)["m"] for _, bindings, *_ in whole_run)
    assert state.facts() == again.facts()
