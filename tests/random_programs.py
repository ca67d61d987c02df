"""Random rules, tables, queries, facts and host scripts: whole trials."""

from __future__ import annotations

from heuron.values import UNKNOWN
from random_conditions import (
    CONCLUDED,
    DECLARED,
    DERIVED,
    FIELDS,
    LETS,
    LEVELS,
    OPTIONAL,
    ConditionMaker,
)
from trial_parts import Event, Ref, RuleText, TableText, Trial

CERTAINTIES = ("0.25", "0.5", "0.5", "0.75", "0.75", "0.9", "1", "-0.25", "-0.5", "-0.75", "-1")


class ProgramMaker(ConditionMaker):
    """Makes whole trials from a source of chance."""

    # Rules

    def of(self, type_name: str) -> str:
        """Return a fact variable of a type."""
        return self.pick([variable for variable, of in self.facts if of == type_name])

    def head(self) -> tuple[str, str]:
        """Return a field to conclude."""
        return self.pick([one for one in CONCLUDED if one[0] == "Item" or not self.plain])

    def concluding(self, number: int, head: tuple[str, str]) -> RuleText:
        """Return a rule that concludes a field."""
        self.now, self.explicit = self.level[head], False
        parts = self.conditions([head[0]])
        kind = FIELDS[head[0]][head[1]]
        value = self.term(kind) if kind == "integer" else self.constant(kind)
        if value.isdigit():
            value = str(int(value) % 3)
        if kind == "number":
            value = self.pick(("0.5", "1.5", f"{self.of('Item')}.weight", "2 - 0.5"))
        target = self.of(head[0])
        certainty = self.pick(CERTAINTIES)
        actions = [f"conclude {target}.{head[1]} = {value}, certainty {certainty}"]
        if kind in LEVELS and self.happens(25):
            certainty = certainty if self.happens(50) else self.pick(CERTAINTIES)
            other = f"conclude {target}.{head[1]} = {self.constant(kind)}"
            actions.append(f"{other}, certainty {certainty}")
        salience = self.pick((0, 0, 0, 5, -5))
        return RuleText(f"r{number}", tuple(parts), (*actions, *self.words()), salience)

    def words(self) -> list[str]:
        """Return actions that only say something."""
        known = [name for names in self.variables.values() for name in names]
        hole = f"{{{self.pick(known)}}}" if known else "nothing"
        actions = [f'because "{{{{as}}}} {hole}"'] if self.happens(15) else []
        return actions + ([f'log "saw {hole}"'] if self.happens(15) else [])

    def deriving(self, number: int) -> RuleText:
        """Return a rule that derives facts."""
        own = [one for one in self.focus if one in DERIVED]
        type_name = self.pick((*DERIVED, *own, *own))
        self.now, self.explicit = self.level[type_name], True
        parts = self.conditions(["Item"] if type_name == "Near" else [])
        return RuleText(
            f"r{number}", tuple(parts), (f"derive {self.fact(type_name)}", *self.words())
        )

    def fact(self, type_name: str) -> str:
        """Return a fact for `assert` or `derive`."""
        arguments = []
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                items = any(of == "Item" for _, of in self.facts)
                if items and not ((type_name, name) in OPTIONAL and self.happens(50)):
                    arguments.append(f"{name} = {self.of('Item')}")
            elif (type_name, name) in CONCLUDED or (
                (type_name, name) in OPTIONAL and self.happens(50)
            ):
                continue
            elif kind == "integer" and self.facts and self.happens(25):
                # The remainder keeps a recursion from counting for ever.
                term = self.term(kind)
                value = f"({term} + 1) % 4" if "x" in term else str(self.chance.number(0, 2))
                arguments.append(f"{name} = {value}")
            else:
                known = self.variables.get(kind)
                value = self.pick(known) if known and self.happens(80) else self.constant(kind)
                value = str(int(value) % 3) if value.isdigit() else value
                arguments.append(f"{name} = {value}")
        return f"{type_name}({', '.join(arguments)})"

    def step(self, number: int) -> RuleText:
        """Return a rule that changes working memory, mostly with a way to an end."""
        self.now, self.explicit = 99, True
        own = [one for one in self.focus if one not in DERIVED]
        subject = self.pick(("Token", "Token", "Link", "Part", "Item", *own, *own, *own))
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
        actions = [*dict.fromkeys(actions), *self.words()]
        return RuleText(f"s{number}", tuple(parts), tuple(actions), salience)

    def table(self, number: int, head: tuple[str, str]) -> TableText:
        """Return a decision table about an item."""
        hit = self.pick(("first", "first", "unique", "any"))
        if self.many and head[1] == "cause":
            hit = "collect"
        self.now, self.explicit = self.level[head], False
        readable = [
            one for one in self.readable("Item") if one not in ("cause", "label", "day", "tags")
        ]
        columns = [self.pick(readable) for _ in range(self.chance.number(1, 3))]
        columns = list(dict.fromkeys(columns))
        rows = []
        for _ in range(self.chance.number(1, 4)):
            cells = tuple(self.cell(FIELDS["Item"][one]) for one in columns)
            value = self.constant(FIELDS["Item"][head[1]])
            value = str(int(value) % 3) if value.isdigit() else value
            rows.append((cells, value if head[1] != "score" else self.pick(("0.5", "1.5", "2"))))
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

    def query(self, number: int) -> str:
        """Return a named question, with one parameter."""
        self.now, self.explicit = 99, False
        self.variables, self.facts = {"integer": [f"w{number}"]}, []
        type_name = self.pick(self.types(False))
        pattern = self.pattern(type_name)
        value = self.pick(self.variables["integer"])
        return f"query q{number}(w{number}): {pattern} -> {value}"

    # Facts and the script

    def evidence(self, type_name: str, labels: dict[str, str]) -> dict[str, object]:
        """Return the values of a fact that the host asserts; some are missing, some unknown."""
        values: dict[str, object] = {}
        items = [label for label, of in labels.items() if of == "Item"]
        for name, kind in FIELDS[type_name].items():
            if kind == "Item":
                if items and not ((type_name, name) in OPTIONAL and self.happens(40)):
                    values[name] = Ref(self.pick(items))
            elif (type_name, name) in CONCLUDED:
                if self.happens(4):
                    if name == "rank":
                        values[name] = self.chance.number(0, 2)
                        continue
                    value = self.chance.number(0, 4) / 2 if kind == "number" else self.value(kind)
                    values[name] = unquoted(value)
            elif not self.happens(12):
                unknown = self.happens(4)
                values[name] = UNKNOWN if unknown else unquoted(self.value(kind))
        return values

    def script(self, rounds: int) -> list[Event]:
        """Return what the host does."""
        labels: dict[str, str] = {}
        events: list[Event] = []
        for turn in range(rounds):
            for _ in range(self.chance.number(4, 12) if turn == 0 else self.chance.number(1, 5)):
                form = self.chance.number(0, 9) if labels and turn else 0
                if form <= 4:
                    own = [one for one in self.focus if one not in DERIVED]
                    type_name = self.pick(("Item", "Part", "Link", "Token", *own, *own, *own))
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
            and kind != "Item"
            and not ((type_name, name) in OPTIONAL and self.happens(30))
        ]
        return f"{type_name}({', '.join(arguments)})"

    # Programs

    def type_texts(self) -> list[str]:
        """Return the declarations; a field that nothing concludes is optional."""
        texts = []
        for type_name, declared in FIELDS.items():
            if self.plain and type_name != "Item":
                continue
            lines = [f"type {type_name}:"]
            for name, kind in declared.items():
                kind = " | ".join(LEVELS[kind]) if kind in LEVELS else kind
                kind = DECLARED.get((type_name, name), kind)
                optional = (type_name, name) in OPTIONAL
                optional |= (type_name, name) in CONCLUDED and (
                    type_name,
                    name,
                ) not in self.concluded
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
        self.goal = self.pick((None, "grade", "rank")) if not self.many else "cause"
        self.order_heads()
        self.focus = [self.pick(("Item", "Part", "Part", "Link", "Token"))]
        self.focus.append(self.pick(("Token", *DERIVED)))
        # Some programs are about conclusions, some about derived facts, some about steps.
        bounds = self.pick(((2, 5), (6, 8), (0, 6), (1, 2), (1, 2), (0, 3), (-1, 3), (3, 9)))
        bounds = (9, 9) if plain else bounds
        forms = [0 if plain else self.chance.number(0, 9) for _ in range(self.chance.number(2, 8))]
        heads = [self.head() if form <= bounds[0] else None for form in forms]
        heads_of_tables = []
        if self.happens(40):
            heads_of_tables = [self.pick([one for one in CONCLUDED if one[0] == "Item"])]
        if self.many:
            heads.append(("Item", "cause"))
        self.concluded = {*heads_of_tables, *(one for one in heads if one is not None)}
        rules = []
        for number, head in enumerate(heads):
            if head is not None:
                rules.append(self.concluding(number, head))
            elif forms[number] <= bounds[1]:
                rules.append(self.deriving(number))
            else:
                rules.append(self.step(number))
        tables = [self.table(number, head) for number, head in enumerate(heads_of_tables)]
        if plain and self.goal is None:
            self.goal = next(
                (name for of, name in CONCLUDED if (of, name) in self.concluded), "rank"
            )
        goal = f"goal Item.{self.goal}{', many' if self.many else ''}" if self.goal else None
        types = [*LETS, *self.type_texts()]
        queries = () if plain else tuple(self.query(n) for n in range(self.chance.number(0, 2)))
        facts = () if plain else tuple(self.given_fact(n) for n in range(self.chance.number(0, 2)))
        if plain:
            values = tuple(self.evidence("Item", {}).items())
            script = [Event("assert", "f0", "Item", values), Event("run")]
        else:
            script = self.script(self.pick((1, 2, 2, 3)))
        return Trial(tuple(types), goal, facts, tuple(rules), tuple(tables), queries, tuple(script))


def unquoted(value: object) -> object:
    """Return a text without the quotes that it has in a file."""
    return value.strip('"') if isinstance(value, str) else value
