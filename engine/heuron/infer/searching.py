"""Definitions on the agenda plan: one activation at a time, around the newest fact first.

A new fact starts a search for each pattern that it may match, and these lie on a stack: only the
topmost is asked, for one activation; what that derives is held at once, and its searches come
before what is left of all others. A stratum is closed when the stack is empty. What a rule reads
inside `not`, `forall` or an aggregate is complete by then, in a lower stratum; a rule that asks
`exists` or `either` about its own stratum is matched again when that has grown, as the agenda does
with steps that no single fact completes.

Reasons are found when somebody asks for them (see `infer.shortest`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.infer.closing import DERIVE, Derivation, New
from heuron.infer.limits import Budget
from heuron.infer.memory import Memory, Row
from heuron.infer.reasons import Activation

__all__ = ["DEFINITIONS", "Searching", "run_on_agenda"]

DEFINITIONS: Final = ("fixpoint", "agenda")
"""How definitions may be run: as is fastest, which is the default, or by searches, as steps are."""

STRETCH: Final = 256
"""So many facts are derived between two looks at the limits."""

Search = Callable[[Sequence[Row], float], Iterator[Any]]
Started = tuple[dict[str, Any], Iterator[Any]]
"""A rule, and a search of it that was begun."""


Descent = tuple[int, Callable[[Sequence[Row], Callable[[int], int]], Any]]
"""The index of a rule, and its loop around some rows (see `plan.descent`)."""


@dataclass(frozen=True, slots=True)
class _Growing:
    """A type whose facts are being derived, and what each new one starts.

    `descent` is gone down first, `searches` are the others, the first one last.
    `hold` takes values that are not `known` and returns their row, `new` is where somebody asks
    for new rows.
    """

    name: str
    known: Mapping[Row, int]
    hold: Callable[[str, Row], Row]
    descent: Descent | None
    searches: list[tuple[dict[str, Any], Search]]
    new: list[Row] | None


def run_on_agenda(definitions: str) -> bool:
    """Return whether definitions are to run on the agenda plan, by one of `DEFINITIONS`.

    Raises:
        RuleError: When they cannot be run so.
        TypeError: When it is no name.
    """
    if not isinstance(definitions, str):
        raise TypeError(f"how definitions run is chosen by a name, not by {definitions!r}")
    if definitions not in DEFINITIONS:
        message = f"Definitions do not run on `{definitions}`: they run on fixpoint or agenda."
        near = nearest(definitions, DEFINITIONS)
        hint = f"Did you mean `{near}`?" if near else None
        raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message, None, hint))
    return definitions == "agenda"


class Searching:
    """Closes strata, and matches definitions, by searches that are left and resumed."""

    __slots__ = ("_at", "_budget", "_failed", "_functions", "_memory", "_rules", "_searches")

    def __init__(
        self,
        memory: Memory,
        rules: dict[int, dict[str, Any]],
        functions: Mapping[str, Callable[..., Any]],
        searches: Mapping[str, Search],
        budget: Budget,
        at: Callable[[int], None],
    ) -> None:
        self._memory = memory
        self._rules = rules
        self._functions = functions
        self._searches = searches
        self._budget = budget
        self._at = at
        self._failed: int | None = None

    def close(
        self, stratum: dict[str, Any], derivation: Derivation, added: New | None
    ) -> Iterator[New]:
        """Yield what is new beside `added` when nothing more follows; see `Closing`."""
        rules = [self._rules[index] for index in stratum["derive"]]
        own = frozenset(stratum["derives"])
        first = self._memory.next_number
        self._failed = None
        stack: list[Started] = []
        for rule in reversed(rules):
            if added is None or any(name in added for name in rule["nested"]):
                stack.append(self._whole(rule, own))
                continue
            for place, type_name in reversed([*enumerate(rule["patterns"])]):
                if type_name in added:
                    seeds = added[type_name][::-1]
                    stack.append((rule, self._search(rule, place)(seeds, inf)))
        asking = [rule for rule in rules if not own.isdisjoint(rule["nested"])]
        keeps = added is not None or bool(asking)
        growing = {name: self._growing(rules, name, derivation, keeps) for name in own}
        self._exhaust(stack, growing, first)
        # What was asked inside `exists` or `either` of facts that have come since.
        seen = dict.fromkeys(own, 0)
        while asking:
            counts = {one.name: len(one.new or ()) for one in growing.values()}
            grown = {name for name, count in counts.items() if count != seen[name]}
            again = [rule for rule in asking if not grown.isdisjoint(rule["nested"])]
            if not again:
                break
            seen = counts
            stack = [self._whole(rule, own) for rule in reversed(again)]
            self._exhaust(stack, growing, first)
        self._look(0)
        yield {one.name: one.new for one in growing.values() if one.new}

    def heads(
        self, stratum: dict[str, Any], derivation: Derivation, around: New
    ) -> list[tuple[str, Row]]:
        """Return what activations around some rows derive; see `Closing`."""
        del derivation
        heads: list[tuple[str, Row]] = []
        for index in stratum["derive"]:
            rule = self._rules[index]
            self._at(index)
            for place, type_name in enumerate(rule["patterns"]):
                if type_name in around:
                    search = self._search(rule, place)(around[type_name], inf)
                    if rule["fused"] is not None:
                        heads += [(rule["fused"], values) for values in search]
                    else:
                        for activation in search:
                            heads += self._derived(index, activation)
        return heads

    def activations(
        self, index: int, place: int | None, seeds: Sequence[Row] = ()
    ) -> Iterator[Activation]:
        """Return the activations of a rule: around rows of one of its patterns, or (None) all.

        It must not be one that does nothing but derive a fact.
        """
        rule = self._rules[index]
        if place is None:
            return self._whole(rule, frozenset())[1]
        return self._search(rule, place)(seeds[::-1], inf)

    def _exhaust(self, stack: list[Started], growing: Mapping[str, _Growing], first: int) -> None:
        """Hold everything that the searches on a stack find, and what follows from that."""
        held = 0
        while stack:
            rule, search = stack[-1]
            index, fused = rule["index"], rule["fused"]
            try:
                for found in search:
                    heads = ((fused, found),) if fused is not None else self._derived(index, found)
                    begun = len(stack)
                    for type_name, values in heads:
                        mine = growing.get(type_name)
                        if mine is None or values in mine.known:
                            continue
                        held += 1
                        if not held % STRETCH:
                            self._look(0)
                        row = mine.hold(type_name, values)
                        if mine.descent is None and mine.new is None:
                            stack += [(one, around((row,), first)) for one, around in mine.searches]
                        else:
                            stack += self._go_on(mine, row, first)
                    if len(stack) != begun:
                        break
                else:
                    stack.pop()
            except BaseException:
                self._fail_in(index)
                raise
            if not stack:
                self._at(index)

    def _go_on(self, mine: _Growing, row: Row, first: int) -> Iterable[Started]:
        """Descend from a new fact; return the searches around it and around all that followed."""
        rows = [row]
        if mine.descent is not None:
            memory = self._memory
            begin = memory.next_number
            index, descend = mine.descent
            try:
                descend(rows, self._look)
            except BaseException:
                self._fail_in(index)
                raise
            if mine.searches or mine.new is not None:
                table = memory.table(mine.name)
                rows += [table[number] for number in range(begin, memory.next_number)]
        if mine.new is not None:
            mine.new.extend(rows)
        rows.reverse()
        return [(rule, around(rows, first)) for rule, around in mine.searches]

    def _fail_in(self, index: int) -> None:
        """Remember which rule was at work, the innermost one."""
        if self._failed is None:
            self._failed = index
            self._at(index)

    def _look(self, count: int) -> int:
        """Raise `LimitReached` where a limit is met; return after how many facts to look again.

        Args:
            count: How many facts a descent has derived.
        """
        self._budget.hold(len(self._memory))
        self._budget.look_at_clock()
        return count + STRETCH

    def _derived(self, index: int, activation: Activation) -> list[tuple[str, Row]]:
        """Return what an activation derives: types and values."""
        effects = self._functions[f"a{index}"](activation[0], activation[1])
        return [(one[1], one[2]) for one in effects if one is not None and one[0] == DERIVE]

    def _search(self, rule: dict[str, Any], place: int) -> Search:
        """Return the search around rows of one pattern of a rule."""
        kind = "k" if rule["fused"] is None else "h"
        return self._searches[f"{kind}{rule['index']}_s{place}"]

    def _whole(self, rule: dict[str, Any], own: frozenset[str]) -> Started:
        """Begin a search for everything that a rule matches now.

        Every match has a row of any of its patterns: one of the types that grow serves best.
        """
        types = rule["patterns"]
        if not types:
            kind = "k" if rule["fused"] is None else "h"
            return rule, self._searches[f"{kind}{rule['index']}"]((), inf)
        place = next((at for at, name in enumerate(types) if name in own), 0)
        seeds = [*self._memory.table(types[place]).values()][::-1]
        return rule, self._search(rule, place)(seeds, inf)

    def _growing(
        self,
        rules: Sequence[dict[str, Any]],
        type_name: str,
        derivation: Derivation,
        keeps: bool,
    ) -> _Growing:
        """Return what is to be done about a type's new facts.

        Facts that come back with their numbers are searched around in the general way.
        """
        around = [
            (rule, place)
            for rule in reversed(rules)
            for place, name in reversed([*enumerate(rule["patterns"])])
            if name == type_name
        ]
        descent: Descent | None = None
        hold = derivation.enter
        if not derivation.before[type_name]:
            hold = self._memory.add
            descents = [one for one in around if f"x{one[0]['index']}" in self._searches]
            if descents:
                around.remove(descents[-1])
                index = descents[-1][0]["index"]
                descend: Any = self._searches[f"x{index}"]
                descent = index, descend
        searches = [(rule, self._search(rule, place)) for rule, place in around]
        new: list[Row] | None = [] if keeps else None
        known = self._memory.known(type_name)
        return _Growing(type_name, known, hold, descent, searches, new)
