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
gone may have blocked it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from heuron.check.reads import bound, free, patterns
from heuron.check.tree import (
    Aggregate,
    Bind,
    CertaintyOf,
    Compare,
    Condition,
    Constant,
    Expression,
    FactVariable,
    FieldOf,
    Holds,
    Negation,
    Pattern,
    ReferencedField,
    Rule,
    Test,
    Variable,
)
from heuron.check.walk import walk
from heuron.plan.gates import blockers
from heuron.plan.items import Item, items_of, own_field
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.scope import Scope
from heuron.plan.shared import Shared, shared_part, types_read
from heuron.values import UNKNOWN

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


def write_lazy(module: Module, rule: Rule, rows: list[str], values: list[str]) -> list[str]:
    """Write the lazy functions of a rule; return their names.

    Args:
        module: The module to write into.
        rule: A rule for which `is_lazy` holds.
        rows: Its fact variables as written.
        values: Its other variables.
    """
    names = []
    own = patterns(rule.conditions)
    for place, pattern in enumerate(own):
        names.append(f"l{rule.index}_s{place}")
        older = frozenset(one.variable for one in own[:place])
        shared = shared_part(module.program, rule, pattern)
        if shared is None:
            _search(module, names[-1], rule.conditions, pattern, older, rows, values)
        else:
            _shared_search(module, names[-1], rule, pattern, shared, older, rows, values)
    everything = frozenset(one.variable for one in own)
    for place, blocker in enumerate(blockers(rule)):
        names.append(f"l{rule.index}_w{place}")
        _search(module, names[-1], (blocker, *rule.conditions), blocker, everything, rows, values)
        names.append(f"x{rule.index}_{place}")
        _may_block(module, names[-1], rule, blocker, rows, values)
    names.append(f"v{rule.index}")
    _still(module, names[-1], rule, rows, values)
    return names


FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _LazyBody(Body):
    """A body whose loops take a snapshot, newest facts first, and pass over newer facts."""

    def __init__(self, module: Module, leaf: Leaf, older: frozenset[str]) -> None:
        super().__init__(module, Scope(), False, leaf)
        self.older = older
        self.negations: list[tuple[Item, int]] = []
        self.levels: list[tuple[str, int]] = []
        self.waiting: list[Item] = []
        self.is_timed = True

    def _candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        if not keys and pattern.identity is None:
            ranged = self._ranged(pattern)
            if ranged:
                return ranged
        source = super()._candidates(pattern, keys)
        if source.endswith(".values()"):
            return self.module.newest_first(pattern.type_name, source.removesuffix(".values()"))
        return source

    def _loop(self, pattern: Pattern, items: list[Item], seeded: bool) -> None:
        if seeded:
            self._seed(pattern, items)
            return
        self.waiting = items
        super()._loop(pattern, items, seeded)
        if self.is_timed:
            self.pass_newer(pattern.variable)
        self.levels.append((pattern.variable, self.writer.depth))

    def pass_newer(self, variable: str) -> None:
        """Write the way past a row that is newer than the event."""
        compare = ">=" if variable in self.older else ">"
        self.writer.line(f"if {self.scope.rows[variable]}[1] {compare} event:")
        self.writer.line("    continue")

    def _continue_elsewhere(self, name: str) -> None:
        super()._continue_elsewhere(name)
        self.levels = []

    def leave_stale_loops(self, seed: Pattern) -> None:
        """Write, after an activation was given out, the end of every loop whose row has gone."""
        writer = self.writer
        depth = writer.depth
        if seed.variable in self.watched:
            writer.line(f"if memory.gone != gone and {self._is_stale(seed.variable)}:")
            writer.line("    return")
        for outer, inner in reversed(list(pairwise(self.levels))):
            writer.depth = inner[1]
            writer.line(f"if memory.gone != gone and {self._is_stale(outer[0])}:")
            writer.line("    break")
        writer.depth = depth

    def _is_stale(self, variable: str) -> str:
        row = self.scope.rows[variable]
        return f"{self.module.find(self.scope.types[variable])}({row}[0]) is not {row}"

    watched: frozenset[str] = frozenset()

    def _ranged(self, pattern: Pattern) -> str:
        """Return the local with what a range index gives, where the order of a field counts."""
        places = self.module.layouts[pattern.type_name].places
        binders = {one.variable: one.field for one in pattern.bindings}
        for item in self.waiting:
            test = item.condition
            if not isinstance(test, Compare) or test.operator not in FLIPPED:
                continue
            sides = ((test.left, test.right, test.operator), (test.right, test.left, ""))
            for mine, other, operator in sides:
                field = own_field(pattern, binders, mine)
                ready = all(self.scope.has(name) for name in free(other))
                if field in places and ready and not isinstance(other, Constant):
                    if mine.type.levels or any(isinstance(one, Aggregate) for one in walk(other)):
                        continue
                    operator = operator or FLIPPED[test.operator]
                    index = self.module.ranges(pattern.type_name, places[field])
                    way = "above" if operator[0] == ">" else "below"
                    local = self.writer.fresh("c")
                    value = self.expressions.value(other)
                    self.writer.line(f"{local} = {index}.{way}({value})")
                    self.writer.line(f"left[0] -= len({local})")
                    self.writer.line("if left[0] < 0: stop()")
                    return local
        return ""

    def _seed(self, pattern: Pattern, items: list[Item]) -> None:
        """Bind the seed, which is one row: there is nothing to loop over."""
        self.scope.rows[pattern.variable] = "seed"
        self.scope.types[pattern.variable] = pattern.type_name
        if pattern.identity is not None:
            items.insert(0, self._identity(pattern, pattern.identity))

    def _next(self, patterns: list[Pattern], items: list[Item], seed: Pattern | None) -> Pattern:
        # As written: the loops must give activations in the order in which they fire.
        return super()._next(patterns, items, None if seed not in patterns else seed)

    def _condition(self, item: Item) -> None:
        super()._condition(item)
        if isinstance(item.condition, Negation):
            self.negations.append((item, self.loops))

    def true(self, item: Item) -> str:
        """Return source for "this condition is true"; a `not` that is one look-up is that."""
        if isinstance(item.condition, Negation):
            blocked = self._one_look_up(item.condition)
            if blocked:
                return f"not {blocked}"
        return super().true(item)

    def _one_look_up(self, negation: Negation) -> str:
        """Return source for "some fact blocks", when equality with known values is all it takes.

        Facts with unknown fields are in no bucket: if there are any, all of them are looked at.
        """
        (pattern,) = negation.conditions
        assert isinstance(pattern, Pattern)
        table = self.module.table(pattern.type_name)
        if not (pattern.tests or pattern.bindings):
            return table
        keys, used = self._keys(pattern, items_of(negation.conditions))
        sides = [_other_side(one, pattern) for one in pattern.tests]
        if pattern.bindings or len(used) < len(pattern.tests) or not all(map(_is_known, sides)):
            return ""
        places = tuple(sorted(keys))
        exact, _ = self.module.index(pattern.type_name, places)
        vague = exact.replace("g", "vague", 1)
        index = exact.replace("g", "i", 1)
        self.module.named(vague, f"{index}.vague")
        parts = [keys[place] for place in places]
        key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        return f"({exact}({key}) or ({vague} and {self.ask(negation.conditions, True)}))"

    def still_holds(self, watched: list[str]) -> str:
        """Return source for what may have changed while the search was suspended, or nothing.

        Rows are looked up again only when some row is held no longer; a `not` that was asked
        before the innermost loop only when there has been an event.
        """
        scope, module = self.scope, self.module
        types = {scope.types[name] for name in watched}
        rows = " and ".join(
            f"{module.find(scope.types[name])}({scope.rows[name]}[0]) is {scope.rows[name]}"
            for name in watched
        )
        checks = []
        if rows and types.isdisjoint(module.program.derived):
            checks.append(f"(memory.gone == gone or ({rows}))")
        elif rows:
            checks.append(rows)
        negations = [self.true(item) for item, loops in self.negations if loops < self.loops]
        if negations:
            checks.append(f"(memory.event == began or ({' and '.join(negations)}))")
        return " and ".join(checks)


