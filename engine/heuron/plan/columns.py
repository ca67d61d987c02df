"""The record plan over whole tables: the same rules as numpy source, a chunk of rows at a time.

Stratum by stratum, the conditions of rules and table rows become bits of words
(`plan.columnwords`), and from these come the values of the concluded fields
(`plan.columnsettle`). A rule that cannot be said over columns is named in `ColumnPlan.refused`
with the reason; the rows on which it might fire come back in a mask, and the caller answers them
one by one with the single-record function.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from heuron.check.reads import patterns
from heuron.check.tree import (
    Conclude,
    Constant,
    Expression,
    Pattern,
    Rule,
    Table,
)
from heuron.plan.columnconditions import ColumnConditions, Weights
from heuron.plan.columnexpressions import (
    Column,
    ColumnExpressions,
    NotColumns,
    column_kind,
    encode,
    input_kind,
    joined,
)
from heuron.plan.columnlayout import packed, sizes, split
from heuron.plan.columnsettle import (
    ConcludedField,
    Contribution,
    source_of_mask,
    where_contradicted,
    write_settled,
)
from heuron.plan.columnwords import Entry, write_words
from heuron.plan.conclusions import levels_read, rank_of, typed
from heuron.plan.normal import Program, Stratum
from heuron.plan.source import Constants, Writer
from heuron.values import UNKNOWN, Template, Value

__all__ = ["ColumnPlan", "plan_columns", "rules_without_columns"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The column plan of a program.

    `source` defines `columns(c, n, run)` for chunks with unknown values (`run` is an
    `infer.tablerun.TableRun`) and
    `complete_columns` for chunks without. Both return a mask of rows to answer one by one, or
    None; the words, each with the bits of the rules that fired, and the rows of first-hit tables
    that hit; per concluded field its values and certainties (under `many` the certainties and
    the keys are lists of columns, one a level); and what is strange: `several-hits` of a table,
    or a `contradiction` about a field, each with the mask of its rows.

    `inputs` are the fields to hand over with their kinds; `outputs` the concluded fields with
    kind, levels (of a text, and under `many`, the values that are concluded), and whether they
    have many values.
    `refused` names the rules that have no form over columns, with the reasons.
    """

    source: str
    type_name: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str, tuple[Value, ...], bool], ...]
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
        if one.name not in concluded and (kind := input_kind(one.type)) is not None
    )
    constants = Constants()
    by_value: dict[str, str] = {}
    writers = [
        _ColumnWriter(program, template, concluded, complete, constants, by_value)
        for complete in (False, True)
    ]
    names = ("columns", "complete_columns")
    functions = [writer.function(name) for writer, name in zip(writers, names, strict=True)]
    refused = tuple(dict.fromkeys(one for writer in writers for one in writer.refused))
    outputs = tuple(
        (
            name,
            column_kind(template[name].type) or "none",
            writers[0].levels(name),
            (template.name, name) in program.many,
        )
        for name in concluded
    )
    of_values = [f"def {name}{source}" for source, name in by_value.items()]
    source = "\n".join([*constants.lines, *of_values, *functions])
    return ColumnPlan(source, template.name, inputs, outputs, refused)


def rules_without_columns(program: Program) -> tuple[tuple[str, str], ...]:
    """Return the rules that do not run over columns, with the reasons.

    One rule that joins facts or takes a step makes the whole program run record by record.
    """
    if program.goal is None:
        return ()
    if program.single_record:
        return plan_columns(program).refused
    found: list[tuple[str, str]] = []
    about = program.goal.type_name
    for stratum in program.strata:
        reasons = dict(stratum.reasons)
        found += [(one.name, reasons[one.name]) for one in stratum.fixpoint]
        for rule in stratum.record:
            others = [one.type_name for one in patterns(rule.conditions) if one.type_name != about]
            found += [(rule.name, f"it is about another type, {other}") for other in others]
        for table in stratum.tables:
            if table.type_name != about:
                found.append((table.name, f"it is about another type, {table.type_name}"))
    found += [(one.name, "it is a step") for one in program.steps]
    return tuple(found)


