"""Named questions written as text, `ancestors_of("ann")`, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.queries import find_query, fitted, parameter_fields
from heuron.knowledge.evidence import read_value
from heuron.knowledge.written import read_written

if TYPE_CHECKING:
    from heuron.knowledge.session import Session
    from heuron.values import Field, Value

__all__ = ["ask_query"]


def ask_query(session: Session, text: str) -> tuple[Value, ...]:
    """Return the answers of a named question: `name(value, …)` or `name(parameter=value, …)`.

    A fact is given by its number, `#3`.

    Raises:
        RuleError: The text cannot be read, there is no such query, its arguments are not its
            parameters, or a value is not of its parameter's type; every mistake is named.
    """
    try:
        written = read_written(text)
    except ValueError as problem:
        hint = 'Write it as name(value) or name(parameter=value), such as ancestors_of("ann").'
        message = f'"{text}" cannot be read as a query: {problem}.'
        raise RuleError(Diagnostic(Severity.ERROR, "bad-evidence", message, None, hint)) from None
    queries = session.knowledge.engine.outline["queries"]
    query = queries[find_query(queries, written.type_name)]
    given = fitted(query, written.values)
    fields = parameter_fields(query)
    return session.query(
        query[0], **{name: _value(fields[name], raw) for name, raw in given.items()}
    )


def _value(field: Field | None, raw: object) -> object:
    if field is None:
        return raw
    if field.type.kind == "reference" and isinstance(raw, str):
        number = raw.strip().removeprefix("#")
        if number.isascii() and number.isdecimal():
            return int(number)
    return read_value(field, raw)
