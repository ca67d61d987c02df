"""Rules that are looked up together give what they give one by one, to the last digit."""

import random
from bisect import bisect_right
from typing import Any

import pytest

import strategies
from heuron.answer import Prediction
from heuron.check import analyse
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.plan import masks
from heuron.plan.contract import NAMES
from heuron.plan.cuts import OFF_GRID, choice_table, cut_table, grid_table
from heuron.plan.lower import lower
from heuron.plan.normal import Program
from heuron.plan.record import plan_record
from heuron.values import UNKNOWN, Template, Value
from records import TODAY, a_value
from resolving import resolved


def answers(program: Program, rows: list[dict[str, Value]], together: bool) -> list[Any]:
    """Return the whole results of the generated function."""
    names = dict(NAMES)
    exec(plan_record(program, together).source, names)
    function: Any = names["record"]
    return [repr(function(row.get, TODAY, None, None, None)) for row in rows]


def given_of(program: Program) -> tuple[Template, list[str]]:
    assert program.goal is not None
    template = program.templates[program.goal.type_name]
    concluded = {field for _, field in program.concluded}
    return template, [name for name in template.names if name not in concluded]


def test_random_programs_looked_up_in_small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "MANY", 1)
    monkeypatch.setattr(masks, "RULES_FOR_A_FIELD", 0)
    monkeypatch.setattr(masks, "LARGEST", 2)
    monkeypatch.setattr(masks, "LEAST_CUTS", 1)
    looked_up = several = fired = 0
    for seed in range(3000):
        trial = strategies.make_trial(seed, plain=True)
        base, _ = analyse(trial.text, "test.rules") if trial.goal else (None, ())
        if base is None:
            continue
        program = lower(base)
        if not program.single_record:
            continue
        source = plan_record(program).source
        if "hit_rows" not in source or "predict(" in source:
            continue
        template, given = given_of(program)
        chance = random.Random(seed)
        rows = [{name: a_value(template[name], chance) for name in given} for _ in range(30)]
        plain = answers(program, rows, together=False)
        assert answers(program, rows, together=True) == plain, trial.text
        looked_up += 1
        several += "m1 = " in source
        fired += any(not one.startswith("([],") for one in plain)
        if looked_up >= 150:
            break
    assert looked_up >= 100
    assert several >= 5
    assert fired >= 80


TESTS = (
    ("x {0} {1}", ""),
    ("{1} {0} y", ""),
    ("{1} <= y < {2}", ""),
    ("y != {1}", ""),
    ("x in [{1}, {2}]", ""),
    ("x: v", "v {0} {1}"),
    ("y: w", "{1} {0} w"),
    ("colour == {3}", ""),
    ("colour != {3}", ""),
    ("colour in [{3}, red]", ""),
    ("", "not (k.colour == {3})"),
    ("colour: h", "h not in [{3}, blue]"),
    ("on == true", ""),
    ("on: o", "not o"),
    ("", "k.on and k.x {0} {1}"),
    ('name in ["a", "b"]', ""),
    ('name != "a"', ""),
    ("shape == round", ""),
    ("", "k.x + k.y > {1}"),
)


OUTLIERS = (0.0, -0.0, 2.0, 5e-324, -5e-324, 1e308, -1e308, *range(-200, 200, 7))
"""Values of a number without a declared range: some lie far outside the cuts."""


