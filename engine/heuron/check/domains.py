"""Which values a field or a measure can have, narrowed by comparisons with constants.

A domain is either finite (levels, true and false) or an interval, perhaps with single values
taken out. It promises one thing: when it is empty, no value satisfies all that was asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

from heuron.values import Field, FieldType, Value

__all__ = ["SHARES", "SIGNED", "Domain", "domain_of", "of_type"]


@dataclass(frozen=True, slots=True)
class Domain:
    """What a value can still be.

    `finite` lists all values in their order, or is None for an interval from `low` to `high`
    (None: no bound), whose ends belong to it unless they are open; `without` are values that it
    cannot be. `whole` says that only whole numbers count; `order` are the levels of an
    enumeration, from the least on.
    """

    finite: tuple[Value, ...] | None = None
    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    without: frozenset[Value] = frozenset()
    whole: bool = False
    order: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no value is left."""
        if self.finite is not None:
            return not self.finite
        low, high = self.low, self.high
        if low is None or high is None or low < high:
            return False
        return low > high or self.low_open or self.high_open or low in self.without

    def among(self, values: Collection[Value]) -> Domain:
        """Return the domain that is left when the value is one of these."""
        kept = tuple(one for one in values if self._has(one))
        return Domain(kept, order=self.order)

    def _has(self, value: Any) -> bool:
        if self.finite is not None:
            return value in self.finite
        if value in self.without:
            return False
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return not (
            self.high is not None and (value > self.high or (self.high_open and value == self.high))
        )

    def compared(self, operator: str, value: Any) -> Domain:
        """Return the domain that is left when a comparison with a constant holds."""
        if operator == "==":
            return self.among((value,))
        if operator == "!=":
            if self.finite is None:
                return replace(self, without=self.without | {value})
            return replace(self, finite=tuple(one for one in self.finite if one != value))
        if self.finite is not None:
            kept = tuple(one for one in self.finite if self._holds(one, operator, value))
            return replace(self, finite=kept)
        return self._bounded(operator, value)

    def _holds(self, one: Any, operator: str, value: Any) -> bool:
        if self.order:
            if value not in self.order:
                return True
            one, value = self.order.index(one), self.order.index(value)
        match operator:
            case "<":
                return bool(one < value)
            case "<=":
                return bool(one <= value)
            case ">":
                return bool(one > value)
        return bool(one >= value)

    def _bounded(self, operator: str, value: Any) -> Domain:
        is_open = operator in ("<", ">")
        if self.whole:
            # Of whole numbers, those above 5 are those from 6 on.
            if operator[0] == ">":
                value = floor(value) + 1 if is_open else ceil(value)
            else:
                value = ceil(value) - 1 if is_open else floor(value)
            is_open = False
        if operator[0] == ">":
            if self.low is not None and (value < self.low or (value == self.low and not is_open)):
                return self
            return replace(self, low=value, low_open=is_open)
        if self.high is not None and (value > self.high or (value == self.high and not is_open)):
            return self
        return replace(self, high=value, high_open=is_open)

    def can_be(self, operator: str, other: Domain) -> bool:
        """Return whether a comparison with a value of another domain can hold."""
        if self.is_empty or other.is_empty:
            return True
        if self.finite is not None or other.finite is not None:
            mine, theirs = self.finite, other.finite
            if operator != "==" or mine is None or theirs is None:
                return True
            return any(one in theirs for one in mine)
        below = _meets(self, other)
        above = _meets(other, self)
        return {
            "<": below[0],
            "<=": below[1],
            ">": above[0],
            ">=": above[1],
            "==": below[1] and above[1],
            "!=": True,
        }[operator]


def _meets(first: Domain, second: Domain) -> tuple[bool, bool]:
    """Return whether a value of the first can be below, or not above, one of the second."""
    if first.low is None or second.high is None or first.low < second.high:
        return True, True
    return False, first.low == second.high and not (first.low_open or second.high_open)


LISTED = 256
"""Up to so many whole numbers are listed, so that each can be taken out."""
SIGNED = Domain(low=-1.0, high=1.0)
"""Certainties."""
SHARES = Domain(low=0.0, high=1.0)
"""Confidences."""


def domain_of(field: Field) -> Domain:
    """Return what a field accepts, as far as bounds and levels say it."""
    domain = of_type(field.type)
    if domain.finite is not None:
        return domain
    if field.low is not None:
        domain = domain.compared(">" if field.low_open else ">=", field.low)
    if field.high is not None:
        domain = domain.compared("<" if field.high_open else "<=", field.high)
    low, high = domain.low, domain.high
    if domain.whole and low is not None and high is not None and high - low < LISTED:
        return Domain(tuple(range(int(low), int(high) + 1)))
    return domain


def of_type(kind: FieldType) -> Domain:
    """Return all values of a type."""
    match kind.kind:
        case "enumeration":
            return Domain(kind.levels, order=kind.levels)
        case "boolean":
            return Domain((False, True))
        case "integer":
            return Domain(whole=True)
    return Domain()
