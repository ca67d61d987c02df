"""What a condition reads: variables, fields, types. The planner orders and indexes by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from heuron.check.tree import (
    Aggregate,
    Bind,
    CertaintyOf,
    Either,
    Exists,
    FactVariable,
    FieldOf,
    Forall,
    Holds,
    Negation,
    Numbered,
    Pattern,
    Placed,
    Predict,
    PredictionOf,
    ReferencedField,
    Test,
    Typed,
    Variable,
)

__all__ = ["bound", "concluded_reads", "free", "patterns", "types_read", "walk"]

Node = object


def walk(node: Node) -> Iterator[Node]:
    """Yield a node of the resolved tree and all nodes below it, in the order they are written."""
    stack: list[Node] = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, tuple):
            stack.extend(reversed(at))
        elif isinstance(at, (Typed, Numbered, Placed)) or hasattr(at, "__dataclass_fields__"):
            yield at
            stack.extend(reversed(_children(at)))


def _children(node: Node) -> list[Node]:
    names = _child_names.get(type(node))
    if names is None:
        names = tuple(
            name
            for name in node.__dataclass_fields__  # type: ignore[attr-defined]
            if name not in ("type", "span", "id")
        )
        _child_names[type(node)] = names
    return [getattr(node, name) for name in names]


_child_names: dict[type, tuple[str, ...]] = {}


def _own_reads(node: Node) -> tuple[str, ...]:
    match node:
        case Variable(name=name) | FactVariable(name=name):
            return (name,)
        case FieldOf() | CertaintyOf() | Holds() | PredictionOf():
            return (node.variable,)
        case Predict():
            return (node.record,)
        case _:
            return ()


def bound(conditions: Iterable[Node]) -> tuple[str, ...]:
    """Return the variables that conditions bind at their own level, in order."""
    names: dict[str, None] = {}
    for condition in conditions:
        match condition:
            case Pattern():
                names[condition.variable] = None
                names.update((binding.variable, None) for binding in condition.bindings)
            case Bind() | Predict():
                names[condition.variable] = None
    return tuple(names)


def _scopes(node: Node) -> Iterator[tuple[Node, ...]]:
    match node:
        case Negation() | Exists() | Aggregate():
            yield node.conditions
        case Forall():
            yield (node.pattern, *node.have)
        case Either():
            yield from node.branches


def free(node: Node) -> tuple[str, ...]:
    """Return the variables that a node reads and does not bind inside, in order of reading."""
    names: dict[str, None] = {}
    _free_into(node, frozenset(), names)
    return tuple(names)


def _free_into(node: Node, hidden: frozenset[str], names: dict[str, None]) -> None:
    if isinstance(node, tuple):
        for one in node:
            _free_into(one, hidden, names)
        return
    if not isinstance(node, (Typed, Numbered, Placed)) and not hasattr(
        node, "__dataclass_fields__"
    ):
        return
    names.update((name, None) for name in _own_reads(node) if name not in hidden)
    scopes = tuple(_scopes(node))
    if scopes:
        for scope in scopes:
            local = hidden | frozenset(bound(scope))
            _free_into(scope, local, names)
        if isinstance(node, Aggregate):
            _free_into(node.value, hidden | frozenset(bound(node.conditions)), names)
        return
    for child in _children(node):
        _free_into(child, hidden, names)


def patterns(conditions: Iterable[Node]) -> tuple[Pattern, ...]:
    """Return the positive patterns at the conditions' own level, as written."""
    return tuple(one for one in conditions if isinstance(one, Pattern))


def variable_types(node: Node) -> dict[str, str]:
    """Return the types of all fact variables that are bound anywhere in a node."""
    return {one.variable: one.type_name for one in walk(node) if isinstance(one, Pattern)}


def types_read(node: Node) -> tuple[str, ...]:
    """Return the types of facts that a node matches or follows references to, in order."""
    names: dict[str, None] = {}
    for one in walk(node):
        if isinstance(one, Pattern):
            names[one.type_name] = None
        elif isinstance(one, ReferencedField):
            names[one.target] = None
    return tuple(names)


def fields_read(node: Node, types: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return (variable, type, field) of every field that a node reads, in order.

    Args:
        node: A condition, an expression, or a tuple of them.
        types: The types of fact variables that are bound outside the node.
    """
    known = {**types, **variable_types(node)}
    found: dict[tuple[str, str, str], None] = {}
    for one in walk(node):
        match one:
            case FieldOf() | Holds() | CertaintyOf() if one.variable in known:
                found[(one.variable, known[one.variable], one.field)] = None
            case ReferencedField():
                found[("", one.target, one.field)] = None
            case Pattern():
                for binding in one.bindings:
                    found[(one.variable, one.type_name, binding.field)] = None
            case _:
                pass
    return tuple(found)


def concluded_reads(
    condition: Node, types: Mapping[str, str], concluded: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str, str], ...]:
    """Return the concluded fields that a condition reads at its own level, as `fields_read`.

    What `not`, `exists`, `forall`, `either` and aggregates read is left out: they count in ways
    of their own. So is `certainty(…)`, which is a number that holds for certain.
    """
    wanted = frozenset(concluded)
    found: dict[tuple[str, str, str], None] = {}
    stack: list[Node] = [condition]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
            continue
        if not hasattr(one, "__dataclass_fields__") or any(True for _ in _scopes(one)):
            continue
        if isinstance(one, CertaintyOf):
            continue
        if isinstance(one, (FieldOf, Holds)):
            type_name = types.get(one.variable)
            if type_name is not None and (type_name, one.field) in wanted:
                found[(one.variable, type_name, one.field)] = None
        if isinstance(one, Pattern):
            for binding in one.bindings:
                if (one.type_name, binding.field) in wanted:
                    found[(one.variable, one.type_name, binding.field)] = None
        stack.extend(reversed(_children(one)))
    return tuple(found)


def tests_of(condition: Node) -> tuple[Node, ...]:
    """Return the boolean expressions that a pattern or a test consists of."""
    match condition:
        case Pattern():
            return condition.tests
        case Test():
            return (condition.expression,)
        case _:
            return ()
