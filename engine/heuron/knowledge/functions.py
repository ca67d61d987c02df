"""Functions of the host program: what their type hints say to the checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from heuron.check.tree import HostFunction
from heuron.values import FieldType

__all__ = ["host_function"]

KINDS: Final[dict[type, str]] = {
    str: "text",
    float: "number",
    int: "integer",
    bool: "boolean",
    date: "date",
    datetime: "datetime",
    timedelta: "duration",
}


def host_function(name: str, function: Callable[..., Any]) -> HostFunction:
    """Return what a function takes and gives, as its type hints say.

    Raises:
        TypeError: A parameter or the result has no hint, or one that rules do not know.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise TypeError(f"a function is given by the name that rules call it, not by {name!r}")
    if not callable(function):
        raise TypeError(f"function `{name}`: {function!r} cannot be called")
    try:
        signature = inspect.signature(function, eval_str=True)
    except Exception as problem:  # a hint in quotes may be any expression
        raise TypeError(f"function `{name}`: its type hints cannot be read: {problem}") from None
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(f"function `{name}`: rules call it with positional arguments only")
        parameters.append(_kind(name, f"parameter {parameter.name}", parameter.annotation))
    return HostFunction(tuple(parameters), _kind(name, "result", signature.return_annotation))


def _kind(name: str, what: str, hint: object) -> FieldType:
    # `float | None`: a function may say that it does not know.
    options = [one for one in getattr(hint, "__args__", (hint,)) if one is not type(None)]
    kind = KINDS.get(options[0]) if len(options) == 1 and isinstance(options[0], type) else None
    if kind is None:
        known = ", ".join(one.__name__ for one in KINDS)
        raise TypeError(f"function `{name}`: the {what} needs a type hint, one of {known}")
    return FieldType(kind)
