"""Items as a whole: facts, tables, tests, dispatch, `many`, certainty."""

from __future__ import annotations

from datetime import date

import pytest

from checking import codes, resolved, rule_text, said
from heuron.check import Environment, analyse, tree
from heuron.check.tree import INTEGER, NUMBER, HostFunction
from heuron.values import UNKNOWN

CAR = """
type Car:
    cranks: boolean
    note: low | high
    fault: battery | starter | fuel
goal Car.fault, many
rule weak:
    when c: Car(cranks == false)
    then conclude c.fault = battery, certainty 0.9
"""


def test_positions_become_names_and_defaults_are_filled_in():
    base = resolved(
        """
type T(a: text, b: integer default 3, c: text optional, d: number optional)
facts:
    T("x")
    T("x", unknown, d = 2)
"""
    )

    assert [one.values for one in base.facts] == [
        (("a", "x"), ("b", 3)),
        (("a", "x"), ("b", UNKNOWN), ("d", 2.0)),
    ]


def test_references_between_facts_are_places_in_the_list():
    base = resolved(
        """
facts:
    a: Applicant(age = 20, risk = low)
facts:
    Loan(b, 3)
    b: Applicant(age = 30, risk = low)
rule r:
    when a: Applicant(age > 3)
    then conclude a.decision = accept
"""
    )

    assert [dict(one.values).get("applicant") for one in base.facts] == [None, 2, None]


def test_a_test_gives_what_it_likes_and_fixes_the_date():
    base = resolved(
        """
rule r:
    when a: Applicant(age > 3)
    then conclude a.decision = accept
test "t":
    given:
        today = 2026-11-24
        a: Applicant(decision = refuse)
        Loan(applicant = a)
    expect a.decision == refuse
    expect exists Loan(applicant == a)
"""
    )
    (test,) = base.tests

    assert test.today == date(2026, 11, 24)
    # The default of `history` is filled in.
    assert test.given[0].values == (("history", "none"), ("decision", "refuse"))
    assert test.given[1].values == (("applicant", 0),)
    assert [one.text for one in test.expects] == [
        "a.decision == refuse",
        "exists Loan(applicant == a)",
    ]


def test_cells_are_tests_of_their_column():
    base = resolved(
        """
table t(Applicant -> decision), first hit:
    age    | history    | income     | age * 2 -> decision
    < 25   | good, poor | -          | 3..5    -> accept
    25..60 | not none   | >= 30_000  | 7, > 9  -> refuse
""".replace("7, > 9", "7, 9")
    )
    (table,) = base.tables
    first, second = table.rows

    assert (table.variable, [one.name for one in table.rows]) == ("_record", ["t[1]", "t[2]"])
    kinds = [[type(one).__name__ for one in row.tests] for row in (first, second)]
    assert kinds == [
        ["Compare", "Membership", "NoneType", "And"],
        ["And", "Not", "Compare", "Membership"],
    ]
    assert second.tests[2].right.value == 30_000.0


def test_rules_and_rows_count_in_one_order():
    base = resolved(
        """
rule one:
    when a: Applicant(age > 3)
    then conclude a.decision = accept
table t(Applicant -> decision), first hit:
    age  -> decision
    < 25 -> accept
    > 30 -> refuse
rule two:
    when a: Applicant(age > 3)
    then conclude a.risk = low
"""
    )

    assert [(one.name, one.index) for one in base.rules] == [("one", 0), ("two", 3)]
    assert base.tables[0].index == 1
    assert base.concluded == {
        ("Applicant", "decision"): ("one", "t"),
        ("Applicant", "risk"): ("two",),
    }


def test_a_field_with_many_values_matches_each_in_its_own_pattern():
    base = resolved(CAR + rule_text("c: Car(fault: f, fault != fuel)", 'log "{f}"'), types="")
    (pattern,) = base.rules[1].conditions

    assert pattern.each == ("fault",)


def test_elsewhere_it_is_asked_for_one_value():
    text = rule_text("c: Car(cranks == true)\nc.fault == fuel\nc.fault in [fuel, battery]")
    base = resolved(CAR + text, types="")
    _, one, several = (condition for condition in base.rules[1].conditions)

    assert type(one.expression) is tree.Holds
    assert [type(part) for part in several.expression.operands] == [tree.Holds, tree.Holds]


@pytest.mark.parametrize(
    "use", ["x = c.fault", "c.fault < fuel", "f(c.fault) == 1", "same(c.fault, c)"]
)
def test_it_has_no_single_value(use):
    lets = "let same(x, y) = x == y.fault"
    text = lets + rule_text(f"c: Car(cranks == true)\n{use}")
    environment = Environment(functions={"f": HostFunction((tree.ANY,), INTEGER)})

    found = [one for one in said(CAR + text, environment, types="") if "several values" in one]
    assert len(found) == 1


