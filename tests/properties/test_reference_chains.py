"""References that lead on to references: the engine against the oracle while any of them changes.

`t.part.owner.size` joins three facts. Each may be modified or retracted, may be unknown, and may
have a concluded field at its end.
"""

from __future__ import annotations

from random import Random

from heuron.check import analyse
from playing import by_engine, by_oracle
from strategies import Event, Ref, RuleText, Trial

TYPES = (
    "type Item:\n    size: integer, optional\n    hue: red | green\n    rank: low | high, optional",
    "type Part:\n    owner: Item, optional\n    price: integer",
    "type Tag:\n    part: Part, optional\n    n: integer\n    level: up | down, optional",
    "type Held(n: integer, size: integer)",
    "type Note(n: integer, size: integer)",
)
RANK = (
    RuleText("low", ("i: Item(size < 2)",), ("conclude i.rank = low, certainty 0.6",)),
    RuleText("high", ("i: Item(size >= 1)",), ("conclude i.rank = high, certainty 0.7",)),
)
READS = (
    "t.part.owner.size == {c}",
    "t.part.owner.size >= t.n",
    "t.part.owner.hue == red",
    "t.part.price + t.part.owner.size > {c}",
    "t.part.owner.size is unknown or t.n == {c}",
    "not (t.part.owner.hue == green)",
    "exists Part(price >= {c}, owner == t.part.owner)",
    "not Tag(n > t.n, part == t.part)",
    "count(Part(owner == t.part.owner)) >= {c}",
    "forall Tag(part == t.part) have Item(size >= {c})",
    "not Item(size > t.part.owner.size)",
    "sum(s.part.price for s: Tag(n >= t.n)) > {c}",
)
BESIDE = (
    "Part(price >= t.n)",
    "Part(owner == t.part.owner)",
    "Part(owner == t.part.owner, price == t.n)",
    "Part(price < t.part.owner.size)",
    "i: Item(size >= {c})\nt.part.owner == i",
    "Item(size == t.part.price)",
    "u: Tag(n < t.n, part == t.part)\nu.part.owner.size >= {c}",
    "u: Tag(n == t.part.owner.size)\nu.part.owner == t.part.owner",
    "u: Tag(n >= t.n)\nu.part.owner.hue == t.part.owner.hue",
)
"""Further patterns of a rule, with what they are tested for."""
LEVEL = RuleText(
    "level", ("t: Tag()", "t.part.owner.rank == high"), ("conclude t.level = up, certainty 0.8",)
)
"""Certainty goes along the chain: 0.8 times what is known of the item's rank."""
PROGRAMS = 100


def rules(chance: Random) -> tuple[RuleText, ...]:
    """Return rules that define and rules that change, each about a tag's chain."""
    made = [*RANK]
    for number in range(chance.randint(1, 4)):
        reads = [one.format(c=chance.randrange(3)) for one in chance.sample(READS, 2)]
        if chance.random() < 0.5:
            beside = chance.choice(BESIDE).format(c=chance.randrange(3)).split("\n")
            reads = [*beside, *reads[: chance.randint(0, 1)]]
        first = ["t: Tag()", *reads]
        chance.shuffle(first)
        size = chance.choice(("t.part.owner.size", "t.part.price", "t.n"))
        what = chance.randrange(5)
        if what == 0:
            actions: tuple[str, ...] = (f"derive Held(t.n, {size})",)
        elif what == 1:
            actions = ("modify t: n = t.n + 1",)
            first.append("t.n < 3")
        elif what == 2:
            actions = ("retract t",)
        else:
            first.append(f"{size} >= 0")
            actions = (f"assert Note(t.n, {size})",)
        made.append(RuleText(f"r{number}", tuple(first), actions))
    return tuple(made)


def script(chance: Random) -> tuple[Event, ...]:
    """Return what the host does to items, parts and tags."""
    labels: dict[str, str] = {}
    events: list[Event] = []

    def value(type_name: str, name: str) -> object:
        target = {"owner": "Item", "part": "Part"}.get(name)
        if target is None:
            return chance.choice(("red", "green")) if name == "hue" else chance.randrange(4)
        known = [label for label, of in labels.items() if of == target]
        return Ref(chance.choice(known)) if known else None

    fields = {"Item": ("size", "hue"), "Part": ("owner", "price"), "Tag": ("part", "n")}
    for turn in range(3):
        for _ in range(chance.randint(6, 10) if turn == 0 else chance.randint(1, 4)):
            form = chance.randrange(10) if turn else 0
            if form < 4 or not labels:
                type_name = chance.choice(("Item", "Part", "Part", "Tag", "Tag"))
                values = [(name, value(type_name, name)) for name in fields[type_name]]
                known = tuple(one for one in values if one[1] is not None and chance.random() < 0.9)
                events.append(Event("assert", f"f{len(events)}", type_name, known))
                labels[events[-1].label] = type_name
                continue
            label = chance.choice(list(labels))
            type_name = labels[label]
            if form < 8:
                name = chance.choice(fields[type_name])
                if (new := value(type_name, name)) is not None:
                    events.append(Event("modify", label, type_name, ((name, new),)))
            else:
                events.append(Event("retract", label, type_name))
        events.append(Event("run"))
    return tuple(events)


def test_chains_of_references_agree_with_the_oracle():
    effects = certain = 0
    for seed in range(PROGRAMS):
        chance = Random(seed)
        made = rules(chance)
        if seed % 3 == 0:
            made = (*made, LEVEL)
        trial = Trial(TYPES, None, (), made, script=script(chance))
        base, problems = analyse(trial.text, "trial.rules")
        assert base is not None, (trial.text, [str(one) for one in problems])
        for peek in (False, True):
            expected = by_oracle(base, trial, peek)

            for plan in ("fixpoint", "agenda"):
                found = by_engine(base, trial, peek, definitions=plan)
                assert found == expected, (seed, plan, trial.text, trial.script)
        effects += any(expected.fired)
        certain += any(one[0] == "level" for run in expected.definitions for one in run)
    assert effects > PROGRAMS // 5
    assert certain > 2
