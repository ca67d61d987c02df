"""Columns and single records give the same values, the same certainties, the same firings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

import heuron
import strategies
from columnprograms import column_program
from heuron.check import analyse
from heuron.check.tree import Base
from heuron.diagnostics import RuleError
from heuron.infer.coded import decode
from heuron.infer.columns import ColumnRun
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.knowledge.base import KnowledgeBase
from heuron.knowledge.coding import read_column
from heuron.plan.lower import lower
from heuron.values import UNKNOWN, Field, Value
from naive import Oracle
from records import TODAY, a_value


def compare(knowledge: KnowledgeBase, rows: list[dict[str, Value]]) -> None:
    """Compare a table of rows with the same rows one by one."""
    names = knowledge.template.names
    frame = {
        name: [None if row[name] is UNKNOWN else row[name] for row in rows]
        for name in names
        if any(name in row for row in rows)
    }
    answers = knowledge.infer_table(frame, TODAY)
    goal = knowledge.goal
    assert goal is not None
    host = knowledge.host(today=TODAY)
    fired: dict[str, int] = {}
    for at, row in enumerate(rows):
        result = knowledge.engine.record(row, host)
        strange = {what for what, places in answers.reports.items() if at in places}
        assert strange == set(result.reports)
        held = tuple(value for value, _ in result.held(goal.field))
        expected: Any = held if goal.many else (None if not held else held[0])
        assert answers.values[at] == expected, (at, row)
        assert answers.certainties[at] == result.certainty, (at, row)
        for field, column in answers.fields.items():
            value = result.settled(field)[0]
            assert column[at] == (None if value is UNKNOWN else value), (at, field, row)
        for name in result.rules:
            fired[name] = fired.get(name, 0) + 1
    assert {name: count for name, count in answers.fired.items() if count} == fired


@pytest.mark.parametrize("domain", ["cancer", "iris", "penguins", "garage"])
def test_built_in_rules_as_columns(domain: str) -> None:
    knowledge = heuron.load(domain)
    chance = random.Random(domain)
    given = [
        one
        for one in knowledge.template.fields
        if (knowledge.template.name, one.name) not in knowledge.concluded
    ]
    rows = [{one.name: a_value(one, chance) for one in given} for _ in range(400)]
    compare(knowledge, rows)


def test_random_programs_as_columns() -> None:
    """Random programs about single records; of those that fire most have a form over columns."""
    done = columns = 0
    for seed in range(220):
        trial = strategies.make_trial(seed, plain=True)
        if trial.goal is None:
            continue
        base, _ = analyse(trial.text, "test.rules")
        if base is None:
            continue
        program = lower(base)
        if not program.single_record:
            continue
        engine = Engine(program, base.texts)
        run = ColumnRun(engine)
        fired, _ = one_program(engine, run, random.Random(seed))
        done += fired > 0
        columns += fired > 0 and not run.refused
    assert done >= 100
    assert columns >= 100


@pytest.mark.parametrize("part", range(4))
def test_programs_that_strain_columns(part: int) -> None:
    """Many rules, chains, tables and computed fields: columns, one record, brute force."""
    columns = 0
    for seed in range(part * 12, part * 12 + 12):
        text = column_program(seed)
        base, problems = analyse(text, "test.rules")
        assert base is not None, (seed, problems)
        program = lower(base)
        assert program.single_record, seed
        engine = Engine(program, base.texts)
        run = ColumnRun(engine)
        fired, rows = one_program(engine, run, random.Random(seed), at_least=150)
        assert fired > 50, seed
        columns += not run.refused
        against_brute_force(base, engine, rows[:3])
    assert columns == 12


@pytest.mark.parametrize(
    "settings",
    [
        {"columnsettle.VALUE_BITS": 0},
        {"columnsettle.MOST_BITS": 2},
        {"columntables.FEW_CUTS": 0},
        {"columntables.FEW_CUTS": 0, "columntables.MOST_IN_A_CELL": 0},
        {"columntables.FEW_CUTS": 100, "columntables.LARGEST_DIRECT": 0},
        {"columnwords.FEW": 100},
        {"columnconditions.STATES_OF_A_RULE": 0},
    ],
    ids=["no keys", "long keys", "grid", "searched", "compared", "masks", "weights"],
)
def test_every_way_to_look_up_and_to_settle(
    settings: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is chosen for speed changes nothing: each way is forced on the same programs."""
    for name, value in settings.items():
        monkeypatch.setattr(f"heuron.plan.{name}", value)
    for seed in (1, 2, 5, 14):
        base, _ = analyse(column_program(seed), "test.rules")
        assert base is not None
        engine = Engine(lower(base), base.texts)
        fired, _ = one_program(engine, ColumnRun(engine), random.Random(seed), at_least=60)
        assert fired > 20
    many = heuron.load("garage")
    chance = random.Random(0)
    names = [one for one in many.template.fields if one.name not in many.engine.layout]
    compare(many, [{one.name: a_value(one, chance) for one in names} for _ in range(60)])


