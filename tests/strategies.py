"""Random knowledge bases as `.rules` text, with what a host does to a session of them.

One generator for two sources of chance: `random.Random` for long runs (`benchmarks/`) and
Hypothesis's `draw` for the tests. Values come from small domains, so that facts join; heads
stand in a drawn order and bodies read lower heads only, so that nearly all programs check clean.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from heuron.values import UNKNOWN

Thing = TypeVar("Thing")


class Chance(Protocol):
    """A source of choices."""

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""


class FromRandom:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""
        return self.random.randint(low, high)


class FromDraw:
    """Choices that Hypothesis draws, and can shrink."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""
        return int(self.draw(st.integers(low, high)))


# What a trial consists of: parts that can be left out one by one when a difference is minimised


@dataclass(frozen=True)
class RuleText:
    """A rule in parts."""

    name: str
    conditions: tuple[str, ...]
    actions: tuple[str, ...]
    salience: int = 0

    def __str__(self) -> str:
        lines = [f"rule {self.name}:"]
        lines += [f"    salience {self.salience}"] if self.salience else []
        if self.conditions:
            lines += ["    when:", *indented(self.conditions)]
        return "\n".join([*lines, "    then:", *indented(self.actions)])


@dataclass(frozen=True)
class TableText:
    """A decision table in parts."""

    name: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]

    def __str__(self) -> str:
        lines = [f"table {self.name}({self.head}:", "    " + " | ".join(self.columns) + " -> v"]
        lines[1] = lines[1].removesuffix("v") + self.head.split("-> ")[1].split(")")[0]
        return "\n".join(
            [*lines, *(f"    {' | '.join(cells)} -> {value}" for cells, value in self.rows)]
        )


@dataclass(frozen=True)
class Event:
    """Something the host does: `do` is assert, modify, retract or run.

    `label` names a fact of the host; a label among the values (`Ref`) is a reference.
    """

    do: str
    label: str = ""
    type: str = ""
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Ref:
    """A reference to one of the host's facts by its label."""

    label: str


@dataclass(frozen=True)
class Trial:
    """A program and a host's script."""

    types: tuple[str, ...]
    goal: str | None
    facts: tuple[str, ...]
    rules: tuple[RuleText, ...]
    tables: tuple[TableText, ...] = ()
    queries: tuple[str, ...] = ()
    script: tuple[Event, ...] = ()
    seed: int | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """The program as a `.rules` file."""
        parts = [*self.types, *([self.goal] if self.goal else [])]
        parts += ["facts:\n" + "\n".join(f"    {one}" for one in self.facts)] if self.facts else []
        parts += [*map(str, self.rules), *map(str, self.tables), *self.queries]
        return "\n".join(parts) + "\n"


def indented(parts: Sequence[str]) -> list[str]:
    """Return the lines of some conditions or actions, indented as below `when:`."""
    return [f"        {line}" for part in parts for line in part.split("\n")]


# The schema. Levels, fields and variables never share a name.

FIELDS: dict[str, dict[str, str]] = {
    "Item": {
        "size": "integer",
        "weight": "number",
        "hue": "hue",
        "ok": "boolean",
        "day": "date",
        "label": "text",
        "grade": "grade",
        "rank": "integer",
        "cause": "cause",
    },
    "Part": {"owner": "Item", "price": "number", "shade": "hue", "dear": "boolean"},
    "Link": {"source": "integer", "target": "integer"},
    "Token": {"n": "integer", "mood": "hue"},
    "Reach": {"origin": "integer", "goes": "integer"},
    "Near": {"item": "Item", "steps": "integer"},
    "Seen": {"k": "integer", "tint": "hue"},
}
LEVELS = {
    "hue": ("red", "green", "blue"),
    "grade": ("low", "mid", "high"),
    "cause": ("worn", "wet", "cold", "loose"),
}
CONCLUDED = (("Item", "grade"), ("Item", "rank"), ("Item", "cause"), ("Part", "dear"))
DERIVED = ("Reach", "Near", "Seen")
OPTIONAL = (("Item", "weight"), ("Item", "day"), ("Item", "label"), ("Part", "shade"))
ASKED = {"integer": "integer", "number": "number", "boolean": "boolean", "text": "text"}
CERTAINTIES = ("0.25", "0.5", "0.6", "0.75", "0.9", "1", "-0.25", "-0.5", "-0.75", "-1")
DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2024, 2, 29))


