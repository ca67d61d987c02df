"""Definitions made to run on the agenda plan: rules that derive, rewritten as rules that assert.

Of a program that only derives, and a host that only asserts, the facts in the end are the same
whether its rules are definitions (the fixpoint plan) or steps (the agenda plan), when a step of a
lower stratum has the higher salience: what a `not`, `forall` or aggregate reads is then complete
before it is asked.
"""

from __future__ import annotations

from random import Random

from heuron.check.tree import Base
from naive_definitions import levels
from resolving import resolved
from sessions import facts_of, session_of

TOLD = ("A", "B")
DERIVED = ("D0", "D1", "D2", "D3")
TYPES = "".join(f"type {name}(a: integer, b: integer)\n" for name in (*TOLD, *DERIVED))
PROGRAMS = 120


def rule(chance: Random, number: int) -> str:
    """Return a rule: it reads its own type and lower ones, and lower ones alone behind `not`."""
    place = chance.randrange(len(DERIVED))
    positive, lower = [*TOLD, *DERIVED[: place + 1]], [*TOLD, *DERIVED[:place]]
    known = ["x", "y"]
    lines = [f"{chance.choice(positive)}(a: x, b: y)"]
    if chance.random() < 0.5:
        lines.append(f"{chance.choice(positive)}(a == {chance.choice(known)}, b: z)")
        known.append("z")
    one = chance.choice(known)
    other = f"{chance.choice(lower)}(a == {one})"
    if chance.random() < 0.7:
        more = f"{chance.choice(lower)}(a == {one}, b >= {chance.randrange(3)})"
        lines.append(
            chance.choice(
                (
                    f"not {other}",
                    f"exists {other}",
                    f"not not {other}",
                    f"forall {other} have {more}",
                    f"count({other}) {chance.choice(('==', '<', '>='))} {chance.randrange(3)}",
                )
            )
        )
    values = f"{chance.choice(known)}, {chance.choice([*known, str(chance.randrange(3))])}"
    body = "\n".join(f"        {line}" for line in lines)
    return f"    when:\n{body}\n    then derive {DERIVED[place]}({values})\n"


def as_steps(rules: list[str], level: dict[str, int], lower_first: bool = True) -> str:
    """Return a program with steps for definitions, the lower strata before the higher ones."""
    steps = ""
    for number, text in enumerate(rules):
        salience = -level[f"r{number}"] if lower_first else level[f"r{number}"]
        steps += f"rule r{number}:\n    salience {salience}\n"
        steps += text.replace("then derive", "then assert")
    return TYPES + steps


def facts_in_the_end(text: str, told: list[tuple[str, int, int]]) -> set[str]:
    """Return all that is held after a run."""
    state = session_of(text)
    for type_name, a, b in told:
        state.add(type_name, {"a": a, "b": b})
    state.run()
    return set(facts_of(state))


def test_definitions_that_run_as_steps_come_to_the_same_facts():
    deriving = ordered = 0
    for seed in range(PROGRAMS):
        chance = Random(seed)
        rules = [rule(chance, number) for number in range(chance.randint(2, 7))]
        text = TYPES + "".join(f"rule r{number}:\n{one}" for number, one in enumerate(rules))
        told = [
            (chance.choice(TOLD), chance.randrange(4), chance.randrange(4))
            for _ in range(chance.randint(3, 9))
        ]
        base: Base = resolved(text)
        expected = facts_in_the_end(text, told)

        assert facts_in_the_end(as_steps(rules, levels(base)), told) == expected, (seed, text)
        deriving += any(one.startswith("D") for one in expected)
        ordered += facts_in_the_end(as_steps(rules, levels(base), False), told) != expected
    assert deriving > PROGRAMS // 2
    # With the strata turned round some facts are made too early: the order did matter.
    assert ordered >= 5
