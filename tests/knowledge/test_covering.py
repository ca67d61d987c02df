"""Coverage of conditions: which of them tests saw hold, and saw fail."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heuron
from heuron.knowledge.testing import run_tests

HEAD = """
type Fruit:
    weight: number
    ripe: boolean
    name: cherry | apple
type Tree(height: number)
goal Fruit.name
"""


def seen(rules: str, *givens: str) -> dict[str, tuple[bool, bool]]:
    """Return for each condition, as written, whether it held and whether it failed."""
    tests = "".join(
        f'test "{place}":\n' + "".join(f"    given {one}\n" for one in some.split("; "))
        for place, some in enumerate(givens)
    ).replace("\ntest", "\n    expect 1 == 1\ntest")
    text = HEAD + rules + tests + "    expect 1 == 1\n"
    report = run_tests(heuron.loads(text), conditions=True)
    assert report.coverage.conditions is not None
    return {one.text: (one.held, one.failed) for one in report.coverage.conditions}


SMALL = """
rule small:
    when f: Fruit(weight < 20, ripe == true)
    then conclude f.name = cherry
"""


@pytest.mark.parametrize(
    ("givens", "expected"),
    [
        (["Fruit(weight = 10, ripe = true)"], ((True, False), (True, False))),
        (["Fruit(weight = 30, ripe = true)"], ((False, True), (False, False))),
        (["Fruit(weight = 10, ripe = false)"], ((True, False), (False, True))),
        (["Fruit(weight = 10)"], ((True, False), (False, False))),
        (
            [
                "Fruit(weight = 10, ripe = true)",
                "Fruit(weight = 30)",
                "Fruit(weight = 1, ripe = false)",
            ],
            ((True, True), (True, True)),
        ),
        # Two facts of one test count by themselves.
        (
            ["Fruit(weight = 10, ripe = true); Fruit(weight = 10, ripe = false)"],
            ((True, False), (True, True)),
        ),
    ],
)
def test_a_condition_is_reached_after_those_before_it(givens, expected) -> None:
    found = seen(SMALL, *givens)
    assert (found["weight < 20"], found["ripe == true"]) == expected


def test_groups_joins_and_whole_tests_are_conditions_too() -> None:
    rules = """
rule shaded:
    when:
        f: Fruit(weight: w)
        t: Tree(height > w)
        not Tree(height > 100)
        w > 1 and w < 5
    then conclude f.name = apple
"""
    found = seen(rules, "Fruit(weight = 3); Tree(50)", "Fruit(weight = 9); Tree(200)")
    assert found == {
        "height > w": (True, False),
        "w > 1": (True, False),
        "w < 5": (True, True),
        "not Tree(height > 100)": (True, False),
    }
    found = seen(rules, "Fruit(weight = 3); Tree(200)")
    assert found["not Tree(height > 100)"] == (False, True)


def test_a_range_and_a_chain_are_one_condition_each() -> None:
    rules = (
        "rule r:\n    when f: Fruit(weight in 2..4), 1 < f.weight < 9\n"
        "    then conclude f.name = apple\n"
    )
    found = seen(rules, "Fruit(weight = 3)", "Fruit(weight = 1)")
    assert found == {"weight in 2..4": (True, True), "1 < f.weight < 9": (True, False)}


def test_cells_of_rows_are_conditions() -> None:
    rows = "    weight -> name\n    < 5 -> cherry\n    - -> apple\n"
    rules = f"table t(Fruit -> name), first hit:\n{rows}"
    assert seen(rules, "Fruit(weight = 3)") == {"< 5": (True, False)}
    assert seen(rules, "Fruit(weight = 3)", "Fruit(weight = 7)") == {"< 5": (True, True)}


def test_steps_are_looked_at_when_all_is_at_rest() -> None:
    rules = "rule fell:\n    when t: Tree(height > 10)\n    then retract t\n"
    assert seen(rules, "Tree(20)", "Tree(5)") == {"height > 10": (True, True)}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=4))
def test_it_is_what_trying_every_record_says(records) -> None:
    """For rules about one record: prefix by prefix, by plain Python."""
    when = "    when f: Fruit(weight > 0, ripe, weight < 3)\n"
    rules = f"rule r:\n{when}    then conclude f.name = apple\n"
    givens = [f"Fruit(weight = {n}, ripe = {str(ripe).lower()})" for n, ripe in records]
    prefixes = [lambda n, r: True, lambda n, r: n > 0, lambda n, r: r, lambda n, r: n < 3]
    expected = []
    for place, _ in enumerate(pairwise(prefixes), 1):
        before = [one for one in records if all(test(*one) for test in prefixes[:place])]
        results = [prefixes[place](*one) for one in before]
        expected.append((any(results), not all(results)))

    assert list(seen(rules, *givens).values()) == expected


def test_without_asking_conditions_are_not_counted() -> None:
    kb = heuron.loads(HEAD + SMALL + 'test "t":\n    given Fruit(weight = 1)\n    expect 1 == 1\n')
    assert run_tests(kb).coverage.conditions is None
