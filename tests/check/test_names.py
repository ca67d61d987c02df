"""What names mean: fields, variables, levels, lets, references; whatever the order."""

from __future__ import annotations

from itertools import permutations

import pytest

from checking import codes, resolved, rule
from heuron.check import tree
from heuron.check.tree import BOOLEAN, INTEGER, NUMBER
from heuron.values import FieldType

HISTORY = FieldType("enumeration", levels=("good", "poor", "none"))
APPLICANT = FieldType("reference", target="Applicant")


def field(name, kind, variable="a"):
    return tree.FieldOf(variable, name, type=kind)


def compare(left, operator, right):
    return tree.Compare(operator, left, right, type=BOOLEAN)


def constant(value, kind):
    return tree.Constant(value, type=kind)


AGE = field("age", INTEGER)


def test_a_bare_name_at_the_start_of_a_slot_is_a_field():
    """Although a variable has the same name."""
    (pattern,) = rule("a: Applicant(age: income, income > 3)").conditions

    assert pattern.bindings == (tree.Binding("age", "income"),)
    assert pattern.tests == (compare(field("income", NUMBER), ">", constant(3.0, NUMBER)),)


def test_a_name_further_on_in_a_slot_may_be_a_field_too():
    (pattern,) = rule("a: Applicant(18 <= age < 25)").conditions

    both = (
        compare(constant(18, INTEGER), "<=", AGE),
        compare(AGE, "<", constant(25, INTEGER)),
    )
    assert pattern.tests == (tree.And(both, type=BOOLEAN),)


@pytest.mark.parametrize(
    "written",
    [
        "history == poor",
        'history == "poor"',
        "history in [poor]",
        '"poor" == history',
        "is_poor(history)",
        "same(history, poor)",
        "same(poor, history)",
    ],
)
def test_levels_are_looked_up_in_what_they_are_compared_with(written):
    lets = "let is_poor(x) = x == poor\nlet same(x, y) = x == y"
    (pattern,) = rule(f"a: Applicant({written})", before=lets).conditions

    levels = [one for one in walked(pattern) if isinstance(one, tree.Constant)]
    assert levels == [constant("poor", HISTORY)]


def walked(node):
    from heuron.check.walk import walk

    return walk(node)


def test_the_first_positive_pattern_binds_and_every_other_place_joins():
    first, second, third = rule(
        "a: Applicant(age: n)\nb: Applicant(age: n)\nnot Applicant(age: n, income > 3)"
    ).conditions
    join = compare(field("age", INTEGER, "b"), "==", tree.Variable("n", type=INTEGER))

    assert first.bindings == (tree.Binding("age", "n"),)
    assert (second.bindings, second.tests) == ((), (join,))
    (inside,) = third.conditions
    assert inside.bindings == ()
    assert inside.tests[0].right == tree.Variable("n", type=INTEGER)


def test_a_name_inside_one_group_alone_is_local_to_it():
    _, first, second = rule(
        "a: Applicant(age > 3)\nnot Loan(amount: m, old == (m > 3))\nexists Loan(amount: m)"
    ).conditions

    assert first.conditions[0].bindings == (tree.Binding("amount", "m"),)
    assert second.conditions[0].bindings == (tree.Binding("amount", "m"),)


def test_a_binding_of_what_a_pattern_binds_is_an_equality():
    _, second = rule("a: Applicant(age: n)\nn = 18").conditions

    assert second.expression == compare(
        tree.Variable("n", type=INTEGER), "==", constant(18, INTEGER)
    )


def test_a_level_can_be_asked_of_a_variable():
    _, second = rule("a: Applicant(history: h)\nh = poor").conditions

    assert second.expression.right == constant("poor", HISTORY)


def test_whole_numbers_bind_where_they_join_numbers():
    """Otherwise the type of the variable would depend on the order of the patterns."""
    for text in ("Applicant(age: n)\nLoan(amount: n)", "Loan(amount: n)\nApplicant(age: n)"):
        found = rule(f"{text}\nn // 2 == 4").conditions[2]
        assert found.expression.left.operands[0].type == INTEGER


