"""Strata: what must be settled before what, and the circles that make that impossible.

A node of the graph is a derived type, `(type,)`, or a concluded field, `(type, field)`. An edge
is strict when its reader needs the settled whole: every read of a concluded field, and every read
of a derived type through `not`, `forall` or an aggregate. A circle with a strict edge has no
meaning (stratified negation: Apt, Blair and Walker, 1988).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from heuron.check import tree
from heuron.check.walk import walk
from heuron.diagnostics import Diagnostic, Severity, Span

__all__ = ["Edge", "check_cycles", "edges", "levels", "outputs"]

Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` depends on `source`, through a rule or table."""

    source: Name
    target: Name
    strict: bool
    rule: str
    span: Span


def outputs(item: tree.Rule | tree.Table) -> tuple[Name, ...]:
    """Return what a rule or table defines: derived types and concluded fields."""
    if isinstance(item, tree.Table):
        return ((item.type_name, item.field),)
    types = {
        one.variable: one.type_name for one in item.conditions if isinstance(one, tree.Pattern)
    }
    found: dict[Name, None] = {}
    for action in item.actions:
        if isinstance(action, tree.Derive):
            found[(action.type_name,)] = None
        elif isinstance(action, tree.Conclude) and action.variable in types:
            found[types[action.variable], action.field] = None
    return tuple(found)


def _inputs(
    node: object, base: tree.Base, types: dict[str, str], strict: bool
) -> Iterator[tuple[Name, bool]]:
    """Yield what conditions and expressions read, and whether strictly."""
    stack: list[tuple[object, bool]] = [(node, strict)]
    while stack:
        one, whole = stack.pop()
        if isinstance(one, tuple):
            stack.extend((part, whole) for part in reversed(one))
            continue
        if not hasattr(one, "__dataclass_fields__"):
            continue
        match one:
            case tree.Pattern():
                types = {**types, one.variable: one.type_name}
                if one.type_name in base.derived:
                    yield (one.type_name,), whole
                for binding in one.bindings:
                    if (one.type_name, binding.field) in base.concluded:
                        yield (one.type_name, binding.field), True
            case tree.FieldOf() | tree.Holds() | tree.CertaintyOf():
                key = (types.get(one.variable, ""), one.field)
                if key in base.concluded:
                    yield key, True
            case tree.ReferencedField():
                if one.target in base.derived:
                    yield (one.target,), whole
                if (one.target, one.field) in base.concluded:
                    yield (one.target, one.field), True
            case _:
                pass
        inner = whole or isinstance(one, (tree.Negation, tree.Forall, tree.Aggregate))
        names = [name for name in one.__dataclass_fields__ if name not in ("type", "span", "id")]
        parts = [(getattr(one, name), inner) for name in names]
        if isinstance(one, tree.Aggregate):
            # The value is written first and reads what the conditions bind.
            parts = [(one.conditions, inner), (one.value, inner)]
        stack.extend(reversed(parts))


def edges(base: tree.Base) -> list[Edge]:
    """Return all dependencies of a knowledge base's definitions."""
    found: list[Edge] = []
    items: list[tree.Rule | tree.Table] = [one for one in base.rules if not one.is_step]
    items += base.tables
    for item in sorted(items, key=lambda one: one.index):
        targets = outputs(item)
        reads: dict[tuple[Name, bool], None] = {}
        if isinstance(item, tree.Table):
            parts: object = (item.columns, item.rows)
            types = {item.variable: item.type_name}
            if item.type_name in base.derived:
                reads[(item.type_name,), False] = None
        else:
            parts, types = (item.conditions, item.actions), _types(item.conditions)
        reads.update((one, None) for one in _inputs(parts, base, types, False))
        for target in targets:
            for source, strict in reads:
                found.append(Edge(source, target, strict, item.name, item.span))
    return found


def _types(conditions: Iterable[tree.Condition]) -> dict[str, str]:
    return {
        one.variable: one.type_name
        for one in walk(tuple(conditions))
        if isinstance(one, tree.Pattern)
    }


def components(nodes: Iterable[Name], found: list[Edge]) -> list[list[Name]]:
    """Return the strongly connected components, sources before what depends on them (Tarjan)."""
    readers: dict[Name, list[Name]] = {}
    for edge in found:
        readers.setdefault(edge.target, []).append(edge.source)
    numbers: dict[Name, int] = {}
    lowest: dict[Name, int] = {}
    open_: list[Name] = []
    result: list[list[Name]] = []
    for root in nodes:
        if root in numbers:
            continue
        work: list[tuple[Name, Iterator[Name]]] = []

        def enter(node: Name, work: list[tuple[Name, Iterator[Name]]] = work) -> None:
            numbers[node] = lowest[node] = len(numbers)
            open_.append(node)
            work.append((node, iter(readers.get(node, ()))))

        enter(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in numbers:
                    enter(other)
                    break
                if other in open_:
                    lowest[node] = min(lowest[node], numbers[other])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == numbers[node]:
                    at = open_.index(node)
                    result.append(open_[at:])
                    del open_[at:]
    return result


def _nodes(base: tree.Base) -> list[Name]:
    return [(name,) for name in base.templates if name in base.derived] + list(base.concluded)


def levels(base: tree.Base) -> dict[Name, int]:
    """Return the level of every derived type and concluded field, from 0.

    A reader stands above what it reads strictly, and not below what it reads otherwise.
    """
    found = edges(base)
    incoming: dict[Name, list[Edge]] = {}
    for edge in found:
        incoming.setdefault(edge.target, []).append(edge)
    level: dict[Name, int] = {}
    for component in components(_nodes(base), found):
        inside = set(component)
        height = 0
        for node in component:
            for edge in incoming.get(node, ()):
                if edge.source not in inside:
                    height = max(height, level.get(edge.source, 0) + edge.strict)
        for node in component:
            level[node] = height
    return level


def check_cycles(base: tree.Base) -> Iterator[Diagnostic]:
    """Report circles through a strict edge: `negation-cycle` and `conclusion-cycle`."""
    found = edges(base)
    for component in components(_nodes(base), found):
        inside = set(component)
        within = [one for one in found if one.source in inside and one.target in inside]
        strict = [one for one in within if one.strict]
        if not strict:
            continue
        edge = strict[0]
        path = _path(edge.target, edge.source, within)
        steps = [edge, *path]
        shown = " → ".join(".".join(one.source) for one in steps)
        shown += " → " + ".".join(edge.source)
        rules = ", ".join(dict.fromkeys(one.rule for one in steps))
        concluded = any(len(node) == 2 for node in inside)
        yield Diagnostic(
            Severity.ERROR,
            "conclusion-cycle" if concluded else "negation-cycle",
            f"{'.'.join(edge.target)} depends on itself: {shown} (by {rules}).",
            edge.span,
            "A concluded field is settled before anything reads it: break the circle."
            if concluded
            else "What `not`, `forall` or an aggregate reads must be complete: break the circle.",
        )


def _path(start: Name, end: Name, found: list[Edge]) -> list[Edge]:
    """Return the shortest way from `start` to `end` along the edges (empty when they are one)."""
    if start == end:
        return []
    before: dict[Name, Edge] = {}
    queue = [start]
    while queue:
        node = queue.pop(0)
        for edge in found:
            if edge.source == node and edge.target not in before and edge.target != start:
                before[edge.target] = edge
                if edge.target == end:
                    path = [edge]
                    while path[0].source != start:
                        path.insert(0, before[path[0].source])
                    return path
                queue.append(edge.target)
    return []
