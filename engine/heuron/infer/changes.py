"""What the host and steps do to memory: assert, modify, retract, each with its own checks.

A change is a tuple (type, old row or None, new row or None); None stands for "no event".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, Severity, guess, sentence
from heuron.infer.memory import HEAD, Memory, Row
from heuron.values import UNKNOWN, Fact, Value

__all__ = [
    "Change",
    "Refused",
    "assert_fact",
    "fitted_field",
    "modify_fact",
    "not_held",
    "of_another",
    "retract_fact",
]

Change = tuple[str, Row | None, Row | None]


class Refused(Exception):
    """An assert, modify or retract that cannot be carried out; `code` is its diagnostic's.

    `hint` says what to do, to a host that tried; `by` is the step that tried, with the activation,
    when it was one.
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.by: Any = None

    def as_diagnostic(self) -> Diagnostic:
        """Return what the host is told."""
        return Diagnostic(Severity.ERROR, self.code, sentence(self.message), hint=self.hint)


def assert_fact(
    memory: Memory, type_name: str, values: Mapping[str, Any], complete: bool
) -> tuple[int, Change | None]:
    """Hold a fact; return its number and the change, None when an equal fact was held already.

    Args:
        memory: Working memory.
        type_name: The type of the fact.
        values: Fields and raw values. A default fills a missing field; None and `UNKNOWN` stay
            unknown.
        complete: Whether fields that are neither optional nor have a default must be known, as
            they must in rules.

    Raises:
        Refused: When a field is unknown, not accepted, or lacking.
    """
    shape = memory.shapes.get(type_name)
    if shape is None:
        hint = guess(type_name, memory.shapes)
        raise Refused("unknown-type", f"there is no type `{type_name}`", hint)
    if complete:
        # What a rule puts there has its type already; only what else could be wrong is looked at.
        plain = shape.plain.get
        fields = tuple(
            [
                value
                if name in values and type(value := values[name]) is plain(name)
                else _field(memory, type_name, name, values, complete)
                for name in shape.given
            ]
        )
    else:
        for name in values:
            if name not in shape.template:
                hint = guess(name, shape.template.names)
                raise Refused("unknown-field", f"`{type_name}` has no field `{name}`", hint)
        fields = tuple([_field(memory, type_name, name, values, complete) for name in shape.given])
    number = memory.find(type_name, fields)
    if number is not None:
        # An equal fact is held: a derived one is from now on held without its reasons too.
        memory.tell(number)
        return number, None
    # Everything is looked at before anything changes.
    given = {
        name: _concluded(memory, type_name, name, values[name])
        for name in shape.concluded
        if values.get(name) is not None and values[name] is not UNKNOWN
    }
    memory.event += 1
    row = memory.add(type_name, fields)
    memory.tell(row[0])
    for name, value in given.items():
        memory.give(row[0], name, value)
    return row[0], (type_name, None, row)


def _concluded(memory: Memory, type_name: str, name: str, raw: Any) -> Value:
    template = memory.shapes[type_name].template
    try:
        if isinstance(raw, (tuple, list)) and template[name].type.kind != "list":
            return tuple(coerce(template[name], one) for one in raw)
        return coerce(template[name], raw)
    except ValueError as problem:
        raise Refused("wrong-value", str(problem)) from None


def _field(
    memory: Memory, type_name: str, name: str, values: Mapping[str, Any], complete: bool
) -> Value:
    field = memory.shapes[type_name].template[name]
    if name in values:
        value = values[name]
        # What a rule puts there has its type already: only what else could be wrong is looked at.
        if not complete or type(value) is not memory.shapes[type_name].plain.get(name):
            value = _coerced(memory, type_name, name, value)
    else:
        value = UNKNOWN if field.default is None else field.default
    if value is UNKNOWN and complete and not field.optional and field.default is None:
        raise Refused("action-failed", f"`{type_name}.{name}` would be unknown")
    return value


def fitted_field(memory: Memory, type_name: str, name: str, value: Value) -> Value:
    """Return a value that a rule computed for a field, in the field's type.

    Raises:
        Refused: When the field does not accept the value, or it is unknown and must not be.
    """
    return _field(memory, type_name, name, {name: value}, True)


