"""The abstract syntax tree of a `.rules` file: data only, as written, nothing resolved.

Every node is frozen and has a `span`; spans take no part in equality, so that
`parse(print(tree)) == tree`. Names are plain strings and literals plain Python values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from heuron.diagnostics import NOWHERE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The base of all nodes: where the node stands."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


# Expressions


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant: text, integer, float, boolean, date or datetime."""

    value: str | int | float | bool | date | datetime
    text: str | None = field(default=None, compare=False)
    """The number as written (`12_000`), for the printer."""


@dataclass(frozen=True, slots=True)
class UnknownLiteral(Node):
    """The word `unknown` as a value (in `given` and evidence)."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name on its own: variable, field, level or let, decided when names are resolved."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`object.name`."""

    object: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`: a built-in, a let with parameters, or a host function."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b, c]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-x`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`+` and `*` are n-ary; `-`, `/`, `//`, `%` have two operands (left-associative)."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """A chain as in Python: `first (operator operand)*`.

    Operators: `== != < <= > >= in "not in" is "is not"`; after `is` and `is not` the operand is
    always `UnknownLiteral`; after `in` it is a `ListLiteral`, a `Range` or another expression.
    """

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`low..high`, both ends in; only after `in` and in table cells."""

    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not x`, a boolean expression."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And(Node):
    """`a and b and …` (n-ary)."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """`a or b or …` (n-ary)."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`sum(l.amount for l: Loan(applicant == a))`; `value` is None in `count(Loan(…))`."""

    function: str
    value: Expression | None
    conditions: tuple[Condition, ...]


Expression = (
    Literal
    | UnknownLiteral
    | Name
    | Attribute
    | Call
    | ListLiteral
    | Negative
    | Arithmetic
    | Comparison
    | Range
    | Not
    | And
    | Or
    | Aggregate
)


# Conditions


@dataclass(frozen=True, slots=True)
class SlotBinding(Node):
    """`field: x` inside a pattern: binds x, or joins when x is bound elsewhere."""

    field: str
    variable: str


@dataclass(frozen=True, slots=True)
class SlotTest(Node):
    """A boolean expression inside a pattern; a bare name at its very start is a field."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """`binder: Type(slots)`; the type name may be qualified, `m.Type`."""

    binder: str | None
    type_name: str
    slots: tuple[SlotBinding | SlotTest, ...]


@dataclass(frozen=True, slots=True)
class NotCondition(Node):
    """`not Pattern` (also `not exists …`, `not forall …`, `not not …`)."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class ExistsCondition(Node):
    """`exists Pattern`."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class ForallCondition(Node):
    """`forall Pattern have Pattern`."""

    pattern: Pattern
    have: Condition


@dataclass(frozen=True, slots=True)
class EitherCondition(Node):
    """`either: … or: …`: a test that holds when one branch (all its conditions) holds."""

    branches: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class TestCondition(Node):
    """A boolean expression as a condition."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class BindCondition(Node):
    """`x = expression`; `p = predict(model, a)` is one too, with a `Call` as its value."""

    variable: str
    expression: Expression


Condition = (
    Pattern
    | NotCondition
    | ExistsCondition
    | ForallCondition
    | EitherCondition
    | TestCondition
    | BindCondition
)


# Facts, texts and actions


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """An argument of a fact, positional when `name` is None."""

    name: str | None
    value: Expression


@dataclass(frozen=True, slots=True)
class FactExpression(Node):
    """`Type(field = value, …)` or `Type(value, …)`, perhaps named: `a: Type(…)`."""

    binder: str | None
    type_name: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Hole(Node):
    """`{expression:format}` inside a text."""

    expression: Expression
    format: str | None


@dataclass(frozen=True, slots=True)
class TextTemplate(Node):
    """The text of `because` and `log`: literal parts and holes, in order."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Conclude(Node):
    """`conclude t.field = value, certainty c`."""

    variable: str
    field: str
    value: Expression
    certainty: Expression | None


@dataclass(frozen=True, slots=True)
class Derive(Node):
    """`derive Fact(…)`: held as long as its reasons hold."""

    fact: FactExpression


@dataclass(frozen=True, slots=True)
class Assert(Node):
    """`assert Fact(…)`: held until it is retracted."""

    fact: FactExpression


@dataclass(frozen=True, slots=True)
class Modify(Node):
    """`modify p: field = value, …`."""

    variable: str
    changes: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Retract(Node):
    """`retract p`."""

    variable: str


@dataclass(frozen=True, slots=True)
class Because(Node):
    """`because "text with {expressions}"`."""

    text: TextTemplate


@dataclass(frozen=True, slots=True)
class Log(Node):
    """`log "text with {expressions}"`."""

    text: TextTemplate


@dataclass(frozen=True, slots=True)
class Halt(Node):
    """`halt`."""


Action = Conclude | Derive | Assert | Modify | Retract | Because | Log | Halt


# Types


@dataclass(frozen=True, slots=True)
class NamedType(Node):
    """`text`, `number`, … or the name of another type, perhaps qualified."""

    name: str


@dataclass(frozen=True, slots=True)
class EnumerationType(Node):
    """`a | b | "3+"`; the levels as plain strings."""

    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListType(Node):
    """`list of T`."""

    element: TypeExpression


TypeExpression = NamedType | EnumerationType | ListType


@dataclass(frozen=True, slots=True)
class FieldDeclaration(Node):
    """A field of a type with its modifiers.

    `bounds` holds comparisons of the field (`>= 0` is `(">=", 0)`), `within` the range of
    `in lo..hi`. Modifiers are written in any order and printed in the order of this class.
    """

    name: str
    type: TypeExpression
    within: Range | None = None
    bounds: tuple[tuple[str, Expression], ...] = ()
    matching: str | None = None
    unit: str | None = None
    optional: bool = False
    default: Expression | None = None
    ask: str | None = None


# Items of a file


@dataclass(frozen=True, slots=True)
class Domain(Node):
    """`domain NAME "question"`."""

    name: str
    question: str | None


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use "file.rules"`, `use "file.rules" as m`."""

    path: str
    alias: str | None


@dataclass(frozen=True, slots=True)
class Data(Node):
    """`data "sklearn:iris"` or `data "file.csv"`."""

    source: str


@dataclass(frozen=True, slots=True)
class Goal(Node):
    """`goal Type.field`, `goal Type.field, many`, `goal Type.field, within 10 %`."""

    type_name: str
    field: str
    many: bool
    tolerance: Expression | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class TypeDeclaration(Node):
    """`type Name "title":` with fields, or the short form `type Name(field: type, …)`."""

    name: str
    title: str | None
    fields: tuple[FieldDeclaration, ...]
    short: bool = False


@dataclass(frozen=True, slots=True)
class Facts(Node):
    """`facts:` and the initial facts below it."""

    facts: tuple[FactExpression, ...]


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let name = value`; with parameters (not None): `let f(x) = value`."""

    name: str
    parameters: tuple[str, ...] | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Rule(Node):
    """`rule name "title":` with salience, conditions and actions."""

    name: str
    title: str | None
    salience: Expression | None
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class AnyCell(Node):
    """`-`: any value, known or not."""


