"""Lowering: conditions in the order of matching, references between facts as joins."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from heuron.check import tree
from heuron.check.reads import bound, free
from heuron.check.tree import Condition, Pattern, Rule
from heuron.check.walk import walk
from heuron.plan.lower import lower, lower_rule
from heuron.plan.normal import Program
from resolving import resolved

TYPES = """
type Town(name: text, size: integer, above: Town optional)
type Person(name: text, age: integer, town: Town, risk: high | low, grown: boolean)
type Loan(owner: Person, amount: number)
type Note(n: number)
goal Person.risk
"""


def rule_of(text: str) -> Rule:
    """Return the first rule of a text, resolved."""
    return resolved(TYPES + text).rules[0]


def lowered(when: str, then: str = "derive Note(1)") -> Rule:
    """Return a lowered rule with the given conditions, a line each."""
    lines = "".join(f"        {line}\n" for line in when.splitlines())
    return lower_rule(rule_of(f"rule r:\n    when:\n{lines}    then {then}\n"))


def shown(conditions: tuple[Condition, ...]) -> list[str]:
    """Return conditions by kind and what they bind: "Pattern p", "Test"."""
    return [" ".join([type(one).__name__, *bound((one,))]) for one in conditions]


def unread(conditions: tuple[Condition, ...]) -> list[str]:
    """Return variables that a condition (a pattern's own tests apart) reads before it is bound."""
    known: set[str] = set()
    early = []
    for one in conditions:
        if not isinstance(one, Pattern):
            early += [name for name in free(one) if name not in known]
        known.update(bound((one,)))
    return early


# Order


def test_patterns_stay_as_written() -> None:
    rule = lowered("l: Loan(amount > 3)\np: Person(age > 3)\nt: Town(size > 3)\nl.amount > p.age")
    assert shown(rule.conditions) == ["Pattern l", "Pattern p", "Test", "Pattern t"]


def test_a_test_stands_as_early_as_its_variables_allow() -> None:
    rule = lowered("p.age > 3\n1 < 2\np: Person()\nt: Town()\nnot Loan(owner == p)")
    assert shown(rule.conditions) == ["Test", "Pattern p", "Test", "Negation", "Pattern t"]


def test_values_are_bound_before_they_are_read() -> None:
    rule = lowered("z > 0\nz = y + x\ny = x + 1\np: Person(age: x)")
    assert shown(rule.conditions) == ["Pattern p x", "Bind y", "Bind z", "Test"]


def test_predictions_and_what_reads_them_stand_last() -> None:
    rule = lowered(
        "sure > 0.8\nsure = q.confidence\nq = predict(net, p)\np: Person(age > 3)\nt: Town()\n"
        "p.age < t.size"
    )
    assert shown(rule.conditions) == [
        "Pattern p",
        "Pattern t",
        "Test",
        "Predict q",
        "Bind sure",
        "Test",
    ]


CONDITIONS = (
    "p: Person(age: n)",
    "t: Town(size: m)",
    "n > 3",
    "x = n + m",
    "y = x * 2",
    "y > p.age",
    "not Loan(owner == p, amount > y)",
    "debt = sum(l.amount for l: Loan(owner == p))",
    "debt > x",
    "q = predict(net, p)",
    "q.confidence > 0.5",
    "p.town.size > 3",
)


@settings(max_examples=60, deadline=None)
@given(some.permutations(CONDITIONS))
def test_in_any_order_everything_is_bound_before_it_is_read(order: list[str]) -> None:
    rule = lowered("\n".join(order))
    assert unread(rule.conditions) == []
    assert len(rule.conditions) == len(CONDITIONS) + 1  # The town that the reference leads to.


@settings(max_examples=60, deadline=None)
@given(some.permutations(CONDITIONS[2:]))
def test_the_order_of_other_conditions_does_not_matter(order: list[str]) -> None:
    """With the patterns as they are, the same conditions are matched in equivalent order."""
    expected = lowered("\n".join(CONDITIONS)).conditions
    actual = lowered("\n".join([*CONDITIONS[:2], *order])).conditions
    assert sorted(map(anonymous, expected)) == sorted(map(anonymous, actual))
    for one, other in zip(expected, actual, strict=True):
        assert isinstance(one, Pattern) == isinstance(other, Pattern)


def anonymous(condition: Condition) -> str:
    """Return a condition as text, without numbers and the made-up names of patterns."""
    return re.sub(r"id=\d+|'_\d+'", "", repr(condition))


PATTERNS = (
    "p: Person(name: n, town: t)",
    "q: Person(name: n, age: a)",
    "t: Town(name: n, size: a)",
)


@pytest.mark.parametrize("order", list(permutations(PATTERNS)), ids=lambda _: "")
def test_a_variable_joins_whatever_stands_first(order: tuple[str, ...]) -> None:
    """Each variable is bound once, and every other place with it is a join."""
    patterns = [one for one in lowered("\n".join(order)).conditions if isinstance(one, Pattern)]
    binds = [binding.variable for one in patterns for binding in one.bindings]
    assert sorted(binds) == ["a", "n"]
    joins = [test for one in patterns for test in one.tests]
    assert len(joins) == 4
    assert {type(one) for one in joins} == {tree.Compare}


# References


def test_a_reference_becomes_a_pattern_with_an_identity() -> None:
    rule = lowered("l: Loan(amount > 3)\nl.owner.age > 18")
    _, hoisted, test = rule.conditions
    assert isinstance(hoisted, Pattern)
    assert isinstance(test, tree.Test)
    assert (hoisted.type_name, hoisted.tests, hoisted.bindings) == ("Person", (), ())
    assert isinstance(hoisted.identity, tree.FieldOf)
    assert (hoisted.identity.variable, hoisted.identity.field) == ("l", "owner")
    reads = [one for one in walk(test) if isinstance(one, tree.FieldOf)]
    assert [(one.variable, one.field) for one in reads] == [(hoisted.variable, "age")]


def test_one_path_is_followed_once() -> None:
    rule = lowered(
        "l: Loan(owner.town.size > 3, owner.age > 3)\nl.owner.town.name == x\np: Person(name: x)",
        "derive Note(l.owner.town.size)",
    )
    hoisted = [
        one for one in rule.conditions if isinstance(one, Pattern) and one.identity is not None
    ]
    assert [one.type_name for one in hoisted] == ["Person", "Town"]
    assert not any(isinstance(one, tree.ReferencedField) for one in walk(rule))


@pytest.mark.parametrize(
    "condition",
    [
        "not Loan(owner == p, owner.town.size > 3)",
        "exists Loan(owner == p, owner.town.size > 3)",
        "forall Loan(owner == p) have Loan(owner.town.size > 3)",
        "x = count(Loan(owner == p, owner.town.size > 3)), x > 1",
        "p.town.size is unknown",
        "p.town.size > 3 or p.age > 3",
        "not (p.town.size > 3)",
    ],
)
def test_a_reference_that_may_be_missing_stays(condition: str) -> None:
    """Where it need not hold, a missing reference is unknown and does not end the match."""
    rule = lowered(f"p: Person(age > 3)\n{condition}")
    patterns = [one for one in rule.conditions if isinstance(one, Pattern)]
    assert [one.variable for one in patterns] == ["p"]
    assert any(isinstance(one, tree.ReferencedField) for one in walk(rule))


def test_numbers_of_hoisted_patterns_are_new() -> None:
    rule = lowered("not Town(size > 3)\nnot Town(size < 3)\nl: Loan(owner.age > 3)")
    numbers = [one.id for one in walk(rule.conditions) if isinstance(one, (Pattern, tree.Negation))]
    assert len(numbers) == len(set(numbers))


def test_a_query_is_lowered_with_its_parameters_known() -> None:
    program = program_of("query rich(least): x >= least, l: Loan(amount: x) -> l.owner.name\n")
    (query,) = program.queries
    assert shown(query.conditions) == ["Pattern l x", "Test", "Pattern _r1"]
    assert isinstance(query.value, tree.FieldOf)


# Programs


def program_of(text: str) -> Program:
    return lower(resolved(TYPES + text))


def test_rules_and_rows_are_counted_in_rule_order() -> None:
    program = program_of(
        "rule first:\n    when p: Person(age > 3)\n    then derive Note(p.age)\n"
        "table risk(Person -> risk), first hit:\n    age -> risk\n    < 3 -> low\n    - -> high\n"
        "rule last:\n    when p: Person(age > 5)\n    then assert Loan(p, 3)\n"
    )
    assert program.order == ("first", "risk[1]", "risk[2]", "last")
    assert [one.name for one in program.steps] == ["last"]


RECORD = "rule a:\n    when p: Person(age > 3)\n    then conclude p.risk = high\n"


@pytest.mark.parametrize(
    ("more", "single"),
    [
        ("", True),
        ("table grown(Person -> grown), first hit:\n    age -> grown\n    > 18 -> true\n", True),
        ("rule b:\n    when p: Person(town.size > 3)\n    then conclude p.grown = true\n", False),
        ("rule b:\n    when p: Person(), Town()\n    then conclude p.grown = true\n", False),
        ("rule b:\n    when t: Town()\n    then conclude t.size = 3\n", False),
        ("rule b:\n    when Person(age: x)\n    then derive Note(x)\n", False),
        ("rule b:\n    when p: Person()\n    then retract p\n", False),
        ("table size(Town -> size), first hit:\n    name -> size\n    - -> 3\n", False),
    ],
)
def test_a_program_about_one_record(more: str, single: bool) -> None:
    assert program_of(RECORD + more).single_record == single
