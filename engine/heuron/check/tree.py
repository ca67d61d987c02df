"""The resolved tree: what a knowledge base means, with every name decided and every type known.

Made by `resolve` and read by the other checks, by lowering and by the oracle of the tests.
Lets are expanded, tables read, positional arguments named, bare names told apart into variables,
fields, levels and constants. Expressions and conditions are used by the normal form as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from heuron.diagnostics import NOWHERE, SourceText, Span
from heuron.values import FieldType, Template, Value

TEXT = FieldType("text")
INTEGER = FieldType("integer")
NUMBER = FieldType("number")
BOOLEAN = FieldType("boolean")
DATE = FieldType("date")
DATETIME = FieldType("datetime")
DURATION = FieldType("duration")
PERIOD = FieldType("period")
"""A calendar span, `years(1)` or `months(3)`: only added to and taken from dates."""
ANY = FieldType("any")
"""The type of something that already has an error of its own; it goes with everything."""


# Expressions. `type` is the type of the value; every expression may also be unknown.


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The base of all expressions: the type of the value, and where it is written."""

    type: FieldType
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Constant(Typed):
    """A value known when the file is read; enumeration levels are their strings."""

    value: Value


@dataclass(frozen=True, slots=True)
class Variable(Typed):
    """A value variable, bound by `field: x`, by `x = …` or as a query's parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class FactVariable(Typed):
    """A fact variable as a value: the number of the fact (type: a reference)."""

    name: str


@dataclass(frozen=True, slots=True)
class FieldOf(Typed):
    """A field of the fact that a variable is bound to; perhaps a concluded field."""

    variable: str
    field: str


@dataclass(frozen=True, slots=True)
class ReferencedField(Typed):
    """`l.applicant.income`: a field of the fact that `reference` (an expression) refers to.

    `target` is the referenced type. Lowering turns it into a join where it stands positively.
    """

    reference: Expression
    target: str
    field: str


@dataclass(frozen=True, slots=True)
class Arithmetic(Typed):
    """`+` and `*` n-ary, `-` `/` `//` `%` binary, `neg` unary; on numbers, dates, durations."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Compare(Typed):
    """`== != < <= > >=` between two values of one type; chains are an `And`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Membership(Typed):
    """`item in [options]`; with `container` set instead, `item in some_list_field`."""

    item: Expression
    options: tuple[Expression, ...]
    container: Expression | None = None


@dataclass(frozen=True, slots=True)
class Holds(Typed):
    """`t.f == v` or `v in t.f` for a `many` field: whether v is one of its values.

    Unknown while the field has no value.
    """

    variable: str
    field: str
    value: Expression


@dataclass(frozen=True, slots=True)
class IsUnknown(Typed):
    """`x is unknown`: always true or false."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Not(Typed):
    """Kleene negation."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And(Typed):
    """Kleene conjunction, n-ary."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or(Typed):
    """Kleene disjunction, n-ary."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call(Typed):
    """A built-in function (`today`, `years`, `abs`, …) or one registered by the host."""

    function: str
    arguments: tuple[Expression, ...]
    host: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate(Typed):
    """`sum count min max avg collect` over all matches of its conditions."""

    function: str
    value: Expression | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CertaintyOf(Typed):
    """`certainty(t.f)`, or `certainty(t.f, level)` when `value` is not None; 0 when unknown."""

    variable: str
    field: str
    value: Expression | None = None


@dataclass(frozen=True, slots=True)
class PredictionOf(Typed):
    """`p.value`, `p.confidence`, `p.answered` of a variable bound by `predict`."""

    variable: str
    attribute: str


@dataclass(frozen=True, slots=True)
class BackendOf(Typed):
    """`rules.certainty`, `forest.confidence`, … in a dispatch block.

    `backend` is "rules" or a model's name; `attribute` one of value, certainty, confidence,
    answered, outside, imputed.
    """

    backend: str
    attribute: str


Expression = (
    Constant
    | Variable
    | FactVariable
    | FieldOf
    | ReferencedField
    | Arithmetic
    | Compare
    | Membership
    | Holds
    | IsUnknown
    | Not
    | And
    | Or
    | Call
    | Aggregate
    | CertaintyOf
    | PredictionOf
    | BackendOf
)


# Conditions. `id` numbers the conditions of one rule from 0, depth first, as written.


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The base of all conditions: its number within the rule, and where it is written."""

    id: int = field(default=0, compare=False)
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """`field: variable`: the first place that binds the variable; it must be known to match."""

    field: str
    variable: str


@dataclass(frozen=True, slots=True)
class Pattern(Numbered):
    """A condition on one fact.

    `variable` always has a name (a made-up one, `_1`, when the author gave none). A slot
    `field: x` whose x is bound elsewhere has become the test `FieldOf == Variable`, together
    with `required` (the field must be known). `identity`, when set, is a reference that must be
    the number of the matched fact (set by lowering for references between facts).
    A `many` field that is tested or bound in a pattern matches once for each of its values:
    it is listed in `each` and its reads in `tests` and `bindings` mean the value of that match.
    """

    variable: str
    type_name: str
    bindings: tuple[Binding, ...] = ()
    tests: tuple[Expression, ...] = ()
    each: tuple[str, ...] = ()
    identity: Expression | None = None


