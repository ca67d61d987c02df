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
from heuron.plan.compared import compared
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
        return f"start(({self.step}, {self.search}, row))"


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
            tests = _own_tests(module, pattern)
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
            name = module.named(
                f"w{rule.index}_{place}", f"reaction.waking({rule.index!r}, {place!r})"
            )
            gates.append(Gate(tuple(dict.fromkeys(tests)), _step(module, rule), name))
    return gates


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


def write_gates(module: Module, name: str, gates: list[Gate]) -> None:
    """Write the function `name(row)` that starts what the gates let through."""
    module.named("start", "reaction.ready.append")
    writer = Writer()
    _write_tree(writer, [(list(one.tests), one.call) for one in gates])
    module.add(name, ("row",), writer.lines)


def _write_tree(writer: Writer, gates: list[tuple[list[str], str]]) -> None:
    """Write nested conditions; a test that several gates ask stands around all of them."""
    while gates:
        counts: dict[str, int] = {}
        for tests, _ in gates:
            for test in tests:
                counts[test] = counts.get(test, 0) + 1
        shared = max(counts, key=lambda one: counts[one], default=None)
        if shared is None or counts[shared] == 1:
            break
        writer.line(f"if {shared}:")
        writer.depth += 1
        inside = [gate for gate in gates if shared in gate[0]]
        _write_tree(
            writer, [([one for one in tests if one != shared], call) for tests, call in inside]
        )
        writer.depth -= 1
        gates = [gate for gate in gates if shared not in gate[0]]
    for tests, call in gates:
        writer.line(f"if {' and '.join(tests)}: {call}" if tests else call)


def _presence(module: Module, wanted: Pattern, seed: Pattern | None) -> list[str]:
    """Return sources for "a fact is held that `wanted` could match together with the new row"."""
    places = module.layouts[wanted.type_name].places
    constants: dict[int, str] = {}
    joined: dict[int, str] = {}
    tests = (*wanted.tests, *(seed.tests if seed is not None else ()))
    for field, _, operator, other in (one for test in tests for one in compared(wanted, test)):
        if operator != "==" or field not in places:
            continue
        if isinstance(other, Constant) and other.value is not UNKNOWN:
            constants[places[field]] = module.constants.literal(other.value)
        elif seed is not None and (source := _row_place(module, seed, other)):
            joined[places[field]] = source
    known = {places for places, _ in module.indexes.get(wanted.type_name, ())}
    # A gate is worth a look-up, but no further index that every change must keep.
    for keys in (constants | joined, joined, constants):
        if keys is constants and keys:
            return [_look_up(module, wanted.type_name, keys)]
        if keys and tuple(sorted(keys)) in known:
            # Where there is nothing, no index is asked for it, and so none is kept.
            return [module.table(wanted.type_name), _look_up(module, wanted.type_name, keys)]
    return [module.table(wanted.type_name)]


def _look_up(module: Module, type_name: str, keys: dict[int, str]) -> str:
    ordered = tuple(sorted(keys))
    exact, _ = module.index(type_name, ordered)
    parts = [keys[place] for place in ordered]
    return f"{exact}({parts[0] if len(parts) == 1 else f'({chr(44).join(parts)})'})"


def _row_place(module: Module, seed: Pattern, node: Expression) -> str:
    """Return source for a field of the new row, or nothing when an expression is none."""
    binders = {one.variable: one.field for one in seed.bindings}
    place = module.layouts[seed.type_name].places.get(own_field(seed, binders, node))
    return "" if place is None else f"row[{place}]"


def _own_tests(module: Module, pattern: Pattern) -> list[str]:
    """Return sources for the tests of a pattern that read its own fact alone."""
    body = Body(module, Scope(), False, Leaf(_nothing, "return"))
    body.scope.rows[pattern.variable] = "row"
    body.scope.types[pattern.variable] = pattern.type_name
    tests = []
    for test in pattern.tests:
        reads = [one for one in walk(test) if isinstance(one, (FieldOf, Variable, FactVariable))]
        if reads and all(
            isinstance(one, FieldOf) and one.variable == pattern.variable for one in reads
        ):
            source = body.expressions.true(test)
            # A test that needs lines of its own waits for the search.
            if not body.writer.lines:
                tests.append(source if source.isidentifier() else f"({source})")
            body.writer.lines.clear()
    return tests


def _nothing(body: Body) -> None:
    return None
