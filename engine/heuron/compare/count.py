"""From what was said of a piece to a tally of it. Imports numpy."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np

from heuron.compare.joint import joint_codes
from heuron.compare.piece_answers import Answers
from heuron.compare.piece_rules import Fired
from heuron.compare.said import Said, right_of, same_of
from heuron.compare.tally import GRAINS, MOST_DIFFERING, ONE, Confidences, Tally
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract

__all__ = ["tally_of"]

Array = Any
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
            _count_certainties(name, one, one.certainty, right[name], tally)
        found = _confidences(one, right[name], answers.truths)
        if found is not None:
            tally.confidences[name] = found
        if contract.is_regression:
            tally.errors[name] = [_errors(one.values, answers.truths)]
    _count_shots(contract, answers, tally)
    return tally


def _count_cells(
    contract: Contract,
    piece: CodedPiece,
    answers: Answers,
    right: dict[str, Array],
    tally: Tally,
) -> None:
    """Count the joint cells, and find the first rows on which rules and models differ."""
    alone = [name for name in answers.said if not name.startswith("dispatch")]
    if contract.is_regression:
        columns = [(one.astype(np.int64) + 1, 3) for one in right.values()]
        pairs = list(combinations(answers.said.items(), 2))
        for (_, one), (_, other) in pairs:
            both = one.answered & other.answered
            same = same_of(contract, one.values, other.values) & both
            columns.append((same.astype(np.int64), 2))
        offset = [1] * len(right) + [0] * len(pairs)
        apart = np.zeros(piece.rows, dtype=bool)
        for (a, one), (b, other) in pairs:
            if a in alone and b in alone:
                both = one.answered & other.answered
                apart |= both & ~same_of(contract, one.values, other.values)
    else:
        size = len(contract.classes) + 1
        columns = [(answers.truths.astype(np.int64), size)]
        columns += [(one.values.astype(np.int64) + 1, size) for one in answers.said.values()]
        offset = [0] + [1] * len(answers.said)
        apart = None
    codes, keys = joint_codes(columns, piece.rows)
    rows = np.bincount(codes, minlength=len(keys)).tolist() if piece.rows else []
    tally.cells = {
        tuple(value - less for value, less in zip(key, offset, strict=True)): count
        for key, count in zip(keys, rows, strict=False)
    }
    if apart is None:
        chosen = [at for at, name in enumerate(answers.said, 1) if name in alone]
        differs = np.array([len({key[at] for at in chosen} - {0}) > 1 for key in keys])
        apart = differs[codes] if len(keys) else np.zeros(0, dtype=bool)
    places = np.flatnonzero(apart)[:MOST_DIFFERING]
    if piece.kept is not None:
        places = piece.kept[places]
    tally.differ = places.tolist()


def _count_certainties(name: str, said: Said, certainty: Array, right: Array, tally: Tally) -> None:
    known = said.answered
    certainties, places = np.unique(certainty[known], return_inverse=True)
    rows = np.bincount(places, minlength=len(certainties))
    good = np.bincount(places, weights=right[known] == 1, minlength=len(certainties))
    for certainty, count, fine in zip(
        certainties.tolist(), rows.tolist(), good.tolist(), strict=True
    ):
        tally.certainties[(name, certainty)] = [count, int(fine)]


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
        [float(errors.sum())],
        [float((errors**2).sum())],
        [float(losses.sum())],
        [float((losses**2).sum())],
    )


def _errors(values: Array, truths: Array) -> list[float]:
    known = values == values
    signed = values[known] - truths[known]
    return [
        int(known.sum()),
        float(signed.sum()),
        float(np.abs(signed).sum()),
        float((signed**2).sum()),
        float((signed**4).sum()),
    ]


def _count_shots(contract: Contract, answers: Answers, tally: Tally) -> None:
    """Count what rules contributed, which of them fired together, and what each is worth."""
    fired = answers.fired
    if not len(fired.of_row):
        return
    rows = np.bincount(fired.of_row, minlength=len(fired.patterns)).tolist()
    for pattern, count in zip(fired.patterns, rows, strict=True):
        for a, b in combinations(dict.fromkeys(one[0] for one in pattern.shots), 2):
            tally.overlaps[(a, b)] = tally.overlaps.get((a, b), 0) + count
    for pattern, truth, count in _by_truth(contract, fired, answers.truths):
        for rule, value, certainty in pattern.shots:
            shown = None if contract.is_regression else value
            key = (rule, shown, certainty, contract.is_right(value, truth))
            tally.shots[key] = tally.shots.get(key, 0) + count
        was = pattern.value is not None and contract.is_right(pattern.value, truth)
        for rule, after in pattern.without:
            would = after is not None and contract.is_right(after, truth)
            held = tally.losses.setdefault(rule, [0, 0, 0])
            held[0] += count * (was and not would)
            held[1] += count * (would and not was)
            held[2] += count * (pattern.value != after)
    for rule, counts in (fired.losses or {}).items():
        tally.losses[rule] = list(counts)


def _by_truth(contract: Contract, fired: Fired, truths: Array) -> list[tuple[Any, Any, int]]:
    """Return (pattern, truth, rows) for all that occur; of a quantity row by row."""
    if contract.is_regression:
        places = fired.of_row.tolist()
        return [
            (fired.patterns[at], truth, 1)
            for at, truth in zip(places, truths.tolist(), strict=True)
        ]
    levels = contract.classes
    size = len(levels)
    counts = np.bincount(
        fired.of_row * size + truths, minlength=len(fired.patterns) * size
    ).tolist()
    return [
        (fired.patterns[at // size], levels[at % size], rows)
        for at, rows in enumerate(counts)
        if rows
    ]
