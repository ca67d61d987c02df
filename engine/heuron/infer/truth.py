"""Truth maintenance: definitions brought to their fixpoint, stratum by stratum.

A derived fact is held as long as some activation derives it, and a contribution holds as long as
its activation does. After a change the strata that read what changed are brought up to date, from
the lowest up: derived facts first (`infer.deriving`), then concluded fields (`infer.concluding`).
What is done follows the change, not the size of memory; only a deriving rule that reads what
changed inside `not`, `exists` or an aggregate, or by a concluded field, has its stratum derived
afresh. Derived facts that stay keep their numbers and events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from heuron.infer.changes import Change
from heuron.infer.closing import Closing
from heuron.infer.concluding import Concluding, Contribution, Fields, Key, Matcher
from heuron.infer.deriving import Deriving
from heuron.infer.limits import Budget
from heuron.infer.memory import Memory, Row
from heuron.infer.reasons import Activation, Reasons
from heuron.infer.searching import Searching
from heuron.infer.seminaive import SemiNaive
from heuron.infer.shortest import ShortestReasons

__all__ = ["Activation", "Contribution", "Truth"]


class Truth:
    """What follows from the told facts: derived facts with justifications, settled fields.

    `at` is the index of the rule that is being searched, for the message of a limit.
    """

    __slots__ = (
        "_budget",
        "_concluding",
        "_deriving",
        "_readers",
        "_started",
        "at",
        "reasons",
    )

    def __init__(
        self,
        memory: Memory,
        outline: dict[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        make_reasons: Callable[[], Mapping[str, Callable[..., None]]],
        budget: Budget,
        searches: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """Work for one session.

        Args:
            memory: Its working memory.
            outline: The outline of its program.
            functions: The functions of the general plan.
            make_reasons: Makes those that find reasons.
            budget: Its limits.
            searches: The searches of definitions that are made to run on the agenda plan (see
                `plan.defining`); None: they run as is fastest.
        """
        rules: dict[int, dict[str, Any]] = outline["rules"]
        self.at: int | None = None
        # Searches derive depth first, so that the order of derivation says little.
        kind = Reasons if searches is None else ShortestReasons
        self.reasons = kind(memory, outline, make_reasons)
        closing: Closing
        matcher: Matcher
        if searches is None:
            plain, matcher = functions, _matching(functions)
            closing = SemiNaive(memory, rules, functions, budget, self._go_to)
        else:
            # Whole strata as plain tuples are the fixpoint plan's.
            plain, closing = {}, Searching(memory, rules, functions, searches, budget, self._go_to)
            matcher = closing.activations
        self._deriving = Deriving(memory, plain, closing, self.reasons, budget, self._go_to)
        self._concluding = Concluding(memory, outline, functions, matcher, self._go_to)
        self._budget = budget
        self._started = False
        self._readers = [_Readers(one, rules) for one in outline["strata"]]
        for mine in self._readers:
            mine.is_last = not any(
                one.reads_any(mine.stratum["derives"], but=mine) for one in self._readers
            )

    def _go_to(self, index: int) -> None:
        self.at = index

    @property
    def is_current(self) -> bool:
        """Whether what follows was worked out, and nothing has been forgotten since."""
        return self._started

    @property
    def contributions(self) -> dict[Key, dict[int, list[Contribution]]]:
        """The contributions to concluded fields, by field and fact number."""
        return self._concluding.contributions

    def reports(self) -> tuple[tuple[str, str, int], ...]:
        """Return what definitions found strange: (kind, field or table, fact)."""
        return self._concluding.reports()

    def forget(self) -> None:
        """Let the next `update` compute everything afresh."""
        self._started = False
        self._deriving.forget()

    def settle(self) -> None:
        """Make rows of facts that nobody has read so far."""
        self._deriving.settle()

    def update(
        self, changed: Iterable[Change], may_wait: bool = False
    ) -> tuple[list[Change], Fields]:
        """Bring the definitions to their fixpoint.

        Args:
            changed: The changes of told facts since the last update.
            may_wait: Nobody reads changes: derived facts that no rule reads may become rows
                later (`settle`), and are not among what is returned.

        Returns:
            The changes of derived facts, and the facts of which concluded fields changed.
        """
        self.settle()
        news = _News(changed)
        fields: Fields = {}
        everything = not self._started
        self._started = True
        told = len(news.changes)
        for readers in self._readers:
            stratum = readers.stratum
            if stratum["derive"] and (everything or readers.derive_reads(news.types, fields)):
                if everything:
                    found = self._deriving.derive(stratum, may_wait and readers.is_last)
                else:
                    found = self._derive_on(readers, news, fields)
                news.take(found)
            # A derived fact of this stratum may be what a rule of this stratum concludes from.
            if not (stratum["conclude"] or stratum["tables"] or stratum["concludes"]):
                continue
            if everything:
                fields.update(self._concluding.conclude(stratum))
            elif readers.conclude_reads(news.types, fields):
                fields.update(self._concluding.follow(stratum, news.changes, fields))
            self._budget.look_at_clock()
        self.reasons.changed()
        self._concluding.let_go(news.changes)
        self.at = None
        return news.changes[told:], fields

    def _derive_on(self, readers: _Readers, news: _News, fields: Fields) -> list[Change]:
        if not readers.can_follow(news.types, fields):
            return self._deriving.derive(readers.stratum)
        if readers.derive_reads(news.gone, fields):
            if readers.asks_itself:
                return self._deriving.derive(readers.stratum)
            return self._deriving.retract(readers.stratum, news.changes, readers.types)
        return self._deriving.go_on(readers.stratum, news.added)


class _News:
    """The changes of facts so far: all of them, and by type what was added and what is gone."""

    __slots__ = ("added", "changes", "gone", "types")

    def __init__(self, changes: Iterable[Change]) -> None:
        self.changes: list[Change] = []
        self.types: set[str] = set()
        self.gone: set[str] = set()
        self.added: dict[str, list[Row]] = {}
        self.take(changes)

    def take(self, changes: Iterable[Change]) -> None:
        """Add changes."""
        for one in changes:
            type_name, old, new = one
            self.changes.append(one)
            self.types.add(type_name)
            if old is not None or new is None:
                self.gone.add(type_name)
            else:
                self.added.setdefault(type_name, []).append(new)


class _Readers:
    """What the rules of one stratum read: types and concluded fields.

    `is_last` says that no rule of another stratum, and no concluding rule, reads what is derived;
    `asks_itself` that a rule asks `exists` or `either` about what is derived: then what some fact
    supports is not found around it.
    """

    __slots__ = ("_conclude", "_derive", "_nested", "asks_itself", "is_last", "stratum")

    def __init__(self, stratum: dict[str, Any], rules: dict[int, dict[str, Any]]) -> None:
        self.stratum = stratum
        self.is_last = False
        self._derive = _reads([rules[index] for index in stratum["derive"]])
        self._derive[0].update(stratum["derives"])
        self._nested = {name for index in stratum["derive"] for name in rules[index]["nested"]}
        self.asks_itself = not self._nested.isdisjoint(stratum["derives"])
        rows = [rules[index] for index in (*stratum["conclude"], *stratum["tables"])]
        self._conclude = _reads(rows)
        # A fact that comes or goes takes what is settled about it along.
        self._conclude[0].update(type_name for type_name, _ in stratum["concludes"])

    @property
    def types(self) -> set[str]:
        """The types that the deriving rules read or derive."""
        return self._derive[0]

    def reads_any(self, types: Iterable[str], but: _Readers) -> bool:
        """Return whether rules read some of these types, deriving rules of `but` left out."""
        mine = self._conclude[0] if self is but else self._conclude[0] | self._derive[0]
        return not mine.isdisjoint(types)

    def derive_reads(self, types: set[str], fields: Fields) -> bool:
        """Return whether the deriving rules read something that changed."""
        return bool(self._derive[0] & types or self._derive[1] & fields.keys())

    def can_follow(self, types: set[str], fields: Fields) -> bool:
        """Return whether the deriving rules read what changed by their patterns alone."""
        return self._nested.isdisjoint(types) and self._derive[1].isdisjoint(fields)

    def conclude_reads(self, types: set[str], fields: Fields) -> bool:
        """Return whether the concluding rules and tables read something that changed."""
        return bool(self._conclude[0] & types or self._conclude[1] & fields.keys())


def _matching(functions: Mapping[str, Callable[..., Any]]) -> Matcher:
    """Return a matcher by the functions of the general plan."""

    def matches(index: int, place: int | None, seeds: Sequence[Row]) -> list[Activation]:
        found: list[Activation] = []
        if place is None:
            functions[f"m{index}"](found.append)
        else:
            functions[f"m{index}_s{place}"](found.append, seeds)
        return found

    return matches


def _reads(rules: list[dict[str, Any]]) -> tuple[set[str], set[Key]]:
    types: set[str] = set()
    fields: set[Key] = set()
    for rule in rules:
        types.update(rule["patterns"])
        types.update(rule["nested"])
        fields.update(rule["reads"])
    return types, fields