def _coerced(memory: Memory, type_name: str, name: str, raw: Any) -> Value:
    field = memory.shapes[type_name].template[name]
    try:
        value = coerce(field, raw)
    except ValueError as problem:
        raise Refused("wrong-value", str(problem)) from None
    if field.type.kind == "reference" and value is not UNKNOWN:
        held = memory.types.get(value)  # type: ignore[call-overload]
        if held != field.type.target:
            target = str(field.type.target)
            what = f"there is no fact {value}" if held is None else f"fact {value} is a `{held}`"
            held_words = _numbers(list(memory.table(target)))
            raise Refused(
                "wrong-value",
                f"`{name}` must be a held fact of type `{target}`, and {what}",
                f"Of this type, {held_words}." if held_words else f"First assert a `{target}`.",
            )
    return value


def modify_fact(
    memory: Memory, number: int, changes: Mapping[str, Any], complete: bool
) -> Change | None:
    """Make a new version of a told fact; return the change, None when nothing changes.

    A fact that becomes equal to another one is retracted.

    Raises:
        Refused: When the fact is not told, a value is not accepted, or it would become equal to
            another one while others refer to it.
    """
    type_name = _told(memory, number)
    shape = memory.shapes[type_name]
    old = memory.row(number)
    assert old is not None
    fields = list(old[HEAD:])
    for name, raw in changes.items():
        if name not in shape.given:
            concluded = name in shape.concluded
            what = "is concluded by rules" if concluded else "does not exist"
            raise Refused(
                "unknown-field",
                f"`{type_name}.{name}` {what}, so it cannot be changed",
                "Change what the rules conclude it from."
                if concluded
                else guess(name, shape.given),
            )
        value = raw
        if not complete or type(raw) is not shape.plain.get(name):
            value = _coerced(memory, type_name, name, raw)
        field = shape.template[name]
        if value is UNKNOWN and complete and not field.optional and field.default is None:
            raise Refused("action-failed", f"`{type_name}.{name}` would be unknown")
        fields[shape.places[name]] = value
    values = tuple(fields)
    if values == old[HEAD:]:
        return None
    if memory.find(type_name, values) is not None:
        if memory.referring(number):
            raise Refused(
                "duplicate-fact",
                f"a modify makes two facts of type `{type_name}` equal"
                ", and the modified one is referred to",
            )
        memory.event += 1
        memory.remove(number)
        return type_name, old, None
    memory.event += 1
    return type_name, old, memory.replace(number, values)


def retract_fact(memory: Memory, number: int) -> Change:
    """End a told fact.

    Raises:
        Refused: When the fact is not told, or another one refers to it.
    """
    type_name = _told(memory, number)
    if memory.referring(number):
        raise Refused("fact-in-use", f"a fact of type `{type_name}` is referred to by others")
    memory.event += 1
    return type_name, memory.remove(number), None


def _told(memory: Memory, number: int) -> str:
    type_name = memory.types.get(number)
    if type_name is None:
        raise not_held(memory, number)
    if number not in memory.told:
        raise Refused(
            "derived-type",
            f"fact {number} is derived: it goes with its reasons",
            f"Change what it follows from; `session.explain({number})` names it.",
        )
    return type_name


def not_held(memory: Memory, number: int) -> Refused:
    """Return the refusal of a fact that is not held: whether it was, and which ones are."""
    held = _numbers(list(memory.types))
    hint = f"{held[0].upper()}{held[1:]}." if held else "No facts are held."
    if 0 < number < memory.next_number:
        hint = f"It was retracted, or lost what it followed from. {hint}"
        return Refused("unknown-fact", f"there is no fact {number} any more", hint)
    return Refused("unknown-fact", f"there is no fact {number}", hint)


def of_another(memory: Memory, fact: Fact) -> Refused | None:
    """Return the refusal of a fact whose number is that of a fact of another type here."""
    held = memory.types.get(fact.number)
    if held is None or held == fact.type:
        return None
    return Refused(
        "unknown-fact",
        f"the fact given is a `{fact.type}`, and fact {fact.number} of this session a `{held}`",
        "It is of another session: look for it in this one, `session.facts(…)`.",
    )


FEW: Final = 8
"""So many numbers of facts are named one by one."""


def _numbers(numbers: list[int]) -> str:
    """Return in words which facts are held; empty where there are none."""
    numbers.sort()
    if len(numbers) < 2:
        return f"fact {numbers[0]} is held" if numbers else ""
    if len(numbers) <= FEW:
        return f"facts {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} are held"
    between = f"with numbers from {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers):,} facts are held, {between}; `session.facts()` lists them"
