"""Lazy searches as generators: around a seed, or around a seed with the rest of the rule shared."""

from __future__ import annotations

from typing import Final

from heuron.check.reads import bound, patterns
from heuron.check.tree import (
    Condition,
    Negation,
    Pattern,
)
from heuron.plan.chain import chain_of
from heuron.plan.firing import Firing, activation
from heuron.plan.items import Item, items_of
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.searchbody import SearchBody
from heuron.plan.shared import Shared, types_read

__all__ = ["write_search", "write_shared_search"]

PARAMETERS: Final = ("event", "seed", "alone=True")
"""`alone` says that what is found may be fired on the spot, as nothing else must be put in order
with it."""


def write_search(
    module: Module,
    name: str,
    conditions: tuple[Condition, ...],
    seed: Pattern,
    older: frozenset[str],
    rows: list[str],
    values: list[str],
    firing: Firing | None = None,
) -> None:
    """Write the search `name(event, seed, alone)`; one with a chain takes what is left as well.

    Args:
        module: The module to write into.
        name: The name of the generator.
        conditions: The rule's conditions, and before them the `not` that the seed stood in, if so.
        seed: The pattern that the seed is a row of.
        older: The fact variables whose rows must be older than the event.
        rows: The rule's fact variables as written.
        values: Its other variables.
        firing: How the search fires what it finds, if it may.
    """

    def emit(body: Body) -> None:
        assert isinstance(body, SearchBody)
        _give(body, rows, values, firing)
        body.leave_stale_loops(seed)

    body = SearchBody(module, Leaf(emit, "return", ("event", "gone", "began"), _delegated), older)
    body.is_counting = True
    if firing is not None:
        body.changed = firing.changed
    _begin(body, seed, rows, firing)
    chain = chain_of(module, name, firing, seed, older)
    if chain is None:
        body.write(name, PARAMETERS, conditions, seed)
        return
    chain.use(body)
    body.write(name, (*PARAMETERS, "rest=None"), conditions, seed)
    chain.write()


def _begin(body: SearchBody, seed: Pattern, rows: list[str], firing: Firing | None) -> None:
    body.watched = frozenset(rows)
    if seed.variable in body.watched:
        body.writer.line(f"if {body.module.find(seed.type_name)}(seed[0]) is not seed:")
        body.writer.line("    return")
    body.writer.line("gone, began = memory.gone, memory.event")
    if firing is not None:
        # The firing says when it may be so.
        body.stale = "stale"
        body.writer.line("stale = False")
        firing.begin(body)


def _give(
    body: SearchBody, rows: list[str], values: list[str], firing: Firing | None = None
) -> None:
    """Write the gift of an activation, or its firing, if it holds at that moment."""
    holds = body.still_holds(rows)
    if holds:
        body.writer.line(f"if {holds}:")
        body.writer.depth += 1
    if firing is not None:
        firing.give(body, rows, values)
    else:
        body.writer.line(f"yield {activation(body.scope, rows, values)}")
    body.writer.depth -= bool(holds)


def write_shared_search(
    module: Module,
    name: str,
    seed: Pattern,
    shared: Shared,
    older: frozenset[str],
    rows: list[str],
    values: list[str],
    firing: Firing | None = None,
) -> None:
    """Write a search whose other patterns are matched by one that is shared (`name_shared`)."""
    conditions, crossing = shared
    own = [one for one in rows if one != seed.variable]
    bound_there = [one for one in values if one in bound(conditions)]

    def emit(body: Body) -> None:
        assert isinstance(body, SearchBody)
        _give(body, own, bound_there)

    inner = SearchBody(module, Leaf(emit, "return", ("gone", "began"), _delegated), older)
    inner.is_timed = False
    inner.watched = frozenset(own)
    inner.writer.line("gone, began = memory.gone, memory.event")
    inner.write(f"{name}_shared", (), conditions)
    body = SearchBody(module, Leaf(emit, "return"), older)
    _begin(body, seed, rows, firing)
    waiting = items_of((seed, *crossing))
    body.bind_seed(seed, waiting)
    body._ready(waiting)
    tables = ", ".join(module.table(one) for one in sorted(types_read(conditions)))
    found = module.named(f"{name}_found", f"reaction.share(({tables}, ))")
    scope = body.scope
    for one in patterns(conditions):
        scope.rows[one.variable] = body.writer.fresh("r")
        scope.types[one.variable] = one.type_name
    for variable in bound_there:
        scope.values[variable] = body.writer.fresh("v")
    matched = "".join(f"{scope.rows[one]}, " for one in own)
    held = "".join(f"{scope.values[one]}, " for one in bound_there)
    body.writer.line(f"for ({matched}), ({held}) in {found}.matches({name}_shared):")
    body.writer.depth += 1
    body.loops += 1
    for variable in own:
        body.pass_newer(variable)
    body.negations += [(one, 0) for one in items_of(conditions) if _is_negation(one)]
    body._ready(waiting)
    _give(body, rows, values, firing)
    body.leave_stale_loops(seed)
    body.writer.depth -= 1
    body.writer.line("return")
    module.add(name, PARAMETERS, body.writer.lines)


def _is_negation(item: Item) -> bool:
    return isinstance(item.condition, Negation)


def _delegated(source: str) -> tuple[str, ...]:
    return (f"yield from {source}",)
