"""From what was said of a piece to a tally of it. Imports numpy."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np

from heuron.compare.exact import exact_sum
from heuron.compare.joint import joint_counts
from heuron.compare.patterns import Fired
from heuron.compare.piece_answers import Answers
from heuron.compare.said import Said, right_of, same_of
from heuron.compare.tally import GRAINS, MOST_DIFFERING, ONE, Confidences, Tally
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract

__all__ = ["tally_of"]

Array = Any
LOOKED_AT: Final = 4_096
"""So many rows are searched together for those on which backends differ."""
TINY: Final = 2.0**-52


def tally_of(contract: Contract, piece: CodedPiece, answers: Answers) -> Tally:
    """Return the counts of a piece."""
    right = {name: right_of(contract, one, answers.truths) for name, one in answers.said.items()}
    tally = Tally(rows=piece.rows, read=piece.read, trained=piece.trained)
    tally.seconds = {name: one.seconds for name, one in answers.said.items()}
    _count_cells(contract, piece, answers, right, tally)
    for name, one in answers.said.items():
        if one.by is not None:
            counts = np.bincount(one.by, minlength=len(one.labels))
            for label, rows in zip(one.labels, counts.tolist(), strict=True):
                if rows:
                    tally.routes[(name, label)] = rows
        if one.certainty is not None:
            _count_certainties(name, one.certainty, right[name], answers.fired, tally)
        found = _confidences(one, right[name], answers.truths)
        if found is not None:
            tally.confidences[name] = found
        if contract.is_regression:
            tally.errors[name] = _errors(one.values, answers.truths)
    fired = answers.fired
    fired.book.count(fired.of_row, answers.truths, tally)
    for rule, changes in (fired.losses or {}).items():
        tally.losses[rule] = list(changes)
    return tally


def _count_cells(
    contract: Contract,
    piece: CodedPiece,
    answers: Answers,
    right: dict[str, Array],
    tally: Tally,
) -> None:
    """Count the joint cells, and find the first rows on which rules and models differ."""
    names = list(answers.said)
    pairs = list(combinations(names, 2)) if contract.is_regression else []
    if contract.is_regression:
        columns = [(one + 1, 3) for one in right.values()]
        columns += [(_same(contract, answers, *pair, slice(None)), 2) for pair in pairs]
        offset = [1] * len(names) + [0] * len(pairs)
    else:
        size = len(contract.classes) + 1
        columns = [(answers.truths, size)]
        columns += [(one.values + 1, size) for one in answers.said.values()]
        offset = [0] + [1] * len(names)
    if piece.rows:
        tally.cells = {
            tuple(value - less for value, less in zip(key, offset, strict=True)): count
            for key, count in joint_counts(columns, piece.rows).items()
        }
    places = _first_apart(contract, answers, piece.rows)
    if piece.kept is not None:
        places = piece.kept[places]
    tally.differ = places.tolist()


def _same(contract: Contract, answers: Answers, a: str, b: str, rows: slice) -> Array:
    """Return on which of some rows two backends both answer, and the same."""
    one, other = answers.said[a], answers.said[b]
    same = same_of(contract, one.values[rows], other.values[rows])
    return same & one.answered[rows] & other.answered[rows]


def _first_apart(contract: Contract, answers: Answers, rows: int) -> Array:
    """Return the first rows on which rules and models answer, and not the same."""
    alone = [name for name in answers.said if not name.startswith("dispatch")]
    found: list[int] = []
    for start in range(0, rows, LOOKED_AT):
        some = slice(start, start + LOOKED_AT)
        apart = np.zeros(min(LOOKED_AT, rows - start), dtype=bool)
        for a, b in combinations(alone, 2):
            both = answers.said[a].answered[some] & answers.said[b].answered[some]
            apart |= both & ~_same(contract, answers, a, b, some)
        found += (np.flatnonzero(apart) + start).tolist()
        if len(found) >= MOST_DIFFERING:
            break
    return np.array(found[:MOST_DIFFERING], dtype=np.int64)


def _count_certainties(
    name: str, certainty: Array, right: Array, fired: Fired, tally: Tally
) -> None:
    """Count rows by certainty; those of one pattern of contributions mostly have the same."""
    places = fired.of_row
    by_pattern = np.zeros(int(places.max(initial=-1)) + 1)
    by_pattern[places] = certainty
    if not np.array_equal(by_pattern[places], certainty):
        by_pattern, places = np.unique(certainty, return_inverse=True)
    # For each certainty the rows that are not answered, wrong, and right.
    code = places * 3 + (right + np.int64(1))
    counts = np.bincount(code, minlength=3 * len(by_pattern)).reshape(-1, 3).tolist()
    for certain, (_, wrong, good) in zip(by_pattern.tolist(), counts, strict=True):
        if wrong or good:
            held = tally.certainties.setdefault((name, certain), [0, 0])
            held[0] += wrong + good
            held[1] += good


def _confidences(said: Said, right: Array, truths: Array) -> Confidences | None:
    """Return the confidences by grain and the sums of errors of the rows answered."""
    confidence, probabilities = said.confidence, said.probabilities
    if confidence is None or probabilities is None:
        return None
    known = said.answered & (confidence == confidence)
    if not known.any():
        return None
    good, true = right, truths.astype(np.int64)
    if not known.all():
        probabilities, confidence = probabilities[known], confidence[known]
        good, true = good[known], true[known]
    of_truth = probabilities[np.arange(len(true)), true]
    if probabilities.shape[1] == 2:
        errors = (1.0 - of_truth) ** 2
    else:
        errors = (probabilities**2).sum(axis=1) - 2 * of_truth + 1.0
    losses = -np.log(np.clip(of_truth, TINY, 1.0))
    grains = np.minimum((confidence * GRAINS).astype(np.int64), GRAINS - 1)
    rows = np.bincount(grains, minlength=GRAINS)
    fine = np.bincount(grains, weights=good == 1, minlength=GRAINS)
    # Whole numbers below 2**53, so that floats add them exactly.
    sums = np.bincount(grains, weights=np.rint(confidence * ONE), minlength=GRAINS)
    squares = np.bincount(grains, weights=np.rint(confidence**2 * ONE), minlength=GRAINS)
    found = {
        grain: [int(rows[grain]), int(fine[grain]), int(sums[grain]), int(squares[grain])]
        for grain in np.flatnonzero(rows).tolist()
    }
    return Confidences(
        len(true),
        found,
        exact_sum(errors),
        exact_sum(errors**2),
        exact_sum(losses),
        exact_sum(losses**2),
    )


def _errors(values: Array, truths: Array) -> list[list[float]]:
    known = values == values
    signed = values[known] - truths[known]
    sums = (exact_sum(one) for one in (signed, np.abs(signed), signed**2, signed**4))
    return [[float(len(signed))], *sums]
