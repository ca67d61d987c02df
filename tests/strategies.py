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
from random_steps import FallibleStepMaker, OrderStepMaker, StepMaker
from trial_parts import Event, FromRandom, Ref, RuleText, TableText, Trial

__all__ = [
    "Event",
    "Ref",
    "RuleText",
    "TableText",
    "Trial",
    "fallible_trials",
    "make_fallible",
    "make_ordered",
    "make_steps",
    "make_trial",
    "ordered_trials",
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


def make_fallible(seed: int) -> Trial:
    """Return the trial of a seed whose steps are refused now and then."""
    return replace(FallibleStepMaker(FromRandom(seed)).program(), seed=seed)


@st.composite
def fallible_trials(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Trial:
    """Random trials of steps that are refused now and then, by host and rules."""
    return FallibleStepMaker(FromDraw(draw)).program()


def make_ordered(seed: int) -> Trial:
    """Return the trial of a seed whose patterns join by order, or go from fact to fact."""
    return replace(OrderStepMaker(FromRandom(seed)).program(), seed=seed)


@st.composite
def ordered_trials(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Trial:
    """Random trials of steps that join by order, or go from fact to fact along others."""
    return OrderStepMaker(FromDraw(draw)).program()


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
