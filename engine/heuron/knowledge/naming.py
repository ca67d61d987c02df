"""What the host names when it looks at a session: a fact, a type, a field; or a clear error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from heuron.diagnostics import Diagnostic, RuleError, Severity, guess
from heuron.values import Fact, Template

if TYPE_CHECKING:
    from heuron.infer.session import State

__all__ = ["check_type", "field_of", "given_by_place", "number_of", "number_of_held"]


def number_of(fact: object) -> int:
    """Return the number of a fact, given as the fact itself or as its number.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(fact, Fact):
        return fact.number
    if isinstance(fact, bool) or not isinstance(fact, int):
        raise TypeError(f"a fact or its number is needed, not {fact!r}")
    return fact


def number_of_held(state: State, fact: object) -> int:
    """Return the number of a fact that is held.

    Raises:
        RuleError: No fact of that number is held (`unknown-fact`).
        TypeError: It is no fact, and no number.
    """
    number = number_of(fact)
    state.check_held(fact if isinstance(fact, Fact) else number)
    return number


def check_type(templates: Mapping[str, Template], name: object) -> None:
    """Do nothing for the name of a declared type.

    Raises:
        RuleError: There is no such type.
    """
    if not isinstance(name, str) or name not in templates:
        raise _error("unknown-type", f"There is no type `{name}`.", guess(name, templates))


def field_of(template: Template, name: object) -> str:
    """Return the name of a field of a type.

    Raises:
        RuleError: The type has no such field.
    """
    if not isinstance(name, str) or name not in template:
        message = f"`{template.name}` has no field `{name}`."
        raise _error("unknown-field", message, guess(name, template.names))
    return name


def given_by_place(
    template: Template, positional: Sequence[object], named: Mapping[str, object]
) -> dict[str, object]:
    """Return the values of a fact by field, of values by place and by name.

    Raises:
        RuleError: There are more values than fields, or a field is given twice.
    """
    names = template.names
    if len(positional) > len(names):
        message = f"`{template.name}` has {len(names)} fields, and {len(positional)} were given."
        raise _error("wrong-arguments", message, f"They are {', '.join(names)}.")
    given = dict(zip(names, positional, strict=False))
    for name in named:
        if name in given:
            message = f"`{template.name}.{name}` is given by place and by name."
            raise _error("wrong-arguments", message, "Give each field once.")
    return given | dict(named)


def _error(code: str, message: str, hint: str | None) -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, code, message, None, hint))
