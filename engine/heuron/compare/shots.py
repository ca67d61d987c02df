"""What each rule contributed to the goal on each row: the material of scorecards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.compare.scorecard import Loss, Shot
from heuron.knowledge.evidence import Evidence
from heuron.knowledge.finding import Finding, RecordFinding
from heuron.learn.contract import Contract
from heuron.plan.settle import best, settle
from heuron.values import Value

if TYPE_CHECKING:
    from datetime import date

    from heuron.knowledge.base import KnowledgeBase

__all__ = [
    "Contribution",
    "Contributions",
    "amounting",
    "contributions",
    "goal_rules",
    "shots",
]

Contribution = tuple[str, int, Value, float, int]
"""A rule's name and index, the value it speaks of, its certainty, and its rank."""


def goal_rules(kb: KnowledgeBase) -> tuple[str, ...]:
    """Return the rules and rows of tables that conclude the goal, in rule order."""
    goal = kb.engine.goal
    assert goal is not None
    rules = kb.engine.rules
    names = [
        rules[index]["name"] for index in sorted(rules) if goal[:2] in rules[index]["concludes"]
    ]
    return tuple(dict.fromkeys(names))


class Fired(NamedTuple):
    """The contributions of all rows, and what each rule's absence would change, in rule order."""

    shots: tuple[Shot, ...]
    losses: tuple[Loss, ...]


def shots(
    kb: KnowledgeBase,
    contract: Contract,
    given: Sequence[Evidence],
    truths: Sequence[Value],
    today: date | None,
    findings: Sequence[Finding] = (),
) -> Fired:
    """Return each rule's contributions to the goal: one a row and value, however often it fired.

    Args:
        kb: The rules; models are not asked.
        contract: Says what counts as right.
        given: The rows, checked; the goal is left out of them.
        truths: The true value of the goal in each row.
        today: The day of the comparison.
        findings: What the rules found about each row, if they were asked already: rows of one
            pattern of firings are then looked at once.
    """
    found: list[Shot] = []
    changes: dict[str, list[int]] = {name: [0, 0, 0] for name in goal_rules(kb)}
    signs: dict[str, list[tuple[int, int]]] = {}
    known: dict[object, Contributions] = {}
    for row, (evidence, truth) in enumerate(zip(given, truths, strict=True)):
        key = _pattern_key(findings[row]) if findings else None
        pattern = known.get(key) if key is not None else None
        if pattern is None:
            pattern = contributions(kb, evidence, today)
            if key is not None:
                known[key] = pattern
        found += [
            Shot(name, value, certainty, contract.is_right(value, truth), row)
            for name, value, certainty in pattern.shots
        ]
        was = _is_right(contract, pattern.value, truth)
        for name, after in pattern.without:
            counts = changes.setdefault(name, [0, 0, 0])
            would = _is_right(contract, after, truth)
            counts[0] += was and not would
            counts[1] += would and not was
            counts[2] += pattern.value != after
            if was != would:
                signs.setdefault(name, []).append((row, would - was))
    losses = (
        Loss(name, lost, won, changed, tuple(signs.get(name, ())))
        for name, (lost, won, changed) in changes.items()
    )
    return Fired(tuple(found), tuple(losses))


class Contributions(NamedTuple):
    """Contributions as (rule, value, certainty), their value, and that without each rule."""

    shots: tuple[tuple[str, object, float], ...]
    value: object | None
    without: tuple[tuple[str, object | None], ...]


def _pattern_key(finding: Finding) -> object | None:
    """Return what decides the contributions to the goal, if the record plan says it.

    Where all values of the goal are constants, so are the contributions of rules that fired with
    the same certainties of what they read; the plan's tuple holds both.
    """
    if not isinstance(finding, RecordFinding):
        return None
    engine, raw = finding.engine, finding.result.raw
    if any(constants is None for _, _, _, constants, _, _ in engine.layout.values()):
        return None
    try:
        key = (tuple(raw[0]), *(_frozen(one) for one in raw[2:]))
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def contributions(kb: KnowledgeBase, evidence: Evidence, today: date | None) -> Contributions:
    """Return the contributions to the goal of one record."""
    goal = kb.engine.goal
    assert goal is not None
    record = {name: value for name, value in evidence.record.items() if name != goal[1]}
    state = kb.engine.session(kb.host(today=today))
    number = state.add(goal[0], record)
    return amounting(
        [
            (kb.engine.rules[index]["name"], index, value, certainty, rank)
            for value, certainty, rank, index, _ in state.contributions(number, goal[1])
        ]
    )


def amounting(contributions: Sequence[Contribution]) -> Contributions:
    """Return what contributions, in rule order, amount to: with and without each rule."""
    of_row: dict[tuple[int, object], tuple[str, object, float]] = {}
    for name, index, value, certainty, _ in contributions:
        of_row.setdefault((index, value), (name, value, certainty))
    before = _value([one[2:] for one in contributions])
    without: list[tuple[str, object | None]] = []
    for name in dict.fromkeys(one[0] for one in contributions):
        # Less for another value, or less against the one that holds, changes no answer.
        matters = any(
            one[0] == name and (one[3] > 0.0) == (before is not None and one[2] == before)
            for one in contributions
        )
        rest = [one[2:] for one in contributions if one[0] != name]
        without.append((name, _value(rest) if matters else before))
    return Contributions(tuple(of_row.values()), before, tuple(without))


def _is_right(contract: Contract, value: object | None, truth: Value) -> bool:
    return value is not None and contract.is_right(value, truth)


def _value(contributions: Sequence[Any]) -> object | None:
    """Return the value that contributions amount to, as the engine settles it."""
    levels, _ = settle(contributions)
    held = best(levels)
    return held[0][0] if held else None
