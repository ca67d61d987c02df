"""Whether a long search can end in time: estimated from a sample of it, long before the limit.

Patterns that share no field are tried in every combination, and a few thousand facts of three
types make billions of them. When a run has searched for some seconds, the rule that is at work is
tried around a few of its facts, each for a bounded number of steps; what these took, times the
facts that are still to be tried, is what the search has before it. It is stopped only when that
is several times what the limit allows, so that no search is stopped that might have ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from heuron.infer.limits import Hopeless

if TYPE_CHECKING:
    from heuron.infer.agenda import Agenda
    from heuron.infer.lazy import LazyAgenda
    from heuron.infer.limits import Budget
    from heuron.infer.memory import Memory
    from heuron.infer.truth import Truth

__all__ = ["Judge"]

SAMPLE: Final = 8
"""Facts around which the rule is tried."""
SHARE: Final = 0.25
"""What trying takes at most, as a share of the steps that the run has taken."""
MARGIN: Final = 3.0
"""How many times over the limit an estimate must be."""


class Judge:
    """Looks at the search that is under way in one session."""

    __slots__ = ("_agenda", "_budget", "_functions", "_memory", "_rules", "_truth")

    def __init__(
        self,
        memory: Memory,
        truth: Truth,
        agenda: Agenda | LazyAgenda | None,
        budget: Budget,
        rules: Mapping[int, dict[str, Any]],
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self._memory = memory
        self._truth = truth
        self._agenda = agenda
        self._budget = budget
        self._rules = rules
        self._functions = functions

    def __call__(self, taken: float, steps: int, left: float) -> None:
        """Do nothing where the search under way may end in time.

        Args:
            taken: The seconds that the run has taken.
            steps: The search steps that it has taken.
            left: The seconds that are left.

        Raises:
            Hopeless: It would take several times as long.
        """
        index, pending = self._at_work()
        if index is None:
            return
        rule = self._rules[index]
        types: tuple[str, ...] = rule["patterns"]
        if len(types) < 2 or rule["predicts"]:
            return
        sizes = [len(self._memory.table(name)) for name in types]
        place = max(range(len(types)), key=sizes.__getitem__)
        tries = sizes[place] if pending is None else pending
        bound = max(1, int(steps * SHARE / SAMPLE))
        seconds = tries * self._steps_of(index, place, bound) * taken / steps
        if seconds > MARGIN * left:
            through = ", ".join(f"{size:,} {name}" for size, name in zip(sizes, types, strict=True))
            what = (
                f"it would search for at least {_in_words(seconds)}, through combinations of "
                f"{through}, and has had {taken:.0f} seconds"
            )
            raise Hopeless(what, index)

    def _at_work(self) -> tuple[int | None, int | None]:
        """Return the rule that is being searched, and around how many facts; None: all of them."""
        if self._truth.at is not None:
            return (self._truth.at, None) if self._truth.is_whole else (None, None)
        return (None, None) if self._agenda is None else self._agenda.pending()

    def _steps_of(self, index: int, place: int, bound: int) -> float:
        """Return the search steps that a rule takes around a fact, none counted past `bound`."""
        search = self._functions[f"m{index}_s{place}"]
        table = self._memory.table(self._rules[index]["patterns"][place])
        rows = list(islice(table.values(), 0, None, max(1, len(table) // SAMPLE)))[:SAMPLE]
        found = [
            self._budget.sample(bound, lambda row=row: search(_ignore, (row,)))  # type: ignore[misc]
            for row in rows
        ]
        return sum(found) / max(1, len(found))


def _ignore(found: object) -> None:
    return None


def _in_words(seconds: float) -> str:
    for size, name in ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:,.0f} seconds"
