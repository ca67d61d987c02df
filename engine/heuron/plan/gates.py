"""Gates: which lazy searches an event starts.

An event reaches a rule only through its gates: the tests of the pattern that the new fact would
match and, for every other pattern, that a fact is held with what it wants to be equal to constants
and to fields of the new fact. What is not there yet will be newer, and will be a seed itself.
For the type number t, `et(row)` starts a search for each pattern that a new row may complete, and
`ft(row)` one for each `not` that a row which is gone may have blocked. Tests that many gates share
are asked once, in a tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heuron.check.reads import patterns
from heuron.check.tree import (
    Constant,
    Expression,
    FactVariable,
    FieldOf,
    Negation,
    Pattern,
    Rule,
    Variable,
)
from heuron.check.walk import walk
from heuron.plan.compared import compared, referring
from heuron.plan.items import own_field
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.scope import Scope
from heuron.plan.source import Writer
from heuron.values import UNKNOWN

__all__ = ["Gate", "blockers", "ending_gates", "seeding_gates", "write_gates"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold of `row` and of memory for a search to be worth its start.

    `tests` are sources of conditions, `step` and `search` the names of the rule and its search.
    """

    tests: tuple[str, ...]
    step: str
    search: str

    @property
    def call(self) -> str:
        """Source that puts the search among those that the present event starts."""
        return f"start(({self.step.removeprefix('step')}, {self.step}, {self.search}, row))"


def blockers(rule: Rule) -> tuple[Pattern, ...]:
    """Return the patterns under `not`, as written."""
    return tuple(
        one.conditions[0]
        for one in rule.conditions
        if isinstance(one, Negation) and isinstance(one.conditions[0], Pattern)
    )


def seeding_gates(module: Module, rules: Iterable[Rule], type_name: str) -> list[Gate]:
    """Return the gates of a new row of a type."""
    gates = []
    for rule in rules:
        own = patterns(rule.conditions)
        for place, pattern in enumerate(own):
            if pattern.type_name != type_name:
                continue
            others = [one for one in own if one is not pattern]
            present = [test for one in others for test in _presence(module, one, pattern)]
            # The new row is there by now; its own tests cost least, so they come first.
            tests = [source for source, _ in _own_tests(module, pattern, "row")]
            tests += [one for one in present if one != module.table(type_name)]
            search = f"l{rule.index}_s{place}"
            gates.append(Gate(tuple(dict.fromkeys(tests)), _step(module, rule), search))
    return gates


def ending_gates(
    module: Module, rules: Iterable[Rule], type_name: str, fields: frozenset[str] | None = None
) -> list[Gate]:
    """Return the gates of a row that is gone: each `not` that it may have blocked.

    Args:
        module: The module.
        rules: The rules that are searched lazily.
        type_name: The type of the row.
        fields: The fields that a modify changes: where a `not` reads none of them, the new
            version blocks what the old one did.
    """
    gates = []
    for rule in rules:
        for place, blocker in enumerate(blockers(rule)):
            if blocker.type_name != type_name:
                continue
            if fields is not None and fields.isdisjoint(_fields_read(blocker)):
                continue
            own = patterns(rule.conditions)
            tests = [test for one in own for test in _presence(module, one, None)]
            blocked = _surely_blocked(module, blocker)
            if blocked:
                # The end of that one will start the search.
                tests.append(f"not ({blocked})")
            name = module.named(
                f"w{rule.index}_{place}", f"reaction.waking({rule.index!r}, {place!r})"
            )
            gates.append(Gate(tuple(dict.fromkeys(tests)), _step(module, rule), name))
    return gates


def _surely_blocked(module: Module, blocker: Pattern) -> str:
    """Return source for "another fact blocks, whatever the rest of the rule matches", or nothing.

    Facts with unknown fields may block as well; those are left to the search.
    """
    if blocker.bindings or blocker.each:
        return ""
    keys: dict[int, str] = {}
    places = module.layouts[blocker.type_name].places
    for test in blocker.tests:
        wanted = next(compared(blocker, test), None)
        if wanted is None or wanted.operator != "==" or wanted.field not in places:
            return ""
        if not isinstance(wanted.other, Constant) or wanted.other.value is UNKNOWN:
            return ""
        if places[wanted.field] in keys:
            return ""
        keys[places[wanted.field]] = module.constants.literal(wanted.other.value)
    if not keys:
        return module.table(blocker.type_name)
    return _counted(module, blocker.type_name, keys)


def _step(module: Module, rule: Rule) -> str:
    """Return the name of a rule's step."""
    return module.named(f"step{rule.index}", f"reaction.steps[{rule.index!r}]")


def _fields_read(pattern: Pattern) -> set[str]:
    """Return the fields of its own fact that a pattern reads."""
    fields = {binding.field for binding in pattern.bindings}
    for node in walk(pattern.tests):
        if isinstance(node, FieldOf) and node.variable == pattern.variable:
            fields.add(node.field)
    return fields


def write_gates(module: Module, name: str, type_name: str, gates: list[Gate]) -> None:
    """Write the function `name(row)` that starts what the gates of a type let through."""
    module.named("start", "reaction.ready.append")
    writer = Writer()
    own = {f"has{number}" for _, number in module.tallies.get(type_name, ())}
    _write_tree(writer, [(list(one.tests), one.call) for one in gates], own)
    module.add(name, ("row",), writer.lines)