def against_brute_force(base: Base, engine: Engine, rows: Sequence[Mapping[str, Value]]) -> None:
    """Compare the single-record function, which columns agree with, with the oracle."""
    for row in rows:
        oracle = Oracle(base, TODAY)
        oracle.add("R", dict(row))
        settled = {name: one.values for (_, name), one in oracle.conclusions().items()}
        result = engine.record(row, Host(today=TODAY))
        for name in engine.layout:
            assert settled.get(name, ())[:1] == result.held(name)[:1], (name, row)


def one_program(
    engine: Engine, run: ColumnRun, chance: random.Random, at_least: int = 40
) -> tuple[int, list[dict[str, Value]]]:
    """Compare columns with single records; return how many rows fired something, and the rows."""
    assert engine.goal is not None
    template = engine.templates[engine.goal[0]]
    names = {name for name, *_ in run.plan.outputs}
    given = [one for one in template.fields if one.name not in names]
    rows: list[dict[str, Value]] = [
        {one.name: a_value(one, chance) for one in given} for _ in range(at_least)
    ]
    some = 0
    full = [{one.name: known_value(one, chance) for one in given} for _ in rows]
    for records in (rows, full):
        coded = {}
        for one in given:
            cells = [None if row[one.name] is UNKNOWN else row[one.name] for row in records]
            coded[one.name] = read_column(one, cells)
        host = Host(today=TODAY)
        chunks = run.run(coded, len(records), partial(chosen, records), host)
        for chunk in chunks:
            settled = {
                name: decode(column, template[name].type) for name, column in chunk.values.items()
            }
            counts = dict.fromkeys(chunk.fired, 0)
            for at, row in enumerate(records):
                result = engine.record(row, host)
                some += bool(result.fired)
                for name, _, _, many in run.plan.outputs:
                    value: Any = result.held(name) if many else result.settled(name)[0]
                    found = settled[name][at]
                    assert type(found) is type(value), (name, row)
                    assert found is value or found == value, (name, row, engine.outline["rules"])
                    assert chunk.certainties[name][at] == result.settled(name)[1], (name, row)
                indexes = {index for index, mask in chunk.fired.items() if mask[at]}
                assert indexes == set(result.fired), row
                for index in indexes:
                    counts[index] += 1
                strange = {(kind, about) for kind, about, places in chunk.reports if at in places}
                assert strange == set(result.reports), row
            assert chunk.counts == counts
    return some, rows


def known_value(field: Field, chance: random.Random) -> Value:
    """Return a value that a field accepts."""
    while (value := a_value(field, chance)) is UNKNOWN:
        continue
    return value


def chosen(records: Sequence[Mapping[str, Value]], at: Any) -> Iterator[Mapping[str, Value]]:
    """Yield some of the records."""
    return (records[one] for one in at)


def test_given_conclusions_are_answered_one_by_one() -> None:
    knowledge = heuron.load("cancer")
    answers = knowledge.infer_table(
        {
            "worst_radius": [20.0, 20.0],
            "worst_concave_points": [0.1, 0.1],
            "shape": [None, "irregular"],
        }
    )
    assert answers.one_by_one == 1
    assert answers.fields["shape"] == ["smooth", "irregular"]


def test_bad_cells_name_row_and_field() -> None:
    knowledge = heuron.load("cancer")
    with pytest.raises(RuleError) as caught:
        knowledge.infer_table({"worst_radius": [20.0, 900.0], "worst_radiuss": [1, 2]})
    text = str(caught.value)
    assert "row 2" in text
    assert "worst_radiuss" in text


