"""What an answer needs: unknown fields that could have made a difference to the goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.record import RecordResult
    from heuron.infer.session import State

__all__ = ["record_needs", "session_needs"]

Rules = dict[int, dict[str, Any]]


def record_needs(
    rules: Rules, goal: str, unknown: set[int], lacking: list[str], result: RecordResult
) -> tuple[str, ...]:
    """Return the lacking fields that rules for the goal read, directly or through conclusions.

    Args:
        rules: What is known of each rule and row.
        goal: The goal's field.
        unknown: The indexes of the rules and rows whose conditions are neither true nor false.
        lacking: The unknown fields that are not optional, in template order.
        result: The answer; concluded fields that are known lead no further.
    """
    needed: set[str] = set()
    seen: set[str] = set()
    waiting = [goal]
    while waiting:
        field = waiting.pop()
        if field in seen:
            continue
        seen.add(field)
        for index in unknown:
            rule = rules[index]
            if not any(one[1] == field for one in rule["concludes"]):
                continue
            for _, *names in rule["asks"]:
                needed.update(names)
                waiting += [
                    name
                    for name in names
                    if name in result.engine.layout and result.settled(name)[0] is UNKNOWN
                ]
    return tuple(name for name in lacking if name in needed)


def session_needs(state: State, number: int, field: str) -> tuple[str, ...]:
    """Return what a fact's field needs: unknown fields that rules for it read.

    Fields of the fact's own type come under their names, others as `Type.field`. Rules that
    derive what the rules for the goal match are followed too.
    """
    return _Search(state, number).fields(field)


class _Search:
    def __init__(self, state: State, number: int) -> None:
        self.state = state
        self.memory = state.memory
        self.rules = state.engine.rules
        self.home = state.memory.types[number]
        self.number = number
        self.found: dict[tuple[str, str], None] = {}
        self.done: set[tuple[str, str]] = set()
        self.derived: set[str] = set()

    def fields(self, goal: str) -> tuple[str, ...]:
        """Return the needed fields in template order, the fact's own type first."""
        waiting = [(self.home, goal)]
        while waiting:
            key = waiting.pop()
            if key in self.done:
                continue
            self.done.add(key)
            for index, rule in self.rules.items():
                if key in rule["concludes"]:
                    waiting += self._rule(index, key)
        return self._ordered()

    def _rule(self, index: int, key: tuple[str, str]) -> list[tuple[str, str]]:
        rule = self.rules[index]
        if rule["table"] is not None and rule["table"][2] > 0:
            return []
        further: list[tuple[str, str]] = []
        if rule["table"] is not None:
            further += self._table(index)
        else:
            targets = [place for place, *target in rule["targets"] if tuple(target) == key]
            further += self._matches(index, targets if key[0] == self.home else [])
        for type_name in (*rule["patterns"], *rule["nested"]):
            if type_name in self.memory.shapes and type_name not in self.derived:
                self.derived.add(type_name)
                for other, derives in self.rules.items():
                    if type_name in derives["derives"]:
                        further += self._matches(other, [])
        return further

    def _table(self, index: int) -> list[tuple[str, str]]:
        hits: list[tuple[int, Any]] = []
        self.state.call(f"n{index}", hits.append)
        further: list[tuple[str, str]] = []
        for row_index, row in hits:
            if self.memory.types[row[0]] != self.home or row[0] == self.number:
                further += self._asks(self.rules[row_index], (row,))
        return further

    def _matches(self, index: int, targets: list[int]) -> list[tuple[str, str]]:
        """Look at the combinations that are possible but not true, about this fact."""
        found: list[tuple[Any, ...]] = []
        self.state.call(f"n{index}", found.append)
        further: list[tuple[str, str]] = []
        for rows in found:
            if targets and not any(rows[place][0] == self.number for place in targets):
                continue
            further += self._asks(self.rules[index], rows)
        return further

    def _asks(self, rule: dict[str, Any], rows: tuple[Any, ...]) -> list[tuple[str, str]]:
        further: list[tuple[str, str]] = []
        for at, *names in rule["asks"]:
            if isinstance(at, int):
                type_name, numbers = rule["patterns"][at], [rows[at][0]]
            else:
                type_name, numbers = at, list(self.memory.table(at))
            for name in names:
                if self._is_lacking(type_name, name, numbers):
                    if name in self.memory.shapes[type_name].concluded:
                        further.append((type_name, name))
                    else:
                        self.found[(type_name, name)] = None
        return further

    def _is_lacking(self, type_name: str, name: str, numbers: list[int]) -> bool:
        shape = self.memory.shapes[type_name]
        field = shape.template.get(name)
        if field is None or field.optional:
            return False
        if name in shape.concluded:
            held = self.memory.settled(type_name, name).held
            return any(number not in held for number in numbers)
        place = 2 + shape.given.index(name)
        table = self.memory.table(type_name)
        values: list[Value] = [table[number][place] for number in numbers]
        return any(value is UNKNOWN for value in values)

    def _ordered(self) -> tuple[str, ...]:
        names: list[str] = []
        for type_name in sorted(self.memory.shapes, key=lambda one: one != self.home):
            for name in self.memory.shapes[type_name].template.names:
                if (type_name, name) in self.found:
                    names.append(name if type_name == self.home else f"{type_name}.{name}")
        return tuple(names)
