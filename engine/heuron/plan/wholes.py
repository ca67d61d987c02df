"""Arithmetic of whole numbers, written without calls.

Every result of arithmetic beyond 2**53 is unknown, so each operation has to be looked at; but a
remainder, or a quotient by a constant, is never out of range, nor is the difference of two of
those. The largest and smallest possible value of each operand tell. Unknown operands need no test:
they absorb every operation, and compare false.
"""

from __future__ import annotations

from typing import Final

from heuron.check.tree import Arithmetic, Constant, Expression
from heuron.values import INTEGER_LIMIT

__all__ = ["Interval", "bounds_of", "interval_of", "whole_source"]

Interval = tuple[int, int]
"""The smallest and the largest value."""

ANY: Final[Interval] = (-INTEGER_LIMIT, INTEGER_LIMIT)
SIGNS: Final = frozenset(("+", "-", "*", "//", "%"))


def interval_of(node: Expression) -> Interval | None:
    """Return between which values an expression's value lies, if it is a known whole number.

    None stands for what is no arithmetic of two whole numbers, or may be divided by zero.
    """
    if node.type.kind != "integer":
        return None
    if isinstance(node, Constant):
        is_whole = isinstance(node.value, int) and not isinstance(node.value, bool)
        return (int(node.value), int(node.value)) if is_whole else None  # type: ignore[call-overload]
    if not isinstance(node, Arithmetic):
        return ANY
    result = _result(node)
    return ANY if result is None else (max(result[0], ANY[0]), min(result[1], ANY[1]))


def whole_source(node: Arithmetic, left: str, right: str) -> str | None:
    """Return source for an operation on two whole numbers, or None for any other."""
    result = _result(node)
    if result is None:
        return None
    source = f"({left} {node.operator} {right})"
    if ANY[0] <= result[0] and result[1] <= ANY[1]:
        return source
    # Read at once: whatever `w` stood for before, an operand of this one, has been used.
    return f"(w if {ANY[0]} <= (w := {source}) <= {ANY[1]} else UNKNOWN)"


def bounds_of(left: Expression, operator: str, right: Expression) -> Interval | None:
    """Return between which exact results a comparison with a whole number is true.

    None stands for what is no such comparison, or needs no look at the range of its left side.
    """
    if not isinstance(left, Arithmetic) or not isinstance(right, Constant):
        return None
    result, value = _result(left), interval_of(right)
    if result is None or value is None or (ANY[0] <= result[0] and result[1] <= ANY[1]):
        return None
    (number, _), (low, high) = value, ANY
    match operator:
        case "==":
            low, high = number, number
        case "<":
            high = number - 1
        case "<=":
            high = number
        case ">":
            low = number + 1
        case ">=":
            low = number
        case _:
            return None
    return (low, high) if ANY[0] <= low <= high <= ANY[1] else None


def _result(node: Arithmetic) -> Interval | None:
    """Return between which values an operation's exact result lies, before it is looked at."""
    if node.type.kind != "integer" or node.operator not in SIGNS or len(node.operands) != 2:
        return None
    left, right = (interval_of(one) for one in node.operands)
    if left is None or right is None:
        return None
    (low, high), (lower, upper) = left, right
    match node.operator:
        case "+":
            return low + lower, high + upper
        case "-":
            return low - upper, high - lower
        case "*":
            products = (low * lower, low * upper, high * lower, high * upper)
            return min(products), max(products)
        case "//" if lower == upper > 0:
            return low // lower, high // lower
        case "%" if lower == upper > 0:
            return 0, lower - 1
    return None
