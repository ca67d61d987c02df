"""Steps as lazy searches: for every rule and seed a generator that finds the next activation.

In the manner of LEAPS (Miranker, Brant, Lofaso, Gadbois, 1990): a new version of a fact seeds
each pattern of its type, and the search around it stops at the first activation and goes on only
when that one has fired. The other patterns are searched as written, newest facts first, so that
activations come in the order in which they fire. Only facts that are not newer than the seed take
part, and in patterns before the seed's only older ones: each combination has exactly one seed.

An event reaches a rule only through its gates: the constant tests of the pattern that the new
fact would match, and for every other pattern that some fact of its type (with the constants that
it wants) is held. What is not there yet will be newer, and will be a seed itself. For the type
number t, `et(row, seed)` calls `seed` with (index of the rule, place) for each pattern that a new
row may complete, and `ft(row, gone)` calls `gone` for each `not` that an old one may have blocked.

For the rule with index i, the functions `li_s0(event, seeds)`, `li_s1`, … are such generators;
`li_w0(event, seeds)`, … find what the end of a fact unblocks that stood in the rule's first,
second, … `not`; `vi(rows, values)` says whether an activation that was found earlier still holds,
and `xi_0(rows, values, old)` whether a fact that is gone may have blocked it.
"""

from __future__ import annotations

