"""From a table's fields to a model's columns: which, in what order, and what fills a gap.

Owns `Inputs`, the part of a scorer's form that training decides before any estimator is fitted.
Numbers stay numbers, booleans are 0 and 1, an enumeration is one column a level in template
order, a date is days before a declared day, a duration is days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.contract import Contract
from heuron.learn.scorer.inputs import is_levels
from heuron.learn.spec import Feature, Missing, Spec
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["Inputs", "inputs_of", "kind_of", "resolve_missing", "steps_of", "used_columns"]

ENOUGH_GAPS: Final = 20
"""An optional field that so many training rows lacked is filled in unless the spec refuses."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a model, as they stand in a scorer's form.

    `kinds`, `fill` and `seen` are described in `scorer.form`; `fill` is in the numbers of the
    encoding, with NaN for an estimator that takes missing numbers itself.
    """

    names: tuple[str, ...]
    kinds: tuple[Any, ...]
    fill: tuple[float | None, ...]
    seen: tuple[list[float] | None, ...]


def kind_of(contract: Contract, feature: Feature) -> Any:
    """Return how a field becomes a number, in the words of a scorer's form."""
    kind = contract.template[feature.field].type
    if kind.kind == "enumeration":
        return list(kind.levels)
    if feature.days_before is not None:
        return ["days_before", feature.days_before.toordinal()]
    return kind.kind


def resolve_missing(contract: Contract, spec: Spec, numbers: Numbers) -> dict[str, Missing]:
    """Return what happens when each feature is unknown, the default settled by the training rows.

    A field that is not optional refuses; an optional one follows the spec, by default refuse
    unless at least 20 training rows lacked it.
    """
    import numpy

    found = {}
    for at, feature in enumerate(spec.features):
        field = contract.template[feature.field]
        declared = spec.missing.get(feature.field)
        gaps = int(numpy.isnan(numbers[:, at]).sum())
        if gaps == len(numbers):  # nothing to take a median of
            found[feature.field] = Missing("refuse")
        elif declared is not None:
            found[feature.field] = declared
        elif field.optional and gaps >= ENOUGH_GAPS:
            by_level = field.type.kind in ("enumeration", "boolean")
            found[feature.field] = Missing("most_common" if by_level else "median")
        else:
            found[feature.field] = Missing("refuse")
    return found


def inputs_of(spec: Spec, kinds: Sequence[Any], numbers: Numbers) -> Inputs:
    """Return the inputs as the given training rows decide them: fills and ranges.

    Args:
        spec: Features, and a missing policy for each (see `resolve_missing`).
        kinds: From `kind_of`, one a feature.
        numbers: The training rows, one column a feature, NaN where unknown.
    """
    policies = [spec.missing[one.field] for one in spec.features]
    columns = [numbers[:, at] for at in range(len(policies))]
    return Inputs(
        names=tuple(one.field for one in spec.features),
        kinds=tuple(kinds),
        fill=tuple(map(_fill, policies, kinds, columns)),
        seen=tuple(map(_seen, kinds, columns)),
    )


def _fill(policy: Missing, kind: Any, column: Numbers) -> float | None:
    import numpy

    from heuron.learn.scorer.table import to_numbers

    if policy.policy == "native":
        return nan
    if policy.policy == "value":
        return float(to_numbers([kind], [[policy.value]])[0, 0])
    known = column[~numpy.isnan(column)]
    if policy.policy == "refuse" or not len(known):
        return None
    if policy.policy == "median":
        return float(numpy.median(known))
    values, counts = numpy.unique(known, return_counts=True)
    return float(values[counts.argmax()])


def _seen(kind: Any, column: Numbers) -> list[float] | None:
    import numpy

    known = column[~numpy.isnan(column)]
    if is_levels(kind) or kind == "boolean":
        places = range(len(kind) if is_levels(kind) else 2)
        return [int((known == place).sum()) for place in places]
    return [float(known.min()), float(known.max())] if len(known) else None


def steps_of(spec: Spec, inputs: Inputs, filled: Numbers) -> list[list[Any]]:
    """Return the encoding steps; scaling takes mean and deviation from the filled rows.

    A column that is the same in all of these rows is left out, unless all are: what it would do
    to an answer is chance (of a network), or rounding (of naive Bayes, divided by its variance).
    """
    import numpy

    from heuron.learn.scorer.table import encode_columns

    steps = _all_steps(spec, inputs, filled)
    encoded = encode_columns(steps, filled)
    changing = [
        step
        for at, step in enumerate(steps)
        if numpy.isnan(encoded[:, at]).any() or (encoded[:, at] != encoded[0, at]).any()
    ]
    return changing or steps


def _all_steps(spec: Spec, inputs: Inputs, filled: Numbers) -> list[list[Any]]:
    import numpy

    steps: list[list[Any]] = []
    for at, kind in enumerate(inputs.kinds):
        if is_levels(kind):
            steps += [["is", at, place] for place in range(len(kind))]
        elif spec.scaled and kind != "boolean":
            column = filled[:, at]
            mean, deviation = float(numpy.nanmean(column)), float(numpy.nanstd(column))
            # A constant column says nothing; dividing by rounding noise would make it loud.
            constant = deviation <= 1e-12 * max(1.0, abs(mean))
            steps.append(["scale", at, mean, 1.0 if constant else deviation])
        else:
            steps.append(["as_is", at])
    return steps


def used_columns(
    spec: Spec, columns: Mapping[str, Sequence[Value]], rows: int
) -> list[Sequence[Value]]:
    """Return the cells of each feature; a field that the data lack is unknown in every row."""
    absent = [UNKNOWN] * rows
    return [columns.get(one.field, absent) for one in spec.features]