def _write_tree(writer: Writer, gates: list[tuple[list[str], str]], own: set[str]) -> None:
    """Write nested conditions; a test that several gates ask stands around all of them.

    Args:
        writer: Where to.
        gates: The tests and the call of each gate.
        own: The tallies of the type whose rows are let through.
    """
    while gates:
        counts: dict[str, int] = {}
        for tests, _ in gates:
            for test in tests:
                counts[test] = counts.get(test, 0) + 1
        several = [one for one in counts if counts[one] > 1]
        if not several:
            break
        shared = max(several, key=lambda one: counts[one] * _worth(one, own))
        writer.line(f"if {shared}:")
        writer.depth += 1
        inside = [gate for gate in gates if shared in gate[0]]
        rest = [([one for one in tests if one != shared], call) for tests, call in inside]
        _write_tree(writer, rest, own)
        writer.depth -= 1
        gates = [gate for gate in gates if shared not in gate[0]]
    for tests, call in gates:
        writer.line(f"if {' and '.join(tests)}: {call}" if tests else call)


def _worth(test: str, own: set[str]) -> float:
    """Return about how much is won by asking a test once: what it costs, and what it keeps out.

    A fact of another type with given values often stands for the phase that the rules are in.
    """
    if test.isidentifier():
        return 1
    if " and " in test:
        return 4
    _, is_counted, tally = test.rpartition(" in has")
    return 4.5 if not is_counted else 1 if f"has{tally}" in own else 6


def _presence(module: Module, wanted: Pattern, seed: Pattern | None) -> list[str]:
    """Return sources for "a fact is held that `wanted` could match together with the new row"."""
    places = module.layouts[wanted.type_name].places
    constants: dict[int, str] = {}
    joined: dict[int, str] = {}
    tests = (*wanted.tests, *(seed.tests if seed is not None else ()))
    if seed is not None and (reference := _reference(module, wanted, seed)):
        return [f"{reference} in {module.table(wanted.type_name)}"]
    for field, _, operator, other in (one for test in tests for one in compared(wanted, test)):
        if operator != "==" or field not in places:
            continue
        if isinstance(other, Constant) and other.value is not UNKNOWN:
            constants[places[field]] = module.constants.literal(other.value)
        elif seed is not None and (source := _row_place(module, seed, other)):
            joined[places[field]] = source
    known = {places for places, _ in module.indexes.get(wanted.type_name, ())}
    # A gate is worth a look-up, but no further index that every change must keep.
    for keys in (constants | joined, joined) if joined else ():
        index = tuple(sorted(keys))
        if index in known:
            exact, _ = module.index(wanted.type_name, index)
            exact = _narrowed(module, wanted, exact)
            # Where there is nothing, no index is asked for it, and so none is kept.
            return [f"{module.table(wanted.type_name)} and {exact}({_key(keys)})"]
    if constants:
        return [_counted(module, wanted.type_name, constants)]
    return [module.table(wanted.type_name)]


def _reference(module: Module, wanted: Pattern, seed: Pattern) -> str:
    """Return source for the field of the new row that refers to the wanted fact, or nothing."""
    for test in (*wanted.tests, *seed.tests):
        for other in referring(wanted, test):
            source = _row_place(module, seed, other)
            if source:
                return source
    return ""


def _narrowed(module: Module, wanted: Pattern, exact: str) -> str:
    """Return the name of a look-up that passes over rows in another state than is wanted.

    States are no keys (see `plan.keys`), so that a bucket may be there, and all of it be done with.
    """
    states = module.modified.get(wanted.type_name, frozenset())
    tests = [
        source
        for source, fields in _own_tests(module, wanted, "one")
        if not fields.isdisjoint(states)
    ]
    if not tests:
        return exact
    return module.narrowed(exact, " and ".join(tests))


def _counted(module: Module, type_name: str, constants: dict[int, str]) -> str:
    """Return source for "a fact is held with these constants"."""
    return f"{_key(constants)} in {module.tally(type_name, tuple(sorted(constants)))}"


def _key(keys: dict[int, str]) -> str:
    parts = [keys[place] for place in sorted(keys)]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _row_place(module: Module, seed: Pattern, node: Expression) -> str:
    """Return source for a field of the new row, or nothing when an expression is none."""
    binders = {one.variable: one.field for one in seed.bindings}
    place = module.layouts[seed.type_name].places.get(own_field(seed, binders, node))
    return "" if place is None else f"row[{place}]"


def _own_tests(module: Module, pattern: Pattern, row: str) -> list[tuple[str, set[str]]]:
    """Return sources for the tests of a pattern that read its own fact alone, with the fields."""
    body = Body(module, Scope(), False, Leaf(_nothing, "return"))
    body.scope.rows[pattern.variable] = row
    body.scope.types[pattern.variable] = pattern.type_name
    tests = []
    for test in pattern.tests:
        reads = [one for one in walk(test) if isinstance(one, (FieldOf, Variable, FactVariable))]
        own = [
            one for one in reads if isinstance(one, FieldOf) and one.variable == pattern.variable
        ]
        if reads and len(own) == len(reads):
            source = body.expressions.true(test)
            # A test that needs lines of its own waits for the search.
            if not body.writer.lines:
                fields = {one.field for one in own}
                tests.append((source if source.isidentifier() else f"({source})", fields))
            body.writer.lines.clear()
    return tests


def _nothing(body: Body) -> None:
    return None
