"""The lazy agenda: what is searched once, what survives changes, and what is put back in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import heuron
from heuron.check import analyse
from heuron.diagnostics import LimitError, RuleError
from heuron.infer.limits import Limits
from heuron.infer.ranges import RangeIndex
from heuron.plan import matcher
from heuron.values import UNKNOWN
from playing import by_engine, by_oracle
from sessions import facts_of, fired, session_of
from strategies import make_steps

PAIRS = """
type Control(at: integer)
type Low(x: integer)
type High(y: integer)
type Found(at: integer, x: integer, y: integer)
rule found:
    when:
        Control(at: n)
        Low(x: a)
        High(y: b, y >= a)
    then assert Found(n, a, b)
rule tick:
    salience -1
    when c: Control(at < 100)
    then modify c: at = c.at + 1
"""


def pairs(limits=None):
    """Return a session in which one pair of 100 x 100 fits."""
    state = session_of(PAIRS, limits)
    for number in range(100):
        state.assert_("Low", 100 + number)
        state.assert_("High", number + 1)
    state.assert_("Control", 0)
    return state


def test_pairs_are_not_searched_again_when_only_the_control_changes():
    """Searched again each time, this would be 100 x 10,000 steps, with ranges 100 x 100."""
    state = pairs(Limits(steps=5_000))

    assert len(state.run().firings) == 201
    assert facts_of(state, "Found")[:2] == ["Found(0, 100, 100)", "Found(1, 100, 100)"]


def test_a_remembered_search_begins_again_when_what_it_read_has_changed():
    state = pairs()
    fired(state, 3)
    (low, *_) = state.facts("Low")
    high = state.assert_("High", 150)
    state.retract(low)
    fired(state, 1)

    assert facts_of(state, "Found")[-1].endswith(", 150)")
    state.retract(high)
    before = len(state.facts("Found"))
    fired(state)
    assert len(state.facts("Found")) == before


def test_a_range_after_a_look_up_is_counted():
    state = session_of(
        """
type A(k: integer, low: integer)
type B(j: integer)
type C(v: integer)
type D(u: integer)
type Found(n: integer)
rule never:
    when:
        A(k: x, low: y)
        B(j == x)
        C(v: z, v > y)
        D(u: w, u > y)
        z * w == 0 - 5
    then assert Found(z)
""",
        Limits(steps=20_000),
    )
    for number in range(400):
        state.assert_("C", number)
        state.assert_("D", number)
    state.assert_("B", 1)
    state.assert_("A", 1, -1)
    with pytest.raises(LimitError):
        state.run()


def test_a_search_that_met_a_limit_is_not_taken_for_complete():
    text = PAIRS.replace("y >= a", "y - a == 1_000")
    state = session_of(text, Limits(steps=300))
    for number in range(40):
        state.assert_("Low", number)
        state.assert_("High", number)
    control = state.assert_("Control", 0)
    with pytest.raises(LimitError):
        state.run()
    state.modify(control, at=7)

    with pytest.raises(LimitError):
        state.run()


def test_what_a_refused_firing_changed_stands_again_where_it_stood():
    """Newest first is the order of the facts before that firing."""
    state = session_of("""
type Item(n: integer)
type Node(name: text, of: Item)
type Go(on: boolean)
type Done(n: integer)
rule change:
    salience 10
    when:
        g: Go(on == true)
        i: Item(n == 1)
        j: Item(n == 2)
        Node(of == j)
    then:
        modify i: n = 10
        retract j
rule list:
    when:
        Go()
        Item(n: x)
    then assert Done(x)
""")
    for number in (1, 2, 3):
        item = state.assert_("Item", number)
        if number == 2:
            state.assert_("Node", "a", item)
    state.assert_("Go", True)
    with pytest.raises(RuleError, match="referred to"):
        state.run()
    assert facts_of(state, "Item") == ["Item(1)", "Item(2)", "Item(3)"]

    fired(state)

    assert facts_of(state, "Done") == ["Done(3)", "Done(2)", "Done(1)"]


def test_a_modify_of_what_a_negation_does_not_read_unblocks_nothing():
    state = session_of("""
type Job(n: integer)
type Lock(n: integer, note: text)
type Free(n: integer)
rule free:
    when:
        Job(n: x)
        not Lock(n == x)
    then assert Free(x)
