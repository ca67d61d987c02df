"""Rules asked by columns say what they say when they are asked row by row."""

from __future__ import annotations

import random

import pytest

import heuron
from comparing import opened
from heuron.compare.by_columns import rules_by_columns
from heuron.compare.collect import gather
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]


@pytest.mark.parametrize("name", ["cancer", "iris", "penguins"])
def test_columns_and_rows_agree(name: str) -> None:
    dispatcher, table = opened(name)
    places = table.places("all")
    answers = rules_by_columns(dispatcher.kb, table, places, table.as_of)
    assert answers is not None
    expected = [
        dispatcher.kb.consider(row, today=table.as_of, hide_goal=True).answer.value
        for row in table.rows(places)
    ]
    assert expected == answers.values


def test_with_cells_missing_at_random() -> None:
    """Every third cell is taken away; the fields that are required as well."""
    from dataclasses import replace

    from heuron.values import UNKNOWN

    dispatcher, table = opened("penguins")
    draw = random.Random(3)
    columns = {
        name: [UNKNOWN if draw.random() < 1 / 3 else one for one in cells]
        for name, cells in table.columns.items()
    }
    holed = replace(table, columns={**columns, table.contract.goal: table.goal})
    places = table.places("all")
    answers = rules_by_columns(dispatcher.kb, holed, places, table.as_of)
    assert answers is not None
    expected = [dispatcher.kb.ask(row, table.as_of).value for row in holed.rows(places)]
    assert expected == answers.values


def test_a_comparison_uses_them(patch: Opened) -> None:
    dispatcher, table = patch
    gathered = gather(dispatcher, table, timed=False)
    said = [reply.value for reply in gathered.outcomes.replies["rules"]]
    assert said == [finding.answer.value for finding in gathered.findings]


def test_rules_that_join_facts_are_asked_row_by_row() -> None:
    dispatcher, table = opened("loan")
    assert rules_by_columns(dispatcher.kb, table, table.places("all"), table.as_of) is None
    assert isinstance(dispatcher.kb, heuron.KnowledgeBase)
