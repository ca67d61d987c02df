"""The record plan over whole tables: the same rules as numpy source, a chunk of rows at a time.

Each value of a concluded field has its products of doubt as columns, multiplied in rule order as
for one record, so that both give the same floats. Rows on which something happens that columns
do not settle (two values tie, certain rules contradict each other, a table hits twice) come back
in a mask, and the caller answers them one by one with the single-record function.
"""

from __future__ import annotations

from dataclasses import dataclass

from heuron.check.reads import concluded_reads
from heuron.check.tree import (
    Bind,
    Conclude,
    Condition,
    Constant,
    Either,
    Pattern,
    Rule,
    Table,
    Test,
)
from heuron.plan.columnexpressions import (
    Column,
    ColumnExpressions,
    NotColumns,
    column_kind,
    encode,
    inverted,
    joined,
)
from heuron.plan.conclusions import rank_of
from heuron.plan.normal import Program
from heuron.plan.source import Writer
from heuron.values import UNKNOWN, FieldType, Template, Value

__all__ = ["ColumnPlan", "plan_columns"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The column plan of a program.

    `source` defines `columns(c, n, code, today)` for chunks with unknown values and
    `complete_columns` for chunks without; both return (rows to answer one by one or None, the
    masks of the rules that fired by index, and per concluded field its values and certainties).
    `inputs` are the fields to hand over with their kinds; `outputs` the concluded fields with
    kind, levels, and whether they have many values (then the certainties are a list of columns,
    one a level). `refused` says why there is no source, when there is none.
    """

    source: str
    type_name: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str, tuple[str, ...], bool], ...]
    refused: tuple[tuple[str, str], ...] = ()


def plan_columns(program: Program) -> ColumnPlan:
    """Return the column plan of a program with `single_record` set."""
    assert program.goal is not None
    template = program.templates[program.goal.type_name]
    concluded = [
        one.name for one in template.fields if (template.name, one.name) in program.concluded
    ]
    inputs = tuple(
        (one.name, kind)
        for one in template.fields
        if one.name not in concluded and (kind := column_kind(one.type)) is not None
    )
    refused: list[tuple[str, str]] = []
    sources = []
    for name, complete in (("columns", False), ("complete_columns", True)):
        writer = _ColumnWriter(program, template, concluded, complete)
        sources.append(writer.function(name))
        refused = writer.refused
    outputs = tuple(
        (
            name,
            column_kind(template[name].type) or "none",
            template[name].type.levels,
            (template.name, name) in program.many,
        )
        for name in concluded
    )
    source = "" if refused else "\n".join(sources)
    return ColumnPlan(source, template.name, inputs, outputs, tuple(refused))


@dataclass(slots=True)
class _Field:
    """A concluded field while its columns are written."""

    name: str
    type: FieldType
    many: bool
    number: int
    values: list[Value]
    """Its constant values, in the order in which the rules first name them."""
    positive: dict[str, str]
    """The local of the product of doubt for each value, by its spelling."""
    negative: dict[str, str]
    supports: dict[str, list[tuple[str, int, int]]]
    """For each value, where rules support it: mask, index of the rule, number of the action."""
    computed: tuple[str, str] | None = None
    """The locals of value and certainty, where the one rule that concludes it computes it."""


class _ColumnWriter:
    def __init__(
        self, program: Program, template: Template, concluded: list[str], complete: bool
    ) -> None:
        self.program = program
        self.template = template
        self.complete = complete
        self.writer = Writer()
        columns = {
            one.name: Column(f"f{place}", kind, one.type.levels, complete, one.name)
            for place, one in enumerate(template.fields)
            if one.name not in concluded and (kind := column_kind(one.type)) is not None
        }
        self.inputs = columns
        self.expressions = ColumnExpressions(columns, self.writer)
        self.fields = {
            name: _Field(
                name, template[name].type, (template.name, name) in program.many, at, [], {}, {}, {}
            )
            for at, name in enumerate(concluded)
        }
        self.ranks = rank_of(program)
        self.certain: set[str] = set()
        self.refused: list[tuple[str, str]] = []
        # Of the rule that is being written: its fact variables, the certainties of its eithers.
        self.types: dict[str, str] = {}
        self.weights: list[str] = []

    def function(self, name: str) -> str:
        writer = self.writer
        for field, column in self.inputs.items():
            writer.line(f"{column.local} = c[{field!r}]")
        writer.line("rows = None")
        writer.line("fired = {}")
        for stratum in self.program.strata:
            items: list[Rule | Table] = [*stratum.record, *stratum.tables]
            for item in sorted(items, key=lambda one: one.index):
                try:
                    self._item(item)
                except NotColumns as reason:
                    self.refused.append((item.name, str(reason)))
            for type_name, field in stratum.concludes:
                if type_name == self.template.name:
                    self._settle(self.fields[field])
        results = ", ".join(
            f"({self._value_local(one)}, {self._certainty_local(one)})"
            for one in self.fields.values()
        )
        writer.line(f"return rows, fired, ({results},)")
        return "\n".join([f"def {name}(c, n, code, today):", *writer.lines, ""])

    def _value_local(self, one: _Field) -> str:
        return "None" if one.many else f"s{one.number}"

    def _certainty_local(self, one: _Field) -> str:
        if not one.many:
            return f"c{one.number}"
        held = self.expressions.certainties
        return (
            "["
            + ", ".join(held.get(f"{one.name}={level}", "None") for level in one.type.levels)
            + "]"
        )

    def _item(self, item: Rule | Table) -> None:
        self.expressions.variables = {}
        if isinstance(item, Table):
            self._table(item)
            return
        self.types = {
            one.variable: self.template.name for one in item.conditions if isinstance(one, Pattern)
        }
        self.weights = []
        mask = self.expressions.keep(joined(self._true(item.conditions), True), "b")
        self._fire(item.index, mask)
        weight = self._lowest(item.conditions, self.types, tuple(self.weights))
        for action in item.actions:
            if isinstance(action, Conclude):
                one = self.fields[action.field]
                if isinstance(action.value, Constant):
                    self._contribute(
                        one, action.value.value, mask, action.certainty, weight,
                        [(mask, item.index)],
                    )  # fmt: skip
                else:
                    self._compute(one, action, mask, weight)

    def _fire(self, index: int, mask: str) -> None:
        self.writer.line(f"fired[{index}] = {mask}")

    def _true(self, conditions: tuple[Condition, ...]) -> list[str]:
        parts: list[str] = []
        for one in conditions:
            match one:
                case Pattern() if not one.each and one.identity is None:
                    for binding in one.bindings:
                        column = self.expressions._field(binding.field)
                        self.expressions.variables[binding.variable] = column
                        parts.append(self.expressions.known(column))
                    parts += [self.expressions.true(test) for test in one.tests]
                case Test():
                    parts.append(self.expressions.true(one.expression))
                case Bind():
                    column = self.expressions.column(one.expression)
                    self.expressions.variables[one.variable] = column
                    parts.append(self.expressions.known(column))
                case Either():
                    parts.append(self._either(one))
                case _:
                    raise NotColumns("a condition has no form over columns")
        return parts

    def _either(self, one: Either) -> str:
        """Return the mask of an `either`, and note the certainty of its best true branch."""
        masks, weights = [], []
        for branch in one.branches:
            masks.append(self.expressions.keep(joined(self._true(branch), True), "b"))
            weights.append(self._lowest(branch, self.types) or "1.0")
        if any(weight != "1.0" for weight in weights):
            pairs = ", ".join(f"({m}, {w})" for m, w in zip(masks, weights, strict=True))
            self.weights.append(self.expressions.keep(f"best_branch(({pairs}), n)", "w_"))
        return self.expressions.keep(joined(masks, False), "b")

    def _lowest(
        self, nodes: tuple[object, ...], types: dict[str, str], more: tuple[str, ...] = ()
    ) -> str | None:
        """Return the local of the lowest certainty that nodes read, or None when it is 1."""
        concluded = [(self.template.name, name) for name in self.fields]
        read = dict.fromkeys(field for _, _, field in concluded_reads(nodes, types, concluded))
        weights = list(more)
        for field in read:
            if field in self.certain:
                continue
            if self.fields[field].many:
                raise NotColumns(f"it weighs the many values of {field}")
            weights.append(f"w{self.fields[field].number}")
        if not weights:
            return None
        lowest = weights[0]
        for other in weights[1:]:
            lowest = self.expressions.keep(f"np.minimum({lowest}, {other})", "w_")
        return lowest

    def _contribute(
        self,
        one: _Field,
        value: Value,
        mask: str,
        certainty: float,
        weight: str | None,
        support: list[tuple[str, int]],
    ) -> None:
        """Write one contribution; `support` says where which rule stands behind it."""
        if value is UNKNOWN:
            return
        if one.computed is not None:
            raise NotColumns(f"{one.name} has constant and computed values")
        kind = column_kind(one.type)
        if kind is None or kind == "text":
            raise NotColumns(f"{one.name} is no number, level or boolean")
        if one.type.kind == "number" and isinstance(value, int):
            value = float(value)
        spelled = repr(value)
        if spelled not in (repr(known) for known in one.values):
            one.values.append(value)
        if certainty > 0:
            listed = one.supports.setdefault(spelled, [])
            action = sum(map(len, one.supports.values()))
            listed += [(where, index, action) for where, index in support]
        products = one.positive if certainty > 0 else one.negative
        remaining = self._remaining(certainty, weight)
        local = products.get(spelled)
        if local is None:
            letter = "p" if certainty > 0 else "n"
            local = f"{letter}{one.number}_{len(products)}"
            products[spelled] = local
            self.writer.line(f"{local} = doubt({mask}, {remaining}, n)")
        else:
            self.writer.line(f"{local} *= doubt({mask}, {remaining}, n)")

    def _remaining(self, certainty: float, weight: str | None) -> str:
        if weight is None:
            return repr(1.0 - abs(float(certainty)))
        sign = "-" if certainty > 0 else "+"
        return f"1.0 {sign} {float(certainty)!r} * {weight}"

    def _compute(self, one: _Field, action: Conclude, mask: str, weight: str | None) -> None:
        concluders = self.program.concluded[(self.template.name, one.name)]
        if len(concluders) > 1 or one.values or one.computed or one.many or action.certainty <= 0:
            raise NotColumns(f"several rules compute {one.name}")
        accepted = {"number": ("number", "integer"), "integer": ("integer",)}
        if action.value.type.kind not in accepted.get(one.type.kind, ()):
            raise NotColumns(f"it computes {one.name}, which is no number")
        declared = self.template[one.name]
        limits = (declared.low, declared.low_open, declared.high, declared.high_open)
        value = self.expressions.number(action.value)
        self.writer.line(f"s{one.number} = within({value}, {mask}, {limits!r}, n)")
        held = self._remaining(action.certainty, weight)
        self.writer.line(f"c{one.number} = held(s{one.number}, {held})")
        one.computed = (f"s{one.number}", f"c{one.number}")

    def _table(self, table: Table) -> None:
        rows = []
        for row in table.rows:
            if not isinstance(row.value, Constant):
                raise NotColumns("a row computes its value")
            tests = tuple(one for one in row.tests if one is not None)
            true = self.expressions.keep(
                joined([self.expressions.true(one) for one in tests], True), "b"
            )
            if self._lowest(tests, {table.variable: self.template.name}) is not None:
                raise NotColumns("a table reads a field that is less than certain")
            rows.append((row, tests, true))
        if table.hit == "first":
            self._first(table, rows)  # type: ignore[arg-type]
            return
        one = self.fields[table.field]
        masks = [true for _, _, true in rows]
        if table.hit in ("unique", "any"):
            # More than one hit is left to the single-record function, which also says so.
            several = self.expressions.keep(f"several(({', '.join(masks)},), n)", "b")
            self.writer.line(f"rows = either(rows, {several})")
        for place, (row, _, true) in enumerate(rows):
            assert isinstance(row.value, Constant)
            self._fire(table.index + place, true)
            support = [(true, table.index + place)]
            self._contribute(one, row.value.value, true, 1.0, None, support)

    def _first(self, table: Table, rows: list[tuple[object, tuple[object, ...], str]]) -> None:
        """Write a first-hit table: the number of the row that hit, or -1, in one column."""
        hit = f"h{table.index}"
        masks = [true for _, _, true in rows]
        if self.complete:
            self.writer.line(f"{hit} = first(({', '.join(masks)},), None, n)")
        else:
            possible = []
            for row in table.rows:
                false = [self.expressions.false(one) for one in row.tests if one is not None]
                none = self.expressions.keep(joined(false, False), "b")
                possible.append(inverted(none))
            self.writer.line(f"{hit} = first(({', '.join(masks)},), ({', '.join(possible)},), n)")
        one = self.fields[table.field]
        concluders = self.program.concluded[(self.template.name, one.name)]
        self.writer.line(f"fired[{table.index}] = ({hit}, {len(rows)})")
        values = [row.value.value for row in table.rows if isinstance(row.value, Constant)]
        if len(concluders) == 1 and not one.many:
            kind = column_kind(one.type)
            if kind is None or kind == "text":
                raise NotColumns(f"{one.name} is no number, level or boolean")
            codes = [encode(value, kind, one.type.levels) for value in values]
            unknown = "nan" if kind == "float" else "-1"
            self.writer.line(
                f"s{one.number} = np.array([{', '.join(map(repr, codes))}, {unknown}]).take({hit})"
            )
            self.writer.line(f"c{one.number} = ({hit} >= 0).astype(float)")
            one.computed = (f"s{one.number}", f"c{one.number}")
            self.certain.add(one.name)
            return
        for value in dict.fromkeys(values):
            places = [place for place, held in enumerate(values) if held == value]
            masks = [self.expressions.keep(f"{hit} == {place}", "b") for place in places]
            chosen = self.expressions.keep(joined(masks, False), "b")
            support = [(m, table.index + at) for m, at in zip(masks, places, strict=True)]
            self._contribute(one, value, chosen, 1.0, None, support)

    def _settle(self, one: _Field) -> None:
        number = one.number
        kind = column_kind(one.type)
        if one.many:
            self._settle_many(one)
            return
        if one.computed is None:
            codes = []
            for value in one.values:
                positive = one.positive.get(repr(value), "1.0")
                negative = one.negative.get(repr(value))
                codes.append((encode(value, kind or "float", one.type.levels), positive, negative))
            supports = self._ranked(one)
            parts = "".join(
                f"({code!r}, {up}, {down}, {support}), "
                for (code, up, down), support in zip(codes, supports, strict=True)
            )
            unknown = "nan" if kind == "float" else "-1"
            self.writer.line(f"s{number}, c{number}, x = settled(({parts}), {unknown}, n)")
            self.writer.line("rows = either(rows, x)")
        self.writer.line(f"w{number} = weight(c{number})")
        self.expressions.certainties[one.name] = f"c{number}"
        self.expressions.fields[one.name] = Column(
            f"s{number}", kind or "none", one.type.levels, False, one.name
        )

    def _ranked(self, one: _Field) -> list[str]:
        """Return, for each value, its supports as (mask, rank) pairs: what decides a tie."""
        every = sorted(
            {
                (self.ranks[index], number)
                for listed in one.supports.values()
                for _, index, number in listed
            }
        )
        place = {key: at for at, key in enumerate(every)}
        found = []
        for value in one.values:
            listed = one.supports.get(repr(value), [])
            pairs = [f"({where}, {place[self.ranks[i], number]})" for where, i, number in listed]
            found.append(f"({''.join(f'{pair}, ' for pair in pairs)})")
        return found

    def _settle_many(self, one: _Field) -> None:
        holding: dict[Value, str] = {}
        for value in one.values:
            positive = one.positive.get(repr(value), "1.0")
            negative = one.negative.get(repr(value), "1.0")
            local = self.expressions.keep(f"certainty({positive}, {negative}, n)", "m")
            holding[value] = self.expressions.keep(f"{local} > 0.0", "b")
            self.expressions.certainties[f"{one.name}={value}"] = local
            self.writer.line(f"rows = either(rows, clash({positive}, {negative}, n))")
        self.expressions.holding[one.name] = holding
        # Values of equal certainty stand in the order of their rules: one by one.
        held = [self.expressions.certainties[f"{one.name}={value}"] for value in one.values]
        if len(held) > 1:
            self.writer.line(f"rows = either(rows, ties(({', '.join(held)}), n))")
