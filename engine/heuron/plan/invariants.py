"""Loop-invariant parts of conditions: what is computed before a loop rather than within it.

The classic optimisation of compilers (Allen, Cocke, 1971), simple here: expressions have no side
effects, and computing what is not needed in the end does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from heuron.check.reads import GROUPS, free
from heuron.check.tree import Arithmetic, Call, Constant, FieldOf, Variable
from heuron.check.walk import children, walk

__all__ = ["invariants", "size"]

CHEAP = (Arithmetic, Call, Constant, FieldOf, Variable)


def invariants(node: object, has: Callable[[str], bool]) -> Iterator[Arithmetic | Call]:
    """Yield the largest computed parts of conditions that read only what is bound already.

    Args:
        node: Conditions that are not complete yet, or a part of one.
        has: Whether a variable is bound.
    """
    if isinstance(node, GROUPS):
        # Has functions of its own.
        return
    if isinstance(node, (Arithmetic, Call)) and _is_pure(node):
        names = free(node)
        if names and all(has(name) for name in names):
            yield node
            return
    for child in node if isinstance(node, (list, tuple)) else children(node):
        yield from invariants(child, has)


def size(node: object) -> int:
    """Return how many nodes a part has."""
    return sum(1 for _ in walk(node))


def _is_pure(node: object) -> bool:
    """Return whether computing a part earlier than needed changes nothing and costs little."""
    return all(
        isinstance(one, CHEAP) and not (isinstance(one, Call) and one.host) for one in walk(node)
    )
