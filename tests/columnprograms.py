"""Random programs about one record that strain the column plan: many rules, chains, every type.

`strategies` makes few rules with many kinds of conditions; here are many rules whose conditions
compare, calculate and call functions, tables of every kind, fields that rules compute together,
texts that are concluded, and certainties that depend on certainties.
"""

from __future__ import annotations

import random

__all__ = ["column_program"]

HEADER = """type R:
    a: integer, optional
    b: number, optional
    c: number in -5..100, optional
    hue: red | green | blue, optional
    on: boolean, optional
    name: text, optional
    nick: text, optional
    tags: list of integer, optional
    day: date, optional
    due: date, optional
    at: datetime, optional
    wait: duration, optional
    {middle}: low | high | none
    {other}: yes | no
    word: text
    total: number in -20..60
    whole: integer
    tint: red | green | blue
    flag: boolean
    kind: v0 | v1 | v2 | v3
"""

LEVELS = {
    "middle": ("low", "high", "none"),
    "other": ("yes", "no"),
    "kind": ("v0", "v1", "v2", "v3"),
    "tint": ("red", "green", "blue"),
    "flag": ("true", "false"),
    "word": ('"p"', '"q"', '"tom"'),
}

TESTS = (
    "a {op} {n}",
    "b {op} {n}.5",
    "c {op} {n}",
    "{n} {op} a",
    "a in {n}..{m}",
    "b not in {n}..{m}",
    "a in [{n}, {m}, 4]",
    "a not in [{n}, {m}]",
    "hue == {hue}",
    "hue != {hue}",
    "hue in [{hue}, {hue2}]",
    "hue < {hue}",
    "on",
    "not on",
    'name == "{text}"',
    'name != "{text}"',
    'name in ["{text}", "bob"]',
    "name == nick",
    "name != nick",
    "name < nick",
    'name >= "b"',
    'contains(name, "o")',
    'upper(nick) == "TOM"',
    "length(name) > {n}",
    "{n} in tags",
    "tags is unknown",
    "length(tags) > 1",
    "day > 2026-11-2{digit}",
    "day == today() - days({n})",
    "due - day > days({n})",
    "days_between(day, due) {op} {n}",
    "years_between(day, today()) >= 0",
    "day + months(1) >= due",
    "month(day) == 11 or a > {n}",
    "weekday(day) {op} {n}",
    "at > 2026-11-24T0{digit}:30",
    "wait {op} days({n})",
    "wait * 2 >= days({n})",
    "a is unknown or b > {n}",
    "hue is not unknown",
    "a + b {op} {n}",
    "a * 2 - c {op} {n}",
    "b / a {op} {n}",
    "a % 3 == {digit}",
    "floor(b) == ceil(c)",
    "round(b) {op} {n}",
    "max(a, {n}) {op} c",
    "min(b, c) {op} {n}",
    "sqrt(b) {op} {n}",
    "abs(a) {op} {n}",
    "a == b",
    "a != c",
    "not (a > {n} and on)",
    "(a > {n}) == on",
    "a in [{n}, b]",
    "a not in [{n}, b]",
)
CHAINED = (
    "middle == {middle}",
    "middle != {middle}",
    "other == {other}",
    "middle is unknown or a > {n}",
    "middle in [low, none]",
    'word == "{text}"',
    "word != name",
    "total {op} {n}",
    "whole {op} {n}",
    "tint == hue",
    "flag",
)
CERTAINTIES = ("1", "0.9", "0.9", "0.6", "0.5", "0.3", "0.25", "-0.4", "-0.5", "-1")
COMPUTED = {
    "total": ("r.b + r.c", "r.a * 1.5", "r.b", "2.5", "r.c / r.a", "7", "r.b + r.c"),
    "whole": ("r.a", "r.a + 1", "3", "length(r.name)", "floor(r.b)", "r.a"),
    "tint": ("r.hue", "red", "r.hue", "blue"),
    "flag": ("r.on", "true", "r.a > 3"),
}


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def test(self, forms: tuple[str, ...], chained: int) -> str:
        """Return a test; so many in a hundred read what is concluded."""
        pick = self.chance.choice
        form = pick(CHAINED) if self.chance.randrange(100) < chained else pick(forms)
        n = self.chance.randrange(0, 8)
        return form.format(
            op=pick(("==", "!=", "<", "<=", ">", ">=", ">", "<=")),
            n=n,
            m=n + self.chance.randrange(1, 6),
            digit=self.chance.randrange(3),
            hue=pick(LEVELS["tint"]),
            hue2=pick(LEVELS["tint"]),
            text=pick(("tom", "ann", "zoe")),
            middle=pick(LEVELS["middle"]),
            other=pick(LEVELS["other"]),
        )

    def conditions(self, forms: tuple[str, ...], chained: int) -> str:
        """Return the conditions of a rule."""
        count = self.chance.choice((1, 1, 2, 2, 3))
        tests = ", ".join(self.test(forms, chained) for _ in range(count))
        lines = [f"        r: R({tests})"]
        if self.chance.randrange(100) < 12:
            first, second = (self.test(forms, chained) for _ in range(2))
            lines += ["        either:", f"            {dotted(first)}"]
            lines += ["        or:", f"            {dotted(second)}"]
        return "\n".join(lines)

    def rule(self, number: int, field: str, forms: tuple[str, ...], chained: int) -> str:
        """Return a rule that concludes a field."""
        pick = self.chance.choice
        values = COMPUTED.get(field, ()) if self.chance.randrange(100) < 60 else ()
        value = pick(values or LEVELS.get(field, ("1", "2.5" if field == "total" else "3")))
        text = f"rule r{number}:\n"
        if self.chance.randrange(100) < 20:
            text += f"    salience {pick((-5, 5, 10))}\n"
        text += f"    when:\n{self.conditions(forms, chained)}\n"
        certainty = pick(CERTAINTIES)
        text += f"    then:\n        conclude r.{field} = {value}, certainty {certainty}\n"
        if self.chance.randrange(100) < 8 and field in LEVELS:
            text += f"        conclude r.{field} = {pick(LEVELS[field])}, certainty 0.3\n"
        return text

    def table(self, number: int, field: str) -> str:
        """Return a decision table, of one of the kinds of hits."""
        pick = self.chance.choice
        hit = pick(("first", "first", "unique", "any"))
        columns = self.chance.sample(("a", "b", "c", "hue", "on", "middle"), 3)
        text = f"table t{number}(R -> {field}), {hit} hit:\n    {' | '.join(columns)} -> {field}\n"
        for _ in range(self.chance.choice((2, 4, 60))):
            cells = [self.cell(one) for one in columns]
            text += f"    {' | '.join(cells)} -> {pick(LEVELS[field])}\n"
        return text

    def cell(self, column: str) -> str:
        """Return a cell of a table."""
        if self.chance.randrange(100) < 40:
            return "-"
        if column == "on":
            return self.chance.choice(("true", "false"))
        if column in ("hue", "middle"):
            names = LEVELS["tint" if column == "hue" else "middle"]
            return self.chance.choice((names[0], f"not {names[1]}", f"{names[1]}, {names[2]}"))
        n = self.chance.randrange(8)
        return self.chance.choice((f"> {n}", f"<= {n}", f"{n}..{n + 3}", f"{n}", f"not {n}"))


