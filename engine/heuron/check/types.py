"""Which types go together: comparison, arithmetic, and the types of results."""

from __future__ import annotations

from heuron.check.tree import ANY, BOOLEAN, DATE, DATETIME, DURATION, INTEGER, NUMBER, PERIOD, TEXT
from heuron.values import FieldType

__all__ = ["arithmetic_type", "comparable", "fits", "is_any", "is_ordered", "named"]

SIMPLE = {
    "text": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATETIME,
    "duration": DURATION,
}


def named(name: str) -> FieldType | None:
    """Return the built-in type of that name, or None."""
    return SIMPLE.get(name)


def is_any(*types: FieldType) -> bool:
    """Return whether one of the types already has an error of its own (or is unconstrained)."""
    return any(one.kind == "any" for one in types)


def comparable(left: FieldType, right: FieldType) -> bool:
    """Return whether two values may be compared at all."""
    if is_any(left, right):
        return True
    if left.is_numeric and right.is_numeric:
        return True
    if left.kind != right.kind:
        return False
    if left.kind == "enumeration":
        return left.levels == right.levels
    if left.kind == "reference":
        return left.target == right.target
    if left.kind == "list":
        assert left.element is not None
        assert right.element is not None
        return comparable(left.element, right.element)
    return left.kind != "period"


def is_ordered(kind: FieldType) -> bool:
    """Return whether values of a type have an order (`<`)."""
    return kind.kind in (
        "any",
        "number",
        "integer",
        "text",
        "date",
        "datetime",
        "duration",
        "enumeration",
    )


def fits(value: FieldType, wanted: FieldType) -> bool:
    """Return whether a value of one type may be put into a field of another."""
    if is_any(value, wanted):
        return True
    if value.kind == "integer" and wanted.kind == "number":
        return True
    if value.kind == "list" and wanted.kind == "list":
        assert value.element is not None
        assert wanted.element is not None
        return fits(value.element, wanted.element)
    return comparable(value, wanted) and not (value.kind == "number" and wanted.kind == "integer")


def arithmetic_type(operator: str, left: FieldType, right: FieldType) -> FieldType | None:
    """Return the type of `left operator right`, or None when they do not go together."""
    if is_any(left, right):
        return ANY
    kinds = (left.kind, right.kind)
    countable = ("number", "integer", "boolean")
    if kinds[0] in countable and kinds[1] in countable:
        return NUMBER if operator == "/" or "number" in kinds else INTEGER
    if operator == "+":
        return _sum_type(left, right)
    if operator == "-":
        return _difference_type(left, right)
    if operator == "*" and "duration" in kinds and (left.is_numeric or right.is_numeric):
        return DURATION
    if operator == "*" and "period" in kinds and "integer" in kinds:
        return PERIOD
    if operator in ("/", "//") and kinds[0] == "duration":
        if right.kind == "duration":
            return NUMBER if operator == "/" else INTEGER
        if right.kind == "integer" or (right.kind == "number" and operator == "/"):
            return DURATION
        return None
    return None


def _sum_type(left: FieldType, right: FieldType) -> FieldType | None:
    for one, other in ((left, right), (right, left)):
        if one.kind in ("date", "datetime") and other.kind in ("duration", "period"):
            return one
    if left.kind == right.kind and left.kind in ("text", "duration"):
        return left
    return None


def _difference_type(left: FieldType, right: FieldType) -> FieldType | None:
    if left.kind in ("date", "datetime"):
        if right.kind in ("duration", "period"):
            return left
        return DURATION if right.kind == left.kind else None
    return left if left.kind == right.kind == "duration" else None