STEPS = """
type Case:
    size: integer
    name: text, optional
    verdict: small | large
type Mark(of: Case)
goal Case.verdict
rule mark:
    when c: Case(size > 3), not Mark(of == c)
    then assert Mark(of = c)
rule marked:
    when c: Case(), exists Mark(of == c)
    then conclude c.verdict = large, certainty 0.8
rule small:
    when c: Case(size <= 3)
    then conclude c.verdict = small
"""


def test_joins_and_steps_are_answered_row_by_row() -> None:
    for knowledge, frame in (
        (heuron.load("loan"), {"age": [30, 19, None], "income": [45_000.0, 12_000.0, 1.0]}),
        (heuron.loads(STEPS), {"size": [1, 9, None], "name": ["a", None, "b"]}),
    ):
        table = knowledge.infer_table(frame, TODAY)
        fired: dict[str, int] = {}
        for at, cells in enumerate(zip(*frame.values(), strict=True)):
            row = dict(zip(frame, cells, strict=True))
            found = knowledge.consider(row, today=TODAY)
            assert table.values[at] == found.answer.value
            assert table.certainties[at] == (found.answer.certainty or 0.0)
            for name in found.fired:
                fired[name] = fired.get(name, 0) + 1
        assert {name: count for name, count in table.fired.items() if count} == fired
        assert table.one_by_one == 3
        assert table.refused
        assert fired


def test_a_table_asks_for_a_goal() -> None:
    with pytest.raises(RuleError, match="no goal"):
        heuron.load("family").infer_table({"parent": ["a"]})


def test_frames_of_every_kind_give_the_same() -> None:
    pandas = pytest.importorskip("pandas")
    arrow = pytest.importorskip("pyarrow")
    knowledge = heuron.load("iris")
    columns = {
        "petal_length": [1.4, 4.7, None, 6.0],
        "petal_width": [0.2, 1.4, 1.9, 2.5],
    }
    known = {name: column for name, column in columns.items() if name in knowledge.template}
    frames = [known, pandas.DataFrame(known), arrow.table(known)]
    answers = [knowledge.infer_table(frame) for frame in frames]
    assert answers[0].values == answers[1].values == answers[2].values
    assert np.array_equal(answers[0].certainties, answers[2].certainties)


STRANGE = """
type R:
    a: integer, optional
    size: small | big
    kind: p | q
goal R.kind
table size(R -> size), unique hit:
    a   -> size
    > 3 -> big
    > 5 -> small
rule yes:
    when r: R(a > 1)
    then conclude r.kind = p
rule no:
    when r: R(a > 4)
    then conclude r.kind = p, certainty -1
"""


def test_what_is_strange_is_said_with_its_rows() -> None:
    answers = heuron.loads(STRANGE).infer_table({"a": [1, 2, 4, 5, 6, None]})
    assert {what: rows.tolist() for what, rows in answers.reports.items()} == {
        ("several-hits", "size"): [4],
        ("contradiction", "kind"): [3, 4],
    }
    assert answers.fields["size"] == [None, None, "big", "big", None, None]
    assert answers.values == [None, "p", "p", None, None, None]
    assert answers.one_by_one == 0


@pytest.mark.parametrize(
    ("frame", "error", "said"),
    [
        (None, TypeError, "columns by name"),
        ({"a": 5}, TypeError, "column a of a frame is no list .*: int"),
        ({"a": "123"}, TypeError, "column a of a frame is no list .*: str"),
        ({"a": np.zeros((2, 2), dtype=int)}, ValueError, "column a of a frame has 2 dimensions"),
        ({"a": np.array(5)}, ValueError, "column a of a frame has 0 dimensions"),
        ({"a": [1, 2], "size": ["big"]}, ValueError, "a has 2, size has 1"),
    ],
)
def test_what_is_no_frame_is_refused(frame: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        heuron.loads(STRANGE).infer_table(frame)


def test_no_rows_give_no_answers() -> None:
    knowledge = heuron.loads(STRANGE)
    for frame in ({}, {"a": []}, {"a": np.array([], dtype=float)}):
        answers = knowledge.infer_table(frame)
        assert (answers.values, dict(answers.fired)) == ([], {})
        assert len(answers) == 0
