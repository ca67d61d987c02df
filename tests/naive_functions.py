"""The oracle's values: arithmetic, comparisons and functions, each unknown of something unknown."""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from heuron.values import UNKNOWN

LARGEST = 2**53


def number_in_range(value: Any) -> Any:
    """Return a result, or unknown when it is no finite float and no integer within the limits."""
    if isinstance(value, float):
        return value if math.isfinite(value) else UNKNOWN
    return UNKNOWN if isinstance(value, int) and abs(value) > LARGEST else value


def arithmetic(operator: str, numbers: list[Any]) -> Any:
    """Return the result of an operator on known values; unknown if it has none."""
    if any(one is UNKNOWN for one in numbers):
        return UNKNOWN
    try:
        result = numbers[0]
        if operator == "neg":
            result = -result
        for right in numbers[1:]:
            match operator:
                case "+" | "-" if isinstance(right, Months):
                    result = right.added_to(result, 1 if operator == "+" else -1)
                case "+":
                    result = result + right
                case "-":
                    result = result - right
                case "*":
                    result = result * right
                case "/":
                    result = result / right
                case "//":
                    result = result // right
                case "%":
                    result = result % right
            result = number_in_range(result)
            if result is UNKNOWN:
                return UNKNOWN
        return result
    except (ZeroDivisionError, OverflowError, ValueError):
        return UNKNOWN


@dataclass(frozen=True)
class Months:
    """A calendar span."""

    count: int

    def added_to(self, when: date, sign: int) -> date:
        """Return the date so many months away, on the month's last day where it is shorter."""
        year, month = divmod(when.year * 12 + when.month - 1 + sign * self.count, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return when.replace(year=year, month=month + 1, day=min(when.day, last))


def compare(operator: str, left: Any, right: Any) -> Any:
    """Return a comparison's truth."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def call(function: str, arguments: list[Any], today: date) -> Any:
    """Return the result of a built-in function; unknown of unknown."""
    if any(one is UNKNOWN for one in arguments):
        return UNKNOWN
    first = arguments[0] if arguments else None
    match function:
        case "today":
            return today
        case "years":
            return Months(12 * first)
        case "months":
            return Months(first)
        case "weeks" | "days" | "hours" | "minutes" | "seconds":
            try:
                return timedelta(**{function: first})
            except OverflowError:
                return UNKNOWN
        case "abs":
            return abs(first)
        case "min":
            return min(arguments)
        case "max":
            return max(arguments)
        case "floor":
            return number_in_range(math.floor(first))
        case "ceil":
            return number_in_range(math.ceil(first))
        case "sqrt":
            return math.sqrt(first) if first >= 0 else UNKNOWN
        case "round":
            return rounded(*arguments)
        case "length":
            return len(first)
        case "upper":
            return first.upper()
        case "lower":
            return first.lower()
        case "trim":
            return first.strip()
        case "contains":
            return arguments[1] in first
        case "starts_with":
            return first[: len(arguments[1])] == arguments[1]
        case "ends_with":
            return arguments[1] == first[len(first) - len(arguments[1]) :]
        case "matches":
            return re.fullmatch(arguments[1], first) is not None
        case "year":
            return first.year
        case "month":
            return first.month
        case "day":
            return first.day
        case "weekday":
            return first.weekday() + 1
        case "days_between":
            return (arguments[1] - first) // timedelta(days=1)
        case "years_between":
            return whole_years(*arguments)
    raise AssertionError(f"no meaning for {function}()")


def rounded(value: float, digits: int = 0) -> Any:
    """Return a number rounded as it is written in decimals, halves away from zero."""
    scale = Fraction(10) ** digits
    whole = math.floor(abs(Fraction(repr(float(value)))) * scale + Fraction(1, 2))
    result = Fraction(whole if value >= 0 else -whole) / scale
    return number_in_range(int(result) if digits == 0 else float(result))


def whole_years(first: date, second: date) -> int:
    """Return how many birthdays of the first date have come by the second."""
    years = second.year - first.year
    before = (second.month, second.day) < (first.month, first.day)
    return years - 1 if before else years
