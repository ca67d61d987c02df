"""The body of a lazy search: loops newest first that may be left and gone on with later.

Between two activations anything may change. So a loop goes over a snapshot, passes over facts that
are newer than the event, and what was read earlier is looked at again before an activation is
given out; a loop whose own row has gone ends.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from heuron.check.reads import free
from heuron.check.tree import (
    Aggregate,
    Constant,
    Expression,
    FactVariable,
    Negation,
    Pattern,
    Variable,
)
from heuron.check.walk import walk
from heuron.plan.compared import compared
from heuron.plan.expression import Expressions
from heuron.plan.items import Item, items_of
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.scope import MatchNames, Scope
from heuron.plan.source import Writer
from heuron.values import UNKNOWN

__all__ = ["SearchBody"]

FEW: Final = 4
COUNTED: Final = 3
"""Loops within which buckets of no more than `FEW` rows are not counted as search steps."""
ORDERS: Final = ("<", "<=", ">", ">=")


class SearchBody(Body):
    """A body whose loops take a snapshot, newest facts first, and pass over newer facts."""

    def __init__(self, module: Module, leaf: Leaf, older: frozenset[str]) -> None:
        super().__init__(module, Scope(), False, leaf)
        self.older = older
        self.negations: list[tuple[Item, int]] = []
        self.levels: list[tuple[str, int]] = []
        self.waiting: list[Item] = []
        self.is_timed = True
        self.is_counting = False
        """Whether a bucket of one row, as most are, is looked at without further ado."""
        self.stale = "memory.gone != gone"
        """Source for "some row is held no longer that was when the search began"."""
        self.changed: frozenset[str] = frozenset()
        """The types of facts that the rule itself ends or makes new versions of."""
        self.rest = ""
        """A local with the rows that the first loop has still to look at; None: all of them."""

    count = ""
    """A local with the number of rows in the bucket that was looked up last."""

    def _spend(self, rows: str) -> None:
        if self.count:
            # Has been written with the look-up.
            return
        if self.budget == "left[0]":
            super()._spend(rows)
            return
        # A local stands for what is left, which may be given more.
        self.writer.line(f"{self.budget} -= len({rows})")
        self.writer.line(f"if {self.budget} < 0:")
        self.writer.line(f"    left[0] = {self.budget}")
        self.writer.line("    stop()")
        self.writer.line(f"    {self.budget} = left[0]")

    def write_on(self, writer: Writer) -> None:
        """Go on writing where another body has been written."""
        self.writer = writer
        self.expressions = Expressions(MatchNames(self), self.module.constants, writer)

    def _candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        source = self._all_candidates(pattern, keys)
        if self.rest and not self.loops:
            return f"({source} if {self.rest} is None else {self.rest})"
        return source

    def _refine(
        self, pattern: Pattern, keys: dict[int, str], local: str, size: str | None = None
    ) -> None:
        if not self.is_counting:
            super()._refine(pattern, keys, local, size)
            return
        self.count = self.writer.fresh("n")
        self.writer.line(f"{self.count} = len({local})")
        # A few rows in a few loops are no search that has to be counted.
        few = FEW if self.loops < COUNTED else 1
        self.writer.line(f"if {self.count} > {few}:")
        self.writer.depth += 1
        lines = len(self.writer.lines)
        super()._refine(pattern, keys, local, self.count)
        if len(self.writer.lines) > lines:
            self.writer.line(f"    {self.count} = len({local})")
        self.writer.line(f"{self.budget} -= {self.count}")
        self.writer.line(f"if {self.budget} < 0: stop()")
        self.writer.depth -= 1

    def _all_candidates(self, pattern: Pattern, keys: dict[int, str]) -> str:
        self.count = ""
        if not keys and pattern.identity is None and pattern.variable not in self._referring:
            ranged = self._ranged(pattern)
            if ranged and pattern.type_name in self.module.program.derived:
                # Facts of one event stand in the order of the field there.
                return self.module.recent_derived(ranged)
            if ranged:
                return ranged
        source = super()._candidates(pattern, keys)
        if self.count and pattern.type_name not in self.module.program.derived:
            rows = f"[*{source}]"
            return f"(reversed({rows}) if {self.count} > 1 else {rows})"
        if source.endswith(".values()"):
            return self.module.newest_first(pattern.type_name, source.removesuffix(".values()"))
        return source

    def _loop(self, pattern: Pattern, items: list[Item], seeded: bool) -> None:
        if seeded:
            self.bind_seed(pattern, items)
            return
        self.waiting = items
        super()._loop(pattern, items, seeded)
        if self.is_timed:
            self.pass_newer(pattern.variable)
        if pattern.type_name in self.changed and self.loops == 1 and not self.is_innermost:
            # The rule may have changed it since: what follows would be in vain.
            self.writer.line(f"if {self.stale} and {self._is_stale(pattern.variable)}:")
            self.writer.line("    continue")
        self.levels.append((pattern.variable, self.writer.depth))

    def pass_newer(self, variable: str) -> None:
        """Write the way past a row that is newer than the event."""
        compare = ">=" if variable in self.older else ">"
        self.writer.line(f"if {self.scope.rows[variable]}[1] {compare} event:")
        self.writer.line("    continue")

    def _continue_elsewhere(self, name: str) -> None:
        super()._continue_elsewhere(name)
        self.levels = []
        # Loops are counted anew, and all of these were asked outside of them.
        self.negations = [(item, -1) for item, _ in self.negations]

    def leave_stale_loops(self, seed: Pattern) -> None:
        """Write, after an activation was given out, the end of every loop whose row has gone."""
        writer = self.writer
        depth = writer.depth
        if seed.variable in self.watched:
            writer.line(f"if {self.stale} and {self._is_stale(seed.variable)}:")
            writer.line("    return")
        for outer, inner in reversed(list(pairwise(self.levels))):
            writer.depth = inner[1]
            writer.line(f"if {self.stale} and {self._is_stale(outer[0])}:")
            writer.line("    break")
        writer.depth = depth

    def _is_stale(self, variable: str) -> str:
        row = self.scope.rows[variable]
        return f"{self.module.find(self.scope.types[variable])}({row}[0]) is not {row}"

    watched: frozenset[str] = frozenset()

    def _ranged(self, pattern: Pattern) -> str:
        """Return the local with what a range index gives, where the order of a field counts."""
        places = self.module.layouts[pattern.type_name].places
        for item in self.waiting:
            for field, mine, operator, other in compared(pattern, item.condition):
                if operator in ORDERS and field in places and not isinstance(other, Constant):
                    if mine.type.levels or any(isinstance(one, Aggregate) for one in walk(other)):
                        continue
                    if not all(self.scope.has(name) for name in free(other)):
                        continue
                    index = self.module.ranges(pattern.type_name, places[field])
                    way = "above" if operator[0] == ">" else "below"
                    local = self.writer.fresh("c")
                    value = self.expressions.value(other)
                    self.writer.line(f"{local} = {index}.{way}({value})")
                    self._spend(local)
                    return local
        return ""

    def bind_seed(self, pattern: Pattern, items: list[Item], row: str = "seed") -> None:
        """Bind the seed, which is one row: there is nothing to loop over."""
        self.scope.rows[pattern.variable] = row
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
        if pattern.bindings or len(used) < len(pattern.tests):
            return ""
        if not all(_is_known(next(compared(pattern, one)).other) for one in pattern.tests):
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
            checks.append(f"(not {self.stale} or ({rows}))")
        elif rows:
            checks.append(rows)
        negations = [self.true(item) for item, loops in self.negations if loops < self.loops]
        if negations:
            checks.append(f"(memory.event == began or ({' and '.join(negations)}))")
        return " and ".join(checks)


def _is_known(node: Expression) -> bool:
    """Return whether a value is known wherever it can be read."""
    if isinstance(node, Constant):
        return node.value is not UNKNOWN
    return isinstance(node, (Variable, FactVariable))