@dataclass(frozen=True, slots=True)
class Negation(Numbered):
    """`not`: true when its conditions are false for every combination of facts."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Exists(Numbered):
    """`exists`: true when its conditions are true for some combination of facts."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Forall(Numbered):
    """`forall P have Q`: for every fact P is false or Q is true."""

    pattern: Pattern
    have: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either(Numbered):
    """True when one branch is; binds nothing outside and gives one activation."""

    branches: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Test(Numbered):
    """A boolean expression."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Bind(Numbered):
    """`x = expression`; the value must be known to match."""

    variable: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Predict(Numbered):
    """`p = predict(model, record)`: called after the rule's other conditions hold."""

    variable: str
    model: str
    record: str


Condition = Pattern | Negation | Exists | Forall | Either | Test | Bind | Predict


# Actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The base of actions and items: where they are written."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conclude(Placed):
    """A contribution to a concluded field; `certainty` is a constant from -1 to 1, not 0."""

    variable: str
    field: str
    value: Expression
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Derive(Placed):
    """A fact held as long as the activation is; `values` pairs fields with expressions."""

    type_name: str
    values: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Assert(Placed):
    """A fact held until it is retracted."""

    type_name: str
    values: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Modify(Placed):
    """A new version of a held fact."""

    variable: str
    changes: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Retract(Placed):
    """The end of a held fact."""

    variable: str


@dataclass(frozen=True, slots=True)
class Hole:
    """`{expression:format}` in a text."""

    expression: Expression
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Because(Placed):
    """The reason to show, as literal parts and holes."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Log(Placed):
    """A line for the log, as literal parts and holes."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Halt(Placed):
    """The run ends."""


Action = Conclude | Derive | Assert | Modify | Retract | Because | Log | Halt


# Items


@dataclass(frozen=True, slots=True)
class Rule(Placed):
    """A rule; `index` is its place in rule order over all files, tables included."""

    name: str
    title: str | None
    index: int
    salience: int
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    @property
    def is_step(self) -> bool:
        """Whether the rule changes working memory, rather than define what is true."""
        return any(isinstance(one, (Assert, Modify, Retract, Halt)) for one in self.actions)


@dataclass(frozen=True, slots=True)
class Row(Placed):
    """A row of a table: the rule `name[i]` (from 1); one boolean a column, None for `-`."""

    name: str
    tests: tuple[Expression | None, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Table(Placed):
    """A decision table about one record, bound to `variable`.

    `index` is its place in rule order; its rows count as rules at index + 0, 1, 2, …
    `hit` is first, unique, any or collect. `columns` are the header's expressions.
    """

    name: str
    title: str | None
    index: int
    type_name: str
    variable: str
    field: str
    hit: str
    columns: tuple[Expression, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class GivenFact(Placed):
    """A constant fact of `facts:` or `given`; a reference is the binder of another one.

    `values` pairs fields with values; a reference field has the index of the fact it refers to
    within the same list. Defaults are filled in; an explicit `unknown` is `UNKNOWN`.
    """

    type_name: str
    values: tuple[tuple[str, Value], ...]
    binder: str | None = None


@dataclass(frozen=True, slots=True)
class Goal(Placed):
    """The field that a query asks for; `tolerance` belongs to a numeric goal."""

    type_name: str
    field: str
    many: bool = False
    tolerance: float | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Route(Placed):
    """A line of a dispatch block: `backend` is rules, model, refer or agree.

    `conditions` is empty for `otherwise`; a pattern on the goal's type means the record that was
    asked about, whatever its variable is called. `text` is the line as written,
    `line` its place in the block from 1.
    """

    line: int
    backend: str
    name: str | None
    reason: str | None
    conditions: tuple[Condition, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Dispatch(Placed):
    """A dispatch block, its routes tried from the top."""

    name: str | None
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Query(Placed):
    """A named question over facts; its parameters are variables bound by the caller.

    `types` are those of the parameters; it is shorter, or holds `ANY`, where uses do not tell.
    """

    name: str
    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    value: Expression
    types: tuple[FieldType, ...] = ()


@dataclass(frozen=True, slots=True)
class Expect(Placed):
    """An expectation of a test; `because` names a rule that must support it.

    `text` is the expectation as written. Fact variables of the test's `given` are free in it.
    """

    condition: Condition
    because: str | None
    text: str


@dataclass(frozen=True, slots=True)
class ExpectRoute(Placed):
    """`expect route …`."""

    backend: str
    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class TestCase(Placed):
    """A test of a rule file."""

    title: str
    today: date | None
    given: tuple[GivenFact, ...]
    expects: tuple[Expect | ExpectRoute, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """A whole knowledge base, resolved.

    `concluded` maps (type, field) to the names of the rules and tables that conclude it, in rule
    order; `many` holds the concluded fields with several values (the goal under `many`);
    `derived` the types that some rule derives; `texts` the sources by path, first the main file.
    """

    domain: str | None
    question: str | None
    data: str | None
    goal: Goal | None
    templates: Mapping[str, Template]
    facts: tuple[GivenFact, ...]
    rules: tuple[Rule, ...]
    tables: tuple[Table, ...]
    concluded: Mapping[tuple[str, str], tuple[str, ...]]
    many: frozenset[tuple[str, str]]
    derived: frozenset[str]
    dispatches: tuple[Dispatch, ...]
    queries: tuple[Query, ...]
    tests: tuple[TestCase, ...]
    texts: Mapping[str, SourceText]


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function that the host program registers: parameter and result types."""

    parameters: tuple[FieldType, ...]
    result: FieldType
