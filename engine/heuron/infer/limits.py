"""The limits of a run: every run ends, and one that meets a limit says what was going round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from heuron.diagnostics import Diagnostic, LimitError, Severity, Span, sentence
from heuron.values import Value

__all__ = ["Budget", "Hopeless", "LimitReached", "Limits", "hopeless_error", "limit_error"]

CHUNK: Final = 1_000_000
"""Search steps between two looks at the clock."""

PATIENCE: Final = 3.0
"""Seconds after which it is asked whether a search can end in time."""

GOING_ROUND: Final = (
    "A rule that keeps making its own conditions true never ends; test what it changes."
)
SEARCHING: Final = (
    "A rule that keeps making its own conditions true never ends, and patterns that share no "
    "field are tried in every combination; join them by a field (`b == a.id`)."
)
"""The time and the search have two causes, which nothing here tells apart."""
CROSSING: Final = (
    "Patterns that share no field are tried in every combination; join them by a field "
    "(`b == a.id`), or allow more time: `Limits(seconds=…)`."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a run may go.

    `firings` counts steps that fire, `steps` facts that are looked at while matching, `facts`
    the facts held, `seconds` the time of one run, `depth` the rounds of one recursion.

    Raises:
        TypeError: One is no whole number (`seconds`: no number).
        ValueError: One is negative.
    """

    firings: int = 100_000
    steps: int = 2_000_000_000
    facts: int = 1_000_000
    seconds: float = 60.0
    depth: int = 100_000

    def __post_init__(self) -> None:
        for name in ("firings", "steps", "facts", "seconds", "depth"):
            value = getattr(self, name)
            kinds = (int, float) if name == "seconds" else (int,)
            if isinstance(value, bool) or not isinstance(value, kinds):
                what = "a number of seconds" if name == "seconds" else "a whole number"
                raise TypeError(f"the limit `{name}` is {what}, not {value!r}")
            if not value >= 0:
                raise ValueError(f"the limit `{name}` is at least 0, not {value!r}")


class LimitReached(Exception):
    """A limit was met, seen from inside a run; the cycle turns it into a `LimitError`.

    `last` is the fact that was derived last, as type and values, where memory does not have it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.last: tuple[str, tuple[Value, ...]] | None = None


class Hopeless(LimitReached):
    """A search that would meet a limit much later, seen long before; `index` is its rule's."""

    def __init__(self, what: str, index: int) -> None:
        super().__init__(what)
        self.index = index


class Sampled(Exception):
    """A part of a search that is only measured took all the steps that it was given."""


class Budget:
    """What is left of the limits in one run.

    Generated code takes search steps off `left[0]` and calls `stop` below zero. `judge`, if set,
    is asked of a long search whether it can end in time, with the seconds and steps that the run
    has taken.
    """

    __slots__ = (
        "_deadline",
        "_patience",
        "_rest",
        "_sampling",
        "_started",
        "judge",
        "left",
        "limits",
    )

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = [0]
        self.judge: Callable[[float, int, float], None] | None = None
        self._sampling = False
        self.start()

    def start(self) -> None:
        """Begin a run with everything left."""
        self._started = monotonic()
        self._deadline = self._started + self.limits.seconds
        self._patience = self._started + PATIENCE
        first = min(CHUNK, self.limits.steps)
        self._rest = self.limits.steps - first
        self.left[0] = first

    def stop(self) -> None:
        """Go on with another chunk of search steps, or raise `LimitReached`."""
        if self._sampling:
            raise Sampled
        self.look_at_clock()
        spent = -self.left[0]
        if spent > self._rest:
            raise LimitReached(f"{self.limits.steps:,} search steps")
        more = min(CHUNK, self._rest - spent)
        self._rest -= spent + more
        self.left[0] = more
        now = monotonic()
        if self.judge is not None and now > self._patience:
            taken = now - self._started
            # Again when as much time as this has gone by once more.
            self._patience = now + taken
            self.judge(taken, self.limits.steps - self._rest, self._deadline - now)

    def sample(self, steps: int, act: Callable[[], object]) -> int:
        """Return the search steps that something takes, at most so many; the run's stay."""
        left, self.left[0], self._sampling = self.left[0], steps, True
        try:
            act()
            return steps - self.left[0]
        except Sampled:
            return steps
        finally:
            self.left[0], self._sampling = left, False

    def look_at_clock(self) -> None:
        """Raise `LimitReached` when the time is up."""
        if monotonic() > self._deadline:
            raise LimitReached(f"{self.limits.seconds:g} seconds")

    def hold(self, facts: int) -> None:
        """Raise `LimitReached` when more facts are held than may be."""
        if facts > self.limits.facts:
            raise LimitReached(f"{self.limits.facts:,} facts")


def limit_error(
    what: str,
    rules: list[str],
    last: str,
    place: tuple[str, int, int, int, int] | None,
    derived: str = "",
) -> LimitError:
    """Return the error of a run that met a limit.

    Args:
        what: The limit in words.
        rules: The rules that fired or were matched last, the most frequent first.
        last: The last bindings, in words; may be empty.
        place: Where the first of these rules stands: file, line, column, start, end.
        derived: The fact that was derived last, in words; may be empty.
    """
    names = ", ".join(f"`{name}`" for name in rules)
    hint = SEARCHING if "search steps" in what or "seconds" in what else GOING_ROUND
    message = f"The run was stopped at {what}"
    if names:
        message += f"; going round: {names}"
    if last:
        message += f" (last with {last})"
    elif derived:
        message += f" (last {derived})"
    return _error(message, hint, place)


def hopeless_error(what: str, rule: str, place: tuple[str, int, int, int, int]) -> LimitError:
    """Return the error of a search that cannot end in time: what it was to search, in words."""
    return _error(f"Rule `{rule}` was stopped: {what}", CROSSING, place)


def _error(message: str, hint: str, place: tuple[str, int, int, int, int] | None) -> LimitError:
    span = None if place is None else Span(place[0], place[3], place[4])
    line = place[1] if place is not None and place[1] else None
    column = place[2] if line is not None and place is not None else None
    return LimitError(
        Diagnostic(Severity.ERROR, "limit", sentence(message), span, hint, (), line, column)
    )