""")
    state.assert_("Job", 1)
    lock = state.assert_("Lock", 1, "held")
    assert fired(state) == []
    state.modify(lock, note="still held")
    assert fired(state) == []
    state.modify(lock, n=2)
    assert fired(state) == ["free"]


def test_a_lock_with_an_unknown_key_blocks_everything():
    """It may be the one; an index of known keys does not have it."""
    state = session_of("""
type Job(n: integer)
type Lock(n: integer)
type Free(n: integer)
rule free:
    when:
        Job(n: x)
        not Lock(n == x)
    then assert Free(x)
""")
    lock = state.assert_("Lock", None)
    state.assert_("Job", 1)
    assert fired(state) == []
    state.retract(lock)
    assert fired(state) == ["free"]


def test_a_rule_of_thirty_patterns_fires():
    conditions = "\n".join(f"        Link(a == x{at}, b: x{at + 1})" for at in range(29))
    state = session_of(f"""
type Link(a: integer, b: integer)
type End(n: integer)
rule long:
    when:
        Link(a: x00, b: x0, a == 0)
{conditions}
    then assert End(x29)
""")
    for number in range(30):
        state.assert_("Link", number, number + 1)

    assert (fired(state), facts_of(state, "End")) == (["long"], ["End(30)"])


values = st.one_of(st.integers(0, 5), st.just(UNKNOWN))


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "renew"]), values), max_size=40))
def test_a_range_index_gives_all_rows_of_the_range_newest_first(script):
    table, kept = {}, []
    index = RangeIndex(table, 2, kept.append)
    index.awake()
    for event, (do, value) in enumerate(script, 1):
        if do == "add" or not table:
            table[event] = (event, event, value)
            index.add(table[event])
            continue
        number = min(table)
        index.remove(table.pop(number))
        if do == "renew":
            table[number] = (number, event, value)
            index.add(table[number])
    afresh = RangeIndex(table, 2, kept.append)
    newest = sorted(table.values(), key=lambda row: -row[1])
    known = [row for row in newest if row[2] is not UNKNOWN]
    for bound in range(6):
        for one in (index, afresh):
            above = [row for row in one.above(bound) if row[2] >= bound]
            below = [row for row in one.below(bound) if row[2] <= bound]
            assert above == [row for row in known if row[2] >= bound]
            assert below == [row for row in known if row[2] <= bound]
    assert index.above(UNKNOWN) == []
    assert kept == [index, afresh]


def test_an_index_by_constants_is_kept_when_it_is_asked_again_and_again():
    state = session_of("""
domain late
type Item(kind: text, size: integer)
type Stage(value: integer)
type Found(size: integer)
rule look:
    when:
        Stage(value == 2)
        Item(kind == "a", size: n)
    then assert Found(n)
rule paint:
    when i: Item(kind == "white")
    then modify i: kind = "b"
""")
    items = [state.assert_("Item", kind, n) for n, kind in enumerate("abaab")]
    stage = state.assert_("Stage", 1)
    state.run()
    assert state.memory.kept["Item"] == []

    state.retract(items[0])
    state.modify(items[1], kind="a")
    state.modify(stage, value=2)
    assert fired(state) == ["look", "look", "look"]
    assert state.memory.kept["Item"] == []
    for _ in range(8):
        state.modify(stage, value=1)
        state.modify(stage, value=2)
        assert fired(state) == ["look", "look", "look"]
    assert sorted(type(one).__name__ for one in state.memory.kept["Item"]) == ["Index", "Tally"]
    state.modify(items[4], kind="a")
    state.modify(items[3], size=9)
    state.retract(items[2])
    state.modify(stage, value=1)
    state.modify(stage, value=2)
    fired(state)

    assert facts_of(state, "Found") == [f"Found({n})" for n in (1, 3, 2, 9, 4)]


@pytest.mark.parametrize("others", [0, 40])
@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
def test_facts_derived_after_one_event_stand_in_fact_order_within_a_range(definitions, others):
    """With many others the range is read from a sorted index, with none from the table."""
    session = heuron.loads("""