from heuron.check.reads import patterns
from heuron.check.tree import (
    Aggregate,
    Bind,
    CertaintyOf,
    Compare,
    Condition,
    Constant,
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
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.scope import Scope
from heuron.values import UNKNOWN

__all__ = ["blockers", "is_lazy", "write_gates", "write_lazy"]


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


def blockers(rule: Rule) -> tuple[Pattern, ...]:
    """Return the patterns under `not`, as written."""
    return tuple(
        one.conditions[0]
        for one in rule.conditions
        if isinstance(one, Negation) and isinstance(one.conditions[0], Pattern)
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
        _search(module, names[-1], rule.conditions, pattern, older, rows, values)
    everything = frozenset(one.variable for one in own)
    for place, blocker in enumerate(blockers(rule)):
        names.append(f"l{rule.index}_w{place}")
        _search(module, names[-1], (blocker, *rule.conditions), blocker, everything, rows, values)
        names.append(f"x{rule.index}_{place}")
        _may_block(module, names[-1], rule, blocker, rows, values)
    names.append(f"v{rule.index}")
    _still(module, names[-1], rule, rows, values)
    return names


def write_gates(module: Module, rules: tuple[Rule, ...]) -> list[str]:
    """Write the functions that say which lazy searches an event starts; return their names."""
    names = []
    for number, type_name in enumerate(module.program.templates):
        for letter, blocked in (("e", False), ("f", True)):
            gates = _gates(module, rules, type_name, blocked)
            if not gates:
                continue
            name = f"{letter}{number}"
            body = Body(module, Scope(), False, Leaf(_nothing, "return"))
            for gate, calls in gates.items():
                depth = body.writer.depth
                if gate:
                    body.writer.line(f"if {gate}:")
                    body.writer.depth += 1
                for test, index, place in calls:
                    call = f"start({index}, {place})"
                    body.writer.line(f"if {test}: {call}" if test else call)
                body.writer.depth = depth
            module.add(name, ("row", "start"), body.writer.lines)
            names.append(name)
    return names


def _gates(
    module: Module, rules: tuple[Rule, ...], type_name: str, blocked: bool
) -> dict[str, list[tuple[str, int, int]]]:
    """Return (test of the row, rule, place) by the condition on what else must be held."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for rule in rules:
        own = patterns(rule.conditions)
        for place, pattern in enumerate(blockers(rule) if blocked else own):
            if pattern.type_name != type_name:
                continue
            others = own if blocked else own[:place] + own[place + 1 :]
            gate = " and ".join(dict.fromkeys(_presence(module, one) for one in others))
            test = "" if blocked else _own_test(module, pattern)
            found.setdefault(gate, []).append((test, rule.index, place))
    return found


def _presence(module: Module, pattern: Pattern) -> str:
    """Return source for "a fact is held that this pattern could match"."""
    places = module.layouts[pattern.type_name].places
    keys: dict[int, str] = {}
    for test in pattern.tests:
        if isinstance(test, Compare) and test.operator == "==":
            for mine, other in ((test.left, test.right), (test.right, test.left)):
                if (
                    isinstance(mine, FieldOf)
                    and mine.variable == pattern.variable
                    and mine.field in places
                    and isinstance(other, Constant)
                    and other.value is not UNKNOWN
                ):
                    keys[places[mine.field]] = module.constants.literal(other.value)
    if not keys:
        return module.table(pattern.type_name)
    ordered = tuple(sorted(keys))
    exact, _ = module.index(pattern.type_name, ordered)
    parts = [keys[place] for place in ordered]
    return f"{exact}({parts[0] if len(parts) == 1 else f'({chr(44).join(parts)})'})"


def _own_test(module: Module, pattern: Pattern) -> str:
    """Return source for the tests of a pattern that read its own fact alone."""
    body = Body(module, Scope(), False, Leaf(_nothing, "return"))
    body.scope.rows[pattern.variable] = "row"
    body.scope.types[pattern.variable] = pattern.type_name
    tests = []
    for test in pattern.tests:
        reads = [one for one in walk(test) if isinstance(one, (FieldOf, Variable, FactVariable))]
        if reads and all(
            isinstance(one, FieldOf) and one.variable == pattern.variable for one in reads
        ):
            before = len(body.writer.lines)
            source = body.expressions.true(test)
            # A test that needs lines of its own waits for the search.
            if len(body.writer.lines) == before:
                tests.append(source)
            else:
                del body.writer.lines[before:]
    return " and ".join(f"({one})" for one in tests)


class _LazyBody(Body):
    """A body whose loops take a snapshot, newest facts first, and pass over newer facts."""

    def __init__(self, module: Module, leaf: Leaf, older: frozenset[str]) -> None:
        super().__init__(module, Scope(), False, leaf)
        self.older = older
        self.negations: list[tuple[object, int]] = []

    def _candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        source = super()._candidates(pattern, keys)
        if source.endswith(".values()"):
            recent = self.module.recent(pattern.type_name)
            return f"{recent}({source.removesuffix('.values()')})"
        return source

    def _loop(self, pattern: Pattern, items: list[object], seeded: bool) -> None:  # type: ignore[override]
        super()._loop(pattern, items, seeded)  # type: ignore[arg-type]
        if not seeded:
            row = self.scope.rows[pattern.variable]
            compare = ">=" if pattern.variable in self.older else ">"
            self.writer.line(f"if {row}[1] {compare} event:")
            self.writer.line("    continue")

    def _next(self, patterns: list[Pattern], items: list[object], seed: Pattern | None) -> Pattern:  # type: ignore[override]
        # As written: the loops must give activations in the order in which they fire.
        return super()._next(patterns, items, None if seed not in patterns else seed)  # type: ignore[arg-type]

    def _condition(self, item: object) -> None:
        super()._condition(item)  # type: ignore[arg-type]
        if isinstance(getattr(item, "condition", None), Negation):
            self.negations.append((item, self.loops))

    def recheck(self) -> list[str]:
        """Return conditions that may have changed while the search was suspended."""
        checks = [f"{table}({row}[0]) is {row}" for table, row in self._rows()]
        for item, loops in self.negations:
            if loops < self.loops:
                checks.append(self.true(item))  # type: ignore[arg-type]
        return checks

    def _rows(self) -> list[tuple[str, str]]:
        scope = self.scope
        return [
            (self.module.find(scope.types[name]), scope.rows[name])
            for name in scope.rows
            if name in self.watched
        ]

    watched: frozenset[str] = frozenset()


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
        scope = body.scope
        matched = "".join(f"{scope.rows[one]}, " for one in rows)
        held = "".join(f"{scope.local(one)}, " for one in values)
        body.writer.line(f"if {' and '.join(body.recheck()) or 'True'}:")
        body.writer.line(f"    yield (({matched}), ({held}))")

    leaf = Leaf(emit, "return", ("event",), _delegated)
    body = _LazyBody(module, leaf, older)
    body.watched = frozenset(rows)
    body.write(name, ("event", "seeds"), conditions, seed)


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
