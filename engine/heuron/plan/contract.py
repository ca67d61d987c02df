"""The names that generated code may use, and what they do.

Owns the arithmetic of the rule language (every function is total: an unknown operand, a division
by zero, a float that is not finite, an integer beyond 2**53 or a date outside the calendar gives
`UNKNOWN`), its built-in functions, aggregates and three-valued helpers. `NAMES` is the whole
namespace of a generated module: nothing else can be reached from it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from math import ceil, floor, fsum, inf, isfinite, sqrt
from typing import Any, Final

from heuron.certainty import from_products
from heuron.plan.cuts import OFF_GRID, choice_table, cut_table, grid_table, hit_rows
from heuron.plan.settle import best, earlier, settle
from heuron.plan.wording import form
from heuron.values import INTEGER_LIMIT, UNKNOWN

__all__ = ["FUNCTIONS", "NAMES", "Period", "fit"]

TEXT_LIMIT: Final = 1_000_000
"""Longest text, in characters, that joining texts may give."""

# Operands are values of any type: the checks have made sure that they go together.
Operand = Any


class Period:
    """A calendar span in months: `years(1)` is 12. Only added to and taken from dates."""

    __slots__ = ("months",)

    def __init__(self, months: int) -> None:
        self.months = months


def fit(value: Operand) -> Operand:
    """Return a result of arithmetic, or `UNKNOWN` where it is out of range.

    Zero has one sign, so that equal numbers print the same.
    """
    kind = type(value)
    if kind is float:
        return value + 0.0 if isfinite(value) else UNKNOWN
    if kind is int:
        return value if -INTEGER_LIMIT <= value <= INTEGER_LIMIT else UNKNOWN
    if kind is str and len(value) > TEXT_LIMIT:
        return UNKNOWN
    return value


def shift(day: Operand, months: int) -> Operand:
    """Return a date moved by months, clamped to the last day of its month."""
    if day is UNKNOWN:
        return UNKNOWN
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return UNKNOWN
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(day.day, last))
        except ValueError:
            continue
    return UNKNOWN


def add(left: Operand, right: Operand) -> Operand:
    """Return the sum of two numbers, texts or durations, or a date moved forward."""
    if type(right) is Period:
        return shift(left, right.months)
    if type(left) is Period:
        return shift(right, left.months)
    try:
        return fit(left + right)
    except OverflowError:
        return UNKNOWN


def add_all(operands: Sequence[Operand]) -> Operand:
    """Return the sum of many operands, from left to right."""
    total = operands[0]
    for operand in operands[1:]:
        total = add(total, operand)
    return total


def sub(left: Operand, right: Operand) -> Operand:
    """Return the difference; of two dates the duration between them."""
    if type(right) is Period:
        return shift(left, -right.months)
    try:
        return fit(left - right)
    except OverflowError:
        return UNKNOWN


def mul(left: Operand, right: Operand) -> Operand:
    """Return the product of numbers, or of a duration and a number."""
    if type(left) is Period and type(right) is int:
        return Period(left.months * right)
    if type(right) is Period and type(left) is int:
        return Period(right.months * left)
    try:
        return fit(left * right)
    except OverflowError:
        return UNKNOWN


def mul_all(operands: Sequence[Operand]) -> Operand:
    """Return the product of many operands, from left to right."""
    total = operands[0]
    for operand in operands[1:]:
        total = mul(total, operand)
    return total


def div(left: Operand, right: Operand) -> Operand:
    """Return the quotient; by zero it is unknown."""
    try:
        return fit(left / right)
    except (ZeroDivisionError, OverflowError):
        return UNKNOWN


def floor_div(left: Operand, right: Operand) -> Operand:
    """Return the quotient rounded down; by zero it is unknown."""
    try:
        return fit(left // right)
    except (ZeroDivisionError, OverflowError):
        return UNKNOWN


def mod(left: Operand, right: Operand) -> Operand:
    """Return the remainder with the divisor's sign; by zero it is unknown."""
    try:
        return fit(left % right)
    except (ZeroDivisionError, OverflowError):
        return UNKNOWN


