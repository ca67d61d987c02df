"""How a route reads the record, the rules' conclusions and the backends.

A backend's opinion is kept in a local, and asked for where it is first read: the source of such
a read is a `yield` inside the expression. What is right of `and` or `or` is only read when
Python gets there, so a backend that cannot matter is not asked.
"""

from __future__ import annotations

from heuron.check.reads import variable_types
from heuron.check.tree import (
    BackendOf,
    Binding,
    CertaintyOf,
    FieldOf,
    Holds,
    Pattern,
    Predict,
    PredictionOf,
    ReferencedField,
    Route,
)
from heuron.check.walk import walk
from heuron.plan.recordnames import RecordNames
from heuron.plan.source import Constants
from heuron.values import UNKNOWN, Template

__all__ = ["RULES", "RouteNames"]

RULES = "rules"


class RouteNames(RecordNames):
    """The names of a dispatch function; `backends` maps backends to the locals they live in."""

    def __init__(
        self,
        template: Template,
        concluded: tuple[str, ...],
        many: frozenset[str],
        constants: Constants,
    ) -> None:
        super().__init__(template, {}, many)
        self.settled = frozenset(concluded)
        self.backends: dict[str, str] = {}
        self.models: dict[str, str] = {}
        self.records: frozenset[str] = frozenset()
        self._constants = constants

    def literal(self, value: object) -> str:
        """Return source for a constant."""
        return self._constants.literal(value)

    def start(self, route: Route) -> None:
        """Start a route: its variables are its own."""
        self.enter("")
        self.models = {}
        self.records = frozenset(
            one.variable
            for one in walk(route.conditions)
            if isinstance(one, Pattern) and one.type_name == self.template.name
        )

    def reads_record(self, node: object) -> bool:
        """Return whether an expression is the read of a field of the record."""
        fields = isinstance(node, (FieldOf, CertaintyOf, Holds))
        return fields and node.variable in self.records  # type: ignore[attr-defined]

    def local(self, backend: str) -> str:
        """Return the local of a backend's opinion, which is None until it was asked."""
        return self.backends.setdefault(backend, f"b{len(self.backends)}")

    def ask(self, backend: str) -> str:
        """Return source for a backend's opinion; it is asked the first time."""
        local = self.local(backend)
        return f"({local} or ({local} := (yield {self._constants.literal(backend)})))"

    def backend(self, backend: str, attribute: str) -> str:
        """Return source for an attribute of a backend's opinion."""
        return f"{self.ask(backend)}.{attribute}"

    def predict(self, condition: Predict) -> None:
        """Let a variable stand for a model's opinion."""
        self.models[condition.variable] = condition.model

    def prediction(self, variable: str, attribute: str) -> str:
        """Return source for an attribute of the opinion that a variable stands for."""
        return self.backend(self.models[variable], attribute)

    def field(self, variable: str, field: str) -> str:
        """Return source for a given field, or for what the rules conclude about one."""
        if field in self.each:
            return self.each[field][0]
        name = self._constants.literal(field)
        if field in self.settled:
            return f"{self.ask(RULES)}.field({name})"
        default = self.template[field].default
        missing = UNKNOWN if default is None else default
        return f"get({name}, {self._constants.literal(missing)})"

    def values(self, variable: str, field: str) -> str:
        """Return source for the pairs of value and certainty that hold, best first."""
        if field not in self.settled:
            return f"pairs({self.field(variable, field)}, 1.0)"
        return f"{self.ask(RULES)}.pairs({self._constants.literal(field)})"

    def certainty(self, variable: str, field: str, value: str | None) -> str:
        """Return source for the rules' certainty of a field's value, or of a given value."""
        name = self._constants.literal(field)
        if value is None:
            return f"{self.ask(RULES)}.strength({name})"
        return f"{self.ask(RULES)}.strength_of({name}, {value})"

    def backends_in(self, node: object) -> tuple[str, ...]:
        """Return the backends that a node reads, in order; a concluded field reads the rules."""
        found: dict[str, None] = {}
        for one in walk(node):
            match one:
                case BackendOf():
                    found[one.backend] = None
                case PredictionOf():
                    found[self.models[one.variable]] = None
                case FieldOf() | CertaintyOf() | Holds() if self.reads_record(one):
                    if one.field in self.settled:
                        found[RULES] = None
        if any(one.field in self.settled for one in self._bindings(node)):
            found[RULES] = None
        return tuple(found)

    def models_in(self, node: object) -> tuple[str, ...]:
        """Return the models that a node reads."""
        return tuple(name for name in self.backends_in(node) if name != RULES)

    def fields_in(self, node: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the given and the concluded fields of the record that a node reads."""
        found: dict[str, None] = {}
        for one in walk(node):
            if self.reads_record(one):
                found[one.field] = None  # type: ignore[attr-defined]
        found.update((one.field, None) for one in self._bindings(node))
        given = tuple(name for name in found if name not in self.settled)
        return given, tuple(name for name in found if name in self.settled)

    def others_in(self, node: object) -> tuple[str, ...]:
        """Return what a node reads of other facts, as "Type.field", in order."""
        types = variable_types(node)
        found: dict[str, None] = {}
        for one in walk(node):
            match one:
                case FieldOf() if one.variable in types and not self.reads_record(one):
                    found[f"{types[one.variable]}.{one.field}"] = None
                case ReferencedField():
                    found[f"{one.target}.{one.field}"] = None
        return tuple(found)

    def _bindings(self, node: object) -> tuple[Binding, ...]:
        return tuple(
            binding
            for one in walk(node)
            if isinstance(one, Pattern) and one.variable in self.records
            for binding in one.bindings
        )