def many_rules(count: int, chance: random.Random) -> str:
    """Return so many rules, most of them simple, and a table in their midst."""
    lines = ["type Case:", "    x: integer in -10..10", "    y: number", "    name: text, optional"]
    lines += ["    colour: red | green | blue | white", "    on: boolean"]
    lines += ["    shape: round | square", "    verdict: a | b | d", "    mark: integer, optional"]
    lines += ["goal Case.verdict"]
    lines += ["rule shaped:", "    when k: Case(x > 0)"]
    lines += ["    then conclude k.shape = round, certainty 0.7"]
    for number in range(count):
        operator = chance.choice(("<", "<=", ">", ">=", "=="))
        low = chance.randint(-10, 8)
        colour = chance.choice(("red", "green", "blue", "white"))
        tests = [
            (slot.format(operator, low, low + 2, colour), line.format(operator, low, low, colour))
            for slot, line in chance.sample(TESTS, chance.randint(0, 2))
        ]
        slots = ", ".join(slot for slot, _ in tests if slot)
        certainty = chance.choice((0.2, 0.35, 0.61, 0.9, 1, -0.3, -1))
        lines += [f"rule r{number}:", "    when:", f"        k: Case({slots})"]
        lines += [f"        {line}" for _, line in tests if line]
        lines += ["    then:"]
        lines.append(f"        conclude k.verdict = {chance.choice('abd')}, certainty {certainty}")
        if chance.random() < 0.3:
            mark = chance.randint(0, 20)
            lines.append(f"        conclude k.mark = {mark}, certainty {abs(certainty)}")
        if number == count // 2:
            lines += ["table middle(Case -> verdict), first hit:"]
            lines += ["    colour -> verdict", "    red -> a", "    - -> b"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", [200, 500])
def test_many_rules_of_all_kinds(count: int) -> None:
    chance = random.Random(count)
    program = lower(resolved(many_rules(count, chance)))
    template, given = given_of(program)
    rows = [{name: a_value(template[name], chance) for name in given} for _ in range(300)]
    rows += [{"y": value} for value in OUTLIERS]
    rows.append({})

    assert "hit_rows" in plan_record(program).source
    assert answers(program, rows, together=True) == answers(program, rows, together=False)


def test_few_rules_are_written_out() -> None:
    program = lower(resolved(many_rules(60, random.Random(1))))
    assert "hit_rows" not in plan_record(program).source


def test_unknown_falls_to_the_rules_that_do_not_ask() -> None:
    inf = float("inf")
    cuts, sets = cut_table(0b100, ((0, -inf, 5.0), (1, 2.0, inf), (0, 7.0, 7.0)))
    assert [sets[bisect_right(cuts, value)] for value in (1, 2, 5.0, UNKNOWN)] == [5, 7, 6, 4]

    table, other = choice_table(0b100, ((0, True, ("a",)), (1, False, ("a", "b"))))
    assert [table.get(value, other) for value in ("a", "b", "c", UNKNOWN)] == [5, 4, 6, 4]


@pytest.mark.parametrize("cells", [1, 2, 16, 256])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_grid_finds_what_a_search_finds(cells: int, count: int) -> None:
    """Within its range a grid gives the interval of the value, or says that it does not know."""
    chance = random.Random(count * cells)
    cuts = (*sorted({chance.uniform(-120, 120) for _ in range(count)}), float("inf"))
    sets = tuple(range(len(cuts) + 1))
    low, scale = -100.0, cells / 200
    below, cut, above = grid_table(cuts, sets, low, scale, cells)
    values = [chance.uniform(-100, 99.99) for _ in range(2000)] + [low, 99.99]
    values += [one for one in cuts if -100 <= one < 100]
    found = 0
    for value in values:
        cell = int((value - low) * scale)
        if cut[cell] is not None:
            found += 1
            assert (below if value < cut[cell] else above)[cell] == bisect_right(cuts, value)
    assert found > 1000 or cells < count
    for outside in (101.0, 299.0, 301.0, 1e6, 1e300, 1e308):
        with pytest.raises(OFF_GRID):
            value = outside < cut[int((outside - low) * scale)]


def test_a_model_is_asked_beside_a_hundred_rules():
    """The prediction and the set of rules that fire have names of their own."""
    rules = "".join(
        f"rule r{n}:\n    when i: Item(size == {n})\n"
        "    then conclude i.grade = low, certainty 0.5\n"
        for n in range(120)
    )
    text = f"""
type Item(size: integer, grade: low | high)
goal Item.grade
rule asked:
    when:
        i: Item(size > 3)
        p = predict(judge, i)
        p.value == high
    then conclude i.grade = high, certainty 0.75
{rules}
"""
    base = resolved(text)
    host = Host(today=TODAY, predict=lambda model, record: Prediction("high", 0.9))
    result = Engine(lower(base), base.texts).record({"size": 7}, host)

    assert dict(result.levels("grade")) == {"low": 0.5, "high": 0.75}
