"""Aggregates over groups, with dates, durations, enumerations and unknown fields among them.

Loans of people come, change and go; rules sum them up by person, conclude, derive, and change
them. The engine against the oracle, the agenda looked at before each firing or not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from heuron.check import analyse
from playing import by_engine, by_oracle
from strategies import Event, RuleText, Trial

TYPES = (
    "type Loan:\n    who: text\n    amount: number, optional\n    kind: car | house | other\n"
    "    due: date, optional\n    term: duration, optional\n    paid: boolean, optional",
    "type Person:\n    name: text\n    risk: low | mid | high, optional\n"
    "    limit: integer, optional",
    "type Total(who: text, n: integer)",
    "type Note(who: text, n: integer)",
)
GROUPS = (
    "s = sum(l.amount for l: Loan(who == x))\ns > {c}",
    "n = count(Loan(who == x, kind == {e}))\nn >= {c}",
    "m = max(l.due for l: Loan(who == x))\nm > {day}",
    "m = min(l.due for l: Loan(kind == {e}))\nm < today()",
    "t = sum(l.term for l: Loan(who == x))\nt > days({c})",
    "a = avg(l.amount for l: Loan(who == x, paid == true))\na >= {c}",
    "a = avg(l.term for l: Loan(paid == false))\na / days(2) < {c}",
    "k = count(l.paid for l: Loan(who == x))\nk == {c}",
    "count(Loan(who == x, due < today() - days({c}))) > 0",
    "length(collect(l.kind for l: Loan(who == x))) >= {c}",
    "sum(l.amount for l: Loan(who == x), not Loan(who == x, amount > l.amount)) > {c}",
)
CONDITIONS = (
    "forall Loan(who == x) have Loan(who == x, paid == true)",
    "not exists Loan(who == x, kind == {e})",
    "either:\n    exists Loan(who == x, amount > {c})\nor:\n    p.limit is unknown",
    "exists Loan(who == x, due + days({c}) > today())",
    "not (p.limit > {c})",
    "not forall Loan(who == x) have not Loan(who == x, kind > {e})",
    "p.limit in {c}..5 or p.limit is unknown",
    "exists Loan(who == x, years_between(due, today()) >= {c})",
    "not Loan(who == x, term >= days({c}))",
)
FIELDS = {
    "Loan": ("who", "amount", "kind", "due", "term", "paid"),
    "Person": ("name", "limit"),
}
DAYS = (date(2024, 2, 29), date(2025, 12, 30), date(2026, 1, 1), date(2026, 1, 3))
VALUES: dict[str, Callable[[Random], object]] = {
    "who": lambda chance: chance.choice("ab"),
    "name": lambda chance: chance.choice("ab"),
    "amount": lambda chance: chance.randrange(5) / 2,
    "kind": lambda chance: chance.choice(("car", "house", "other")),
    "due": lambda chance: chance.choice(DAYS),
    "term": lambda chance: timedelta(days=chance.randrange(4)),
    "paid": lambda chance: chance.random() < 0.5,
    "limit": lambda chance: chance.randrange(5),
}
PROGRAMS = 80


def rule(chance: Random, number: int) -> RuleText:
    """Return a rule about a person and the loans with that name."""

    def filled(text: str) -> str:
        kind, day = chance.choice(("car", "house")), chance.choice(("2025-12-31", "2026-01-02"))
        return text.format(c=chance.randrange(4), e=kind, day=day)

    conditions = ["p: Person(name: x)"]
    if chance.random() < 0.6:
        conditions += filled(chance.choice(GROUPS)).split("\n")
    conditions += [filled(chance.choice(CONDITIONS)) for _ in range(chance.randint(0, 2))]
    level, certainty = chance.choice(("low", "mid", "high")), chance.choice(("0.5", "-0.4", "1"))
    actions = (
        f"conclude p.risk = {level}, certainty {certainty}",
        f"conclude p.risk = {level}, certainty 0.7",
        f"derive Note(x, {chance.randrange(2)})",
        f"modify p: limit = {chance.randrange(4)}",
        f"assert Total(x, {chance.randrange(3)})",
        "retract q",
        "modify q: paid = true",
    )
    action = chance.choice(actions)
    if " q" in action:
        conditions.append("q: Loan(who == x)")
    chance.shuffle(conditions)
    return RuleText(f"r{number}", tuple(conditions), (action,), chance.choice((0, 0, 5, -5)))


def script(chance: Random) -> tuple[Event, ...]:
    """Return what the host does to loans and people."""
    labels: dict[str, str] = {}
    events: list[Event] = []
    for turn in range(3):
        for _ in range(chance.randint(5, 9) if turn == 0 else chance.randint(1, 4)):
            if turn == 0 or chance.random() < 0.4:
                type_name = chance.choice(("Loan", "Loan", "Person"))
                label = f"f{len(events)}"
                given = tuple(
                    (name, VALUES[name](chance))
                    for name in FIELDS[type_name]
                    if name in ("who", "name") or chance.random() < 0.85
                )
                events.append(Event("assert", label, type_name, given))
                labels[label] = type_name
                continue
            label = chance.choice(list(labels))
            if chance.random() < 0.7:
                name = chance.choice(FIELDS[labels[label]])
                change = ((name, VALUES[name](chance)),)
                events.append(Event("modify", label, labels[label], change))
            else:
                events.append(Event("retract", label, labels[label]))
        events.append(Event("run"))
    return tuple(events)


def test_groups_agree_with_the_oracle():
    steps = definitions = 0
    for seed in range(PROGRAMS):
        chance = Random(seed)
        rules = tuple(rule(chance, number) for number in range(chance.randint(2, 5)))
        trial = Trial(TYPES, None, (), rules, script=script(chance))
        base, problems = analyse(trial.text, "trial.rules")
        assert base is not None, (trial.text, [str(one) for one in problems])
        peek = seed % 2 == 1
        expected = by_oracle(base, trial, peek)

        for plan in ("fixpoint", "agenda"):
            found = by_engine(base, trial, peek, definitions=plan)
            assert found == expected, (seed, plan, trial.text, trial.script)
        steps += any(expected.fired)
        definitions += any(expected.definitions)
    assert steps > PROGRAMS // 3
    assert definitions > PROGRAMS // 3
