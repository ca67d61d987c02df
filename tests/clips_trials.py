"""Random production systems that mean the same in CLIPS, run side by side step by step.

Before every firing the two agendas must hold the same activations (rule and matched facts).
Where the first of them differ, both may be right: CLIPS does not say which of two activations of
equal salience and recency comes first. Such ties are counted and end the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import clips

import clips_text
from heuron.check.tree import Base
from heuron.infer.load import Engine
from heuron.infer.session import State
from heuron.plan.lower import lower
from random_steps import StepMaker
from resolving import resolved
from trial_parts import FromRandom, Trial

MOST = 40
Activation = tuple[str, tuple[tuple[object, ...], ...]]


@dataclass
class Comparison:
    """What came of one trial: firings that agreed, and how it ended.

    `end` is "same" (both came to quiescence or to the limit), "tie" or "different".
    """

    trial: Trial
    firings: int = 0
    end: str = "same"
    ours: list[Activation] = field(default_factory=list)
    theirs: list[Activation] = field(default_factory=list)


def compare(seed: int) -> Comparison:
    """Run one random program on both engines."""
    trial = StepMaker(FromRandom(seed)).program(known=100)
    comparison = Comparison(trial)
    base = resolved(trial.text)
    state = Engine(lower(base), base.texts).session()
    environment = clips.Environment()
    for construct in clips_text.constructs(base):
        environment.build(construct)
    ours: dict[str, int] = {}
    theirs: dict[str, Any] = {}
    for event in trial.script:
        values = dict(event.values)
        match event.do:
            case "assert":
                ours[event.label] = state.add(event.type, values)
                text = clips_text.fact(event.type, values)
                theirs[event.label] = environment.assert_string(text)
            case "modify" | "retract" if state.fact(ours[event.label]) is None:
                # A step has retracted it: nothing to do on either side.
                continue
            case "modify":
                state.modify(ours[event.label], **values)
                theirs[event.label].modify_slots(**modified(values))
            case "retract":
                state.retract(ours[event.label])
                theirs[event.label].retract()
            case "run":
                run(base, state, environment, comparison)
                if comparison.end != "same":
                    break
    return comparison


def modified(values: dict[str, object]) -> dict[str, object]:
    """Return values as clipspy takes them: levels are symbols."""
    return {
        name: clips.Symbol(one) if isinstance(one, str) else one for name, one in values.items()
    }


def run(base: Base, state: State, environment: Any, comparison: Comparison) -> None:
    """Fire on both sides until quiescence, the limit, or a difference."""
    firings = 0
    while firings < MOST:
        comparison.ours = our_agenda(state)
        comparison.theirs = their_agenda(base, environment)
        if sorted(comparison.ours) != sorted(comparison.theirs):
            comparison.end = "different"
            return
        if not comparison.ours:
            break
        if comparison.ours[0] != comparison.theirs[0]:
            comparison.end = "tie" if is_tie(base, state, comparison) else "different"
            return
        state.run(1)
        environment.run(1)
        comparison.firings += 1
        firings += 1
    ours = sorted(content(state, one.number) for one in state.facts())
    theirs = sorted(their_content(base, one) for one in environment.facts())
    if ours != theirs:
        comparison.end = "different"


def content(state: State, number: int) -> tuple[object, ...]:
    """Return one of our facts as a value, all of it text."""
    fact = state.fact(number)
    assert fact is not None
    return (fact.type, *(str(value) for value in fact.values.values()))


def our_agenda(state: State) -> list[Activation]:
    """Return our agenda, the next activation first."""
    return [
        (one.rule, tuple(content(state, number) for number in one.matched))
        for one in state.agenda()
    ]


def their_content(base: Base, fact: Any) -> tuple[object, ...]:
    """Return one of their facts as a value."""
    names = base.templates[fact.template.name].names
    return (fact.template.name, *(str(fact[name]) for name in names))


def their_agenda(base: Base, environment: Any) -> list[Activation]:
    """Return their agenda; `*` stands for `not` and `exists`, which match no fact."""
    facts = {f"f-{one.index}": their_content(base, one) for one in environment.facts()}
    agenda = []
    for one in environment.activations():
        matched = str(one).split(":", 1)[1].strip().split(",")
        agenda.append((one.name, tuple(facts[each] for each in matched if each in facts)))
    return agenda


def is_tie(base: Base, state: State, comparison: Comparison) -> bool:
    """Return whether both first activations have one salience and were completed by one event."""
    chosen = (comparison.ours[0], comparison.theirs[0])
    saliences = {rule.salience for rule in base.rules for one in chosen if rule.name == one[0]}
    assert state._agenda is not None
    events = {
        one.event
        for one in state._agenda.waiting()
        if (one.rule["name"], tuple(content(state, row[0]) for row in one.rows)) in chosen
    }
    return len(saliences) == len(events) == 1
