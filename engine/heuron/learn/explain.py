"""Why a model says what it says of one record: what each field added, and the nearest change.

Owns `Explanation` and `explain`; the amounts are from `contributions`, the change from `nearest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heuron.learn.contributions import amounts_of
from heuron.learn.nearest import Change, nearest_change, value_back
from heuron.learn.scorer.inputs import is_levels
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.learn.model import Model

__all__ = ["Explanation", "Part", "explain"]


@dataclass(frozen=True, slots=True)
class Part:
    """One field's contribution: the value that was used, and its amount on the scale."""

    field: str
    value: Value
    amount: float
    imputed: bool = False


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
    scale, toward, base, amounts = amounts_of(scorer, row, place)
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
        nearest=nearest_change(scorer, row, place, values, template) if form.classes else None,
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
        return value_back(kind, number)
    return bool(number) if kind == "boolean" else number
