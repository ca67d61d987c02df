"""What gives the answer away: features made from it, the order of rows, numbers of rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from heuron.learn.contract import Contract
from heuron.learn.copies import is_id
from heuron.learn.leaks import check_gives_away, check_row_order
from heuron.values import UNKNOWN, Field, FieldType, Template, Value


def contract(names: Sequence[str], goal: FieldType) -> Contract:
    fields = [Field(name, FieldType("number"), optional=True) for name in names]
    return Contract("doubtful", Template("Row", (*fields, Field("y", goal))), "y")


LEVELS = FieldType("enumeration", ("a", "b"))


def given_away(columns: Mapping[str, Sequence[Value]], goal: FieldType) -> list[str]:
    found = check_gives_away(contract(list(columns)[:-1], goal), columns)
    return [one.message.split("`")[1] for one in found]


def test_two_copies_of_the_target_are_both_named() -> None:
    chance = random.Random(0)
    goal = [chance.choice("ab") for _ in range(200)]
    columns: dict[str, Sequence[Value]] = {
        "code": [float(one == "b") for one in goal],
        "late": [2.0 + (one == "b") + chance.random() / 9 for one in goal],
        "noise": [chance.random() for _ in goal],
        "more": [chance.random() if chance.random() < 0.9 else UNKNOWN for _ in goal],
        "y": goal,
    }
    assert given_away(columns, LEVELS) == ["code", "late"]
    # Where most features are that good the question is easy, and nothing leaks.
    easy = {"code": columns["code"], "late": columns["late"], "more": columns["more"], "y": goal}
    assert given_away(easy, LEVELS) == []


def test_number_that_is_made_from_a_numeric_goal() -> None:
    chance = random.Random(0)
    goal = [chance.uniform(1, 9) for _ in range(100)]
    columns: dict[str, Sequence[Value]] = {
        "taxed": [1.19 * one + 3 for one in goal],
        "size": [one + chance.gauss(0, 2) for one in goal],
        "y": goal,
    }
    assert given_away(columns, FieldType("number")) == ["taxed"]


def walk(chance: random.Random, rows: int) -> list[float]:
    found = [0.0]
    while len(found) < rows:
        found.append(found[-1] + chance.gauss(0, 1))
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("order", "is_told"),
    [
        ("walk", True),  # measurements in time
        ("people", True),  # five rows of each person
        ("chance", False),
        ("by goal", False),  # a table sorted by its answer, like Fisher's
        ("by feature", False),
    ],
)
def test_neighbours_that_are_alike(seed: int, order: str, is_told: bool) -> None:
    chance = random.Random(seed)
    rows = 300
    one = [chance.gauss(0, 1) for _ in range(rows)]
    two = [chance.gauss(0, 1) for _ in range(rows)]
    goal = [chance.choice("ab") for _ in range(rows)]
    if order == "walk":
        one, two = walk(chance, rows), walk(chance, rows)
    if order == "people":
        one, two = ([cells[at // 5] for at in range(rows)] for cells in (one, two))
    if order == "by goal":
        goal.sort()
        one = [cell + 3 * (level == "b") for cell, level in zip(one, goal, strict=True)]
    if order == "by feature":
        one.sort()
        two = [cell + chance.gauss(0, 0.1) for cell in one]
    columns: dict[str, Sequence[Value]] = {"one": one, "two": two, "y": goal}
    found = check_row_order(contract(["one", "two"], LEVELS), columns)
    assert bool(found) == is_told


def test_amounts_are_no_ids() -> None:
    chance = random.Random(0)
    amounts = chance.sample(range(100_000), 60)
    assert not is_id("income", amounts)
    assert is_id("customer_id", amounts)
    assert is_id("seen", sorted(amounts))
    assert is_id("number", chance.sample(range(60), 60))
    assert is_id("name", [f"P{at}" for at in range(60)])
