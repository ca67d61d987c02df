"""A knowledge base: what one or more rule files mean, ready to be asked.

Owns `KnowledgeBase`: what is known of it without its rules (templates, goal, names, places) and
the way from evidence to an answer of the rules. Models and routes are the dispatcher's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.answer import Answer
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.knowledge.evidence import Evidence, read_evidence
from heuron.knowledge.finding import Finding, RecordFinding, SessionFinding, hold, quick_ask
from heuron.knowledge.quick import quick_reader
from heuron.values import Template

if TYPE_CHECKING:
    from heuron.answer import Predict
    from heuron.check.tree import Base
    from heuron.infer.limits import Limits
    from heuron.knowledge.parts import Parts
    from heuron.knowledge.session import Session
    from heuron.knowledge.table import TableAnswers

__all__ = ["Block", "GoalField", "KnowledgeBase", "RuleEntry"]


class RuleEntry(NamedTuple):
    """A rule, or a row of a table: its name, its title, and where it stands (`file:line`)."""

    name: str
    title: str | None
    place: str


class GoalField(NamedTuple):
    """What a query asks for; `tolerance` (of a number) is in percent or in the field's unit."""

    type_name: str
    field: str
    many: bool = False
    tolerance: float | None = None
    percent: bool = False


class Block(NamedTuple):
    """A dispatch block, compiled, in the form of `infer.dispatch`: for the dispatcher.

    `routes` holds (line, backend, model, reason, text) for each line; `models` the models that
    it reads or uses; `code` is the marshalled code of its generated function.
    """

    name: str | None
    routes: tuple[tuple[int, str, str | None, str | None, str], ...]
    models: tuple[str, ...]
    code: bytes


