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
from random_steps import DeepStepMaker, OrderStepMaker, StepMaker
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


CLIPS_STRATEGIES = ("depth", "breadth", "lex", "mea", "simplicity", "complexity")
"""Those that mean the same there once rules count for as specific (`Theirs.count_alike`)."""


MAKERS = {"plain": StepMaker, "deep": DeepStepMaker, "ordered": OrderStepMaker}
"""Programs with conditions side by side, or inside each other, or with joins by order."""


def compare(seed: int, kind: str = "plain", strategy: str = "depth") -> Comparison:
    """Run one random program of a kind (see `MAKERS`) on both engines."""
    trial = MAKERS[kind](FromRandom(seed)).program(known=100)
    base = resolved(trial.text)

    def beside(side: Ours | ByOracle) -> Comparison:
        return side_by_side(trial, base, side, Theirs(base, strategy))

    comparison = beside(Ours(base, strategy))
    if comparison.end == "different":
        plain = beside(ByOracle(base, Oracle, strategy))
        halves = beside(ByOracle(base, InHalves, strategy))
        if plain == comparison and halves.end == "same":
            halves.end = "as predicted in halves"
            return halves
    return comparison


def side_by_side(trial: Trial, base: Base, side: Ours | ByOracle, clips: Theirs) -> Comparison:
    """Run one program on CLIPS and on another side."""
    comparison = Comparison(trial)
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
                run(side, clips, comparison)
                if comparison.end != "same":
                    break
    return comparison


def run(side: Ours | ByOracle, clips: Theirs, comparison: Comparison) -> None:
    """Fire on both sides until quiescence, the limit, or a difference."""
    for _ in range(MOST):
        comparison.ours, comparison.theirs = side.agenda(), clips.agenda()
        if sorted(comparison.ours) != sorted(comparison.theirs):
            comparison.end = "different"
            return
        if not comparison.ours:
            break
        ours, theirs = comparison.ours[0], comparison.theirs[0]
        if ours != theirs:
            if side.place(ours) != side.place(theirs):
                comparison.end = "different"
                return
            comparison.ties += 1
        side.fire()
        clips.fire(ours)
        comparison.firings += 1
    if side.facts() != clips.facts():
        comparison.end = "different"
