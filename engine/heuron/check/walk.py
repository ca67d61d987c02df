"""Walking trees of nodes: the parsed one and the resolved one alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["children", "walk"]

PLAIN: Final = frozenset(
    {
        "Span",
        "FieldType",
        "tuple[FieldType, ...]",
        "Value",
        "bool",
        "date | None",
        "float",
        "float | None",
        "int",
        "str",
        "str | None",
        "tuple[str, ...]",
        "tuple[str, ...] | None",
    }
)
"""Annotations of fields that hold no nodes."""

_names: dict[type, tuple[str, ...] | None] = {}


def _names_of(kind: type) -> tuple[str, ...] | None:
    """Return which fields of a class hold nodes, last first; None when it is no node."""
    fields: dict[str, Any] | None = getattr(kind, "__dataclass_fields__", None)
    found = None
    if fields is not None:
        found = tuple(name for name in reversed(fields) if fields[name].type not in PLAIN)
    _names[kind] = found
    return found


def walk(node: object) -> Iterator[object]:
    """Yield a node and all nodes below it, depth first, in written order.

    Tuples are looked into and not yielded, so that a tuple of nodes can be walked as well.
    """
    stack: list[object] = [node]
    pop, push = stack.pop, stack.append
    while stack:
        one = pop()
        kind = type(one)
        if kind is tuple:
            stack.extend(one[::-1])  # type: ignore[index]
            continue
        names = _names[kind] if kind in _names else _names_of(kind)
        if names is None:
            continue
        yield one
        for name in names:
            push(getattr(one, name))


def children(node: object) -> list[object]:
    """Return what stands directly below a node, in written order; tuples are not looked into."""
    kind = type(node)
    names = _names[kind] if kind in _names else _names_of(kind)
    return [getattr(node, name) for name in reversed(names or ())]
