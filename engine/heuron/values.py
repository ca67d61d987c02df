"""The values of the rule language: field types, `UNKNOWN`, templates and facts.

Owns the data that every layer above shares. A template is the contract of a type of fact: both
rules and models read it. Values are plain Python: `str`, `float` (number), `int` (integer),
`bool`, `date`, `datetime`, `timedelta` (duration), `str` (a level), `tuple` (a list) and, for a
field of another type, the number of a fact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

__all__ = [
    "UNKNOWN",
    "Fact",
    "Field",
    "FieldType",
    "Template",
    "Unknown",
    "Value",
    "quote",
    "show",
    "show_fact",
]

type_names: Final = ("text", "integer", "number", "boolean", "date", "datetime", "duration")

INTEGER_LIMIT: Final = 2**53
"""Integers beyond this magnitude are out of range: a float could not tell them apart."""


class Unknown:
    """The one value that stands for "not known".

    It compares false with everything, itself included, and arithmetic with it is unknown, so
    that generated code needs no test of its own before a comparison. Ask with `is UNKNOWN`.
    """

    __slots__ = ()

    def _false(self, other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _false
    __hash__ = object.__hash__

    def _unknown(self, *others: object) -> Unknown:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _unknown
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _unknown
    __neg__ = __pos__ = __abs__ = _unknown

    def __bool__(self) -> bool:
        raise TypeError("unknown is neither true nor false: ask with `is UNKNOWN`")

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()

Value = object
"""A value of the rule language (see the module's docstring) or `UNKNOWN`."""


def show(value: object) -> str:
    """Return a value as a user would write it."""
    if value is UNKNOWN or value is None:
        return "unknown"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return _plain(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes" if not value.second else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(show(one) for one in value) + "]"
    return str(value)


def _plain(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    # Twelve digits hide the rounding of the last bit: 0.1 + 0.2 is shown as 0.3.
    return f"{number:.12g}"


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    value = abs(value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        f"{amount} {unit}{'' if amount == 1 else 's'}"
        for amount, unit in (
            (value.days, "day"),
            (hours, "hour"),
            (minutes, "minute"),
            (seconds, "second"),
        )
        if amount
    ]
    return sign + (", ".join(parts) or "0 seconds")


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a field.

    `kind` is one of `text integer number boolean date datetime duration enumeration list
    reference`; `levels` belong to an enumeration, `element` to a list, `target` to a reference.
    """

    kind: str
    levels: tuple[str, ...] = ()
    element: FieldType | None = None
    target: str | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether values of this type are numbers in arithmetic."""
        return self.kind in ("number", "integer")

    def __str__(self) -> str:
        if self.kind == "enumeration":
            return " | ".join(self.levels)
        if self.kind == "list":
            return f"list of {self.element}"
        if self.kind == "reference":
            return str(self.target)
        return self.kind


@dataclass(frozen=True, slots=True)
class Field:
    """One slot of a template, with everything that is accepted in it.

    `low` and `high` bound numbers, dates and durations; `low_open` and `high_open` say that the
    bound itself is outside. `default` is None where there is none. `ask` is the question of a
    consultation, `unit` the unit that values are given in.
    """

    name: str
    type: FieldType
    low: Value | None = None
    high: Value | None = None
    low_open: bool = False
    high_open: bool = False
    matching: str | None = None
    unit: str | None = None
    optional: bool = False
    default: Value | None = None
    ask: str | None = None

    def accepts(self) -> str:
        """Return in words what this field accepts, for messages and `describe`."""
        kind = self.type
        if kind.kind == "enumeration":
            return "one of " + ", ".join(kind.levels)
        words = {
            "text": "text",
            "boolean": "true or false",
            "date": "a date like 2026-11-24",
            "datetime": "a date and time like 2026-11-24T13:30",
            "duration": "a duration like 3 days",
            "number": "a number",
            "integer": "a whole number",
        }.get(kind.kind, str(kind))
        if kind.kind == "list":
            words = f"a list of {kind.element}"
        if kind.kind == "reference":
            words = f"a fact of type {kind.target}"
        if self.low is not None and self.high is not None and not self.low_open | self.high_open:
            words += f" in {show(self.low)}..{show(self.high)}"
        else:
            if self.low is not None:
                words += f" {'>' if self.low_open else '>='} {show(self.low)}"
            if self.high is not None:
                words += f" {'<' if self.high_open else '<='} {show(self.high)}"
        if self.matching is not None:
            words += f' matching "{self.matching}"'
        if self.unit:
            words += f" ({self.unit})"
        return words


class Template:
    """A declared type of fact: a name, a title and its fields in order. Immutable."""

    __slots__ = ("_by_name", "fields", "name", "title")

    def __init__(self, name: str, fields: tuple[Field, ...], title: str | None = None) -> None:
        self.name = name
        self.fields = fields
        self.title = title
        self._by_name = {one.name: one for one in fields}

    def get(self, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(self._by_name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Template):
            return NotImplemented
        return (self.name, self.fields, self.title) == (other.name, other.fields, other.title)

    def __hash__(self) -> int:
        return hash((self.name, self.fields))

    def __repr__(self) -> str:
        return f"Template({self.name}: {', '.join(self.names)})"

    def __reduce__(self) -> tuple[object, ...]:
        return Template, (self.name, self.fields, self.title)


class Fact:
    """An immutable record of one type, as it is held in working memory.

    `number` names the fact for as long as it is held; `event` is the number of the event that
    made this version.
    """

    __slots__ = ("_names", "_values", "event", "number", "type")

    def __init__(
        self,
        type_name: str,
        values: Mapping[str, Value] | tuple[Value, ...],
        number: int = 0,
        event: int = 0,
        names: tuple[str, ...] = (),
    ) -> None:
        """Make a fact of values by name, or of values in the order of `names`."""
        self.type = type_name
        self.number = number
        self.event = event
        self._values = values
        self._names = names

    @property
    def values(self) -> Mapping[str, Value]:
        """The values by field."""
        values = self._values
        if isinstance(values, tuple):
            # Most facts are asserted, and never looked at.
            values = self._values = dict(zip(self._names, values, strict=True))
        return values

    def __getitem__(self, name: str) -> Value:
        return self.values.get(name, UNKNOWN)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fact):
            return NotImplemented
        mine, theirs = self.values, other.values
        # Compared pairwise: unknown equals nothing by `==`, but two unknown fields are the same.
        return (
            self.type == other.type
            and mine.keys() == theirs.keys()
            and all(mine[key] is theirs[key] or mine[key] == theirs[key] for key in mine)
        )

    def __hash__(self) -> int:
        return hash((self.type, tuple(self.values.values())))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.type}({inside})"

    def to_dict(self) -> dict[str, object]:
        """Return type, number and values (unknown fields are left out)."""
        known = {name: value for name, value in self.values.items() if value is not UNKNOWN}
        return {"type": self.type, "number": self.number, "values": known}


ESCAPES: Final = {number: f"\\u{number:04x}" for number in (*range(32), *range(127, 160))} | {
    ord("\n"): "\\n",
    ord("\t"): "\\t",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


def quote(text: str) -> str:
    """Return a text as it is written in a rule file; what a terminal would obey is escaped."""
    return f'"{text.translate(ESCAPES)}"'


def show_fact(fact: Fact, template: Template, without: Collection[str] = ()) -> str:
    """Return a fact as it would be written: texts in quotes, what is unknown left out.

    A field of another type shows that fact's number; fields in `without` are not shown.
    """
    parts = []
    for field in template.fields:
        value = fact[field.name]
        if value is UNKNOWN or field.name in without:
            continue
        kind = field.type.kind
        words = quote(str(value)) if kind == "text" else show(value)
        parts.append(f"{field.name} = {f'#{value}' if kind == 'reference' else words}")
    return f"{fact.type}({', '.join(parts)})"