@dataclass(frozen=True, slots=True)
class ValuesCell(Node):
    """`a`, `a, b`, `not a, b`, ranges among the values."""

    values: tuple[Expression | Range, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class CompareCell(Node):
    """`< 25`, `>= 30_000`, `== x`, `!= x`."""

    operator: str
    value: Expression


Cell = AnyCell | ValuesCell | CompareCell


@dataclass(frozen=True, slots=True)
class Row(Node):
    """A row of a table: one cell a column, and the value that it concludes."""

    cells: tuple[Cell, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Table(Node):
    """`table name(Type -> field), first hit:` and rows, or `from "file"`.

    `columns` are expressions over the record's fields; `rows` is empty with `source`.
    """

    name: str
    title: str | None
    type_name: str
    field: str
    hit: str
    columns: tuple[Expression, ...]
    rows: tuple[Row, ...]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Route(Node):
    """A line of a dispatch block.

    `backend` is `rules`, `model`, `refer` or `agree`; `name` the model's; `reason` that of
    `refer`; `conditions` is None for `otherwise`.
    """

    backend: str
    name: str | None
    reason: str | None
    conditions: tuple[Condition, ...] | None


@dataclass(frozen=True, slots=True)
class Dispatch(Node):
    """`dispatch [name]:` and its routes, tried from the top."""

    name: str | None
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Query(Node):
    """`query name(x): conditions -> expression`."""

    name: str
    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`today = 2026-11-24` under `given`."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`expect condition` (a pattern, `not Pattern`, a test), perhaps `because rule`."""

    condition: Condition
    because: str | None


@dataclass(frozen=True, slots=True)
class ExpectRoute(Node):
    """`expect route refer`, `expect route rules`, `expect route model NAME`."""

    backend: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Test(Node):
    """`test "title":` with what is given and what is expected."""

    title: str
    given: tuple[FactExpression | Setting, ...]
    expects: tuple[Expect | ExpectRoute, ...]


Item = (
    Domain
    | Use
    | Data
    | Goal
    | TypeDeclaration
    | Facts
    | Let
    | Rule
    | Table
    | Dispatch
    | Query
    | Test
)


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """A comment, kept for the formatter; `text` begins with `#`.

    `beside` is the first word of the line that it ends, None when it stands alone; then `indent`
    counts the blanks before it, and `apart` says that the line above is blank.
    """

    text: str
    beside: str | None = None
    indent: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class File(Node):
    """A parsed file: its items in order, and its comments apart."""

    path: str = field(compare=False)
    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
