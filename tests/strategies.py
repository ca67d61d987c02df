"""Random knowledge bases as `.rules` text, with what a host does to a session of them.

One generator for two sources of chance: seeds for long runs (`benchmarks/`), and Hypothesis's
`draw` for the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from random_programs import ProgramMaker
from random_steps import StepMaker
from trial_parts import Event, FromRandom, Ref, RuleText, TableText, Trial

__all__ = [
    "Event",
    "Ref",
    "RuleText",
    "TableText",
    "Trial",
    "make_steps",
    "make_trial",
    "step_trials",
    "trials",
]


class FromDraw:
    """Choices that Hypothesis draws, and can shrink."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""
        return int(self.draw(st.integers(low, high)))


def make_steps(seed: int) -> Trial:
    """Return the trial of a seed that is about plain steps alone."""
    return replace(StepMaker(FromRandom(seed)).program(), seed=seed)


@st.composite
def step_trials(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Trial:
    """Random trials of plain steps: joins, `not`, `exists`, and changes by host and rules."""
    return StepMaker(FromDraw(draw)).program()


def make_trial(seed: int, plain: bool = False) -> Trial:
    """Return the trial of a seed."""
    return replace(ProgramMaker(FromRandom(seed)).program(plain), seed=seed)


@st.composite
def trials(draw: Callable[[st.SearchStrategy[Any]], Any], plain: bool = False) -> Trial:
    """Random trials: a knowledge base as text, and a host's script."""
    return ProgramMaker(FromDraw(draw)).program(plain)
