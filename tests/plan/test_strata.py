"""Strata: what is settled before what reads it, and which plan runs it."""

from __future__ import annotations

import pytest

from heuron.plan.lower import lower
from heuron.plan.normal import Stratum
from resolving import resolved

TYPES = """
type Person(name: text, age: integer, risk: high | low, grown: boolean, price: number)
type Loan(owner: Person, amount: number)
type Parent(parent: text, child: text)
type Ancestor(older: text, younger: text)
type Alone(name: text)
type Note(n: integer)
"""


def strata_of(text: str) -> tuple[Stratum, ...]:
    """Return the strata of a text with the types above."""
    return lower(resolved(TYPES + text)).strata


def shown(strata: tuple[Stratum, ...]) -> list[str]:
    """Return what each stratum settles: fields and derived types."""
    return [
        " ".join([*(".".join(one) for one in each.concludes), *each.derives]) for each in strata
    ]


def rule(name: str, when: str, then: str) -> str:
    return f"rule {name}:\n    when {when}\n    then {then}\n"


def test_a_reader_stands_above_what_it_reads() -> None:
    strata = strata_of(
        rule("priced", "p: Person(risk == high)", "conclude p.price = 3")
        + rule("risky", "p: Person(grown == false)", "conclude p.risk = high")
        + rule("grown", "p: Person(age > 18)", "conclude p.grown = true")
    )
    assert shown(strata) == ["Person.grown", "Person.risk", "Person.price"]
    assert [one.index for one in strata] == [0, 1, 2]
    assert [[one.name for one in each.record] for each in strata] == [
        ["grown"],
        ["risky"],
        ["priced"],
    ]


def test_rules_that_do_not_read_each_other_share_a_stratum() -> None:
    strata = strata_of(
        rule("grown", "p: Person(age > 18)", "conclude p.grown = true")
        + rule("risky", "p: Person(age < 3)", "conclude p.risk = high")
        + "table price(Person -> price), first hit:\n    age -> price\n    - -> 3\n"
    )
    assert shown(strata) == ["Person.grown Person.risk Person.price"]
    assert [one.name for one in strata[0].tables] == ["price"]


def test_recursion_stays_in_one_stratum() -> None:
    (stratum,) = strata_of(
        rule("parent", "Parent(parent: x, child: y)", "derive Ancestor(x, y)")
        + rule(
            "further",
            "Parent(parent: x, child: y), Ancestor(older: y, younger: z)",
            "derive Ancestor(x, z)",
        )
    )
    assert stratum.recursive
    assert stratum.derives == ("Ancestor",)
    assert [one.name for one in stratum.fixpoint] == ["parent", "further"]


@pytest.mark.parametrize(
    "condition",
    [
        "not Ancestor(younger == n)",
        "forall Ancestor(younger == n) have Parent(parent == n)",
        "x = count(Ancestor(younger == n)), x == 0",
        "count(Ancestor(younger == n)) == 0",
        "not exists Ancestor(younger == n)",
    ],
)
def test_what_reads_a_type_as_a_whole_stands_above_it(condition: str) -> None:
    strata = strata_of(
        rule("parent", "Parent(parent: x, child: y)", "derive Ancestor(x, y)")
        + rule("alone", f"Person(name: n), {condition}", "derive Alone(n)")
    )
    assert shown(strata) == ["Ancestor", "Alone"]
    assert not any(one.recursive for one in strata)


@pytest.mark.parametrize("condition", ["Ancestor(younger == n)", "exists Ancestor(younger == n)"])
def test_what_needs_some_fact_of_a_type_may_stand_beside_it(condition: str) -> None:
    strata = strata_of(
        rule("parent", "Parent(parent: x, child: y)", "derive Ancestor(x, y)")
        + rule("alone", f"Person(name: n), {condition}", "derive Alone(n)")
    )
    assert shown(strata) == ["Ancestor Alone"]


def test_a_field_read_in_an_action_counts() -> None:
    strata = strata_of(
        rule("priced", "p: Person(age > 3)", "conclude p.price = 3")
        + rule("noted", "p: Person(age > 3, name: n)", "derive Ancestor(n, n)")
        + rule("risky", "p: Person(age: a)", "conclude p.risk = high")
        + "rule told:\n    when p: Person(age > 3)\n    then:\n        derive Alone(p.name)\n"
        '        because "a price of {p.price}"\n'
    )
    assert shown(strata) == ["Person.price Person.risk Ancestor", "Alone"]


def test_steps_are_in_no_stratum() -> None:
    strata = strata_of(
        rule("grown", "p: Person(age > 18)", "conclude p.grown = true")
        + rule("gone", "p: Person(grown == true)", "retract p")
    )
    assert [reason for each in strata for reason in each.reasons] == [
        ("grown", "it is about one record")
    ]


@pytest.mark.parametrize(
    ("when", "then", "reason"),
    [
        ("p: Person(age > 3)", "conclude p.risk = high", "it is about one record"),
        ("p: Person(age > 3), p.name == x, x = p.name", "conclude p.risk = high",
         "it is about one record"),
        ("p: Person(age > 3), q: Person(age > 5)", "conclude p.risk = high", "it joins facts"),
        ("l: Loan(owner.age > 3)", "derive Note(1)", "it joins facts"),
        ("x = count(Loan())", "derive Note(x)", "it matches no record"),
        ("p: Person(age > 3)", "derive Note(1)", "it derives facts"),
        ("p: Person(age > 3), not Loan(owner == p)", "conclude p.risk = high",
         "it asks about other facts"),
        ("p: Person(age > 3), exists Loan(amount > 3)", "conclude p.risk = high",
         "it asks about other facts"),
        ("p: Person(age: n), x = count(Loan(amount > n))", "conclude p.price = x",
         "it asks about other facts"),
    ],
)  # fmt: skip
def test_each_rule_says_why_it_got_its_plan(when: str, then: str, reason: str) -> None:
    (stratum,) = strata_of(rule("r", when, then))
    assert stratum.reasons == (("r", reason),)
    assert bool(stratum.record) == (reason == "it is about one record")


def test_local_facts_of_one_name_keep_their_own_types() -> None:
    """`x` is a loan in one group and a person in another; only the person's field is read."""
    strata = strata_of(
        rule("grown", "p: Person(age > 18)", "conclude p.grown = true")
        + rule(
            "noted",
            "exists x: Person(x.grown == true), exists x: Loan(x.amount > 3)",
            "derive Note(1)",
        )
    )
    assert shown(strata) == ["Person.grown", "Note"]


def test_five_hundred_strata_are_found_in_one_go() -> None:
    fields = "".join(f"    c{at}: boolean\n" for at in range(500))
    rules = "".join(
        rule(f"r{at}", f"t: Long(c{at} == true)", f"conclude t.c{at + 1} = true")
        for at in reversed(range(499))
    )
    strata = strata_of(f"type Long:\n{fields}{rules}")
    assert len(strata) == 499
    assert shown(strata)[:2] == ["Long.c1", "Long.c2"]
