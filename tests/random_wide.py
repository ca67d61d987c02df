"""Random rules with 15 to 30 patterns over few facts, with other conditions in between.

Every type has at most a few facts, and mostly one for a key, so that brute force comes to an end:
nearly all patterns ask for the fact of a key that is bound already.
"""

from __future__ import annotations

from heuron.values import UNKNOWN
from trial_parts import Chance, Event, RuleText, Trial

TYPES = tuple(f"type {name}(k: integer, v: integer)" for name in ("A", "B", "C", "Out", "Got"))
TOLD = ("A", "B", "C")
KEYS = 3
FEWEST, MOST = 15, 30
LOOSE = 2
"""Patterns of a rule that may match several facts."""


class WideMaker:
    """Makes trials from a source of chance; plain ones can be run by CLIPS."""

    def __init__(self, chance: Chance, plain: bool = False) -> None:
        self.chance = chance
        self.plain = plain
        self.fresh = 0
        self.known: list[str] = []

    def pick(self, options: tuple[str, ...] | list[str]) -> str:
        """Return one of the options."""
        return options[self.chance.number(0, len(options) - 1)]

    def happens(self, percent: int) -> bool:
        """Return true so often; false is the simpler choice."""
        return self.chance.number(1, 100) > 100 - percent

    def name(self) -> str:
        """Return a new variable."""
        self.fresh += 1
        return f"x{self.fresh}"

    def pattern(self, types: tuple[str, ...], loose: bool) -> str:
        """Return a positive pattern that joins, mostly by the key, with what is bound."""
        type_name = self.pick(TOLD if loose else types)
        known, new = self.pick(self.known[-8:]), self.name()
        if loose:
            text = f"{type_name}(k: {new}, v {self.pick(('==', '<=', '!='))} {known})"
        elif self.happens(8):
            return f"{type_name}(k == {known}, v >= {self.chance.number(0, 1)})"
        else:
            text = f"{type_name}(k == {known}, v: {new})"
        self.known.append(new)
        return text

    def group(self) -> str:
        """Return a condition with a scope of its own, mostly one that holds."""
        one, other = self.pick(self.known), self.pick(self.known)
        here, there = self.pick(TOLD), self.pick(TOLD)
        forms = [
            f"not {here}(k == {one}, v > {other})",
            f"not {here}(k > {one}, v == {other})",
            f"exists {here}(v >= {one})",
            f"exists {here}(k == {one}, v <= {other})",
            f"not not {here}(k <= {one})",
            f"forall {here}(k == {one}) have {there}(k >= {other})",
            f"{one} <= {other} + 1",
        ]
        if not self.plain:
            counted = self.name()
            forms += [
                f"either:\n    {one} < 1\nor:\n    exists {here}(k == {other}, v >= {one})",
                f"either:\n    not {here}(v == {one})\nor:\n    {one} != {other}",
                f"count({here}(v >= {one})) >= {self.chance.number(0, 2)}",
                f"{counted} = sum(q.v for q: {here}(k >= {one}))\n{counted} >= {other}",
                f"max(q.v for q: {here}(k <= {one}), {there}(k == q.k)) >= 0",
            ]
        return self.pick(forms)

    def rule(self, number: int, types: tuple[str, ...], derives: bool) -> RuleText:
        """Return a rule with many patterns."""
        first, second = self.name(), self.name()
        self.known = [first, second]
        conditions = [f"t{number}: {self.pick(TOLD)}(k: {first}, v: {second})"]
        count = self.chance.number(FEWEST, MOST)
        loose = {self.chance.number(1, count - 1) for _ in range(self.chance.number(0, LOOSE))}
        groups = [self.chance.number(1, count - 1) for _ in range(self.chance.number(0, 4))]
        for place in range(1, count):
            conditions.append(self.pattern(types, place in loose))
            conditions += [self.group() for _ in range(groups.count(place))]
        made = f"{self.pick(self.known)}, {self.pick(self.known)}"
        if derives:
            actions = [f"derive Got({made})"]
        else:
            actions = [
                self.pick(
                    [
                        f"assert Out({made})",
                        f"assert Out({made})",
                        f"retract t{number}",
                        f"modify t{number}: v = t{number}.v + 1",
                    ]
                )
            ]
            if actions[0].startswith("modify"):
                conditions.append(f"t{number}.v < {KEYS - 1}")
        salience = 10 if self.happens(20) else 0
        body = [line for one in conditions for line in self.lines(one)]
        return RuleText(f"r{number}", tuple(body), tuple(actions), 0 if derives else salience)

    @staticmethod
    def lines(condition: str) -> list[str]:
        """Return a binding and what tests it as two conditions."""
        return [condition] if condition.startswith("either") else condition.split("\n")

    def script(self) -> list[Event]:
        """Return what the host does: a fact for nearly each key, then changes."""
        events: list[Event] = []
        labels: dict[str, str] = {}

        def tell(type_name: str, key: int) -> None:
            value: object = self.chance.number(0, KEYS - 1)
            if not self.plain and self.happens(3):
                value = UNKNOWN
            events.append(Event("assert", f"f{len(events)}", type_name, (("k", key), ("v", value))))
            labels[events[-1].label] = type_name

        for key in range(KEYS):
            for type_name in TOLD:
                if self.happens(96):
                    tell(type_name, key)
        events.append(Event("run"))
        for _ in range(self.chance.number(1, 2)):
            for _ in range(self.chance.number(1, 3)):
                form = self.chance.number(0, 9)
                if form < 3 or not labels:
                    tell(self.pick(TOLD), self.chance.number(0, KEYS - 1))
                    continue
                label = self.pick(list(labels))
                if form < 8:
                    change = (("v", self.chance.number(0, KEYS - 1)),)
                    events.append(Event("modify", label, labels[label], change))
                else:
                    events.append(Event("retract", label, labels.pop(label)))
            events.append(Event("run"))
        return events

    def program(self) -> Trial:
        """Return a trial: wide definitions and wide steps, or steps alone."""
        rules = []
        derives = not self.plain and self.happens(60)
        if derives:
            rules.append(self.rule(0, TOLD, True))
        types = (*TOLD, *TOLD, "Got") if derives and self.happens(50) else TOLD
        rules += [self.rule(number, types, False) for number in (1, 2)[: self.chance.number(1, 2)]]
        return Trial(TYPES, None, (), tuple(rules), script=tuple(self.script()))
