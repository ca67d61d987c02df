"""Why a value or a fact holds: the rules behind it, down to what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heuron.answer import Premise, Proof, Support
from heuron.check.tree import (
    Bind,
    Condition,
    Expression,
    FieldOf,
    Pattern,
    Predict,
    PredictionOf,
    Rule,
    Test,
    Variable,
)
from heuron.explain.conditions import by_index, row_conditions
from heuron.explain.reading import leaves, read_words, spelled, written
from heuron.infer.memory import HEAD
from heuron.infer.session import State
from heuron.infer.truth import Activation
from heuron.values import UNKNOWN, Value, show

__all__ = ["place_of", "why", "why_fact"]

DEPTH = 20
"""How many conclusions deep a proof goes."""


def why(state: State, number: int, field: str, value: Value | None = None) -> Proof:
    """Return the proof of a fact's concluded field.

    Args:
        state: The session that holds the fact.
        number: The fact's number.
        field: The field.
        value: The value to explain; by default the one that holds (the best of several).
    """
    return _Prover(state).field(number, field, value, 0)


def why_fact(state: State, number: int, *, every: bool = False) -> Proof:
    """Return the proof of a fact: how it is derived, asserted or given.

    Args:
        state: The session that holds the fact.
        number: The fact's number.
        every: Name every activation that derives it, in rule order, and not the first alone.
    """
    prover = _Prover(state)
    return prover.every_reason(number) if every else prover.fact(number, 0)


def place_of(rule: Mapping[str, Any]) -> str:
    """Return where a rule stands, as "rules/cancer.rules:23"."""
    file, line = rule["place"][:2]
    return f"{file}:{line}" if line else file


class _Prover:
    def __init__(self, state: State) -> None:
        state.refresh()
        self.state = state
        self.engine = state.engine
        self.items = by_index(state.engine.program)
        self.texts = state.engine.texts

    def field(self, number: int, field: str, value: Value | None, depth: int) -> Proof:
        """Return the proof of a concluded field."""
        state = self.state
        if value is None:
            value = state.value(number, field)[0]
        if value is UNKNOWN:
            return Proof(f"{field} is unknown", None)
        held = dict(state.values(number, field))
        certainty = held.get(value, state.levels(number, field).get(value))
        supports: list[Support] = []
        against: list[Support] = []
        for one, strength, _, index, activation in state.contributions(number, field):
            if one == value:
                support = self._support(index, activation, strength, field, number, depth)
                (supports if strength > 0.0 else against).append(support)
        conclusion = f"{field} == {show(value)}"
        if self._is_given(number, field, value):
            conclusion += ", given"
        return Proof(conclusion, certainty, tuple(supports), tuple(against))

    def _is_given(self, number: int, field: str, value: Value) -> bool:
        given = self.state.memory.given.get((self.state.memory.types[number], field), {})
        held = given.get(number)
        return held is not None and (held == value or (isinstance(held, tuple) and value in held))

    def fact(self, number: int, depth: int) -> Proof:
        """Return the proof of a fact."""
        justification = self.state.justification(number)
        conclusion = self._fact_words(number)
        if justification is None or number in self.state.memory.told or depth > DEPTH:
            return Proof(f"{conclusion}, {self._fact_source(number)}", None)
        index, activation = justification
        support = self._support(index, activation, 1.0, None, number, depth)
        return Proof(conclusion, None, (support,))

    def every_reason(self, number: int) -> Proof:
        """Return the proof of a fact with everything that derives it, told or not.

        The premises are proved by their first reasons: those never go in a circle.
        """
        supports = tuple(
            self._support(index, activation, 1.0, None, number, 0)
            for index, activation in self.state.justifications(number)
        )
        conclusion = self._fact_words(number)
        if number in self.state.memory.told or not supports:
            conclusion += f", {self._fact_source(number)}"
        return Proof(conclusion, None, supports)

    def _support(
        self,
        index: int,
        activation: Activation,
        certainty: float,
        field: str | None,
        number: int,
        depth: int,
    ) -> Support:
        item, rule = self.items[index], self.engine.rules[index]
        if isinstance(item, Rule):
            conditions = item.conditions
            because = self.state.because(index, activation)
        else:
            conditions, because = row_conditions(*item), None
        facts = {name: row[0] for name, row in zip(rule["rows"], activation[0], strict=True)}
        values = dict(zip(rule["values"], activation[1], strict=False))
        home = next((name for name, one in facts.items() if one == number), None)
        tested = [one for one in conditions if isinstance(one, Pattern) and one.tests]
        if home is None and len(facts) == 1 and tested:
            home = tested[0].variable
        premises = _Premises(self, facts, values, home, depth).all(conditions)
        del field
        return Support(rule["name"], rule["title"], place_of(rule), certainty, premises, because)

    def _fact_words(self, number: int) -> str:
        fact = self.state.memory.fact(number)
        shown = [
            f"{name} {self._shown(fact.type, name, value)}"
            for name, value in fact.values.items()
            if value is not UNKNOWN and name in self.state.memory.shapes[fact.type].given
        ]
        return f"{fact.type}({', '.join(shown)})"

    def _shown(self, type_name: str, name: str, value: Value) -> str:
        template = self.state.memory.shapes[type_name].template
        if template[name].type.kind == "reference":
            return f"{template[name].type} {value}"
        return show(value)

    def _fact_source(self, number: int) -> str:
        state = self.state
        if number in state.initial:
            return "initial fact"
        maker = state.asserted_by.get(number)
        if maker is not None:
            return f"rule {maker}"
        if number not in state.memory.told:
            justification = state.justification(number)
            if justification is not None:
                return f"rule {self.engine.rules[justification[0]]['name']}"
        return "given"

    def field_source(self, number: int, field: str) -> str:
        """Return where the value of a given field comes from."""
        source = self._fact_source(number)
        named = self.state.named.get(number)
        if source == "given" and named is not None and field not in named:
            return "default"
        return source


class _Premises:
    """The premises of one activation."""

    def __init__(
        self,
        prover: _Prover,
        facts: dict[str, int],
        values: dict[str, Value],
        home: str | None,
        depth: int,
    ) -> None:
        self.prover = prover
        self.state = prover.state
        self.facts = facts
        self.values = values
        self.home = home
        self.depth = depth

    def all(self, conditions: tuple[Condition, ...]) -> tuple[Premise, ...]:
        """Return the premises in the order of the conditions."""
        expressions: list[Expression] = []
        for one in conditions:
            match one:
                case Pattern():
                    expressions += one.tests
                case Test() | Bind():
                    expressions.append(one.expression)
        self.seen = self._values(expressions)
        return tuple(premise for one in conditions for premise in self._premises(one))

    def _values(self, expressions: list[Expression]) -> dict[int, Value]:
        """Return the values of everything that expressions read, all found in one go."""
        wanted = [leaf for one in expressions for leaf in leaves(one)]
        asked = [one for one in wanted if self._known(one) is None]
        seen = {id(one): self._known(one) for one in wanted}
        if asked:
            plain = {name: one for name, one in self.values.items() if "." not in name}
            found = self.state.probe((), self.facts, plain, tuple(asked))[1]
            if found:
                seen.update({id(one): value for one, value in zip(asked, found[0], strict=True)})
        return seen

    def _known(self, leaf: object) -> Value | None:
        if isinstance(leaf, Variable):
            return self.values.get(leaf.name)
        if isinstance(leaf, FieldOf):
            value = self.values.get(f"{leaf.variable}.{leaf.field}")
            return self._field(leaf) if value is None else value
        return None

    def _field(self, leaf: FieldOf) -> Value | None:
        """Return the value of a fact's field; None where a search has to say which one."""
        number = self.facts.get(leaf.variable)
        if number is None:
            return None
        memory = self.state.memory
        type_name = memory.types[number]
        shape = memory.shapes[type_name]
        place = shape.places.get(leaf.field)
        if place is not None:
            row = memory.row(number)
            return UNKNOWN if row is None else row[HEAD + place]
        if (type_name, leaf.field) in self.prover.engine.outline["many"]:
            return None
        return self.state.value(number, leaf.field)[0]

    def _premises(self, condition: Condition) -> list[Premise]:
        match condition:
            case Pattern():
                return self._pattern(condition)
            case Test():
                return [self._test(condition.expression)]
            case Bind():
                value = self.values.get(condition.variable, UNKNOWN)
                text = self._text(condition, f"{condition.variable} = …")
                return [Premise(text, f"{condition.variable} = {show(value)}", "computed")]
            case Predict():
                return []
            case _:
                text = self._text(condition, type(condition).__name__.lower())
                return [Premise(text, text, "computed")]

    def _text(self, condition: Condition, otherwise: str) -> str:
        return written(condition.span, self.prover.texts) or otherwise

    def _pattern(self, pattern: Pattern) -> list[Premise]:
        number = self.facts[pattern.variable]
        prover = self.prover
        if pattern.variable != self.home:
            proof = None
            if number not in self.state.memory.told and self.depth < DEPTH:
                proof = prover.fact(number, self.depth + 1)
            words = prover._fact_words(number)
            text = self._text(pattern, words)
            premises = [Premise(text, words, prover._fact_source(number), proof)]
            # Concluded fields are no part of the fact, and have reasons of their own.
            return premises + [
                self._test(one) for one in pattern.tests if self._concluded_in(one) is not None
            ]
        premises = []
        for binding in pattern.bindings:
            value = self.values.get(binding.variable, UNKNOWN)
            read = f"{binding.field} {show(value)}"
            text = f"{binding.field}: {binding.variable}"
            premises.append(self._read_field(text, read, number, binding.field))
        return premises + [self._test(one) for one in pattern.tests]

    def _read_field(self, text: str, read: str, number: int, field: str) -> Premise:
        shape = self.state.memory.shapes[self.state.memory.types[number]]
        if field in shape.concluded:
            return self._conclusion(text, read, number, field, None)
        return Premise(text, read, self.prover.field_source(number, field))

    def _concluded_in(self, expression: Expression) -> tuple[int, str] | None:
        for leaf in leaves(expression):
            if hasattr(leaf, "field") and hasattr(leaf, "variable"):
                number = self.facts.get(leaf.variable)
                if number is not None:
                    shape = self.state.memory.shapes[self.state.memory.types[number]]
                    if leaf.field in shape.concluded:
                        return number, leaf.field
        return None

    def _test(self, expression: Expression) -> Premise:
        texts = self.prover.texts
        values = [(leaf, self.seen[id(leaf)]) for leaf in leaves(expression)]
        text = written(expression.span, texts) or spelled(expression, self.home)
        read = read_words(expression, values, texts, self.home)
        concluded = self._concluded_in(expression)
        if concluded is not None:
            value = next(
                (
                    v
                    for leaf, v in values
                    if isinstance(leaf, FieldOf) and leaf.field == concluded[1]
                ),
                None,
            )
            return self._conclusion(text, read, *concluded, value)
        for leaf, _ in values:
            if isinstance(leaf, PredictionOf):
                return Premise(text, read, f"model {self._model(leaf.variable)}")
        own = [leaf for leaf, _ in values if isinstance(leaf, FieldOf)]
        if len(own) == len(values) and own:
            first = own[0]
            source = self.prover.field_source(self.facts[first.variable], first.field)
            return Premise(text, read, source)
        return Premise(text, read, "computed")

    def _model(self, variable: str) -> str:
        for item in self.prover.items.values():
            if isinstance(item, Rule):
                for one in item.conditions:
                    if isinstance(one, Predict) and one.variable == variable:
                        return one.model
        return variable

    def _conclusion(
        self, text: str, read: str, number: int, field: str, value: Value | None
    ) -> Premise:
        if self.depth >= DEPTH:
            return Premise(text, read, "computed")
        proof = self.prover.field(
            number, field, None if value is UNKNOWN else value, self.depth + 1
        )
        if not proof.supports:
            return Premise(text, read, "given" if proof.certainty is not None else "computed", None)
        return Premise(text, read, f"rule {proof.supports[0].rule}", proof)
