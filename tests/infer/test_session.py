"""Sessions: what the host may do, what it is told, what it can ask."""

from datetime import date

import pytest

from heuron.answer import Prediction
from heuron.diagnostics import HeuronError, LimitError, RuleError
from heuron.infer.host import Host
from heuron.infer.limits import Limits
from heuron.values import UNKNOWN
from sessions import TODAY, engine_of, facts_of, fired, session_of

ITEMS = """
type Item:
    n: integer in 0..1_000_000
    colour: red | green | blue, optional
type Pair(a: Item, b: Item)
type Seen(n: integer)
rule seen:
    when Item(n: x, colour == red)
    then derive Seen(x)
"""


def test_facts_are_given_by_place_or_by_name():
    state = session_of(ITEMS)
    one = state.assert_("Item", 1, "red")
    two = state.assert_("Item", colour="blue", n=2)
    state.assert_("Pair", one, two)

    assert facts_of(state) == ["Item(1, red)", "Item(2, blue)", "Pair(1, 2)", "Seen(1)"]
    assert state.assert_("Item", 1, "red").number == one.number


@pytest.mark.parametrize(
    ("type_name", "values", "code"),
    [
        ("Itm", {"n": 1}, "unknown-type"),
        ("Item", {"m": 1}, "unknown-field"),
        ("Item", {"n": -1}, "wrong-value"),
        ("Item", {"n": "many"}, "wrong-value"),
        ("Item", {"n": 1, "colour": "pink"}, "wrong-value"),
        ("Pair", {"a": 77}, "wrong-value"),
    ],
)
def test_what_a_field_does_not_accept_is_an_error_and_no_event(type_name, values, code):
    state = session_of(ITEMS)
    with pytest.raises(RuleError) as caught:
        state.assert_(type_name, **values)

    assert caught.value.diagnostics[0].code == code
    assert (state.facts(), state.memory.event) == ((), 0)


def test_a_hundred_thousand_distinct_facts_are_all_kept():
    state = session_of(ITEMS)
    for number in range(100_000):
        state.add("Item", {"n": number})

    assert len(state.memory) == 100_000


def test_facts_with_one_hash_stay_apart():
    state = session_of("type T(n: integer)")
    # Integers have the same hash modulo 2**61 - 1; -1 and -2 share theirs.
    state.assert_("T", -1)
    state.assert_("T", -2)

    assert facts_of(state) == ["T(-1)", "T(-2)"]


def test_derived_facts_keep_their_numbers_when_they_stay():
    state = session_of(ITEMS)
    state.assert_("Item", 1, "red")
    two = state.assert_("Item", 2, "red")
    before = {one["n"]: one.number for one in state.facts("Seen")}
    state.modify(two, colour="green")
    state.assert_("Item", 3, "red")
    after = {one["n"]: one.number for one in state.facts("Seen")}

    assert after[1] == before[1]
    assert sorted(after) == [1, 3]


def test_derived_facts_are_not_the_host_s_to_change():
    state = session_of(ITEMS)
    state.assert_("Item", 1, "red")
    (seen,) = state.facts("Seen")

    with pytest.raises(RuleError, match="derived"):
        state.retract(seen)


def test_asserting_and_retracting_leaves_no_trace():
    state = session_of(ITEMS)
    state.assert_("Item", 1, "red")
    before = facts_of(state)
    extra = state.assert_("Item", 2, "red")
    state.run()
    state.retract(extra)

    assert facts_of(state) == before


def test_a_query_has_parameters_by_place_or_name():
    text = ITEMS + "query of_colour(c): Item(n: x, colour == c) -> x\n"
    state = session_of(text)
    for number in (3, 1, 2):
        state.assert_("Item", number, "red")

    assert state.query("of_colour", "red") == (3, 1, 2)
    assert state.query("of_colour", c="blue") == ()
    with pytest.raises(RuleError, match="no query"):
        state.query("of_color", "red")


STEPS = """
type Counter(n: integer)
facts:
    Counter(3)
rule down:
    when c: Counter(n: x), x > 0
    then:
        modify c: n = x - 1
        log "now {x - 1}"
"""


