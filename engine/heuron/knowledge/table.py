"""Whole tables through the rules: frames in, a value and a certainty for each row out.

A frame is a dictionary of columns, or anything with columns by name: pandas, polars, pyarrow.
A table that is too long for the memory comes as a stream of frames (`infer_chunks`), for instance
from `knowledge.columnfile`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.coded import Coded, decode
from heuron.infer.columns import Fired, column_run
from heuron.infer.rowrun import RowRun
from heuron.knowledge.coding import columns_of, constant, read_column, unknown_names
from heuron.plan.columnexpressions import column_kind
from heuron.values import UNKNOWN, Field, FieldType, Template, Value

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["TableAnswers", "infer_chunks", "infer_table"]

Array = Any


@dataclass(frozen=True, slots=True)
class TableAnswers:
    """The rules' answers for the rows of a table, in their order.

    `columns` are the concluded fields as they were computed: float64 with NaN for unknown, or
    whole numbers (the place of a level in its enumeration, 1 and 0 for booleans) with -1.
    `certainties` are those of the goal's values, `fires` what fired in each part of the rows.
    `one_by_one` counts the rows that were answered by the single-record
    function, `refused` says which rules made that necessary and why. `before` counts the rows of
    the frames that came before this one in a stream. `reports` says on which rows, from 0,
    something strange was the case: ("several-hits", table) or ("contradiction", field). `exact`
    has, by field and row, the moments and durations that are not exact as microseconds in a float.
    """

    goal: str
    types: Mapping[str, FieldType]
    columns: Mapping[str, Array]
    certainties: Array
    fires: tuple[Fired, ...]
    names: Mapping[int, str]
    one_by_one: int
    refused: tuple[tuple[str, str], ...]
    before: int
    reports: Mapping[tuple[str, str], Array]
    exact: Mapping[tuple[str, int], Value]

    def __len__(self) -> int:
        return len(self.certainties)

    @property
    def fired(self) -> dict[str, int]:
        """On how many rows each rule or table row fired, by name; counted when asked."""
        found: dict[int, int] = {}
        for one in self.fires:
            for index, count in one.counts().items():
                found[index] = found.get(index, 0) + count
        return {self.names[index]: found[index] for index in sorted(found)}

    def field(self, name: str) -> list[Value]:
        """Return a concluded field as values: None where unknown, a tuple under `many`."""
        found = [_plain(one) for one in decode(self.columns[name], self.types[name])]
        for (field, row), value in self.exact.items():
            if field == name:
                found[row] = value
        return found

    @property
    def values(self) -> list[Value]:
        """The goal's values: None where unknown, a tuple of values under `many`."""
        return self.field(self.goal)

    @property
    def fields(self) -> dict[str, list[Value]]:
        """The values of the other concluded fields, by name."""
        return {name: self.field(name) for name in self.columns if name != self.goal}

    def to_dict(self) -> dict[str, object]:
        """Return the columns by name: the goal's value, its certainty, the other fields."""
        return {"value": self.values, "certainty": self.certainties.tolist(), **self.fields}


def infer_table(knowledge: KnowledgeBase, frame: Any, today: date | None = None) -> TableAnswers:
    """Return the rules' answers for every row of a frame.

    Raises:
        RuleError: There is no goal, a column does not belong to a field, or cells are not
            accepted; the messages name columns and rows.
    """
    return _Runner(knowledge, today).answers(frame, 0)


