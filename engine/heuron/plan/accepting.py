"""Generated checks of whole facts: values that are as they must be are taken as they are.

For the type with the place n in the declarations, `cn(a0, a1, …)` returns the given fields as a
tuple when every value has the very type of its field and lies in its range, else None: then the
value is read, or refused, by `coercion`, which knows every other form. The check only spares the
way through there for what would come out unchanged.
"""

from __future__ import annotations

from typing import Final

from heuron.plan.module import Module
from heuron.values import INTEGER_LIMIT, Field, Value

__all__ = ["write_accepting"]

LARGEST: Final = repr(1.7976931348623157e308)
PLAIN: Final = {
    "text": "Text",
    "integer": "Whole",
    "number": "Float",
    "boolean": "Truth",
    "enumeration": "Text",
    "date": "date",
}


def write_accepting(module: Module) -> list[str]:
    """Write a check for every type whose fields can be checked so; return their names."""
    names: list[str] = []
    for place, layout in enumerate(module.layouts.values()):
        fields = [layout.template[name] for name in layout.given]
        checks = [_check(module, one, f"a{at}") for at, one in enumerate(fields)]
        if not fields or any(one is None for one in checks):
            continue
        # Zero has one sign, so that equal numbers print the same.
        values = [f"a{at}{' + 0.0' * (one.type.kind == 'number')}" for at, one in enumerate(fields)]
        lines = [
            f"    if {' and '.join(one for one in checks if one)}:",
            f"        return ({''.join(f'{one}, ' for one in values)})",
            "    return None",
        ]
        names.append(f"c{place}")
        module.add(names[-1], [f"a{at}" for at in range(len(fields))], lines)
    return names


def _check(module: Module, field: Field, name: str) -> str | None:
    kind = field.type.kind
    if kind not in PLAIN or field.matching is not None:
        return None
    check = f"type_of({name}) is {PLAIN[kind]}"
    literal = module.constants.literal
    if kind == "text":
        # Half a character can only be outside ASCII.
        return f"{check} and {name}.isascii()"
    if kind == "enumeration":
        return f"{check} and {name} in {literal(tuple(field.type.levels))}"
    if kind in ("integer", "number", "date"):
        return f"{check}{_range(field, name, literal)}"
    return check


def _range(field: Field, name: str, literal: object) -> str:
    assert callable(literal)
    low, high = (None if one is None else str(literal(one)) for one in (field.low, field.high))
    if field.type.kind == "integer":
        low = _narrower(low, f"({-INTEGER_LIMIT})", field.low, -INTEGER_LIMIT)
        high = _narrower(high, str(INTEGER_LIMIT), field.high, INTEGER_LIMIT)
    elif field.type.kind == "number":
        low, high = low or f"(-{LARGEST})", high or LARGEST
    left = "" if low is None else f"{low} {'<' if field.low_open else '<='} "
    right = "" if high is None else f" {'<' if field.high_open else '<='} {high}"
    return f" and {left}{name}{right}" if left or right else ""


def _narrower(source: str | None, limit: str, bound: Value | None, most: int) -> str:
    if source is None or abs(bound) > abs(most):  # type: ignore[arg-type]
        return limit
    return source
