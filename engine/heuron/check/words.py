"""What the messages of the checks have in common: types and places in words."""

from __future__ import annotations

from collections.abc import Iterable

from heuron.diagnostics import nearest
from heuron.values import FieldType

__all__ = ["capital", "count", "listed", "meant", "type_in_words"]

WORDS = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a date and time",
    "duration": "a duration",
    "period": "a calendar span",
    "any": "something unknown",
}
SHOWN = 8
"""How many names a hint lists."""


def type_in_words(kind: FieldType) -> str:
    """Return a type in words, with its article: "a whole number"."""
    if kind.kind == "enumeration":
        return f"one of {listed(kind.levels, ' | ')}"
    if kind.kind == "reference":
        return f"a fact of type {kind.target}"
    if kind.kind == "list":
        return f"a list of {kind.element}"
    return WORDS[kind.kind]


def capital(text: str) -> str:
    """Return a text with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(names: Iterable[str], between: str = ", ") -> str:
    """Return the first few names, and dots when there are more."""
    shown = list(names)
    more = [*shown[:SHOWN], "…"] if len(shown) > SHOWN else shown
    return between.join(more)


def count(number: int, thing: str) -> str:
    """Return a number of things: "1 field", "2 fields"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def meant(name: str, candidates: Iterable[str], otherwise: str | None = None) -> str | None:
    """Return the hint that names the nearest candidate, or `otherwise`."""
    near = nearest(name, candidates)
    return f"Did you mean {near}?" if near else otherwise
