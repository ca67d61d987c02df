"""How conditions about one record become source: locals for its fields, settled or given.

The single-record function uses this, and so does dispatch, whose conditions are about the record
that was asked about and about backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from heuron.check.reads import concluded_reads, values_tested
from heuron.check.tree import (
    Aggregate,
    Bind,
    Condition,
    Either,
    Exists,
    Expression,
    Negation,
    Pattern,
    Predict,
    Test,
)
from heuron.plan.expression import Expressions
from heuron.plan.source import Constants, Writer
from heuron.values import Template

__all__ = ["RecordConditions", "RecordNames"]


class Numbered(Protocol):
    """A concluded field with its number among the locals."""

    @property
    def number(self) -> int:
        """The number that its locals carry."""


class RecordNames:
    """The locals of a function about one record.

    Given fields are `f0, f1, …` (see `given`); of concluded field number i the value is `si`, its
    certainty `ci`, its certainty as a weight `wi`, the certainties of all values the dictionary
    `di`; of a `many` field `si` is the pairs of value and certainty that hold, best first.
    """

    def __init__(
        self, template: Template, concluded: Mapping[str, Numbered], many: frozenset[str]
    ) -> None:
        self.template = template
        self.concluded = concluded
        self.many = many
        given = [field.name for field in template.fields if field.name not in concluded]
        self.given = {name: f"f{place}" for place, name in enumerate(given)}
        self.variables: dict[str, str] = {}
        self.each: dict[str, tuple[str, str]] = {}
        self.record = ""
        self.done: list[str] = []
        self.predictions: dict[str, str] = {}

    def enter(self, record: str) -> None:
        """Start a rule or table in which the record is bound to the variable `record`."""
        self.record = record
        self.variables = {}
        self.each = {}
        self.predictions = {}

    def variable(self, name: str) -> str:
        """Return the local of a value variable."""
        return self.variables[name]

    def fact(self, name: str) -> str:
        """A single record has no number."""
        raise AssertionError(f"a record rule refers to facts: {name}")

    def field(self, variable: str, field: str) -> str:
        """Return the local of a field."""
        if field in self.each:
            return self.each[field][0]
        if field in self.given:
            return self.given[field]
        number = self.concluded[field].number
        if field in self.many:
            return f"first_of(s{number})"
        return f"s{number}"

    def values(self, variable: str, field: str) -> str:
        """Return the pairs of value and certainty that hold."""
        number = self.concluded[field].number
        return f"s{number}" if field in self.many else f"pairs(s{number}, c{number})"

    def certainty(self, variable: str, field: str, value: str | None) -> str:
        """Return the certainty of a field, or of one of its values."""
        number = self.concluded[field].number
        return f"c{number}" if value is None else f"d{number}.get({value}, 0.0)"

    def referenced(self, reference: str, target: str, field: str) -> str:
        """A single record refers to nothing."""
        raise AssertionError("a record rule follows references")

    def prediction(self, variable: str, attribute: str) -> str:
        """Return an attribute of a prediction."""
        return f"predicted({self.predictions[variable]}, {attribute!r})"

    def backend(self, backend: str, attribute: str) -> str:
        """Rules know no backends; dispatch says how they are asked."""
        raise AssertionError("a rule reads a backend")

    def aggregate(self, node: Aggregate) -> str:
        """A single record has nothing to sum up."""
        raise AssertionError("a record rule has an aggregate")

    def known(self) -> str:
        """Return source for the record's values so far, as a model is given them."""
        parts = [f"{name!r}: {local}" for name, local in self.given.items()]
        parts += [
            f"{name!r}: s{one.number}"
            for name, one in self.concluded.items()
            if name in self.done and name not in self.many
        ]
        return f"{{{', '.join(parts)}}}"


