"""Strongly connected parts of a directed graph, for circles of lets and for strata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

__all__ = ["components"]

Node = TypeVar("Node")


def components(
    nodes: Iterable[Node], successors: Mapping[Node, Iterable[Node]]
) -> list[list[Node]]:
    """Return the strongly connected components, each after those that it leads to.

    Tarjan's algorithm (1972), with a stack of its own instead of recursion.

    Args:
        nodes: All nodes, in the order in which roots are tried.
        successors: Where each node leads; a node that is missing leads nowhere.
    """
    numbers: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    open_: dict[Node, None] = {}
    found: list[list[Node]] = []
    for root in nodes:
        if root in numbers:
            continue
        numbers[root] = lowest[root] = len(numbers)
        open_[root] = None
        work: list[tuple[Node, Iterator[Node]]] = [(root, iter(successors.get(root, ())))]
        while work:
            node, rest = work[-1]
            other = next(rest, None)
            if other is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == numbers[node]:
                    found.append(_closed(node, open_))
            elif other not in numbers:
                numbers[other] = lowest[other] = len(numbers)
                open_[other] = None
                work.append((other, iter(successors.get(other, ()))))
            elif other in open_:
                lowest[node] = min(lowest[node], numbers[other])
    return found


def _closed(node: Node, open_: dict[Node, None]) -> list[Node]:
    """Take a finished component off the open nodes and return it in the order of discovery."""
    part: list[Node] = []
    while True:
        last, _ = open_.popitem()
        part.append(last)
        if last == node:
            return part[::-1]
