"""What follows the changes that steps make: the seam between generated code and the session.

The functions of `plan.changes` keep memory themselves. They tell the rest here: the cycle of
changes that definitions or listeners must follow, the agenda of searches to start. What they find
at odds becomes `Refused` here, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from heuron.infer.changes import Change, Refused, assert_fact, fitted_field, modify_fact
from heuron.infer.makers import Makers
from heuron.infer.memory import Memory, Row
from heuron.infer.shared import SharedMatches
from heuron.infer.step import Fired, Found, Step
from heuron.values import Value

__all__ = ["Reaction", "Start"]

Start = tuple[int, Step, Callable[..., Iterator[Found]], Row]
"""A search that an event starts: the rule's index, the rule, its generator, around which row."""


class Agenda(Protocol):
    """What an agenda does with the searches that an event starts."""

    def enter(self) -> None:
        """Take in the searches in `ready`, for the present event."""

    def awakened(self, index: int, place: int, event: int, row: Row) -> Iterator[Found]:
        """Find what the end of a row unblocks that stood in a rule's `not`."""


class Reaction:
    """What follows a change. `follows_all` says that every change goes to the cycle.

    `steps` are the rules by index, `ready` the searches that the present event starts,
    `asserted_by` the names of the rules that asserted or modified facts, by number. While `fires`,
    searches fire what they find on the spot and put it into `fired`, until there are `until`, or
    `most`, more than which must not be.
    """

    __slots__ = (
        "agenda",
        "asserted_by",
        "fired",
        "fires",
        "follows_all",
        "memory",
        "most",
        "ready",
        "steps",
        "take_in",
        "until",
    )

    def __init__(self, memory: Memory, steps: Mapping[int, Step]) -> None:
        self.memory = memory
        self.steps = steps
        self.ready: list[Start] = []
        self.asserted_by = Makers()
        self.follows_all = False
        self.fires = False
        self.fired: list[Fired] = []
        self.until = self.most = 0
        self.agenda: Agenda | None = None
        self.take_in: Callable[[list[Change]], None] | None = None

    def enter(self) -> None:
        """Let the agenda take in the searches that are ready."""
        assert self.agenda is not None
        self.agenda.enter()

    def follow(self, type_name: str, old: Row | None, new: Row | None) -> None:
        """Let definitions, agenda and listeners follow a change."""
        assert self.take_in is not None
        self.take_in([(type_name, old, new)])

    def waking(self, index: int, place: int) -> Callable[[int, Row], Iterator[Found]]:
        """Return the search for what the end of a row unblocks in a rule's `not`."""

        def search(event: int, row: Row, alone: bool = True) -> Iterator[Found]:
            assert self.agenda is not None
            return self.agenda.awakened(index, place, event, row)

        return search

    def share(self, tables: tuple[dict[int, Row], ...]) -> SharedMatches:
        """Return a place for what searches share that read these tables alone."""
        return SharedMatches(tables)

    # What generated code cannot do by itself.

    def end_chain(self, type_name: str, first: int, event: int, rule: str) -> None:
        """Complete what a chain has put into its type's table (see `plan.chain`).

        Args:
            type_name: The type.
            first: The number of the first new fact; the last one stands at the table's end.
            event: The last fact's event.
            rule: The rule that asserted them.
        """
        self.memory.enter_rest(type_name, first, event)
        self.asserted_by.add_span(first, self.memory.next_number, rule)

    def fitted(self, type_name: str, name: str, value: Value) -> Value:
        """Return a computed value in the type of its field.

        Raises:
            Refused: When the field does not accept it.
        """
        return fitted_field(self.memory, type_name, name, value)

    def hold(self, type_name: str, values: Mapping[str, Any]) -> int:
        """Hold a fact of which concluded fields are given; return its number, 0 if it was held."""
        number, change = assert_fact(self.memory, type_name, values, complete=True)
        if change is None:
            return 0
        self.follow(*change)
        return number

    def merge(self, number: int, values: Mapping[str, Any]) -> int:
        """End a fact that a modify makes equal to another one; return its negative number."""
        change = modify_fact(self.memory, number, values, complete=True)
        assert change is not None
        self.follow(*change)
        return -number

    def fault(self, number: int) -> None:
        """Refuse to change a fact that is not held any more, or that others refer to.

        Raises:
            Refused: Always.
        """
        type_name = self.memory.types.get(number)
        if type_name is None:
            raise Refused("action-failed", f"there is no fact {number}")
        raise Refused("fact-in-use", f"a fact of type `{type_name}` is referred to by others")
