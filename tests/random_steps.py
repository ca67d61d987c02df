"""Random production systems of plain steps: joins, `not`, `exists`, tests and changes.

They mean the same in CLIPS (see `clips_trials.py`), and try the agenda harder than the programs
of `random_programs.py`, in which many other things go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from heuron.values import UNKNOWN
from trial_parts import Chance, Event, RuleText, Trial

Thing = TypeVar("Thing")

TYPES = (
    "type Ball(n: integer, hue: red | green | blue)",
    "type Box(k: integer, size: integer)",
    "type Mark(n: integer, tint: red | green | blue)",
)
FIELDS = {
    "Ball": {"n": "integer", "hue": "hue"},
    "Box": {"k": "integer", "size": "integer"},
    "Mark": {"n": "integer", "tint": "hue"},
}
LEVELS = {
    "hue": ("red", "green", "blue"),
    "grade": ("low", "high"),
    "filled": ("yes", "no"),
}
"""Of enumerations; the last two are concluded (`random_definitions.py`)."""


HUES = LEVELS["hue"]


class StepMaker:
    """Makes trials from a source of chance."""

    fields = FIELDS
    """What patterns may be about, by type."""
    first_facts = (2, 7)
    """How many facts the host asserts before the first run, at least and at most."""
    together = True
    """Whether one step may change several facts."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.fresh = 0

    def pick(self, options: Sequence[Thing]) -> Thing:
        """Return one of the options."""
        return options[self.chance.number(0, len(options) - 1)]

    def happens(self, percent: int) -> bool:
        """Return true so often; false is the simpler choice."""
        return self.chance.number(1, 100) > 100 - percent

    def type_name(self) -> str:
        """Return one of the types."""
        return self.pick(tuple(self.fields))

    def told(self) -> str:
        """Return one of the types whose facts the host and steps may change."""
        return self.pick(tuple(FIELDS))

    def constant(self, kind: str) -> object:
        """Return a constant of a kind."""
        return self.pick(LEVELS[kind]) if kind in LEVELS else self.chance.number(0, 3)

    def pattern(self, type_name: str, bound: dict[str, list[str]], binds: bool) -> str:
        """Return a pattern that joins with what is bound, and binds more if it may."""
        slots = []
        for name, kind in self.fields[type_name].items():
            form = self.chance.number(0, 99)
            if form < 30 and bound.get(kind):
                ordered = ("==", "==", "!=", "<", ">=")
                operator = self.pick(("==", "==", "!=") if kind in LEVELS else ordered)
                slots.append(f"{name} {operator} {self.pick(bound[kind])}")
            elif form < 60 and binds:
                self.fresh += 1
                slots.append(f"{name}: x{self.fresh}")
                bound.setdefault(kind, []).append(f"x{self.fresh}")
            elif form < 85:
                operators = ("==", "!=") if kind in LEVELS else ("==", "<", ">=", "!=")
                slots.append(f"{name} {self.pick(operators)} {self.constant(kind)}")
        return f"{type_name}({', '.join(slots)})"

    def group(self, bound: dict[str, list[str]]) -> str:
        """Return a condition with a scope of its own."""
        word = self.pick(("not", "not", "exists"))
        return f"{word} {self.pattern(self.type_name(), bound, False)}"

    def rule(self, number: int) -> RuleText:
        """Return a rule that changes the fact of its first pattern."""
        bound: dict[str, list[str]] = {}
        subject, target = self.told(), f"t{number}"
        conditions = [f"{target}: {self.pattern(subject, bound, True)}"]
        for _ in range(self.chance.number(0, 2)):
            conditions.append(self.pattern(self.type_name(), bound, True))
        for _ in range(self.pick((0, 0, 0, 1, 1, 2))):
            conditions.append(self.group(bound))
        name, kind = self.pick(tuple(FIELDS[subject].items()))
        actions = []
        form = self.chance.number(0, 3)
        if form < 2 and kind == "integer":
            conditions.append(f"{target}.{name} < 4")
            actions.append(f"modify {target}: {name} = {target}.{name} + 1")
        elif form < 2:
            value = self.constant(kind)
            conditions.append(f"{target}.{name} != {value}")
            actions.append(f"modify {target}: {name} = {value}")
        elif form == 2:
            actions.append(f"retract {target}")
        if not actions or (self.together and self.happens(40)):
            made = self.told()
            values = [
                f"{name} = {self.pick(bound.get(one) or [self.constant(one)])}"
                for name, one in FIELDS[made].items()
            ]
            actions.append(f"assert {made}({', '.join(values)})")
        salience = self.pick((0, 0, 0, 10, -10))
        return RuleText(f"r{number}", tuple(conditions), tuple(actions), salience)

    def script(self, rounds: int, known: int) -> list[Event]:
        """Return what the host does; so many values in a hundred are known."""
        labels: dict[str, str] = {}
        events: list[Event] = []
        for turn in range(rounds):
            for _ in range(self.chance.number(*(self.first_facts if turn == 0 else (1, 3)))):
                form = self.chance.number(0, 9) if labels and turn else 0
                if form < 4:
                    type_name, label = self.told(), f"f{len(events)}"
                    values = tuple(
                        (name, self.constant(kind) if not self.happens(100 - known) else UNKNOWN)
                        for name, kind in FIELDS[type_name].items()
                    )
                    events.append(Event("assert", label, type_name, values))
                    labels[label] = type_name
                elif form < 7:
                    label = self.pick(tuple(labels))
                    name, kind = self.pick(tuple(FIELDS[labels[label]].items()))
                    change = ((name, self.constant(kind)),)
                    events.append(Event("modify", label, labels[label], change))
                else:
                    label = self.pick(tuple(labels))
                    events.append(Event("retract", label, labels.pop(label)))
            events.append(Event("run"))
        return events

    def program(self, known: int = 93, rounds: int = 3) -> Trial:
        """Return a trial; with `known` 100 it can be run by CLIPS."""
        rules = tuple(self.rule(number) for number in range(self.chance.number(1, 5)))
        script = self.script(self.chance.number(1, rounds), known)
        return Trial(TYPES, None, (), rules, script=tuple(script))


