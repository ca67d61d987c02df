"""How facts are found: for each search its patterns in order, and the index that each is asked of.

Read from the generated source itself, so that `heuron plan` says what runs and nothing else. In a
search every fact is found in one of few ways, and each of them has its form there: a loop over a
table, over a bucket of an index, over a part of a sorted one, over a projection of the fixpoint
plan, over the facts that a reference leads to, or over what a search that is shared has found. What
a condition with a scope of its own looks for stands in a function of its own, which is followed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from re import fullmatch
from typing import Any, Final

from heuron.check.reads import patterns
from heuron.check.tree import Aggregate, Either, Exists, Forall, Negation, Pattern, Rule
from heuron.check.walk import walk
from heuron.plan.defining import plan_defining
from heuron.plan.derivation import only_derivation
from heuron.plan.general import plan_general
from heuron.plan.module import HEAD, Layout
from heuron.plan.normal import Program

__all__ = ["Index", "Look", "Search", "indexes_of", "searches_of"]

SCAN, HASH, SORTED, NUMBER = "scan", "hash", "sorted", "number"
SCOPES: Final = {Negation: "not", Exists: "exists", Forall: "forall", Either: "either"}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the facts of a type.

    `kind` is scan (all of them), hash or sorted (an index by `fields`), or number (a reference is
    followed). `finer` are the fields of the index that a large bucket is replaced by; `scope` is
    the kind of condition that the pattern stands in, if it has a scope of its own; `kept` says
    that a search remembers what it found there, until something of these types changes.
    """

    type_name: str
    kind: str
    fields: tuple[str, ...] = ()
    finer: tuple[str, ...] = ()
    scope: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """One generated search: its rule or query, the type of the facts around which it is made
    (None: it is made of all facts at once), and its looks in order."""

    rule: str
    around: str | None
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a type by some of its fields, hash or sorted, with the rules that ask it."""

    type_name: str
    fields: tuple[str, ...]
    kind: str
    rules: tuple[str, ...]


def searches_of(program: Program, on_agenda: bool = False) -> tuple[Search, ...]:
    """Return the searches of a program whose rules are not all about one record, in rule order.

    Of a rule whose facts are derived as plain tuples these are the pieces of the fixpoint plan; of
    a step that is searched lazily one search a pattern; of others that of all facts, and one around
    each pattern for what changes.

    Args:
        program: The program.
        on_agenda: Whether definitions are made to run on the agenda plan: by one search a pattern.
    """
    plan = plan_general(program)
    source = _Source(plan.source, program)
    found: list[Search] = []
    defining = _Source(plan_defining(program), program) if on_agenda else None
    for stratum in program.strata:
        if defining is not None:
            for rule in (*stratum.record, *stratum.fixpoint):
                kind = "k" if only_derivation(rule) is None else "h"
                found += _around(defining, rule, kind, with_all=not patterns(rule.conditions))
            continue
        plain = source.pieces(f"z{stratum.index}", stratum.derives)
        for rule in (*stratum.record, *stratum.fixpoint):
            made = [one for index, one in plain if index == rule.index]
            if made:
                found += [Search(rule.name, around, tuple(looks)) for around, looks in made]
            else:
                found += _around(source, rule, "m", with_all=True)
    for step in program.steps:
        is_lazy = f"l{step.index}_s0" in source.functions
        found += _around(source, step, "l" if is_lazy else "m", with_all=not is_lazy)
    for place, query in enumerate(program.queries):
        name = f"query {query.name}({', '.join(query.parameters)})"
        looks = _scoped(source.looks(f"q{place}"), _scopes(query))
        found.append(Search(name, None, looks))
    return tuple(found)


def _around(source: _Source, rule: Rule, kind: str, with_all: bool) -> list[Search]:
    """Return the searches of a rule: around each of its patterns, and (`with_all`) of all facts."""
    scopes, own = _scopes(rule), patterns(rule.conditions)
    names: list[tuple[str, str | None]] = [(f"{kind}{rule.index}", None)] if with_all else []
    names += [(f"{kind}{rule.index}_s{place}", one.type_name) for place, one in enumerate(own)]
    return [
        Search(rule.name, around, _scoped(source.looks(name), scopes)) for name, around in names
    ]


def indexes_of(searches: Iterable[Search]) -> tuple[Index, ...]:
    """Return the indexes that searches ask, by type and fields, each with its rules."""
    rules: dict[tuple[str, tuple[str, ...], str], dict[str, None]] = {}
    for search in searches:
        for one in search.looks:
            for fields in (one.fields, one.finer):
                if fields:
                    rules.setdefault((one.type_name, fields, one.kind), {})[search.rule] = None
    return tuple(Index(*key, tuple(rules[key])) for key in sorted(rules))


def _scopes(rule: Any) -> dict[str, str]:
    """Return in which kinds of conditions the types of a rule stand that it does not match."""
    innermost: dict[int, tuple[str, str]] = {}
    for node in walk(rule.conditions):
        scope = SCOPES.get(type(node)) or (node.function if isinstance(node, Aggregate) else "")
        if scope:
            inside = (one for one in walk(node) if isinstance(one, Pattern))
            innermost |= {id(one): (one.type_name, scope) for one in inside}
    found: dict[str, dict[str, None]] = {}
    for type_name, scope in innermost.values():
        found.setdefault(type_name, {})[scope] = None
    return {name: " or ".join(scopes) for name, scopes in found.items()}


def _scoped(looks: Iterable[Look], scopes: dict[str, str]) -> tuple[Look, ...]:
    """Return looks with their scopes in words; what is looked for twice alike stands once."""
    named = [
        replace(one, scope=scopes.get(one.type_name, one.scope)) if one.scope else one
        for one in looks
    ]
    # Before an activation is given out, a `not` that was asked is asked again.
    return tuple(one for at, one in enumerate(named) if not one.scope or one not in named[:at])


@dataclass(slots=True)
class _Names:
    """What names stand for in one function: the looks of locals that hold candidates."""

    looks: dict[str, Look] = field(default_factory=dict)


class _Source:
    """The generated module, read."""

    def __init__(self, source: str, program: Program) -> None:
        module = ast.parse(source)
        (make,) = (one for one in module.body if isinstance(one, ast.FunctionDef))
        self.layouts = {
            name: Layout(template, program.concluded)
            for name, template in program.templates.items()
        }
        self.functions = {one.name: one for one in make.body if isinstance(one, ast.FunctionDef)}
        self.tables: dict[str, str] = {}
        self.indexes: dict[str, Look] = {}
        self.projections: dict[str, Look] = {}
        for one in make.body:
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                self._header(one.targets[0].id, one.value)

    def _header(self, name: str, value: ast.expr) -> None:
        match value:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("memory"), attr="table"),
                args=[ast.Constant(value=str(type_name))],
            ):
                self.tables[name] = type_name
            case ast.Call(func=ast.Attribute(value=ast.Name("memory"), attr="ranges")):
                self.indexes[name] = self._index(value, SORTED)
            case ast.Call(func=ast.Attribute(value=ast.Name("memory"), attr="index")):
                self.indexes[name] = self._index(value, HASH)

    def _index(self, call: ast.Call, kind: str) -> Look:
        """Return a look at an index, of `memory.index(type, places)` or `memory.ranges`."""
        type_name, places = (ast.literal_eval(one) for one in call.args)
        places = (places,) if isinstance(places, int) else places
        given = self.layouts[type_name].given
        return Look(type_name, kind, tuple(given[place - HEAD] for place in places))

    # Searches.

    def looks(self, name: str) -> list[Look]:
        """Return the looks of a function and of those that it calls, in order."""
        return list(self._of(self.functions[name], (name,)))

    def _of(self, function: ast.FunctionDef, seen: tuple[str, ...]) -> Iterator[Look]:
        names = _Names()
        for statement in function.body:
            yield from self._statement(statement, names, seen)

    def _statement(self, node: ast.AST, names: _Names, seen: tuple[str, ...]) -> Iterator[Look]:
        inner: Iterable[ast.AST] = ast.iter_child_nodes(node)
        match node:
            case ast.Assign(targets=[ast.Name(id=local)], value=value) if fullmatch(r"c\d+", local):
                yield from self._candidates(local, value, names, seen)
                return
            case ast.For(iter=candidates, body=body):
                yield from self._loop(candidates, names, seen)
                inner = body
            case ast.FunctionDef():
                return
            case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=table)) if table in self.tables:
                yield Look(self.tables[table], SCAN, scope="not")
            case ast.Call(func=ast.Name(id=called)) if self._is_search(called, seen):
                yield from self._called(called, seen)
            case ast.Call() if (found := self._look_up(node)) is not None:
                yield replace(found, scope="not")
        for one in inner:
            yield from self._statement(one, names, seen)

    def _is_search(self, name: str, seen: tuple[str, ...]) -> bool:
        """Return whether a function looks for facts: a condition of its own, or further loops."""
        if name not in self.functions or name in seen:
            return False
        return bool(fullmatch(r"b\d+", name)) or self._is_part(name, seen)

    def _is_part(self, name: str, seen: tuple[str, ...]) -> bool:
        return any(fullmatch(rf"{one}_\d+", name) for one in seen)

    def _called(self, name: str, seen: tuple[str, ...]) -> Iterator[Look]:
        is_part = self._is_part(name, seen)
        for one in self._of(self.functions[name], (*seen, name)):
            yield one if is_part or one.scope else replace(one, scope="in")

    def _look_up(self, node: ast.AST) -> Look | None:
        """Return the look that a call is, if it asks an index."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if fullmatch(r"[gy]\d+", name):
                return self.indexes.get(f"i{name[1:]}")
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in self.indexes:
                return self.indexes[name]
            case ast.Call(func=ast.Attribute(value=ast.Name("memory"), attr="index")):
                return self._index(node, HASH)
            case ast.Call(func=ast.Attribute(value=inner) | (ast.Call() as inner)):
                return self._look_up(inner)
        return None

    def _candidates(
        self, local: str, value: ast.expr, names: _Names, seen: tuple[str, ...]
    ) -> Iterator[Look]:
        found = self._look_up(value)
        if found is None:
            yield from self._statement(value, names, seen)
            return
        before = names.looks.get(local)
        if before is not None and before.type_name == found.type_name:
            found = replace(before, finer=found.fields)
        names.looks[local] = found
        if isinstance(value, ast.Call):
            for one in value.args:
                yield from self._statement(one, names, seen)

    def _loop(self, candidates: ast.expr, names: _Names, seen: tuple[str, ...]) -> Iterator[Look]:
        """Yield the look that a loop is; none for the seeds, and for the values of a field."""
        for node in ast.walk(candidates):
            match node:
                case ast.Call(
                    func=ast.Name(id="referred" | "possible_rows"), args=[ast.Name(t), _]
                ):
                    yield Look(self.tables[t], NUMBER)
                    return
                case ast.Call(func=ast.Attribute(attr="matches"), args=[ast.Name(id=shared)]):
                    for one in self._of(self.functions[shared], (*seen, shared)):
                        yield replace(one, kept=True)
                    return
                case ast.Name(id=name) if name in names.looks:
                    yield names.looks[name]
                    return
                case ast.Name(id=name) if name in self.tables:
                    yield Look(self.tables[name], SCAN)
                    return
                case ast.Name(id=name) if name.removesuffix("_get") in self.projections:
                    yield self.projections[name.removesuffix("_get")]
                    return

    # The fixpoint plan.

    def pieces(
        self, name: str, derives: tuple[str, ...]
    ) -> list[tuple[int, tuple[str | None, list[Look]]]]:
        """Return the pieces of a stratum that is derived as plain tuples: index of the rule, and
        the type of its seeds with its looks; none where it is not derived so."""
        function = self.functions.get(name)
        if function is None:
            return []
        self._project(function.body, derives)
        inner = {one.name: one for one in function.body if isinstance(one, ast.FunctionDef)}
        (result,) = (one for one in function.body if isinstance(one, ast.Return))
        assert isinstance(result.value, ast.Tuple)
        _, _, pieces, path = result.value.elts
        assert isinstance(pieces, ast.Tuple)
        found = []
        for one in pieces.elts:
            assert isinstance(one, ast.Tuple)
            index, seeds, called = (one.elts[at] for at in (0, 1, 4))
            assert isinstance(called, ast.Name)
            looks = list(self._plain(inner[called.id]))
            found.append((ast.literal_eval(index), (ast.literal_eval(seeds), looks)))
        if isinstance(path, ast.Tuple):
            index, called = path.elts[:2]
            assert isinstance(called, ast.Name)
            looks = list(self._plain(inner[called.id]))
            found.append((ast.literal_eval(index), (derives[0], looks)))
        return sorted(found, key=lambda one: one[0])

    def _project(self, body: Iterable[ast.stmt], derives: tuple[str, ...]) -> None:
        """Find out what the projections of a stratum are keyed by."""
        self.projections = {}
        for one in body:
            if isinstance(one, ast.For) and (table := _table_of(one.iter)) in self.tables:
                self._entered(one, self.tables[table], HEAD)
            elif isinstance(one, ast.FunctionDef) and one.name.startswith("grow"):
                for loop in one.body:
                    assert isinstance(loop, ast.For)
                    self._entered(loop, derives[int(one.name.removeprefix("grow"))], 0)

    def _entered(self, loop: ast.For, type_name: str, head: int) -> None:
        given = self.layouts[type_name].given
        places: list[int] = []
        for node in loop.body:
            match node:
                case ast.Assign(targets=[ast.Name("k")], value=key):
                    places = [
                        ast.literal_eval(one.slice)
                        for one in ast.walk(key)
                        if isinstance(one, ast.Subscript)
                    ]
                case ast.If(test=ast.Compare(comparators=[ast.Name(id=name)])) if places:
                    fields = tuple(given[place - head] for place in places)
                    self.projections[name] = Look(type_name, HASH, fields)

    def _plain(self, function: ast.FunctionDef) -> Iterator[Look]:
        for node in _in_order(function):
            match node:
                case ast.For(iter=candidates):
                    yield from self._loop(candidates, _Names(), ())
                case ast.Compare(ops=[ast.NotIn()], comparators=[ast.Name(id=name)]):
                    # Nothing of the fact is read but that it is there.
                    if name in self.projections:
                        yield self.projections[name]


def _table_of(candidates: ast.expr) -> str:
    """Return the name of the table that `t0.values()` goes over; empty for other candidates."""
    match candidates:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="values")):
            return name
    return ""


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Yield nodes in the order of the source."""
    for one in ast.iter_child_nodes(node):
        yield one
        yield from _in_order(one)
