"""The two sides of the engine's benchmark: a program on Heuron, and the same program on CLIPS.

Each side is given the rules loaded and the facts in a list, and times from the first assert to
quiescence, in a fresh environment, as time of the processor: the machine may be shared, and both
sides run in one thread. What fired and what is held in the end is counted outside the
time, so that a row whose sides differ can be thrown out.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time

import heuron
from heuron.infer.limits import Limits
from heuron.knowledge.base import KnowledgeBase

Given = tuple[str, tuple[object, ...]]
"""A fact: its type, and its values in the order of the template."""

Outcome = tuple[int, Counter[tuple[str, ...]]]
"""How many activations fired, and the final facts: (type, values as text), each with its count."""

LIMITS = Limits(firings=10_000_000, steps=10**12, facts=10_000_000, seconds=3_600.0)


@dataclass(frozen=True, slots=True)
class Side:
    """What one side measured: seconds (median), and its outcome; `note` says what was chosen."""

    seconds: float
    outcome: Outcome
    note: str = ""


def on_heuron(
    rules: str, facts: Sequence[Given], repeats: int, definitions: str = "fixpoint"
) -> Side:
    """Run a program on Heuron, through the public session.

    The plan is Heuron's choice, unless definitions are made to run on the plan `agenda`.
    """
    knowledge = heuron.loads(rules)
    times, outcome = [], None
    for _ in range(repeats):
        session = knowledge.session(limits=LIMITS, definitions=definitions)
        # What an earlier run left is not collected at this one's cost.
        gc.collect()
        start = process_time()
        for type_name, values in facts:
            session.assert_(type_name, *values)
        run = session.run()
        times.append(process_time() - start)
        if outcome is None:
            outcome = _heuron_outcome(knowledge, session.state, run.cycles)
    assert outcome is not None
    return Side(median(times), outcome)


def _heuron_outcome(knowledge: KnowledgeBase, state: object, cycles: int) -> Outcome:
    from heuron.infer.session import State

    assert isinstance(state, State)
    held = Counter(
        (fact.type.lower(), *(_text(value) for value in fact.values.values()))
        for fact in state.facts()
    )
    return cycles + len(state.definitions()), held


def _text(value: object) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)


def on_clips(texts: Sequence[str], facts: Sequence[Given], repeats: int) -> tuple[Side, Side]:
    """Run a program on CLIPS; of several texts the one that is faster counts.

    Args:
        texts: The program, with its conditions in different orders.
        facts: The facts; a type's template has its name in small letters.
        repeats: How many runs make a median.

    Returns:
        CLIPS by itself (the facts are a `deffacts`, and its `reset` asserts them), and CLIPS with
        each fact asserted through clipspy.
    """
    best: tuple[Side, Side] | None = None
    for place, text in enumerate(texts):
        note = f"order {place + 1} of {len(texts)}" if len(texts) > 1 else ""
        alone = _timed_clips(text, facts, repeats, note, _reset)
        bound = _timed_clips(text, facts, repeats, note, _through_binding)
        if best is None or alone.seconds < best[0].seconds:
            best = alone, bound
    assert best is not None
    return best


def _timed_clips(
    text: str,
    facts: Sequence[Given],
    repeats: int,
    note: str,
    prepare: Callable[..., Callable[[], int]],
) -> Side:
    import clips

    times, outcome = [], None
    for _ in range(repeats):
        environment = clips.Environment()
        for construct in constructs(text):
            environment.build(construct)
        environment.reset()
        run = prepare(environment, facts)
        gc.collect()
        start = process_time()
        fired = run()
        times.append(process_time() - start)
        if outcome is None:
            outcome = fired, _clips_facts(environment)
        environment.clear()
    assert outcome is not None
    return Side(median(times), outcome, note)


def _reset(environment: object, facts: Sequence[Given]) -> Callable[[], int]:
    names = _slots(environment)
    inside = " ".join(
        f"({kind.lower()} {' '.join(map(_slot, names[kind.lower()], values))})"
        for kind, values in facts
    )
    environment.build(f"(deffacts given {inside})")  # type: ignore[attr-defined]

    def run() -> int:
        environment.reset()  # type: ignore[attr-defined]
        return int(environment.run())  # type: ignore[attr-defined]

    return run


def _slot(name: str, value: object) -> str:
    return f"({name} {_text(value)})"


def _through_binding(environment: object, facts: Sequence[Given]) -> Callable[[], int]:
    import clips

    names = _slots(environment)
    find = environment.find_template  # type: ignore[attr-defined]
    templates = {name: find(name) for name in names}
    ready = []
    for kind, values in facts:
        known = [clips.Symbol(_text(one)) if isinstance(one, str | bool) else one for one in values]
        name = kind.lower()
        ready.append((templates[name], dict(zip(names[name], known, strict=True))))

    def run() -> int:
        for template, slots in ready:
            template.assert_fact(**slots)
        return int(environment.run())  # type: ignore[attr-defined]

    return run


def _slots(environment: object) -> dict[str, list[str]]:
    return {
        template.name: [slot.name for slot in template.slots]
        for template in environment.templates()  # type: ignore[attr-defined]
        if not template.implied
    }


def _clips_facts(environment: object) -> Counter[tuple[str, ...]]:
    return Counter(
        (fact.template.name, *(str(value) for _, value in fact))
        for fact in environment.facts()  # type: ignore[attr-defined]
        if not fact.template.implied
    )


def constructs(text: str) -> list[str]:
    """Return the constructs of a CLIPS text, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(";")]
    found: list[str] = []
    depth, start = 0, 0
    joined = "\n".join(lines)
    for place, letter in enumerate(joined):
        if letter == "(":
            start = place if depth == 0 else start
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                found.append(joined[start : place + 1])
    return found
