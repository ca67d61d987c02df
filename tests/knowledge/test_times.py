"""Moments and durations over whole tables are those of single records, however far away."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heuron

TYPE = """
type Case:
    n: integer
    at: datetime, optional
    wait: duration, optional
    kind: {kind}
    twice: {kind}
    far: low | high
goal Case.{goal}
"""
RULES = """
rule kind:
    when c: Case(n > 0)
    then conclude c.kind = {value}, certainty 0.9
rule twice:
    when c: Case(kind: k)
    then conclude c.twice = k
rule far:
    when c: Case(kind > {bound}), certainty(c.kind) > 0.5
    then conclude c.far = high
"""
VALUES = {
    "c.at": ("datetime", "c.at"),
    "c.at + c.wait": ("datetime", "c.at"),
    "c.at - hours(5000000)": ("datetime", "c.at"),
    "c.wait": ("duration", "c.wait"),
    "c.wait * 3": ("duration", "c.wait"),
    "c.wait / 7": ("duration", "c.wait"),
    "-c.wait": ("duration", "c.wait"),
    "c.at - 1600-01-01T00:00": ("duration", "c.wait"),
}
JOINED = """
rule other:
    when c: Case(n > 0), not Case(n < -5)
    then conclude c.far = low, certainty 0.1
"""
ROWS = st.lists(
    st.tuples(
        st.integers(-1, 3),
        st.none() | st.datetimes(),
        st.none() | st.timedeltas(timedelta(days=-900_000), timedelta(days=900_000)),
    ),
    min_size=1,
    max_size=12,
)


@cache
def knowledge_of(value: str, joined: bool, goal: str) -> heuron.KnowledgeBase:
    """Return a knowledge base that concludes a time, made once."""
    kind, bound = VALUES[value]
    text = TYPE.format(kind=kind, goal=goal) + RULES.format(value=value, bound=bound)
    return heuron.loads(text + (JOINED if joined else ""))


@pytest.mark.parametrize("goal", ["kind", "twice", "far"])
@pytest.mark.parametrize("joined", [False, True], ids=["columns", "sessions"])
@pytest.mark.parametrize("value", VALUES)
@given(rows=ROWS)
@settings(max_examples=30)
def test_times_of_tables_are_those_of_records(
    value: str, joined: bool, goal: str, rows: list[tuple[int, object, object]]
) -> None:
    knowledge = knowledge_of(value, joined, goal)
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("n", "at", "wait"))}
    answers = [
        knowledge.ask({name: cells[at] for name, cells in columns.items()})
        for at in range(len(rows))
    ]
    found = knowledge.infer_table(columns)

    assert found.values == [one.value for one in answers]
    assert found.certainties.tolist() == [one.certainty or 0.0 for one in answers]


def test_a_time_that_no_float_has_is_exact_in_every_part_of_a_long_table() -> None:
    text = TYPE.format(kind="datetime", goal="kind")
    text += RULES.format(value="c.at + c.wait", bound="c.at")
    rows = 40_000
    last = datetime.max
    columns = {
        "n": [1] * rows,
        "at": [datetime(1600, 1, 1)] * (rows - 1) + [last],
        "wait": [timedelta(microseconds=at) for at in range(rows - 1)] + [timedelta(0)],
    }
    found = heuron.loads(text).infer_table(columns)

    assert found.values == [a + b for a, b in zip(columns["at"], columns["wait"], strict=True)]
    assert found.field("twice")[-1] == last
    assert found.one_by_one > rows / 2
