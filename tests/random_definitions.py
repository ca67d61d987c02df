"""Random production systems in which steps stand above definitions: derived and concluded.

They mean the same in CLIPS (see `clips_definitions.py`): no definition reads what it derives, a
step changes one fact, and a concluded field is always known, because of two rules one always
holds.
"""

from __future__ import annotations

from random_steps import FIELDS, LEVELS, TYPES, DeepStepMaker
from trial_parts import Chance, RuleText, Trial

DERIVED = {
    "Pair": {"a": "integer", "b": "integer"},
    "Good": {"n": "integer"},
    "Tinted": {"n": "integer", "tint": "hue"},
}
CONCLUDED = {"Ball": ("grade", "grade"), "Box": ("filled", "filled")}
"""The field of a type that rules may conclude, and its kind."""


class DefinitionMaker(DeepStepMaker):
    """Makes trials of definitions, and of steps that read them."""

    first_facts = (5, 10)
    together = False

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.fields = {name: dict(own) for name, own in FIELDS.items()}
        self.types = list(TYPES)
        self.heads = [*DERIVED, *CONCLUDED]
        for place in range(len(self.heads)):
            other = chance.number(place, len(self.heads) - 1)
            self.heads[place], self.heads[other] = self.heads[other], self.heads[place]
        del self.heads[chance.number(2, len(self.heads)) :]

    def body(
        self, number: int, subject: str | None = None
    ) -> tuple[list[str], dict[str, list[str]]]:
        """Return conditions over what is defined so far, and what they bind."""
        bound: dict[str, list[str]] = {}
        first = subject or self.type_name()
        conditions = [f"d{number}: {self.pattern(first, bound, True)}"]
        for _ in range(self.pick((0, 0, 1, 1, 2))):
            conditions.append(self.pattern(self.type_name(), bound, True))
        for _ in range(self.pick((0, 1, 1))):
            conditions.append(self.group(bound))
        return conditions, bound

    def deriving(self, number: int, head: str) -> RuleText:
        """Return a rule that derives facts from what is defined already."""
        conditions, bound = self.body(number)
        values = [
            f"{name} = {self.pick(bound.get(kind) or [self.constant(kind)])}"
            for name, kind in DERIVED[head].items()
        ]
        return RuleText(f"d{number}", tuple(conditions), (f"derive {head}({', '.join(values)})",))

    def concluding(self, number: int, type_name: str) -> list[RuleText]:
        """Return two rules, one of which holds, that conclude a field."""
        field, kind = CONCLUDED[type_name]
        bound: dict[str, list[str]] = {}
        named = []
        for name, own in FIELDS[type_name].items():
            self.fresh += 1
            named.append(f"{name}: x{self.fresh}")
            bound.setdefault(own, []).append(f"x{self.fresh}")
        target = f"d{number}"
        pattern = f"{target}: {type_name}({', '.join(named)})"
        if self.happens(30):
            limit = self.chance.number(1, 2)
            own = self.pick(bound["integer"])
            either = (f"{own} >= {limit}", f"{own} < {limit}")
        else:
            inner = self.pattern(self.type_name(), bound, False)
            either = (f"exists {inner}", f"not {inner}")
        values = LEVELS[kind]
        values = values if self.happens(50) else values[::-1]
        return [
            RuleText(
                f"{target}_{value}", (pattern, test), (f"conclude {target}.{field} = {value}",)
            )
            for value, test in zip(values, either, strict=True)
        ]

    def definitions(self) -> list[RuleText]:
        """Return rules for one head after the other; each may read those before it."""
        made: list[RuleText] = []
        for number, head in enumerate(self.heads):
            if head in CONCLUDED:
                field, kind = CONCLUDED[head]
                made += self.concluding(number, head)
                self.fields[head][field] = kind
                place = next(at for at, one in enumerate(self.types) if head in one)
                self.types[place] = (
                    self.types[place][:-1] + f", {field}: {' | '.join(LEVELS[kind])})"
                )
                continue
            for again in range(self.pick((1, 1, 2))):
                made.append(self.deriving(10 * number + again, head))
            self.fields[head] = DERIVED[head]
            declared = ", ".join(
                f"{name}: {' | '.join(LEVELS[kind]) if kind in LEVELS else kind}"
                for name, kind in DERIVED[head].items()
            )
            self.types.append(f"type {head}({declared})")
        return made

    def program(self, known: int = 100, rounds: int = 3) -> Trial:
        """Return a trial, its definitions first."""
        made = self.definitions()
        steps = [self.rule(number) for number in range(self.chance.number(1, 4))]
        script = self.script(self.chance.number(1, rounds), known)
        return Trial(tuple(self.types), None, (), (*made, *steps), script=tuple(script))
