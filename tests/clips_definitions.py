"""Steps above definitions, on the engine, the brute-force matcher and CLIPS firing by firing.

After each event derived facts and conclusions must be the same on all sides, and before every
firing the agendas. Engine and matcher must agree in everything, order too.

One difference of meaning from CLIPS is expected. Here an event is one change, with all that
follows from it; CLIPS sees its parts one after the other: the old version of a modified fact goes
before the new one comes, and a derived fact that loses its reasons goes before it is derived for
another one. What only goes and comes in between is a new fact there, and what was true before and
after is activated anew: a step fires again, or moves up. The matcher says which activations went
on through the event. Those alone may be new to CLIPS: one that has fired is taken off its agenda,
one that waits may stand elsewhere there. Both are counted; nothing else is let pass.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from clips_sides import Activation, ByOracle, Ours, Theirs
from naive import Oracle
from random_definitions import DefinitionMaker
from resolving import resolved
from trial_parts import FromRandom, Trial

MOST = 30
"""Firings in one run; a program that goes on for ever is compared up to there."""

STRATEGIES = ("depth", "breadth", "simplicity", "complexity")
"""`lex` and `mea` compare the events of facts, which derived facts share here and not in CLIPS."""


class Different(Exception):
    """Sides differ; the message says in what."""


@dataclass
class Sides:
    """One program on all three sides, and what came of it."""

    trial: Trial
    strategy: str
    counts: Counter[str] = field(default_factory=Counter)
    problem: str = ""

    def __post_init__(self) -> None:
        base = resolved(self.trial.text)
        self.engine = Ours(base, self.strategy)
        self.matcher = ByOracle(base, Oracle, self.strategy)
        self.clips = Theirs(base, self.strategy)
        self.known: dict[str, tuple[int, int]] = {}
        # Of what waits: since which event here, and CLIPS's stamp; and what it saw anew.
        self.waiting: dict[Activation, tuple[object, int]] = {}
        self.anew: set[Activation] = set()
        self.defined = set(base.derived)

    def play(self) -> None:
        """Carry out the host's script, and compare after each event."""
        for event in self.trial.script:
            values = dict(event.values)
            if event.do == "run":
                self.run()
                continue
            if event.do == "assert":
                self.clips.add(event.type, values)
                self.known[event.label] = (
                    self.engine.add(event.type, values),
                    self.matcher.add(event.type, values),
                )
            elif self.engine.holds(self.known[event.label][0]):
                self.change(event.do, *self.known[event.label], values)
            self.after_event()

    def change(self, do: str, ours: int, oracle: int, values: dict[str, Any]) -> None:
        """Modify or retract a fact on all sides; CLIPS knows it by its content alone."""
        theirs = self.clips.find(self.engine.content(ours))
        if do == "modify":
            self.engine.modify(ours, values)
            self.matcher.modify(oracle, values)
            self.clips.modify(theirs, values)
        else:
            self.engine.retract(ours)
            self.matcher.retract(oracle)
            self.clips.retract(theirs)

    def run(self) -> None:
        """Fire on all sides until quiescence or the limit."""
        for _ in range(MOST):
            agenda = self.engine.agenda()
            if not agenda:
                return
            first = agenda[0]
            self.counts["steps"] += 1
            self.counts["steps that matched derived facts"] += any(
                one[0] in self.defined for one in first[1]
            )
            self.engine.fire()
            self.matcher.fire()
            self.clips.fire(first)
            self.after_event()

    def after_event(self) -> None:
        """Compare everything after an event and what follows from it."""
        self.clips.settle()
        facts = self.engine.facts()
        conclusions = self.engine.conclusions()
        equal("facts", facts, self.clips.facts())
        equal("conclusions", conclusions, self.clips.conclusions())
        self.counts["derived facts"] += sum(one[0] in self.defined for one in facts)
        self.counts["conclusions"] += len(conclusions)
        ours = self.engine.agenda()
        equal("agendas of engine and matcher", ours, self.matcher.agenda())
        going_on = self.matcher.going_on()
        for one in self.clips.agenda():
            since, has_fired = going_on.get(one, (None, False))
            if since is None:
                raise Different(f"only CLIPS may fire {one}")
            if has_fired:
                self.clips.forget(one)
                self.counts["fired before, and new to CLIPS"] += 1
        theirs = self.clips.agenda()
        equal("agendas", sorted(ours), sorted(theirs))
        stamps = self.clips.stamps()
        before, self.waiting = self.waiting, {}
        self.anew &= set(ours)
        for one in ours:
            since = going_on[one][0]
            self.waiting[one] = since, stamps[one]
            if one in before and before[one][0] != since:
                self.anew.discard(one)
            elif one in before and before[one] != self.waiting[one]:
                self.anew.add(one)
        if ours:
            self.same_choice(ours[0], theirs)

    def same_choice(self, first: Activation, theirs: list[Activation]) -> None:
        """Compare which activation fires first, where CLIPS defines it."""
        if first in self.anew:
            self.counts["waiting, and new to CLIPS"] += 1
            return
        other = next(one for one in theirs if one not in self.anew)
        if other == first:
            return
        if self.matcher.place(first) != self.matcher.place(other):
            raise Different(f"first is {first}, to CLIPS {other}")
        self.counts["ties"] += 1


def equal(what: str, ours: object, theirs: object) -> None:
    """Raise where two sides differ."""
    if ours != theirs:
        raise Different(f"{what}:\n  {ours}\n  {theirs}")


def trial_of(seed: int) -> Trial:
    """Return the program of a seed."""
    return DefinitionMaker(FromRandom(seed)).program()


def compare(seed: int, strategy: str = "depth") -> Sides:
    """Run one random program on all sides; `problem` says in what they differ, if they do."""
    sides = Sides(trial_of(seed), strategy)
    try:
        sides.play()
    except Different as problem:
        sides.counts["different"] += 1
        sides.problem = str(problem)
    return sides
