"""Strata: what must be settled before what, and the circles that make that impossible.

A node of the graph is a derived type, `(type,)`, or a concluded field, `(type, field)`. An edge
is strict when its reader needs the settled whole: every read of a concluded field, and every read
of a derived type through `not`, `forall` or an aggregate. A circle with a strict edge has no
meaning (stratified negation: Apt, Blair and Walker, 1988).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from heuron.check import tree
from heuron.check.graph import components
from heuron.check.reads import fact_types, reads_of, walk_typed
from heuron.check.words import listed
from heuron.diagnostics import Diagnostic, Severity, Span

__all__ = ["Edge", "check_cycles", "edges", "levels", "lowest_level", "outputs"]

Name = tuple[str, ...]

LONGEST_CIRCLE = 8
"""How many steps of a circle a message shows."""


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
    types = fact_types(item.conditions)
    found: dict[Name, None] = {}
    for action in item.actions:
        if isinstance(action, tree.Derive):
            found[(action.type_name,)] = None
        elif isinstance(action, tree.Conclude) and action.variable in types:
            found[types[action.variable], action.field] = None
    return tuple(found)


def _inputs(item: tree.Rule | tree.Table, base: tree.Base) -> dict[tuple[Name, bool], Span]:
    """Return what a rule or table reads, whether strictly, and where it does so first."""
    found: dict[tuple[Name, bool], Span] = {}
    if isinstance(item, tree.Table):
        parts: object = (item.columns, item.rows)
        types = {item.variable: item.type_name}
        if item.type_name in base.derived:
            found[(item.type_name,), False] = item.span
    else:
        parts, types = (item.conditions, item.actions), fact_types(item.conditions)
    for node, known, whole in walk_typed(parts, types):
        if isinstance(node, (tree.Pattern, tree.ReferencedField)):
            of = node.type_name if isinstance(node, tree.Pattern) else node.target
            if of in base.derived:
                found.setdefault(((of,), whole), node.span)
        if isinstance(node, tree.CertaintyOf):
            key: Name = (known.get(node.variable, ""), node.field)
            if key in base.concluded:
                found.setdefault((key, True), node.span)
            continue
        for _, type_name, field in reads_of(node, known):
            if (type_name, field) in base.concluded:
                assert isinstance(node, (tree.Numbered, tree.Typed))
                found.setdefault(((type_name, field), True), node.span)
    return found


def lowest_level(item: tree.Rule | tree.Table, base: tree.Base, level: Mapping[Name, int]) -> int:
    """Return the first level at which everything that a definition reads is settled."""
    reads = _inputs(item, base)
    return max((level.get(name, 0) + strict for name, strict in reads), default=0)


def edges(base: tree.Base) -> list[Edge]:
    """Return all dependencies of a knowledge base's definitions, in rule order."""
    found: list[Edge] = []
    items: list[tree.Rule | tree.Table] = [one for one in base.rules if not one.is_step]
    items += base.tables
    for item in sorted(items, key=lambda one: one.index):
        reads = _inputs(item, base)
        for target in outputs(item):
            for (source, strict), span in reads.items():
                found.append(Edge(source, target, strict, item.name, span))
    return found


def _parts(base: tree.Base, found: Iterable[Edge]) -> list[list[Name]]:
    """Return the parts of the graph that depend on each other, sources before their readers."""
    nodes: list[Name] = [(name,) for name in base.templates if name in base.derived]
    nodes += base.concluded
    sources: dict[Name, list[Name]] = {}
    for edge in found:
        sources.setdefault(edge.target, []).append(edge.source)
    return components(nodes, sources)


def levels(base: tree.Base, found: Iterable[Edge]) -> dict[Name, int]:
    """Return the level of every derived type and concluded field, from 0.

    A reader stands above what it reads strictly, and not below what it reads otherwise.
    """
    found = tuple(found)
    incoming: dict[Name, list[Edge]] = {}
    for edge in found:
        incoming.setdefault(edge.target, []).append(edge)
    level: dict[Name, int] = {}
    for component in _parts(base, found):
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
    part_of = {node: at for at, part in enumerate(_parts(base, found)) for node in part}
    within: dict[int, list[Edge]] = {}
    for edge in found:
        if part_of.get(edge.source, -1) == part_of[edge.target]:
            within.setdefault(part_of[edge.target], []).append(edge)
    for circling in within.values():
        strict = next((one for one in circling if one.strict), None)
        if strict is not None:
            yield _circle([strict, *_path(strict.target, strict.source, circling)])


def _circle(steps: list[Edge]) -> Diagnostic:
    """Return the error of a circle; its first edge is strict."""
    first = steps[0]
    names = [".".join(one.source) for one in steps]
    rules = list(dict.fromkeys(one.rule for one in steps))
    if len(steps) == 1:
        verb = "concludes" if len(first.target) == 2 else "derives"
        message = f"{first.rule} reads {names[0]} and {verb} it."
    else:
        shown = [*names[:LONGEST_CIRCLE], "…"] if len(names) > LONGEST_CIRCLE else names
        message = f"{names[0]} depends on itself: {' → '.join([*shown, names[0]])}"
        message += f" (rules {listed(rules)})." if len(rules) > 1 else f" (rule {rules[0]})."
    if any(len(one.source) == 2 for one in steps):
        code = "conclusion-cycle"
        hint = "A concluded field is settled before any rule reads it: conclude another field."
    else:
        code = "negation-cycle"
        hint = "What `not`, `forall` or an aggregate reads must be complete: derive another type."
    return Diagnostic(Severity.ERROR, code, message, first.span, hint)


def _path(start: Name, end: Name, found: Iterable[Edge]) -> list[Edge]:
    """Return the shortest way from `start` to `end` along the edges (empty when they are one)."""
    onward: dict[Name, list[Edge]] = {}
    for edge in found:
        onward.setdefault(edge.source, []).append(edge)
    before: dict[Name, Edge] = {}
    queue = deque([start])
    while queue and end not in before:
        node = queue.popleft()
        for edge in onward.get(node, ()):
            if edge.target not in before and edge.target != start:
                before[edge.target] = edge
                queue.append(edge.target)
    path: list[Edge] = []
    while end != start:
        path.append(before[end])
        end = before[end].source
    return path[::-1]
