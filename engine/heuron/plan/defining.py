"""Definitions on the agenda plan: for every rule and pattern a search that can be left and resumed.

A definition runs so when a session is told to (`definitions="agenda"`): for tests and benchmarks,
as the other plans are faster. The searches are those of steps (`plan.searchbody`), with what
definitions need besides: certainties, `exists`, `forall`, `either`, aggregates and concluded
fields, all of which are complete before their stratum is searched. They differ in what is new:
facts that are derived after one event share its number, and are told apart by their own.

For the rule with index i whose only effect is one derived fact, `hi_s0(seeds, first)`, `hi_s1`, …
are generators that yield that fact's values for each activation around some rows of a pattern;
for any other rule `ki_s0(seeds, first)`, … yield (rows, values, certainty). A rule without
positive patterns has one search, `hi` or `ki`; of some `xi` goes through many (see `plan.descent`).
Rows whose numbers are below `first` were there
before; of newer ones a search takes no newer one than its seed, so that each combination of them
has exactly one seed.
"""

from __future__ import annotations

from typing import Final

from heuron.check.reads import patterns
from heuron.check.tree import Derive, Pattern, Rule
from heuron.check.walk import walk
from heuron.plan.conclusions import definitions
from heuron.plan.definitionbody import DefinitionBody
from heuron.plan.derivation import only_derivation
from heuron.plan.descent import descends, write_descent
from heuron.plan.module import Module
from heuron.plan.normal import Program

__all__ = ["plan_defining", "way_of"]

PARAMETERS: Final = ("seeds", "first")


def plan_defining(program: Program) -> str:
    """Return the source of a module with the searches of all definitions but tables."""
    module = Module(program)
    for rule in definitions(program):
        if isinstance(rule, Rule):
            for name in _searches(module, rule, derived_beside(program, rule)):
                module.export(name)
    return module.source()


def way_of(program: Program, rule: Rule) -> str:
    """Return in words how a definition is searched on the agenda plan."""
    growing = derived_beside(program, rule)
    own = {id(one) for one in patterns(rule.conditions)}
    asked = {
        one.type_name: None
        for one in walk(rule.conditions)
        if isinstance(one, Pattern) and id(one) not in own and one.type_name in growing
    }
    if asked:
        names = " or ".join(asked)
        return f"it is matched again when there are new {names} facts, about which it asks"
    if descends(rule, growing):
        return "it goes on from each fact that it derives, in one loop"
    return "it is searched one activation at a time"


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
        body = DefinitionBody(module, rule, derivation, older, growing, bool(others))
        body.write(names[-1], PARAMETERS, rule.conditions, seed)
    descent = write_descent(module, rule, growing)
    return names if descent is None else [*names, descent]
