"""What a model's card holds of the template: type, levels, range and unit of each field it reads.

Owns how a field stands in a card, and what keeps a model from answering under another template:
what a field may be now, it must have been allowed to be when the model was trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from heuron.answer import plain
from heuron.values import Field

__all__ = ["declaration", "difference"]

DAY: Final = timedelta(days=1)


def declaration(field: Field) -> dict[str, Any]:
    """Return a field as JSON: `type`, and where declared `levels`, `low`, `high`, `unit`.

    `open` lists the ends that do not belong to the range.
    """
    found: dict[str, Any] = {"type": field.type.kind}
    if field.type.kind == "enumeration":
        found["levels"] = list(field.type.levels)
    for name, end in (("low", field.low), ("high", field.high)):
        if end is not None:
            # Days, so that ends can be compared.
            found[name] = end / DAY if isinstance(end, timedelta) else plain(end)
    ends = [name for name in ("low", "high") if getattr(field, f"{name}_open")]
    if ends:
        found["open"] = ends
    if field.unit is not None:
        found["unit"] = field.unit
    return found


def difference(field: Field, then: Mapping[str, Any]) -> str | None:
    """Return in words why a model cannot read a field now, or None when it can.

    A unit that was declared must be the same, and a range that was declared must hold all that
    the field may be now; declaring either where none was is no reason.

    Args:
        field: The field as it is declared now.
        then: Its declaration when the model was trained.
    """
    now = declaration(field)
    unit = then.get("unit")
    if unit is not None and now.get("unit") != unit:
        other = f"in {now['unit']}" if "unit" in now else "without a unit"
        return f"`{field.name}` was in {unit} when it was trained, and is {other} now"
    for end in ("low", "high"):
        if end in then and not _holds(then, now, end):
            before, after = _range(then), _range(now)
            return f"`{field.name}` was {before} when it was trained, and may be {after} now"
    return None


def _holds(then: Mapping[str, Any], now: Mapping[str, Any], end: str) -> bool:
    """Return whether a range's end is not beyond what it was."""
    before, after = then[end], now.get(end)
    # A day in ISO form is compared with another one; a card from elsewhere may hold anything.
    alike = isinstance(before, str) == isinstance(after, str)
    if after is None or not alike or not isinstance(before, (str, int, float)):
        return False
    if after == before:
        return end in now.get("open", ()) or end not in then.get("open", ())
    return bool(after > before if end == "low" else after < before)


def _range(declared: Mapping[str, Any]) -> str:
    low, high, without = declared.get("low"), declared.get("high"), declared.get("open", ())
    if low is not None and high is not None and not without:
        return f"in {low}..{high}"
    ends = []
    if low is not None:
        ends.append(f"{'above' if 'low' in without else 'at least'} {low}")
    if high is not None:
        ends.append(f"{'below' if 'high' in without else 'at most'} {high}")
    return " and ".join(ends) or "anything"
