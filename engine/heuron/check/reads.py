"""What a part of the resolved tree reads and binds: variables, fields, types.

The checks, the strata and the plans all ask it here. Variables have scopes: what a pattern binds
inside `not`, `exists`, `forall`, `either` or an aggregate is known only there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

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
    Pattern,
    Predict,
    PredictionOf,
    ReferencedField,
    Variable,
)
from heuron.check.walk import children, walk

__all__ = [
    "bound",
    "concluded_reads",
    "fact_types",
    "fields_read",
    "free",
    "patterns",
    "reads_of",
    "variable_types",
    "walk_typed",
]

Node = object
GROUPS = (Aggregate, Either, Exists, Forall, Negation)
"""What has variables of its own inside."""


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


def patterns(conditions: Iterable[Node]) -> tuple[Pattern, ...]:
    """Return the positive patterns at the conditions' own level, as written."""
    return tuple(one for one in conditions if isinstance(one, Pattern))


def fact_types(conditions: Iterable[Node]) -> dict[str, str]:
    """Return the types of the fact variables that conditions bind at their own level."""
    return {one.variable: one.type_name for one in conditions if isinstance(one, Pattern)}


def _groups(node: Node) -> tuple[tuple[Node, ...], ...]:
    """Return the groups of conditions inside a node, each with variables of its own."""
    match node:
        case Negation() | Exists() | Aggregate():
            return (node.conditions,)
        case Forall():
            return ((node.pattern, *node.have),)
        case Either():
            return node.branches
        case _:
            return ()


# Variables


def _own_reads(node: Node) -> str | None:
    match node:
        case Variable() | FactVariable():
            return node.name
        case FieldOf() | CertaintyOf() | Holds() | PredictionOf():
            return node.variable
        case Predict():
            return node.record
        case _:
            return None


def free(node: Node) -> tuple[str, ...]:
    """Return the variables that a node reads and does not bind inside, in order of reading."""
    names: dict[str, None] = {}
    stack: list[tuple[Node, frozenset[str]]] = [(node, frozenset())]
    while stack:
        one, hidden = stack.pop()
        if isinstance(one, tuple):
            stack += [(part, hidden) for part in reversed(one)]
            continue
        own = _own_reads(one)
        if own is not None and own not in hidden:
            names[own] = None
        if not isinstance(one, GROUPS):
            stack += [(part, hidden) for part in reversed(children(one))]
            continue
        inside: list[tuple[Node, frozenset[str]]] = []
        for group in _groups(one):
            local = hidden | frozenset(bound(group))
            inside.append((group, local))
            if isinstance(one, Aggregate):
                inside.append((one.value, local))
        stack += reversed(inside)
    return tuple(names)


# Types and fields


def walk_typed(
    node: Node, types: Mapping[str, str]
) -> Iterator[tuple[Node, Mapping[str, str], bool]]:
    """Yield every node with the types of the fact variables that are known at its place.

    The third is whether the node stands inside `not`, `forall` or an aggregate, which read all
    facts of a type instead of some.

    Args:
        node: A condition, an expression, or a tuple of them.
        types: The types of the fact variables that are bound outside.
    """
    stack: list[tuple[Node, Mapping[str, str], bool]] = [(node, types, False)]
    while stack:
        one, known, whole = stack.pop()
        if isinstance(one, tuple):
            stack += [(part, known, whole) for part in reversed(one)]
            continue
        if not isinstance(one, GROUPS):
            below = children(one)
            if below or hasattr(one, "__dataclass_fields__"):
                yield one, known, whole
                stack += [(part, known, whole) for part in reversed(below)]
            continue
        yield one, known, whole
        total = whole or isinstance(one, (Negation, Forall, Aggregate))
        inside: list[tuple[Node, Mapping[str, str], bool]] = []
        for group in _groups(one):
            local = {**known, **fact_types(group)}
            inside.append((group, local, total))
            if isinstance(one, Aggregate):
                inside.append((one.value, local, total))
        stack += reversed(inside)


def variable_types(node: Node) -> dict[str, str]:
    """Return the types of all fact variables that are bound anywhere in a node."""
    return {one.variable: one.type_name for one in walk(node) if isinstance(one, Pattern)}


def fields_read(node: Node, types: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return (variable, type, field) of every field whose value a node reads, in order.

    The variable is "" for a field read through a reference. `certainty(…)` is a number that
    holds for certain, so what stands inside it is left out.

    Args:
        node: A condition, an expression, or a tuple of them.
        types: The types of the fact variables that are bound outside.
    """
    found: dict[tuple[str, str, str], None] = {}
    for one, known, _ in walk_typed(node, types):
        found.update((read, None) for read in reads_of(one, known))
    return tuple(found)


def reads_of(node: Node, types: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return what a single node reads, without what stands below it, as `fields_read` does."""
    match node:
        case FieldOf() | Holds():
            type_name = types.get(node.variable)
            return ((node.variable, type_name, node.field),) if type_name is not None else ()
        case ReferencedField():
            return (("", node.target, node.field),)
        case Pattern():
            name, type_name = node.variable, node.type_name
            return tuple((name, type_name, one.field) for one in node.bindings)
        case _:
            return ()


def concluded_reads(
    condition: Node,
    types: Mapping[str, str],
    concluded: Collection[tuple[str, str]],
    tested: bool = True,
) -> tuple[tuple[str, str, str], ...]:
    """Return the concluded fields that a condition reads at its own level, as `fields_read`.

    What `not`, `exists`, `forall`, `either` and aggregates read is left out: they count in ways
    of their own. So are references, which lowering turns into patterns, and `certainty(…)`; and
    unless `tested`, the `many` fields that are tested for one value (see `values_tested`).
    """
    found: dict[tuple[str, str, str], None] = {}
    stack: list[Node] = [condition]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
            continue
        if isinstance(one, (*GROUPS, CertaintyOf)):
            continue
        if not isinstance(one, ReferencedField) and (tested or not isinstance(one, Holds)):
            reads = reads_of(one, types)
            found.update((read, None) for read in reads if read[1:] in concluded)
        stack.extend(reversed(children(one)))
    return tuple(found)


def references_followed(condition: Node) -> tuple[ReferencedField, ...]:
    """Return the references that a condition follows at its own level.

    Of a lowered condition these are the ones that no pattern stands for.
    """
    found: list[ReferencedField] = []
    stack: list[Node] = [condition]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
        elif not isinstance(one, (*GROUPS, CertaintyOf)):
            found += [one] if isinstance(one, ReferencedField) else []
            stack.extend(reversed(children(one)))
    return tuple(found)


def values_tested(condition: Node) -> tuple[Holds, ...]:
    """Return the tests of `many` fields for one value that a condition has at its own level."""
    found: list[Holds] = []
    stack: list[Node] = [condition]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
        elif not isinstance(one, GROUPS):
            found += [one] if isinstance(one, Holds) else []
            stack.extend(reversed(children(one)))
    return tuple(found)
