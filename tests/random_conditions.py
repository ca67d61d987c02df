"""Random expressions and conditions over a schema of small domains, so that facts join.

Heads of rules stand in a drawn order and bodies read lower heads only, so that nearly all
programs check clean. Levels, fields and variables never share a name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from heuron.values import UNKNOWN
from trial_parts import Chance

Thing = TypeVar("Thing")

FIELDS: dict[str, dict[str, str]] = {
    "Item": {
        "size": "integer",
        "weight": "number",
        "hue": "hue",
        "ok": "boolean",
        "day": "date",
        "label": "text",
        "tags": "tags",
        "grade": "grade",
        "rank": "integer",
        "cause": "cause",
        "score": "number",
    },
    "Part": {"owner": "Item", "price": "number", "shade": "hue", "dear": "boolean"},
    "Link": {"source": "integer", "target": "integer", "wait": "duration", "at": "datetime"},
    "Token": {"n": "integer", "mood": "hue", "about": "Item"},
    "Reach": {"origin": "integer", "goes": "integer"},
    "Near": {"item": "Item", "steps": "integer"},
    "Seen": {"k": "integer", "tint": "hue"},
}
LEVELS = {
    "hue": ("red", "green", "blue"),
    "grade": ("low", "mid", "high"),
    "cause": ("worn", "wet", "cold", "loose"),
}
CONCLUDED = (
    ("Item", "grade"),
    ("Item", "rank"),
    ("Item", "cause"),
    ("Item", "score"),
    ("Part", "dear"),
)
DERIVED = ("Reach", "Near", "Seen")
OPTIONAL = (
    ("Item", "weight"),
    ("Item", "day"),
    ("Item", "label"),
    ("Item", "tags"),
    ("Link", "wait"),
    ("Link", "at"),
    ("Part", "shade"),
    ("Token", "about"),
)
DECLARED = {
    ("Item", "size"): "integer in -100..100",
    ("Item", "tags"): "list of integer",
    ("Item", "score"): "number in 0..2",
    ("Item", "rank"): "integer in -3..2",
    ("Link", "source"): "integer >= 0",
    ("Reach", "origin"): "integer in 0..2",
}
LETS = ("let few = 2", "let twice(a) = a * 2", "let odd(a) = a % 2 == 1")
DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2024, 2, 29))
MOMENTS = (datetime(2025, 12, 31, 23, 30), datetime(2026, 1, 1), datetime(2024, 2, 29, 12))


def written(value: object) -> str:
    """Return a value as it is written in a rule file."""
    if value is UNKNOWN:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"days({value.days})"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


class ConditionMaker:
    """Makes the conditions of one rule after another from a source of chance."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.fresh = 0
        self.level: dict[object, int] = {}
        self.variables: dict[str, list[str]] = {}
        self.facts: list[tuple[str, str]] = []
        self.focus: list[str] = []
        self.goal: str | None = None
        self.concluded: set[tuple[str, str]] = set()
        self.now = 99
        self.uncertain: list[str] = []
        self.plain = False
        self.many = False

    # Choices

    def pick(self, options: Sequence[Thing]) -> Thing:
        """Return one of the options."""
        return options[self.chance.number(0, len(options) - 1)]

    def happens(self, percent: int) -> bool:
        """Return true so often; false is the simpler choice."""
        return self.chance.number(1, 100) > 100 - percent

    def name(self) -> str:
        """Return a new variable."""
        self.fresh += 1
        return f"x{self.fresh}"

    def constant(self, kind: str) -> str:
        """Return a constant of a kind."""
        return written(self.value(kind))

    def value(self, kind: str) -> object:
        """Return a value of a kind, levels as their names, texts in quotes."""
        if kind in LEVELS:
            return self.pick(LEVELS[kind])
        match kind:
            case "integer":
                return self.chance.number(0, 3)
            case "number":
                return self.chance.number(-2, 8) / 4
            case "boolean":
                return bool(self.chance.number(0, 1))
            case "date":
                return self.pick(DAYS)
            case "datetime":
                return self.pick(MOMENTS)
            case "duration":
                return timedelta(days=self.chance.number(0, 3))
            case "tags":
                return tuple(self.chance.number(0, 3) for _ in range(self.chance.number(0, 3)))
        return f'"{self.pick("pq")}"'

    # Expressions

    def term(self, kind: str) -> str:
        """Return an expression of a kind: constants, variables, fields, arithmetic."""
        choices = [*self.variables.get(kind, ())]
        for variable, type_name in self.facts:
            for name in self.readable(type_name):
                if FIELDS[type_name][name] == kind and (type_name, name) not in CONCLUDED:
                    choices.append(f"{variable}.{name}")
        simple = self.pick(choices) if choices and not self.happens(30) else self.constant(kind)
        if kind == "integer" and self.happens(6):
            return self.pick(("few", f"twice({simple})", f"abs({simple} - 2)", f"max({simple}, 1)"))
        if kind == "integer" and self.happens(6):
            return self.measure() or simple
        if kind in ("duration", "datetime") and self.happens(25):
            return self.moved(kind, simple)
        if kind == "number" and self.happens(6):
            return self.pick((f"sqrt({simple})", f"round({simple}, 1)", *self.ratios()))
        if kind == "date" and self.happens(30):
            known = [f"{one}.wait" for one, type_name in self.facts if type_name == "Link"]
            span = self.pick(("days(1)", "months(1)", "years(1)", *known * 3))
            return f"today() {self.pick('+-')} {span}" if self.happens(60) else "today()"
        if kind not in ("integer", "number") or not self.happens(25):
            return simple
        other = self.pick(choices) if choices and self.happens(50) else self.constant(kind)
        operators = ("+", "-", "*", "//", "%") if kind == "integer" else ("+", "-", "/")
        return f"({simple} {self.pick(operators)} {other})"

    def moved(self, kind: str, simple: str) -> str:
        """Return a duration or a moment that is worked out."""
        if kind == "datetime":
            span = self.pick(("hours(36)", "days(1)", "months(1)", "years(1)"))
            return f"{simple} {self.pick('+-')} {span}"
        items = [variable for variable, type_name in self.facts if type_name == "Item"]
        days = [f"({one}.day - 2025-12-31)" for one in items]
        forms = ("hours(24)", f"{simple} * 2", f"{simple} / 2", f"(-{simple})", *days)
        return self.pick(forms)

    def ratios(self) -> list[str]:
        """Return numbers that are made of durations."""
        return [f"{one}.wait / days(2)" for one, type_name in self.facts if type_name == "Link"]

    def measure(self) -> str:
        """Return a whole number that a function makes of something of another kind, or nothing."""
        items = [variable for variable, type_name in self.facts if type_name == "Item"]
        if not items:
            return ""
        item = self.pick(items)
        forms = (
            "length({0}.tags)",
            "length({0}.label)",
            "day({0}.day)",
            "weekday({0}.day)",
            "year({0}.day) % 4",
            "month({0}.day)",
            "length(trim({0}.label))",
            "days_between({0}.day, today())",
            "years_between({0}.day, today())",
            "round({0}.weight)",
            "floor({0}.weight)",
            "ceil({0}.weight)",
        )
        return self.pick(forms).format(item)

    def comparison(self, left: str, kind: str, right: str | None = None) -> str:
        """Return a test of something of a kind."""
        form = self.chance.number(0, 9)
        if right is None and kind in ("integer", "number") and form == 0:
            low = self.chance.number(0, 2)
            return f"{left} in {low}..{low + 1}"
        if right is None and kind in ("integer", "hue", "grade", "cause") and form == 1:
            second = self.term(kind) if self.happens(30) else self.constant(kind)
            negation = "not " if self.happens(20) else ""
            return f"{left} {negation}in [{self.constant(kind)}, {second}]"
        if right is None and kind == "tags" and form < 7:
            return f"{self.term('integer')} {self.pick(('', 'not '))}in {left}"
        if right is None and kind == "text" and form == 1:
            return self.pick(
                (
                    'contains({0}, "q")',
                    'starts_with({0}, "p")',
                    'ends_with({0}, "p")',
                    'upper({0}) == "Q"',
                    'lower({0}) != "p"',
                    'matches({0}, "[p-r]")',
                )
            ).format(left)
        if right is None and form == 2:
            return f"{left} is {self.pick(('', 'not '))}unknown"
        if kind in ("integer", "number", "date", "datetime", "duration"):
            operators: tuple[str, ...] = ("==", "<", ">=", ">=", "<=", "!=")
        elif kind in LEVELS and self.happens(10):
            operators = ("<", ">=")
        else:
            operators = ("==", "==", "!=")
        return f"{left} {self.pick(operators)} {right or self.term(kind)}"

    def readable(self, type_name: str, concluded: bool = True) -> list[str]:
        """Return the fields of a type that may be read at this level."""
        return [
            name
            for name, kind in FIELDS[type_name].items()
            if kind != "Item"
            and (
                (type_name, name) not in CONCLUDED
                or (concluded and self.level[type_name, name] < self.now)
            )
        ]

    # Conditions

    def types(self, negative: bool) -> list[str]:
        """Return the types that may be matched at this level."""
        if self.plain:
            return ["Item"]
        derived = [
            one
            for one in DERIVED
            if self.level[one] < self.now or (self.level[one] == self.now and not negative)
        ]
        found = ["Item", "Part", "Link", "Token", *derived]
        return found + [one for one in self.focus if one in found] * 3

    def pattern(self, type_name: str, local: bool = False, concluded: bool = True) -> str:
        """Return a pattern; what a local one binds is forgotten by whoever made it."""
        slots = []
        least = 100 * self.pick((0, 1, 1, 2, 3, 4)) // (2 * len(FIELDS[type_name]))
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                items = [variable for variable, of in self.facts if of == "Item"]
                if items and self.happens(60):
                    slots.append(f"{name} {self.pick(('==', '==', '==', '!='))} {self.pick(items)}")
                elif type_name == "Token" and self.happens(8):
                    slots.append(f"about is {self.pick(('', 'not '))}unknown")
                continue
            likely = least if (type_name, name) not in self.concluded else max(least, 35)
            if name not in self.readable(type_name, concluded) or not self.happens(likely):
                continue
            if self.explicit and self.many and (type_name, name) == ("Item", "cause"):
                # Of several values each has its own certainty, so the value needs a name.
                variable = self.name()
                slots.append(f"cause: {variable}")
                self.variables.setdefault(kind, []).append(variable)
                self.uncertain += [f"cause, {variable}"]
                continue
            if (type_name, name) in CONCLUDED:
                self.uncertain += [name] if (type_name, name) in self.concluded else []
            known = self.variables.get(kind, [])
            if kind in ("integer", "hue", "number", "cause", "grade") and self.happens(55):
                if known and self.happens(50):
                    joined = self.pick(known)
                    slots.append(f"{name}: {joined}" if self.happens(50) else f"{name} == {joined}")
                else:
                    variable = self.name()
                    slots.append(f"{name}: {variable}")
                    self.variables.setdefault(kind, []).append(variable)
            elif kind == "integer" and self.happens(5):
                slots.append(f"odd({name})" if self.happens(50) else f"{name} < few")
            elif self.happens(12):
                other = self.pick(self.readable(type_name, concluded=False))
                other_test = self.comparison(other, FIELDS[type_name][other])
                slots.append(f"{name} is unknown or {other_test}")
            else:
                test = self.comparison(name, kind)
                # A slot starts with a field.
                known_tags = kind == "tags" and not test.startswith(name)
                slots.append(f"{name} is not unknown and {test}" if known_tags else test)
        if local and not slots and self.happens(80):
            plain = [one for one in self.readable(type_name, False)]
            chosen = self.pick(plain)
            if FIELDS[type_name][chosen] == "tags":
                chosen = "size"
            slots.append(self.comparison(chosen, FIELDS[type_name][chosen]))
        return f"{type_name}({', '.join(slots)})"

    def positive(self) -> list[str]:
        """Return a positive pattern with a binder, and what makes its certainties explicit."""
        type_name = self.pick(self.types(False))
        self.uncertain = []
        variable = self.name()
        text = f"{variable}: {self.pattern(type_name)}"
        needed = [f"certainty({variable}.{one}) >= 0.5" for one in self.uncertain]
        self.facts.append((variable, type_name))
        return [text, *(needed if self.explicit else [])]

    explicit = False
    """Whether the rule derives or is a step, and must say how much certainty is enough."""

    def local(self, make: Callable[[], str]) -> str:
        """Return a condition whose variables are its own."""
        variables = {kind: list(names) for kind, names in self.variables.items()}
        facts = list(self.facts)
        text = make()
        self.variables, self.facts = variables, facts
        return text

    def inner(self, negative: bool) -> str:
        """Return a pattern inside `not`, `exists`, `forall` or an aggregate."""
        return self.pattern(self.pick(self.types(negative)), True, not self.explicit)

    def nested(self, depth: int = 0) -> str:
        """Return a condition with a scope of its own."""
        form = self.chance.number(0, 6 if depth < 2 else 4)
        if self.plain:
            form = 5 if depth < 2 and self.happens(60) else 4
        if form == 0:
            return self.local(lambda: f"not {self.inner(True)}")
        if form == 1:
            return self.local(lambda: f"exists {self.inner(False)}")
        if form == 2:
            return self.local(self.forall)
        if form == 3:
            return self.local(lambda: f"not {self.scoped()}")
        if form == 4:
            return self.test()
        branches = [self.local(lambda: self.nested(depth + 1)) for _ in range(2)]
        if self.happens(30):
            branches[-1] += "\n" + self.local(lambda: self.nested(depth + 1))
        first, second = [one.replace("\n", "\n    ") for one in branches]
        return f"either:\n    {first}\nor:\n    {second}"

    def scoped(self) -> str:
        """Return what may stand behind `not`: a scope inside a scope."""
        form = self.chance.number(0, 2)
        if form == 0:
            return f"exists {self.inner(True)}"
        return f"not {self.inner(True)}" if form == 1 else self.forall()

    def forall(self) -> str:
        """Return a `forall`, which may speak of further facts for each fact."""
        pattern = self.inner(True)
        if self.happens(60):
            return f"forall {pattern} have {self.inner(True)}"
        having = self.pick((f"exists {self.inner(True)}", f"not {self.inner(True)}", "scope"))
        return f"forall {pattern} have {self.scoped() if having == 'scope' else having}"

    def test(self) -> str:
        """Return a boolean expression over what is bound."""
        left, kind = self.readable_term()
        text = self.comparison(left, kind)
        special = self.pick((self.certainty_test, self.many_test))() if self.happens(35) else ""
        if self.many and self.happens(40):
            special = self.many_test()
        text = special or text
        if self.happens(15):
            other, other_kind = self.readable_term()
            text = f"{text} {self.pick(('or', 'and'))} {self.comparison(other, other_kind)}"
        return f"not ({text})" if self.happens(15) else text

    def certainty_test(self) -> str:
        """Return a test of a certainty, or nothing."""
        choices = [
            (variable, name)
            for variable, type_name in self.facts
            for name in self.readable(type_name)
            if (type_name, name) in self.concluded and FIELDS[type_name][name] in LEVELS
        ]
        if not choices:
            return ""
        variable, name = self.pick(choices)
        level = f", {self.constant(name)}" if self.happens(60) else ""
        operator = self.pick((">=", "<", ">"))
        return f"certainty({variable}.{name}{level}) {operator} {self.pick(('0', '0.4', '-0.2'))}"

    def many_test(self) -> str:
        """Return a test of a field with several values, or nothing."""
        items = [variable for variable, of in self.facts if of == "Item"]
        if not items or self.explicit or not self.many or self.level["Item", "cause"] >= self.now:
            return ""
        item, level = self.pick(items), self.constant("cause")
        forms = ("{0}.cause == {1}", "{0}.cause != {1}", "{1} in {0}.cause", "{0}.cause is unknown")
        return self.pick(forms).format(item, f'"{level}"' if self.happens(10) else level)

    def readable_term(self) -> tuple[str, str]:
        """Return something that is bound, with its kind."""
        choices = [(name, kind) for kind, names in self.variables.items() for name in names]
        for variable, type_name in self.facts:
            for name in self.readable(type_name, concluded=not self.explicit):
                if FIELDS[type_name][name] != "cause" or not self.many:
                    found = (f"{variable}.{name}", FIELDS[type_name][name])
                    choices += [found] * (3 if (type_name, name) in self.concluded else 1)
            for name, kind in FIELDS[type_name].items():
                if kind == "Item":
                    choices.append((f"{variable}.{name}.size", "integer"))
                    choices.append((f"{variable}.{name}.hue", "hue"))
                    for of, inner in CONCLUDED if not self.explicit else ():
                        if of == "Item" and inner != "cause" and self.level[of, inner] < self.now:
                            choices += [(f"{variable}.{name}.{inner}", FIELDS[of][inner])] * 4
        return self.pick(choices) if choices else ("1", "integer")

    def binding(self) -> list[str]:
        """Return an `=` binding, mostly with a test of it."""
        variable = self.name()
        if self.plain or self.happens(20):
            kind = self.pick(("integer", "number"))
            text = f"{variable} = {self.term(kind)}"
        else:
            kind, text = self.aggregate(variable)
        self.variables.setdefault(kind, []).append(variable)
        if kind == "list":
            return [text, f"length({variable}) >= {self.chance.number(0, 2)}"]
        return [text] + ([self.comparison(variable, kind)] if self.happens(60) else [])

    def aggregate(self, variable: str) -> tuple[str, str]:
        """Return an aggregate's kind and its binding."""
        types = [one for one in self.types(True) if one not in ("Near",)]
        type_name = self.pick(types)
        numeric = [
            name
            for name in self.readable(type_name, concluded=False)
            if FIELDS[type_name][name] in ("integer", "number")
        ]
        if type_name == "Link" and self.happens(15):
            return "duration", self.local(lambda: self.waiting(variable))
        if self.happens(30) or not numeric:
            counted = self.local(lambda: self.inner(True) + self.further())
            return "integer", f"{variable} = count({counted})"
        if self.happens(15):
            return "date", self.local(lambda: self.latest(variable))
        chosen = self.pick(numeric)
        function = self.pick(("sum", "min", "max", "avg"))
        kind = "number" if function == "avg" else FIELDS[type_name][chosen]
        bound = self.name()

        def text() -> str:
            pattern = self.pattern(type_name, True, not self.explicit)
            more = self.further()
            return f"{variable} = {function}({bound}.{chosen} for {bound}: {pattern}{more})"

        if self.happens(15):
            function, kind = "collect", "list"
        return kind, self.local(text)

    def waiting(self, variable: str) -> str:
        """Return the binding of how long some links wait."""
        pattern = self.pattern("Link", True, not self.explicit)
        return f"{variable} = {self.pick(('sum', 'avg', 'max'))}(l.wait for l: {pattern})"

    def latest(self, variable: str) -> str:
        """Return the binding of the first or last day of some items."""
        pattern = self.pattern("Item", True, not self.explicit)
        return f"{variable} = {self.pick(('min', 'max'))}(i.day for i: {pattern})"

    def further(self) -> str:
        """Return more conditions of an aggregate, or nothing."""
        if not self.happens(30):
            return ""
        more = (self.inner(True), f"not {self.inner(True)}", f"exists {self.inner(True)}")
        return f", {self.pick(more)}"

    def conditions(self, needed: Sequence[str] = ()) -> list[str]:
        """Return the conditions of a rule, with patterns of the needed types among them."""
        self.variables, self.facts = {}, []
        parts: list[str] = []
        for type_name in needed:
            variable = self.name()
            self.uncertain = []
            parts.append(f"{variable}: {self.pattern(type_name)}")
            self.facts.append((variable, type_name))
            if self.explicit:
                parts += [f"certainty({variable}.{one}) >= 0.5" for one in self.uncertain]
        if self.happens(50):
            parts += self.little(bool(needed))
        else:
            more = self.pick((0, 0, 0, 1, 1, 2)) if needed else self.pick((1, 1, 2, 2, 3))
            for _ in range(0 if self.plain else more):
                parts += self.positive()
            if self.happens(40):
                parts += self.binding()
            for _ in range(self.pick((0, 0, 1, 1, 2))):
                parts.append(self.nested())
        items = [variable for variable, of in self.facts if of == "Item"]
        if self.goal == "grade" and items and self.happens(12):
            parts += self.prediction(self.pick(items))
        return parts

    def little(self, enough: bool) -> list[str]:
        """Return one condition beside a pattern: what is asked of few things often holds."""
        parts = [] if enough else self.positive()
        form = self.chance.number(0, 3)
        if form == 0:
            return parts + self.binding()
        if form == 1:
            return [*parts, self.test()]
        return [*parts, self.nested()] if form == 2 or self.plain else parts + self.positive()

    def prediction(self, item: str) -> list[str]:
        """Return a condition that asks the model `judge`, and tests of what it says."""
        variable = self.name()
        tests = (
            f"{variable}.value == {self.constant('grade')}",
            f"{variable}.value != {self.constant('grade')}",
            f"{variable}.confidence > 0.65",
            f"{variable}.answered == {self.constant('boolean')}",
        )
        return [f"{variable} = predict(judge, {item})", self.pick(tests)]
