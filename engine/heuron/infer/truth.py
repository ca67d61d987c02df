"""Truth maintenance: definitions brought to their fixpoint, stratum by stratum.

A derived fact is held as long as some activation derives it, and a contribution holds as long as
its activation does. After a change the strata that read what changed are computed again, from the
lowest up. Where facts were only added, and no deriving rule of the stratum reads them inside
`not`, `exists` or an aggregate, its evaluation goes on from them; otherwise it begins afresh, and
derived facts that stay keep their numbers and events. Within a stratum derived facts come first,
set at a time: in each round the rules are seeded with the facts of the round before (semi-naive
evaluation; Bancilhon and Ramakrishnan, 1986). Then rules and tables conclude, and the fields are
settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from heuron.infer.changes import Change
from heuron.infer.limits import Budget, LimitReached
from heuron.infer.memory import HEAD, Memory, Row
from heuron.plan.settle import best, settle
from heuron.values import UNKNOWN, Value

__all__ = ["Activation", "Contribution", "Truth"]

Activation = tuple[tuple[Row, ...], tuple[Value, ...], float]
"""Matched rows pattern by pattern, values of the other variables, certainty."""

Contribution = tuple[Value, float, int, int, Activation]
"""Value, certainty, rank, index of the rule or row, activation."""

Key = tuple[str, str]
DERIVE = 1


class Truth:
    """What follows from the told facts: derived facts with justifications, settled fields."""

    __slots__ = (
        "_budget",
        "_functions",
        "_memory",
        "_outline",
        "_readers",
        "_rules",
        "_started",
        "at",
        "contributions",
        "justified",
        "reports",
    )

    def __init__(
        self,
        memory: Memory,
        outline: dict[str, Any],
        functions: dict[str, Callable[..., Any]],
        budget: Budget,
    ) -> None:
        self._memory = memory
        self._outline = outline
        self._rules: dict[int, dict[str, Any]] = outline["rules"]
        self._functions = functions
        self._budget = budget
        self._started = False
        self._readers = [_Readers(one, self._rules) for one in outline["strata"]]
        self.at: int | None = None
        self.contributions: dict[Key, dict[int, list[Contribution]]] = {}
        self.justified: dict[int, tuple[int, Activation]] = {}
        self.reports: dict[int, list[tuple[str, str, int]]] = {}

    def forget(self) -> None:
        """Let the next `update` compute everything afresh."""
        self._started = False
        self.justified.clear()

    def update(self, changed: Iterable[Change]) -> tuple[list[Change], set[Key]]:
        """Bring the definitions to their fixpoint.

        Args:
            changed: The changes of told facts since the last update.

        Returns:
            The changes of derived facts, and the concluded fields that changed somewhere.
        """
        added: dict[str, list[Row]] = {}
        gone: set[str] = set()
        types: set[str] = set()
        fields: set[Key] = set()
        changes: list[Change] = []

        def note(some: Iterable[Change]) -> None:
            for type_name, old, new in some:
                types.add(type_name)
                if old is not None or new is None:
                    gone.add(type_name)
                else:
                    added.setdefault(type_name, []).append(new)

        note(changed)
        everything = not self._started
        self._started = True
        for readers in self._readers:
            stratum = readers.stratum
            again = everything or readers.derive_reads(types, fields)
            if again and stratum["derive"]:
                if not everything and readers.can_go_on(added, gone, fields):
                    found = self._go_on(stratum, added)
                else:
                    found = self._derive(stratum)
                changes += found
                note(found)
            # A derived fact of this stratum may be what a rule of this stratum concludes from.
            if everything or readers.conclude_reads(types, fields):
                fields.update(self._conclude(stratum))
        self.at = None
        return changes, fields

    # Derived facts.

    def _derive(self, stratum: dict[str, Any]) -> list[Change]:
        memory = self._memory
        before: dict[str, dict[Row, Row]] = {}
        for type_name in stratum["derives"]:
            rows = [row for row in memory.table(type_name).values() if row[0] not in memory.told]
            before[type_name] = {row[HEAD:]: row for row in rows}
            for row in rows:
                memory.remove(row[0])
                self.justified.pop(row[0], None)
            for number in memory.table(type_name):
                self.justified.pop(number, None)
        derived = _Derived(before)
        for _ in self._rounds(stratum, derived, None):
            pass
        return self._changes(stratum, before)

    def _go_on(self, stratum: dict[str, Any], added: dict[str, list[Row]]) -> list[Change]:
        """Derive what follows from added facts, where nothing that was derived can go."""
        derived = _Derived({type_name: {} for type_name in stratum["derives"]})
        new: dict[str, list[Row]] = {type_name: [] for type_name in stratum["derives"]}
        for delta in self._rounds(stratum, derived, added):
            for type_name, rows in delta.items():
                new[type_name] += rows
        return [(type_name, None, row) for type_name, rows in new.items() for row in rows]

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
        found: list[tuple[int, Activation]] = []
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
        found: list[tuple[int, Activation]],
        *seeds: list[Row],
    ) -> None:
        index, type_name = rule["index"], rule["fused"]
        if type_name in derived.known:
            self.at = index
            known, fresh = derived.known[type_name], derived.fresh[type_name].append
            self._functions[f"d{index}{seeded}"](known, fresh, *seeds)
        else:
            self._match(index, f"m{index}{seeded}", found, *seeds)

    def _match(
        self,
        index: int,
        name: str,
        found: list[tuple[int, Activation]],
        *seeds: list[Row],
    ) -> None:
        self.at = index
        activations: list[Activation] = []
        self._functions[name](activations.append, *seeds)
        found += [(index, one) for one in activations]

    def _enter(
        self, found: list[tuple[int, Activation]], derived: _Derived
    ) -> dict[str, list[Row]]:
        """Hold what was derived and is new; return the new rows by type."""
        new: dict[str, list[Row]] = {}
        for type_name, fresh in derived.fresh.items():
            known = derived.known[type_name]
            for values in fresh:
                self._hold(type_name, values, known[values], derived, new)
            fresh.clear()
        for index, activation in found:
            for effect in self._functions[f"a{index}"](activation[0], activation[1]):
                if effect is not None and effect[0] == DERIVE and effect[1] in derived.before:
                    self._hold(effect[1], effect[2], (index, activation), derived, new)
        self._budget.hold(len(self._memory))
        self._budget.look_at_clock()
        return new

    def _hold(
        self,
        type_name: str,
        values: Row,
        reason: tuple[int, Activation],
        derived: _Derived,
        new: dict[str, list[Row]],
    ) -> None:
        memory, justified = self._memory, self.justified
        number = memory.find(type_name, values)
        if number is not None:
            justified.setdefault(number, reason)
            return
        row = derived.before[type_name].get(values)
        if row is None:
            row = memory.add(type_name, values)
        else:
            memory.derive(type_name, row)
        justified[row[0]] = reason
        new.setdefault(type_name, []).append(row)

    def _changes(self, stratum: dict[str, Any], before: dict[str, dict[Row, Row]]) -> list[Change]:
        memory = self._memory
        changes: list[Change] = []
        for type_name in stratum["derives"]:
            old = before[type_name]
            for values, row in old.items():
                if memory.find(type_name, values) is None:
                    changes.append((type_name, row, None))
            for row in memory.table(type_name).values():
                if row[0] not in memory.told and row[HEAD:] not in old:
                    changes.append((type_name, None, row))
        return changes

    # Concluded fields.

    def _conclude(self, stratum: dict[str, Any]) -> set[Key]:
        contributions: dict[Key, dict[int, list[Contribution]]] = {
            key: {} for key in stratum["concludes"]
        }
        reports: list[tuple[str, str, int]] = []
        for index in sorted((*stratum["conclude"], *stratum["tables"])):
            if index in stratum["tables"]:
                self._conclude_by_table(index, contributions, reports)
            else:
                self._conclude_by_rule(index, contributions)
        changed = set()
        for key in stratum["concludes"]:
            self.contributions[key] = contributions[key]
            if self._settle(key, contributions[key], reports):
                changed.add(key)
        self.reports[stratum["index"]] = reports
        self._budget.look_at_clock()
        return changed

    def _conclude_by_rule(
        self, index: int, contributions: dict[Key, dict[int, list[Contribution]]]
    ) -> None:
        found: list[tuple[int, Activation]] = []
        self._match(index, f"m{index}", found)
        if len(found) > 1:
            order = self._memory.order
            found.sort(key=lambda one: [order(row) for row in one[1][0]])
        rank = self._outline["ranks"][index]
        for _, activation in found:
            for effect in self._functions[f"a{index}"](activation[0], activation[1]):
                if effect is None or effect[0] == DERIVE:
                    continue
                _, key, number, value, certainty = effect
                if value is not UNKNOWN and key in contributions:
                    mine = contributions[key].setdefault(number, [])
                    mine.append((value, certainty * activation[2], rank, index, activation))

    def _conclude_by_table(
        self,
        index: int,
        contributions: dict[Key, dict[int, list[Contribution]]],
        reports: list[tuple[str, str, int]],
    ) -> None:
        self.at = index
        (key,) = self._rules[index]["concludes"]
        hits: list[tuple[int, Row, Value, float]] = []
        several: list[tuple[str, str, int]] = []
        self._functions[f"m{index}"](hits.append, several)
        reports += several
        for place, row, value, certainty in hits:
            if value is UNKNOWN:
                continue
            at = index + place
            activation: Activation = ((row,), (), certainty)
            mine = contributions[key].setdefault(row[0], [])
            mine.append((value, certainty, self._outline["ranks"][at], at, activation))

    def _settle(
        self,
        key: Key,
        contributions: dict[int, list[Contribution]],
        reports: list[tuple[str, str, int]],
    ) -> bool:
        """Settle one field of all facts; return whether anything about it changed."""
        settled = self._memory.settled(*key)
        before = (dict(settled.held), dict(settled.levels))
        settled.clear()
        many = key in self._outline["many"]
        given = self._memory.given.get(key, {})
        for number in (*contributions, *(one for one in given if one not in contributions)):
            levels, contradiction = settle(one[:3] for one in contributions.get(number, ()))
            if contradiction:
                reports.append(("contradiction", key[1], number))
            held = best(levels)
            if number in given:
                value = given[number]
                values = value if many and isinstance(value, tuple) else (value,)
                held = tuple((one, 1.0) for one in values)
                levels += list(held)
            elif not many:
                held = held[:1]
            settled.levels[number] = dict(levels)
            if held:
                settled.held[number] = held
                settled.value[number], settled.certainty[number] = held[0]
        return before != (settled.held, settled.levels)


class _Derived:
    """What one computation of a stratum has derived so far.

    `before` are the rows that were derived until now, by type and values; `known` the reasons of
    what fused rules derived, `fresh` those of the present round.
    """

    __slots__ = ("before", "fresh", "known")

    def __init__(self, before: dict[str, dict[Row, Row]]) -> None:
        self.before = before
        self.known: dict[str | None, dict[Row, tuple[int, Activation]]] = {
            type_name: {} for type_name in before
        }
        self.fresh: dict[str, list[Row]] = {type_name: [] for type_name in before}


class _Readers:
    """What the rules of one stratum read: types and concluded fields."""

    __slots__ = ("_conclude", "_derive", "_nested", "stratum")

    def __init__(self, stratum: dict[str, Any], rules: dict[int, dict[str, Any]]) -> None:
        self.stratum = stratum
        self._derive = _reads([rules[index] for index in stratum["derive"]])
        self._derive[0].update(stratum["derives"])
        self._nested = {name for index in stratum["derive"] for name in rules[index]["nested"]}
        rows = [rules[index] for index in (*stratum["conclude"], *stratum["tables"])]
        self._conclude = _reads(rows)
        # A fact that comes or goes takes what is settled about it along.
        self._conclude[0].update(type_name for type_name, _ in stratum["concludes"])

    def derive_reads(self, types: set[str], fields: set[Key]) -> bool:
        """Return whether the deriving rules read something that changed."""
        return bool(self._derive[0] & types or self._derive[1] & fields)

    def can_go_on(self, added: Mapping[str, object], gone: set[str], fields: set[Key]) -> bool:
        """Return whether the deriving rules can only derive more than before."""
        return not self.derive_reads(gone, fields) and self._nested.isdisjoint(added)

    def conclude_reads(self, types: set[str], fields: set[Key]) -> bool:
        """Return whether the concluding rules and tables read something that changed."""
        return bool(self._conclude[0] & types or self._conclude[1] & fields)


def _reads(rules: list[dict[str, Any]]) -> tuple[set[str], set[Key]]:
    types: set[str] = set()
    fields: set[Key] = set()
    for rule in rules:
        types.update(rule["patterns"])
        types.update(rule["nested"])
        fields.update(rule["reads"])
    return types, fields
