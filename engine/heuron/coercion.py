"""From what a user gives to a value of a field's type, or a message that says what is accepted.

Owns the one place where evidence, asserted facts and columns of data become typed values. Rules
and models read the same template, so they read the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Final

from heuron.values import INTEGER_LIMIT, UNKNOWN, Fact, Field, FieldType, Value, show

__all__ = ["coerce", "from_text", "is_inside", "level_of", "slug"]

TEXT_LIMIT: Final = 10_000
"""Longest text, in characters, that is matched against a field's regular expression."""

TRUE: Final = ("true", "yes")
FALSE: Final = ("false", "no")

UNIT_SECONDS: Final = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
}


def coerce(field: Field, raw: object) -> Value:
    """Return `raw` as a value of the field's type, or `UNKNOWN`.

    `None` is unknown. Text is read as on the command line (see `from_text`), except that for a
    text field every string, the empty one and "unknown" included, is text.

    Args:
        field: The declared field: type, range, levels, pattern.
        raw: A Python value: from a keyword, JSON, a table or another program. numpy scalars are
            taken as the Python values that they stand for.

    Raises:
        ValueError: With a message that names the field, the value and what would be accepted.
    """
    if raw is None or raw is UNKNOWN:
        return UNKNOWN
    kind = field.type.kind
    # The most common case first: evidence for one query is mostly plain floats.
    if kind == "number" and type(raw) is float:
        value: Value = _finite(field, raw)
    elif isinstance(raw, str) and kind != "text":
        value = _typed_text(field, field.type, raw)
    else:
        value = _typed(field, field.type, raw)
    if value is UNKNOWN:
        return UNKNOWN
    return _bounded(field, value)


def from_text(field: Field, text: str) -> Value:
    """Return the value that a word of the command line or a cell of a table stands for.

    The empty text and "unknown" are `UNKNOWN`, unless the field has a level of that name. A
    boolean is true/false, yes/no or 1/0; numbers may have underscores (15_000); a date is
    2026-11-24, a date and time 2026-11-24T13:30, a duration "3 days"; a list is separated by
    commas, in brackets or not.

    Raises:
        ValueError: With a message that names the field, the text and what would be accepted.
    """
    kind = field.type.kind
    if kind == "text":
        if text.strip() in ("", "unknown"):
            return UNKNOWN
        return _bounded(field, _typed(field, field.type, text))
    if kind == "boolean" and text.strip() in ("0", "1"):
        return text.strip() == "1"
    value = _typed_text(field, field.type, text)
    return UNKNOWN if value is UNKNOWN else _bounded(field, value)


def slug(text: str) -> str:
    """Return a text as a name: "Worst concave points" becomes "worst_concave_points"."""
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFKC", text)
    letters = [letter if letter.isalnum() else " " for letter in text.casefold()]
    return "_".join("".join(letters).split())


def level_of(kind: FieldType, text: str) -> str | None:
    """Return the level of an enumeration that `text` means: exactly, or as the same slug."""
    levels = kind.levels
    if text in levels:
        return text
    stripped = text.strip()
    if stripped in levels:
        return stripped
    folded = [level for level in levels if level.casefold() == stripped.casefold()]
    if not folded:
        wanted = slug(stripped)
        folded = [level for level in levels if wanted and slug(level) == wanted]
    # Two levels that differ only in signs ("3+" and "3-") must be given exactly.
    return folded[0] if len(folded) == 1 else None


def is_inside(field: Field, value: Value) -> bool:
    """Return whether a number, date or duration lies in the field's declared range."""
    low, high = field.low, field.high
    if low is not None and (value < low or (field.low_open and value == low)):  # type: ignore[operator]
        return False
    return high is None or not (value > high or (field.high_open and value == high))  # type: ignore[operator]


def _refused(field: Field, raw: object, why: str = "") -> ValueError:
    given = f'"{raw}"' if isinstance(raw, str) else show(raw)
    if len(given) > 60:
        given = given[:57] + "…"
    return ValueError(f"`{field.name}` accepts {field.accepts()}, not {given}{why}")


def _finite(field: Field, number: float) -> float:
    if not isfinite(number):
        raise _refused(field, number, ": not a finite number")
    return number + 0.0  # -0.0 becomes 0.0, so that equal numbers print the same


def _bounded(field: Field, value: Value) -> Value:
    if isinstance(value, tuple):
        for one in value:
            _bounded(field, one)
        return value
    if (field.low is not None or field.high is not None) and not is_inside(field, value):
        raise _refused(field, value)
    if field.matching is not None and isinstance(value, str):
        import re

        if len(value) > TEXT_LIMIT:
            raise _refused(field, value, f": longer than {TEXT_LIMIT:,} characters")
        if re.fullmatch(field.matching, value) is None:
            raise _refused(field, value)
    return value


