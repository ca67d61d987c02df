"""An expression as Python source, in three forms: its value, that it is true, that it is false.

Unknown compares false with everything and absorbs arithmetic (see `values.Unknown`), so a
condition needs no test for unknown when it is written in the right form: `a > b` is true when
`a > b`, and false when `a <= b`; for unknown operands neither holds. Negation is pushed down to
the comparisons, as Kleene's logic allows.

How variables, fields and backends are read is the caller's affair (`Names`): a local of the
single-record function, a place in a row, an attribute that asks a backend.
"""

from __future__ import annotations

from typing import Final, Protocol

from heuron.check.tree import (
    Aggregate,
    And,
    Arithmetic,
    BackendOf,
    Call,
    CertaintyOf,
    Compare,
    Constant,
    Expression,
    FactVariable,
    FieldOf,
    Holds,
    IsUnknown,
    Membership,
    Not,
    Or,
    PredictionOf,
    ReferencedField,
    Variable,
)
from heuron.plan.contract import FUNCTIONS
from heuron.plan.source import Constants, Writer
from heuron.plan.wholes import bounds_of, whole_source
from heuron.values import UNKNOWN, FieldType

__all__ = ["Expressions", "Names"]

OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
ARITHMETIC: Final = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_div",
    "%": "mod",
}
NESTING: Final = 12
"""How deep source may nest before a part is kept in a local (CPython allows 200 brackets)."""


class Names(Protocol):
    """How the leaves of an expression are read: each method returns source for a value."""

    def variable(self, name: str) -> str:
        """Return source for a value variable."""

    def fact(self, name: str) -> str:
        """Return source for the number of the fact that a variable is bound to."""

    def field(self, variable: str, field: str) -> str:
        """Return source for a field; of a `many` field its best value."""

    def values(self, variable: str, field: str) -> str:
        """Return source for the (value, certainty) pairs of a concluded field, best first."""

    def certainty(self, variable: str, field: str, value: str | None) -> str:
        """Return source for the certainty of a field's value, or of a given value."""

    def referenced(self, reference: str, target: str, field: str) -> str:
        """Return source for a field of the fact that `reference` is the number of."""

    def prediction(self, variable: str, attribute: str) -> str:
        """Return source for an attribute of a prediction."""

    def backend(self, backend: str, attribute: str) -> str:
        """Return source for an attribute of a backend (dispatch)."""

    def aggregate(self, node: Aggregate) -> str:
        """Return source for the value of an aggregate."""


def enumeration_order(type_: FieldType) -> dict[str, int]:
    """Return the levels of an enumeration with their places."""
    return {level: place for place, level in enumerate(type_.levels)}