def test_a_run_can_be_taken_step_by_step():
    state = session_of(STEPS)

    assert [one.rule for one in state.agenda()] == ["down"]
    first = state.step()
    assert first is not None
    assert first.bindings == (("c", 1), ("x", 3))
    assert first.log == ("now 2",)
    rest = state.run()
    assert (len(rest.firings), rest.quiescent, rest.logs) == (2, True, ("now 1", "now 0"))
    assert state.step() is None


def test_a_limit_on_one_run_leaves_the_rest_for_the_next():
    state = session_of(STEPS)
    inference = state.run(limit=1)

    assert (len(inference.firings), inference.quiescent) == (1, False)
    assert fired(state) == ["down", "down"]


def test_a_limit_names_the_rules_that_went_round_and_the_last_bindings():
    text = """
type Counter(n: integer)
facts:
    Counter(0)
rule ping:
    when c: Counter(n: x), x % 2 == 0
    then modify c: n = x + 1
rule pong:
    when c: Counter(n: x), x % 2 == 1
    then modify c: n = x + 1
"""
    state = session_of(text, Limits(firings=100))
    with pytest.raises(LimitError) as caught:
        state.run()
    message = caught.value.diagnostics[0].message

    assert "100 firings" in message
    assert "`ping`" in message
    assert "`pong`" in message
    assert "x = 99" in message


def test_a_limit_on_search_names_the_rule_that_searched():
    text = """
type T(n: integer)
type Found(n: integer)
rule never:
    when:
        T(n: x)
        T(n: y)
        x + y < 0
    then derive Found(x)
"""
    state = session_of(text, Limits(steps=5_000))
    for number in range(100):
        state.add("T", {"n": number})
    with pytest.raises(LimitError, match="never"):
        state.run()


def test_an_error_in_an_action_names_rule_bindings_and_line():
    text = """
type T(n: integer in 0..3)
rule up:
    when t: T(n: x)
    then modify t: n = x + 2
"""
    state = session_of(text)
    state.assert_("T", 0)
    with pytest.raises(RuleError) as caught:
        state.run()
    (diagnostic,) = caught.value.diagnostics

    assert (diagnostic.code, diagnostic.line) == ("action-failed", 3)
    assert "`up`" in diagnostic.message
    assert "x = 2" in diagnostic.message
    assert facts_of(state) == ["T(2)"]


def test_the_collector_is_on_again_after_a_run_and_after_an_error():
    import gc

    state = session_of(STEPS)
    state.run()
    assert gc.isenabled()
    state = session_of(STEPS.replace("x - 1\n        log", "x\n        log"), Limits(firings=5))
    state.run()
    assert gc.isenabled()
    state = session_of(STEPS.replace("n = x - 1", "n = x + 1"), Limits(firings=5))
    with pytest.raises(LimitError):
        state.run()
    assert gc.isenabled()


def test_a_listener_hears_of_everything():
    state = session_of(STEPS)
    heard = []
    state.listen(heard.append)
    state.run()

    assert [one.kind for one in heard] == ["modified", "fired"] * 3


def test_definitions_fire_by_stratum_salience_rule_and_fact():
    text = """
type T(n: integer, f: integer, g: integer)
rule late:
    when t: T(f == 1)
    then conclude t.g = 1
rule second:
    when t: T(n > 0)
    then conclude t.f = 1
rule first:
    salience 1
    when t: T(n > 0)
    then conclude t.f = 2, certainty 0.5
"""
    state = session_of(text)
    state.add("T", {"n": 1})
    state.add("T", {"n": 2})

    assert [(one.rule, one.matched) for one in state.definitions()] == [
        ("first", (1,)),
        ("first", (2,)),
        ("second", (1,)),
        ("second", (2,)),
        ("late", (1,)),
        ("late", (2,)),
    ]


PREDICTING = """
type T(n: integer, f: x | y)
goal T.f
rule doubt:
    when:
        t: T(n > 0)
        p = predict(forest, t)
        p.value == "x", p.confidence > 0.9
    then conclude t.f = x, certainty 0.6
rule doubt_again:
    when:
        t: T(n > 0)
        p = predict(forest, t)
        p.confidence > 0.5
    then conclude t.f = x, certainty 0.5
"""


