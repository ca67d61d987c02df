"""Whether a long search can end in time: estimated from a sample of it, long before the limit.

Patterns that share no field are tried in every combination, and a few thousand facts of three
types make billions of them. When a run has searched for some seconds, the search that is at work is
looked up among the calls under way: the rule, and around which facts it goes. A few combinations
of its first facts are drawn, and the rest of the rule is searched for around each of them, for a
bounded number of steps. As long as most of them reach the bound, one more pattern is drawn with
them. What three quarters of the draws take, for half of all combinations, is less than what the
search has before it, as far as a sample can tell.

It is stopped only when that is several times what the limits allow, and nothing that is found may
end it: a definition is searched for to the end, but a step that fires may halt the run, or take
away facts that the search would have gone through. So a run that ends by itself is not stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import prod
from random import Random
from re import fullmatch
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from heuron.check.reads import patterns
from heuron.check.tree import (
    ANY,
    Assert,
    Bind,
    Call,
    Compare,
    Condition,
    FactVariable,
    FieldOf,
    Halt,
    Modify,
    Pattern,
    Predict,
    Retract,
    Rule,
    Test,
)
from heuron.check.walk import walk
from heuron.infer.limits import Hopeless
from heuron.plan.conclusions import definitions
from heuron.plan.general import plan_conditions

if TYPE_CHECKING:
    from types import FrameType

    from heuron.infer.limits import Budget
    from heuron.infer.memory import Row
    from heuron.infer.session import State

__all__ = ["judge"]

DRAWS: Final = 16
"""Combinations of facts around which the rest of a rule is searched for."""
QUARTER: Final = DRAWS // 4
DEPTH: Final = 3
"""The most patterns whose facts are drawn."""
SHARE: Final = 0.03
"""What a sample takes at most, as a share of the steps that the run has taken."""
MARGIN: Final = 3.0
"""How many times over what is left an estimate must be."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A search under way: its rule, and the place of the pattern around whose rows it goes.

    `seeds` are these rows, or all that a lazy search is still to go around; None: it is for
    all facts, and `place` says nothing.
    """

    rule: Rule
    place: int
    seeds: Sequence[Row] | None


def judge(state: State, budget: Budget, taken: float, steps: int, left: float) -> None:
    """Do nothing where the search under way in a session may end in time.

    Args:
        state: The session.
        budget: What is left of its limits.
        taken: The seconds that the run has taken.
        steps: The search steps that it has taken.
        left: The seconds that are left.

    Raises:
        Hopeless: It would take several times as long.
    """
    work = _at_work(state)
    if work is None or not _can_be_tried(work.rule):
        return
    total, pace = _estimate(state, budget, work, steps)
    # Some of it may be done.
    further = total - steps
    seconds = further * min(pace, taken / steps)
    if seconds > MARGIN * left:
        how_long = f"for at least {_in_words(seconds)}"
    elif further > MARGIN * (budget.limits.steps - steps):
        how_long = f"through at least {further:,.0f} facts"
    else:
        return
    own = patterns(work.rule.conditions)
    sizes = [len(state.memory.table(one.type_name)) for one in own]
    if work.seeds is not None:
        sizes[work.place] = len(work.seeds)
    pairs = zip(sizes, own, strict=True)
    through = ", ".join(f"{size:,} {one.type_name}" for size, one in pairs)
    raise Hopeless(
        f"it would search {how_long}, through combinations of {through}, "
        f"and has had {taken:.0f} seconds",
        work.rule.index,
    )


# What is at work.


def _at_work(state: State) -> _Work | None:
    """Return the search that the calls under way are in, if all of it must be done."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        named = fullmatch(r"([dhklm])(\d+)(?:_s(\d+))?", code.co_name)
        if named and code.co_filename.startswith("<heuron "):
            kind, index, place = named.groups()
            return _work(state, kind, int(index), place, frame.f_locals)
        frame = frame.f_back
    return None


def _work(
    state: State, kind: str, index: int, place: str | None, names: dict[str, Any]
) -> _Work | None:
    program = state.engine.program
    rules = (*definitions(program), *program.steps)
    rule = next((one for one in rules if one.index == index and isinstance(one, Rule)), None)
    if not isinstance(rule, Rule):
        return None
    if place is None:
        return _Work(rule, 0, None)
    at = int(place)
    if kind != "l":
        seeds = names.get("seeds")
        return _Work(rule, at, seeds) if isinstance(seeds, Sequence) else None
    if state.may_stop or _may_end(program.steps, rule, program.derived):
        return None
    pending = state.pending(f"l{index}_s{place}")
    return _Work(rule, at, [names["seed"], *pending])