def infer_chunks(
    knowledge: KnowledgeBase,
    frames: Iterable[Any],
    today: date | None = None,
    workers: int = 1,
    written: bool = False,
) -> Iterator[TableAnswers]:
    """Yield the rules' answers for a stream of frames, one result a frame, in their order.

    At most `workers` + 1 frames are held at a time, so that memory is bounded by the frame.

    Args:
        knowledge: The rules. Those about single records run as columns, others row by row.
        frames: Parts of one table, each a frame as for `infer_table`; a field may lack a column.
        today: What `today()` is.
        workers: Threads that work on frames side by side (numpy gives up the interpreter's lock).
        written: Texts are read as on the command line, as those of a CSV file are.

    Raises:
        RuleError: As for `infer_table`; the messages count rows over all frames.
    """
    runner = _Runner(knowledge, today, written)
    before = 0
    if workers <= 1:
        for frame in frames:
            answers = runner.answers(frame, before)
            before += len(answers)
            yield answers
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[TableAnswers]] = deque()
        for frame in frames:
            columns, rows = columns_of(frame)
            waiting.append(pool.submit(runner.answers, columns, before))
            before += rows
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Runner:
    """A knowledge base that answers frames; may be shared between threads."""

    def __init__(self, knowledge: KnowledgeBase, today: date | None, written: bool = False) -> None:
        engine = knowledge.engine
        goal = knowledge.goal
        if goal is None:
            message = f"{knowledge.name} has no goal, so there is nothing to answer for a row."
            hint = "Add `goal Type.field`, or see its facts with `heuron run`."
            raise RuleError(Diagnostic(Severity.ERROR, "missing-goal", message, hint=hint))
        self.engine = engine
        self.written = written
        self.template = knowledge.template
        self.goal = goal.field
        self.run = column_run(engine) if engine.single_record else RowRun(engine)
        self.host = knowledge.host(today=today)
        self.names = {index: rule["name"] for index, rule in engine.rules.items()}
        self.concluded = self.run.concluded
        if goal.field not in self.concluded:
            message = f"No rule concludes `{knowledge.goal_name}`, so no row has an answer."
            hint = "Write rules that conclude it; a model answers tables through a dispatcher."
            raise RuleError(Diagnostic(Severity.ERROR, "missing-goal", message, hint=hint))

    def answers(self, frame: Any, before: int) -> TableAnswers:
        """Return the answers for one frame, before which so many rows came."""
        columns, rows = columns_of(frame)
        coded, odd, records = self._coded(columns, rows, before)
        parts = {name: _Whole(rows) for name in self.concluded}
        certainties = _Whole(rows)
        fires: list[Fired] = []
        one_by_one = 0
        reports: dict[tuple[str, str], list[Array]] = {}
        exact: dict[tuple[str, int], Value] = {}
        for chunk in self.run.run(coded, rows, records, self.host, odd):
            for name, whole in parts.items():
                whole.put(chunk.start, chunk.values[name])
            certainties.put(chunk.start, chunk.certainties[self.goal])
            fires.append(chunk.fired)
            one_by_one += chunk.one_by_one
            exact |= {(name, row + chunk.start): one for (name, row), one in chunk.exact.items()}
            for kind, about, at in chunk.reports:
                if len(at):
                    reports.setdefault((kind, about), []).append(at + chunk.start)
        return TableAnswers(
            self.goal,
            {name: self.template[name].type for name in parts},
            {name: whole.column for name, whole in parts.items()},
            certainties.column,
            tuple(fires),
            self.names,
            one_by_one,
            self.run.refused,
            before,
            {key: np.unique(np.concatenate(listed)) for key, listed in reports.items()},
            exact,
        )

    def _coded(
        self, columns: Mapping[str, Any], rows: int, before: int
    ) -> tuple[dict[str, Coded], Array | None, Any]:
        """Return the plan's columns, the rows that no column says, and a reader of rows.

        Those have a given conclusion, or a moment too far away to be exact as a number.
        """
        template = self.template
        wrong = unknown_names(template, list(columns))
        found: dict[str, Coded] = {}
        odd: Array | None = None
        for field in template.fields:
            if field.name not in columns:
                if field.default is not None:
                    found[field.name] = constant(field, field.default, rows)
                continue
            try:
                coded = read_column(field, columns[field.name], before, self.written)
            except RuleError as problem:
                wrong += problem.diagnostics
                continue
            found[field.name] = coded
            if field.name in self.concluded:
                given = _given(field, coded)
                odd = given if odd is None else odd | given
            if (inexact := coded.inexact) is not None:
                odd = inexact if odd is None else odd | inexact
        if wrong:
            raise RuleError(wrong)
        return (
            found,
            odd if odd is not None and odd.any() else None,
            _reader(template, found),
        )


def _given(field: Field, coded: Coded) -> Array:
    """Return on which rows a concluded field is given as evidence."""
    if column_kind(field.type) == "float":
        return coded.values == coded.values
    return coded.values >= 0


class _Whole:
    """A column that chunks are put into, of the type of the first one."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.column: Array = np.zeros(0)

    def put(self, start: int, part: Array) -> None:
        """Put the values of the rows from `start` on in their places."""
        if not start:
            if len(part) == self.rows:
                self.column = part
                return
            self.column = np.empty(self.rows, dtype=part.dtype)
        self.column[start : start + len(part)] = part


def _plain(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(one for one, _ in value)
    return None if value is UNKNOWN else value


def _reader(template: Template, coded: Mapping[str, Coded]) -> Any:
    """Return a function that gives the typed values of some rows, a dictionary a row."""

    def records(rows: Array) -> Iterator[dict[str, Value]]:
        columns = {name: one.decoded(rows, template[name].type) for name, one in coded.items()}
        for cells in zip(*columns.values(), strict=True) if columns else ((),) * len(rows):
            yield dict(zip(columns, cells, strict=True))

    return records