def _typed(field: Field, kind: FieldType, raw: object) -> Value:
    """Return a raw value that is no text (or text for a text field) in the type `kind`."""
    if type(raw).__module__ == "numpy" and hasattr(raw, "item"):
        raw = raw.item()
    match kind.kind:
        case "number" if _is_number(raw):
            try:
                return _finite(field, float(raw))  # type: ignore[arg-type]
            except OverflowError:
                raise _refused(field, "a number of that size") from None
        case "integer" if _is_number(raw):
            return _whole(field, raw)
        case "boolean" if isinstance(raw, bool):
            return raw
        case "text" if isinstance(raw, str):
            return _encodable(field, raw)
        case "enumeration" if isinstance(raw, int) and not isinstance(raw, bool):
            if str(raw) in kind.levels:
                return str(raw)
        case "date" if isinstance(raw, date):
            return _as_date(field, raw)
        case "datetime" if isinstance(raw, date):
            return _as_datetime(field, raw)
        case "duration" if isinstance(raw, timedelta):
            return timedelta(raw.days, raw.seconds, raw.microseconds)
        case "list" if isinstance(raw, (list, tuple)):
            return _as_list(field, kind, raw)
        case "reference":
            if isinstance(raw, Fact) and raw.type == kind.target:
                return raw.number
            if isinstance(raw, int) and not isinstance(raw, bool):
                return raw
    raise _refused(field, raw)


def _is_number(raw: object) -> bool:
    # Decimal and Fraction are welcome; True is a truth value, and text is read elsewhere.
    return hasattr(raw, "__float__") and not isinstance(raw, (bool, str))


def _whole(field: Field, raw: object) -> int:
    try:
        number = int(raw)  # type: ignore[call-overload]
    except (ValueError, OverflowError):
        raise _refused(field, raw) from None
    if number != raw:
        raise _refused(field, raw)
    if abs(number) > INTEGER_LIMIT:
        raise _refused(field, raw, ": beyond ±2**53 whole numbers are not exact")
    return int(number)


def _encodable(field: Field, text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _refused(field, ascii(text), ": half of a character") from None
    return str(text)


def _as_date(field: Field, raw: date) -> date:
    if isinstance(raw, datetime) and raw.time() != time():
        raise _refused(field, raw)
    return date(raw.year, raw.month, raw.day)


def _as_datetime(field: Field, raw: date) -> datetime:
    if not isinstance(raw, datetime):
        return datetime(raw.year, raw.month, raw.day)
    if raw.tzinfo is not None:
        raise _refused(field, raw, ": give the time without a time zone")
    return datetime(raw.year, raw.month, raw.day, raw.hour, raw.minute, raw.second, raw.microsecond)


def _as_list(field: Field, kind: FieldType, raw: Sequence[object]) -> Value:
    element = kind.element
    assert element is not None
    values = []
    for one in raw:
        if isinstance(one, str) and element.kind != "text":
            value = _typed_text(field, element, one)
        else:
            value = UNKNOWN if one is None else _typed(field, element, one)
        if value is UNKNOWN:
            raise _refused(field, raw, ": no element may be unknown")
        values.append(value)
    return tuple(values)


def _typed_text(field: Field, kind: FieldType, text: str) -> Value:
    """Return the value that a text means in a type other than text."""
    if kind.kind == "enumeration":
        level = level_of(kind, text)
        if level is not None:
            return level
    stripped = text.strip()
    if stripped in ("", "unknown"):
        return UNKNOWN
    reader = READERS.get(kind.kind)
    if reader is None:
        raise _refused(field, text)
    return reader(field, kind, stripped)


def _read_number(field: Field, kind: FieldType, text: str) -> Value:
    # float() also reads "nan", "infinity" and digits of other scripts; a rule file does not.
    if not text.isascii() or "n" in text.casefold():
        raise _refused(field, text)
    try:
        number = float(text)
    except ValueError:
        raise _refused(field, text) from None
    return _finite(field, number)


def _read_integer(field: Field, kind: FieldType, text: str) -> Value:
    digits = text.replace("_", "").lstrip("+-")
    if text.isascii() and digits.isdecimal() and len(digits) < 400:
        try:
            whole = int(text)
        except ValueError:  # "1__0"
            raise _refused(field, text) from None
        return _whole(field, whole)
    number = _read_number(field, kind, text)
    return _whole(field, number)


def _read_boolean(field: Field, kind: FieldType, text: str) -> Value:
    folded = text.casefold()
    if folded in TRUE:
        return True
    if folded in FALSE:
        return False
    raise _refused(field, text)


def _read_date(field: Field, kind: FieldType, text: str) -> Value:
    # fromisoformat() also reads 20261124 and 2026-W48-2; evidence has one form.
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise _refused(field, text)


def _read_datetime(field: Field, kind: FieldType, text: str) -> Value:
    if len(text) >= 10 and text[4] == text[7] == "-" and text.isascii():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _refused(field, text) from None
        return _as_datetime(field, moment)
    raise _refused(field, text)


def _read_duration(field: Field, kind: FieldType, text: str) -> Value:
    total = timedelta()
    words = text.split()
    for amount, unit in zip(words[::2], words[1::2], strict=False):
        seconds = UNIT_SECONDS.get(unit.rstrip(",").removesuffix("s"))
        number = _read_number(field, kind, amount)
        if seconds is None:
            raise _refused(field, text)
        try:
            total += timedelta(seconds=number * seconds)  # type: ignore[operator]
        except OverflowError:
            raise _refused(field, text) from None
    if len(words) % 2:
        raise _refused(field, text)
    return total


def _read_list(field: Field, kind: FieldType, text: str) -> Value:
    element = kind.element
    assert element is not None
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return _as_list(field, kind, parts)


READERS: Final[dict[str, Callable[[Field, FieldType, str], Value]]] = {
    "number": _read_number,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "date": _read_date,
    "datetime": _read_datetime,
    "duration": _read_duration,
    "list": _read_list,
}
