"""The record plan: all rules and tables about one record as one generated function.

Strata run in order; within a stratum rules and tables run in rule order. For a field whose
contributions all have constant values, the products of doubt for and against each value are
locals; other fields collect their contributions in a list. Each field is settled at the end of
its stratum, so that readers in higher strata see settled values. Where a stratum has very many
simple rules, they are looked up together (`plan.masks`); the products that they touch are then
items of the list `P`, and the lists of contributions items of `L`.

The generated module has two functions. `record(get, today, now, predict, host)` answers and
returns one flat tuple: the indexes of the rules that fired, the reports, then for each concluded
field its value, its certainty and what its alternatives are made from (`RecordPlan.fields` says
where). `unknown(get, raw, today, now, host)` returns the indexes of the rules and rows whose
conditions are neither true nor false.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, replace

from heuron.certainty import DIGITS
from heuron.check.tree import Conclude, Constant, Rule, Table
from heuron.plan.allowed import Simple, simple_rule
from heuron.plan.conclusions import Conclusions, conclusions_of, levels_read, rank_of, typed
from heuron.plan.masks import Effects, Group, groups_of, write_hits, write_lookup
from heuron.plan.normal import Program, Stratum
from heuron.plan.recordnames import RecordConditions, RecordNames
from heuron.plan.source import Constants, Writer
from heuron.plan.tables import write_table, write_unknown_rows
from heuron.values import UNKNOWN, Template, Value

__all__ = ["FieldLayout", "RecordPlan", "plan_record"]

MOST_VALUES = 8
"""A field with more constant values than this collects contributions in a list instead."""


FieldLayout = tuple[str, bool, int, tuple[Value, ...] | None, int, dict[int, tuple[int, ...]]]
"""Name, many, place of the value, values or None, place of the details, supports by index."""


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """The record plan of a program: source text, and where its result has what.

    `fields` describes each concluded field: name, whether it has many values, the place of its
    value in the result (its certainty follows), its constant values (or None), and the place of
    the details: for constant values the products for and against each value in turn, else the
    list of contributions; and for each rule or row by index the places of the values that it
    supports.
    """

    source: str
    type_name: str
    fields: tuple[FieldLayout, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    """A concluded field while its function is written; `values` None: contributions in a list.

    `offset` is where its products begin in `P`, or None when they are locals.
    """

    name: str
    kind: str
    many: bool
    number: int
    values: tuple[Value, ...] | None
    found: Conclusions
    by_level: bool
    offset: int | None = None

    def place(self, value: Value) -> int:
        """Return the place of a constant among the field's values."""
        return [repr(one) for one in self.values or ()].index(repr(typed(self.kind, value)))

    def doubts(self, place: int) -> tuple[str, str]:
        """Return the products for and against a value: locals, or 1.0 when nothing is against."""
        negated = place in self.found.negated
        if self.offset is not None:
            at = self.offset + 2 * place
            return f"P[{at!r}]", f"P[{at + 1!r}]" if negated else "1.0"
        return f"p{self.number}_{place}", f"n{self.number}_{place}" if negated else "1.0"


def plan_record(program: Program, together: bool = True) -> RecordPlan:
    """Return the record plan of a program whose goal is about one record alone.

    Args:
        program: A program with `single_record` set.
        together: Look up simple rules together where there are many; the answers are the same.
    """
    assert program.goal is not None
    return _RecordWriter(program, together).plan()


