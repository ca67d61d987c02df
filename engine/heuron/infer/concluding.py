"""Concluded fields: contributions by fact, kept up to date row by row, and settled.

A contribution holds as long as its activation does. After a change a rule or table is matched
around the rows that are new or gone, or of which a concluded field changed, and only the facts
that it spoke about are settled again. A rule that read something else of what changed, inside
`not`, `exists`, an aggregate or through a reference, is matched whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from heuron.infer.changes import Change
from heuron.infer.closing import DERIVE
from heuron.infer.memory import Memory, Row
from heuron.infer.reasons import Activation
from heuron.plan.settle import best, settle
from heuron.values import UNKNOWN, Value

__all__ = ["Concluding", "Contribution", "Fields", "Key", "Matcher"]

Contribution = tuple[Value, float, int, int, Activation]
"""Value, certainty, rank, index of the rule or row, activation."""

Key = tuple[str, str]
"""A concluded field: its type and name."""

Fields = dict[Key, set[int]]
"""The numbers of the facts of which a concluded field changed, by field."""

Report = tuple[str, str, int]

Matcher = Callable[[int, int | None, Sequence[Row]], Iterable[Activation]]
"""Returns the activations of the rule with an index: around rows of the pattern at a place, or
(None) all of them."""


class Concluding:
    """The contributions of a session's rules and tables, and what they settle."""

    __slots__ = (
        "_at",
        "_contradictions",
        "_functions",
        "_matcher",
        "_memory",
        "_outline",
        "_rules",
        "_several",
        "_speaks_of",
        "contributions",
    )

    def __init__(
        self,
        memory: Memory,
        outline: dict[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        matcher: Matcher,
        at: Callable[[int], None],
    ) -> None:
        self._memory = memory
        self._matcher = matcher
        self._outline = outline
        self._rules: dict[int, dict[str, Any]] = outline["rules"]
        self._functions = functions
        self._at = at
        self.contributions: dict[Key, dict[int, list[Contribution]]] = {}
        # The targets that activations of a row speak of, where these are other facts.
        self._speaks_of: dict[int, dict[tuple[Key, int], None]] = {}
        self._several: dict[int, dict[int, Report]] = {}
        self._contradictions: dict[Key, dict[int, Report]] = {}

    def reports(self) -> tuple[Report, ...]:
        """Return what was found strange: tables first, then fields; each by fact."""
        several = [self._several[index] for index in sorted(self._several)]
        listed = [*several, *self._contradictions.values()]
        return tuple(one[number] for one in listed for number in sorted(one))

    def conclude(self, stratum: dict[str, Any]) -> Fields:
        """Conclude everything of a stratum afresh; return which fields changed, of which facts."""
        touched: dict[Key, dict[int, None]] = {}
        for key in stratum["concludes"]:
            # What was said of it before, and what is given, is settled again too.
            touched[key] = dict.fromkeys(self.contributions.get(key, ()))
            touched[key] |= dict.fromkeys(self._memory.settled(*key).levels)
            touched[key] |= dict.fromkeys(self._memory.given.get(key, ()))
            self.contributions[key] = {}
        for index in sorted((*stratum["conclude"], *stratum["tables"])):
            self._match(stratum, index, None, touched)
        return self._settle_all(touched)

    def follow(self, stratum: dict[str, Any], changes: Iterable[Change], fields: Fields) -> Fields:
        """Conclude what is new, take back what is gone; return what changed as `conclude` does.

        Args:
            stratum: The stratum's outline.
            changes: The changes of facts since it was last concluded, told and derived.
            fields: The concluded fields that changed, of lower strata.
        """
        changed: dict[str, dict[int, None]] = {}
        for type_name, old, new in changes:
            row = new or old
            assert row is not None
            changed.setdefault(type_name, {})[row[0]] = None
        touched: dict[Key, dict[int, None]] = {}
        for key in stratum["concludes"]:
            # A fact that comes or goes takes what is settled and given about it along.
            touched[key] = dict(changed.get(key[0], ()))
        for index in sorted((*stratum["conclude"], *stratum["tables"])):
            rule = self._rules[index]
            if self._must_match_whole(rule, changed, fields):
                self._take_back(stratum, index, None, touched)
                self._match(stratum, index, None, touched)
                continue
            rows = self._affected(rule, changed, fields)
            if rows:
                numbers = {number for one in rows.values() for number in one}
                self._take_back(stratum, index, numbers, touched)
                self._match(stratum, index, rows, touched)
        return self._settle_all(touched)

    def let_go(self, changes: Iterable[Change]) -> None:
        """Forget what facts spoke of that are no longer held."""
        if self._speaks_of:
            for _, old, new in changes:
                if new is None and old is not None and old[0] not in self._memory.types:
                    self._speaks_of.pop(old[0], None)

    def _must_match_whole(
        self, rule: dict[str, Any], changed: Mapping[str, object], fields: Fields
    ) -> bool:
        nested, own = rule["nested"], rule["patterns"]
        if any(name in changed for name in nested):
            return True
        # A field is followed from fact to fact only where its fact is matched itself.
        return any(
            key in fields and (key[0] in nested or key[0] not in own) for key in rule["reads"]
        )

    def _affected(
        self, rule: dict[str, Any], changed: Mapping[str, dict[int, None]], fields: Fields
    ) -> dict[str, dict[int, None]]:
        """Return the numbers of the facts, by type, around which a rule is matched again."""
        rows: dict[str, dict[int, None]] = {}
        for type_name in dict.fromkeys(rule["patterns"]):
            numbers = dict(changed.get(type_name, ()))
            for key, of_facts in fields.items():
                if key[0] == type_name and (key in rule["reads"] or rule["predicts"]):
                    numbers |= dict.fromkeys(sorted(of_facts))
            if numbers:
                rows[type_name] = numbers
        return rows

    # Contributions.

    def _take_back(
        self,
        stratum: dict[str, Any],
        index: int,
        numbers: set[int] | None,
        touched: dict[Key, dict[int, None]],
    ) -> None:
        """Take back what a rule or table said, because of these facts or (None) at all."""
        rows = self._rules[index]["table"][3] if index in stratum["tables"] else 1
        mine = range(index, index + rows)
        for key in self._rules[index]["concludes"]:
            if key not in touched:
                continue
            by_fact = self.contributions[key]
            for number in self._spoken_of(key, numbers):
                before = by_fact.get(number, [])
                after = [
                    one
                    for one in before
                    if one[3] not in mine
                    or (numbers is not None and all(row[0] not in numbers for row in one[4][0]))
                ]
                if len(after) < len(before):
                    touched[key][number] = None
                    if after:
                        by_fact[number] = after
                    else:
                        del by_fact[number]
        reports = self._several.get(index)
        if reports:
            for number in list(reports) if numbers is None else numbers:
                reports.pop(number, None)

    def _spoken_of(self, key: Key, numbers: set[int] | None) -> list[int]:
        if numbers is None:
            return list(self.contributions[key])
        found = dict.fromkeys(sorted(numbers))
        for number in sorted(numbers):
            for other, target in self._speaks_of.get(number, ()):
                if other == key:
                    found[target] = None
        return list(found)

    def _match(
        self,
        stratum: dict[str, Any],
        index: int,
        rows: dict[str, dict[int, None]] | None,
        touched: dict[Key, dict[int, None]],
    ) -> None:
        """Add what a rule or table says, around some facts or (None) at all."""
        self._at(index)
        if index in stratum["tables"]:
            self._match_table(index, rows, touched)
            return
        found: list[Activation] = []
        if rows is None:
            found += self._matcher(index, None, ())
        else:
            for place, type_name in enumerate(self._rules[index]["patterns"]):
                if type_name in rows:
                    found += self._matcher(index, place, self._held(type_name, rows[type_name]))
            if len(self._rules[index]["patterns"]) > 1:
                # Two of the facts may have met in one activation.
                alike = {(tuple([row[0] for row in one[0]]), one[1]): one for one in found}
                found = list(alike.values())
        if len(found) > 1:
            order = self._memory.order
            found.sort(key=lambda one: [order(row) for row in one[0]])
        rank = self._outline["ranks"][index]
        for activation in found:
            for effect in self._functions[f"a{index}"](activation[0], activation[1]):
                if effect is None or effect[0] == DERIVE:
                    continue
                _, key, number, value, certainty = effect
                if value is not UNKNOWN and key in touched:
                    one = (value, certainty * activation[2], rank, index, activation)
                    self._add(key, number, one, touched[key])

    def _match_table(
        self,
        index: int,
        rows: dict[str, dict[int, None]] | None,
        touched: dict[Key, dict[int, None]],
    ) -> None:
        (key,) = self._rules[index]["concludes"]
        hits: list[tuple[int, Row, Value, float]] = []
        several: list[Report] = []
        if rows is None:
            self._several[index] = {}
            self._functions[f"m{index}"](hits.append, several)
        else:
            seeds = self._held(key[0], rows[key[0]])
            self._functions[f"m{index}_s0"](hits.append, several, seeds)
        for report in several:
            self._several.setdefault(index, {})[report[2]] = report
        for place, row, value, certainty in hits:
            if value is not UNKNOWN:
                at = index + place
                activation: Activation = ((row,), (), certainty)
                one = (value, certainty, self._outline["ranks"][at], at, activation)
                self._add(key, row[0], one, touched[key])

    def _held(self, type_name: str, numbers: Iterable[int]) -> list[Row]:
        table = self._memory.table(type_name)
        return [table[number] for number in numbers if number in table]

    def _add(self, key: Key, number: int, one: Contribution, touched: dict[int, None]) -> None:
        mine = self.contributions[key].setdefault(number, [])
        mine.append(one)
        touched[number] = None
        if len(one[4][0]) > 1:
            for row in one[4][0]:
                if row[0] != number:
                    self._speaks_of.setdefault(row[0], {})[key, number] = None

    # What is settled.

    def _settle_all(self, touched: dict[Key, dict[int, None]]) -> Fields:
        changed: Fields = {}
        for key, numbers in touched.items():
            for number in numbers:
                if self._settle(key, number):
                    changed.setdefault(key, set()).add(number)
        return changed

    def _settle(self, key: Key, number: int) -> bool:
        """Settle one field of one fact; return whether anything about it changed."""
        memory = self._memory
        settled = memory.settled(*key)
        before = settled.held.pop(number, None), settled.levels.pop(number, None)
        settled.value.pop(number, None)
        settled.certainty.pop(number, None)
        reports = self._contradictions.setdefault(key, {})
        reports.pop(number, None)
        contributions = self.contributions[key].get(number, [])
        given = memory.given.get(key, {})
        if not contributions and number not in given:
            return before != (None, None)
        if len(contributions) > 1:
            self._put_in_order(contributions)
        levels, contradiction = settle(one[:3] for one in contributions)
        if contradiction:
            reports[number] = ("contradiction", key[1], number)
        held = best(levels)
        many = key in self._outline["many"]
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
        return before != (held or None, settled.levels[number])

    def _put_in_order(self, contributions: list[Contribution]) -> None:
        """Bring contributions into rule order, then fact order."""
        indexes = [one[3] for one in contributions]
        if indexes == sorted(indexes) and len(set(indexes)) == len(indexes):
            return
        order = self._memory.order
        contributions.sort(key=lambda one: (one[3], [order(row) for row in one[4][0]]))