def _search(
    module: Module,
    name: str,
    conditions: tuple[Condition, ...],
    seed: Pattern,
    older: frozenset[str],
    rows: list[str],
    values: list[str],
) -> None:
    def emit(body: Body) -> None:
        assert isinstance(body, _LazyBody)
        _give(body, rows, values)
        body.leave_stale_loops(seed)

    body = _LazyBody(module, Leaf(emit, "return", ("event", "gone", "began"), _delegated), older)
    _begin(body, seed, rows)
    body.write(name, ("event", "seed"), conditions, seed)


def _begin(body: _LazyBody, seed: Pattern, rows: list[str]) -> None:
    body.watched = frozenset(rows)
    if seed.variable in body.watched:
        body.writer.line(f"if {body.module.find(seed.type_name)}(seed[0]) is not seed:")
        body.writer.line("    return")
    body.writer.line("gone, began = memory.gone, memory.event")


def _give(body: _LazyBody, rows: list[str], values: list[str]) -> None:
    """Write the gift of an activation, if it holds at that moment."""
    scope = body.scope
    matched = "".join(f"{scope.rows[one]}, " for one in rows)
    held = "".join(f"{scope.local(one)}, " for one in values)
    holds = body.still_holds(rows)
    if holds:
        body.writer.line(f"if {holds}:")
        body.writer.depth += 1
    body.writer.line(f"yield (({matched}), ({held}))")
    body.writer.depth -= bool(holds)


def _shared_search(
    module: Module,
    name: str,
    rule: Rule,
    seed: Pattern,
    shared: Shared,
    older: frozenset[str],
    rows: list[str],
    values: list[str],
) -> None:
    """Write a search whose other patterns are matched by a search that is shared."""
    conditions, crossing = shared
    own = [one for one in rows if one != seed.variable]
    bound_there = [one for one in values if one in bound(conditions)]

    def emit(body: Body) -> None:
        assert isinstance(body, _LazyBody)
        _give(body, own, bound_there)

    inner = _LazyBody(module, Leaf(emit, "return", ("gone", "began"), _delegated), older)
    inner.is_timed = False
    inner.watched = frozenset(own)
    inner.writer.line("gone, began = memory.gone, memory.event")
    inner.write(f"{name}_shared", (), conditions)
    body = _LazyBody(module, Leaf(emit, "return"), older)
    _begin(body, seed, rows)
    waiting = items_of((seed, *crossing))
    body._seed(seed, waiting)
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
    _give(body, rows, values)
    body.leave_stale_loops(seed)
    body.writer.depth -= 1
    body.writer.line("return")
    module.add(name, ("event", "seed"), body.writer.lines)


def _is_negation(item: Item) -> bool:
    return isinstance(item.condition, Negation)


def _other_side(test: Expression, pattern: Pattern) -> Expression | None:
    """Return what a pattern's own field is compared with."""
    if not isinstance(test, Compare):
        return None
    left = test.left
    is_own = isinstance(left, FieldOf) and left.variable == pattern.variable
    return test.right if is_own else left


def _is_known(node: Expression | None) -> bool:
    """Return whether a value is known wherever it can be read."""
    if isinstance(node, Constant):
        return node.value is not UNKNOWN
    return isinstance(node, (Variable, FactVariable))


def _delegated(source: str) -> tuple[str, ...]:
    return (f"yield from {source}",)


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