class DeepStepMaker(StepMaker):
    """Makes trials with conditions inside conditions: `forall`, and `not` around anything."""

    def group(self, bound: dict[str, list[str]]) -> str:
        """Return a condition with a scope of its own, often with another one inside."""
        form = self.chance.number(0, 9)
        if form < 2:
            return super().group(bound)
        inner = {kind: list(names) for kind, names in bound.items()}
        if form < 5:
            word = self.pick(("not not", "not exists", "not not exists"))
            return f"{word} {self.pattern(self.type_name(), inner, False)}"
        first = self.pattern(self.type_name(), inner, True)
        having = self.pick(("", "", "not ", "exists "))
        negation = "not " if form == 9 else ""
        return (
            f"{negation}forall {first} have {having}{self.pattern(self.type_name(), inner, False)}"
        )


class FallibleStepMaker(DeepStepMaker):
    """Makes trials whose steps are refused now and then, some of them after their first action.

    A field ends where `modify` may still add one, a step asserts before it changes its own fact,
    and what a fact of the type `Held` refers to cannot be retracted.
    """

    def rule(self, number: int) -> RuleText:
        """Return a rule with its actions the other way round."""
        made = super().rule(number)
        actions = list(made.actions[::-1])
        if self.happens(20):
            target = made.conditions[0].partition(":")[0]
            if made.conditions[0].startswith(f"{target}: Ball"):
                actions.insert(0, f"assert Held({target}, {self.chance.number(0, 2)})")
        return replace(made, actions=tuple(actions))

    def program(self, known: int = 93, rounds: int = 3) -> Trial:
        """Return a trial."""
        limited = tuple(one.replace("integer", "integer in 0..3") for one in TYPES)
        made = super().program(known, rounds)
        return replace(made, types=(*limited, "type Held(ball: Ball, n: integer)"))


