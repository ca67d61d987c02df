"""The short way in: facts whose values are as they must be.

In a session that only defines nothing happens between two such asserts, so a fact is entered and
that is all; in one with steps it may start some searches, if its type is read by them alone.
Everything else, a value of another form, a fact that is held already, a session with listeners,
goes the long way (`infer.changes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from heuron.infer.memory import Memory
from heuron.values import Fact, Value

__all__ = ["Quick", "quick_asserts"]

Quick = Callable[[tuple[Any, ...], Mapping[str, Any]], "Fact | None"]
"""Holds a fact of values by place and by name; None: nothing was done."""

Note = Callable[[tuple[Any, ...]], None]
"""Takes in a new row."""

Accept = Callable[..., "tuple[Value, ...] | None"]


def quick_asserts(
    memory: Memory,
    accepts: Mapping[str, Accept],
    note_of: Callable[[str], Note | None],
) -> dict[str, Quick]:
    """Return the short way in for each type that has one.

    Args:
        memory: Working memory.
        accepts: For types by name, the check of all given fields (see `plan.accepting`).
        note_of: Gives for a type what is called with each new row, or None.
    """
    return {name: _quick(memory, name, accept, note_of(name)) for name, accept in accepts.items()}


def _quick(memory: Memory, type_name: str, accept: Accept, note: Note | None) -> Quick:
    shape = memory.shapes[type_name]
    names, width, whole = shape.given, len(shape.given), not shape.concluded
    known, table = memory.known(type_name), memory.table(type_name)
    types, told, kept = memory.types, memory.told.add, memory.kept[type_name]

    def quick(positional: tuple[Any, ...], values: Mapping[str, Any]) -> Fact | None:
        if values:
            if positional or len(values) != width:
                return None
            try:
                positional = tuple([values[name] for name in names])
            except KeyError:
                return None
        elif len(positional) != width or not whole:
            return None
        fields = accept(*positional)
        number = memory.next_number
        if fields is None or known.setdefault(fields, number) != number:
            return None
        # As `Memory.add` and `Memory.tell`: no firing is under way, and nothing is given beside.
        memory.next_number = number + 1
        memory.event = event = memory.event + 1
        table[number] = row = (number, event) + fields  # noqa: RUF005 (the other form takes longer)
        types[number] = type_name
        told(number)
        for index in kept:
            index.add(row)
        if note is not None:
            note(row)
        return Fact(type_name, fields, number, event, names) if whole else memory.fact(number)

    return quick
