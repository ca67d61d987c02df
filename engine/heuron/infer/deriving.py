"""Derived facts: brought to their fixpoint, continued with what is added, taken back with reasons.

A stratum is derived as plain tuples where it can be (`infer.fixpoint`), else by searches that
count every step, round by round (`infer.seminaive`) or one activation at a time
(`infer.searching`). Added facts go on from what is there. When facts go, everything that some
activation derived from them is taken away, and what has another reason comes back, with the
number and event that it had (delete and rederive; Gupta, Mumick and Subrahmanian, 1993); when so
much would go that deriving afresh is cheaper, that is done instead.

A fact that was derived plainly has no reason beside it: its first reason is found again when
somebody asks, from the order of derivation (see `infer.reasons`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from heuron.infer.changes import Change
from heuron.infer.closing import Closing, Derivation
from heuron.infer.fixpoint import Rounds, derive_plainly
from heuron.infer.limits import Budget
from heuron.infer.memory import HEAD, Memory, Row
from heuron.infer.reasons import Reasons

__all__ = ["Deriving"]

FEW: Final = 200
"""So many facts are taken back one by one, whatever else there is."""


class Deriving:
    """The derived facts of a session, stratum by stratum.

    `plain` are the functions that derive whole strata as plain tuples, by name (`z0`, …), where
    these may be used; everything else is left to `closing`.
    """

    __slots__ = ("_at", "_budget", "_closing", "_memory", "_pending", "_plain", "_reasons")

    def __init__(
        self,
        memory: Memory,
        plain: Mapping[str, Callable[..., Any]],
        closing: Closing,
        reasons: Reasons,
        budget: Budget,
        at: Callable[[int], None],
    ) -> None:
        self._memory = memory
        self._plain = plain
        self._closing = closing
        self._reasons = reasons
        self._budget = budget
        self._at = at
        self._pending: list[tuple[dict[str, Any], Rounds]] = []

    # From nothing.

    def derive(self, stratum: dict[str, Any], may_wait: bool = False) -> list[Change]:
        """Derive all facts of a stratum; return what changed.

        Args:
            stratum: The stratum's outline.
            may_wait: Nobody reads these facts yet: they may become rows when somebody does, and
                are not among the changes.
        """
        found = self._plainly(stratum)
        if found is None:
            return self._afresh(stratum, may_wait)
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
        function = self._plain.get(f"z{stratum['index']}")
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

    def _afresh(self, stratum: dict[str, Any], may_wait: bool) -> list[Change]:
        memory = self._memory
        before: dict[str, dict[Row, Row]] = {}
        for type_name in stratum["derives"]:
            rows = [row for row in memory.table(type_name).values() if row[0] not in memory.told]
            before[type_name] = {row[HEAD:]: row for row in rows}
            for row in rows:
                memory.remove(row[0])
            self._reasons.drop_all([row[0] for row in rows])
            self._reasons.drop_all(memory.table(type_name))
        derivation = Derivation(memory, self._reasons, before)
        for _ in self._closing.close(stratum, derivation, None):
            pass
        return [] if may_wait else self._changes(stratum, before)

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
        derivation = Derivation(self._memory, self._reasons, {name: {} for name in types})
        changes: list[Change] = []
        enough = FEW + sum(len(self._memory.table(one)) for one in types)
        if f"z{stratum['index']}" not in self._plain:
            enough = self._budget.limits.facts + 1
        for delta in self._closing.close(stratum, derivation, added):
            changes += [(name, None, row) for name, rows in delta.items() for row in rows]
            if len(changes) > enough:
                # More is new than was there: all of it at once is faster.
                found = self._plainly(stratum)
                return changes if found is None else changes + self._take(stratum, found)
        return changes

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
        plain = f"z{stratum['index']}" in self._plain
        doomed = self._doomed(stratum, mine, FEW + held // (20 if plain else 2))
        if doomed is None:
            return self.derive(stratum)
        for row in [row for rows in doomed.values() for row in rows.values()]:
            memory.remove(row[0])
            self._reasons.drop(row[0])
        derivation = Derivation(memory, self._reasons, doomed)
        new: dict[str, list[Row]] = {name: [] for name in stratum["derives"]}
        seeds = self._still_there(mine)
        self._revive(stratum, derivation, mine, new)
        for name, rows in new.items():
            seeds.setdefault(name, []).extend(rows)
        if any(seeds.values()):
            seeds = {name: rows for name, rows in seeds.items() if rows}
            for delta in self._closing.close(stratum, derivation, seeds):
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
        derivation = Derivation(memory, self._reasons, doomed)
        while delta:
            heads = self._closing.heads(stratum, derivation, delta)
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
        derivation: Derivation,
        changed: list[Change],
        new: dict[str, list[Row]],
    ) -> None:
        """Hold again what has another reason in what is left."""
        memory = self._memory
        candidates = [(name, one) for name, rows in derivation.before.items() for one in rows]
        # A fact that was told may be derived as well.
        candidates += [
            (name, old[HEAD:]) for name, old, _ in changed if old is not None and name in new
        ]
        for name, values in candidates:
            if memory.find(name, values) is None:
                reason = self._reasons.any_of(stratum, name, values)
                if reason is not None:
                    derivation.hold(name, values, reason, new)
