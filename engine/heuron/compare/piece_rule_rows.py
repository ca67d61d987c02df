"""The first rows of a file on which one rule was wrong, read again. Imports numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.piece_trained import without_trained
from heuron.compare.rule_rows import RuleRow, RuleRows
from heuron.compare.said import values_right
from heuron.compare.scorecard import RuleScore
from heuron.compare.tally import MOST_DIFFERING
from heuron.learn.coded_pieces import CodedPiece
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.compare.job import Opened

__all__ = ["first_rule_rows"]

Array = Any


def first_rule_rows(opened: Opened, score: RuleScore) -> RuleRows:
    """Return the first rows on which a rule was wrong, numbered as they stand in the file.

    Args:
        opened: What is compared.
        score: The rule's scorecard on the whole file; it says when no more are to be found.
    """
    wrong = score.fired - score.right
    found: list[RuleRow] = []
    before = 0
    for piece in opened.pieces:
        if len(found) >= min(wrong, MOST_DIFFERING):
            break
        coded = opened.reader.read(piece)
        usable = without_trained(coded, opened.contract, opened.trained)
        found += _wrong_rows(opened, usable, score.name, before)
        before += coded.read
    listed = found[:MOST_DIFFERING]
    return RuleRows(score.name, score.fired, tuple(listed), wrong - len(listed))


def _wrong_rows(opened: Opened, coded: CodedPiece, rule: str, before: int) -> list[RuleRow]:
    """Return the rows of a piece on which a rule was wrong, before which so many were read."""
    contract = opened.contract
    answers = opened.answerer.answers(coded)
    fired = answers.fired
    places: list[tuple[int, Value, float]] = []
    for number in np.unique(fired.of_row).tolist():
        for name, value, certainty in fired.book.pattern(number).shots:
            if name != rule:
                continue
            rows = np.flatnonzero(fired.of_row == number)
            truths = answers.truths[rows]
            if contract.is_regression:
                true = values_right(contract, value, truths)
            else:
                true = truths == contract.classes.index(value)
            wrong = rows[true != (certainty > 0)]
            said: Any = value
            places += [(row, said, certainty) for row in wrong.tolist()]
    places.sort(key=lambda one: one[0])
    return _with_evidence(opened, coded, places[:MOST_DIFFERING], before)


def _with_evidence(
    opened: Opened, coded: CodedPiece, places: Sequence[tuple[int, Value, float]], before: int
) -> list[RuleRow]:
    rows = np.array([row for row, _, _ in places], dtype=np.int64)
    kept = rows if coded.kept is None else coded.kept[rows]
    values = coded.values(rows, opened.contract)
    goal = opened.contract.goal
    found = []
    for at, (_, said, certainty) in enumerate(places):
        known = {
            name: cells[at]
            for name, cells in values.items()
            if name != goal and cells[at] is not UNKNOWN
        }
        row = before + int(kept[at]) + 1
        found.append(RuleRow(row, said, certainty, values[goal][at], known))
    return found
