"""Why a model says what it says of one record: contributions, and the nearest change.

Linear models add up exactly. For trees and forests each feature gets what its splits changed on
the way down (Saabas, "Interpreting random forests", 2014; the `treeinterpreter` method), in the
class's raw score. For other models they are Shapley values against a usual record (Štrumbelj and
Kononenko, "An efficient explanation of individual classifications using game theory", 2010):
exact for a few features, for more the mean over two orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from heuron.learn.scorer.inputs import conversion, is_levels
from heuron.learn.scorer.trees import nodes_of
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.learn.model import Model
    from heuron.learn.scorer.scorer import Scorer

__all__ = ["Change", "Explanation", "Part", "explain"]

MOST_EXACT = 8
"""Up to so many features every order is counted: 256 scores."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field's contribution: the value that was used, and its amount on the scale."""

    field: str
    value: Value
    amount: float
    imputed: bool = False


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


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model answers `value`.

    `scale` is what amounts are in: "log-odds" (above 0 is `toward`), "margin", "probability",
    "share" (of `toward` among the training rows in the leaves, before calibration), or the
    goal's own unit. `base` plus all amounts is `total`. `parts` are sorted, the largest first.
    """

    value: Value
    toward: Value
    scale: str
    base: float
    total: float
    parts: tuple[Part, ...]
    nearest: Change | None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        from heuron.answer import plain

        change = self.nearest
        return {
            "value": plain(self.value),
            "toward": plain(self.toward),
            "scale": self.scale,
            "base": self.base,
            "total": self.total,
            "contributions": [
                {
                    "field": one.field,
                    "value": plain(one.value),
                    "amount": one.amount,
                    "imputed": one.imputed,
                }
                for one in self.parts
            ],
            "nearest_change": None
            if change is None
            else {
                "field": change.field,
                "relation": change.relation,
                "bound": plain(change.bound),
                "now": plain(change.now),
                "becomes": plain(change.becomes),
            },
        }


def explain(
    model: Model, values: Mapping[str, Value], template: Template | None = None
) -> Explanation:
    """Return why the model says what it says of one record.

    Args:
        model: The model.
        values: Typed values by field.
        template: Where a changed value has to lie in its declared range; None for any.

    Raises:
        ValueError: When the model does not answer this record.
    """
    scorer = model.scorer
    row, needs, imputed, _ = scorer.read(values)
    if needs:
        raise ValueError(f"{model.name} does not answer: it needs {', '.join(needs)}")
    form = scorer.form
    place = scorer.decide(scorer.scores(row)) if form.classes else 0
    value: Value = form.classes[place] if form.classes else scorer.scores(row)[0]
    scale, toward, base, amounts = _amounts(scorer, row, place)
    parts = [
        Part(name, _shown(form, at, row[at], values), amount, name in imputed)
        for at, (name, amount) in enumerate(zip(form.inputs, amounts, strict=True))
    ]
    order = sorted(range(len(parts)), key=lambda at: (-abs(parts[at].amount), at))
    return Explanation(
        value=value,
        toward=form.classes[toward] if form.classes else value,
        scale=scale,
        base=base,
        total=base + sum(amounts),
        parts=tuple(parts[at] for at in order),
        nearest=_nearest(scorer, row, place, values, template) if form.classes else None,
    )


def _shown(form: Any, at: int, number: float, values: Mapping[str, Value]) -> Value:
    value = values.get(form.inputs[at], UNKNOWN)
    if value is not UNKNOWN and value is not None:
        return value
    kind = form.kinds[at]
    if number != number:
        return UNKNOWN
    if is_levels(kind):
        return kind[int(number)]
    if not isinstance(kind, str) or kind == "duration":
        return _back(kind, number)
    return bool(number) if kind == "boolean" else number


def _amounts(
    scorer: Scorer, row: Sequence[float], place: int
) -> tuple[str, int, float, list[float]]:
    """Return the scale, the class that the amounts speak for, the base, and one amount an input."""
    form = scorer.form
    model = form.model
    sources = [step[1] for step in form.encode]
    if model["kind"] == "linear":
        x = scorer.encode(row)
        toward, weights, base = _linear_row(form, place)
        scale = {"margin": "margin", "identity": "number"}.get(model["link"], "log-odds")
        each = [weight * one for weight, one in zip(weights, x, strict=True)]
        return scale, toward, base, _by_input(each, sources, len(row))
    if model["kind"] in ("tree", "forest"):
        base, each = _path_parts(scorer, scorer.encode(row), place)
        scale = "share" if form.classes else "number"
        return scale, place, base, _by_input(each, sources, len(row))
    if model["kind"] == "boosting" and len(model["start"]) == 1:
        base, each = _path_parts(scorer, scorer.encode(row), 0)
        trees = len(model["roots"])
        # The sums speak for the first of two classes.
        sign = -1.0 if form.classes and place == 1 else 1.0
        each = [sign * trees * one for one in each]
        scale = "log-odds" if form.classes else "number"
        base = sign * (model["start"][0] + trees * base)
        return scale, place, base, _by_input(each, sources, len(row))
    return _by_stepping_in(scorer, row, place)


def _by_input(each: Sequence[float], sources: Sequence[int], count: int) -> list[float]:
    amounts = [0.0] * count
    for amount, source in zip(each, sources, strict=True):
        amounts[source] += amount
    return amounts


def _linear_row(form: Any, place: int) -> tuple[int, list[float], float]:
    """Return the class spoken for, its weights and its bias.

    With two classes the answered one against the other; with more, the answered one against
    the mean of all, so that adding the same to every class changes nothing.
    """
    weights, bias = form.model["weights"], form.model["bias"]
    if len(weights) == 1:
        sign = -1.0 if form.classes and place == 1 else 1.0
        return place, [sign * weight for weight in weights[0]], sign * bias[0]
    count = len(weights)
    means = [sum(column) / count for column in zip(*weights, strict=True)]
    own = [weight - mean for weight, mean in zip(weights[place], means, strict=True)]
    return place, own, bias[place] - sum(bias) / count


def _path_parts(scorer: Scorer, x: Sequence[float], place: int) -> tuple[float, list[float]]:
    """Return the base and each column's part of the trees' raw score, averaged over the trees.

    A node's value is the mean of its children, weighted by their training rows.
    """
    form = scorer.form
    nodes = nodes_of(form.model, len(form.classes))
    rows = form.model.get("rows")
    count = len(nodes.feature)
    value = [0.0] * count
    for at in range(count - 1, -1, -1):
        if nodes.feature[at] < 0:
            leaf = nodes.values[nodes.place[at]]
            value[at] = leaf[place] if len(leaf) > 1 else leaf[0]
            continue
        left, right = nodes.left[at], nodes.right[at]
        weights = (rows[left], rows[right]) if rows else (1, 1)
        total = (weights[0] * value[left] + weights[1] * value[right]) / max(1, sum(weights))
        value[at] = total
    parts = [0.0] * len(x)
    base = 0.0
    for root in nodes.roots:
        at = root
        base += value[root]
        while nodes.feature[at] >= 0:
            feature = nodes.feature[at]
            number = x[feature]
            left = number <= nodes.cut[at]
            if nodes.missing_left is not None and number != number:
                left = bool(nodes.missing_left[at])
            child = nodes.left[at] if left else nodes.right[at]
            parts[feature] += value[child] - value[at]
            at = child
    trees = len(nodes.roots)
    return base / trees, [part / trees for part in parts]


def _by_stepping_in(
    scorer: Scorer, row: Sequence[float], place: int
) -> tuple[str, int, float, list[float]]:
    """Return amounts that lead from the usual record's score to this record's.

    Each is the mean of what the feature's own value adds when it takes the usual one's place,
    over the orders in which features may do so: all of them for a few features (the Shapley
    value), else the declared order and its reverse.
    """
    form = scorer.form
    usual = _usual(scorer)

    def score(taken: int) -> float:
        mixed = [row[at] if taken >> at & 1 else usual[at] for at in range(len(row))]
        scores = scorer.scores(mixed)
        return scores[place] if form.classes else scores[0]

    count = len(row)
    if count <= MOST_EXACT:
        scores = [score(taken) for taken in range(1 << count)]
        amounts = [_shapley(scores, count, at) for at in range(count)]
        base = scores[0]
    else:
        up = [score((1 << at) - 1) for at in range(count + 1)]
        whole = (1 << count) - 1
        down = [score(whole & ~((1 << at) - 1)) for at in range(count + 1)]
        amounts = [(up[at + 1] - up[at] + down[at] - down[at + 1]) / 2 for at in range(count)]
        base = up[0]
    scale = "probability" if form.classes else "number"
    return scale, place, base, amounts


def _shapley(scores: Sequence[float], count: int, at: int) -> float:
    """Return one feature's Shapley value; `scores` are by the set of features that stepped in."""
    from math import comb, fsum

    bit = 1 << at
    return fsum(
        (scores[taken | bit] - scores[taken]) / (count * comb(count - 1, taken.bit_count()))
        for taken in range(1 << count)
        if not taken & bit
    )


def _usual(scorer: Scorer) -> list[float]:
    """Return a usual record: means where the scorer knows them, else middles of ranges."""
    form = scorer.form
    means = {step[1]: step[2] for step in form.encode if step[0] == "scale"}
    return [
        means[at] if at in means else _middle(kind, seen)
        for at, (kind, seen) in enumerate(zip(form.kinds, form.seen, strict=True))
    ]


def _middle(kind: Any, seen: list[float] | None) -> float:
    if seen is None:
        return 0.0
    if is_levels(kind) or kind == "boolean":
        return float(seen.index(max(seen)))
    return (seen[0] + seen[1]) / 2


def _nearest(
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
        plain = shown if isinstance(kind, str) and kind != "duration" else _back(kind, shown)
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


def _back(kind: Any, number: float) -> Value:
    from datetime import date, timedelta

    if kind == "duration":
        return timedelta(days=number)
    return date.fromordinal(max(1, kind[1] - round(number)))
