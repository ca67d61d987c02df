"""Derived facts: brought to their fixpoint, continued with what is added, taken back with reasons.

A stratum is derived as plain tuples where it can be (`infer.fixpoint`), else round by round with
searches that count every step. Added facts go on from what is there. When facts go, everything
that some activation derived from them is taken away, and what has another reason comes back, with
the number and event that it had (delete and rederive; Gupta, Mumick and Subrahmanian, 1993); when
so much would go that deriving afresh is cheaper, that is done instead.

A fact that was derived plainly has no reason beside it: its first reason is found again when
somebody asks, from the order of derivation (see `infer.reasons`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from heuron.infer.changes import Change
from heuron.infer.fixpoint import Rounds, derive_plainly
from heuron.infer.limits import Budget, LimitReached
from heuron.infer.memory import HEAD, Memory, Row
from heuron.infer.reasons import Activation, Reason, Reasons

__all__ = ["Deriving"]

DERIVE = 1
FEW: Final = 200
"""So many facts are taken back one by one, whatever else there is."""


class Deriving:
    """The derived facts of a session, stratum by stratum."""

    __slots__ = ("_at", "_budget", "_functions", "_memory", "_pending", "_reasons", "_rules")

    def __init__(
        self,
        memory: Memory,
        rules: dict[int, dict[str, Any]],
        functions: Mapping[str, Callable[..., Any]],
        reasons: Reasons,
        budget: Budget,
        at: Callable[[int], None],
    ) -> None:
        self._memory = memory
        self._rules = rules
        self._functions = functions
        self._reasons = reasons
        self._budget = budget
        self._at = at
        self._pending: list[tuple[dict[str, Any], Rounds]] = []

    # From nothing.

    def derive(self, stratum: dict[str, Any], may_wait: bool = False) -> list[Change]:
        """Derive all facts of a stratum; return what changed.

        Args:
            stratum: The stratum's outline.
            may_wait: Nobody reads these facts yet: they may become rows when somebody does.
        """
        found = self._plainly(stratum)
        if found is None:
            return self._by_rounds(stratum)
        if may_wait and not any(self._derived(one) for one in stratum["derives"]):
            self._pending.append((stratum, found))
            return []
        return self._take(stratum, found)

    def settle(self) -> None:
        """Make rows of what was derived and not read yet."""
        if self._pending:
            pending, self._pending = self._pending, []
            for stratum, found in pending:
                self._take(stratum, found)

    def forget(self) -> None:
        """Let go of what was derived and not read yet."""
        self._pending = []
        self._reasons.forget()

    def _plainly(self, stratum: dict[str, Any]) -> Rounds | None:
        function = self._functions.get(f"z{stratum['index']}")
        if function is None:
            return None
        return derive_plainly(function, stratum["derives"], self._memory, self._budget, self._at)

    def _derived(self, type_name: str) -> int:
        """Return how many facts of a type are held that nobody told."""
        memory = self._memory
        table = memory.table(type_name)
        return len(table) - (len(memory.told.intersection(table)) if table else 0)

    def _take(self, stratum: dict[str, Any], rounds: Rounds) -> list[Change]:
        """Hold what was derived plainly, and nothing else; return what changed."""
        memory, reasons = self._memory, self._reasons
        changes: list[Change] = []
        ordered = reasons.is_ordered
        for place, type_name in enumerate(stratum["derives"]):
            known = memory.known(type_name)
            if known:
                ordered = True
                wanted = {values for one in rounds for values in one[place]}
                gone = [values for values in known if values not in wanted]
                for values in gone:
                    number = known[values]
                    if number not in memory.told:
                        changes.append((type_name, memory.remove(number), None))
                        reasons.drop(number)
                reasons.drop_all(memory.table(type_name))
        for one in rounds:
            for type_name, facts in zip(stratum["derives"], one, strict=True):
                known = memory.known(type_name)
                new = [values for values in facts if values not in known] if known else facts
                rows = memory.derive_all(type_name, new)
                changes += [(type_name, None, row) for row in rows]
                if ordered:
                    reasons.order([known[values] for values in facts])
        return changes

    def _by_rounds(self, stratum: dict[str, Any]) -> list[Change]:
        memory = self._memory
        before: dict[str, dict[Row, Row]] = {}
        for type_name in stratum["derives"]:
            rows = [row for row in memory.table(type_name).values() if row[0] not in memory.told]
            before[type_name] = {row[HEAD:]: row for row in rows}
            for row in rows:
                memory.remove(row[0])
            self._reasons.drop_all([row[0] for row in rows])
            self._reasons.drop_all(memory.table(type_name))
        derived = _Derived(before)
        for _ in self._rounds(stratum, derived, None):
            pass
        return self._changes(stratum, before)

    def _changes(self, stratum: dict[str, Any], before: dict[str, dict[Row, Row]]) -> list[Change]:
        memory = self._memory
        changes: list[Change] = []
        for type_name in stratum["derives"]:
            old, known = before[type_name], memory.known(type_name)
            changes += [
                (type_name, row, None) for values, row in old.items() if values not in known
            ]
            for row in memory.table(type_name).values():
                if row[0] not in memory.told and row[HEAD:] not in old:
                    changes.append((type_name, None, row))
        return changes

    # Onwards.

    def go_on(self, stratum: dict[str, Any], added: dict[str, list[Row]]) -> list[Change]:
        """Derive what follows from added facts, where nothing that was derived can go."""
        types = stratum["derives"]
        derived = _Derived({type_name: {} for type_name in types})
        changes: list[Change] = []
        enough = FEW + sum(len(self._memory.table(one)) for one in types)
        if f"z{stratum['index']}" not in self._functions:
            enough = self._budget.limits.facts + 1
        for delta in self._rounds(stratum, derived, added):
            changes += [(name, None, row) for name, rows in delta.items() for row in rows]
            if len(changes) > enough:
                # More is new than was there: all of it at once is faster.
                found = self._plainly(stratum)
                return changes if found is None else changes + self._take(stratum, found)
        return changes

    def _rounds(
        self, stratum: dict[str, Any], derived: _Derived, delta: dict[str, list[Row]] | None
    ) -> Iterator[dict[str, list[Row]]]:
        """Yield the new rows of each round, until one has none."""
        delta = self._round(stratum, derived, delta)
        yield delta
        rounds = 0
        while delta and stratum["recursive"]:
            rounds += 1
            if rounds > self._budget.limits.depth:
                raise LimitReached(f"{self._budget.limits.depth:,} rounds of one recursion")
            delta = self._round(stratum, derived, delta)
            yield delta

    def _round(
        self, stratum: dict[str, Any], derived: _Derived, delta: dict[str, list[Row]] | None
    ) -> dict[str, list[Row]]:
        """Match all deriving rules, in the first round on everything, then around new facts."""
        found: list[Reason] = []
        for index in stratum["derive"]:
            rule = self._rules[index]
            if delta is None or any(name in delta for name in rule["nested"]):
                self._search(rule, "", derived, found)
                continue
            for place, type_name in enumerate(rule["patterns"]):
                if type_name in delta:
                    self._search(rule, f"_s{place}", derived, found, delta[type_name])
        return self._enter(found, derived)

    def _search(
        self,
        rule: dict[str, Any],
        seeded: str,
        derived: _Derived,
        found: list[Reason],
        *seeds: list[Row],
    ) -> None:
        index, type_name = rule["index"], rule["fused"]
        self._at(index)
        if type_name in derived.known:
            known, fresh = derived.known[type_name], derived.fresh[type_name].append
            self._functions[f"d{index}{seeded}"](known, fresh, *seeds)
            return
        activations: list[Activation] = []
        self._functions[f"m{index}{seeded}"](activations.append, *seeds)
        found += [(index, one) for one in activations]

    def _enter(self, found: list[Reason], derived: _Derived) -> dict[str, list[Row]]:
        """Hold what was derived and is new; return the new rows by type."""
        new: dict[str, list[Row]] = {}
        for type_name, fresh in derived.fresh.items():
            known = derived.known[type_name]
            for values in fresh:
                self._hold(type_name, values, known[values], derived, new)
            fresh.clear()
        for type_name, values, reason in self._derivations(found):
            if type_name in derived.before:
                self._hold(type_name, values, reason, derived, new)
        self._budget.hold(len(self._memory))
        self._budget.look_at_clock()
        return new

    def _derivations(self, found: list[Reason]) -> Iterator[tuple[str, Row, Reason]]:
        """Yield the facts that activations derive: type, values, reason."""
        for index, activation in found:
            for effect in self._functions[f"a{index}"](activation[0], activation[1]):
                if effect is not None and effect[0] == DERIVE:
                    yield effect[1], effect[2], (index, activation)

    def _hold(
        self,
        type_name: str,
        values: Row,
        reason: Reason,
        derived: _Derived,
        new: dict[str, list[Row]],
    ) -> None:
        memory = self._memory
        number = memory.find(type_name, values)
        if number is not None:
            return
        row = derived.before[type_name].get(values)
        if row is None:
            row = memory.add(type_name, values)
        else:
            memory.derive(type_name, row)
        self._reasons.keep(row[0], reason, again=values in derived.before[type_name])
        new.setdefault(type_name, []).append(row)

    # Backwards.

    def retract(
        self, stratum: dict[str, Any], changed: list[Change], reads: set[str]
    ) -> list[Change]:
        """Take back what has lost its reasons, and derive what is new; return what changed.

        Args:
            stratum: The stratum's outline; nothing that its rules read inside `not`, `exists` or
                an aggregate has changed, nor any concluded field that they read.
            changed: The changes of facts so far, in order.
            reads: The types that its rules read or derive.
        """
        memory = self._memory
        mine = [one for one in changed if one[0] in reads]
        held = sum(len(memory.table(one)) for one in stratum["derives"])
        plain = f"z{stratum['index']}" in self._functions
        doomed = self._doomed(stratum, mine, FEW + held // (20 if plain else 2))
        if doomed is None:
            return self.derive(stratum)
        for row in [row for rows in doomed.values() for row in rows.values()]:
            memory.remove(row[0])
            self._reasons.drop(row[0])
        derived = _Derived(doomed)
        new: dict[str, list[Row]] = {name: [] for name in stratum["derives"]}
        seeds = self._still_there(mine)
        self._revive(stratum, derived, mine, new)
        for name, rows in new.items():
            seeds.setdefault(name, []).extend(rows)
        if any(seeds.values()):
            seeds = {name: rows for name, rows in seeds.items() if rows}
            for delta in self._rounds(stratum, derived, seeds):
                for name, rows in delta.items():
                    new[name] += rows
        changes: list[Change] = []
        for name in stratum["derives"]:
            old, known = doomed[name], memory.known(name)
            changes += [(name, row, None) for values, row in old.items() if values not in known]
            changes += [(name, None, row) for row in new[name] if row[HEAD:] not in old]
        return changes

    def _doomed(
        self, stratum: dict[str, Any], changed: list[Change], most: int
    ) -> dict[str, dict[Row, Row]] | None:
        """Return the derived facts that some activation of a fact that went derived.

        They are searched for in memory as it was before the changes. None: more than `most`.
        """
        memory = self._memory
        for type_name, old, new in reversed(changed):
            memory.exchange(type_name, new, old)
        try:
            return self._overdeleted(stratum, changed, most)
        finally:
            for type_name, old, new in changed:
                memory.exchange(type_name, old, new)

    def _overdeleted(
        self, stratum: dict[str, Any], changed: list[Change], most: int
    ) -> dict[str, dict[Row, Row]] | None:
        memory = self._memory
        doomed: dict[str, dict[Row, Row]] = {name: {} for name in stratum["derives"]}
        touched = {old[0] for _, old, _ in changed if old is not None}
        delta: dict[str, list[Row]] = {}
        for type_name, old, _ in changed:
            # Between two looks a fact may have come and gone: nothing follows from that.
            if old is not None and memory.table(type_name).get(old[0]) is old:
                delta.setdefault(type_name, []).append(old)
        derived = _Derived(doomed)
        while delta:
            found: list[Reason] = []
            for index in stratum["derive"]:
                rule = self._rules[index]
                for place, type_name in enumerate(rule["patterns"]):
                    if type_name in delta:
                        self._search(rule, f"_s{place}", derived, found, delta[type_name])
            heads = [(name, one) for name, fresh in derived.fresh.items() for one in fresh]
            for fresh in derived.fresh.values():
                fresh.clear()
            heads += [(name, values) for name, values, _ in self._derivations(found)]
            delta = {}
            for name, values in heads:
                number = memory.find(name, values) if name in doomed else None
                if number is None or number in memory.told or number in touched:
                    continue
                if values not in doomed[name]:
                    row = memory.table(name)[number]
                    doomed[name][values] = row
                    delta.setdefault(name, []).append(row)
            if sum(map(len, doomed.values())) > most:
                return None
            self._budget.look_at_clock()
        return doomed

    def _still_there(self, changed: list[Change]) -> dict[str, list[Row]]:
        """Return the rows that changes brought and that are held now, by type."""
        rows: dict[str, dict[int, Row]] = {}
        for type_name, _, new in changed:
            if new is not None and self._memory.table(type_name).get(new[0]) is new:
                rows.setdefault(type_name, {})[new[0]] = new
        return {name: list(one.values()) for name, one in rows.items()}

    def _revive(
        self,
        stratum: dict[str, Any],
        derived: _Derived,
        changed: list[Change],
        new: dict[str, list[Row]],
    ) -> None:
        """Hold again what has another reason in what is left."""
        memory = self._memory
        candidates = [(name, one) for name, rows in derived.before.items() for one in rows]
        # A fact that was told may be derived as well.
        candidates += [
            (name, old[HEAD:]) for name, old, _ in changed if old is not None and name in new
        ]
        for name, values in candidates:
            if memory.find(name, values) is None:
                reason = self._reasons.any_of(stratum, name, values)
                if reason is not None:
                    self._hold(name, values, reason, derived, new)


class _Derived:
    """What one computation of a stratum has derived so far.

    `before` are the rows that were derived until now, by type and values; `known` the reasons of
    what fused rules derived, `fresh` those of the present round.
    """

    __slots__ = ("before", "fresh", "known")

    def __init__(self, before: dict[str, dict[Row, Row]]) -> None:
        self.before = before
        self.known: dict[str | None, dict[Row, Reason]] = {type_name: {} for type_name in before}
        self.fresh: dict[str, list[Row]] = {type_name: [] for type_name in before}
