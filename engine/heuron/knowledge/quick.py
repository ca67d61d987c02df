"""The quick check of plain evidence: exact Python types, inside their ranges.

Most evidence from a program is floats, whole numbers, truth values and levels that are right as
they stand. For these the full check would cost more than the answer. Whatever is unusual (a text
for a number, a wrong value, a fact of another type) is left to `evidence`, which says what is
wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, nextafter
from sys import float_info

from heuron.values import INTEGER_LIMIT, UNKNOWN, Field, Template, Value

__all__ = ["QuickRead", "quick_reader"]

QuickRead = Callable[[Mapping[str, object]], dict[str, Value] | None]


def quick_reader(template: Template) -> QuickRead:
    """Return a function from plain evidence to checked values, or None where it is not plain.

    Defaults are filled in, as the full check does.
    """
    ranges = {}
    levels = {}
    for field in template.fields:
        limits = _limits(field)
        if limits is not None:
            ranges[field.name] = limits
        elif field.type.kind == "enumeration":
            levels[field.name] = frozenset(field.type.levels)
    defaults: dict[str, Value] = {
        one.name: one.default for one in template.fields if one.default is not None
    }
    range_of, levels_of = ranges.get, levels.get

    def read(raw: Mapping[str, object]) -> dict[str, Value] | None:
        values = defaults.copy()
        for name, value in raw.items():
            limits = range_of(name)
            kind = type(value)
            if limits is not None:
                wanted, low, high = limits
                if kind is wanted and low <= value <= high:  # type: ignore[operator]
                    # Adding 0.0 makes a plain zero of -0.0, so that equal numbers print the same.
                    values[name] = value + 0.0 if kind is float else value  # type: ignore[operator]
                    continue
                if kind is int and wanted is float and low <= value <= high:  # type: ignore[operator]
                    values[name] = float(value)  # type: ignore[arg-type]
                    continue
            elif kind is str:
                known = levels_of(name)
                if known is not None and value in known:
                    values[name] = value
                    continue
            if value is not None or name not in template:
                return None
            values[name] = UNKNOWN
        return values

    return read


def _limits(field: Field) -> tuple[type, float, float] | None:
    """Return the exact type and the closed range of a field of numbers or truth values."""
    kind = field.type.kind
    low, high = field.low, field.high
    if kind == "boolean":
        return bool, False, True
    if kind == "integer":
        least = -INTEGER_LIMIT if low is None else int(low) + field.low_open  # type: ignore[call-overload]
        most = INTEGER_LIMIT if high is None else int(high) - field.high_open  # type: ignore[call-overload]
        # A bound that is no whole number would be rounded: the full check knows better.
        if low not in (None, int(least) - field.low_open) or high not in (
            None,
            int(most) + field.high_open,
        ):
            return None
        return int, least, most
    if kind == "number":
        # Closed ranges of finite floats also keep out infinities and NaN.
        least = -float_info.max if low is None else float(low)  # type: ignore[arg-type]
        most = float_info.max if high is None else float(high)  # type: ignore[arg-type]
        if field.low_open:
            least = nextafter(least, inf)
        if field.high_open:
            most = nextafter(most, -inf)
        return float, least, most
    return None