@dataclass(slots=True)
class _Row:
    """A rule, or a row of a table, whose conditions are written, and that waits for its bit.

    `says` has, for each conclusion, the field, the certainty, and the constant value or the local
    of a computed one.
    """

    index: int
    entry: Entry
    weights: Weights
    says: list[tuple[ConcludedField, float, Constant | str]]

    @property
    def fires(self) -> list[Entry]:
        """The conditions that fire it: one for each certainty of what they read."""
        return [one for one, _ in self.weights.bits] or [self.entry]


@dataclass(slots=True)
class _Job:
    """A table, or a rule, with its rows: one, or one for each value that it matches once for."""

    item: Rule | Table
    rows: list[_Row]
    possible: list[Entry] = field(default_factory=list)
    """For a first-hit table with unknown conditions: the rows that are true or unknown."""


class _ColumnWriter:
    def __init__(
        self,
        program: Program,
        template: Template,
        concluded: list[str],
        complete: bool,
        constants: Constants,
        functions: dict[str, str],
    ) -> None:
        self.program = program
        self.template = template
        self.writer = Writer()
        self.constants = constants
        self.complete = complete
        columns = {
            one.name: Column(f"f{place}", kind, one.type.levels, complete, one.name)
            for place, one in enumerate(template.fields)
            if one.name not in concluded and (kind := input_kind(one.type)) is not None
        }
        self.inputs = columns
        self.expressions = ColumnExpressions(columns, constants, functions, self.writer)
        self.fields = {
            name: ConcludedField(
                name, template[name].type, (template.name, name) in program.many, at
            )
            for at, name in enumerate(concluded)
        }
        self.conditions = ColumnConditions(template, self.fields, self.expressions)
        self.ranks = rank_of(program)
        self.by_level = levels_read(program)
        self.refused: list[tuple[str, str]] = []
        self.actions = 0
        self.fired: dict[str, list[tuple[int, int]]] = {}
        """By word: the bits of rules, and their indexes."""
        self.reports: list[tuple[str, str, str]] = []
        """What is strange, about what, and the local of the mask that says where."""
        self.hits: list[tuple[str, int, int]] = []
        """For each first-hit table the local of the row, the index of the first row, how many."""

    def levels(self, name: str) -> tuple[Value, ...]:
        """Return the levels of a concluded field.

        Of a text these are the texts that are concluded, and under `many` the values that are.
        """
        one = self.fields[name]
        return tuple(one.values) if one.many or one.type.kind == "text" else one.type.levels

    def function(self, name: str) -> str:
        """Return the source of the function."""
        writer = self.writer
        for field_name, column in self.inputs.items():
            writer.line(f"{column.local} = c[{field_name!r}]")
        writer.line("rows = None")
        for stratum in self.program.strata:
            self._stratum(stratum)
        fired = "".join(
            f"({word}, ({''.join(f'({bits!r}, {index!r}), ' for bits, index in listed)})), "
            for word, listed in self.fired.items()
        )
        hits = "".join(f"({hit}, {index!r}, {count!r}), " for hit, index, count in self.hits)
        results = "".join(f"({self._result(one)}), " for one in self.fields.values())
        reports = "".join(
            f"({kind!r}, {self.constants.literal(about)}, {mask}), "
            for kind, about, mask in self.reports
        )
        writer.line(f"return rows, ({fired}), ({hits}), ({results}), ({reports})")
        start = "    code, look, today = run.code, run.look, run.today"
        head = [f"def {name}(c, n, run):", start]
        return "\n".join([*head, *writer.lines, ""])

    def _result(self, one: ConcludedField) -> str:
        if not one.many:
            return f"s{one.number}, c{one.number}"
        lists = []
        for known in (self.expressions.certainties, self.expressions.keys):
            locals_ = [known.get(f"{one.name}={value}", "None") for value in one.values]
            lists.append(f"[{', '.join(locals_)}]")
        return ", ".join(lists)

    def _stratum(self, stratum: Stratum) -> None:
        jobs: list[_Job] = []
        items: list[Rule | Table] = [*stratum.record, *stratum.tables]
        for item in sorted(items, key=lambda one: one.index):
            try:
                jobs.append(self._table(item) if isinstance(item, Table) else self._rule(item))
            except NotColumns as reason:
                self._refuse(item, str(reason))
        self._write_words(jobs)
        for job in jobs:
            if isinstance(job.item, Table):
                self._table_hits(job, job.item)
            else:
                self._rule_fires(job)
        for type_name, name in stratum.concludes:
            if type_name == self.template.name:
                self._settle(self.fields[name])

    def _settle(self, one: ConcludedField) -> None:
        kind = column_kind(one.type) or "float"
        is_text = one.type.kind == "text"
        levels = tuple(map(str, one.values)) if is_text else one.type.levels
        by_level = one.name in self.by_level
        if by_level and not one.is_constant:
            by_level = False
            self.expressions.computed.add(one.name)
        as_codes = "level" if is_text else kind
        write_settled(
            one, as_codes, levels, by_level, self.expressions, self.constants, self.writer
        )
        contradicted = where_contradicted(one, self.expressions)
        if contradicted is not None:
            self.reports.append(("contradiction", one.name, contradicted))
        if one.many:
            self.expressions.holding[one.name] = {
                value: self.expressions.keep(
                    f"{self.expressions.certainties[f'{one.name}={value}']} > 0.0", "b"
                )
                for value in one.values
            }
            listed = [f"{one.name}={value}" for value in one.values]
            if not any(level in self.expressions.keys for level in listed):
                if len(listed) > 1:
                    # Values of equal certainty stand in the order of their rules: one by one.
                    columns = ", ".join(self.expressions.certainties[level] for level in listed)
                    self.writer.line(f"rows = either(rows, ties(({columns}), n))")
                return
        self.expressions.certainties[one.name] = f"c{one.number}"
        self.expressions.fields[one.name] = Column(f"s{one.number}", kind, levels, False, one.name)

    # What has no form over columns.

    def _refuse(self, item: Rule | Table, reason: str) -> None:
        """Name a rule, and leave the rows on which it may fire to the single-record function."""
        if (item.name, reason) not in self.refused:
            self.refused.append((item.name, reason))
        mask = "True"
        if isinstance(item, Rule):
            self.conditions.enter(())
            parts = []
            for condition in item.conditions:
                parts += self.conditions.true_where_said(condition)
            mask = self.expressions.keep(joined(parts, True), "b")
        self.writer.line(f"rows = either(rows, column({mask}, n))")

    def _rule(self, rule: Rule) -> _Job:
        self.conditions.enter([one.variable for one in patterns(rule.conditions)])
        each = list(dict.fromkeys(name for one in patterns(rule.conditions) for name in one.each))
        if each:
            return self._rule_by_value(rule, each)
        entry = Entry()
        for condition in rule.conditions:
            self.conditions.ask(condition, entry)
        weights = self.conditions.weights(rule.conditions, entry)
        return _Job(rule, [_Row(rule.index, entry, weights, self._says(rule))])

    def _says(self, rule: Rule) -> list[tuple[ConcludedField, float, Constant | str]]:
        found = []
        for action in rule.actions:
            if isinstance(action, Conclude):
                one = self.fields[action.field]
                found.append((one, float(action.certainty), self._value(one, action.value)))
        return found

    def _rule_by_value(self, rule: Rule, each: list[str]) -> _Job:
        """Return a rule that matches once for each value of a field: a condition a value.

        Where several of them hold, their order decides the last digit of a certainty: such rows
        go one by one.
        """
        if len(each) > 1:
            raise NotColumns(f"it matches once for each value of {' and '.join(each)}")
        job = _Job(rule, [])
        conditions = tuple(
            replace(one, each=()) if isinstance(one, Pattern) else one for one in rule.conditions
        )
        for value in (*self.fields[each[0]].values, UNKNOWN):
            self.conditions.enter([one.variable for one in patterns(rule.conditions)])
            with self.conditions.with_value(self.fields[each[0]], value) as holds:
                entry = Entry(masks=[holds])
                for condition in conditions:
                    self.conditions.ask(condition, entry)
                weights = self.conditions.weights(conditions, entry)
                job.rows.append(_Row(rule.index, entry, weights, self._says(rule)))
        return job

    def _table(self, table: Table) -> _Job:
        self.conditions.enter([table.variable])
        one = self.fields[table.field]
        rows = []
        possible = []
        for place, row in enumerate(table.rows):
            tests = [test for test in row.tests if test is not None]
            entry = Entry()
            maybe = Entry(possible=True)
            for test in tests:
                self.conditions.test(test, entry)
                if table.hit == "first":
                    self.conditions.test(test, maybe)
            if table.hit == "any" and not isinstance(row.value, Constant):
                raise NotColumns("rows that may hit together compute their values")
            weights = self.conditions.weights(tests, entry)
            says = [(one, 1.0, self._value(one, row.value))]
            rows.append(_Row(table.index + place, entry, weights, says))
            possible.append(maybe)
        if table.hit == "collect":
            return _Job(table, rows)
        # Which row hits is known of its condition alone; other certainties go by their locals.
        for each in rows:
            if [bit for bit, _ in each.weights.bits] != [each.entry]:
                each.weights.bits = []
        unknown = table.hit == "first" and any(
            entry.masks or not all(column.complete for column, _ in entry.tests.values())
            for entry in possible
        )
        return _Job(table, rows, possible if unknown else [])

    # Words.

    def _write_words(self, jobs: list[_Job]) -> None:
        words: list[list[Entry]] = []
        plain: list[tuple[tuple[int, str], list[Entry]]] = []
        for job in jobs:
            if isinstance(job.item, Table):
                if job.item.hit == "first":
                    for entries in ([row.entry for row in job.rows], job.possible):
                        words += split(entries, reverse=True)
                    continue
                if job.item.hit in ("unique", "any"):
                    words += split([row.entry for row in job.rows], reverse=False)
                    continue
            plain += [(_group(row), row.fires) for row in job.rows]
        words += packed(plain)
        write_words(words, self.expressions.true_of, self.constants, self.writer)

    # What fires, and what that concludes.

    def _rule_fires(self, job: _Job) -> None:
        for row in job.rows:
            self._fires(row)
            self._contribute(row)
        if len(job.rows) > 1:
            masks = [source_of_mask(row.fires, self.expressions) for row in job.rows]
            self.writer.line(f"rows = either(rows, several(({', '.join(masks)},), n))")

    def _fires(self, row: _Row) -> None:
        by_word: dict[str, int] = {}
        for one in row.fires:
            by_word[one.word] = by_word.get(one.word, 0) | 1 << one.bit
        for word, bits in by_word.items():
            self.fired.setdefault(word, []).append((bits, row.index))

    def _table_hits(self, job: _Job, table: Table) -> None:
        if table.hit == "first":
            self._first_hit(job, table)
            return
        if table.hit in ("unique", "any"):
            self._single_hit(job, table)
        for row in job.rows:
            self._fires(row)
            self._contribute(row)

    def _single_hit(self, job: _Job, table: Table) -> None:
        """Clear the rows that hit together: with different values, or at all."""
        groups: dict[str, list[Entry]] = {}
        for row in job.rows:
            key = _spelled(*row.says[0]) if table.hit == "any" else str(row.index)
            groups.setdefault(key, []).extend(row.fires)
        words = list(dict.fromkeys(one.word for listed in groups.values() for one in listed))
        masks = "".join(
            "("
            + "".join(
                f"{sum(1 << one.bit for one in listed if one.word == word)!r}, " for word in words
            )
            + "), "
            for listed in groups.values()
        )
        several = self.writer.fresh("u")
        self.writer.line(f"{several} = single(({', '.join(words)},), ({masks}))")
        self.reports.append(("several-hits", table.name, several))

    def _first_hit(self, job: _Job, table: Table) -> None:
        hit = f"h{table.index}"
        true = sizes([row.entry for row in job.rows])
        possible = sizes(job.possible)
        words, counts = ", ".join(true), tuple(true.values())
        maybe = f"({', '.join(possible)},)" if possible else "None"
        self.writer.line(f"{hit} = first_hit(({words},), {maybe}, {counts!r})")
        count = len(job.rows)
        self.hits.append((hit, table.index, count))
        one = self.fields[table.field]
        concluders = self.program.concluded[(self.template.name, one.name)]
        values = [
            said.value
            for row in job.rows
            for _, _, said in row.says
            if isinstance(said, Constant) and said.value is not UNKNOWN and not row.weights.locals
        ]
        alone = len(concluders) == 1 and not one.many and one.name not in self.by_level
        if alone and len(values) == count and one.type.kind != "text":
            kind = column_kind(one.type) or "float"
            one.first = hit, [encode(value, kind, one.type.levels) for value in values]
            return
        for place, row in enumerate(job.rows):
            row.weights.bits = []
            self._contribute(row, self.expressions.keep(f"{hit} == {count - place!r}", "b"))

    def _value(self, one: ConcludedField, value: Expression) -> Constant | str:
        """Return a constant value, or the local of a computed one, unknown where not accepted."""
        if column_kind(one.type) is None:
            raise NotColumns(f"{one.name} is a list")
        if isinstance(value, Constant):
            return value
        if one.many:
            raise NotColumns(f"it computes a value of {one.name}, which has many")
        if one.type.kind == "text":
            raise NotColumns(f"it computes the text {one.name}")
        if column_kind(one.type) != "float":
            column = self.expressions.column(value)
            if column.kind != column_kind(one.type) or column.levels != one.type.levels:
                raise NotColumns(f"it takes {one.name} from another enumeration")
            return self.expressions.keep(f"column({column.local}, n)", "v")
        source = self.expressions.number(value)
        declared = self.template[one.name]
        limits: list[Value] = []
        for limit, is_open in (
            (declared.low, declared.low_open),
            (declared.high, declared.high_open),
        ):
            limits += [None if limit is None else encode(limit, "float"), is_open]
        whole = one.type.kind == "integer"
        return self.expressions.keep(f"within({source}, {tuple(limits)!r}, {whole!r}, n)", "v")

    def _contribute(self, row: _Row, mask: str = "") -> None:
        for one, certainty, value in row.says:
            if isinstance(value, Constant) and value.value is UNKNOWN:
                continue
            order = self.ranks[row.index], self.actions
            self.actions += 1
            bits, entry = row.weights.bits, row.entry
            if not mask and not bits:
                mask = self.expressions.keep(f"some({entry.word}, {1 << entry.bit!r})", "b")
            said = Contribution(certainty, order, bits=bits, mask=mask, weights=row.weights.locals)
            if isinstance(value, Constant):
                said.value = typed(one.type.kind, value.value)
            else:
                said.computed = value
            one.said.append(said)


def _group(row: _Row) -> tuple[int, str]:
    """Return what a rule speaks about first; such rules get neighbouring bits."""
    if not row.says:
        return -1, ""
    return row.says[0][0].number, _spelled(*row.says[0])


def _spelled(one: ConcludedField, _: float, value: Constant | str) -> str:
    """Return how a conclusion's constant value is told apart from others."""
    return repr(typed(one.type.kind, value.value)) if isinstance(value, Constant) else "computed"