def dotted(test: str) -> str:
    """Return a test of a pattern's own fields as one that stands alone."""
    words = "a b c hue on name nick tags day due at wait middle other word total whole tint flag"
    found = []
    for part in test.replace("(", "( ").replace(")", " )").replace(",", " ,").split(" "):
        bare = part.strip("[]")
        if bare in words.split() and not part.startswith('"'):
            part = part.replace(bare, f"r.{bare}")
        found.append(part)
    return " ".join(found).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def column_program(seed: int) -> str:
    """Return the program of a seed as text of a rule file."""
    chance = random.Random(seed)
    maker = _Maker(chance)
    text = HEADER.format(middle="middle", other="other")
    text += "goal R.kind\n"
    simple = TESTS[:18] if chance.randrange(100) < 50 else TESTS
    number = 0
    # A field is read by the fields that stand after it alone, so that nothing goes round.
    for field, chained in (("middle", 0), ("other", 0), ("word", 0), ("total", 0), ("whole", 0),
                           ("tint", 0), ("flag", 0), ("kind", 35)):  # fmt: skip
        most = 70 if field == "kind" and chance.randrange(100) < 25 else 6
        for _ in range(chance.randrange(1, most)):
            text += maker.rule(number, field, simple, chained)
            number += 1
        if field in ("other", "kind") and chance.randrange(100) < 50:
            text += maker.table(number, field)
    return text
