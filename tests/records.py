"""Values for the fields of random records."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from heuron.values import UNKNOWN, Field, Value

TODAY = date(2026, 11, 24)


def a_value(field: Field, chance: random.Random) -> Value:
    """Return a value that a field accepts, or `UNKNOWN`."""
    kind = field.type
    if chance.random() < 0.25:
        return UNKNOWN
    low: Any = -4 if field.low is None else field.low
    high: Any = 9 if field.high is None else field.high
    match kind.kind:
        case "enumeration":
            return chance.choice(kind.levels)
        case "boolean":
            return chance.random() < 0.5
        case "integer":
            return chance.randint(int(low), int(high))
        case "number":
            return float(chance.randint(int(low * 2), int(high * 2))) / 2
        case "text":
            return chance.choice(["a", "b", "c", "tom", "bob", "ann"])
        case "date":
            return TODAY + timedelta(days=chance.randint(-5, 5))
        case "datetime":
            return datetime(2026, 11, 24) + timedelta(hours=chance.randint(-5, 5))
        case "duration":
            return timedelta(days=chance.randint(-3, 3))
        case "list":
            return ("a",) if str(kind.element) == "text" else (1, 2)
    return UNKNOWN
