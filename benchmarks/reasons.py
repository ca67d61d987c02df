"""A closure with and without its reasons: what it costs to know why each fact follows.

    python -m benchmarks.reasons [--markdown]

Heuron finds a reason when somebody asks for it, so a run takes the same time with and without;
CLIPS keeps its own during the run where a rule says `logical`. Processor time in medians of three
fresh sessions, collector as it always is; CLIPS by itself, in the faster order of conditions
(needs the extra `bench`).
"""

from __future__ import annotations

import sys
from statistics import median
from time import process_time

from benchmarks.engine import chain, reach, text_of
from benchmarks.sides import LIMITS, Given, on_clips

import heuron

HEADS = (
    "chain of",
    "facts",
    "run, µs a fact",
    "with a reason of each",
    "with all reasons of each",
    "CLIPS",
    "CLIPS with `logical`",
)


def on_heuron(facts: list[Given]) -> tuple[int, float, float, float]:
    """Return how many facts follow, and the seconds of a run, of first and of all reasons."""
    knowledge = heuron.loads(text_of("closure.rules"))
    times: list[tuple[float, float, float]] = []
    for _ in range(3):
        session = knowledge.session(limits=LIMITS)
        start = process_time()
        for type_name, values in facts:
            session.assert_(type_name, *values)
        session.run()
        ran = process_time() - start
        numbers = [one.number for one in session.facts("Reach")]
        start = process_time()
        for number in numbers:
            assert session.state.justification(number) is not None
        first = process_time() - start
        start = process_time()
        for number in numbers:
            assert session.state.justifications(number)
        times.append((ran, first, process_time() - start))
    ran, first, every = (median(one[at] for one in times) for at in range(3))
    return len(numbers), ran, first, every


def main(arguments: list[str]) -> int:
    """Print a row for each of three chains."""
    try:
        import clips  # noqa: F401
    except ImportError:
        print("CLIPS is not here: pip install 'heuron[bench]'")
        return 0
    bar = " | " if "--markdown" in arguments else "  "
    print(bar.join(HEADS).strip())
    for length in (50, 100, 200):
        facts: list[Given] = [("Edge", edge) for edge in chain(length)]
        count, ran, first, every = on_heuron(facts)
        plain, logical = (on_clips(reach(kept), facts, 3)[0].seconds for kept in (False, True))
        times = (ran, ran + first, ran + every, plain, logical)
        cells = (f"{length}", f"{count:,}", *(f"{one / count * 1e6:.2f}" for one in times))
        print(bar.join(cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
