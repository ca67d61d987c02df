"""Definitions on the agenda plan: for every rule and pattern a search that can be left and resumed.

A definition runs so when a session is told to (`definitions="agenda"`): for tests and benchmarks,
as the other plans are faster. The searches are those of steps (`plan.searchbody`), with what
definitions need besides: certainties, `exists`, `forall`, `either`, aggregates and concluded
fields, all of which are complete before their stratum is searched. They differ in what is new:
facts that are derived after one event share its number, and are told apart by their own.

For the rule with index i whose only effect is one derived fact, `hi_s0(seeds, first)`, `hi_s1`, …
are generators that yield that fact's values for each activation around some rows of a pattern;
for any other rule `ki_s0(seeds, first)`, … yield (rows, values, certainty). A rule without
positive patterns has one search, `hi` or `ki`. Rows whose numbers are below `first` were there
before; of newer ones a search takes no newer one than its seed, so that each combination of them
has exactly one seed.
"""

from __future__ import annotations

from typing import Final

from heuron.check.reads import patterns
from heuron.check.tree import Derive, Negation, Pattern, Rule
from heuron.plan.conclusions import definitions
from heuron.plan.derivation import derived_values, only_derivation, tuple_of
from heuron.plan.general import held_local, variables
from heuron.plan.items import Item
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.searchbody import SearchBody

__all__ = ["plan_defining"]

PARAMETERS: Final = ("seeds", "first")


def plan_defining(program: Program) -> str:
    """Return the source of a module with the searches of all definitions but tables."""
    module = Module(program)
    for rule in definitions(program):
        if isinstance(rule, Rule):
            for name in _searches(module, rule, derived_beside(program, rule)):
                module.export(name)
    return module.source()


def derived_beside(program: Program, rule: Rule) -> frozenset[str]:
    """Return the types that are derived in the strata in which a rule derives facts."""
    derives = {one.type_name for one in rule.actions if isinstance(one, Derive)}
    strata = [one for one in program.strata if not derives.isdisjoint(one.derives)]
    return frozenset(name for one in strata for name in one.derives)


def _searches(module: Module, rule: Rule, growing: frozenset[str]) -> list[str]:
    derivation = only_derivation(rule)
    name = f"{'k' if derivation is None else 'h'}{rule.index}"
    own = patterns(rule.conditions)
    seeds: list[Pattern | None] = list(own) or [None]
    names = []
    for place, seed in enumerate(seeds):
        names.append(name if seed is None else f"{name}_s{place}")
        # Of rows that grow only older ones stand before the seed: none is its own partner twice.
        older = frozenset(one.variable for one in own[:place])
        others = [one for one in own if one is not seed and one.type_name in growing]
        body = _DefinitionBody(module, rule, derivation, older, growing, bool(others))
        body.write(names[-1], PARAMETERS, rule.conditions, seed)
    return names


class _DefinitionBody(SearchBody):
    """The search of a definition; what it loops over may grow while it is left."""

    def __init__(
        self,
        module: Module,
        rule: Rule,
        derivation: Derive | None,
        older: frozenset[str],
        growing: frozenset[str],
        is_timed: bool,
    ) -> None:
        self.rows, self.held = variables(rule)
        self.derivation = derivation
        self.growing = growing
        leaf = Leaf(_emit, "return", ("limit",) if is_timed else (), _delegated)
        super().__init__(module, leaf, older)
        self.weighed = derivation is None
        self.is_timed = False
        self.has_limit = is_timed

    def _next(self, patterns: list[Pattern], items: list[Item], seed: Pattern | None) -> Pattern:
        # Definitions have no order: what can be looked up comes first.
        return Body._next(self, patterns, items, seed)

    def _loop(self, pattern: Pattern, items: list[Item], seeded: bool) -> None:
        writer, scope = self.writer, self.scope
        if seeded:
            Body._loop(self, pattern, items, True)
            if self.has_limit:
                row = scope.rows[pattern.variable]
                writer.line(f"limit = {row}[0] if {row}[0] >= first else INFINITE")
            return
        super()._loop(pattern, items, False)
        if self.has_limit and pattern.type_name in self.growing:
            compare = ">=" if pattern.variable in self.older else ">"
            writer.line(f"if {scope.rows[pattern.variable]}[0] {compare} limit:")
            writer.line("    continue")

    def _all_candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        if not keys and pattern.identity is None:
            ranged = self._ranged(pattern)
            if ranged:
                return ranged
        source = Body._candidates(self, pattern, keys)
        if pattern.type_name in self.growing and source.endswith(".values()"):
            return f"[*{source}][::-1]"
        return source

    def _one_look_up(self, negation: Negation) -> str:
        (inner, *more) = negation.conditions
        if more or not isinstance(inner, Pattern) or inner.each or inner.identity is not None:
            # A step with such a `not` is not searched so; a definition asks in the general way.
            return ""
        return super()._one_look_up(negation)


def _emit(body: Body) -> None:
    assert isinstance(body, _DefinitionBody)
    writer, scope = body.writer, body.scope
    if body.derivation is None:
        matched = tuple_of([scope.rows[one] for one in body.rows])
        held = tuple_of([held_local(scope, one) for one in body.held])
        writer.line(f"yield ({matched}, {held}, {body.lowest()})")
        return
    source, doubtful = derived_values(body, body.derivation)
    if doubtful:
        writer.line(f"if not ({' or '.join(doubtful)}):")
        writer.depth += 1
    writer.line(f"yield {source}")
    writer.depth -= bool(doubtful)


def _delegated(source: str) -> tuple[str, ...]:
    return (f"yield from {source}",)
