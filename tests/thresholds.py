"""Where the engine goes another way with more facts, patterns or firings: brought within reach.

Random programs are small, so that brute force comes to an end. What the engine does only from
some size on would never be held against it; with these numbers as low as they go it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

LOW = {
    # A slice of a range index is taken, and put in order, however much of the type it is.
    ("heuron.infer.ranges", "FEW"): 0,
    # Facts that go, or come, make a stratum begin afresh.
    ("heuron.infer.deriving", "FEW"): 0,
    # A search goes on in another function after so many loops.
    ("heuron.plan.matcher", "LOOPS"): 2,
    ("heuron.plan.firing", "LOOPS"): 2,
    ("heuron.plan.fixpoint", "LOOPS"): 2,
    # The limits are looked at, and what is to come is taken up, after so many firings.
    ("heuron.infer.cycle", "STRETCH"): 2,
    ("heuron.infer.searching", "STRETCH"): 2,
    # A finer index is kept as soon as a bucket has two rows.
    ("heuron.plan.matcher", "LARGE"): 1,
    # Of a bucket that is not empty a gate looks at nothing.
    ("heuron.plan.module", "LARGE"): 0,
    # What is asked for is kept from the first question on.
    ("heuron.infer.memory", "SELDOM"): 0,
    ("heuron.infer.tallies", "SELDOM"): 0,
    # Few rules for one record answer by tables of rule sets.
    ("heuron.plan.masks", "MANY"): 1,
    ("heuron.plan.masks", "RULES_FOR_A_FIELD"): 0,
    ("heuron.plan.masks", "LEAST_CUTS"): 1,
    # Deeper expressions are parted.
    ("heuron.plan.expression", "NESTING"): 2,
}


@contextmanager
def lowered() -> Iterator[None]:
    """Let the engine work with the lowest thresholds."""
    before = {(name, number): getattr(import_module(name), number) for name, number in LOW}
    try:
        for (name, number), value in LOW.items():
            setattr(import_module(name), number, value)
        yield
    finally:
        for (name, number), value in before.items():
            setattr(import_module(name), number, value)
