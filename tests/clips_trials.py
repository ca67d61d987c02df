"""Random production systems that mean the same in CLIPS, run side by side firing by firing.

Before every firing the two agendas must hold the same activations (rule and matched facts). Where
the first of them differ, both may be right: CLIPS does not say which of two activations of equal
salience and recency comes first. In such a tie CLIPS is made to take ours, and the trial goes on.

One difference of meaning is expected and predicted. In CLIPS a modify is a retract and an assert,
here it is one event, so there an `exists` that only the modified fact satisfies is false in
between, and its rule fires once more. Where engine and CLIPS differ, the trial is run again from
its beginning by the oracle with modifies in two halves (`InHalves`), which must agree with CLIPS
to the end, and by the plain oracle, which must differ from CLIPS exactly as the engine does.
Nothing else is let pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clips_sides import Activation, ByOracle, InHalves, Ours, Theirs
from heuron.check.tree import Base
from naive import Oracle
from random_steps import StepMaker
from resolving import resolved
from trial_parts import FromRandom, Trial

MOST = 40
"""Firings in one run; a program that goes on for ever is compared up to there."""


@dataclass
class Comparison:
    """What came of one trial: firings and ties, and how it ended.

    `end` is "same", "as predicted in halves" or "different".
    """

    trial: Trial
    firings: int = 0
    ties: int = 0
    end: str = "same"
    ours: list[Activation] = field(default_factory=list)
    theirs: list[Activation] = field(default_factory=list)


def compare(seed: int) -> Comparison:
    """Run one random program on both engines."""
    return compare_trial(StepMaker(FromRandom(seed)).program(known=100))


def compare_trial(trial: Trial) -> Comparison:
    """Run one program on both engines; on both oracles too if they differ."""
    base = resolved(trial.text)
    comparison = side_by_side(trial, base, Ours(base))
    if comparison.end == "different":
        plain = side_by_side(trial, base, ByOracle(base, Oracle))
        halves = side_by_side(trial, base, ByOracle(base, InHalves))
        if plain == comparison and halves.end == "same":
            halves.end = "as predicted in halves"
            return halves
    return comparison


def side_by_side(trial: Trial, base: Base, side: Ours | ByOracle) -> Comparison:
    """Run one program on CLIPS and on another side."""
    comparison = Comparison(trial)
    clips = Theirs(base)
    known = {}
    for event in trial.script:
        values = dict(event.values)
        match event.do:
            case "assert":
                known[event.label] = (side.add(event.type, values), clips.add(event.type, values))
            case "modify" | "retract" if not side.holds(known[event.label][0]):
                # A step has retracted it: nothing to do on either side.
                continue
            case "modify":
                ours, theirs = known[event.label]
                side.modify(ours, values)
                clips.modify(theirs, values)
            case "retract":
                ours, theirs = known[event.label]
                side.retract(ours)
                clips.retract(theirs)
            case "run":
                run(base, side, clips, comparison)
                if comparison.end != "same":
                    break
    return comparison


def run(base: Base, side: Ours | ByOracle, clips: Theirs, comparison: Comparison) -> None:
    """Fire on both sides until quiescence, the limit, or a difference."""
    saliences = {rule.name: rule.salience for rule in base.rules}
    for _ in range(MOST):
        comparison.ours, comparison.theirs = side.agenda(), clips.agenda()
        if sorted(comparison.ours) != sorted(comparison.theirs):
            comparison.end = "different"
            return
        if not comparison.ours:
            break
        ours, theirs = comparison.ours[0], comparison.theirs[0]
        if ours != theirs:
            one_event = side.event(ours) == side.event(theirs)
            if not one_event or saliences[ours[0]] != saliences[theirs[0]]:
                comparison.end = "different"
                return
            comparison.ties += 1
        side.fire()
        clips.fire(ours)
        comparison.firings += 1
    if side.facts() != clips.facts():
        comparison.end = "different"