def written(value: object) -> str:
    """Return a value as it is written in a rule file."""
    if value is UNKNOWN:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


class Maker:
    """Makes one trial from a source of chance."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.fresh = 0
        self.level: dict[object, int] = {}
        self.variables: dict[str, list[str]] = {}
        self.facts: list[tuple[str, str]] = []
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
        if kind not in ("integer", "number") or not self.happens(25):
            return simple
        other = self.pick(choices) if choices and self.happens(50) else self.constant(kind)
        operators = ("+", "-", "*", "//", "%") if kind == "integer" else ("+", "-", "/")
        return f"({simple} {self.pick(operators)} {other})"

    def comparison(self, left: str, kind: str, right: str | None = None) -> str:
        """Return a test of something of a kind."""
        form = self.chance.number(0, 9)
        if right is None and kind in ("integer", "number") and form == 0:
            low = self.chance.number(0, 2)
            return f"{left} in {low}..{low + 1}"
        if right is None and kind in ("integer", "hue", "grade", "cause") and form == 1:
            return f"{left} in [{self.constant(kind)}, {self.constant(kind)}]"
        if right is None and form == 2:
            return f"{left} is {self.pick(('', 'not '))}unknown"
        if kind in ("integer", "number", "date"):
            operators: tuple[str, ...] = ("==", "<", ">=", ">", "<=", "!=")
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
        found = ["Item", "Part", "Link", "Token"]
        found += [
            one
            for one in DERIVED
            if self.level[one] < self.now or (self.level[one] == self.now and not negative)
        ]
        return found

    def pattern(self, type_name: str, local: bool = False, concluded: bool = True) -> str:
        """Return a pattern; what a local one binds is forgotten by whoever made it."""
        slots = []
        least = 100 * self.chance.number(0, 4) // (2 * len(FIELDS[type_name]))
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                items = [variable for variable, of in self.facts if of == "Item"]
                if items and self.happens(70):
                    slots.append(f"{name} == {self.pick(items)}")
                continue
            if name not in self.readable(type_name, concluded) or not self.happens(least):
                continue
            if (type_name, name) in CONCLUDED:
                self.uncertain.append(f"{type_name}.{name}")
            known = self.variables.get(kind, [])
            if kind in ("integer", "hue", "number") and self.happens(55):
                if known and self.happens(50):
                    joined = self.pick(known)
                    slots.append(f"{name}: {joined}" if self.happens(50) else f"{name} == {joined}")
                else:
                    variable = self.name()
                    slots.append(f"{name}: {variable}")
                    self.variables.setdefault(kind, []).append(variable)
            elif self.happens(12):
                other = self.pick(self.readable(type_name, concluded=False))
                other_test = self.comparison(other, FIELDS[type_name][other])
                slots.append(f"{name} is unknown or {other_test}")
            else:
                slots.append(self.comparison(name, kind))
        if local and not slots and self.happens(80):
            plain = [one for one in self.readable(type_name, False)]
            chosen = self.pick(plain)
            slots.append(self.comparison(chosen, FIELDS[type_name][chosen]))
        return f"{type_name}({', '.join(slots)})"

    def positive(self) -> list[str]:
        """Return a positive pattern with a binder, and what makes its certainties explicit."""
        type_name = self.pick(self.types(False))
        self.uncertain = []
        variable = self.name()
        text = f"{variable}: {self.pattern(type_name)}"
        needed = [f"certainty({variable}.{one.split('.')[1]}) >= 0.5" for one in self.uncertain]
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
        form = self.chance.number(0, 4 if depth == 0 else 3)
        if self.plain:
            form = 4 if depth == 0 and self.happens(60) else 3
        if form == 0:
            return self.local(lambda: f"not {self.inner(True)}")
        if form == 1:
            return self.local(lambda: f"exists {self.inner(False)}")
        if form == 2:
            return self.local(lambda: f"forall {self.inner(True)} have {self.inner(True)}")
        if form == 3:
            return self.test()
        first = self.local(lambda: self.nested(1))
        second = self.local(lambda: self.nested(1))
        if self.happens(30):
            second += "\n    " + self.local(lambda: self.nested(1))
        return f"either:\n    {first}\nor:\n    {second}"

    def test(self) -> str:
        """Return a boolean expression over what is bound."""
        left, kind = self.readable_term()
        text = self.comparison(left, kind)
        if self.happens(15):
            other, other_kind = self.readable_term()
            text = f"{text} {self.pick(('or', 'and'))} {self.comparison(other, other_kind)}"
        return f"not ({text})" if self.happens(15) else text

    def readable_term(self) -> tuple[str, str]:
        """Return something that is bound, with its kind."""
        choices = [(name, kind) for kind, names in self.variables.items() for name in names]
        for variable, type_name in self.facts:
            for name in self.readable(type_name, concluded=not self.explicit):
                if FIELDS[type_name][name] != "cause" or not self.many:
                    choices.append((f"{variable}.{name}", FIELDS[type_name][name]))
            for name, kind in FIELDS[type_name].items():
                if kind == "Item":
                    choices.append((f"{variable}.{name}.size", "integer"))
                    choices.append((f"{variable}.{name}.hue", "hue"))
        return self.pick(choices) if choices else ("1", "integer")

    def binding(self) -> list[str]:
        """Return an `=` binding, mostly with a test of it."""
        variable = self.name()
        if self.plain or self.happens(40):
            kind = self.pick(("integer", "number"))
            text = f"{variable} = {self.term(kind)}"
        else:
            kind, text = self.aggregate(variable)
        self.variables.setdefault(kind, []).append(variable)
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
        if self.happens(30) or not numeric:
            return "integer", self.local(lambda: f"{variable} = count({self.inner(True)})")
        chosen = self.pick(numeric)
        function = self.pick(("sum", "min", "max", "avg"))
        kind = "number" if function == "avg" else FIELDS[type_name][chosen]
        bound = self.name()

        def text() -> str:
            pattern = self.pattern(type_name, True, not self.explicit)
            return f"{variable} = {function}({bound}.{chosen} for {bound}: {pattern})"

        return kind, self.local(text)

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
                parts += [
                    f"certainty({variable}.{one.split('.')[1]}) >= 0.5" for one in self.uncertain
                ]
        more = self.pick((0, 0, 0, 1, 1, 2)) if needed else self.pick((1, 1, 2, 2, 3))
        for _ in range(0 if self.plain else more):
            parts += self.positive()
        if self.happens(25):
            parts += self.binding()
        for _ in range(self.pick((0, 0, 1, 1, 2))):
            parts.append(self.nested())
        return parts

    # Rules

    def of(self, type_name: str) -> str:
        """Return a fact variable of a type."""
        return self.pick([variable for variable, of in self.facts if of == type_name])

    def concluding(self, number: int) -> RuleText:
        """Return a rule that concludes a field."""
        heads = [one for one in CONCLUDED if one[0] == "Item"] if self.plain else CONCLUDED
        head = self.pick(heads)
        self.now, self.explicit = self.level[head], False
        parts = self.conditions([head[0]])
        kind = FIELDS[head[0]][head[1]]
        value = self.term("integer") if kind == "integer" else self.constant(kind)
        target = self.of(head[0])
        certainty = self.pick(CERTAINTIES)
        actions = [f"conclude {target}.{head[1]} = {value}, certainty {certainty}"]
        if kind in LEVELS and self.happens(20):
            other = f"conclude {target}.{head[1]} = {self.constant(kind)}"
            actions.append(f"{other}, certainty {self.pick(CERTAINTIES)}")
        salience = self.pick((0, 0, 0, 5, -5))
        return RuleText(f"r{number}", tuple(parts), tuple(actions), salience)

    def deriving(self, number: int) -> RuleText:
        """Return a rule that derives facts."""
        type_name = self.pick(DERIVED)
        self.now, self.explicit = self.level[type_name], True
        parts = self.conditions(["Item"] if type_name == "Near" else [])
        return RuleText(f"r{number}", tuple(parts), (f"derive {self.fact(type_name)}",))

    def fact(self, type_name: str) -> str:
        """Return a fact for `assert` or `derive`."""
        arguments = []
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                arguments.append(f"{name} = {self.of('Item')}")
            elif (type_name, name) in CONCLUDED or (
                (type_name, name) in OPTIONAL and self.happens(50)
            ):
                continue
            elif kind == "integer" and not self.variables.get(kind) and self.facts:
                arguments.append(f"{name} = {self.term(kind)}")
            else:
                known = self.variables.get(kind)
                value = self.pick(known) if known and self.happens(80) else self.constant(kind)
                arguments.append(f"{name} = {value}")
        return f"{type_name}({', '.join(arguments)})"

    def step(self, number: int) -> RuleText:
        """Return a rule that changes working memory, mostly with a way to an end."""
        self.now, self.explicit = 99, True
        subject = self.pick(("Token", "Token", "Link", "Part", "Item"))
        needed = ["Item"] if self.happens(20) and subject != "Item" else []
        parts = self.conditions([subject, *needed])
        target = self.facts[0][0]
        actions = []
        form = self.chance.number(0, 5)
        if form <= 2:
            name = self.pick([one for one in self.readable(subject, concluded=False)])
            kind = FIELDS[subject][name]
            if kind == "integer":
                parts.append(f"{target}.{name} < 3")
                actions.append(f"modify {target}: {name} = {target}.{name} + 1")
            else:
                value = self.constant(kind)
                if not self.happens(10):
                    parts.append(f"{target}.{name} != {value}")
                actions.append(f"modify {target}: {name} = {value}")
        elif form <= 3:
            actions.append(f"retract {target}")
        if form >= 4 or self.happens(25):
            made = self.pick(("Token", "Link", "Part"))
            if made != "Part" or any(of == "Item" for _, of in self.facts):
                actions.append(f"assert {self.fact(made)}")
        if not actions or self.happens(3):
            actions.append("halt" if self.happens(50) else f"retract {target}")
        salience = self.pick((0, 0, 0, 10, -10))
        return RuleText(f"s{number}", tuple(parts), tuple(dict.fromkeys(actions)), salience)

    def table(self, number: int) -> TableText:
        """Return a decision table about an item."""
        heads = [one for one in CONCLUDED if one[0] == "Item"]
        head = self.pick([one for one in heads if one[1] != "cause"] if not self.many else heads)
        hit = self.pick(("first", "first", "unique", "any"))
        if self.many and head[1] == "cause":
            hit = "collect"
        self.now, self.explicit = self.level[head], False
        readable = [one for one in self.readable("Item") if one not in ("cause", "label", "day")]
        columns = [self.pick(readable) for _ in range(self.chance.number(1, 3))]
        columns = list(dict.fromkeys(columns))
        rows = []
        for _ in range(self.chance.number(1, 4)):
            cells = tuple(self.cell(FIELDS["Item"][one]) for one in columns)
            rows.append((cells, self.constant(FIELDS["Item"][head[1]])))
        title = f"Item -> {head[1]}), {hit} {'hits' if hit == 'collect' else 'hit'}"
        return TableText(f"t{number}", title, tuple(columns), tuple(rows))

    def cell(self, kind: str) -> str:
        """Return a cell of a table."""
        form = self.chance.number(0, 5)
        if form == 0:
            return "-"
        if form == 1 and kind in ("integer", *LEVELS):
            return f"not {self.constant(kind)}"
        if form == 2 and kind in ("integer", *LEVELS):
            return f"{self.constant(kind)}, {self.constant(kind)}"
        if form == 3 and kind in ("integer", "number"):
            low = self.chance.number(0, 2)
            return f"{low}..{low + 1}"
        if form >= 4 and kind in ("integer", "number"):
            return f"{self.pick(('<', '>=', '>', '<='))} {self.constant(kind)}"
        return self.constant(kind)

    # Facts and the script

    def evidence(self, type_name: str, labels: dict[str, str]) -> dict[str, object]:
        """Return the values of a fact that the host asserts; some are missing, some unknown."""
        values: dict[str, object] = {}
        items = [label for label, of in labels.items() if of == "Item"]
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                if items:
                    values[name] = Ref(self.pick(items))
            elif (type_name, name) in CONCLUDED:
                if self.happens(4):
                    values[name] = unquoted(self.value(kind))
            elif not self.happens(12):
                unknown = self.happens(4)
                values[name] = UNKNOWN if unknown else unquoted(self.value(kind))
        return values

    def script(self, rounds: int) -> list[Event]:
        """Return what the host does."""
        labels: dict[str, str] = {}
        events: list[Event] = []
        for turn in range(rounds):
            for _ in range(self.chance.number(4, 10) if turn == 0 else self.chance.number(1, 4)):
                form = self.chance.number(0, 9) if labels and turn else 0
                if form <= 4:
                    type_name = self.pick(
                        ("Item", "Item", "Part", "Link", "Link", "Token", "Token")
                    )
                    if type_name == "Part" and "Item" not in labels.values():
                        type_name = "Item"
                    label = f"f{len(events)}"
                    values = self.evidence(type_name, labels)
                    events.append(Event("assert", label, type_name, tuple(values.items())))
                    labels[label] = type_name
                elif form <= 7:
                    label = self.pick(list(labels))
                    own = [
                        name
                        for name in self.readable(labels[label], concluded=False)
                        if (labels[label], name) not in CONCLUDED
                    ]
                    name = self.pick(own)
                    value = unquoted(self.value(FIELDS[labels[label]][name]))
                    events.append(Event("modify", label, labels[label], ((name, value),)))
                else:
                    label = self.pick(list(labels))
                    events.append(Event("retract", label, labels.pop(label)))
            events.append(Event("run"))
        return events

    def given_fact(self, number: int) -> str:
        """Return a fact for `facts:`."""
        type_name = self.pick(("Item", "Link", "Token", "Link"))
        arguments = [
            f"{name} = {self.constant(kind)}"
            for name, kind in FIELDS[type_name].items()
            if (type_name, name) not in CONCLUDED
            and not ((type_name, name) in OPTIONAL and self.happens(30))
        ]
        return f"{type_name}({', '.join(arguments)})"

    # Programs

    def type_texts(self, concluded: set[tuple[str, str]]) -> list[str]:
        """Return the declarations; a field that nothing concludes is optional."""
        texts = []
        for type_name, declared in FIELDS.items():
            if self.plain and type_name != "Item":
                continue
            lines = [f"type {type_name}:"]
            for name, kind in declared.items():
                kind = " | ".join(LEVELS[kind]) if kind in LEVELS else kind
                optional = (type_name, name) in OPTIONAL
                optional |= (type_name, name) in CONCLUDED and (type_name, name) not in concluded
                more = ", optional" if optional else ""
                if (type_name, name) == ("Item", "hue"):
                    more = ", default green"
                lines.append(f"    {name}: {kind}{more}")
            texts.append("\n".join(lines))
        return texts

    def order_heads(self) -> None:
        """Draw the order in which heads may read each other."""
        heads: list[object] = [*CONCLUDED, *DERIVED]
        for place in range(len(heads)):
            other = self.chance.number(place, len(heads) - 1)
            heads[place], heads[other] = heads[other], heads[place]
        self.level = {head: place for place, head in enumerate(heads)}

    def program(self, plain: bool) -> Trial:
        """Return a trial; a plain one is about a single record, with conclusions only."""
        self.plain = plain
        self.many = self.happens(30)
        self.order_heads()
        rules = []
        for number in range(self.chance.number(2, 8)):
            form = 0 if plain else self.chance.number(0, 9)
            make = self.concluding if form <= 2 else self.deriving if form <= 5 else self.step
            rules.append(make(number))
        tables = [self.table(number) for number in range(1 if self.happens(40) else 0)]
        concluded = concluded_by(rules, tables)
        goal = "goal Item.cause, many" if self.many else None
        if plain and goal is None:
            goal = f"goal Item.{next((name for of, name in sorted(concluded)), 'grade')}"
        if self.many and ("Item", "cause") not in concluded:
            rules.append(RuleText("r99", ("i99: Item(ok == true)",), ("conclude i99.cause = wet",)))
            concluded.add(("Item", "cause"))
        types = self.type_texts(concluded)
        facts = () if plain else tuple(self.given_fact(n) for n in range(self.chance.number(0, 2)))
        if plain:
            values = tuple(self.evidence("Item", {}).items())
            script = [Event("assert", "f0", "Item", values), Event("run")]
        else:
            script = self.script(self.pick((1, 2, 2, 3)))
        return Trial(tuple(types), goal, facts, tuple(rules), tuple(tables), (), tuple(script))


def unquoted(value: object) -> object:
    """Return a text without the quotes that it has in a file."""
    return value.strip('"') if isinstance(value, str) else value


def concluded_by(rules: Sequence[RuleText], tables: Sequence[TableText]) -> set[tuple[str, str]]:
    """Return the fields that some of the rules and tables conclude."""
    words = " ".join(action for rule in rules for action in rule.actions)
    words += " ".join(f"conclude t.{one.head.split('-> ')[1].split(')')[0]} " for one in tables)
    return {head for head in CONCLUDED if f".{head[1]} = " in words or f".{head[1]} " in words}


def make_trial(seed: int, plain: bool = False) -> Trial:
    """Return the trial of a seed."""
    return replace(Maker(FromRandom(seed)).program(plain), seed=seed)


@st.composite
def trials(draw: Callable[[st.SearchStrategy[Any]], Any], plain: bool = False) -> Trial:
    """Random trials: a knowledge base as text, and a host's script."""
    return Maker(FromDraw(draw)).program(plain)
