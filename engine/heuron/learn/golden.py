"""Golden rows: made from the contract, answered by scikit-learn, replayed by the scorer.

Owns how they are made, written and replayed. A golden row is never a row of the data: it is put
together from levels, both sides of cut points, range ends, gaps, and near-ties.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import inf, isnan, nextafter
from random import Random
from typing import TYPE_CHECKING, Any, Final

from heuron.answer import plain
from heuron.coercion import is_inside
from heuron.learn.scorer.inputs import conversion, is_levels
from heuron.learn.scorer.scorer import Scorer
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.learn.fit import Fitted

__all__ = ["ROWS", "golden_lines", "make_rows", "replay", "typed_rows"]

ROWS: Final = 64
CANDIDATES: Final = 600
MOST_CELLS: Final = 200_000
NEAR_TIES: Final = 12
CLOSE: Final = 1e-9
"""Scores nearer than this to a tie make no golden row: rounding alone would decide it."""
TOLERANCE: Final = 1e-12

Row = dict[str, Value]


def make_rows(scorer: Scorer, template: Template, seed: int = 0) -> list[Row]:
    """Return the inputs of the golden rows, near-ties among them, the same for the same scorer."""
    names = scorer.form.inputs
    # A model of thousands of inputs gets fewer rows: no file of golden rows needs to be large.
    count = max(8, min(ROWS, MOST_CELLS // len(names)))
    tries = max(2 * count, min(CANDIDATES, MOST_CELLS // len(names)))
    chance = Random(seed)
    cuts = _cuts(scorer.form)
    choices = [_choices(scorer, template, at, cuts.get(at, [])) for at in range(len(names))]
    rows = [row for row in _edges(names, choices, count // 2) if _margin(scorer, row) > CLOSE]
    pool = [
        {name: chance.choice(own) for name, own in zip(names, choices, strict=True)}
        for _ in range(tries)
    ]
    margins = [_margin(scorer, row) for row in pool]
    clear = [at for at, margin in enumerate(margins) if margin > CLOSE]
    by_margin = sorted(clear, key=lambda at: (margins[at], at))
    rows += [pool[at] for at in by_margin[:NEAR_TIES]]
    taken = set(by_margin[:NEAR_TIES])
    rows += [pool[at] for at in clear if at not in taken]
    gap = {name: own[0] for name, own in zip(names, choices, strict=True)}
    gap[names[0]] = UNKNOWN
    return [*rows[: count - 1], gap]


def _edges(names: Sequence[str], choices: Sequence[list[Value]], count: int) -> list[Row]:
    """Return rows that take each value of each input in turn, the others from the middle."""
    middle = {name: own[len(own) // 2] for name, own in zip(names, choices, strict=True)}
    rows: list[Row] = []
    for name, own in zip(names, choices, strict=True):
        for value in own[: max(2, ROWS // (2 * len(names)))]:
            rows.append({**middle, name: value})
            if len(rows) == count:
                return rows
    return rows


def golden_lines(scorer: Scorer, fitted: Fitted, rows: Sequence[Row], count: int) -> bytes:
    """Return `golden.jsonl`: each row with what scikit-learn's own model answers.

    `count` is the number of the contract's classes, 0 for a regression. The estimator's scores
    go through the same calibration and decision; a row that the model refuses has its `needs`.
    """
    from heuron.learn.scorer.calibrate import columns as calibrated
    from heuron.learn.scorer.served import raw_scores
    from heuron.learn.scorer.table import encode_columns

    form = scorer.form
    filled, answered = scorer.read_columns(
        {name: [row[name] for row in rows] for name in form.inputs}
    )
    raw = raw_scores(fitted.estimator, encode_columns(fitted.steps, filled))
    scores = calibrated(form.calibrate, raw, form.positive or 0, form.is_margin)
    decided = scorer.decide_columns(scores) if count else None
    lines = []
    for at, row in enumerate(rows):
        entry: dict[str, object] = {"values": {name: plain(one) for name, one in row.items()}}
        if not answered[at]:
            entry["needs"] = scorer.read(row)[1]
        elif decided is None:
            entry["value"] = float(scores[at, 0])
        else:
            entry["value"] = form.classes[int(decided[at])]
            entry["scores"] = [float(one) for one in scores[at]]
        lines.append(json.dumps(entry, ensure_ascii=False, allow_nan=False))
    return ("\n".join(lines) + "\n").encode()


def replay(scorer: Scorer, lines: bytes) -> str | None:
    """Return what is wrong with the scorer's answers to its golden rows, or None.

    Raises:
        ValueError: When the lines are no golden rows.
    """
    entries, rows = _entries(scorer, lines)
    for number, (entry, row) in enumerate(zip(entries, rows, strict=True), start=1):
        wrong = _compare(scorer, entry, row)
        if wrong is not None:
            return f"golden row {number}: {wrong}"
    return None


def typed_rows(scorer: Scorer, lines: bytes) -> list[Row]:
    """Return the inputs of golden rows.

    Raises:
        ValueError: When the lines are no golden rows.
    """
    return _entries(scorer, lines)[1]


def _entries(scorer: Scorer, lines: bytes) -> tuple[list[Any], list[Row]]:
    try:
        entries = [json.loads(line) for line in lines.splitlines()]
        rows = [_typed(scorer, entry["values"]) for entry in entries]
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("golden.jsonl holds no golden rows") from None
    if not entries:
        raise ValueError("golden.jsonl is empty")
    return entries, rows


def _compare(scorer: Scorer, entry: Mapping[str, Any], row: Row) -> str | None:
    numbers, needs, _, _ = scorer.read(row)
    if needs or "needs" in entry:
        return None if needs == entry.get("needs") else f"it needs {needs}"
    scores = scorer.scores(numbers)
    if not scorer.form.classes:
        expected = entry["value"]
        near = abs(scores[0] - expected) <= 1e-9 * max(1.0, abs(expected))
        return None if near else f"{scores[0]!r} instead of {expected!r}"
    value = scorer.form.classes[scorer.decide(scores)]
    if value != entry["value"]:
        return f"{value} instead of {entry['value']}"
    apart = max(map(lambda a, b: abs(a - b), scores, entry["scores"]), default=1.0)
    scale = max(1.0, max(map(abs, scores)))
    if not apart <= TOLERANCE * scale or len(scores) != len(entry["scores"]):
        return f"a probability differs by {apart:.2g}"
    return None


def _margin(scorer: Scorer, row: Row) -> float:
    """Return how far a row is from a tie; endless for a number or a row that is refused."""
    numbers, needs, _, _ = scorer.read(row)
    if needs or not scorer.form.classes:
        return float("inf")
    scores = scorer.scores(numbers)
    form = scorer.form
    if form.deciding is not None:
        return abs(scores[form.deciding] - form.threshold)
    best, second = sorted(scores)[-1:-3:-1]
    return best - second


def _choices(scorer: Scorer, template: Template, at: int, cuts: list[float]) -> list[Value]:
    """Return the values that an input takes in golden rows: levels, range ends, cut points."""
    form = scorer.form
    kind, field = form.kinds[at], template[form.inputs[at]]
    gap: list[Value] = [UNKNOWN] if form.fill[at] is not None else []
    if is_levels(kind):
        return [*kind, *gap]
    if kind == "boolean":
        return [False, True, *gap]
    seen = form.seen[at] or [0.0, 1.0]
    width = seen[1] - seen[0] or 1.0
    numbers = [*seen, *(seen[0] + width * part / 8 for part in range(9)), *_sides(cuts)]
    if conversion(kind) is None:
        # A declared range may be endless in all but name; its ends count when they are near.
        ends = [float(end) for end in (field.low, field.high) if end is not None]  # type: ignore[arg-type]
        numbers += [end for end in ends if abs(end - seen[0]) < 10 * width]
        numbers = [one for one in numbers if is_inside(field, one)]
    unique = sorted(dict.fromkeys(numbers))
    return [*dict.fromkeys(_value(kind, one) for one in unique), *gap]


def _nodes(model: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    """Yield column and cut of each node of all trees that a model has."""
    if model["kind"] in ("tree", "forest", "boosting"):
        yield from zip(model["feature"], model["cut"], strict=True)
    for member in model.get("models", ()):
        yield from _nodes(member)
    if model["kind"] == "calibrated":
        yield from _nodes(model["model"])


def _cuts(form: Any) -> dict[int, list[float]]:
    """Return the cut points of a tree model by input, in the input's own numbers, sorted."""
    found: dict[int, set[float]] = {}
    for feature, cut in _nodes(form.model):
        if feature < 0 or abs(cut) > 1e300:
            continue
        step = form.encode[feature]
        number = _before(step, cut)
        found.setdefault(step[1], set()).add(number)
    return {at: sorted(cuts) for at, cuts in found.items()}