class Expressions:
    """Writes expressions into one function.

    Parts that are needed twice, or that nest too deeply, are kept in locals, on lines before the
    one that uses them: every function of the contract is total, so computing a part that is
    not needed in the end does no harm.
    """

    __slots__ = ("_constants", "_kept", "_level", "_names", "_writer")

    def __init__(self, names: Names, constants: Constants, writer: Writer) -> None:
        self._names = names
        self._constants = constants
        self._writer = writer
        self._level = 0
        self._kept: dict[str, str] = {}

    def keep(self, node: Expression) -> None:
        """Write the value of a part that is needed further in now, where what it reads is bound.

        From then on the local that holds it stands for every part with the same source.
        """
        source = self.value(node)
        if not source.isidentifier():
            self._kept[source] = self._writer.keep(source, "h")

    def value(self, node: Expression) -> str:
        """Return source for the value: a name, a literal, a call or something in brackets."""
        if self._level < NESTING:
            self._level += 1
            source = self._value(node)
            self._level -= 1
            return self._kept.get(source, source)
        level, self._level = self._level, 0
        source = self._writer.keep(self._value(node))
        self._level = level
        return source

    def true(self, node: Expression) -> str:
        """Return source for a condition that holds exactly when the expression is true."""
        return self._deep(node, True)

    def false(self, node: Expression) -> str:
        """Return source for a condition that holds exactly when the expression is false."""
        return self._deep(node, False)

    def possible(self, node: Expression) -> str:
        """Return source for a condition that holds when the expression is true or unknown."""
        return f"not ({self.false(node)})"

    def _deep(self, node: Expression, sense: bool) -> str:
        if self._level < NESTING:
            self._level += 1
            source = self._condition(node, sense)
            self._level -= 1
            return source
        level, self._level = self._level, 0
        kept = self._writer.keep(self._condition(node, sense))
        self._level = level
        return kept

    def _value(self, node: Expression) -> str:
        names = self._names
        match node:
            case Constant():
                return self._constants.literal(node.value)
            case Variable():
                return names.variable(node.name)
            case FactVariable():
                return names.fact(node.name)
            case FieldOf():
                return names.field(node.variable, node.field)
            case ReferencedField():
                return names.referenced(self.value(node.reference), node.target, node.field)
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case Aggregate():
                return names.aggregate(node)
            case CertaintyOf():
                level = None if node.value is None else self.value(node.value)
                return names.certainty(node.variable, node.field, level)
            case PredictionOf():
                return names.prediction(node.variable, node.attribute)
            case BackendOf():
                return names.backend(node.backend, node.attribute)
            case _:
                return self._truth_value(node)

    def _truth_value(self, node: Expression) -> str:
        """Return source for a boolean expression as a value: True, False or UNKNOWN."""
        match node:
            case And():
                return f"all_of(({''.join(f'{self.value(one)}, ' for one in node.operands)}))"
            case Or():
                return f"any_of(({''.join(f'{self.value(one)}, ' for one in node.operands)}))"
            case Not():
                return f"negate({self.value(node.operand)})"
            case IsUnknown():
                return f"({self._writer.keep(self.value(node.operand))} is UNKNOWN)"
            case Holds():
                values = self._names.values(node.variable, node.field)
                return f"holds({values}, {self.value(node.value)})"
            case Membership():
                return self._membership(node)
            case Compare():
                left, right = self._sides(node)
                left, right = self._writer.keep(left), self._writer.keep(right)
                yes = f"{left} {node.operator} {right}"
                no = f"{left} {OPPOSITE[node.operator]} {right}"
                return f"(True if {yes} else False if {no} else UNKNOWN)"
        raise AssertionError(f"no expression: {type(node).__name__}")

    def _membership(self, node: Membership) -> str:
        item = self.value(node.item)
        if node.container is not None:
            return f"among({item}, {self.value(node.container)})"
        return f"among({item}, ({''.join(f'{self.value(one)}, ' for one in node.options)}))"

    def _arithmetic(self, node: Arithmetic) -> str:
        operands = [self.value(one) for one in node.operands]
        if node.operator in ("neg", "-") and len(operands) == 1:
            return f"neg({operands[0]})"
        function = ARITHMETIC[node.operator]
        if len(operands) == 2:
            whole = whole_source(node, *operands)
            if whole is not None:
                return whole
            return f"{function}({operands[0]}, {operands[1]})"
        return f"{function}_all(({', '.join(operands)},))"

    def _call(self, node: Call) -> str:
        arguments = ", ".join(self.value(one) for one in node.arguments)
        if node.host:
            name = self._constants.literal(node.function)
            kind = self._constants.literal(node.type.kind)
            return f"host({name}, {kind}, {arguments})"
        if node.function in ("today", "now"):
            return node.function
        assert node.function in FUNCTIONS, f"no such function: {node.function}"
        return f"call_{node.function}({arguments})"

    def _sides(self, node: Compare) -> tuple[str, str]:
        left, right = self.value(node.left), self.value(node.right)
        kind = node.left.type if node.left.type.levels else node.right.type
        if kind.levels and node.operator not in ("==", "!="):
            levels = self._constants.literal(enumeration_order(kind))
            return f"level_of({levels}, {left})", f"level_of({levels}, {right})"
        return left, right

    def _condition(self, node: Expression, sense: bool) -> str:
        match node:
            case Constant():
                return "True" if node.value is sense else "False"
            case Not():
                return self._deep(node.operand, not sense)
            case And() | Or():
                word = " and " if isinstance(node, And) is sense else " or "
                parts = [self._deep(one, sense) for one in node.operands]
                return f"({word.join(parts)})" if parts else str(isinstance(node, And) is sense)
            case IsUnknown():
                # Kept in a local when it is no name: Python warns of `is` beside a literal.
                operand = self._writer.keep(self.value(node.operand))
                return f"{operand} is {'' if sense else 'not '}UNKNOWN"
            case Compare():
                return self._comparison(node, sense)
            case Membership() if node.container is None and _all_constant(node.options):
                return self._constant_membership(node, sense)
            case _:
                return f"{self.value(node)} is {sense}"

    def _comparison(self, node: Compare, sense: bool) -> str:
        operator = node.operator if sense else OPPOSITE[node.operator]
        if isinstance(node.right, Constant) and isinstance(node.right.value, bool):
            # A boolean is one of two objects: `is` is exact, and false for unknown.
            wanted = node.right.value if operator == "==" else not node.right.value
            return f"{self.value(node.left)} is {wanted}"
        bounds = bounds_of(node.left, operator, node.right)
        if bounds is not None and not self.value(node.left).isidentifier():
            # The look at the range is part of the comparison.
            (low, high), left = bounds, self.exact(node.left)
            return f"{low} <= {left} <= {high}" if low != high else f"{left} == {low}"
        left, right = self._sides(node)
        return f"{left} {operator} {right}"

    def exact(self, node: Expression) -> str:
        """Return source for the exact result of an operation on two whole numbers."""
        assert isinstance(node, Arithmetic)
        left, right = (self.value(one) for one in node.operands)
        return f"({left} {node.operator} {right})"

    def _constant_membership(self, node: Membership, sense: bool) -> str:
        values = [one.value for one in node.options if isinstance(one, Constant)]
        item = self.value(node.item)
        if len(values) > 4:
            spelled = ", ".join(self._constants.literal(value) for value in values)
            options = self._constants.named(f"frozenset(({spelled},))")
        else:
            options = f"({''.join(f'{self._constants.literal(value)}, ' for value in values)})"
        if sense:
            return f"{item} in {options}"
        item = self._writer.keep(item)
        return f"({item} is not UNKNOWN and {item} not in {options})"


def _all_constant(options: tuple[Expression, ...]) -> bool:
    return all(isinstance(one, Constant) and one.value is not UNKNOWN for one in options)
