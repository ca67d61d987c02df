"""Lowering: the order of conditions, references as joins, what one record answers."""

from __future__ import annotations

from itertools import permutations

import pytest

from checking import resolved, rule, rule_text
from heuron.check import tree
from heuron.plan.lower import lower, lower_rule
from heuron.plan.normal import Program

NET = "goal Applicant.decision\n"


def kinds(conditions: tuple[tree.Condition, ...]) -> list[str]:
    return [
        one.variable
        if isinstance(one, (tree.Pattern, tree.Bind, tree.Predict))
        else type(one).__name__
        for one in conditions
    ]


def test_every_condition_stands_as_early_as_its_variables_allow():
    lowered = lower_rule(
        rule(
            "x > 3\nb: Loan(amount: m)\nx = m + n\na: Applicant(age: n)\n"
            "n > 18\nnot Loan(amount: x)\nm > 1"
        )
    )

    assert kinds(lowered.conditions) == ["b", "Test", "a", "x", "Test", "Negation", "Test"]


def test_the_order_of_tests_and_bindings_makes_no_difference():
    free = ("x = n + 1", "y = x + 1", "y > 3")
    expected = {
        lower_rule(rule("a: Applicant(age: n)\n" + "\n".join(order))).conditions
        for order in permutations(free)
    }

    assert len(expected) == 1


def test_positive_patterns_stay_as_written():
    lowered = lower_rule(rule("b: Loan(amount > n)\na: Applicant(age: n)\nc: Loan(amount > 3)"))

    assert kinds(lowered.conditions) == ["b", "a", "c"]


def test_a_prediction_and_its_readers_stand_last():
    lowered = lower_rule(
        rule(
            "z > 3\nz = p.confidence + n\np = predict(net, a)\na: Applicant(age: n)\n"
            "p.answered\nb: Loan(amount > 3)",
            before=NET,
        )
    )

    assert kinds(lowered.conditions) == ["a", "b", "p", "z", "Test", "Test"]


def test_references_become_patterns_once_for_each_path():
    lowered = lower_rule(
        rule(
            "l: Loan(amount > applicant.income)\nl.applicant.age > 18\n"
            "m: Loan(applicant == l.applicant)"
        )
    )
    first, hoisted, second, third = lowered.conditions

    assert (hoisted.variable, hoisted.type_name) == ("_r1", "Applicant")
    assert hoisted.identity == tree.FieldOf(
        "l", "applicant", type=tree.FieldType("reference", target="Applicant")
    )
    assert [one.variable for one in (first, third)] == ["l", "m"]
    assert second.expression.left == tree.FieldOf("_r1", "age", type=tree.INTEGER)


@pytest.mark.parametrize(
    "condition",
    [
        "l.applicant.income is unknown",
        "l.applicant.age > 3 or l.amount > 3",
        "not (l.applicant.age > 3)",
        "not Applicant(age > l.applicant.age)",
        "l.amount in [l.applicant.income, 3]",
        "x = l.applicant.age > 3 and l.amount > 3\nx",
        "count(Applicant(age > l.applicant.age)) > 3",
    ],
)
def test_a_reference_that_may_be_missing_is_only_read(condition):
    """Where something can be true without it, it must not make the rule fail."""
    lowered = lower_rule(rule(f"l: Loan(amount > 3)\n{condition}"))

    assert [one.variable for one in lowered.conditions if isinstance(one, tree.Pattern)] == ["l"]


def test_texts_are_no_reason_not_to_fire():
    lowered = lower_rule(rule("l: Loan(amount > 3)", 'log "{l.applicant.age}"'))
    asserting = lower_rule(rule("l: Loan(amount > 3)", "assert Loan(amount = l.applicant.income)"))

    assert len(lowered.conditions) == 1
    assert [one.variable for one in asserting.conditions] == ["l", "_r1"]


def test_ids_stay_different():
    lowered = lower_rule(
        rule(
            "l: Loan(amount > 3)\nl.applicant.age > 3\n"
            "either:\n    l.amount > 3\nor:\n    not Loan(amount > 9)"
        )
    )
    ids = [one.id for one in lowered.conditions]
    (either,) = (one for one in lowered.conditions if isinstance(one, tree.Either))
    ids += [one.id for branch in either.branches for one in branch]

    assert len(ids) == len(set(ids))


def program(*rules: str, goal: str = "goal Applicant.decision\n") -> Program:
    return lower(resolved(goal + "".join(rules)))


DECIDES = rule_text(
    "a: Applicant(age > 18, risk == low)", "conclude a.decision = accept", "decides"
)
RATES = rule_text("a: Applicant(income > 3)", "conclude a.risk = low", "rates")
OF_LOAN = rule_text("l: Loan(amount > 3)", 'log "large"', "of_loan")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((DECIDES, RATES), True),
        ((DECIDES,), True),
        ((DECIDES, OF_LOAN), False),
        (
            (
                DECIDES,
                rule_text("a: Applicant(age > 3)\nb: Applicant(age > 4)", "conclude a.risk = low"),
            ),
            False,
        ),
        ((DECIDES, rule_text("a: Applicant(age > 3)", "derive Known(a)")), False),
        ((DECIDES, rule_text("a: Applicant(age > 3)", "modify a: age = 3")), False),
        (
            ("table t(Applicant -> risk), first hit:\n    age -> risk\n    < 3 -> low\n", DECIDES),
            True,
        ),
    ],
)
def test_one_record_is_enough_when_every_definition_is_about_it(rules, expected):
    assert program(*rules).single_record is expected


def test_without_a_goal_there_is_no_single_record():
    assert program(DECIDES, RATES, goal="").single_record is False


def test_rules_and_rows_are_listed_in_order():
    table = (
        "table t(Applicant -> risk), first hit:\n    age -> risk\n    < 3 -> low\n    > 5 -> high\n"
    )

    assert program(DECIDES, table, RATES).order == ("decides", "t[1]", "t[2]", "rates")
