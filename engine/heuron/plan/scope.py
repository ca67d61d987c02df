"""How variables and fields are read while matching: places of rows, settled fields by number."""

from __future__ import annotations

from typing import Protocol

from heuron.check.tree import Aggregate
from heuron.plan.module import Module

__all__ = ["MatchNames", "Place", "Scope"]


class Scope:
    """The variables that are bound at some place, with the locals that hold them."""

    __slots__ = ("each", "fields", "predictions", "rows", "types", "values")

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.each: dict[tuple[str, str], tuple[str, str]] = {}
        self.fields: dict[tuple[str, str], str] = {}
        """Locals that hold given fields of facts, by fact variable and field."""
        self.predictions: dict[str, str] = {}

    def inner(self) -> Scope:
        """Return a copy for a place further in."""
        scope = Scope()
        scope.rows.update(self.rows)
        scope.types.update(self.types)
        scope.values.update(self.values)
        scope.each.update(self.each)
        scope.fields.update(self.fields)
        scope.predictions.update(self.predictions)
        return scope

    def has(self, name: str) -> bool:
        """Return whether a variable is bound."""
        return name in self.rows or name in self.values or name in self.predictions

    def local(self, name: str) -> str:
        """Return the local of a variable of any kind."""
        for kind in (self.rows, self.values, self.predictions):
            if name in kind:
                return kind[name]
        raise AssertionError(f"unbound variable {name}")

    def locals(self) -> list[str]:
        """Return all locals in use, in the order they were bound."""
        each = [local for pair in self.each.values() for local in pair]
        named = [*self.rows.values(), *self.values.values(), *self.predictions.values(), *each]
        return [local for local in dict.fromkeys(named) if local.isidentifier()]


class Place(Protocol):
    """Where an expression is written: what is bound there, and how an aggregate is."""

    module: Module
    scope: Scope

    def aggregate(self, node: Aggregate) -> str:
        """Write the call of an aggregate and return the local that holds its value."""


class MatchNames:
    """How leaves are read while matching: places of rows, and settled fields by number."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def variable(self, name: str) -> str:
        """Return the local of a value variable."""
        return self.place.scope.values[name]

    def fact(self, name: str) -> str:
        """Return the number of a fact."""
        return f"{self.place.scope.rows[name]}[0]"

    def field(self, variable: str, field: str) -> str:
        """Return a place of a row, or the settled value."""
        scope, module = self.place.scope, self.place.module
        if (variable, field) in scope.each:
            return scope.each[(variable, field)][0]
        row, type_name = scope.rows[variable], scope.types[variable]
        if not module.is_concluded(type_name, field):
            place = f"{row}[{module.layouts[type_name].places[field]}]"
            return scope.fields.get((variable, field), place)
        if module.is_many(type_name, field):
            return f"first_of({module.settled(type_name, field, 'held')}({row}[0], ()))"
        return f"{module.settled(type_name, field, 'value')}({row}[0], UNKNOWN)"

    def values(self, variable: str, field: str) -> str:
        """Return the pairs of value and certainty that hold."""
        row, type_name = self.place.scope.rows[variable], self.place.scope.types[variable]
        return f"{self.place.module.settled(type_name, field, 'held')}({row}[0], ())"

    def certainty(self, variable: str, field: str, value: str | None) -> str:
        """Return the certainty of a field, or of one of its values."""
        scope, module = self.place.scope, self.place.module
        row, type_name = scope.rows[variable], scope.types[variable]
        if not module.is_concluded(type_name, field):
            return f"(0.0 if {self.field(variable, field)} is UNKNOWN else 1.0)"
        if value is None:
            return f"{module.settled(type_name, field, 'certainty')}({row}[0], 0.0)"
        levels = module.settled(type_name, field, "levels")
        return f"{levels}({row}[0], EMPTY).get({value}, 0.0)"

    def referenced(self, reference: str, target: str, field: str) -> str:
        """Return a field of the fact with that number."""
        module = self.place.module
        if module.is_concluded(target, field):
            return f"{module.settled(target, field, 'value')}({reference}, UNKNOWN)"
        place = module.layouts[target].places[field]
        return f"look({module.table(target)}, {reference}, {place})"

    def prediction(self, variable: str, attribute: str) -> str:
        """Return an attribute of a prediction."""
        return f"predicted({self.place.scope.predictions[variable]}, {attribute!r})"

    def backend(self, backend: str, attribute: str) -> str:
        """Facts know no backends; dispatch says how they are asked."""
        raise AssertionError("a rule reads a backend")

    def aggregate(self, node: Aggregate) -> str:
        """Return the local that holds an aggregate's value."""
        return self.place.aggregate(node)
