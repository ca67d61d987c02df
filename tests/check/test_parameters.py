"""The types of query parameters: found from their uses, and checked like any other type."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import heuron
from heuron.check import Environment, analyse
from heuron.check.tree import INTEGER, TEXT, HostFunction

TYPES = """
type Person:
    name: text
    age: integer
    height: number
    mood: glad | sad
    born: date
    tags: list of text
type Pet(owner: Person, name: text)
"""


def types_of(query: str) -> list[str]:
    """Return the types of a query's parameters, in words."""
    functions = {"code_of": HostFunction((TEXT,), INTEGER)}
    base, found = analyse(f"{TYPES}{query}\n", "t.rules", Environment(functions=functions))
    assert base is not None, found
    return [str(one) for one in base.queries[0].types]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query q(x): Person(name == x, age: a) -> a", ["text"]),
        ("query q(x): Person(age > x, name: n) -> n", ["integer"]),
        ("query q(x): Person(age > x, height < x, name: n) -> n", ["number"]),
        ("query q(x): Person(age > x + 1, name: n) -> n", ["number"]),
        ("query q(x): Person(mood == x, name: n) -> n", ["glad | sad"]),
        ("query q(x): Person(mood: x, name: n) -> n", ["glad | sad"]),
        ("query q(x, y): Person(born >= x, born <= y, name: n) -> n", ["date", "date"]),
        ("query q(x): p: Person(name: n), x in p.tags -> n", ["text"]),
        ("query q(x): Person(name: n), x in [1, 2] -> n", ["integer"]),
        ("query q(x): Pet(owner == x, name: n) -> n", ["Person"]),
        ("query q(x): Person(name: n), not Pet(name == x) -> n", ["text"]),
        ("query q(x): Person(name: n), count(Pet(name == x)) > 0 -> n", ["text"]),
        ("query q(x): Person(contains(name, x), name: n) -> n", ["text"]),
        ("query q(x): Person(age > code_of(x), name: n) -> n", ["text"]),
        ("query q(x): Person(name: n) -> x", ["any"]),
    ],
)
def test_a_parameter_has_the_type_of_what_it_meets(query, expected):
    assert expected == types_of(query)


def test_uses_that_do_not_go_together_are_an_error():
    _, found = analyse(
        f"{TYPES}query q(x): Person(name == x, age == x, height: h) -> h\n", "t.rules"
    )

    assert [one.code for one in found] == ["type-mismatch"]
    assert "whole number" in found[0].message.lower()


def test_a_mistake_in_a_query_is_said_once():
    _, found = analyse(f"{TYPES}query q(x): Person(name == x, agee: a) -> a\n", "t.rules")

    assert [one.code for one in found] == ["unknown-field"]


def session_of(query: str) -> heuron.knowledge.session.Session:
    session = heuron.loads(f"{TYPES}{query}\n").session()
    session.assert_("Person", "Ann", 30, 1.7, "glad", "1996-02-29", ["a", "b"])
    session.assert_("Person", "Bob", 40, 1.8, "sad", "1986-01-01", [])
    return session


@pytest.mark.parametrize(
    ("query", "value", "expected"),
    [
        ("query q(x): Person(age > x, name: n) -> n", 35, ("Bob",)),
        ("query q(x): Person(age > x, name: n) -> n", "35", ("Bob",)),
        ("query q(x): Person(mood == x, name: n) -> n", "SAD", ("Bob",)),
        ("query q(x): Person(born < x, name: n) -> n", "1990-01-01", ("Bob",)),
        ("query q(x): Person(name == x, age: a) -> a", "Ann", (30,)),
        ("query q(x): Person(name == x, age: a) -> a", None, ()),
    ],
)
def test_arguments_are_read_as_evidence_is(query, value, expected):
    assert expected == session_of(query).query("q", value)


@pytest.mark.parametrize(
    ("query", "value", "message"),
    [
        (
            "query q(x): Person(age > x, name: n) -> n",
            "old",
            'Query `q`: `x` accepts a whole number, not "old".',
        ),
        (
            "query q(x): Person(mood == x, name: n) -> n",
            "angry",
            'Query `q`: `x` accepts one of glad, sad, not "angry".',
        ),
        (
            "query q(x): Person(name == x, age: a) -> a",
            3,
            "Query `q`: `x` accepts text, not 3.",
        ),
    ],
)
def test_a_value_of_another_type_is_an_error_that_says_what_is_accepted(query, value, message):
    with pytest.raises(heuron.RuleError) as caught:
        session_of(query).query("q", value)

    assert ("wrong-value", message) == (
        caught.value.diagnostics[0].code,
        caught.value.diagnostics[0].message,
    )


def test_a_fact_is_an_argument_by_itself_or_by_its_number():
    session = session_of("query q(x): Pet(owner == x, name: n) -> n")
    ann = session.facts("Person")[0]
    session.assert_("Pet", ann, "Rex")

    assert session.query("q", ann) == ("Rex",)
    assert session.query("q", x=ann.number) == ("Rex",)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda session: session.query("q"), "needs `x`"),
        (lambda session: session.query("q", 1, 2), "takes 1 value, and 2 were given"),
        (lambda session: session.query("q", y=1), "has no parameter `y`"),
        (lambda session: session.query("q", 1, x=1), "is given `x` twice"),
    ],
)
def test_wrong_arguments_are_named_with_the_parameters(ask: Callable[[object], object], words: str):
    session = session_of("query q(x): Person(age > x, name: n) -> n")

    with pytest.raises(heuron.RuleError) as caught:
        ask(session)
    (found,) = caught.value.diagnostics
    assert found.code == "wrong-arguments"
    assert found.message == f"The query `q` {words}."
    assert found.hint == "Write it as q(x: integer)."


def test_a_query_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(heuron.RuleError) as caught:
        session_of("query older(x): Person(age > x, name: n) -> n").query("oldr", 1)

    assert caught.value.diagnostics[0].hint == "Did you mean `older`?"