def test_a_model_is_asked_once_a_record_and_only_when_the_rest_holds():
    asked = []

    def predict(model, values):
        asked.append((model, dict(values)))
        return Prediction("x", 0.95)

    state = engine_of(PREDICTING.replace('"x"', "x")).session(Host(predict=predict, today=TODAY))
    one = state.add("T", {"n": 1})
    two = state.add("T", {"n": 0})

    assert state.value(one, "f") == ("x", pytest.approx(0.8))
    assert state.value(two, "f") == (UNKNOWN, 0.0)
    assert asked == [("forest", {"n": 1})]


def test_without_a_model_a_prediction_is_unknown():
    engine = engine_of(PREDICTING.replace('"x"', "x"))
    state = engine.session(Host(today=TODAY))
    number = state.add("T", {"n": 1})

    assert state.value(number, "f") == (UNKNOWN, 0.0)
    assert engine.record({"n": 1}, Host(today=TODAY)).silent == ("forest",)


def test_today_is_the_run_s():
    text = """
type T(at: date, old: boolean)
goal T.old
rule old:
    when t: T(at < today() - years(1))
    then conclude t.old = true
"""
    engine = engine_of(text)
    for today, expected in ((date(2026, 1, 1), UNKNOWN), (date(2027, 6, 1), True)):
        result = engine.record({"at": date(2026, 1, 1)}, Host(today=today))
        assert result.value is expected


def test_a_host_function_that_fails_or_lies_is_named():
    host = Host({"f": lambda: 1 / 0, "g": lambda: "no"}, today=TODAY)

    with pytest.raises(HeuronError, match=r"`f\(\)` failed: ZeroDivisionError"):
        host.call("f", "integer")
    with pytest.raises(HeuronError, match=r"`g\(\)` gave 'no', which is no integer"):
        host.call("g", "integer")
    with pytest.raises(HeuronError, match="`h` is not registered"):
        host.call("h", "integer")
    assert host.call("f", "integer", UNKNOWN) is UNKNOWN


def test_a_rule_with_thirty_patterns():
    patterns = "\n".join(f"        T(n: x{place}, m == {place})" for place in range(30))
    text = f"""
type T(n: integer, m: integer)
type Found(total: integer)
rule wide:
    when:
{patterns}
        count(T(m > 5)) > 3
    then derive Found({" + ".join(f"x{place}" for place in range(30))})
"""
    state = session_of(text)
    for place in range(30):
        state.add("T", {"n": place, "m": place})

    assert facts_of(state, "Found") == [f"Found({sum(range(30))})"]


def test_a_rule_file_with_a_thousand_rules_in_a_session():
    rules = "\n".join(
        f"rule r{n}:\n    when t: T(n == {n})\n    then conclude t.f = {n}" for n in range(1_000)
    )
    state = session_of(f"type T(n: integer, f: integer)\n{rules}\n")
    number = state.add("T", {"n": 500})

    assert state.value(number, "f") == (500, 1.0)


def test_a_conclusion_that_is_not_accepted_leaves_no_fact():
    text = """
type T(n: integer, f: x | y)
rule one:
    when t: T(n > 0)
    then conclude t.f = x
"""
    state = session_of(text)
    with pytest.raises(RuleError):
        state.assert_("T", n=1, f="z")

    assert state.facts() == ()


def test_closed_sessions_leave_nothing():
    """Neither those that ran to their end, nor those that a listener holds or an error ended."""
    import gc

    engine = engine_of(STEPS)

    def live(limits, listening):
        state = engine.session(Host(today=TODAY), limits)
        if listening:
            state.listen(lambda event: state.memory)
        try:
            state.run()
        except LimitError:
            assert limits is not None

    def objects():
        for limits in (None, Limits(firings=1)):
            for listening in (False, True):
                live(limits, listening)
        gc.collect()
        return len(gc.get_objects())

    objects()
    before = objects()
    for _ in range(50):
        after = objects()
    assert abs(after - before) < 20
    assert gc.isenabled()
