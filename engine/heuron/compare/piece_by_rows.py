"""What everybody says of a piece, asked row by row as where rows are few. Imports numpy."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.collect import gather
from heuron.compare.outcomes import Outcomes, Reply
from heuron.compare.patterns import Fired, PatternBook
from heuron.compare.piece_answers import Answers
from heuron.compare.said import Said
from heuron.compare.shots import Contributions
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.learn.data import SplitFacts, Table
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher

__all__ = ["answers_by_rows", "table_of"]

Array = Any


def answers_by_rows(
    dispatcher: Dispatcher, contract: Contract, today: date, piece: CodedPiece
) -> Answers:
    """Return what everybody says of a piece."""
    truths = np.asarray(piece.columns[contract.goal].values)
    table = table_of(contract, today, piece.values(np.arange(piece.rows), contract))
    outcomes = gather(dispatcher, table, timed=False).outcomes
    said = {name: _said(contract, replies) for name, replies in outcomes.replies.items()}
    return Answers(truths, said, _fired(contract, outcomes, piece.rows))


def table_of(contract: Contract, today: date, columns: dict[str, list[Value]]) -> Table:
    """Return a table of rows all of which are new, from their values by field."""
    rows = len(columns[contract.goal])
    return Table(
        contract=contract,
        source="",
        columns=columns,
        keys=("",) * rows,
        held_out=(True,) * rows,
        groups=tuple(range(rows)),
        scored=(True,) * rows,
        facts=SplitFacts(rows, rows, "all rows", 0, 0, 0),
        warnings=(),
        digest="",
        as_of=today,
    )


def _said(contract: Contract, replies: tuple[Reply, ...]) -> Said:
    answers = [one.value for one in replies]
    if contract.is_regression:
        values = np.array([np.nan if one is None else one for one in answers], dtype=float)
    else:
        places: dict[object, int] = {level: at for at, level in enumerate(contract.classes)}
        values = np.array([-1 if one is None else places[one] for one in answers], dtype=np.int16)
    by = labels = None
    if any(one.by is not None for one in replies):
        labels = tuple(dict.fromkeys(one.by or "refer" for one in replies))
        by = np.array([labels.index(one.by or "refer") for one in replies])
    return Said(
        values,
        certainty=_numbers([one.certainty for one in replies]),
        confidence=_numbers([one.confidence for one in replies]) if by is None else None,
        probabilities=_probabilities(contract, replies),
        by=by,
        labels=labels or (),
    )


def _numbers(values: list[float | None]) -> Array | None:
    if all(one is None for one in values):
        return None
    return np.array([np.nan if one is None else one for one in values], dtype=float)


def _probabilities(contract: Contract, replies: tuple[Reply, ...]) -> Array | None:
    if not any(one.probabilities for one in replies):
        return None
    rows = [dict(one.probabilities) for one in replies]
    return np.array([[row.get(level, 0.0) for level in contract.classes] for row in rows])


def _fired(contract: Contract, outcomes: Outcomes, rows: int) -> Fired:
    """Return the contributions of each row; what the answers lose is in the outcomes' losses."""
    shots: list[list[tuple[str, object, float]]] = [[] for _ in range(rows)]
    for one in outcomes.shots:
        shots[one.row].append((one.rule, one.value, one.certainty))
    book = PatternBook(contract)
    of_row = [book.number(Contributions(tuple(each), None, ())) for each in shots]
    losses = {one.rule: [one.lost, one.won, one.changed] for one in outcomes.losses}
    return Fired(book, np.array(of_row, dtype=np.int64), losses)