class KnowledgeBase:
    """The meaning of one or more rule files. Immutable; may be shared between threads.

    Made by `heuron.load` and `heuron.loads`. Copies are the object itself, and it is pickled as
    the source that it was made from.
    """

    __slots__ = ("_engine", "_functions", "_parts", "_quick", "goal", "goal_name", "path")

    def __init__(self, parts: Parts, engine: Engine, functions: Mapping[str, Any]) -> None:
        self._parts = parts
        self._engine = engine
        self._functions = functions
        self.path = parts.path
        self.goal = parts.goal
        self.goal_name = "" if parts.goal is None else f"{parts.goal.type_name}.{parts.goal.field}"
        self._quick = None
        if parts.goal is not None and engine.single_record and not functions:
            self._quick = quick_ask(self, quick_reader(engine.templates[parts.goal.type_name]))

    # What it is.

    @property
    def name(self) -> str:
        """The name of the domain, or of the file where it declares none."""
        return self._parts.name

    domain = name

    @property
    def question(self) -> str | None:
        """The question that it answers, in words."""
        return self._parts.question

    @property
    def data(self) -> str | None:
        """Where examples come from by default."""
        return self._parts.data

    @property
    def templates(self) -> Mapping[str, Template]:
        """The types of facts by name, in the order of their declarations."""
        return self._engine.templates

    @property
    def template(self) -> Template:
        """The type of the record that a query asks about.

        Raises:
            RuleError: There is no goal.
        """
        return self._engine.templates[self._asked_for().type_name]

    @property
    def concluded(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """For each concluded field, (type, field), the rules and tables that conclude it."""
        return self._parts.concluded

    @property
    def rules(self) -> tuple[RuleEntry, ...]:
        """All rules and rows of tables, in rule order."""
        return self._parts.rules

    @property
    def queries(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The named questions over facts, with the names of their parameters."""
        return self._parts.queries

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The dispatch blocks, compiled."""
        return self._parts.blocks

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the domain's models, as far as their specs were there when it was loaded."""
        return self._parts.models

    @property
    def example(self) -> Mapping[str, object]:
        """Evidence for a first question: values by field, from the file's first test."""
        return self._parts.example

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What was found when it was checked, and did not stop it."""
        return self._parts.warnings

    @property
    def calls_models(self) -> bool:
        """Whether rules ask models (`predict`)."""
        return bool(self._engine.outline["predicts"])

    @property
    def engine(self) -> Engine:
        """What runs it."""
        return self._engine

    @property
    def tree(self) -> Base:
        """The resolved tree, for those who look at rules: tests, comparisons, editors."""
        return self._parts.tree

    @property
    def files(self) -> Mapping[str, str]:
        """The texts that it was made from, by the path that messages show; the main one first."""
        return self._parts.files

    @property
    def digest(self) -> str:
        """What identifies its rules, for models that read their conclusions: 64 hex digits."""
        return self._parts.digest

    def with_text(self, text: str, models: tuple[str, ...] = ()) -> KnowledgeBase:
        """Return the knowledge base of the same files, with a text added to the main one.

        Args:
            text: What is added, such as a dispatch block to try.
            models: Names of models that it may use beside those known.

        Raises:
            RuleError: With the text there are errors.
        """
        from heuron.knowledge.load import from_files

        main, *others = self.files
        files = {main: f"{self.files[main].rstrip()}\n\n{text}"}
        files |= {name: self.files[name] for name in others}
        known = tuple(dict.fromkeys((*self.models, *models)))
        return from_files(files, known, dict(self._functions))

    def describe(self) -> dict[str, object]:
        """Return what can be asked and what is known, as plain data."""
        from heuron.knowledge.describe import describe

        return describe(self)

    # What it answers.

    def ask(
        self,
        evidence: Mapping[str, object] | Evidence,
        today: date | None = None,
        *,
        hide_goal: bool = False,
    ) -> Answer:
        """Return the rules' answer about one record.

        Args:
            evidence: `{field: value}`, perhaps with facts of other types
                (`{"Loan": [{"amount": 15_000}]}`).
            today: What `today()` is; by default the present day.
            hide_goal: Leave the goal's field out of the evidence, as comparisons do.

        Raises:
            RuleError: The evidence is not accepted (every mistake is named), or there is no goal.
            LimitError: A limit was met.
        """
        start = perf_counter()
        answer = None
        if self._quick is not None and type(evidence) is dict and not (today or hide_goal):
            answer = self._quick(evidence)
        if answer is None:
            answer = self.consider(evidence, today=today, hide_goal=hide_goal).answer
        # The answer is new, and nobody has seen it yet.
        object.__setattr__(answer, "elapsed_us", (perf_counter() - start) * 1e6)
        return answer

    def ask_many(
        self, rows: Iterable[Mapping[str, object]], today: date | None = None
    ) -> list[Answer]:
        """Return the rules' answers about many records, in their order.

        Raises:
            RuleError: A row is not accepted; the message says which one.
            TypeError: It is no list of rows, or the day is no date.
        """
        answers = []
        if not isinstance(rows, Iterable) or isinstance(rows, str | Mapping):
            raise TypeError(f"rows are a list of dictionaries, not {type(rows).__name__}")
        for number, row in enumerate(rows, 1):
            try:
                answers.append(self.ask(row, today))
            except RuleError as error:
                raise RuleError(in_row(number, error)) from None
        return answers

    def infer_table(self, frame: Any, today: date | None = None) -> TableAnswers:
        """Return the rules' answers for every row of a table, as columns.

        Rules about single records run over whole columns; `heuron plan` names those that do not.

        Args:
            frame: Columns by field: a dictionary, or a pandas, polars or pyarrow table.
            today: What `today()` is.

        Raises:
            RuleError: There is no goal, or a column or cells are not accepted.
        """
        from heuron.knowledge.table import infer_table

        return infer_table(self, frame, today)

    def infer_chunks(
        self,
        frames: Iterable[Any],
        today: date | None = None,
        *,
        workers: int = 1,
        written: bool = False,
    ) -> Iterator[TableAnswers]:
        """Yield the rules' answers for the parts of a long table, one result a part.

        Args:
            frames: Parts of one table, each a frame as for `infer_table`; for instance from
                `heuron.knowledge.columnfile.read_frames`.
            today: What `today()` is.
            workers: Threads that work on parts side by side.
            written: Texts are read as on the command line, as those of a CSV file are.

        Raises:
            RuleError: As for `infer_table`; messages count rows over all parts.
            TypeError: A part is no frame, or the number of workers no whole number.
            ValueError: There are no workers.
        """
        from heuron.knowledge.table import infer_chunks

        if isinstance(workers, bool) or not isinstance(workers, int):
            raise TypeError(f"workers are a number of threads, not {workers!r}")
        if workers < 1:
            raise ValueError(f"workers are a number of threads from 1, not {workers}")

        return infer_chunks(self, frames, today, workers, written)

    def consider(
        self,
        evidence: Mapping[str, object] | Evidence,
        *,
        today: date | None = None,
        predict: Predict | None = None,
        hide_goal: bool = False,
        limits: Limits | None = None,
    ) -> Finding:
        """Return all that the rules find about one record: the answer, and what led to it.

        Args:
            evidence: As for `ask`.
            today: What `today()` is.
            predict: How rules reach models; None: models are absent.
            hide_goal: Leave the goal's field out of the evidence, as comparisons do.
            limits: How far the run may go.
        """
        _check_limits(limits)
        goal = self._asked_for()
        given = self.evidence(evidence)
        if hide_goal and goal.field in given.record:
            record = {name: one for name, one in given.record.items() if name != goal.field}
            given = given._replace(record=record)
        host = self.host(today=today, predict=predict)
        # Facts beside the record cannot matter where every rule is about the record alone.
        if self._engine.single_record:
            result = self._engine.record(given.record, host)
            return RecordFinding(self, result, given.facts, given.named)
        state = self._engine.session(host, limits)
        number = hold(state, given)
        if self._parts.has_steps:
            state.run()
        return SessionFinding(self, state, number)

    def evidence(self, raw: Mapping[str, object] | Evidence) -> Evidence:
        """Return raw evidence as checked facts.

        Raises:
            RuleError: With one diagnostic for every mistake.
        """
        if isinstance(raw, Evidence):
            return raw
        goal = self.goal
        return read_evidence(raw, self.templates, None if goal is None else goal.type_name)

    def host(self, *, today: date | None = None, predict: Predict | None = None) -> Host:
        """Return what a run is given from outside: functions, models, the day.

        Raises:
            TypeError: The day is no date.
        """
        if isinstance(today, datetime):
            today = today.date()
        elif today is not None and not isinstance(today, date):
            raise TypeError(f"today is a datetime.date, not {today!r}")
        return Host(self._functions, predict, today)

    def session(
        self,
        today: date | None = None,
        limits: Limits | None = None,
        *,
        strategy: str = "depth",
        state: str | PathLike[str] | Mapping[str, object] | None = None,
        engine: str = "heuron",
        definitions: str = "fixpoint",
    ) -> Session:
        """Return a new session with the initial facts: assert, run, query, explain.

        Args:
            today: What `today()` is; by default the present day.
            limits: How far a run may go.
            strategy: Which of several steps of equal salience fires first: `depth`, `breadth`,
                `lex`, `mea`, `simplicity`, `complexity` or `random(seed)`.
            state: What `Session.save` wrote, or `Session.saved` returned: the session goes on
                from there instead of from the initial facts.
            engine: `heuron`, or `experta` (extra `experta`), which matches and orders the rules
                that it can express.
            definitions: `fixpoint`, as is fastest; or `agenda`: rules that derive and conclude
                run by the searches of the plan of steps, one activation at a time, to the same
                facts and certainties, more slowly; for tests and benchmarks.

        Raises:
            RuleError: There is no such strategy, engine or plan for definitions, the state does
                not go with these rules, or experta cannot express them: each that it cannot is
                named.
        """
        from heuron.knowledge.session import Session, resumed

        _check_limits(limits)
        if engine != "heuron":
            from heuron.knowledge.on_experta import on_experta

            host = self.host(today=today)
            return on_experta(self, engine, host, limits, strategy, definitions, state)
        host, fresh = self.host(today=today), state is None
        running = self._engine.session(host, limits, fresh, strategy, definitions)
        session = Session(self, running)
        return session if state is None else resumed(session, state)

    def _asked_for(self) -> GoalField:
        if self.goal is None:
            raise RuleError(
                Diagnostic(
                    Severity.ERROR,
                    "missing-goal",
                    f"{self.name} has no goal, so there is nothing to ask for.",
                    hint="Add `goal Type.field`, or see its facts with `heuron run`.",
                )
            )
        return self.goal

    # What Python asks of it.

    def __repr__(self) -> str:
        return f"<KnowledgeBase {self.name}: {len(self.rules)} rules>"

    def __copy__(self) -> KnowledgeBase:
        return self

    def __deepcopy__(self, memo: object) -> KnowledgeBase:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from heuron.knowledge.load import from_files

        return from_files, (dict(self.files), self.models, dict(self._functions))


def _check_limits(limits: object) -> None:
    if limits is not None:
        from heuron.infer.limits import Limits

        if not isinstance(limits, Limits):
            raise TypeError(f"limits are `heuron.Limits`, not {limits!r}")


def in_row(number: int, error: RuleError) -> list[Diagnostic]:
    """Return an error's diagnostics with the number of the row that they are about."""
    return [
        Diagnostic(one.severity, one.code, f"row {number}: {one.message}", hint=one.hint)
        for one in error.diagnostics
    ]
