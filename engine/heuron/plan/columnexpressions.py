"""An expression about one record as numpy source over whole columns.

The same two forms as for one record (`plan.expression`): that it is true, that it is false. A
number, a date or a duration is a float64 column in which NaN is unknown; NaN compares false as
`UNKNOWN` does, except under `!=`. A level, a text or a boolean is a column of whole numbers in
which -1 is unknown. Where a column is known to be complete the tests for unknown fall away.

What numpy has no form for is written as a function of single values, by the same writer as for
one record, and called once for each distinct combination of the values that it reads (`mapped`).
What cannot be said over columns at all raises `NotColumns` with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from heuron.check.tree import (
    And,
    Arithmetic,
    Call,
    CertaintyOf,
    Compare,
    Constant,
    Expression,
    FieldOf,
    Holds,
    IsUnknown,
    Membership,
    Not,
    Or,
    Variable,
)
from heuron.plan.allowed import MIRRORED
from heuron.plan.columnvalues import function_source
from heuron.plan.expression import OPPOSITE
from heuron.plan.source import Constants, Writer
from heuron.values import UNKNOWN, FieldType, Value

__all__ = ["Column", "ColumnExpressions", "NotColumns", "column_kind", "encode"]

EXACTLY: Final = {"+": "np.add", "-": "np.subtract", "*": "np.multiply"}
"""Operators whose result on whole numbers may be out of range by less than a float can tell."""
EPOCH: Final = datetime(2000, 1, 1)
NUMBERS: Final = frozenset({"number", "integer"})
CALLS: Final = {
    ("abs", 1): "np.abs({})",
    ("floor", 1): "np.floor({})",
    ("ceil", 1): "np.ceil({})",
    ("sqrt", 1): "np.sqrt({})",
    ("min", 2): "np.minimum({}, {})",
    ("max", 2): "np.maximum({}, {})",
    ("days_between", 2): "{1} - {0}",
}
"""Built-in functions of numbers by name and number of arguments, as numpy has them."""

FLOATS: Final = ("number", "integer", "date", "datetime", "duration")


class NotColumns(Exception):
    """A condition or an action that has no form over columns; the text says which."""


@dataclass(frozen=True, slots=True)
class Column:
    """A local of the generated function that holds a column.

    `kind` is "float", "level", "boolean", "text" or "list"; `levels` are those of an enumeration;
    `complete` says that no value is unknown; `field` names the field (texts are looked up by it).
    A text with levels is concluded, and these are the texts that it can be.
    """

    local: str
    kind: str
    levels: tuple[str, ...] = ()
    complete: bool = False
    field: str = ""


def column_kind(kind: FieldType) -> str | None:
    """Return how values of a type stand in a column, or None when they cannot."""
    if kind.kind in FLOATS:
        return "float"
    return {"enumeration": "level", "boolean": "boolean", "text": "text"}.get(kind.kind)


def input_kind(kind: FieldType) -> str | None:
    """Return how values of a given field are handed over: lists, too, by their places."""
    return "list" if kind.kind == "list" else column_kind(kind)


def encode(value: Value, kind: str, levels: tuple[str, ...] = ()) -> float | int:
    """Return a value as it stands in a column (texts have codes of their own, by table)."""
    if kind == "float":
        if value is UNKNOWN:
            return float("nan")
        if isinstance(value, datetime):
            return (value - EPOCH) / timedelta(microseconds=1)
        if isinstance(value, date):
            return float(value.toordinal())
        if isinstance(value, timedelta):
            return value / timedelta(microseconds=1)
        assert isinstance(value, (int, float))
        return float(value)
    if value is UNKNOWN:
        return -1
    return levels.index(str(value)) if kind == "level" else int(bool(value))


class ColumnExpressions:
    """Writes expressions over columns; equal parts are computed once.

    `columns` maps fields and variables to columns; `certainties` maps a concluded field to the
    local of its certainty, `levels` (by `field=value`) to those of values that may not hold,
    except for the fields in `computed`;
    `holding` a `many` field to the locals that say where each level holds, `keys` (by
    `field=level`) to those that order the levels. `variables` are those of the rule that is being
    written; the ones in `inlined` stand for expressions that have no column. `functions` names the
    functions of single values that the source calls, by their source.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        constants: Constants,
        functions: dict[str, str],
        writer: Writer,
    ) -> None:
        self.constants = constants
        self.functions = functions
        self.fields = dict(columns)
        self.variables: dict[str, Column] = {}
        self.inlined: dict[str, Expression] = {}
        self.only: Column | None = None
        self.certainties: dict[str, str] = {}
        self.levels: dict[str, str] = {}
        self.computed: set[str] = set()
        self.keys: dict[str, str] = {}
        self.holding: dict[str, dict[Value, str]] = {}
        self.writer = writer
        self._kept: dict[str, str] = {}

    def forget(self) -> None:
        """Begin a rule: no variable is bound."""
        self.variables, self.inlined = {}, {}

    def keep(self, source: str, prefix: str = "x") -> str:
        """Return a local for a part, computed once a function."""
        if source.isidentifier() or source in ("True", "False"):
            return source
        name = self._kept.get(source)
        if name is None:
            name = self._kept[source] = self.writer.keep(source, prefix)
        return name

    def true(self, node: Expression) -> str:
        """Return a local (or True, False) for the rows on which the expression is true."""
        return self.keep(self._condition(node, True), "b")

    def false(self, node: Expression) -> str:
        """Return a local (or True, False) for the rows on which the expression is false."""
        return self.keep(self._condition(node, False), "b")

    def true_of(self, column: Column, node: Expression) -> str:
        """Return a local for the rows on which a test that reads one column alone is true."""
        self.only = column
        found = self.true(node)
        self.only = None
        return found

    def known(self, column: Column) -> str:
        """Return a local (or True) for the rows on which a column is known."""
        if column.complete:
            return "True"
        test = f"{column.local} == {column.local}" if column.kind == "float" else None
        return self.keep(test or f"{column.local} >= 0", "b")

    def column(self, node: Expression) -> Column:
        """Return the column that an expression reads or computes."""
        match node:
            case FieldOf() | Variable() if self.only is not None:
                return self.only
            case FieldOf():
                return self.field(node.field)
            case Variable():
                found = self.variables.get(node.name)
                if found is None:
                    raise NotColumns(f"it reads the variable {node.name}")
                return found
            case _ if node.type.kind == "boolean":
                truths = f"truths({self.true(node)}, {self.false(node)}, n)"
                return Column(self.keep(truths), "boolean")
            case _:
                return Column(self.keep(self._operand(node)), "float")

    def bind(self, variable: str, node: Expression) -> str:
        """Bind a variable to what an expression gives; return where that is known."""
        try:
            column = self.variables[variable] = self.column(node)
        except NotColumns:
            self.inlined[variable] = node
            return self.false(IsUnknown(type=node.type, operand=node))
        return self.known(column)

    def _operand(self, node: Expression) -> str:
        """Return source for a number that numpy divides: a constant alone would be Python's."""
        source = self.number(node)
        return f"real({source})" if isinstance(node, Constant) else source

    def field(self, name: str) -> Column:
        """Return the column of a field."""
        found = self.fields.get(name)
        if found is None:
            raise NotColumns(f"it reads {name}, which has no column")
        return found

    def number(self, node: Expression) -> str:
        """Return source for a numeric expression: a local, a literal or a call."""
        match node:
            case Constant():
                return _literal(encode(node.value, "float"))
            case FieldOf() | Variable():
                column = self.column(node)
                if column.kind != "float":
                    raise NotColumns(f"{column.field} is no number")
                return column.local
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case CertaintyOf() if self.only is not None:
                return self.only.local
            case CertaintyOf() if node.value is None:
                found = self.certainties.get(node.field)
                if found is None:
                    raise NotColumns(f"it reads the certainty of {node.field}")
                return found
            case CertaintyOf() if isinstance(node.value, Constant):
                if node.field in self.computed:
                    raise NotColumns(f"it reads the certainty of a value of {node.field}")
                return self.levels.get(f"{node.field}={node.value.value}", "0.0")
            case _:
                return self.mapped(node, "float")

    def _call(self, node: Call) -> str:
        if node.host or node.type.kind not in FLOATS:
            return self.mapped(node, "float")
        if node.function == "today":
            return "today"
        form = CALLS.get((node.function, len(node.arguments)))
        kinds = {one.type.kind for one in node.arguments}
        fits_ = kinds == {"date"} if node.function == "days_between" else kinds <= NUMBERS
        if form is None or not fits_:
            return self.mapped(node, "float")
        parts = [self._operand(one) for one in node.arguments]
        return self.keep(f"fit({form.format(*parts)}, {node.type.kind == 'integer'!r})")

    def _arithmetic(self, node: Arithmetic) -> str:
        if node.type.kind not in NUMBERS or any(
            one.type.kind not in NUMBERS for one in node.operands
        ):
            return self.mapped(node, "float")
        parts = [self._operand(one) for one in node.operands]
        if len(parts) == 1:
            return f"(-{parts[0]})"
        function = {"+": "+", "-": "-", "*": "*", "/": "/", "//": "//", "%": "%"}[node.operator]
        total = parts[0]
        # `a + b + 0.5` is a number, but its first step is one of whole numbers.
        whole = node.operands[0].type.kind == "integer" and function != "/"
        for part, operand in zip(parts[1:], node.operands[1:], strict=True):
            whole = whole and operand.type.kind == "integer"
            if whole and function in EXACTLY:
                total = self.keep(f"fit_whole({EXACTLY[function]}, {total}, {part})")
            else:
                total = self.keep(f"fit({total} {function} {part}, {whole!r})")
        return total

    def _condition(self, node: Expression, sense: bool) -> str:
        match node:
            case Constant():
                return str(node.value is sense)
            case Not():
                return self._condition(node.operand, not sense)
            case And() | Or():
                parts = [self.keep(self._condition(one, sense), "b") for one in node.operands]
                return joined(parts, isinstance(node, And) is sense)
            case _:
                try:
                    return self._tested(node, sense)
                except NotColumns:
                    return f"{self.mapped(node, 'boolean')} == {int(sense)}"

    def _tested(self, node: Expression, sense: bool) -> str:
        match node:
            case IsUnknown():
                known = self.known(self.column(node.operand))
                if known == "True":
                    return str(not sense)
                return inverted(known) if sense else known
            case Compare():
                return self._comparison(node, sense)
            case Membership() if node.container is None:
                return self._membership(node, sense)
            case Holds():
                return self._holds(node, sense)
            case FieldOf() | Variable():
                column = self.column(node)
                return f"{column.local} == {int(sense)}"
            case _:
                raise NotColumns(f"{_what(node)} has no form over columns")

    def _comparison(self, node: Compare, sense: bool) -> str:
        if isinstance(node.left, Constant) and not isinstance(node.right, Constant):
            operator = MIRRORED[node.operator]
            node = replace(node, operator=operator, left=node.right, right=node.left)
        operator = node.operator if sense else OPPOSITE[node.operator]
        kind = column_kind(node.left.type) or "none"
        if kind == "float" and column_kind(node.right.type) == "float":
            if any(_is_computed_time(one) for one in (node.left, node.right)):
                raise NotColumns("a computed time has microseconds that a float may not have")
            return self._numbers(node, operator)
        if kind != "none" and isinstance(node.right, Constant):
            return self._against_constant(self.column(node.left), operator, node.right.value)
        if kind in ("level", "boolean") and not isinstance(node.left, Constant):
            left, right = self.column(node.left), self.column(node.right)
            if left.levels == right.levels:
                tests = [self.known(left), self.known(right)]
                test = self.keep(f"{left.local} {operator} {right.local}", "b")
                return joined([test, *tests], True)
        raise NotColumns("it compares what has no form over columns")

    def _numbers(self, node: Compare, operator: str) -> str:
        left, right = self.number(node.left), self.number(node.right)
        test = f"{left} {operator} {right}"
        if operator != "!=":
            return test
        # NaN is unequal to everything, but unknown is not.
        known = [
            self.keep(f"{one} == {one}", "b")
            for one, side in ((left, node.left), (right, node.right))
            if not isinstance(side, Constant) and not self._is_complete(side)
        ]
        return joined([self.keep(test, "b"), *known], True)

    def _is_complete(self, node: Expression) -> bool:
        return isinstance(node, (FieldOf, Variable)) and self.column(node).complete

    def _against_constant(self, column: Column, operator: str, value: Value) -> str:
        code = self._code(column, value)
        test = f"{column.local} {operator} {code}"
        if column.kind == "text" and operator not in ("==", "!="):
            raise NotColumns("it orders texts")
        if operator in ("==", ">", ">=") or column.complete:
            return test
        return joined([self.keep(test, "b"), self.known(column)], True)

    def _code(self, column: Column, value: Value) -> str:
        if column.kind == "text" and column.levels:
            return str(column.levels.index(str(value))) if value in column.levels else "-2"
        if column.kind == "text":
            return self.keep(f"code({column.field!r}, {str(value)!r})", "z")
        if column.kind == "level":
            if value not in column.levels:
                raise NotColumns("it compares different enumerations")
            return str(encode(value, "level", column.levels))
        return str(encode(value, column.kind))

    def _membership(self, node: Membership, sense: bool) -> str:
        if not node.options or not all(_is_known(one) for one in node.options):
            return self._alternatives(node, sense)
        column = self.column(node.item)
        values = [one.value for one in node.options if isinstance(one, Constant)]
        codes = [
            _literal(encode(value, "float"))
            if column.kind == "float"
            else self._code(column, value)
            for value in values
        ]
        found = joined([self.keep(f"{column.local} == {code}", "b") for code in codes], False)
        if sense:
            return found
        return joined([inverted(self.keep(found, "b")), self.known(column)], True)

    def _alternatives(self, node: Membership, sense: bool) -> str:
        """Write a membership as comparisons with each of the options."""
        if not node.options:
            raise NotColumns("it looks among no values")
        tests = [
            Compare(type=node.type, operator="==", left=node.item, right=one)
            for one in node.options
        ]
        parts = [self.keep(self._condition(one, sense), "b") for one in tests]
        return joined(parts, not sense)

    def mapped(self, node: Expression, target: str) -> str:
        """Return a local for what an expression gives, worked out by a function of single values.

        Args:
            node: The expression.
            target: The kind of column to make of the results.
        """
        if target == "float" and node.type.kind not in FLOATS:
            raise NotColumns(f"{_what(node)} is no number")
        leaves: dict[str, tuple[str, str]] = {}
        plain = self._with_leaves(node, leaves)
        source = function_source(plain, len(leaves), self.constants)
        function = self.functions.setdefault(source, f"g{len(self.functions)}")
        columns = "".join(f"{local}, " for local in leaves)
        kinds = "".join(f"{kind}, " for _, kind in leaves.values())
        return self.keep(f"run.mapped({function}, ({columns}), ({kinds}), {target!r}, n)")

    def _with_leaves(self, node: Expression, leaves: dict[str, tuple[str, str]]) -> Expression:
        """Return an expression with numbered variables in place of what it reads from columns.

        Args:
            node: The expression.
            leaves: Filled: by the local of a column its variable, and source that says how its
                values are decoded (kind, levels, field of a text).
        """

        def leaf(column: Column, type_: FieldType) -> Expression:
            texts = column.levels if column.kind == "text" else type_.levels
            listed = column.kind in ("text", "list") and not column.levels
            field = column.field if listed else ""
            kind = self.constants.named(repr((type_.kind, tuple(texts), field)))
            variable, _ = leaves.setdefault(column.local, (f"a{len(leaves)}", kind))
            return Variable(type=type_, name=variable)

        def inside(parts: tuple[Expression, ...]) -> tuple[Expression, ...]:
            return tuple(self._with_leaves(one, leaves) for one in parts)

        match node:
            case Constant():
                return node
            case Variable() if self.only is None and node.name in self.inlined:
                return self._with_leaves(self.inlined[node.name], leaves)
            case FieldOf() | Variable():
                return leaf(self.column(node), node.type)
            case CertaintyOf():
                return leaf(Column(self.keep(self.number(node)), "float"), node.type)
            case Holds():
                return leaf(self.column(node), node.type)
            case Not() | IsUnknown():
                return replace(node, operand=self._with_leaves(node.operand, leaves))
            case And() | Or() | Arithmetic():
                return replace(node, operands=inside(node.operands))
            case Compare():
                left, right = inside((node.left, node.right))
                return replace(node, left=left, right=right)
            case Membership():
                container = node.container and self._with_leaves(node.container, leaves)
                item, *options = inside((node.item, *node.options))
                return replace(node, item=item, options=tuple(options), container=container)
            case Call() if not node.host:
                return replace(node, arguments=inside(node.arguments))
            case Call():
                raise NotColumns(f"it calls {node.function}, a function of the host")
        raise NotColumns(f"{_what(node)} has no form over columns")

    def _holds(self, node: Holds, sense: bool) -> str:
        levels = self.holding.get(node.field)
        if levels is None or not isinstance(node.value, Constant):
            raise NotColumns(f"it reads the many values of {node.field}")
        held = levels.get(node.value.value, "False")
        if sense:
            return held
        some = self.keep(joined(list(levels.values()), False), "b")
        return joined([some, inverted(held)], True)


def _is_computed_time(node: Expression) -> bool:
    is_time = node.type.kind in ("datetime", "duration")
    return is_time and not isinstance(node, (FieldOf, Variable, Constant))


def _is_known(node: Expression) -> bool:
    return isinstance(node, Constant) and node.value is not UNKNOWN


def inverted(part: str) -> str:
    """Return source for the rows on which a mask does not hold."""
    if part in ("True", "False"):
        return "False" if part == "True" else "True"
    return f"inverse({part})"


def joined(parts: list[str], conjunction: bool) -> str:
    """Return source for the conjunction or disjunction of masks; True and False fall away."""
    neutral, decisive = ("True", "False") if conjunction else ("False", "True")
    if decisive in parts:
        return decisive
    rest = list(dict.fromkeys(part for part in parts if part != neutral))
    if not rest:
        return neutral
    if len(rest) == 1:
        return rest[0]
    return "(" + (" & " if conjunction else " | ").join(f"({part})" for part in rest) + ")"


def _literal(value: float | int) -> str:
    return "nan" if value != value else repr(value)


def _what(node: Expression) -> str:
    if isinstance(node, Call):
        return f"{node.function}(…)"
    return type(node).__name__.lower()
