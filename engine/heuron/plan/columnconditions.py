"""The conditions of rules and tables over columns: as entries of words, as masks, as weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from heuron.check.reads import concluded_reads, values_tested
from heuron.check.tree import (
    BOOLEAN,
    NUMBER,
    Bind,
    CertaintyOf,
    Compare,
    Condition,
    Constant,
    Either,
    Exists,
    Expression,
    FieldOf,
    IsUnknown,
    Negation,
    Not,
    Pattern,
    Predict,
    Test,
    Variable,
)
from heuron.plan.allowed import conjuncts
from heuron.plan.columnexpressions import (
    Column,
    ColumnExpressions,
    NotColumns,
    column_kind,
    encode,
    inverted,
    joined,
)
from heuron.plan.columnsettle import ConcludedField
from heuron.plan.columnwords import Entry, one_column
from heuron.values import UNKNOWN, Template, Value

__all__ = ["ColumnConditions", "Weights"]

STATES_OF_A_RULE = 4
"""A rule that reads a field with more certainties than this weighs them as a column."""


@dataclass(slots=True)
class Weights:
    """How certain what a condition reads is: conditions of constant certainty, or locals."""

    bits: list[tuple[Entry, float]]
    locals: tuple[str, ...] = ()


class ColumnConditions:
    """Writes the conditions of one rule or table after another.

    `types` are the types of the fact variables of the one that is being written.
    """

    def __init__(
        self,
        template: Template,
        fields: Mapping[str, ConcludedField],
        expressions: ColumnExpressions,
    ) -> None:
        self.template = template
        self.fields = fields
        self.expressions = expressions
        self.types: dict[str, str] = {}

    def enter(self, variables: Collection[str]) -> None:
        """Begin a rule or table in which these variables stand for the record."""
        self.expressions.forget()
        self.types = dict.fromkeys(variables, self.template.name)

    @contextmanager
    def with_value(self, one: ConcludedField, value: Value) -> Iterator[str]:
        """Let a field with many values have one of them, or none, for a while.

        Gives the mask of the rows on which it is so.
        """
        expressions = self.expressions
        kind = column_kind(one.type)
        if kind is None:
            raise NotColumns(f"{one.name} is a list")
        levels = tuple(map(str, one.values)) if kind == "text" else one.type.levels
        code = encode(value, "level" if kind == "text" else kind, levels)
        local = "nan" if code != code else repr(code)
        known = value is not UNKNOWN
        held = expressions.holding[one.name]
        some = expressions.keep(joined(list(held.values()), False), "b")
        named = f"{one.name}={value}"
        fields, certainties = dict(expressions.fields), dict(expressions.certainties)
        expressions.fields[one.name] = Column(local, kind, levels, known, one.name)
        expressions.certainties[one.name] = expressions.certainties[named] if known else "0.0"
        try:
            yield held[value] if known else expressions.keep(inverted(some), "b")
        finally:
            expressions.fields, expressions.certainties = fields, certainties

    def ask(self, condition: Condition, entry: Entry) -> None:
        """Add a condition to an entry."""
        match condition:
            case Pattern():
                self._bind_fields(condition)
                for binding in condition.bindings:
                    read = FieldOf(
                        type=self.template[binding.field].type,
                        variable=condition.variable,
                        field=binding.field,
                    )
                    known = Not(type=BOOLEAN, operand=IsUnknown(type=BOOLEAN, operand=read))
                    self.test(known, entry)
                for test in condition.tests:
                    self.test(test, entry)
            case Test():
                self.test(condition.expression, entry)
            case _:
                entry.masks += self.true((condition,))

    def _bind_fields(self, pattern: Pattern) -> None:
        if pattern.each:
            raise NotColumns(f"it matches once for each value of {', '.join(pattern.each)}")
        for binding in pattern.bindings:
            self.expressions.variables[binding.variable] = self.expressions.field(binding.field)

    def test(self, test: Expression, entry: Entry) -> None:
        for one in conjuncts(test):
            column = one_column(one, self._column_of)
            if column is not None:
                entry.test(column, one)
            elif entry.possible:
                entry.masks.append(inverted(self.expressions.false(one)))
            else:
                entry.masks.append(self.expressions.true(one))

    def _column_of(self, node: FieldOf | Variable) -> Column | None:
        if isinstance(node, FieldOf):
            return self.expressions.fields.get(node.field)
        return self.expressions.variables.get(node.name)

    def true(self, conditions: tuple[Condition, ...]) -> list[str]:
        parts: list[str] = []
        for one in conditions:
            match one:
                case Pattern():
                    self._bind_fields(one)
                    columns = [self.expressions.field(binding.field) for binding in one.bindings]
                    parts += [self.expressions.known(column) for column in columns]
                    parts += [self.expressions.true(test) for test in one.tests]
                case Test():
                    parts.append(self.expressions.true(one.expression))
                case Bind():
                    parts.append(self.expressions.bind(one.variable, one.expression))
                case Either():
                    masks = [joined(self.true(branch), True) for branch in one.branches]
                    kept = [self.expressions.keep(mask, "b") for mask in masks]
                    parts.append(self.expressions.keep(joined(kept, False), "b"))
                case Exists():
                    parts += self.true(one.conditions)
                case Negation() if all(isinstance(part, Test) for part in one.conditions):
                    tests = [part for part in one.conditions if isinstance(part, Test)]
                    false = [self.expressions.false(test.expression) for test in tests]
                    parts.append(self.expressions.keep(joined(false, False), "b"))
                case Predict():
                    raise NotColumns(f"it asks the model {one.model}")
                case _:
                    raise NotColumns("a condition has no form over columns")
        return parts

    # How certain what conditions read is.

    def weights(self, nodes: Sequence[object], entry: Entry) -> Weights:
        """Return an entry with the certainty of what it reads, or entries for each certainty."""
        locals_, states = self._read(tuple(nodes))
        if not locals_:
            return Weights([(entry, 1.0)])
        if states is None:
            return Weights([], locals_)
        column, by_code = states
        found: dict[float, None] = {}
        for code, certainties in by_code:
            if column.local not in entry.tests or entry.holds(column.local, code):
                found.update(dict.fromkeys(certainties))
        if len({one or 1.0 for one in found}) == 1:
            return Weights([(entry, next(iter(found)) or 1.0)], locals_)
        if not 0 < len(found) <= STATES_OF_A_RULE:
            return Weights([], locals_)
        bits = []
        certainty = CertaintyOf(type=NUMBER, variable="", field=column.field)
        for state in found:
            one = entry.copied()
            is_so = Compare(
                type=BOOLEAN,
                operator="==",
                left=certainty,
                right=Constant(type=NUMBER, value=state),
            )
            local = self.expressions.certainties[column.field]
            one.test(Column(local, "float", complete=True, field=column.field), is_so)
            bits.append((one, state or 1.0))
        return Weights(bits, locals_)

    def _read(
        self, nodes: tuple[object, ...]
    ) -> tuple[
        tuple[str, ...],
        tuple[Column, list[tuple[float | str | None, tuple[float, ...]]]] | None,
    ]:
        """Return the locals of the certainties that nodes read; of one field also its states.

        States are pairs of a value, as it stands in the column, and its certainties.
        """
        concluded = [(self.template.name, name) for name in self.fields]
        reads = concluded_reads(nodes, self.types, concluded, tested=False)
        names = list(dict.fromkeys(name for _, _, name in reads))
        uncertain = [name for name in names if self.fields[name].first is None]
        locals_ = [
            self.expressions.keep(f"weight({self._certainty(name)})", "w_") for name in uncertain
        ]
        only = len(uncertain) == 1
        for either in nodes:
            if isinstance(either, Either) and any(self._read(one)[0] for one in either.branches):
                locals_.append(self._best_branch(either))
                only = False
        for held in values_tested(nodes):
            if not isinstance(held.value, Constant):
                raise NotColumns(f"it reads the many values of {held.field}")
            level = f"{held.field}={held.value.value}"
            known = self.expressions.certainties.get(level)
            if held.field in self.fields and not self.fields[held.field].many:
                raise NotColumns(f"it reads the values of {held.field}")
            if known is not None:
                locals_.append(self.expressions.keep(f"weight({known})", "w_"))
                only = False
        if not only:
            return tuple(locals_), None
        one = self.fields[uncertain[0]]
        column = self.expressions.fields[one.name]
        if one.states is None:
            return tuple(locals_), None
        by_code: list[tuple[float | str | None, tuple[float, ...]]] = [(None, (0.0,))]
        for value, certainties in one.states.items():
            code = (
                str(value) if column.kind == "text" else encode(value, column.kind, column.levels)
            )
            by_code.append((code, certainties))
        return tuple(locals_), (column, by_code)

    def _certainty(self, name: str) -> str:
        found = self.expressions.certainties.get(name)
        if found is None:
            raise NotColumns(f"it weighs the many values of {name}")
        return found

    def _best_branch(self, either: Either) -> str:
        """Return the certainty of the best branch that holds."""
        pairs = ""
        for branch in either.branches:
            mask = self.expressions.keep(joined(self.true(branch), True), "b")
            weights = self._read(branch)[0]
            lowest = weights[0] if weights else "1.0"
            for other in weights[1:]:
                lowest = self.expressions.keep(f"np.minimum({lowest}, {other})", "w_")
            pairs += f"({mask}, {lowest}), "
        return self.expressions.keep(f"best_branch(({pairs}), n)", "w_")

    # Tables.

    def true_where_said(self, condition: Condition) -> list[str]:
        """Return masks that hold wherever a condition does, as far as columns can say."""
        try:
            return self.true((condition,))
        except NotColumns:
            pass
        parts = []
        if isinstance(condition, Pattern) and not condition.each:
            for test in condition.tests:
                for one in conjuncts(test):
                    try:
                        parts.append(self.expressions.true(one))
                    except NotColumns:
                        continue
        return parts