def neg(value: Operand) -> Operand:
    """Return the negative of a number, duration or calendar span."""
    if type(value) is float:
        return 0.0 - value
    if type(value) is Period:
        return Period(-value.months)
    try:
        return -value
    except OverflowError:
        return UNKNOWN


# Three-valued logic: True, False or UNKNOWN.


def negate(value: Operand) -> Operand:
    """Return Kleene's negation."""
    return UNKNOWN if value is UNKNOWN else not value


def all_of(values: Iterable[Operand]) -> Operand:
    """Return Kleene's conjunction."""
    result: Operand = True
    for value in values:
        if value is False:
            return False
        if value is UNKNOWN:
            result = UNKNOWN
    return result


def any_of(values: Iterable[Operand]) -> Operand:
    """Return Kleene's disjunction."""
    result: Operand = False
    for value in values:
        if value is True:
            return True
        if value is UNKNOWN:
            result = UNKNOWN
    return result


def among(item: Operand, options: Operand) -> Operand:
    """Return whether an item is one of the options; an unknown option may be it.

    Of no options nothing is one, so that an unknown item is none of them either.
    """
    if options is UNKNOWN:
        return UNKNOWN
    if item is UNKNOWN:
        return UNKNOWN if options else False
    if item in options:
        return True
    return UNKNOWN if any(option is UNKNOWN for option in options) else False


def holds(values: Operand, value: Operand) -> Operand:
    """Return whether `value` is one of a `many` field's values (pairs of value, certainty)."""
    if not values or value is UNKNOWN:
        return UNKNOWN
    return any(value == one for one, _ in values)


def weight_of(values: Operand, value: Operand) -> float:
    """Return the certainty of one of a `many` field's values; 1.0 when it does not hold."""
    return next((certainty for one, certainty in values if one == value), 1.0)


def level_of(levels: dict[str, int], value: Operand) -> Operand:
    """Return the place of a level in its enumeration, for comparisons by order."""
    return levels.get(value, UNKNOWN)


# What is known of one record.


def accept(value: Operand, limits: tuple[Operand, ...]) -> Operand:
    """Return a computed value in the type of its field, or `UNKNOWN` when out of range.

    Args:
        value: A value of the field's type, where whole numbers may stand in a number field.
        limits: The field's kind, low, whether low is outside, high, whether high is outside.
    """
    kind, low, low_open, high, high_open = limits
    if value is UNKNOWN:
        return UNKNOWN
    if kind == "number":
        value = float(value) + 0.0  # -0.0 becomes 0.0, as on entry
    elif kind == "integer" and type(value) is not int:
        if value != int(value):
            return UNKNOWN
        value = int(value)
    if low is not None and (value < low or (low_open and value == low)):
        return UNKNOWN
    if high is not None and (value > high or (high_open and value == high)):
        return UNKNOWN
    return value


def first_of(values: Sequence[tuple[Operand, float]]) -> Operand:
    """Return the best value of a `many` field."""
    return values[0][0] if values else UNKNOWN


def pairs(value: Operand, certainty: float) -> tuple[tuple[Operand, float], ...]:
    """Return a single value as pairs of value and certainty."""
    return () if value is UNKNOWN else ((value, certainty),)


