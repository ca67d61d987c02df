"""Semi-naive rounds: every rule is matched around the facts of the round before, a set at a time.

For strata that cannot be derived as plain tuples, and for what is added to any (Bancilhon and
Ramakrishnan, 1986). The searches are those of `plan.general`, which count every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from heuron.infer.closing import DERIVE, Derivation, New
from heuron.infer.limits import Budget, LimitReached
from heuron.infer.memory import Memory, Row
from heuron.infer.reasons import Activation, Reason

__all__ = ["SemiNaive"]


class SemiNaive:
    """Closes a stratum in rounds."""

    __slots__ = ("_at", "_budget", "_functions", "_memory", "_rules")

    def __init__(
        self,
        memory: Memory,
        rules: dict[int, dict[str, Any]],
        functions: Mapping[str, Callable[..., Any]],
        budget: Budget,
        at: Callable[[int], None],
    ) -> None:
        self._memory = memory
        self._rules = rules
        self._functions = functions
        self._budget = budget
        self._at = at

    def close(
        self, stratum: dict[str, Any], derivation: Derivation, added: New | None
    ) -> Iterator[New]:
        """Yield the new rows of each round, until one has none; see `Closing`."""
        delta = self._round(stratum, derivation, added)
        yield delta
        rounds = 0
        while delta and stratum["recursive"]:
            rounds += 1
            if rounds > self._budget.limits.depth:
                raise LimitReached(f"{self._budget.limits.depth:,} rounds of one recursion")
            delta = self._round(stratum, derivation, delta)
            yield delta

    def heads(
        self, stratum: dict[str, Any], derivation: Derivation, around: New
    ) -> list[tuple[str, Row]]:
        """Return what activations around some rows derive; see `Closing`."""
        found: list[Reason] = []
        for index in stratum["derive"]:
            rule = self._rules[index]
            for place, type_name in enumerate(rule["patterns"]):
                if type_name in around:
                    self._search(rule, f"_s{place}", derivation, found, around[type_name])
        heads = [(name, one) for name, fresh in derivation.fresh.items() for one in fresh]
        for fresh in derivation.fresh.values():
            fresh.clear()
        return heads + [(name, values) for name, values, _ in self._derivations(found)]

    def _round(self, stratum: dict[str, Any], derivation: Derivation, delta: New | None) -> New:
        """Match all deriving rules, in the first round on everything, then around new facts."""
        found: list[Reason] = []
        for index in stratum["derive"]:
            rule = self._rules[index]
            if delta is None or any(name in delta for name in rule["nested"]):
                self._search(rule, "", derivation, found)
                continue
            for place, type_name in enumerate(rule["patterns"]):
                if type_name in delta:
                    self._search(rule, f"_s{place}", derivation, found, delta[type_name])
        return self._enter(found, derivation)

    def _search(
        self,
        rule: dict[str, Any],
        seeded: str,
        derivation: Derivation,
        found: list[Reason],
        *seeds: list[Row],
    ) -> None:
        index, type_name = rule["index"], rule["fused"]
        self._at(index)
        if type_name in derivation.known:
            known, fresh = derivation.known[type_name], derivation.fresh[type_name].append
            self._functions[f"d{index}{seeded}"](known, fresh, *seeds)
            return
        activations: list[Activation] = []
        self._functions[f"m{index}{seeded}"](activations.append, *seeds)
        found += [(index, one) for one in activations]

    def _enter(self, found: list[Reason], derivation: Derivation) -> New:
        """Hold what was derived and is new; return the new rows by type."""
        new: New = {}
        for type_name, fresh in derivation.fresh.items():
            known = derivation.known[type_name]
            for values in fresh:
                derivation.hold(type_name, values, known[values], new)
            fresh.clear()
        for type_name, values, reason in self._derivations(found):
            if type_name in derivation.before:
                derivation.hold(type_name, values, reason, new)
        self._budget.hold(len(self._memory))
        self._budget.look_at_clock()
        return new

    def _derivations(self, found: list[Reason]) -> Iterator[tuple[str, Row, Reason]]:
        """Yield the facts that activations derive: type, values, reason."""
        for index, activation in found:
            for effect in self._functions[f"a{index}"](activation[0], activation[1]):
                if effect is not None and effect[0] == DERIVE:
                    yield effect[1], effect[2], (index, activation)
