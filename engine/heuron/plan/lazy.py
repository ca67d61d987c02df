"""Steps as lazy searches: for every rule and seed a generator that finds the next activation.

In the manner of LEAPS (Miranker, Brant, Lofaso, Gadbois, 1990): a new version of a fact seeds
each pattern of its type, and the search around it stops at the first activation and goes on only
when that one has fired. The other patterns are searched as written, newest facts first, so that
activations come in the order in which they fire. Only facts that are not newer than the seed take
part, and in patterns before the seed's only older ones: each combination has exactly one seed.

For the rule with index i, the functions `li_s0(event, seed)`, `li_s1`, … are such generators: they
yield (rows, values), which hold at that moment, whatever has changed since the search began. Which
of them an event starts is the affair of `plan.gates`. `li_w0(event, seed)`, … find what the end of
a fact unblocks that stood in the rule's first, second, … `not`; `vi(rows, values)` says whether an
activation that was found earlier still holds, and `xi_0(rows, values, old)` whether a fact that is
gone may have blocked it. `pi(rows)` are the other values of an activation that is recorded in
brief (see `plan.firing`).
"""

from __future__ import annotations

from heuron.check.reads import patterns
from heuron.check.tree import (
    Aggregate,
    Bind,
    Call,
    CertaintyOf,
    FieldOf,
    Holds,
    Negation,
    Pattern,
    ReferencedField,
    Rule,
    Test,
)
from heuron.check.walk import walk
from heuron.plan.changes import Changes
from heuron.plan.firing import firing_of
from heuron.plan.gates import blockers
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.scope import Scope
from heuron.plan.search import write_search, write_shared_search
from heuron.plan.shared import shared_part

__all__ = ["is_lazy", "write_lazy"]


def is_lazy(program: Program, rule: Rule) -> bool:
    """Return whether a step can be searched lazily: positive patterns, tests and simple `not`.

    A rule that reads concluded fields, sums up, or asks `exists`, `forall`, `either` or a model
    becomes complete in ways that no single fact tells; the agenda matches it again instead.
    """
    if not rule.is_step or not patterns(rule.conditions):
        return False
    for one in rule.conditions:
        if not isinstance(one, (Pattern, Test, Bind, Negation)):
            return False
        if isinstance(one, Negation) and not _is_simple(one):
            return False
        if isinstance(one, Pattern) and one.each:
            return False
    types = {
        one.variable: one.type_name for one in walk(rule.conditions) if isinstance(one, Pattern)
    }
    for node in walk(rule.conditions):
        if isinstance(node, (Aggregate, ReferencedField, Holds, CertaintyOf)):
            return False
        # A function of the host may fail: a search that it stops could not go on afterwards.
        if isinstance(node, Call) and node.host:
            return False
        if (
            isinstance(node, FieldOf)
            and (types.get(node.variable), node.field) in program.concluded
        ):
            return False
        if isinstance(node, Pattern) and any(
            (node.type_name, one.field) in program.concluded for one in node.bindings
        ):
            return False
    return True


def _is_simple(negation: Negation) -> bool:
    """Return whether a `not` is one pattern that reads other facts through bound values only."""
    if len(negation.conditions) != 1 or not isinstance(negation.conditions[0], Pattern):
        return False
    pattern = negation.conditions[0]
    if pattern.each or pattern.identity is not None:
        return False
    return all(
        node.variable == pattern.variable
        for node in walk(pattern.tests)
        if isinstance(node, FieldOf)
    )


def write_lazy(changes: Changes, rule: Rule, rows: list[str], values: list[str]) -> list[str]:
    """Write the lazy functions of a rule; return their names.

    Args:
        changes: Where the functions that change memory come from, and the module to write into.
        rule: A rule for which `is_lazy` holds.
        rows: Its fact variables as written.
        values: Its other variables.
    """
    names = []
    module, firing = changes.module, firing_of(rule, changes)
    if firing is not None and firing.is_brief:
        firing.write_values(values)
    own = patterns(rule.conditions)
    for place, pattern in enumerate(own):
        names.append(f"l{rule.index}_s{place}")
        older = frozenset(one.variable for one in own[:place])
        shared = shared_part(module.program, rule, pattern)
        if shared is None:
            write_search(module, names[-1], rule.conditions, pattern, older, rows, values, firing)
        else:
            write_shared_search(module, names[-1], pattern, shared, older, rows, values, firing)
    everything = frozenset(one.variable for one in own)
    for place, blocker in enumerate(blockers(rule)):
        names.append(f"l{rule.index}_w{place}")
        write_search(
            module, names[-1], (blocker, *rule.conditions), blocker, everything, rows, values
        )
        names.append(f"x{rule.index}_{place}")
        _may_block(module, names[-1], rule, blocker, rows, values)
    names.append(f"v{rule.index}")
    _still(module, names[-1], rule, rows, values)
    return names


def _bound_scope(body: Body, rule: Rule, rows: list[str], values: list[str]) -> None:
    """Bind a rule's variables to the parameters `rows` and `values`."""
    types = {one.variable: one.type_name for one in patterns(rule.conditions)}
    for place, name in enumerate(rows):
        body.scope.rows[name] = f"r{place}"
        body.scope.types[name] = types[name]
    for place, name in enumerate(values):
        body.scope.values[name] = f"u{place}"
    if rows:
        body.writer.line(f"({''.join(f'r{place}, ' for place in range(len(rows)))}) = rows")
    if values:
        body.writer.line(f"({''.join(f'u{place}, ' for place in range(len(values)))}) = values")


def _nothing(body: Body) -> None:
    return None


def _still(module: Module, name: str, rule: Rule, rows: list[str], values: list[str]) -> None:
    body = Body(module, Scope(), False, Leaf(_nothing, "return False"))
    _bound_scope(body, rule, rows, values)
    checks = [
        f"{module.find(body.scope.types[one])}({body.scope.rows[one]}[0]) is {body.scope.rows[one]}"
        for one in rows
    ]
    checks += [
        f"not {body.ask(one.conditions, True)}"
        for one in rule.conditions
        if isinstance(one, Negation)
    ]
    body.writer.line(f"return {' and '.join(checks) or 'True'}")
    module.add(name, ("rows", "values"), body.writer.lines)


def _may_block(
    module: Module, name: str, rule: Rule, blocker: Pattern, rows: list[str], values: list[str]
) -> None:
    body = Body(module, Scope(), False, Leaf(_nothing, "return False"))
    _bound_scope(body, rule, rows, values)
    body.scope.rows[blocker.variable] = "old"
    body.scope.types[blocker.variable] = blocker.type_name
    for binding in blocker.bindings:
        place = module.layouts[blocker.type_name].places[binding.field]
        body.scope.values[binding.variable] = f"old[{place}]"
    possible = [body.expressions.possible(test) for test in blocker.tests]
    body.writer.line(f"return {' and '.join(f'({one})' for one in possible) or 'True'}")
    module.add(name, ("rows", "values", "old"), body.writer.lines)
