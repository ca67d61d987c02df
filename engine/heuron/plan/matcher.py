"""The conditions of a rule, a query or a sub-condition as generated nested loops.

A body is a conjunction of conditions. It is written in one of two senses: *true*, the loops find
the combinations of facts for which every condition is true; *possible*, those for which no
condition is false. So `not` is true when nothing is possible inside, and false when something is
true; `exists` the other way round; `forall P have Q` is `not (P, not Q)`; a sum is unknown when
something is possible that is not true.

Any pattern can be the seed: its candidates are then given, and the other patterns, tests and
binds are put in order around it. Every test stands as early as its variables allow, and an
equality with what is already bound becomes a look-up in a hash index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from heuron.check.reads import bound, concluded_reads, free, references_followed, values_tested
from heuron.check.tree import (
    ANY,
    Aggregate,
    Bind,
    Binding,
    Compare,
    Condition,
    Either,
    Exists,
    Expression,
    FactVariable,
    FieldOf,
    Forall,
    Holds,
    Negation,
    Pattern,
    Predict,
    ReferencedField,
    Test,
)
from heuron.check.walk import walk
from heuron.plan.aggregates import aggregate_source
from heuron.plan.compared import referring
from heuron.plan.expression import Expressions
from heuron.plan.invariants import invariants, size
from heuron.plan.items import Item, is_late, items_of
from heuron.plan.keys import LARGE, keys_of
from heuron.plan.module import Module
from heuron.plan.scope import MatchNames, Scope
from heuron.plan.source import Writer

__all__ = ["Body", "Leaf"]

LOOPS: Final = 15
"""How many loops nest before the next function goes on (CPython allows 20 blocks)."""


def _plain_call(source: str) -> tuple[str, ...]:
    return (source,)


def _asking_call(source: str) -> tuple[str, ...]:
    return (f"if {source}:", "    return True")


def _emit_found(body: Body) -> None:
    body.writer.line("return True")


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a body does with each combination, and how its functions speak to their callers.

    `emit` writes the innermost lines; `parameters` are locals that a further function needs too;
    `call` turns the source of a call to a further function into lines; `end` is the last line
    of the function, also used to give up before any loop.
    """

    emit: Callable[[Body], None]
    end: str
    parameters: tuple[str, ...] = ()
    call: Callable[[str], tuple[str, ...]] = _plain_call


FOUND: Final = Leaf(
    emit=_emit_found,
    end="return False",
    call=_asking_call,
)
"""The leaf of a body that only asks whether there is a combination."""


