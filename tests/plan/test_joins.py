"""What `heuron plan` says of searches is what the generated searches do."""

from __future__ import annotations

from collections import Counter

import pytest

import heuron
from heuron.check.reads import patterns
from heuron.plan.joins import Look, indexes_of, searches_of
from heuron.plan.lower import lower
from heuron.plan.normal import Program
from resolving import resolved
from strategies import make_steps, make_trial

TYPES = """
type Part(name: text, size: integer)
type Car(name: text, part: Part, size: integer)
type Used(name: text)
type Big(name: text)
"""


def looks_of(text: str, rule: str = "r") -> list[tuple[str | None, tuple[Look, ...]]]:
    """Return the searches of a rule: around what, and the looks."""
    found = searches_of(lower(resolved(TYPES + text)))
    return [(one.around, one.looks) for one in found if one.rule == rule]


def test_equality_is_asked_of_an_index_and_inequality_of_a_sorted_one() -> None:
    joined = "rule r:\n    when Part(name: n, size: s), Car(name == n, size > s)\n"
    joined += "    then assert Used(n)\n"
    assert looks_of(joined) == [
        ("Part", (Look("Car", "hash", ("name",)),)),
        ("Car", (Look("Part", "hash", ("name",)),)),
    ]
    ordered = "rule r:\n    when Part(size: s), Car(name: n, size > s)\n    then assert Used(n)\n"
    assert looks_of(ordered) == [
        ("Part", (Look("Car", "sorted", ("size",)),)),
        ("Car", (Look("Part", "sorted", ("size",)),)),
    ]


def test_a_reference_is_followed_by_its_number() -> None:
    text = "rule r:\n    when c: Car(name: n), c.part.size > 3\n    then derive Used(n)\n"
    assert looks_of(text)[0] == (None, (Look("Car", "scan"), Look("Part", "number")))


def test_a_condition_of_its_own_says_what_it_is() -> None:
    text = (
        "rule r:\n"
        "    when:\n"
        "        Part(name: n, size: s)\n"
        "        not Used(name == n)\n"
        "        exists Car(size == s)\n"
        "        sum(c.size for c: Car(name == n)) > 4\n"
        "    then assert Big(n)\n"
    )
    ((around, looks), *_) = looks_of(text)
    assert around is None
    assert set(looks[1:]) == {
        Look("Used", "hash", ("name",), scope="not"),
        Look("Car", "hash", ("size",), scope="exists or sum"),
        Look("Car", "hash", ("name",), scope="exists or sum"),
    }


def test_rounds_of_the_fixpoint_plan_are_searches_around_new_facts() -> None:
    text = """
type Reach(a: text, b: text)
type Edge(a: text, b: text)
rule one:
    when Edge(a: x, b: y)
    then derive Reach(x, y)
rule more:
    when Reach(a: x, b: y), Edge(a == y, b: z)
    then derive Reach(x, z)
rule twice:
    when Reach(a: x, b: y), Reach(a == y, b == x)
    then derive Reach(x, x)
"""
    assert looks_of(text, "more") == [("Reach", (Look("Edge", "hash", ("a",)),))]
    assert looks_of(text, "twice") == [("Reach", (Look("Reach", "hash", ("a", "b")),))] * 2


def test_indexes_are_those_of_all_searches_with_their_rules() -> None:
    program = heuron.load("benchmarks/programs/manners.rules").engine.program
    indexes = {(one.type_name, one.fields): one for one in indexes_of(searches_of(program))}
    assert indexes["Path", ("id", "name")].rules == ("find_seating", "make_path")
    # A state is looked up only where many rows share the rest of the key.
    assert indexes["Seating", ("parent", "path_done")].rules == ("make_path",)
    assert {one.kind for one in indexes.values()} == {"hash"}


def check_looks(program: Program) -> int:
    """Check that every pattern of a rule is looked for once in each search; return the searches."""
    rules = [one for stratum in program.strata for one in (*stratum.record, *stratum.fixpoint)]
    own = {one.name: patterns(one.conditions) for one in (*rules, *program.steps)}
    searches = [one for one in searches_of(program) if one.rule in own]
    for search in searches:
        wanted = Counter(one.type_name for one in own[search.rule])
        if search.around is not None:
            wanted[search.around] -= 1
        found = Counter(one.type_name for one in search.looks if not one.scope)
        assert found == +wanted, search
        given = {name: template.names for name, template in program.templates.items()}
        for one in search.looks:
            assert set(one.fields + one.finer) <= set(given[one.type_name])
            assert bool(one.fields) == (one.kind in ("hash", "sorted"))
    assert {one.rule for one in searches} == set(own)
    return len(searches)


@pytest.mark.parametrize("steps", [False, True], ids=["definitions", "steps"])
def test_every_pattern_is_looked_for_once_in_random_programs(steps: bool) -> None:
    checked = 0
    for seed in range(60):
        trial = make_steps(seed) if steps else make_trial(seed)
        checked += check_looks(lower(resolved(trial.text)))
    assert checked > 150


@pytest.mark.parametrize(
    "name",
    [
        "family",
        "loan",
        *(f"benchmarks/programs/{one}.rules" for one in ("closure", "manners", "waltz")),
    ],
)
def test_every_pattern_is_looked_for_once(name: str) -> None:
    assert check_looks(heuron.load(name).engine.program)


def test_a_rule_with_more_patterns_than_loops_nest_is_one_search() -> None:
    conditions = [f"p{at}: Part(size == {at})" for at in range(30)]
    text = f"rule r:\n    when {', '.join(conditions)}\n    then assert Used(p0.name)\n"
    assert check_looks(lower(resolved(TYPES + text))) == 30