class OrderStepMaker(StepMaker):
    """Makes trials whose patterns join by order alone, and rules that go on from what they make.

    So range indexes are asked, and new facts seed the search that made them.
    """

    first_facts = (6, 12)
    reverses = True
    """Whether a pattern may read what a later one binds, which CLIPS does not allow."""

    def pattern(self, type_name: str, bound: dict[str, list[str]], binds: bool) -> str:
        """Return a pattern that is compared with what is bound, seldom for equality."""
        slots = []
        for name, kind in self.fields[type_name].items():
            form = self.chance.number(0, 99)
            if kind == "integer" and form < 55 and bound.get(kind):
                operator = self.pick((">=", ">", "<", "<=", "!="))
                slots.append(f"{name} {operator} {self.pick(bound[kind])}")
            elif form < 85 and binds:
                self.fresh += 1
                slots.append(f"{name}: x{self.fresh}")
                bound.setdefault(kind, []).append(f"x{self.fresh}")
            elif form < 90:
                slots.append(f"{name} != {self.constant(kind)}")
        return f"{type_name}({', '.join(slots)})"

    def program(self, known: int = 85, rounds: int = 3) -> Trial:
        """Return a trial; with `known` 100 it can be run by CLIPS."""
        self.reverses = known < 100
        made = super().program(known, rounds)
        if not self.reverses:
            return made
        # A step that says something does not fire on the spot.
        rules = [
            replace(one, actions=(*one.actions, 'log "so"')) if self.happens(25) else one
            for one in made.rules
        ]
        return replace(made, rules=tuple(rules))

    def changing(self, number: int) -> RuleText:
        """Return a rule that changes a few times what others are blocked by, or need."""
        changes = (
            ("s > 0", "size = s - 1"),
            ("s < 4", "size = s + 1"),
            ("s > 0", "k = (k + 1) % 4, size = s - 1"),
        )
        more, change = changes[self.chance.number(0, len(changes) - 1)]
        conditions = [f"u{number}: Box(k: k, size: s)", more]
        if self.happens(30):
            conditions.append(f"not Mark(n {self.pick(('==', '>'))} s)")
        action = f"modify u{number}: {change}"
        return RuleText(f"r{number}", tuple(conditions), (action,), self.pick((0, 0, -10)))

    def blocking(self, number: int) -> RuleText:
        """Return a rule that makes what its own `not` forbids, or ends what its `exists` needs.

        Of the activations that one search goes on to, some hold no longer.
        """
        self.fresh += 1
        first, own = self.pick(("Ball", "Mark", "Box")), f"x{self.fresh}"
        name = next(name for name, kind in self.fields[first].items() if kind == "integer")
        bound = {"integer": [own]}
        conditions = [f"t{number}: {first}({name}: {own})"]
        if self.happens(30):
            ended = self.told()
            field = next(name for name, kind in self.fields[ended].items() if kind == "integer")
            conditions.append(f"exists {ended}({field} <= {own})")
            conditions.append(f"u{number}: {ended}()")
            actions = (f"retract u{number}",)
        else:
            made = self.pick(("Box", "Box", "Mark"))
            field = self.pick([name for name, kind in self.fields[made].items() if kind != "hue"])
            others = self.pick(("==", "==", ">="))
            conditions.append(f"not {made}({field} {others} {own})")
            if self.happens(40):
                # What goes may have stood in both.
                other = self.pick([one for one in self.fields[made] if one != field])
                free = f"{other}: y{number}, {field} > y{number}, {field} == {own}"
                free = free if self.fields[made][other] == "integer" else f"{field} == {own}"
                conditions.append(f"not {made}({free})")
            values = [
                f"{name} = {own if name == field else self.constant(kind)}"
                for name, kind in self.fields[made].items()
            ]
            actions = (f"assert {made}({', '.join(values)})",)
        for _ in range(self.chance.number(1, 2)):
            conditions.append(self.pattern(self.type_name(), bound, True))
        return RuleText(f"r{number}", tuple(conditions), actions, self.pick((0, 10)))

    def rule(self, number: int) -> RuleText:
        """Return a rule as others, or one that goes from fact to fact along others."""
        form = self.chance.number(0, 9)
        if form < 3:
            return super().rule(number)
        if form < 8:
            return self.blocking(number) if form < 6 else self.changing(number)
        along, seed = self.pick(("Box", "Ball")), "Mark"
        to = self.pick(("==", "==", ">=", "<"))
        first, second = tuple(name for name in self.fields[along])
        kind = self.fields[along][second]
        conditions = [f"{seed}(n: a, tint: t)", f"{along}({first} {to} a, {second}: b)"]
        made = f"b, {self.pick(('t', 't', *HUES))}" if kind == "integer" else "(a + 1) % 4, b"
        if self.happens(30) and self.reverses:
            conditions.reverse()
        if self.happens(30):
            conditions.append(self.pick(("a < 3", "not Mark(n == 3)", "t != red")))
        return RuleText(f"r{number}", tuple(conditions), (f"assert {seed}({made})",))
