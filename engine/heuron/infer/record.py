"""An answer of the record plan: one flat tuple, read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from heuron.certainty import from_products
from heuron.plan.settle import best, settle
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.host import Host
    from heuron.infer.load import Engine

__all__ = ["RecordResult"]


def _falling(pair: tuple[Value, float]) -> float:
    return -pair[1]


class RecordResult:
    """What the rules say of one record.

    `raw` is the tuple of the generated function, `fired` the indexes of the rules and rows that
    fired. Everything else is worked out on request.
    """

    __slots__ = ("engine", "host", "raw", "silent", "values")

    def __init__(
        self,
        engine: Engine,
        values: Mapping[str, Value],
        raw: tuple[Any, ...],
        host: Host,
        silent: tuple[str, ...] = (),
    ) -> None:
        self.engine = engine
        self.values = values
        self.raw = raw
        self.host = host
        self.silent = silent

    @property
    def value(self) -> Value:
        """The goal's value, or `UNKNOWN`; under `many` the best one."""
        return self.settled(self.engine.goal_field)[0]

    @property
    def certainty(self) -> float:
        """The certainty of the goal's value; 0 when it is unknown."""
        return self.settled(self.engine.goal_field)[1]

    @property
    def fired(self) -> tuple[int, ...]:
        """The indexes of the rules and rows that fired: by stratum, salience, rule order."""
        indexes: list[int] = self.raw[0]
        positions = self.engine.firing_order
        if positions is None:
            return tuple(indexes)
        return tuple(sorted(indexes, key=positions.__getitem__))

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules and rows that fired."""
        rules = self.engine.rules
        return tuple(dict.fromkeys(rules[index]["name"] for index in self.fired))

    @property
    def reports(self) -> tuple[tuple[str, str], ...]:
        """What was strange: (contradiction, field) and (several-hits, table)."""
        return tuple(self.raw[1])

    def settled(self, field: str) -> tuple[Value, float]:
        """Return the value and the certainty of a concluded field (the best of `many`)."""
        _, many, place, _, _, _ = self.engine.layout[field]
        value = self.raw[place]
        if not many:
            return value, self.raw[place + 1]
        return value[0] if value else (UNKNOWN, 0.0)

    def held(self, field: str) -> tuple[tuple[Value, float], ...]:
        """Return the values of a concluded field that hold, with certainties, best first."""
        _, many, place, _, _, _ = self.engine.layout[field]
        value = self.raw[place]
        if many:
            return tuple(value)
        return () if value is UNKNOWN else ((value, self.raw[place + 1]),)

    def levels(self, field: str) -> tuple[tuple[Value, float], ...]:
        """Return every value that rules spoke about, with its certainty, best first.

        A value that evidence gave counts 1; the rules' values stay as alternatives.
        """
        _, many, _, constants, details, _ = self.engine.layout[field]
        raw = self.raw
        if constants is None:
            levels = list(settle(raw[details])[0])
        else:
            levels = []
            for place, value in enumerate(constants):
                positive = raw[details + 2 * place]
                negative = raw[details + 2 * place + 1]
                if positive != 1.0 or negative != 1.0:
                    levels.append((value, from_products(positive, negative)))
            if len(levels) > 1:
                levels.sort(key=_falling)
        given = self.values.get(field, UNKNOWN)
        if given is not UNKNOWN:
            listed = given if many and isinstance(given, tuple) else (given,)
            levels = [(one, 1.0) for one in listed] + [
                pair for pair in levels if pair[0] not in listed
            ]
        return tuple(levels)

    @property
    def alternatives(self) -> tuple[tuple[Value, float], ...]:
        """The goal's other values with certainty above 0, best first."""
        chosen = self.value
        return tuple(
            pair for pair in best(self.levels(self.engine.goal_field)) if pair[0] != chosen
        )

    def supporting(self, field: str | None = None, value: Value | None = None) -> tuple[str, ...]:
        """Return the names of the rules and rows that support a value (the goal's by default)."""
        engine = self.engine
        field = engine.goal_field if field is None else field
        value = self.settled(field)[0] if value is None else value
        if value is UNKNOWN:
            return ()
        _, _, _, constants, details, _ = engine.layout[field]
        if constants is None:
            ranks, rules = engine.index_by_rank, engine.rules
            names = [
                rules[ranks[rank]]["name"]
                for one, certainty, rank in self.raw[details]
                if certainty > 0.0 and one == value
            ]
        else:
            supporters = engine.supporters(field).get(value, {})
            names = [supporters[index] for index in self.fired if index in supporters]
        return tuple(dict.fromkeys(names))

    @property
    def needs(self) -> tuple[str, ...]:
        """The unknown fields, not optional, that could have made a difference to the goal."""
        return self.engine.record_needs(self)
