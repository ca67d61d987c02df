"""A file that checks clean raises no type error when it runs.

Every operator, function and aggregate meets operands of every type; what the checks let through
is run on facts with known and with unknown fields, and gives a value of the type that was said.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product

import pytest

from heuron.check import analyse
from heuron.check.functions import AGGREGATES, BUILT_IN
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.plan.contract import Period
from heuron.plan.lower import lower
from heuron.values import UNKNOWN

TYPES = """
type T:
    tx: text, optional
    i: integer, optional
    n: number, optional
    b: boolean, optional
    d: date, optional
    m: datetime, optional
    u: duration, optional
    e: low | middle | high, optional
    l: list of text, optional
    r: T, optional
"""
OPERANDS = ("t.tx", "t.i", "t.n", "t.b", "t.d", "t.m", "t.u", "t.e", "t.l", "t.r", "years(2)")
KNOWN = {
    "tx": "abc",
    "i": 3,
    "n": 2.5,
    "b": True,
    "d": date(2024, 2, 29),
    "m": datetime(2024, 2, 29, 12, 30),
    "u": timedelta(days=2),
    "e": "middle",
    "l": ("abc", "b"),
}
PYTHON = {
    "text": str,
    "integer": int,
    "number": (float, int),
    "boolean": bool,
    "date": date,
    "datetime": datetime,
    "duration": timedelta,
    "enumeration": str,
    "list": tuple,
    "reference": int,
    "period": Period,
}


def clean(expressions: list[str]) -> list[str]:
    """Return the expressions that check clean."""
    head = TYPES.count("\n") + 1
    queries = [f"query q{n}(): t: T() -> {one}\n" for n, one in enumerate(expressions)]
    _, diagnostics = analyse(TYPES + "".join(queries), "all.rules")
    wrong = {one.line for one in diagnostics if one.is_error}
    return [one for line, one in enumerate(expressions, start=head) if line not in wrong]


def run(expressions: list[str]) -> int:
    """Run the expressions that check clean in one engine; return how many there are."""
    kept = clean(expressions)
    queries = "".join(f"query q{n}(): t: T() -> {one}\n" for n, one in enumerate(kept))
    base, diagnostics = analyse(TYPES + queries, "all.rules")
    assert base is not None, diagnostics
    state = Engine(lower(base), base.texts).session(Host(today=date(2026, 1, 1)))
    first = state.add("T", KNOWN)
    state.add("T", {**KNOWN, "r": first, "i": 0, "n": 0.0, "tx": "", "u": timedelta(0)})
    state.add("T", {})
    for written, query in zip(kept, base.queries, strict=True):
        kind = query.value.type.kind
        for value in state.query(query.name):
            assert value is UNKNOWN or isinstance(value, PYTHON[kind]), (written, kind, value)
            assert kind == "boolean" or not isinstance(value, bool), (written, kind, value)
    return len(kept)


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%"])
def test_arithmetic(operator: str) -> None:
    assert run([f"{a} {operator} {b}" for a, b in product(OPERANDS, OPERANDS)]) > 5


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">=", "in"])
def test_comparisons(operator: str) -> None:
    pairs = [f"({a} {operator} {b})" for a, b in product(OPERANDS, OPERANDS)]
    assert run(pairs) > 0


def test_lists_and_ranges() -> None:
    lists = [f"({a} in [{b}, {b}])" for a, b in product(OPERANDS, OPERANDS)]
    ranges = [f"({a} in {b}..{b})" for a, b in product(OPERANDS, OPERANDS)]
    assert run([*lists, *ranges]) > 20


def test_negatives_and_logic() -> None:
    assert run([f"-{a}" for a in OPERANDS]) > 2
    assert run([f"(not {a})" for a in OPERANDS] + [f"({a} and {a})" for a in OPERANDS]) == 2


@pytest.mark.parametrize("function", sorted(BUILT_IN))
def test_functions(function: str) -> None:
    calls = [f"{function}()"]
    calls += [f"{function}({a})" for a in OPERANDS]
    calls += [f"{function}({a}, {b})" for a, b in product(OPERANDS, (*OPERANDS, '"a+"'))]
    assert run(calls) > 0


@pytest.mark.parametrize("function", AGGREGATES)
def test_aggregates(function: str) -> None:
    values = [a.replace("t.", "x.") for a in OPERANDS]
    assert run([f"{function}({a} for x: T(i > 1))" for a in values]) > 1


def test_chains_of_types() -> None:
    chains = [
        f"{a} {first} {b} {second} {c}"
        for a, b, c in product(("t.d", "t.m", "t.i", "t.n", "t.u", "t.b"), repeat=3)
        for first, second in (("+", "-"), ("-", "/"), ("*", "+"), ("/", "*"))
    ]
    assert run(chains) > 100