def test_a_let_asks_for_one_value_as_well():
    text = "let has(x, y) = x.fault == y" + rule_text("c: Car(cranks == true)\nhas(c, fuel)")
    base = resolved(CAR + text, types="")

    assert type(base.rules[1].conditions[1].expression) is tree.Holds


UNCERTAIN = """
rule guess:
    when a: Applicant(age > 30)
    then conclude a.risk = low, certainty 0.6
rule passes_on:
    when a: Applicant(risk == low)
    then conclude a.decision = accept
"""


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("a: Applicant(decision == accept)", ["certainty-lost"]),
        ("a: Applicant(decision == accept, certainty(decision) > 0.5)", []),
        ("a: Applicant(decision == accept)\ncertainty(a.decision, accept) > 0.5", []),
        (
            "a: Applicant(decision == accept)\ncertainty(a.decision, refuse) > 0.5",
            ["certainty-lost"],
        ),
        ("a: Applicant(risk: x)\nx == low", ["certainty-lost"]),
        ("a: Applicant(age > 3)\nnot Applicant(decision == accept)", ["certainty-lost"]),
        ("a: Applicant(age > 3)\nnot Applicant(decision == accept, certainty(decision) > 0.5)", []),
        (
            "a: Applicant(age > 3)\nforall Loan(amount > 3) have Applicant(risk == low)",
            ["certainty-lost"],
        ),
        ("a: Applicant(age > 3)\nl: Loan(amount > 3)\nl.applicant.risk == low", ["certainty-lost"]),
        ("a: Applicant(age > 3)", []),
    ],
)
def test_certainty_is_not_laundered_through_facts(conditions, expected):
    body = conditions.replace("\n", "\n        ")
    text = f"{UNCERTAIN}rule derives:\n    when:\n        {body}\n    then derive Known(a)\n"

    assert [one.split(":")[0] for one in said(text) if "unused" not in one] == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("certainty(c.fault) > 0.5", ["certainty-lost"]),
        ("certainty(c.fault, starter) > 0.5", ["certainty-lost"]),
        ("certainty(c.fault, fuel) > 0.5", []),
    ],
)
def test_one_of_several_values_is_asked_for_its_own_certainty(asked, expected):
    text = (
        f"{CAR}type Known(who: Car)\nrule guess:\n    when c: Car(cranks == true)\n"
        "    then conclude c.fault = fuel, certainty 0.4\nrule derives:\n    when:\n"
        f"        c: Car(cranks == true)\n        c.fault == fuel\n        {asked}\n"
        "    then derive Known(c)\n"
    )
    _, found = analyse(text, "test.rules")

    assert [one.code for one in found] == expected
    assert all("certainty(c.fault, fuel) >= 0.8" in str(one.hint) for one in found)


def test_certain_conclusions_may_become_facts():
    text = UNCERTAIN.replace(", certainty 0.6", "")
    text += "rule derives:\n    when a: Applicant(decision == accept)\n    then derive Known(a)\n"

    assert said(text) == []


def test_a_backend_is_read_in_a_dispatch_block_alone():
    goal = "goal Applicant.decision\n"
    base = resolved(
        goal + 'dispatch:\n    rules when rules.value == accept\n    refer "x" otherwise\n'
    )
    (condition,) = base.dispatches[0].routes[0].conditions

    assert condition.expression.left.attribute == "value"
    assert base.dispatches[0].routes[1].text == 'refer "x" otherwise'
    assert codes("a: Applicant(age > 3)\nrules.certainty > 0.3", goal) == ["unknown-name"]


def test_functions_of_the_host_have_types():
    environment = Environment(functions={"score": HostFunction((INTEGER, NUMBER), NUMBER)})
    text = 'rule r:\n    when a: Applicant(age: n), {}\n    then log "x"\n'
    base = resolved(text.format("score(n, 3) > 2"), environment)
    call = base.rules[0].conditions[1].expression.left

    assert (call.host, call.type, call.arguments[1].value) == (True, NUMBER, 3.0)
    assert said(text.format("score(n) > 2"), environment) == [
        "wrong-arguments: score takes a whole number and a number, and is given 1 argument."
    ]
    assert said(text.format('score(n, "x") > 2'), environment) == [
        "type-mismatch: score takes a number here, and this is a text."
    ]


def test_one_mistake_is_said_once():
    conditions = 'a: Applicant(age: n)\nx = nothing + n\ny = x + "a"\ny > 3\nx == foo'
    text = rule_text(conditions, 'log "{y}"')

    assert said(text) == [
        'unknown-name: "nothing" means nothing here.',
        'unknown-name: "foo" means nothing here.',
    ]
