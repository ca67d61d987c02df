"""The arguments of a named question: every parameter once, each a value of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.values import UNKNOWN, Fact, Field, FieldType, Value

__all__ = ["QueryOutline", "arguments_of", "find_query"]

QueryOutline = tuple[str, tuple[str, ...], tuple[FieldType, ...]]
"""A query's name, its parameters, and their types as far as their uses tell them."""


def find_query(queries: Sequence[QueryOutline], name: str) -> int:
    """Return the place of a query among all of them.

    Raises:
        RuleError: There is no such query.
    """
    known = [one[0] for one in queries]
    if name in known:
        return known.index(name)
    near = nearest(name, known)
    hint = f"There are: {', '.join(known)}." if known else "The rule file has no queries."
    message = f"There is no query `{name}`."
    hint = f"Did you mean `{near}`?" if near else hint
    raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message, None, hint))


def parameter_fields(query: QueryOutline) -> dict[str, Field | None]:
    """Return for each parameter a field that accepts its values; None where anything goes."""
    _, parameters, types = query
    kinds: list[FieldType | None] = [None if one.kind == "any" else one for one in types]
    kinds += [None] * (len(parameters) - len(kinds))
    return {
        name: None if kind is None else Field(name, kind)
        for name, kind in zip(parameters, kinds, strict=True)
    }


def arguments_of(
    query: QueryOutline, positional: Sequence[object], named: Mapping[str, object]
) -> list[Value]:
    """Return the values of a query's parameters, in their order.

    Values are taken as a field of the parameter's type takes them: text is read, a fact stands
    for its number, None is unknown.

    Raises:
        TypeError: An argument is missing, too many, or given twice.
        RuleError: A value is not of the parameter's type (`wrong-value`).
    """
    name, parameters, _ = query
    given = {**dict(zip(parameters, positional, strict=False)), **named}
    twice = any(one in named for one in parameters[: len(positional)])
    if set(given) != set(parameters) or len(positional) > len(parameters) or twice:
        wanted = ", ".join(parameters) or "nothing"
        raise TypeError(f"The query `{name}` takes {wanted}, each once.")
    mistakes: list[Diagnostic] = []
    values: list[Value] = []
    for parameter, field in parameter_fields(query).items():
        value = given[parameter]
        if field is None:
            values.append(_plain(value))
            continue
        try:
            values.append(coerce(field, value))
        except ValueError as problem:
            message = f"Query `{name}`: {problem}."
            mistakes.append(Diagnostic(Severity.ERROR, "wrong-value", message))
    if mistakes:
        raise RuleError(mistakes)
    return values


def _plain(value: object) -> Value:
    if isinstance(value, Fact):
        return value.number
    return UNKNOWN if value is None else value
