"""Reasons that do not depend on the order of derivation: of each fact one with the shortest proof.

On the agenda plan facts are derived depth first, so that the reason which was found first may
stand at the end of a long way round. The shortest proofs are found when somebody asks: everything
that some reason of the fact goes back to is gathered, and its facts are derived again in rounds,
as the fixpoint plan does. Of equally short proofs the one by the earlier rule is taken.
"""

from __future__ import annotations

from collections.abc import Iterable

from heuron.infer.memory import Row
from heuron.infer.reasons import Reason, Reasons

__all__ = ["ShortestReasons"]


class ShortestReasons(Reasons):
    """Reasons of facts that were derived in any order; nothing is kept of the derivation."""

    __slots__ = ()

    @property
    def is_ordered(self) -> bool:
        """Whether the order of derivation is to be kept: it is not."""
        return False

    def keep(self, number: int, reason: Reason, again: bool) -> None:
        """Do nothing: it may not be the reason with the shortest proof."""

    def order(self, numbers: Iterable[int]) -> None:
        """Do nothing: any order will do."""

    def changed(self) -> None:
        """Forget what was found: there may be a shorter proof now, or this one may be gone."""
        self.first.clear()

    def _earliest(self, type_name: str, row: Row) -> Reason | None:
        """Find the shortest proofs of a fact and of all that it may go back to."""
        types = self._strata[type_name]["derives"]
        reasons: dict[int, list[tuple[Reason, list[int]]]] = {}
        work = [row[0]]
        while work:
            number = work.pop()
            if number not in reasons:
                found = [(one, self._premises(one, types)) for one in self.all_of(number)]
                reasons[number] = found
                work += [one for _, premises in found for one in premises]
        while row[0] in reasons:
            proved = {
                number: reason
                for number, found in reasons.items()
                for reason, premises in reversed(found)
                if reasons.keys().isdisjoint(premises)
            }
            assert proved, "a derived fact has a proof"
            self.first.update(proved)
            for number in proved:
                del reasons[number]
        return self.first[row[0]]

    def _premises(self, reason: Reason, types: Iterable[str]) -> list[int]:
        """Return the facts of some types that a reason rests on and that are derived."""
        index, (rows, _, _) = reason
        return [
            row[0]
            for row, name in zip(rows, self._rules[index]["patterns"], strict=True)
            if name in types and row[0] not in self._memory.told
        ]
