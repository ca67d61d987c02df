"""The arguments of a named question: every parameter once, each a value of its type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, RuleError, Severity, guess, nearest
from heuron.values import UNKNOWN, Fact, Field, FieldType, Value

__all__ = ["QueryOutline", "arguments_of", "find_query", "fitted", "parameter_fields"]

QueryOutline = tuple[str, tuple[str, ...], tuple[FieldType, ...]]
"""A query's name, its parameters, and their types as far as their uses tell them."""


def find_query(queries: Sequence[QueryOutline], name: object) -> int:
    """Return the place of a query among all of them.

    Raises:
        RuleError: There is no such query.
    """
    known = [one[0] for one in queries]
    if isinstance(name, str) and name in known:
        return known.index(name)
    hint = guess(name, known) or "The rule file has no queries."
    raise RuleError(_mistake("unknown-name", f"There is no query `{name}`.", hint))


def parameter_fields(query: QueryOutline) -> dict[str, Field | None]:
    """Return for each parameter a field that accepts its values; None where anything goes."""
    _, parameters, types = query
    kinds: list[FieldType | None] = [None if one.kind == "any" else one for one in types]
    kinds += [None] * (len(parameters) - len(kinds))
    return {
        name: None if kind is None else Field(name, kind)
        for name, kind in zip(parameters, kinds, strict=True)
    }


def fitted(query: QueryOutline, given: Iterable[tuple[str | None, object]]) -> dict[str, object]:
    """Return arguments by parameter: each once.

    Args:
        query: The query.
        given: Arguments in order, each with its parameter, or None where it is given by place.

    Raises:
        RuleError: An argument has no parameter, or a parameter not one argument
            (`wrong-arguments`); every mistake is named.
    """
    name, parameters, _ = query
    hint = f"Write it as {signature(query)}."
    mistakes: list[Diagnostic] = []
    arguments: dict[str, object] = {}
    by_place = 0
    for parameter, value in given:
        if parameter is None:
            by_place += 1
            if by_place > len(parameters):
                continue
            parameter = parameters[by_place - 1]
        if parameter not in parameters:
            what = f"The query `{name}` has no parameter `{parameter}`."
            near = nearest(parameter, parameters)
            mistake = _mistake(
                "wrong-arguments", what, f"Did you mean `{near}`? {hint}" if near else hint
            )
            mistakes.append(mistake)
        elif parameter in arguments:
            what = f"The query `{name}` is given `{parameter}` twice."
            mistakes.append(_mistake("wrong-arguments", what, hint))
        else:
            arguments[parameter] = value
    if by_place > len(parameters):
        most = f"{len(parameters) or 'no'} {'value' if len(parameters) == 1 else 'values'}"
        was = "was" if by_place == 1 else "were"
        what = f"The query `{name}` takes {most}, and {by_place} {was} given."
        mistakes.append(_mistake("wrong-arguments", what, hint))
    missing = [f"`{one}`" for one in parameters if one not in arguments]
    if missing and not mistakes:
        what = f"The query `{name}` needs {' and '.join(missing)}."
        mistakes.append(_mistake("wrong-arguments", what, hint))
    if mistakes:
        raise RuleError(mistakes)
    return {one: arguments[one] for one in parameters}


def signature(query: QueryOutline) -> str:
    """Return how a query is written, with the types of its parameters where they are known."""
    name, parameters, types = query
    kinds = ["" if one.kind == "any" else f": {one}" for one in types]
    kinds += [""] * (len(parameters) - len(kinds))
    return f"{name}({', '.join(map(''.join, zip(parameters, kinds, strict=True)))})"


def arguments_of(query: QueryOutline, given: Iterable[tuple[str | None, object]]) -> list[Value]:
    """Return the values of a query's parameters, in their order.

    Values are taken as a field of the parameter's type takes them: text is read, a fact stands
    for its number, None is unknown.

    Raises:
        RuleError: The arguments do not fit (`wrong-arguments`), or a value is not of the
            parameter's type (`wrong-value`); every mistake is named.
    """
    arguments = fitted(query, given)
    mistakes: list[Diagnostic] = []
    values: list[Value] = []
    for parameter, field in parameter_fields(query).items():
        value = arguments[parameter]
        if field is None:
            values.append(_plain(value))
            continue
        try:
            values.append(coerce(field, value))
        except ValueError as problem:
            mistakes.append(_mistake("wrong-value", f"Query `{query[0]}`: {problem}."))
    if mistakes:
        raise RuleError(mistakes)
    return values


def _mistake(code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, hint=hint)


def _plain(value: object) -> Value:
    if isinstance(value, Fact):
        return value.number
    return UNKNOWN if value is None else value