class Body:
    """Writes one conjunction of conditions as a function (or more, when loops nest deeply)."""

    def __init__(
        self,
        module: Module,
        scope: Scope,
        possible: bool,
        leaf: Leaf,
        weighed: bool = False,
    ) -> None:
        self.module = module
        self.scope = scope
        self.possible = possible
        self.leaf = leaf
        self.weighed = weighed
        self.budget = "left[0]"
        self.writer: Writer = Writer()
        self.loops = 0
        self.is_innermost = False
        self.weights: list[str] = []
        self.noted: list[str] = []
        self.expressions = Expressions(MatchNames(self), module.constants, self.writer)
        self.checks: list[Item] = []
        self._fine: dict[str, dict[int, str]] = {}
        self._constant: set[str] = set()
        self._referring: dict[str, tuple[str, Item]] = {}
        self._parts: list[tuple[str, list[str], Writer]] = []

    def write(
        self,
        name: str,
        parameters: Iterable[str],
        conditions: tuple[Condition | Expression, ...],
        seed: Pattern | None = None,
    ) -> None:
        """Write the function `name`, seeded by one of its patterns or not."""
        patterns = [one for one in conditions if isinstance(one, Pattern)]
        if seed is not None:
            patterns = [seed] + [one for one in patterns if one is not seed]
        items = items_of(conditions)
        late = [one for one in items if is_late(one, conditions)]
        items = [one for one in items if one not in late]
        self._parts.append((name, list(parameters), self.writer))
        self._ready(items)
        while patterns:
            pattern = self._next(patterns, items, seed)
            patterns.remove(pattern)
            self.is_innermost = not patterns
            if self.loops >= LOOPS:
                self._continue_elsewhere(name)
            self._loop(pattern, items, pattern is seed)
            self._ready(items)
        self._ready(late)
        waiting = [*items, *late]
        assert not waiting, f"never bound: {[sorted(one.needs) for one in waiting]}"
        self.leaf.emit(self)
        self._finish()

    def _finish(self) -> None:
        for name, parameters, writer in reversed(self._parts):
            writer.depth = 1
            writer.line(self.leaf.end)
            self.module.add(name, parameters, writer.lines)

    def _continue_elsewhere(self, name: str) -> None:
        further = f"{name}_{len(self._parts)}"
        parameters = [*self.leaf.parameters, *self.scope.locals(), *self.weights, *self.noted]
        parameters = list(dict.fromkeys(one for one in parameters if one.isidentifier()))
        for line in self.leaf.call(f"{further}({', '.join(parameters)})"):
            self.writer.line(line)
        self.writer = self.writer.continued()
        self.expressions = Expressions(MatchNames(self), self.module.constants, self.writer)
        self._parts.append((further, parameters, self.writer))
        self.loops = 0

    def _next(self, patterns: list[Pattern], items: list[Item], seed: Pattern | None) -> Pattern:
        """Return the next pattern: as written, but only once its reference is bound.

        Around a seed, patterns that can be looked up come before those that must be searched.
        """
        ready = [
            one
            for one in patterns
            if one is seed
            or one.identity is None
            or all(self.scope.has(name) for name in free(one.identity))
        ]
        if seed is not None and seed not in patterns:
            for one in ready:
                if one.identity is not None or self._joined(one, items):
                    return one
        return ready[0] if ready else patterns[0]

    def _joined(self, pattern: Pattern, items: list[Item]) -> bool:
        """Return whether a pattern shares a test with something that is bound already."""
        return any(
            pattern.variable in item.needs
            and any(name != pattern.variable and self.scope.has(name) for name in item.needs)
            for item in items
        ) or bool(self._keys(pattern, items)[0])

    # One pattern.

    def _loop(self, pattern: Pattern, items: list[Item], seeded: bool) -> None:
        writer, scope = self.writer, self.scope
        self._keep_invariants(items)
        row = writer.fresh("r")
        # What a reference leads to is looked up by its number: no index does a test in passing.
        found = seeded or pattern.identity is not None
        keys: dict[int, str] = {}
        used: list[Item] = []
        if not found and self._refer(pattern, items):
            used = [self._referring[pattern.variable][1]]
        elif not found:
            keys, used = self._keys(pattern, items)
        if seeded:
            candidates = "seeds"
        else:
            candidates = self._candidates(pattern, keys)
        writer.line(f"for {row} in {candidates}:")
        writer.depth += 1
        self.loops += 1
        scope.rows[pattern.variable] = row
        scope.types[pattern.variable] = pattern.type_name
        if not self.possible:
            # An index look-up is exact for what is true, so its tests are done.
            for item in used:
                items.remove(item)
                if self.weighed:
                    self._weigh(item)
        for field in pattern.each:
            self._each(pattern, field, row)
        if seeded and pattern.identity is not None:
            items.insert(0, self._identity(pattern, pattern.identity))

    def _keep_invariants(self, items: list[Item]) -> None:
        """Write, before a loop, the parts of what waits that the loop does not change."""
        waiting = [one.condition for one in items]
        # The smallest first, which then stand for themselves in larger ones.
        for part in sorted(invariants(waiting, self.scope.has), key=size):
            self.expressions.keep(part)

    def _refer(self, pattern: Pattern, items: list[Item]) -> bool:
        """Return whether something bound already refers to the fact that a pattern looks for.

        Then `_referring` has the source of its number, and the test that says so.
        """
        for item in items:
            for other in referring(pattern, item.condition):
                is_bound = all(self.scope.has(name) for name in free(other))
                if is_bound and not any(isinstance(one, Aggregate) for one in walk(other)):
                    self._referring[pattern.variable] = self.expressions.value(other), item
                    return True
        return False

    def _identity(self, pattern: Pattern, identity: Expression) -> Item:
        """Return the test that a seed is the fact that is referred to."""
        own = FactVariable(type=identity.type, name=pattern.variable)
        test = Compare(type=identity.type, operator="==", left=own, right=identity)
        return Item(test, frozenset(free(test)), pattern)

    def _each(self, pattern: Pattern, field: str, row: str) -> None:
        writer = self.writer
        value, certainty = writer.fresh("e"), writer.fresh("q")
        held = self.module.settled(pattern.type_name, field, "held")
        # Without a value the pattern matches once, and what it reads is unknown.
        writer.line(f"for {value}, {certainty} in {held}({row}[0], NOTHING):")
        writer.depth += 1
        self.loops += 1
        self.scope.each[(pattern.variable, field)] = (value, certainty)

    def _candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        writer, module = self.writer, self.module
        table = module.table(pattern.type_name)
        if pattern.identity is not None or pattern.variable in self._referring:
            if pattern.identity is not None:
                reference = self.expressions.value(pattern.identity)
            else:
                reference, _ = self._referring[pattern.variable]
            look = "possible_rows" if self.possible else "referred"
            return f"{look}({table}, {reference})"
        if not keys:
            self._spend(table)
            return f"{table}.values()"
        places = tuple(sorted(keys))
        # An index of facts that do not change costs nothing more once it is made.
        changes = pattern.type_name in module.modified
        often = pattern.variable not in self._constant or not changes
        exact, possible = module.index(pattern.type_name, places, often)
        parts = [keys[place] for place in places]
        key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        local = writer.fresh("c")
        writer.line(
            f"{local} = {possible}({key})" if self.possible else f"{local} = {exact}({key}, EMPTY)"
        )
        self._refine(pattern, keys, local)
        self._spend(local)
        return local if self.possible else f"{local}.values()"

    def _spend(self, rows: str) -> None:
        """Write the search steps that a look at these rows takes."""
        self.writer.line(f"{self.budget} -= len({rows})")
        self.writer.line(f"if {self.budget} < 0: stop()")

    def _refine(
        self, pattern: Pattern, keys: dict[int, str], local: str, size: str | None = None
    ) -> None:
        """Write the look-up in a finer index, for when the bucket that was found is large."""
        fine = self._fine.pop(pattern.variable, keys)
        if len(fine) == len(keys):
            return
        places = tuple(sorted(fine))
        literal = self.module.constants.literal(pattern.type_name)
        key = f"({', '.join(fine[place] for place in places)})"
        way = f"possible({key})" if self.possible else f"awake()({key}, EMPTY)"
        self.writer.line(f"if {size or f'len({local})'} > {LARGE}:")
        self.writer.line(f"    {local} = memory.index({literal}, {places!r}).{way}")

    def _keys(self, pattern: Pattern, items: list[Item]) -> tuple[dict[int, str], list[Item]]:
        """Return the places of a row whose values are known before the loop, as source."""
        keys = keys_of(
            pattern,
            items,
            self.module.layouts[pattern.type_name].places,
            self.module.modified.get(pattern.type_name, frozenset()),
            self.scope.has,
            self.expressions.value,
        )
        self._fine[pattern.variable] = keys.fine
        if keys.is_constant:
            self._constant.add(pattern.variable)
        return keys.coarse, keys.used

    # Everything else.

    def _ready(self, items: list[Item]) -> None:
        """Write every waiting condition whose variables are bound, in order."""
        again = True
        while again:
            again = False
            waiting: list[Item] = []
            for item in items:
                if all(self.scope.has(name) for name in item.needs):
                    self._condition(item)
                    again = True
                else:
                    waiting.append(item)
            items[:] = waiting

    def _condition(self, item: Item) -> None:
        one = item.condition
        match one:
            case Binding():
                assert item.owner is not None
                source = self.expressions.value(
                    FieldOf(type=ANY, variable=item.owner.variable, field=one.field)
                )
                local = self.writer.keep(source, "v")
                self.scope.values[one.variable] = local
                if not self.module.is_concluded(item.owner.type_name, one.field):
                    self.scope.fields[(item.owner.variable, one.field)] = local
            case Bind():
                source = self.expressions.value(one.expression)
                local = self.writer.fresh("v")
                self.writer.line(f"{local} = {source}")
                self.scope.values[one.variable] = local
            case Predict():
                self._predict(one)
        if self.weighed:
            self._weigh(item)
        if self.possible:
            false = self.false(item)
            if false != "False":
                self._give_up(false)
            self.checks.append(item)
        else:
            true = self.true(item)
            if true != "True":
                self._give_up(f"not ({true})")

    def _give_up(self, source: str) -> None:
        self.writer.line(f"if {source}:")
        self.writer.line("    continue" if self.loops else f"    {self.leaf.end}")

    def _predict(self, one: Predict) -> None:
        local = self.writer.fresh("m")
        model = self.module.constants.literal(one.model)
        row, type_name = self.scope.rows[one.record], self.scope.types[one.record]
        literal = self.module.constants.literal(type_name)
        self.writer.line(f"{local} = predict({model}, {literal}, {row}[0])")
        self.scope.predictions[one.variable] = local

    def true(self, item: Item) -> str:
        """Return source for "this condition is true"."""
        match item.condition:
            case Binding() | Bind():
                return f"{self.scope.values[item.condition.variable]} is not UNKNOWN"
            case Predict():
                return "True"
            case Test():
                return self.expressions.true(item.condition.expression)
            case Negation():
                return f"not {self.ask(item.condition.conditions, True)}"
            case Exists():
                return self.ask(item.condition.conditions, False)
            case Forall():
                return f"not {self.ask(self.counterexample(item.condition), True)}"
            case Either():
                asked = [self.ask(branch, False) for branch in item.condition.branches]
                return f"({' or '.join(asked)})"
            case _:
                return self.expressions.true(item.condition)  # type: ignore[arg-type]

    def false(self, item: Item) -> str:
        """Return source for "this condition is false"."""
        match item.condition:
            case Binding() | Bind() | Predict():
                return "False"
            case Test():
                return self.expressions.false(item.condition.expression)
            case Negation():
                return self.ask(item.condition.conditions, False)
            case Exists():
                return f"not {self.ask(item.condition.conditions, True)}"
            case Forall():
                return self.ask(self.counterexample(item.condition), False)
            case Either():
                asked = [f"not {self.ask(one, True)}" for one in item.condition.branches]
                return f"({' and '.join(asked)})"
            case _:
                return self.expressions.false(item.condition)  # type: ignore[arg-type]

    def ask(self, conditions: tuple[Condition, ...], possible: bool) -> str:
        """Return a call that says whether something inside is true, or possible."""
        outer = self._outer(conditions)
        key = (possible, id(conditions), self._shape(outer))
        name = self.module.bodies.get(key)
        if name is None:
            name = self.module.bodies[key] = self.module.fresh("b")
            scope, parameters = self._parameters(outer)
            Body(self.module, scope, possible, FOUND).write(name, parameters, conditions)
        return self._call(name, outer)

    def _collect(
        self,
        kind: str,
        conditions: tuple[Condition, ...],
        value: Expression | None,
        possible: bool,
        emit: Callable[[Body], None],
        lines: tuple[str, ...],
    ) -> str:
        """Return a call to a function that collects something of each match into `found`.

        `lines` are what the calling function does with it; in them INNER stands for the call.
        """
        outer = self._outer((conditions, value))
        outer = [name for name in outer if name not in bound(conditions)]
        key = (kind, id(conditions), id(value), self._shape(outer))
        name = self.module.bodies.get(key)
        if name is None:
            inner = self.module.fresh("b")
            scope, parameters = self._parameters(outer)
            weighed = kind.startswith("weighed")
            leaf = Leaf(emit, "return False", ("found",), _asking_call)
            body = Body(self.module, scope, possible, leaf, weighed)
            body.write(inner, ["found", *parameters], conditions)
            name = self.module.bodies[key] = self.module.fresh("b")
            call = f"{inner}({', '.join(['found', *parameters])})"
            spelled = ["found = []", *(line.replace("INNER", call) for line in lines)]
            self.module.add(name, parameters, [f"    {line}" for line in spelled])
        return self._call(name, outer)

    def _outer(self, node: object) -> list[str]:
        local: frozenset[str] = frozenset()
        if isinstance(node, tuple):
            local = frozenset(bound(node))
        return [name for name in free(node) if name not in local]

    def _call(self, name: str, outer: list[str]) -> str:
        arguments = [self.scope.local(one) for one in outer]
        for key in self._outer_each(outer):
            arguments += self.scope.each[key]
        return f"{name}({', '.join(arguments)})"

    def _outer_each(self, outer: list[str]) -> list[tuple[str, str]]:
        return [key for key in self.scope.each if key[0] in outer]

    def _shape(self, outer: list[str]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.scope.types.get(name, "")) for name in outer)

    def _parameters(self, outer: list[str]) -> tuple[Scope, list[str]]:
        scope = Scope()
        parameters = []
        for place, name in enumerate(outer):
            local = f"a{place}"
            parameters.append(local)
            if name in self.scope.rows:
                scope.rows[name] = local
                scope.types[name] = self.scope.types[name]
            elif name in self.scope.values:
                scope.values[name] = local
            else:
                scope.predictions[name] = local
        for place, each in enumerate(self._outer_each(outer)):
            scope.each[each] = (f"e_{place}", f"q_{place}")
            parameters += scope.each[each]
        return scope, parameters

    # Certainty.

    def _weigh(self, item: Item) -> None:
        """Remember the certainties of the concluded fields that a condition reads."""
        condition = item.condition
        match condition:
            case Exists():
                if self._reads_concluded(condition):
                    self.weights.append(self._best((condition.conditions,)))
            case Either():
                if self._reads_concluded(condition):
                    self.weights.append(self._best(condition.branches))
            case Negation() | Forall() | Predict():
                pass
            case Binding():
                assert item.owner is not None
                self._weigh_fields(((item.owner.variable, item.owner.type_name, condition.field),))
            case _:
                self._weigh_reads(condition)

    def _weigh_fields(self, reads: Iterable[tuple[str, str, str]]) -> None:
        for variable, type_name, field in reads:
            if not self.module.is_concluded(type_name, field):
                continue
            each = self.scope.each.get((variable, field))
            if each is not None:
                weight = each[1]
            else:
                row = self.scope.rows[variable]
                weight = f"{self.module.settled(type_name, field, 'certainty')}({row}[0], 1.0)"
            if weight not in self.weights:
                self.weights.append(weight)

    def weigh_test(self, test: Expression) -> None:
        """Remember the certainties of the concluded fields that a table's cell reads."""
        self._weigh_reads(test)

    def _weigh_reads(self, node: object) -> None:
        concluded = self.module.program.concluded
        self._weigh_fields(concluded_reads(node, self.scope.types, concluded, tested=False))
        for followed in references_followed(node):
            key = (followed.target, followed.field)
            if key in concluded:
                number = self.expressions.value(followed.reference)
                certainty = self.module.settled(*key, "certainty")
                self.weights.append(self.writer.keep(f"{certainty}({number}, 1.0)", "q"))
        for one in values_tested(node):
            # Of several values the one that is asked for counts, if it holds.
            held = MatchNames(self).values(one.variable, one.field)
            weight = self.writer.keep(
                f"weight_of({held}, {self.expressions.value(one.value)})", "q"
            )
            self.weights.append(weight)

    def _best(self, branches: tuple[tuple[Condition, ...], ...]) -> str:
        """Return the local that holds the best alternative's certainty (0 for none)."""
        lines = ("INNER", "return max(found, default=0.0)")
        calls = [
            self._collect("weighed best", branch, None, False, _emit_lowest, lines)
            for branch in branches
        ]
        source = calls[0] if len(calls) == 1 else f"max({', '.join(calls)})"
        # Nothing found: the condition does not hold, and its weight is never used.
        return self.writer.keep(source, "q")

    def lowest(self) -> str:
        """Return source for the lowest certainty among what the conditions read."""
        weights = list(dict.fromkeys(self.weights))
        if not weights:
            return "1.0"
        return weights[0] if len(weights) == 1 else f"min({', '.join(weights)})"

    def _reads_concluded(self, node: object) -> bool:
        names = {field for _, field in self.module.program.concluded}
        return any(
            isinstance(one, (Binding, FieldOf, Holds, ReferencedField)) and one.field in names
            for one in walk(node)
        )

    # Aggregates.

    def aggregate(self, node: Aggregate) -> str:
        """Write the call of an aggregate and return the local that holds its value."""
        weighed = self.weighed and self._reads_concluded(node)
        values = "[one[0] for one in found]" if weighed else "found"
        result = aggregate_source(node, values)
        unknown = "UNKNOWN"
        if weighed:
            result = f"({result}, min([one[1] for one in found], default=1.0))"
            unknown = "(UNKNOWN, 1.0)"
        call = self._collect(
            "weighed aggregate" if weighed else node.function,
            node.conditions,
            node.value,
            True,
            _aggregate_emitter(node, weighed),
            (f"if INNER: return {unknown}", f"return {result}"),
        )
        local = self.writer.fresh("agg")
        self.noted.append(local)
        if weighed:
            weight = self.writer.fresh("q")
            self.writer.line(f"{local}, {weight} = {call}")
            self.weights.append(weight)
        else:
            self.writer.line(f"{local} = {call}")
        return local

    def counterexample(self, condition: Forall) -> tuple[Condition, ...]:
        """Return `P, not Q` for `forall P have Q`; always the same object for one condition."""
        key = ("counterexample", id(condition))
        if key not in self.module.kept:
            negation = Negation(conditions=condition.have)
            self.module.kept[key] = (condition.pattern, negation)
        return self.module.kept[key]


def _emit_lowest(body: Body) -> None:
    body.writer.line(f"found.append({body.lowest()})")


def _aggregate_emitter(node: Aggregate, weighed: bool) -> Callable[[Body], None]:
    def emit(body: Body) -> None:
        # The loops have let through what is possible; all of it must be true.
        checks = [one for one in map(body.true, body.checks) if one != "True"]
        if checks:
            body.writer.line(f"if not ({' and '.join(checks)}):")
            body.writer.line("    return True")
        value = "1" if node.value is None else body.expressions.value(node.value)
        if node.function == "collect":
            order = body.module.order()
            keys = "".join(f"{order}({row}), " for row in body.scope.rows.values())
            value = f"(({keys}), {value})"
        if weighed:
            if node.value is not None:
                body.weigh_test(node.value)
            value = f"({value}, {body.lowest()})"
        body.writer.line(f"found.append({value})")

    return emit