def test_references_are_followed_from_any_expression():
    _, second = rule("l: Loan(applicant: x)\nl.applicant.age > x.age").conditions
    through_field = tree.ReferencedField(
        field("applicant", APPLICANT, "l"), "Applicant", "age", type=INTEGER
    )
    through_variable = tree.ReferencedField(
        tree.Variable("x", type=APPLICANT), "Applicant", "age", type=INTEGER
    )

    assert second.expression == compare(through_field, ">", through_variable)


def test_facts_compare_with_references():
    _, second = rule("a: Applicant(age > 3)\nLoan(applicant == a)").conditions

    assert second.tests[0].right == tree.FactVariable("a", type=APPLICANT)


CONDITIONS = (
    "a: Applicant(age: n, income > m)",
    "Loan(amount: m, applicant == a)",
    "x = m + y",
    "y = n * 2",
    "x > 3",
    "not Loan(amount: x)",
)


def test_conditions_may_stand_in_any_order():
    for order in permutations(CONDITIONS):
        conditions = rule("\n".join(order)).conditions
        kinds = sorted(type(one).__name__ for one in conditions)
        assert kinds == ["Bind", "Bind", "Negation", "Pattern", "Pattern", "Test"]
        (negation,) = (one for one in conditions if isinstance(one, tree.Negation))
        assert negation.conditions[0].bindings == ()


def test_a_binding_that_an_aggregate_joins_is_resolved_first():
    for order in permutations(("n = count(Loan(amount: y))", "y = 3.5", "Applicant(age == n)")):
        binds = [one for one in rule("\n".join(order)).conditions if isinstance(one, tree.Bind)]
        (aggregate,) = (one.expression for one in binds if one.variable == "n")
        assert aggregate.conditions[0].bindings == ()


@pytest.mark.parametrize(
    ("conditions", "before", "expected"),
    [
        ("a: Applicant(age > age)", "", []),
        ("age: Applicant(income > 3)\nApplicant(age == age)", "", ["ambiguous-name"]),
        ("a: Applicant(history == good)", "let good = 3", ["ambiguous-name"]),
        ("a: Applicant(age: limit)\na.income > limit", "let limit = 3", ["ambiguous-name"]),
        ("a: Applicant(income > income2)", "let income2 = 3", []),
        ("good = 3\na: Applicant(history == good)", "", ["ambiguous-name"]),
        ("a: Applicant(age > f(2))", "let f(age) = age + 1", []),
    ],
)
def test_a_name_with_two_meanings_is_an_error(conditions, before, expected):
    assert codes(conditions, before) == expected


def test_lets_are_hygienic():
    """The names inside a let are those of its own place, not of where it is used."""
    assert codes("a: Applicant(age > f(3))", "let f(x) = x + income") == ["unknown-name"]
    (pattern,) = rule(
        "a: Applicant(age: x, age > twice(x))",
        before="let twice(y) = add(y, y)\nlet add(x, y) = x + y",
    ).conditions
    n = tree.Variable("x", type=INTEGER)

    assert pattern.tests[0].right == tree.Arithmetic("+", (n, n), type=INTEGER)


def test_a_let_may_sum_up_facts():
    lets = "let debt(who) = sum(l.amount for l: Loan(applicant == who))"
    _, test = rule("a: Applicant(age > 3)\ndebt(a) > 3", before=lets).conditions
    aggregate = test.expression.left

    assert aggregate.conditions[0].tests[0].right == tree.FactVariable("a", type=APPLICANT)


def test_bounds_and_defaults_may_be_lets():
    base = resolved(
        "type T:\n    x: number in 0..most, default half\nlet most = 4\nlet half = most / 2\n"
    )
    found = base.templates["T"]["x"]

    assert (found.high, found.default) == (4.0, 2.0)
