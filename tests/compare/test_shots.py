"""Contributions of rules: the same whether rows of one pattern are looked at once or each."""

from __future__ import annotations

import pytest

from comparing import opened
from heuron.compare.shots import shots


@pytest.mark.parametrize("name", ["cancer", "iris", "penguins", "loan"])
def test_patterns_give_what_rows_give(name: str) -> None:
    dispatcher, table = opened(name)
    kb, today = dispatcher.kb, table.as_of
    places = table.places("all")[:400]
    given = [kb.evidence(row) for row in table.rows(places)]
    truths = table.truths(places)
    findings = [kb.consider(one, today=today, hide_goal=True) for one in given]
    row_by_row = shots(kb, table.contract, given, truths, today)
    assert row_by_row == shots(kb, table.contract, given, truths, today, findings)
    assert row_by_row.shots