class _RecordWriter:
    def __init__(self, program: Program, together: bool) -> None:
        assert program.goal is not None
        self.program = program
        self.template: Template = program.templates[program.goal.type_name]
        self.constants = Constants()
        self.ranks = rank_of(program)
        self.fields = self._fields()
        self.many = frozenset(one.name for one in self.fields.values() if one.many)
        self.simple: dict[int, Simple] = {}
        self.groups: dict[int, list[Group]] = {}
        self.products = 0
        if together:
            self._look_for_many()

    def _look_for_many(self) -> None:
        given = RecordNames(self.template, self.fields, self.many).given
        count = 0
        for stratum in self.program.strata:
            rules = sorted(stratum.record, key=lambda one: one.index)
            simple = [simple_rule(one, self.template, given) for one in rules]
            groups = groups_of([one for one in simple if one is not None], count)
            self.groups[stratum.index] = groups
            count += len(groups)
            self.simple |= {one.rule.index: one for group in groups for one in group.rules}
        if count:
            for name, one in self.fields.items():
                if one.values is not None:
                    self.fields[name] = replace(one, offset=self.products)
                    self.products += 2 * len(one.values)

    def _fields(self) -> dict[str, _Field]:
        type_name = self.template.name
        by_level = levels_read(self.program)
        fields: dict[str, _Field] = {}
        for field in self.template.fields:
            key = (type_name, field.name)
            if key not in self.program.concluded:
                continue
            found = conclusions_of(self.program, key)
            many = key in self.program.many
            values = found.values
            if many or (values is not None and len(values) > MOST_VALUES):
                values = None
            fields[field.name] = _Field(
                field.name,
                field.type.kind,
                many,
                len(fields),
                values,
                found,
                field.name in by_level,
            )
        return fields

    def plan(self) -> RecordPlan:
        record = self._record()
        unknown = self._unknown()
        source = "\n".join([*self.constants.lines, *record, *unknown, ""])
        return RecordPlan(source, self.template.name, self._layout())

    def _layout(self) -> tuple[FieldLayout, ...]:
        place = 2
        layout: list[FieldLayout] = []
        for one in self.fields.values():
            supports: dict[int, tuple[int, ...]] = {}
            for index, value in one.found.supports:
                supports[index] = (*supports.get(index, ()), value)
            layout.append((one.name, one.many, place, one.values, place + 2, supports))
            place += 3 if one.values is None else 2 + 2 * len(one.values)
        return tuple(layout)

    # The function that answers.

    def _record(self) -> list[str]:
        writer = Writer()
        names = RecordNames(self.template, self.fields, self.many)
        self._read_given(writer, names)
        writer.line("fired = []")
        writer.line("hit = fired.append")
        writer.line("reports = []")
        for one in self.fields.values():
            self._start_field(writer, one)
        if self.simple:
            lists = [f"l{one.number}" for one in self.fields.values() if one.values is None]
            writer.line(f"P = [1.0] * {self.products!r}")
            writer.line(f"L = ({''.join(f'{one}, ' for one in lists)})")
        for stratum in self.program.strata:
            self._stratum(writer, names, stratum)
        writer.line(f"return (fired, reports, {self._result()})")
        return ["def record(get, today, now, predict, host):", *writer.lines]

    def _read_given(self, writer: Writer, names: RecordNames) -> None:
        for field in self.template.fields:
            if field.name not in self.fields:
                missing = UNKNOWN if field.default is None else field.default
                local = names.given[field.name]
                key = self.constants.literal(field.name)
                writer.line(f"{local} = get({key}, {self.constants.literal(missing)})")

    def _start_field(self, writer: Writer, one: _Field) -> None:
        if one.values is None:
            writer.line(f"l{one.number} = []")
            return
        if one.offset is not None:
            return
        doubts = [local for place in range(len(one.values)) for local in one.doubts(place)]
        locals_ = [local for local in doubts if local != "1.0"]
        if locals_:
            writer.line(" = ".join(locals_) + " = 1.0")

    def _result(self) -> str:
        parts: list[str] = []
        for one in self.fields.values():
            parts += [f"s{one.number}", f"c{one.number}"]
            if one.values is None:
                parts.append(f"l{one.number}")
                continue
            for place in range(len(one.values)):
                parts += one.doubts(place)
        return ", ".join(parts) + ","

    def _stratum(self, writer: Writer, names: RecordNames, stratum: Stratum) -> None:
        items: list[Rule | Table] = [*stratum.record, *stratum.tables]
        items.sort(key=lambda one: one.index)
        # What stands behind the last rule of a group comes after all of its rules.
        last = -1
        for group in self.groups.get(stratum.index, ()):
            self._group(writer, names, group, items, last)
            last = group.rules[-1].rule.index
        self._plain(writer, names, [one for one in items if one.index > last])
        for type_name, field in stratum.concludes:
            if type_name == self.template.name:
                self._settle(writer, self._complete(writer, field))
                names.done.append(field)

    def _plain(self, writer: Writer, names: RecordNames, items: list[Rule | Table]) -> None:
        for item in items:
            if isinstance(item, Rule):
                self._rule(writer, names, item)
            else:
                self._table(writer, names, item)

    def _group(
        self,
        writer: Writer,
        names: RecordNames,
        group: Group,
        items: list[Rule | Table],
        after: int,
    ) -> None:
        """Write a group's rules, and between them what stands between them in rule order."""
        write_lookup(group, self.template, names.given, self.constants, writer)
        effects = [self._effects(one.rule) for one in group.rules]
        indexes = [one.rule.index for one in group.rules]
        written = 0
        for item in items:
            if not after < item.index < indexes[-1] or item.index in self.simple:
                continue
            done = bisect(indexes, item.index)
            if done > written:
                write_hits(group, effects, done, self.constants, writer)
                written = done
            self._plain(writer, names, [item])
        write_hits(group, effects, len(group.rules), self.constants, writer)

    def _effects(self, rule: Rule) -> Effects:
        """Return what a simple rule contributes, as `_contribute` would write it."""
        products: list[str] = []
        lists: list[str] = []
        listed = [one.name for one in self.fields.values() if one.values is None]
        for action in rule.actions:
            if not isinstance(action, Conclude) or not isinstance(action.value, Constant):
                continue
            value, certainty = action.value.value, float(action.certainty)
            if value is UNKNOWN:
                continue
            one = self.fields[action.field]
            if one.offset is None:
                literal = self.constants.literal(typed(one.kind, value))
                rank = self.ranks[rule.index]
                place = listed.index(one.name)
                lists.append(f"({place!r}, ({literal}, {certainty!r}, {rank!r}))")
            else:
                at = one.offset + 2 * one.place(value) + (certainty <= 0.0)
                products.append(f"({at!r}, {1.0 - abs(certainty)!r})")
        return products, lists

    def _rule(self, writer: Writer, names: RecordNames, rule: Rule) -> None:
        conditions = RecordConditions(names, self.constants, writer)
        loops = conditions.open(rule.conditions)
        weights = conditions.weights(rule.conditions)
        writer.line(f"hit({rule.index!r})")
        for action in rule.actions:
            if isinstance(action, Conclude):
                value = action.value
                constant = value.value if isinstance(value, Constant) else None
                source = None if constant is not None else conditions.expressions.value(value)
                self._contribute(
                    writer, rule.index, action.field, constant, source, action.certainty, weights
                )
        writer.depth -= loops

    def _contribute(
        self,
        writer: Writer,
        index: int,
        field: str,
        constant: Value | None,
        source: str | None,
        certainty: float,
        weights: list[str],
    ) -> None:
        """Write one contribution: to the product of a constant value, or to the list."""
        one = self.fields[field]
        if constant is UNKNOWN:
            return
        strength = repr(float(certainty))
        if weights:
            lowest = weights[0] if len(weights) == 1 else f"min({', '.join(weights)})"
            strength = f"{strength} * {lowest}"
        if one.values is not None:
            local = one.doubts(one.place(constant))[0 if certainty > 0 else 1]
            if weights:
                sign = "-" if certainty > 0 else "+"
                writer.line(f"{local} *= 1.0 {sign} {strength}")
            else:
                writer.line(f"{local} *= {1.0 - abs(float(certainty))!r}")
            return
        rank = self.ranks[index]
        if source is None:
            literal = self.constants.literal(typed(one.kind, constant))
            writer.line(f"l{one.number}.append(({literal}, {strength}, {rank!r}))")
            return
        limits = self.constants.literal(bounds(self.template, field))
        kept = writer.keep(f"accept({source}, {limits})", "v")
        writer.line(f"if {kept} is not UNKNOWN:")
        writer.line(f"    l{one.number}.append(({kept}, {strength}, {rank!r}))")

    def _complete(self, writer: Writer, name: str) -> _Field:
        """Take a field's products, which nothing will change any more, out of `P` into locals."""
        one = self.fields[name]
        if one.offset is None or one.values is None:
            return one
        settled = replace(one, offset=None)
        size = 2 * len(one.values)
        doubts = [local for place in range(len(one.values)) for local in settled.doubts(place)]
        places = "P" if size == self.products else f"P[{one.offset!r}:{one.offset + size!r}]"
        targets = ["_" if local == "1.0" else local for local in doubts]
        if size:
            writer.line(f"{', '.join(targets)} = {places}")
        self.fields[name] = settled
        return settled

    def _settle(self, writer: Writer, one: _Field) -> None:
        number = one.number
        if one.values is None:
            self._settle_list(writer, one)
        else:
            writer.line(f"s{number} = UNKNOWN")
            writer.line(f"c{number} = 0.0")
            for place, value in enumerate(one.values):
                self._settle_value(writer, one, place, value)
            if one.by_level:
                self._levels(writer, one)
        key = self.constants.literal(one.name)
        writer.line(f"g{number} = get({key}, UNKNOWN)")
        writer.line(f"if g{number} is not UNKNOWN:")
        if one.many:
            writer.line(f"    s{number} = given_values(g{number})")
            writer.line(f"    c{number} = 1.0")
        else:
            writer.line(f"    s{number} = g{number}")
            writer.line(f"    c{number} = 1.0")
        if one.by_level:
            writer.line(f"    d{number} = given_levels(d{number}, g{number})")
        # An unknown field takes no part in the certainty of what reads it.
        writer.line(f"w{number} = c{number} or 1.0")

    def _settle_value(self, writer: Writer, one: _Field, place: int, value: Value) -> None:
        number = one.number
        positive, negative = one.doubts(place)
        if negative != "1.0":
            writer.line(f"if {positive} < {negative}:")
            remaining = f"{positive} / {negative}"
        else:
            writer.line(f"if {positive} < 1.0:")
            remaining = positive
        writer.line(f"    q = int((1.0 - {remaining}) * {DIGITS!r} + 0.5) / {DIGITS!r}")
        literal = self.constants.literal(value)
        writer.line(f"    if q > c{number}:")
        writer.line(f"        c{number} = q")
        writer.line(f"        s{number} = {literal}")
        if place:
            ranks = self._ranks_by_value(one)
            writer.line(f"    elif q == c{number} > 0.0:")
            writer.line(f"        s{number} = earlier(fired, {ranks}, s{number}, {literal})")
        if negative != "1.0":
            name = self.constants.literal(one.name)
            writer.line(f"elif {positive} == 0.0 == {negative}:")
            writer.line(f"    reports.append(('contradiction', {name}))")

    def _ranks_by_value(self, one: _Field) -> str:
        values = one.values or ()
        ranks: dict[Value, dict[int, tuple[int, int]]] = {value: {} for value in values}
        for action, (index, place) in enumerate(one.found.supports):
            ranks[values[place]].setdefault(index, (self.ranks[index], action))
        return self.constants.literal(ranks)

    def _settle_list(self, writer: Writer, one: _Field) -> None:
        number = one.number
        name = self.constants.literal(one.name)
        writer.line(f"q, x = settle(l{number})")
        writer.line("if x:")
        writer.line(f"    reports.append(('contradiction', {name}))")
        writer.line(f"d{number} = q")
        writer.line("q = best(q)")
        if one.many:
            writer.line(f"s{number} = q")
            writer.line(f"c{number} = q[0][1] if q else 0.0")
        else:
            writer.line(f"s{number}, c{number} = q[0] if q else (UNKNOWN, 0.0)")
        if one.by_level:
            writer.line(f"d{number} = dict_of(d{number})")

    def _levels(self, writer: Writer, one: _Field) -> None:
        parts = []
        for place, value in enumerate(one.values or ()):
            certainty = f"certainty_of({', '.join(one.doubts(place))})"
            parts.append(f"{self.constants.literal(value)}: {certainty}")
        writer.line(f"d{one.number} = {{{', '.join(parts)}}}")

    def _table(self, writer: Writer, names: RecordNames, table: Table) -> None:
        names.enter(table.variable)
        conditions = RecordConditions(names, self.constants, writer)
        write_table(
            table,
            conditions.expressions,
            self.constants,
            writer,
            lambda place: self._row(writer, conditions, table, place),
        )

    def _row(self, writer: Writer, conditions: RecordConditions, table: Table, place: int) -> None:
        row = table.rows[place]
        index = table.index + place
        writer.line(f"hit({index!r})")
        weights = conditions.weights_of(tuple(one for one in row.tests if one is not None))
        constant = row.value.value if isinstance(row.value, Constant) else None
        source = None if constant is not None else conditions.expressions.value(row.value)
        self._contribute(writer, index, table.field, constant, source, 1.0, weights)

    # The function that says which conditions are unknown.

    def _unknown(self) -> list[str]:
        writer = Writer()
        names = RecordNames(self.template, self.fields, self.many)
        names.done.extend(self.fields)
        self._read_given(writer, names)
        for name, many, place, _, _, _ in self._layout():
            number = self.fields[name].number
            writer.line(f"s{number} = raw[{place}]")
            writer.line(f"c{number} = raw[{place + 1}]")
            writer.line(f"d{number} = EMPTY")
            assert many is self.fields[name].many
        writer.line("found = []")
        for stratum in self.program.strata:
            for rule in stratum.record:
                self._unknown_rule(writer, names, rule)
            for table in stratum.tables:
                self._unknown_table(writer, names, table)
        writer.line("return found")
        return ["def unknown(get, raw, today, now, host):", *writer.lines]

    def _unknown_rule(self, writer: Writer, names: RecordNames, rule: Rule) -> None:
        conditions = RecordConditions(names, self.constants, writer, lenient=True)
        true, false = conditions.both(rule.conditions)
        writer.line(f"if not ({false}) and not ({true}):")
        writer.line(f"    found.append({rule.index!r})")

    def _unknown_table(self, writer: Writer, names: RecordNames, table: Table) -> None:
        names.enter(table.variable)
        conditions = RecordConditions(names, self.constants, writer, lenient=True)
        write_unknown_rows(table, conditions.expressions, writer)


def bounds(template: Template, field: str) -> tuple[Value, ...]:
    """Return (kind, low, low open, high, high open) of a field, for `accept`."""
    one = template[field]
    return (one.type.kind, one.low, one.low_open, one.high, one.high_open)
