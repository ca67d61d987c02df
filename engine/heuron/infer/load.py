"""Loading: what the plans wrote is compiled, kept, and run.

An `Engine` is made from a program, or from the bytes that `Engine.code` gave: with these nothing
of the parser, the checks or the plans is imported.
"""

from __future__ import annotations

import linecache
import marshal
import weakref
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from types import CodeType
from typing import TYPE_CHECKING, Any

from heuron.infer.host import Asked, Host, HostFailed
from heuron.infer.needs import record_needs
from heuron.infer.record import RecordResult
from heuron.plan.contract import NAMES
from heuron.values import UNKNOWN, Template, Value

if TYPE_CHECKING:
    from heuron.diagnostics import SourceText
    from heuron.infer.limits import Limits
    from heuron.infer.session import State
    from heuron.plan.normal import Program

__all__ = ["Engine"]

KEPT_READY = 100
"""Up to so many rules the cache has both the record plan's code and the general plan's."""

FORMAT = 3
"""The form of the bytes that `Engine.code` gives; the cache's key has Heuron's version too."""


class Engine:
    """A program, ready to run. Immutable from outside; may be shared between threads.

    `templates` are the types by name, `goal` is (type, field, many) or None, `rules` what is
    known of each rule and row by its index (name, title, place, …).
    """

    def __init__(
        self, program: Program | None, texts: Mapping[str, SourceText] | None = None
    ) -> None:
        self._program = program
        self._texts = dict(texts or {})
        self._blob = b""
        self._record_code: CodeType | None = None
        self._general_code: CodeType | None = None
        self._make: Callable[..., Any] | None = None
        self._reasons: Callable[..., Any] | None = None
        self._searches: Callable[..., Any] | None = None
        self._record: Callable[..., tuple[Any, ...]] | None = None
        self._unknown: Callable[..., list[int]] | None = None
        self.column_run: Any = None
        """What runs it over columns, made by `infer.columns` when first asked for."""
        if program is not None:
            from heuron.plan.outline import outline_of

            self.templates: Mapping[str, Template] = program.templates
            self._take(outline_of(program, self._texts))

    def _take(self, outline: dict[str, Any]) -> None:
        self.outline = outline
        self.rules: dict[int, dict[str, Any]] = outline["rules"]
        self.goal: tuple[str, str, bool] | None = outline["goal"]
        self.goal_field: str = self.goal[1] if self.goal else ""
        self.single_record: bool = outline["single_record"]
        self.layout: dict[str, Any] = outline.get("layout", {})
        self.index_by_rank = {rank: index for index, rank in outline["ranks"].items()}
        self.firing_order = _firing_order(outline)
        self._host: Host | None = None
        self._asked: tuple[tuple[str, Value], ...] | None = None
        self._supporters: dict[str, dict[Value, dict[int, str]]] = {}

    # What is cached.

    def code(self) -> bytes:
        """Return everything that an engine is made from, compiled, as bytes for a cache."""
        import pickle

        assert self._program is not None or self._blob
        blob = self._blob or pickle.dumps((self._program, self._texts))
        if self.single_record:
            self._compile_record()
        # Explanations of single records are found by the general plan: it is kept ready too,
        # unless that would make loading a large file much slower.
        if not self.single_record or len(self.rules) <= KEPT_READY:
            self._compile_general()
        record, general = self._record_code, self._general_code
        return pickle.dumps(
            (
                FORMAT,
                self.outline,
                dict(self.templates),
                marshal.dumps(record) if record is not None else None,
                marshal.dumps(general) if general is not None else None,
                blob,
            )
        )

    @classmethod
    def from_code(cls, code: bytes) -> Engine:
        """Return the engine that `code` was made from.

        The bytes must come from a place that only this user can write: they are code.

        Raises:
            ValueError: When the bytes have another form.
        """
        import pickle

        form, outline, templates, record, general, blob = pickle.loads(code)
        if form != FORMAT:
            raise ValueError("the cached code has another form")
        engine = cls(None)
        engine.templates = templates
        engine._blob = blob
        engine._record_code = None if record is None else marshal.loads(record)
        engine._general_code = None if general is None else marshal.loads(general)
        engine._take(outline)
        return engine

    @property
    def program(self) -> Program:
        """The program in normal form; read back from the cache when first needed."""
        if self._program is None:
            import pickle

            self._program, self._texts = pickle.loads(self._blob)
        return self._program

    @property
    def texts(self) -> Mapping[str, SourceText]:
        """The sources by file."""
        assert self.program is not None
        return self._texts

    # One record.

    def record(self, values: Mapping[str, Value], host: Host | None = None) -> RecordResult:
        """Answer for one record; for a program with `single_record`.

        Args:
            values: Values by field, in the types of the template. A field that is missing has its
                default or is unknown; `UNKNOWN` stays unknown.
            host: Functions, models, date and time; by default today and nothing else.
        """
        function = self._record or self._compile_record()
        if host is None:
            host = self._plain_host()
        asked = Asked(host.predict) if self.outline["predicts"] else None
        try:
            raw = function(values.get, host.today, host.now, asked, host.call)
        except HostFailed:
            self._find_failure(values, host)
            raise
        silent = () if asked is None else tuple(asked.silent)
        return RecordResult(self, values, raw, host, silent)

    def _find_failure(self, values: Mapping[str, Value], host: Host) -> None:
        """Raise the error of a host function again with the rule that called it.

        The record plan does not know which rule it is at; the general plan does.
        """
        assert self.goal is not None
        state = self.session(host, facts=False)
        state.add(self.goal[0], values)
        state.refresh()

    def record_function(self) -> Callable[..., tuple[Any, ...]]:
        """Return the generated function `record(get, today, now, predict, host)`."""
        return self._record or self._compile_record()

    def _plain_host(self) -> Host:
        """Return a host with the day and the time of the run.

        Where no definition reads the clock, one host serves for a whole day.
        """
        host = self._host
        if host is None or self.outline["reads_clock"] or host.today != date.today():
            host = self._host = Host()
        return host

    def record_needs(self, result: RecordResult, field: str | None = None) -> tuple[str, ...]:
        """Return the unknown fields that could have made a difference to a concluded field.

        See `RecordResult`; the field is the goal's unless another is named.
        """
        get = result.values.get
        asked = self._asked if self._asked is not None else self._asked_fields()
        lacking = [
            name
            for name, default in asked
            if (value := get(name, default)) is None or value is UNKNOWN
        ]
        if not lacking:
            return ()
        if self._unknown is None:
            self._compile_record()
        assert self._unknown is not None
        host = result.host
        unknown = self._unknown(get, result.raw, host.today, host.now, host.call)
        return record_needs(self.rules, field or self.goal_field, set(unknown), lacking, result)

    def _asked_fields(self) -> tuple[tuple[str, Value], ...]:
        """Return the fields that an answer may need, with their defaults: not optional, given."""
        assert self.goal is not None
        fields = self.templates[self.goal[0]].fields
        self._asked = tuple(
            (one.name, one.default)
            for one in fields
            if not one.optional and one.name not in self.layout
        )
        return self._asked

    def supporters(self, field: str) -> Mapping[Value, Mapping[int, str]]:
        """Return, for each constant value of a concluded field, the rules that may support it.

        The rules and rows are names by index.
        """
        found = self._supporters.get(field)
        if found is None:
            _, _, _, constants, _, supports = self.layout[field]
            found = self._supporters[field] = {value: {} for value in constants or ()}
            for index, places in supports.items():
                for place in places:
                    found[constants[place]][index] = self.rules[index]["name"]
        return found

    def _compile_record(self) -> Callable[..., tuple[Any, ...]]:
        if self._record_code is None:
            from heuron.plan.record import plan_record

            plan = plan_record(self.program)
            self.layout.update({one[0]: one for one in plan.fields})
            self.outline["layout"] = self.layout
            self._record_code = self._compiled("record", plan.source)
        names = dict(NAMES)
        exec(self._record_code, names)
        self._unknown = names["unknown"]  # type: ignore[assignment]
        self._record = names["record"]  # type: ignore[assignment]
        assert self._record is not None
        return self._record

    # Facts.

    def session(
        self,
        host: Host | None = None,
        limits: Limits | None = None,
        facts: bool = True,
        strategy: str = "depth",
        definitions: str = "fixpoint",
    ) -> State:
        """Return a new session, with the initial facts of the file unless told otherwise.

        Args:
            host: Functions, models, date and time.
            limits: How far a run may go.
            facts: Whether to begin with the initial facts.
            strategy: Which step fires first (see `infer.strategy`).
            definitions: `fixpoint`: as is fastest; `agenda`: by searches, as steps run.

        Raises:
            RuleError: When there is no such strategy, or no such way to run definitions.
        """
        from heuron.infer.limits import Limits
        from heuron.infer.session import State

        make = self._make or self._compile_general()
        return State(
            self,
            self.outline,
            self.templates,
            make,
            host or Host(),
            limits or Limits(),
            facts,
            strategy,
            definitions,
        )

    def _compile_general(self) -> Callable[..., Any]:
        if self._general_code is None:
            from heuron.plan.general import plan_general

            self._general_code = self._compiled("rules", plan_general(self.program).source)
        names = dict(NAMES)
        exec(self._general_code, names)
        self._make = names["make"]  # type: ignore[assignment]
        assert self._make is not None
        return self._make

    def make_reasons(self, *closed_over: Any) -> dict[str, Callable[..., None]]:
        """Return the functions that find the reasons of derived facts; see `plan.reasons`."""
        if self._reasons is None:
            from heuron.plan.reasons import plan_reasons

            self._reasons = self.compiled("reasons", plan_reasons(self.program))["make"]
        functions: dict[str, Callable[..., None]] = self._reasons(*closed_over)
        return functions

    def make_searches(self, *closed_over: Any) -> dict[str, Callable[..., Any]]:
        """Return the searches of definitions on the agenda plan; see `plan.defining`."""
        if self._searches is None:
            from heuron.plan.defining import plan_defining

            self._searches = self.compiled("definitions", plan_defining(self.program))["make"]
        functions: dict[str, Callable[..., Any]] = self._searches(*closed_over)
        return functions

    def compiled(
        self, kind: str, source: str, contract: Mapping[str, object] = NAMES
    ) -> dict[str, Any]:
        """Return the names of a further generated module, for instance of one condition.

        Args:
            kind: What tracebacks call the module.
            source: Its generated source.
            contract: The names that it may use.
        """
        names: dict[str, Any] = dict(contract)
        exec(self._compiled(kind, source), names)
        return names

    def _compiled(self, kind: str, source: str) -> CodeType:
        digest = sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        file = f"<heuron {kind} {digest}>"
        # Tracebacks show generated lines as long as the engine lives.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        weakref.finalize(self, linecache.cache.pop, file, None)
        return compile(source, file, "exec", dont_inherit=True)


def _firing_order(outline: dict[str, Any]) -> dict[int, int] | None:
    """Return the place of each rule in the list of firings, or None when it is rule order.

    The record function runs rules by stratum, then rule order; only salience changes that.
    """
    rules = outline["rules"]
    if not any(rules[index]["salience"] for index in rules):
        return None
    order: list[tuple[int, int, int]] = []
    for stratum in outline["strata"]:
        for index in stratum["fires"]:
            rows = rules[index]["table"][3] if rules[index]["table"] is not None else 1
            salience = -rules[index]["salience"]
            order += [(stratum["index"], salience, index + at) for at in range(rows)]
    return {index: place for place, (_, _, index) in enumerate(sorted(order))}
