"""The body of a definition's search: loops that may be left while what they are over grows.

Facts that are derived after one event share its number, and are told apart by their own: of the
rows that are new since the strata were last closed, a search takes none newer than its seed.
"""

from __future__ import annotations

from heuron.check.tree import Derive, Negation, Pattern, Rule
from heuron.plan.derivation import derived_values, tuple_of
from heuron.plan.general import held_local, variables
from heuron.plan.items import Item
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.searchbody import SearchBody

__all__ = ["DefinitionBody"]


class DefinitionBody(SearchBody):
    """Writes the search of a definition.

    Args:
        module: The module to write into.
        rule: The definition.
        derivation: Its only effect, if that is one derived fact: then values are found, not rows.
        older: The fact variables whose rows must be older than the seed, where they grow.
        growing: The types that are derived together with the rule's.
        has_limit: Whether rows newer than the seed are passed over.
    """

    def __init__(
        self,
        module: Module,
        rule: Rule,
        derivation: Derive | None,
        older: frozenset[str],
        growing: frozenset[str],
        has_limit: bool,
    ) -> None:
        self.rows, self.held = variables(rule)
        self.derivation = derivation
        self.growing = growing
        leaf = Leaf(_emit, "return", ("limit",) if has_limit else (), _delegated)
        super().__init__(module, leaf, older)
        self.weighed = derivation is None
        self.is_timed = False
        self.has_limit = has_limit

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
        if not keys and pattern.identity is None and pattern.variable not in self._referring:
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
    assert isinstance(body, DefinitionBody)
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