# How much it is.


def _estimate(state: State, budget: Budget, work: _Work, steps: int) -> tuple[float, float]:
    """Return how many steps a search takes at least, and the seconds of one."""
    memory, own = state.memory, patterns(work.rule.conditions)
    rows: list[Sequence[Row]] = [[*memory.table(one.type_name).values()] for one in own]
    order = sorted(range(len(own)), key=lambda at: -len(rows[at]))
    if work.seeds is not None:
        rows[work.place] = work.seeds
        order.remove(work.place)
        order.insert(0, work.place)
    order = [at for at in order if own[at].identity is None and not own[at].each]
    if work.seeds is not None and order[:1] != [work.place]:
        return 0.0, 0.0
    bound = max(1, int(steps * SHARE / DRAWS / DEPTH))
    total = pace = 0.0
    for depth in range(1, min(DEPTH, len(own) - 1, len(order)) + 1):
        drawn = order[:depth]
        if not all(rows[at] for at in drawn):
            return 0.0, 0.0
        taken, seconds = _sample(state, budget, work.rule, drawn, [rows[at] for at in drawn], bound)
        taken.sort()
        # Three of four draws take as much: so do, but for chance, half of all combinations.
        total = max(total, 0.5 * prod(len(rows[at]) for at in drawn) * taken[QUARTER - 1])
        pace = seconds / max(1, sum(taken))
        if taken[QUARTER - 1] < bound:
            break
    return total, pace


def _sample(
    state: State,
    budget: Budget,
    rule: Rule,
    drawn: list[int],
    rows: list[Sequence[Row]],
    bound: int,
) -> tuple[list[int], float]:
    """Return what it takes to search around draws of rows, none beyond `bound`, and seconds."""
    own = patterns(rule.conditions)
    fixed = {own[at].variable: own[at].type_name for at in drawn}
    source = plan_conditions(state.engine.program, _without(rule, fixed), fixed)
    find = state.engine.compiled("sample", source)["make"](*state.closed_over())["find"]
    chance = Random(0)
    combinations = [[chance.choice(some) for some in rows] for _ in range(DRAWS)]
    began = monotonic()
    taken = [
        budget.sample(bound, lambda some=some: find(_ignore, *some))  # type: ignore[misc]
        for some in combinations
    ]
    return taken, monotonic() - began


def _can_be_tried(rule: Rule) -> bool:
    """Return whether a rule is a join whose conditions can be asked without anybody noticing."""
    if len(patterns(rule.conditions)) < 2:
        return False
    return not any(
        isinstance(one, Predict) or (isinstance(one, Call) and one.host)
        for one in walk(rule.conditions)
    )


def _may_end(steps: Sequence[Rule], rule: Rule, derived: Container[str]) -> bool:
    """Return whether a firing may cut a lazy search of a step short.

    It may halt the run, or change facts of a type that the rule reads, other than by adding such
    as its patterns match.
    """
    read = {one.type_name for one in walk(rule.conditions) if isinstance(one, Pattern)}
    matched = {one.type_name for one in patterns(rule.conditions)}
    if any(one in derived for one in read):
        return True
    for step in steps:
        types = {one.variable: one.type_name for one in patterns(step.conditions)}
        for action in step.actions:
            match action:
                case Halt():
                    return True
                case Modify() | Retract() if types[action.variable] in read:
                    return True
                case Assert() if action.type_name in read - matched:
                    return True
    return False


def _without(rule: Rule, fixed: dict[str, str]) -> tuple[Condition, ...]:
    """Return a rule's conditions where the facts of some patterns are given from outside."""
    conditions: list[Condition] = []
    for one in rule.conditions:
        if not isinstance(one, Pattern) or one.variable not in fixed:
            conditions.append(one)
            continue
        tests = list(one.tests)
        if one.identity is not None:
            own = FactVariable(type=one.identity.type, name=one.variable)
            tests.append(
                Compare(type=one.identity.type, operator="==", left=own, right=one.identity)
            )
        for binding in one.bindings:
            read = FieldOf(type=ANY, variable=one.variable, field=binding.field)
            conditions.append(Bind(variable=binding.variable, expression=read))
        conditions += [Test(expression=test) for test in tests]
    return tuple(conditions)


def _ignore(found: object) -> None:
    return None


def _in_words(seconds: float) -> str:
    for size, name in ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:,.0f} seconds"