def given_values(value: Operand) -> tuple[tuple[Operand, float], ...]:
    """Return what evidence says of a `many` field: one value or several, each certain."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple((one, 1.0) for one in values)


def given_levels(levels: dict[Operand, float], value: Operand) -> dict[Operand, float]:
    """Return the certainties of all values when evidence gives one: that one is certain."""
    values = value if isinstance(value, tuple) else (value,)
    return {**levels, **{one: 1.0 for one in values}}


def differ(hits: list[int], values: tuple[Operand, ...]) -> bool:
    """Return whether rows that hit have different values."""
    first = values[hits[0]] if hits else UNKNOWN
    return any(not _same(first, values[hit]) for hit in hits[1:])


def _same(one: Operand, other: Operand) -> bool:
    if one is UNKNOWN or other is UNKNOWN:
        return one is other
    return bool(one == other)


def predicted(prediction: Operand, attribute: str) -> Operand:
    """Return an attribute of a prediction; without a model everything is unknown."""
    if prediction is None:
        return UNKNOWN
    value = getattr(prediction, attribute)
    return UNKNOWN if value is None else value


# What is known of facts.


def look(table: dict[int, tuple[Operand, ...]], number: Operand, place: int) -> Operand:
    """Return a field of the fact with that number, or `UNKNOWN`."""
    row = table.get(number)
    return UNKNOWN if row is None else row[place]


def referred(
    table: dict[int, tuple[Operand, ...]], number: Operand
) -> tuple[tuple[Operand, ...], ...]:
    """Return the row with that number, alone, or nothing."""
    row = table.get(number)
    return () if row is None else (row,)


def possible_rows(
    table: dict[int, tuple[Operand, ...]], number: Operand
) -> Iterable[tuple[Operand, ...]]:
    """Return the rows that may have that number: all of them when it is unknown."""
    return table.values() if number is UNKNOWN else referred(table, number)


# Aggregates, over the list of the values that matched.


def total(values: list[Operand], zero: Operand) -> Operand:
    """Return the sum: exact for whole numbers, rounded once for floats; `zero` over nothing."""
    if any(value is UNKNOWN for value in values):
        return UNKNOWN
    try:
        if type(zero) is float:
            return fit(fsum(values))
        return fit(sum(values, zero))
    except OverflowError:
        return UNKNOWN


def counted(values: list[Operand]) -> Operand:
    """Return how many values there are; one that is unknown makes the number unknown."""
    return UNKNOWN if any(value is UNKNOWN for value in values) else len(values)


def least(values: list[Operand]) -> Operand:
    """Return the smallest value; over nothing it is unknown."""
    if not values or any(value is UNKNOWN for value in values):
        return UNKNOWN
    return min(values)


def greatest(values: list[Operand]) -> Operand:
    """Return the largest value; over nothing it is unknown."""
    if not values or any(value is UNKNOWN for value in values):
        return UNKNOWN
    return max(values)


def mean(values: list[Operand]) -> Operand:
    """Return the arithmetic mean; over nothing it is unknown."""
    if not values or any(value is UNKNOWN for value in values):
        return UNKNOWN
    if isinstance(values[0], timedelta):
        return div(total(values, timedelta(0)), len(values))
    return div(total(values, 0.0), float(len(values)))


def collected(values: list[tuple[Operand, Operand]]) -> Operand:
    """Return the values as a list, in fact order; the pairs hold that order's key and the value."""
    if any(value is UNKNOWN for _, value in values):
        return UNKNOWN
    return tuple(value for _, value in sorted(values, key=lambda pair: pair[0]))


# Built-in functions. Unknown in, unknown out: `known` sees to that.


def known(function: Callable[..., Operand]) -> Callable[..., Operand]:
    """Return `function` made total: unknown for unknown arguments and for results out of range."""

    def called(*arguments: Operand) -> Operand:
        for argument in arguments:
            if argument is UNKNOWN:
                return UNKNOWN
        try:
            return fit(function(*arguments))
        except (ArithmeticError, ValueError):
            return UNKNOWN

    return called


def _round(value: Operand, digits: int = 0) -> Operand:
    # Half away from zero, as people round; Python's own rounds halves to even.
    from decimal import ROUND_HALF_UP, Context, Decimal

    # No float has a digit beyond these places, and all of them fit into the context.
    places = Decimal(1).scaleb(-max(-400, min(400, digits)))
    rounded = Decimal(repr(float(value))).quantize(places, ROUND_HALF_UP, Context(prec=800))
    return int(rounded) if digits == 0 else float(rounded)