def _before(step: list[Any], cut: float) -> float:
    """Return the input that a step makes a cut point of."""
    if step[0] == "scale":
        return float(cut * step[3] + step[2])
    if step[0] == "times" and step[2]:
        return float((cut - step[3]) / step[2])
    return cut


def _sides(cuts: list[float]) -> list[float]:
    """Return both sides of up to eight cut points."""
    some = cuts[:: max(1, len(cuts) // 8)][:8]
    return [one for cut in some for one in (cut, nextafter(cut, inf))]


def _value(kind: Any, number: float) -> Value:
    if isinstance(kind, list):
        ordinal = min(max(1, round(kind[1] - number)), date.max.toordinal())
        return date.fromordinal(ordinal)
    if kind == "duration":
        return timedelta(days=number)
    return round(number) if kind == "integer" else number


def _typed(scorer: Scorer, values: Mapping[str, Any]) -> Row:
    row: Row = {}
    for name, kind in zip(scorer.form.inputs, scorer.form.kinds, strict=True):
        value = values.get(name)
        if value is None:
            row[name] = UNKNOWN
        elif isinstance(kind, list) and not is_levels(kind):
            row[name] = date.fromisoformat(value)
        elif kind == "duration":
            row[name] = _duration(value)
        else:
            row[name] = value
            number = isinstance(value, (int, float))
            if (number and isnan(value)) or (kind in ("number", "integer") and not number):
                raise ValueError("golden.jsonl holds a value of another type")
    return row


def _duration(text: str) -> timedelta:
    """Read the form that `plain` gives a duration: "3 days, 1:30:00.5"."""
    days, _, clock = text.rpartition(", ")
    hours, minutes, seconds = clock.split(":")
    return timedelta(
        days=int(days.split()[0]) if days else 0,
        hours=int(hours),
        minutes=int(minutes),
        seconds=float(seconds),
    )
