"""The record plan over whole tables: the same rules as numpy source, a chunk of rows at a time.

Stratum by stratum, the conditions of rules and table rows become bits of words
(`plan.columnwords`), and from these come the values of the concluded fields
(`plan.columnsettle`). A rule that cannot be said over columns is named in `ColumnPlan.refused`
with the reason; the rows on which it might fire come back in a mask, and the caller answers them
one by one with the single-record function.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from heuron.check.reads import patterns
from heuron.check.tree import (
    Conclude,
    Constant,
    Expression,
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
class _Job:
    """A rule or a table whose conditions are written, and that waits for their bits."""

    item: Rule | Table
    rows: list[tuple[int, Entry, Weights]]
    """Index, condition, and weights of the rule, or of each row of the table."""
    possible: list[Entry] = field(default_factory=list)
    """For a first-hit table with unknown conditions: the rows that are true or unknown."""
    variables: tuple[dict[str, Column], dict[str, Expression]] = field(
        default_factory=lambda: ({}, {})
    )


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
            self.expressions.variables, self.expressions.inlined = job.variables
            if isinstance(job.item, Table):
                self._table_hits(job, job.item)
            else:
                self._rule_fires(job, job.item)
        for type_name, name in stratum.concludes:
            if type_name == self.template.name:
                self._settle(self.fields[name])

    def _settle(self, one: ConcludedField) -> None:
        kind = column_kind(one.type) or "float"
        levels = tuple(map(str, self.levels(one.name)))
        by_level = one.name in self.by_level
        if by_level and not one.is_constant:
            by_level = False
            self.expressions.computed.add(one.name)
        as_codes = "level" if kind == "text" else kind
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
            listed = [self.expressions.certainties[f"{one.name}={value}"] for value in one.values]
            if len(listed) > 1 and f"{one.name}={one.values[0]}" not in self.expressions.keys:
                # Values of equal certainty stand in the order of their rules: one by one.
                self.writer.line(f"rows = either(rows, ties(({', '.join(listed)}), n))")
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
        entry = Entry()
        for condition in rule.conditions:
            self.conditions.ask(condition, entry)
        weights = self.conditions.weights(rule.conditions, entry)
        job = _Job(rule, [(rule.index, entry, weights)])
        job.variables = self.expressions.variables, self.expressions.inlined
        for action in rule.actions:
            if isinstance(action, Conclude):
                self._check_value(self.fields[action.field], action.value)
        return job

    def _table(self, table: Table) -> _Job:
        self.conditions.enter([table.variable])
        rows = []
        possible = []
        for place, row in enumerate(table.rows):
            tests = [one for one in row.tests if one is not None]
            entry = Entry()
            maybe = Entry(possible=True)
            for test in tests:
                self.conditions.test(test, entry)
                if table.hit == "first":
                    self.conditions.test(test, maybe)
            rows.append((table.index + place, entry, self.conditions.weights(tests, entry)))
            possible.append(maybe)
            self._check_value(self.fields[table.field], row.value)
            if table.hit == "any" and not isinstance(row.value, Constant):
                raise NotColumns("rows that may hit together compute their values")
        if table.hit != "first":
            if table.hit != "collect":
                for _, entry, weights in rows:
                    if [one for one, _ in weights.bits] != [entry]:
                        weights.bits = []
            return _Job(table, rows)
        unknown = any(
            entry.masks or not all(column.complete for column, _ in entry.tests.values())
            for entry in possible
        )
        # Which row hits first is known of true conditions alone; weights go by their locals.
        for _, entry, weights in rows:
            weights.bits = [(entry, 1.0)] if not weights.locals else []
        return _Job(table, rows, possible if unknown else [])

    # Words.

    def _write_words(self, jobs: list[_Job]) -> None:
        words: list[list[Entry]] = []
        plain: list[tuple[tuple[int, str], list[Entry]]] = []
        for job in jobs:
            if isinstance(job.item, Table):
                if job.item.hit == "first":
                    for entries in ([entry for _, entry, _ in job.rows], job.possible):
                        words += split(entries, reverse=True)
                    continue
                if job.item.hit in ("unique", "any"):
                    words += split([entry for _, entry, _ in job.rows], reverse=False)
                    continue
            plain += [
                (self._group(job.item, place), [one for one, _ in weights.bits] or [entry])
                for place, (_, entry, weights) in enumerate(job.rows)
            ]
        words += packed(plain)
        write_words(words, self.expressions.true_of, self.constants, self.writer)

    def _group(self, item: Rule | Table, place: int) -> tuple[int, str]:
        """Return what a rule speaks about first; such rules get neighbouring bits."""
        if isinstance(item, Table):
            return self.fields[item.field].number, _spelled(item.rows[place].value)
        for action in item.actions:
            if isinstance(action, Conclude):
                return self.fields[action.field].number, _spelled(action.value)
        return -1, ""

    # What fires, and what that concludes.

    def _rule_fires(self, job: _Job, rule: Rule) -> None:
        _, entry, weights = job.rows[0]
        self._fires(rule.index, [one for one, _ in weights.bits] or [entry])
        for action in rule.actions:
            if isinstance(action, Conclude):
                self._contribute(
                    self.fields[action.field],
                    action.value,
                    float(action.certainty),
                    rule.index,
                    entry,
                    weights,
                )

    def _fires(self, index: int, entries: list[Entry]) -> None:
        by_word: dict[str, int] = {}
        for one in entries:
            by_word[one.word] = by_word.get(one.word, 0) | 1 << one.bit
        for word, bits in by_word.items():
            self.fired.setdefault(word, []).append((bits, index))

    def _table_hits(self, job: _Job, table: Table) -> None:
        one = self.fields[table.field]
        if table.hit == "first":
            self._first_hit(job, table)
            return
        if table.hit in ("unique", "any"):
            self._single_hit(job, table)
        for (index, entry, weights), row in zip(job.rows, table.rows, strict=True):
            self._fires(index, [each for each, _ in weights.bits] or [entry])
            self._contribute(one, row.value, 1.0, index, entry, weights)

    def _single_hit(self, job: _Job, table: Table) -> None:
        """Clear the rows that hit together: with different values, or at all."""
        groups: dict[str, list[Entry]] = {}
        for (index, entry, weights), row in zip(job.rows, table.rows, strict=True):
            key = _spelled(row.value, self.fields[table.field].type.kind)
            listed = groups.setdefault(key if table.hit == "any" else str(index), [])
            listed += [one for one, _ in weights.bits] or [entry]
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
        true = sizes([entry for _, entry, _ in job.rows])
        possible = sizes(job.possible)
        words, counts = ", ".join(true), tuple(true.values())
        maybe = f"({', '.join(possible)},)" if possible else "None"
        self.writer.line(f"{hit} = first_hit(({words},), {maybe}, {counts!r})")
        count = len(job.rows)
        self.hits.append((hit, table.index, count))
        one = self.fields[table.field]
        concluders = self.program.concluded[(self.template.name, one.name)]
        constant = all(
            isinstance(row.value, Constant) and row.value.value is not UNKNOWN for row in table.rows
        )
        certain = not any(weights.locals for _, _, weights in job.rows)
        alone = len(concluders) == 1 and not one.many and one.name not in self.by_level
        if alone and constant and certain and one.type.kind != "text":
            kind = column_kind(one.type) or "float"
            values = [row.value.value for row in table.rows if isinstance(row.value, Constant)]
            one.first = hit, [encode(value, kind, one.type.levels) for value in values]
            return
        for place, (index, entry, weights) in enumerate(job.rows):
            mask = self.expressions.keep(f"{hit} == {count - place!r}", "b")
            row = table.rows[place]
            said = Weights([], weights.locals)
            self._contribute(one, row.value, 1.0, index, entry, said, mask)

    def _check_value(self, one: ConcludedField, value: Expression) -> None:
        """Refuse a value that has no form over columns, before anything of its rule is written."""
        if column_kind(one.type) is None:
            raise NotColumns(f"{one.name} is a list")
        if isinstance(value, Constant):
            return
        if one.many:
            raise NotColumns(f"it computes a value of {one.name}, which has many")
        if one.type.kind == "text":
            raise NotColumns(f"it computes the text {one.name}")
        self._value(one, value)

    def _value(self, one: ConcludedField, value: Expression) -> str:
        if column_kind(one.type) == "float":
            return self.expressions.number(value)
        column = self.expressions.column(value)
        if column.kind != column_kind(one.type) or column.levels != one.type.levels:
            raise NotColumns(f"it takes {one.name} from another enumeration")
        return column.local

    def _contribute(
        self,
        one: ConcludedField,
        value: Expression,
        certainty: float,
        index: int,
        entry: Entry,
        weights: Weights,
        mask: str = "",
    ) -> None:
        if isinstance(value, Constant) and value.value is UNKNOWN:
            return
        order = self.ranks[index], self.actions
        self.actions += 1
        bits = weights.bits
        if not mask and not bits:
            mask = self.expressions.keep(f"some({entry.word}, {1 << entry.bit!r})", "b")
        said = Contribution(certainty, order, bits=bits, mask=mask, weights=weights.locals)
        if isinstance(value, Constant):
            said.value = typed(one.type.kind, value.value)
        else:
            said.computed = self._computed(one, value, said)
        one.said.append(said)

    def _computed(self, one: ConcludedField, value: Expression, said: Contribution) -> str:
        """Return the local of a computed value, unknown where the field does not accept it."""
        source = self._value(one, value)
        declared = self.template[one.name]
        if column_kind(one.type) != "float":
            return self.expressions.keep(f"column({source}, n)", "v")
        limits: list[Value] = []
        for limit, is_open in (
            (declared.low, declared.low_open),
            (declared.high, declared.high_open),
        ):
            limits += [None if limit is None else encode(limit, "float"), is_open]
        whole = one.type.kind == "integer"
        return self.expressions.keep(f"within({source}, {tuple(limits)!r}, {whole!r}, n)", "v")


def _spelled(value: Expression, kind: str = "") -> str:
    return repr(typed(kind, value.value)) if isinstance(value, Constant) else "computed"
