"""Which rule asserted or modified each fact, by the fact's number."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["Makers"]


class Makers:
    """Names of rules by fact number: one by one, or for all facts that a chain of firings asserted.

    `single` is what generated code writes to; what stands there goes before the spans. Numbers are
    not given out again, so a span may keep those of facts that have ended.
    """

    __slots__ = ("_ends", "_names", "_starts", "single")

    def __init__(self) -> None:
        self.single: dict[int, str] = {}
        # INVARIANT: spans of numbers rise and do not overlap.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._names: list[str] = []

    def add_span(self, first: int, end: int, name: str) -> None:
        """Remember a rule for the numbers from `first` up to before `end`, all of them new."""
        self._starts.append(first)
        self._ends.append(end)
        self._names.append(name)

    def get(self, number: int) -> str | None:
        """Return the rule's name, or None for a fact that no rule asserted or modified."""
        name = self.single.get(number)
        if name is None and self._starts:
            at = bisect_right(self._starts, number) - 1
            if at >= 0 and number < self._ends[at]:
                return self._names[at]
        return name

    def set(self, number: int, name: str) -> None:
        """Remember the rule that asserted or modified a fact."""
        self.single[number] = name

    def forget(self, number: int) -> None:
        """Forget a fact that never was."""
        self.single.pop(number, None)
