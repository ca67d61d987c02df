"""Walking the resolved tree."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["walk"]

_children: dict[type, tuple[str, ...]] = {}


def walk(node: object) -> Iterator[object]:
    """Yield a node of the resolved tree and all below it, depth first, in written order."""
    stack: list[object] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
            continue
        if not hasattr(one, "__dataclass_fields__"):
            continue
        yield one
        kind = type(one)
        names = _children.get(kind)
        if names is None:
            names = _children[kind] = tuple(
                name
                for name in reversed(one.__dataclass_fields__)
                if name not in ("type", "span", "id")
            )
        stack.extend(getattr(one, name) for name in names)