domain pairs
type Base(n: integer)
type Pair(a: integer, b: integer)
type Low(n: integer)
type Found(a: integer, b: integer)
rule pairs:
    when Base(n: x, n > 100)
    then:
        derive Pair(2, x)
        derive Pair(1, x + 9)
        derive Pair(3, x + 5)
rule lower:
    when Base(n: x, n <= 100)
    then derive Pair(x, x)
rule find:
    when:
        Low(n: low)
        Pair(a: x, b: y, b >= low)
    then assert Found(x, y)
""").session(definitions=definitions)
    for number in range(others):
        session.assert_("Base", number)
    session.assert_("Base", 101)
    session.assert_("Low", 101)
    session.run()

    assert [fact.values["a"] for fact in session.facts("Found")] == [1, 2, 3]


def test_a_range_index_keeps_rows_of_one_value_apart():
    """Facts derived after one event share its number, and a row may come back with an old one."""
    rows = [(1, 5, "a"), (2, 5, "a"), (3, 7, "a"), (4, 8, "b")]
    table = {row[0]: row for row in rows}
    index = RangeIndex(table, 2, lambda _: None)
    index.awake()
    index.remove(table.pop(2))
    index.remove(table.pop(1))
    table[1] = rows[0]
    index.add(rows[0])
    index.remove(table.pop(3))

    assert (index._rows, index._values) == ([rows[0], rows[3]], ["a", "b"])
    index.remove(table.pop(1))
    assert index._rows == [rows[3]]


def test_a_retracted_fact_that_is_looked_at_once_more_leaves_the_others():
    """What followed from it is found with the fact put back for a moment, under its old event."""
    state = session_of("""
type Link(target: integer)
type Token(n: integer, mood: text)
type Near(steps: integer)
type Seen(k: integer)
rule blue:
    when:
        t: Token(mood != "blue")
        Link(target < t.n)
    then modify t: mood = "blue"
rule seen:
    when:
        Token()
        k = count(Near())
    then derive Seen(k)
""")
    old = state.assert_("Token", 3, "red")
    state.assert_("Link", 0)
    assert fired(state) == ["blue"]
    state.assert_("Token", 3, "green")
    state.retract(old.number)

    assert fired(state) == ["blue"]
    assert facts_of(state, "Token") == ["Token(3, blue)"]


def test_random_steps_when_every_bucket_counts_as_large(monkeypatch):
    """Then the finer index of a state is made at once, and must be kept with each change."""
    monkeypatch.setattr(matcher, "LARGE", 0)
    effects = 0
    for seed in range(150):
        trial = make_steps(seed)
        base, _ = analyse(trial.text, "trial.rules")
        assert base is not None
        expected = by_oracle(base, trial)
        effects += expected.has_effect

        assert by_engine(base, trial) == expected, seed
    assert effects > 100


@pytest.mark.parametrize("verb", ["assert", "derive"])
@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
def test_what_a_new_fact_refers_to_is_looked_up_by_its_number(verb, definitions):
    """300 orders of 300 customers: some looks at each, and not at each customer for each order."""
    knowledge = heuron.loads(f"""
domain orders
type Customer(name: text, vip: boolean)
type Order(customer: Customer, total: integer)
type Big(name: text)
rule big:
    when:
        c: Customer(name: n, vip == true)
        Order(customer == c, total > 10)
    then {verb} Big(n)
""")
    session = knowledge.session(limits=Limits(steps=5_000), definitions=definitions)
    customers = [session.assert_("Customer", f"c{place}", True) for place in range(300)]
    session.run()
    for place, customer in enumerate(customers):
        session.assert_("Order", customer, place)
    session.run()

    assert len(session.facts("Big")) == 289


def test_tasks_that_are_done_are_not_looked_at_again():
    """Each of 400 firings looks at what is still open: 80,200 rows in all, and not at the rest."""
    state = session_of(
        """
type Turn(project: integer, at: integer)
type Task(project: integer, n: integer, done: boolean)
rule work:
    when:
        u: Turn(project: p)
        t: Task(project == p, done == false)
    then:
        modify t: done = true
        modify u: at = u.at + 1
""",
        Limits(steps=82_000),
    )
    for number in range(400):
        state.assert_("Task", 0, number, False)
    state.assert_("Turn", 0, 0)

    assert len(fired(state)) == 400
