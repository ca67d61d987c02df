"""Columns and single records give the same values, the same certainties, the same firings."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import heuron
import strategies
from heuron.check import analyse
from heuron.diagnostics import RuleError
from heuron.infer.coded import decode
from heuron.infer.columns import ColumnRun
from heuron.infer.load import Engine
from heuron.knowledge.base import KnowledgeBase
from heuron.plan.lower import lower
from heuron.values import UNKNOWN, Value
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
    """Random programs about single records; at least sixty that fire have a form over columns."""
    done = columns = 0
    for seed in range(3000):
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
        fired = one_program(engine, run, random.Random(seed))
        done += fired
        columns += fired and not run.refused
        if columns >= 60:
            break
    assert done >= 100
    assert columns >= 60


def one_program(engine: Engine, run: ColumnRun, chance: random.Random) -> bool:
    from heuron.infer.host import Host
    from heuron.knowledge.coding import read_column

    assert engine.goal is not None
    template = engine.templates[engine.goal[0]]
    names = {name for name, *_ in run.plan.outputs}
    given = [one for one in template.fields if one.name not in names]
    rows: list[Mapping[str, Value]] = [
        {one.name: a_value(one, chance) for one in given} for _ in range(40)
    ]
    coded = {}
    for one in given:
        cells = [None if row[one.name] is UNKNOWN else row[one.name] for row in rows]
        found = read_column(one, cells)[0]
        if found is not None:
            coded[one.name] = found
    host = Host(today=TODAY)
    some = 0
    for chunk in run.run(coded, len(rows), lambda at: (rows[one] for one in at), host):
        settled = {
            name: decode(column, template[name].type) for name, column in chunk.values.items()
        }
        for at, row in enumerate(rows):
            result = engine.record(row, host)
            some += bool(result.fired)
            for name, _, _, many in run.plan.outputs:
                value: Any = result.held(name) if many else result.settled(name)[0]
                found_value = settled[name][at]
                same = found_value is value or found_value == value
                assert same, (name, row, engine.outline["rules"])
                assert chunk.certainties[name][at] == result.settled(name)[1], (name, row)
            indexes = {index for index, mask in chunk.fired.items() if mask[at]}
            assert indexes == set(result.fired), row
    return some > 0


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


def test_joins_do_not_run_over_columns() -> None:
    with pytest.raises(RuleError, match="ask_many"):
        heuron.load("loan").infer_table({"age": [30]})


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
