"""Conflict resolution: which of several steps of equal salience fires first."""

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.infer.strategy import STRATEGIES

TEXT = """
type A(n: integer)
type B(n: integer)
type Out(rule: text, n: integer)
rule plain:
    when A(n: x)
    then assert Out("plain", x)
rule fussy:
    when A(n: x, n > 0, n < 100)
    then assert Out("fussy", x)
rule pair:
    when:
        A(n: x)
        B(n: y)
    then assert Out("pair", 10 * x + y)
"""


def order(strategy: str) -> list[str]:
    """Return what fires with A(1), B(2) and A(3) held, in this order."""
    session = heuron.loads(TEXT).session(strategy=strategy)
    for type_name, n in (("A", 1), ("B", 2), ("A", 3)):
        session.assert_(type_name, n)
    session.run()
    return [f"{fact.values['rule']} {fact.values['n']}" for fact in session.facts("Out")]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("depth", ["plain 3", "fussy 3", "pair 32", "pair 12", "plain 1", "fussy 1"]),
        ("breadth", ["plain 1", "fussy 1", "pair 12", "plain 3", "fussy 3", "pair 32"]),
        # Newest facts first, the longer list first: (3, 2), (3), (2, 1), (1).
        ("lex", ["pair 32", "fussy 3", "plain 3", "pair 12", "fussy 1", "plain 1"]),
        # The first pattern's fact first: A(3) in three activations, then A(1).
        ("mea", ["pair 32", "fussy 3", "plain 3", "pair 12", "fussy 1", "plain 1"]),
        ("simplicity", ["plain 1", "plain 3", "pair 12", "pair 32", "fussy 1", "fussy 3"]),
        ("complexity", ["fussy 1", "fussy 3", "pair 12", "pair 32", "plain 1", "plain 3"]),
    ],
)
def test_each_strategy_has_its_order(strategy, expected):
    assert order(strategy) == expected


def test_random_depends_on_its_seed_and_on_nothing_else():
    orders = {seed: order(f"random({seed})") for seed in range(6)}

    assert orders == {seed: order(f"random({seed})") for seed in range(6)}
    assert len({tuple(one) for one in orders.values()}) > 1
    assert all(sorted(one) == sorted(orders[0]) for one in orders.values())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dept", "Did you mean `depth`?"),
        ("random", "Write `random(7)`, with a whole number."),
        ("random(x)", "Write `random(7)`, with a whole number."),
        ("loudest", None),
    ],
)
def test_an_unknown_strategy_is_named_with_those_that_there_are(name, hint):
    with pytest.raises(RuleError) as caught:
        heuron.loads(TEXT).session(strategy=name)

    found = caught.value.diagnostics[0]
    assert (found.code, found.hint) == ("unknown-name", hint)
    assert all(one in found.message for one in STRATEGIES)
