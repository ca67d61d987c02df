"""The record path: one generated function, with the same answers as a session's."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.values import UNKNOWN
from sessions import TODAY, engine_of

LANGUAGE = Path(__file__).parents[1] / "cases" / "language"
CANCER = (LANGUAGE / "cancer.rules").read_text(encoding="utf-8")
GARAGE = (LANGUAGE / "garage.rules").read_text(encoding="utf-8")

HOST = Host(today=TODAY)


def test_value_certainty_rules_and_alternatives():
    result = engine_of(CANCER).record(
        {"worst_radius": 20.1, "worst_concave_points": 0.19, "worst_texture": 35.0}, HOST
    )

    assert result.value == "malignant"
    assert result.certainty == pytest.approx(0.965)
    assert result.rules == ("irregular_outline", "large_and_irregular", "coarse_texture")
    assert result.supporting() == ("large_and_irregular", "coarse_texture")
    assert result.settled("shape") == ("irregular", 1.0)
    assert result.alternatives == ()


def test_many_values_and_evidence_against():
    result = engine_of(GARAGE).record({"cranks": True, "fuel_gauge": "empty", "smell": True}, HOST)

    assert [value for value, _ in result.held("fault")] == ["fuel", "flooded"]
    assert [certainty for _, certainty in result.held("fault")] == pytest.approx([0.75, 0.6])
    assert result.alternatives == (("flooded", pytest.approx(0.6)),)


@pytest.mark.parametrize(
    ("values", "needs"),
    [
        ({}, ("worst_radius", "worst_concave_points")),
        ({"worst_radius": 20.0}, ("worst_concave_points",)),
        ({"worst_concave_points": 0.2}, ("worst_radius",)),
        # Neither rule can fire any more, whatever the outline is.
        ({"worst_radius": 16.0}, ()),
        ({"worst_radius": 20.0, "worst_concave_points": 0.2}, ()),
        ({"worst_radius": 16.0, "worst_concave_points": UNKNOWN}, ()),
    ],
)
def test_needs_are_the_unknown_fields_that_could_matter(values, needs):
    engine = engine_of(CANCER)
    result = engine.record(values, HOST)
    state = engine.session(HOST)
    number = state.add("Tumour", values)

    assert result.needs == needs
    assert state.needs(number, "diagnosis") == needs


def test_a_default_fills_a_missing_field_and_unknown_stays_unknown():
    text = """
type T:
    a: integer, default 5
    f: x | y
goal T.f
rule one:
    when t: T(a > 3)
    then conclude t.f = x
"""
    engine = engine_of(text)

    assert engine.record({}, HOST).value == "x"
    assert engine.record({"a": UNKNOWN}, HOST).value is UNKNOWN


def test_a_given_conclusion_is_certain_and_rules_stay_as_alternatives():
    result = engine_of(CANCER).record(
        {"worst_radius": 20.1, "worst_concave_points": 0.19, "diagnosis": "benign"}, HOST
    )

    assert (result.value, result.certainty) == ("benign", 1.0)
    assert result.alternatives == (("malignant", pytest.approx(0.95)),)


def test_a_contradiction_is_reported():
    text = """
type T(a: integer, f: x | y)
goal T.f
rule yes:
    when t: T(a > 0)
    then conclude t.f = x
rule no:
    when t: T(a > 0)
    then conclude t.f = x, certainty -1
"""
    result = engine_of(text).record({"a": 1}, HOST)

    assert result.value is UNKNOWN
    assert result.reports == (("contradiction", "f"),)


@pytest.mark.parametrize(
    ("hit", "value", "reports"),
    [
        ("first", 1, ()),
        ("unique", UNKNOWN, (("several-hits", "t"),)),
        ("any", UNKNOWN, (("several-hits", "t"),)),
    ],
)
def test_hit_policies(hit, value, reports):
    text = f"""
type T(a: integer, f: integer)
goal T.f
table t(T -> f), {hit} hit:
    a   -> f
    > 0 -> 1
    > 1 -> 2
"""
    result = engine_of(text).record({"a": 5}, HOST)

    assert (result.value, result.reports) == (value, reports)


def test_firings_are_in_the_order_of_salience_within_a_stratum():
    text = """
type T(a: integer, f: x | y)
goal T.f
rule one:
    when t: T(a > 0)
    then conclude t.f = x, certainty 0.5
rule two:
    salience 3
    when t: T(a > 0)
    then conclude t.f = x, certainty 0.5
"""
    assert engine_of(text).record({"a": 1}, HOST).rules == ("two", "one")


def test_values_that_are_computed():
    text = """
type T:
    a: number
    f: number in 0..100
goal T.f
rule one:
    when t: T(a: x)
    then conclude t.f = x * 10, certainty 0.5
"""
    engine = engine_of(text)

    assert engine.record({"a": 2.0}, HOST).held("f") == ((20.0, 0.5),)
    assert engine.record({"a": 11.0}, HOST).value is UNKNOWN
    assert engine.record({}, HOST).needs == ("a",)


def test_more_values_than_locals_are_settled_all_the_same():
    rows = "\n".join(f"    {n} -> {n}" for n in range(40))
    head = "type T(a: integer, f: integer)\ngoal T.f\ntable t(T -> f), first hit:\n    a -> f\n"

    result = engine_of(f"{head}{rows}\n").record({"a": 33}, HOST)

    assert (result.value, result.certainty, result.supporting()) == (33, 1.0, ("t[34]",))


def test_an_engine_travels_as_code():
    engine = engine_of(CANCER)
    again = Engine.from_code(engine.code())
    values = {"worst_radius": 20.1, "worst_concave_points": 0.19}

    assert again.record(values, HOST).raw == engine.record(values, HOST).raw
    assert (
        Engine.from_code(again.code()).record(values, HOST).raw == engine.record(values, HOST).raw
    )
    assert again.session(HOST).assert_("Tumour", **values).number == 1


def test_code_of_another_form_is_refused():
    with pytest.raises(ValueError, match="another form"):
        Engine.from_code(pickle.dumps((0, {}, {}, None, None, b"")))


@pytest.mark.parametrize("session", [False, True])
def test_answers_from_code_import_nothing_of_the_front(tmp_path, session):
    text = CANCER
    (tmp_path / "code").write_bytes(engine_of(text).code())
    if session:
        # A program with facts takes the general path, also from code.
        family = (LANGUAGE / "family.rules").read_text(encoding="utf-8")
        (tmp_path / "code").write_bytes(engine_of(family).code())
    program = f"""
import sys
from heuron.infer.load import Engine
engine = Engine.from_code(open({str(tmp_path / "code")!r}, "rb").read())
if {session}:
    engine.session().query("ancestors_of", who="ann")
else:
    engine.record({{"worst_radius": 20.0}}).needs
heavy = ("lark", "numpy", "heuron.lang", "heuron.check", "heuron.plan.lower", "heuron.plan.general")
print([name for name in heavy if name in sys.modules])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[]"
