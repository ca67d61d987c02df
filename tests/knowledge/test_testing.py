"""The tests of rule files: what passes, what fails, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

import heuron
from heuron.answer import Answer, Route
from heuron.knowledge.testing import run_tests

HEAD = """type Fruit:
    colour: red | green
    weight: number
    name: cherry | apple
type Big(fruit: Fruit)
goal Fruit.name
rule cherry:
    when f: Fruit(colour == red, weight < 20)
    then conclude f.name = cherry, certainty 0.9
rule big:
    when f: Fruit(weight > 100)
    then derive Big(f)
test "one":
    given f: Fruit(colour = red, weight = 10)
"""


def why(expectation: str) -> str:
    kb = heuron.loads(f"{HEAD}    expect {expectation}\n")
    (result,) = run_tests(kb).results
    assert result.passed is not bool(result.why)
    return "\n".join(result.why)


@pytest.mark.parametrize(
    "expectation",
    [
        "f.name == cherry",
        "f.name == cherry because cherry",
        "certainty(f.name) > 0.8",
        "not Big(fruit == f)",
        "not (f.name == apple)",
    ],
)
def test_what_holds_passes(expectation: str) -> None:
    assert why(expectation) == ""


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ("f.name == apple", "expected f.name == apple: f.name is cherry (0.9)"),
        ("f.name == cherry because big", "it holds, supported by cherry"),
        ("f.name is unknown", "f.name is cherry (0.9)"),
        ("Big(fruit == f)", "expected Big(fruit == f): Big: no facts"),
        ("certainty(f.name) > 0.95", "f.name is cherry (0.9)"),
        ("route refer", "routes are not run here"),
    ],
)
def test_what_fails_says_what_it_found(expectation: str, said: str) -> None:
    assert said in why(expectation)


def test_the_goal_is_hidden_from_the_rules() -> None:
    text = HEAD.replace("weight = 10", "weight = 50, name = apple")
    (result,) = run_tests(heuron.loads(text + "    expect f.name is unknown\n")).results
    assert result.passed


def test_a_route_is_asked_from_above() -> None:
    kb = heuron.loads(f"{HEAD}    expect route model forest\n", models=("forest",))
    asked = []

    def ask(given: object, today: object) -> Answer:
        asked.append(given)
        return Answer("fruit", "Fruit.name", "cherry", backend="model:forest", route=Route(2))

    (result,) = run_tests(kb, ask).results
    assert result.passed
    assert asked[0].record == {"colour": "red", "weight": 10.0}  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted(Path("tests/cases/language").glob("*.rules")), ids=str)
def test_the_worked_examples_pass(path: Path) -> None:
    report = run_tests(heuron.load(path))
    failed = [one for result in report.results for one in result.why if "routes are" not in one]
    assert failed == []


def test_coverage_names_what_no_test_reached() -> None:
    report = run_tests(heuron.loads(f"{HEAD}    expect f.name == cherry\n"))
    assert (report.coverage.rules, report.coverage.silent_rules) == (("cherry",), ("big",))