def _years_between(first: date, second: date) -> int:
    """Return the whole years from one date to another, as an age is counted."""
    years = second.year - first.year
    return years - ((second.month, second.day) < (first.month, first.day))


def _matches(text: str, pattern: str) -> bool:
    import re

    return len(text) <= 10_000 and re.fullmatch(pattern, text) is not None


FUNCTIONS: Final[dict[str, Callable[..., Operand]]] = {
    "abs": known(abs),
    "round": known(_round),
    "floor": known(floor),
    "ceil": known(ceil),
    "sqrt": known(sqrt),
    "min": known(min),
    "max": known(max),
    "length": known(len),
    "lower": known(str.lower),
    "upper": known(str.upper),
    "trim": known(str.strip),
    "contains": known(lambda text, part: part in text),
    "starts_with": known(str.startswith),
    "ends_with": known(str.endswith),
    "matches": known(_matches),
    "years": known(lambda number: Period(12 * int(number))),
    "months": known(lambda number: Period(int(number))),
    "weeks": known(lambda number: timedelta(weeks=number)),
    "days": known(lambda number: timedelta(days=number)),
    "hours": known(lambda number: timedelta(hours=number)),
    "minutes": known(lambda number: timedelta(minutes=number)),
    "seconds": known(lambda number: timedelta(seconds=number)),
    "year": known(lambda day: day.year),
    "month": known(lambda day: day.month),
    "day": known(lambda day: day.day),
    "weekday": known(lambda day: day.isoweekday()),
    "years_between": known(_years_between),
    "days_between": known(lambda first, second: (second - first).days),
}
"""The built-in functions by their names in the language (`today` and `now` are the run's)."""


def certainty_of(positive: float, negative: float) -> float:
    """Return the certainty of two products of doubt; see `heuron.certainty`."""
    return from_products(positive, negative)


def words(*parts: Operand) -> str:
    """Return literal parts and formatted holes joined to one text."""
    return "".join(parts)


NAMES: Final[dict[str, object]] = {
    "UNKNOWN": UNKNOWN,
    "EMPTY": {},
    "ONCE": (None,),
    "NOTHING": ((UNKNOWN, 1.0),),
    "look": look,
    "referred": referred,
    "possible_rows": possible_rows,
    "date": date,
    "datetime": datetime,
    "timedelta": timedelta,
    "add": add,
    "add_all": add_all,
    "sub": sub,
    "mul": mul,
    "mul_all": mul_all,
    "div": div,
    "floor_div": floor_div,
    "mod": mod,
    "neg": neg,
    "negate": negate,
    "all_of": all_of,
    "any_of": any_of,
    "among": among,
    "holds": holds,
    "weight_of": weight_of,
    "level_of": level_of,
    "total": total,
    "counted": counted,
    "least": least,
    "greatest": greatest,
    "mean": mean,
    "collected": collected,
    "certainty_of": certainty_of,
    "accept": accept,
    "first_of": first_of,
    "pairs": pairs,
    "given_values": given_values,
    "given_levels": given_levels,
    "differ": differ,
    "predicted": predicted,
    "settle": settle,
    "best": best,
    "earlier": earlier,
    "dict_of": dict,
    "form": form,
    "words": words,
    "bisect": bisect_right,
    "choice_table": choice_table,
    "cut_table": cut_table,
    "grid_table": grid_table,
    "OFF_GRID": OFF_GRID,
    "hit_rows": hit_rows,
    "INFINITE": inf,
    "type_of": type,
    "Text": str,
    "Whole": int,
    "Float": float,
    "Truth": bool,
    "__builtins__": {
        "frozenset": frozenset,
        "int": int,
        "iter": iter,
        "len": len,
        "max": max,
        "min": min,
        "reversed": reversed,
    },
} | {f"call_{name}": function for name, function in FUNCTIONS.items()}
"""The namespace of generated code. `EMPTY` is never written to."""