class RecordConditions:
    """Writes the conditions of one rule about one record.

    With `lenient` nothing is asked of a model: predictions are unknown.
    """

    def __init__(
        self,
        names: RecordNames,
        constants: Constants,
        writer: Writer,
        lenient: bool = False,
    ) -> None:
        self.names = names
        self.writer = writer
        self.constants = constants
        self.lenient = lenient
        self.expressions = Expressions(names, constants, writer)

    def open(self, conditions: tuple[Condition, ...]) -> int:
        """Write the conditions down to the place where all hold; return how deep that is."""
        self._enter(conditions)
        if all(isinstance(one, (Pattern, Test, Either)) for one in conditions) and not any(
            one.each for one in conditions if isinstance(one, Pattern)
        ):
            true = [part for one in conditions for part in self._true_parts(one)]
            self.writer.line(f"if {' and '.join(true) or 'True'}:")
            self.writer.depth += 1
            return 1
        return self._open_stepwise(conditions)

    def both(self, conditions: tuple[Condition, ...]) -> tuple[str, str]:
        """Return source for "all are true" and for "some are false", all binds done before."""
        self._enter(conditions)
        true = [part for one in conditions for part in self._true_parts(one)]
        false = [part for one in conditions for part in self._false_parts(one)]
        return " and ".join(true) or "True", " or ".join(false) or "False"

    def weights(self, conditions: tuple[Condition, ...]) -> list[str]:
        """Return the certainties of the concluded fields that conditions read, as source.

        Of an `either` the best branch that holds counts.
        """
        found = self.weights_of(conditions)
        for one in conditions:
            if isinstance(one, Either) and any(self._weighs(part) for part in one.branches):
                found.append(self._best_branch(one))
        return found

    def _weighs(self, conditions: tuple[Condition, ...]) -> bool:
        inner = [one for one in conditions if isinstance(one, Either)]
        return bool(self.weights_of(conditions)) or any(
            self._weighs(branch) for one in inner for branch in one.branches
        )

    def _best_branch(self, either: Either) -> str:
        parts = []
        for branch in either.branches:
            true = " and ".join(part for one in branch for part in self._true_parts(one))
            weights = self.weights(branch)
            lowest = weights[0] if len(weights) == 1 else f"min({', '.join(weights)})"
            parts.append(f"({lowest if weights else '1.0'} if {true or 'True'} else 0.0)")
        return self.writer.keep(parts[0] if len(parts) == 1 else f"max({', '.join(parts)})")

    def weights_of(self, nodes: tuple[object, ...]) -> list[str]:
        """Return the certainties of the concluded fields that nodes read, as source."""
        names = self.names
        type_name = names.template.name
        concluded = [(type_name, name) for name in names.concluded]
        types = {names.record: type_name}
        found: dict[str, None] = {}
        for _, _, field in concluded_reads(nodes, types, concluded, tested=False):
            each = names.each.get(field)
            found[each[1] if each else f"w{names.concluded[field].number}"] = None
        for one in values_tested(nodes):
            # Of several values the one that is asked for counts, if it holds.
            value = self.expressions.value(one.value)
            found[f"weight_of({names.values(one.variable, one.field)}, {value})"] = None
        return list(found)

    def _enter(self, conditions: tuple[Condition, ...]) -> None:
        records = [one.variable for one in conditions if isinstance(one, Pattern)]
        self.names.enter(records[0] if records else "")

    def _open_stepwise(self, conditions: tuple[Condition, ...]) -> int:
        writer = self.writer
        writer.line("for _ in ONCE:")
        writer.depth += 1
        depth = 1
        for one in conditions:
            if isinstance(one, Pattern):
                for field in one.each:
                    value, certainty = writer.fresh("e"), writer.fresh("t")
                    number = self.names.concluded[field].number
                    writer.line(f"for {value}, {certainty} in s{number} or NOTHING:")
                    writer.depth += 1
                    depth += 1
                    self.names.each[field] = (value, certainty)
            if isinstance(one, Bind):
                self._bind(one)
            if isinstance(one, Predict):
                self._predict(one)
                continue
            true = " and ".join(self._true_parts(one))
            if true:
                writer.line(f"if not ({true}):")
                writer.line("    continue")
        return depth

    def _bind(self, one: Bind) -> None:
        if one.variable not in self.names.variables:
            local = self.writer.fresh("v")
            self.writer.line(f"{local} = {self.expressions.value(one.expression)}")
            self.names.variables[one.variable] = local

    def _predict(self, one: Predict) -> None:
        # "m" names the sets of rules that are looked up (`plan.masks`).
        local = self.writer.fresh("said")
        model = self.constants.literal(one.model)
        asked = "None" if self.lenient else f"predict({model}, {self.names.known()})"
        self.writer.line(f"{local} = {asked}")
        self.names.predictions[one.variable] = local

    def _true_parts(self, one: Condition) -> list[str]:
        match one:
            case Pattern():
                parts = []
                for binding in one.bindings:
                    local = self._bound(one, binding.field, binding.variable)
                    parts.append(f"{local} is not UNKNOWN")
                return parts + [self.expressions.true(test) for test in one.tests]
            case Test():
                return [self.expressions.true(one.expression)]
            case Bind():
                self._bind(one)
                return [f"{self.names.variables[one.variable]} is not UNKNOWN"]
            case Either():
                branches = [
                    " and ".join(part for inner in branch for part in self._true_parts(inner))
                    for branch in one.branches
                ]
                return [f"({' or '.join(f'({branch})' for branch in branches)})"]
            case Negation() | Exists() if _about_tests(one.conditions):
                if isinstance(one, Exists):
                    return [part for inner in one.conditions for part in self._true_parts(inner)]
                false = [part for inner in one.conditions for part in self._false_parts(inner)]
                return [f"({' or '.join(false) or 'False'})"]
            case Predict():
                self._predict(one)
                return []
        raise AssertionError(f"no condition about one record: {type(one).__name__}")

    def _false_parts(self, one: Condition) -> list[str]:
        match one:
            case Pattern():
                for binding in one.bindings:
                    self._bound(one, binding.field, binding.variable)
                return [self.expressions.false(test) for test in one.tests]
            case Test():
                return [self.expressions.false(one.expression)]
            case Either():
                branches = [
                    " or ".join(part for inner in branch for part in self._false_parts(inner))
                    for branch in one.branches
                ]
                return [f"({' and '.join(f'({branch or False})' for branch in branches)})"]
            case Negation() | Exists() if _about_tests(one.conditions):
                if isinstance(one, Exists):
                    return [part for inner in one.conditions for part in self._false_parts(inner)]
                true = [part for inner in one.conditions for part in self._true_parts(inner)]
                return [f"({' and '.join(true) or 'True'})"]
            case _:
                return []

    def _bound(self, pattern: Pattern, field: str, variable: str) -> str:
        local = self.names.field(pattern.variable, field)
        if not local.isidentifier():
            local = self.writer.keep(local)
        self.names.variables[variable] = local
        return local

    def true(self, condition: Condition) -> str:
        """Return source for one condition that is true; its binds are done before."""
        return " and ".join(self._true_parts(condition)) or "True"

    def false(self, condition: Condition) -> str:
        """Return source for one condition that is false; asked after `true`."""
        return " or ".join(self._false_parts(condition)) or "False"

    def true_of(self, expression: Expression) -> str:
        """Return source for a boolean expression that is true."""
        return self.expressions.true(expression)


def _about_tests(conditions: tuple[Condition, ...]) -> bool:
    return all(isinstance(one, (Test, Bind, Either)) for one in conditions)
