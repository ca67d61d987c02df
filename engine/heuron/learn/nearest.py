"""The smallest change of one field that turns a model's answer.

Owns `Change` and `nearest_change`: counterfactuals of one field (Wachter, Mittelstadt and Russell,
"Counterfactual explanations without opening the black box", 2018), found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.inputs import conversion, is_levels
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.learn.scorer.scorer import Scorer

__all__ = ["Change", "nearest_change", "value_back"]


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change of one field that turns the answer.

    `relation` is "below" or "above" a number, or "=" a level.
    """

    field: str
    relation: str
    bound: Value
    now: Value
    becomes: Value


def nearest_change(
    scorer: Scorer,
    row: Sequence[float],
    place: int,
    values: Mapping[str, Value],
    template: Template | None,
) -> Change | None:
    """Return the change of one given field, smallest against its range, that turns the answer."""
    form = scorer.form

    def decided(at: int, number: float) -> int:
        changed = list(row)
        changed[at] = number
        return scorer.decide(scorer.scores(changed))

    best: tuple[float, Change] | None = None
    for at, name in enumerate(form.inputs):
        value = values.get(name, UNKNOWN)
        if value is UNKNOWN or value is None:
            continue
        for cost, change in _changes(scorer, row, at, place, value, template, decided):
            if best is None or cost < best[0]:
                best = (cost, change)
    return best[1] if best else None


def _changes(
    scorer: Scorer,
    row: Sequence[float],
    at: int,
    place: int,
    value: Value,
    template: Template | None,
    decided: Callable[[int, float], int],
) -> Iterator[tuple[float, Change]]:
    form = scorer.form
    kind, name = form.kinds[at], form.inputs[at]
    if is_levels(kind) or kind == "boolean":
        options: Sequence[Value] = kind if is_levels(kind) else (False, True)
        for number, option in enumerate(options):
            turned = decided(at, float(number))
            if option != value and turned != place:
                yield 0.5, Change(name, "=", option, value, form.classes[turned])
        return
    low, high = _limits(form, at, row[at], template)
    width = (form.seen[at] or [0.0, 1.0])[1] - (form.seen[at] or [0.0, 1.0])[0] or 1.0
    for relation, end in (("below", low), ("above", high)):
        found = _crossing(partial(decided, at), row[at], end, place)
        if found is None:
            continue
        bound, turned = found
        whole = kind == "integer"
        shown = _short(bound, row[at], partial(_is, decided, at, turned), whole)
        plain = shown if isinstance(kind, str) and kind != "duration" else value_back(kind, shown)
        if not isinstance(kind, str):  # days before: fewer days are a later date
            relation = "above" if relation == "below" else "below"
        change = Change(name, relation, plain, value, form.classes[turned])
        yield abs(bound - row[at]) / width, change


def _is(decided: Callable[[int, float], int], at: int, turned: int, number: float) -> bool:
    return decided(at, number) == turned


def _limits(form: Any, at: int, now: float, template: Template | None) -> tuple[float, float]:
    seen = form.seen[at] or [now, now]
    low, high = min(seen[0], now), max(seen[1], now)
    field = template.get(form.inputs[at]) if template is not None else None
    convert = conversion(form.kinds[at])
    if field is not None and convert is None:
        low = max(low, float(field.low)) if field.low is not None else low  # type: ignore[arg-type]
        high = min(high, float(field.high)) if field.high is not None else high  # type: ignore[arg-type]
    return low, high


def _crossing(
    decided: Callable[[float], int], now: float, end: float, place: int
) -> tuple[float, int] | None:
    """Return the first number, on the way from now to the end, that is answered otherwise."""
    if now != now or end == now:
        return None
    before = now
    for step in range(1, 65):
        number = now + (end - now) * step / 64
        if decided(number) == place:
            before = number
            continue
        after = number
        for _ in range(60):
            middle = (before + after) / 2
            if middle in (before, after):
                break
            if decided(middle) == place:
                before = middle
            else:
                after = middle
        return after, decided(after)
    return None


def _short(bound: float, now: float, turns: Callable[[float], bool], whole: bool) -> float:
    """Return the bound with the fewest digits that still turns the answer, moved away from now."""
    from math import ceil, floor, log10

    outward = floor if bound < now else ceil
    if whole:
        return float(outward(bound))
    if bound == 0.0:
        return bound
    size = floor(log10(abs(bound)))
    for digits in range(2, 12):
        scale = 10.0 ** (digits - 1 - size)
        number = outward(bound * scale) / scale
        if abs(number - bound) <= 0.05 * abs(bound - now) + 1e-12 and turns(number):
            return number
    return bound


def value_back(kind: Any, number: float) -> Value:
    """Return the date or duration that a number of an input stands for."""
    from datetime import date, timedelta

    if kind == "duration":
        return timedelta(days=number)
    return date.fromordinal(max(1, kind[1] - round(number)))
