"""A session: facts come and go, steps run, and everything that follows can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from heuron.answer import Firing
from heuron.diagnostics import RuleError
from heuron.infer.agenda import Agenda, Waiting
from heuron.infer.asserting import Quick, quick_asserts
from heuron.infer.changes import (
    Change,
    Refused,
    assert_fact,
    modify_fact,
    not_held,
    of_another,
    retract_fact,
)
from heuron.infer.collector import CollectorOff
from heuron.infer.cycle import Cycle
from heuron.infer.events import Listener
from heuron.infer.host import Asked, Host
from heuron.infer.inference import Firings, Inference
from heuron.infer.lazy import LazyAgenda
from heuron.infer.limits import Budget, Limits
from heuron.infer.memory import HEAD, Memory, Row, Shape
from heuron.infer.queries import arguments_of, find_query
from heuron.infer.reaction import Reaction
from heuron.infer.searching import run_on_agenda
from heuron.infer.step import Step, bindings_of
from heuron.infer.strategy import Strategy, strategy
from heuron.infer.telling import Telling
from heuron.infer.truth import Activation, Contribution, Truth
from heuron.values import UNKNOWN, Fact, Template, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.saving import Ready

__all__ = ["Inference", "State"]


class State:
    """Working memory with everything that follows from it. Not shared between threads.

    The host's changes are taken in event by event when the state is next looked at: definitions
    follow each of them when there are steps, and all of them together when there are none.

    `quick` has the short way in for each type that has one (see `infer.asserting`).
    `initial` are the numbers of the file's own facts, `named` the fields that were given with
    each fact that the host asserted, `asserted_by` the rules that asserted or modified others.
    """

    def __init__(
        self,
        engine: Engine,
        outline: Mapping[str, Any],
        templates: Mapping[str, Template],
        make: Callable[..., dict[str, Callable[..., Any]]],
        host: Host,
        limits: Limits,
        with_facts: bool,
        strategy_name: str,
        definitions: str,
    ) -> None:
        by_searches = run_on_agenda(definitions)
        self.engine = engine
        self.host = host
        self.asked = Asked(host.predict)
        self._outline = outline
        self._rules: Mapping[int, dict[str, Any]] = outline["rules"]
        self._templates = templates
        concluded = outline["concluded"]
        self.memory = Memory(
            {
                name: Shape(one, [field for type_, field in concluded if type_ == name], place)
                for place, (name, one) in enumerate(templates.items())
            }
        )
        self._budget = Budget(limits)
        steps = {index: Step(self._rules[index]) for index in outline["steps"]}
        self._reaction = Reaction(self.memory, steps)
        self.asserted_by = self._reaction.asserted_by
        self._functions = make(*self.closed_over())
        self.truth = Truth(
            self.memory,
            dict(outline),
            self._functions,
            self._make_reasons,
            self._budget,
            engine.make_searches(*self.closed_over()) if by_searches else None,
        )
        chosen = strategy(strategy_name)
        self._agenda = self._agenda_of(steps, chosen, strategy_name == "depth") if steps else None
        self._telling = Telling(self.memory, concluded)
        self._cycle = Cycle(
            self.memory,
            self.truth,
            self._agenda,
            self._reaction,
            self._budget,
            self._rules,
            self._telling,
        )
        self._budget.judge = self._judge
        self._busy = 0
        self._reaction.take_in = self._cycle.take_in
        self._pending: list[Change] = []
        self._fresh = False
        self.quick = self._quick_asserts()
        self.named: dict[int, frozenset[str]] = {}
        self.initial: frozenset[int] = frozenset()
        if with_facts:
            self.initial = frozenset(self.assert_all(outline["facts"]))

    def _quick_asserts(self) -> dict[str, Quick]:
        agenda = self._agenda
        if self.host.functions or (agenda is not None and not isinstance(agenda, LazyAgenda)):
            # Functions of the host may fail, and may try to change what calls them.
            return {}
        # Where there are steps, definitions must follow each change of what they read.
        followed = () if agenda is None else self._outline["followed"]
        accepts = {
            name: self._functions[f"c{place}"]
            for place, name in enumerate(self._templates)
            if f"c{place}" in self._functions and name not in followed
        }
        note_of = self._quick_note if agenda is None else agenda.note_of
        return quick_asserts(self.memory, accepts, note_of)

    def _agenda_of(
        self, steps: dict[int, Step], chosen: Strategy, is_depth: bool
    ) -> Agenda | LazyAgenda:
        functions = self._functions
        for step in steps.values():
            step.equip(functions)
        if is_depth:
            agenda = LazyAgenda(self.memory, steps, functions, chosen, self._reaction)
            self._reaction.agenda = agenda
            return agenda
        # A lazy search finds activations in the order of `depth`; no other order can be lazy.
        self._reaction.follows_all = True
        return Agenda(self.memory, steps, functions, chosen)

    # What the host changes.

    def assert_(self, type_name: str, /, *positional: Value, **values: Any) -> Fact:
        """Hold a fact and return it; an equal fact that is held is returned instead.

        Fields may be given in the template's order or by name; None is unknown; a field of
        another type takes a fact or its number.

        Raises:
            RuleError: When a field does not exist or does not accept its value.
        """
        names = self._templates[type_name].names if type_name in self._templates else ()
        given = dict(zip(names, positional, strict=False)) | values
        return self.memory.fact(self.add(type_name, given))

    def add(self, type_name: str, values: Mapping[str, Any]) -> int:
        """Hold a fact, as `assert_`, and return its number."""
        number: int = self._changed(
            lambda: assert_fact(self.memory, type_name, values, complete=False)
        )
        self.named.setdefault(number, frozenset(values))
        return number

    def assert_all(
        self, facts: tuple[tuple[str, tuple[tuple[str, Value], ...], str | None], ...]
    ) -> list[int]:
        """Hold constant facts (type, values, binder) in order; return their numbers.

        A field of another type holds the place of the fact that it refers to in the same list.
        """
        numbers: dict[int, int] = {}

        def hold(place: int) -> int:
            if place not in numbers:
                type_name, values, _ = facts[place]
                template = self._templates[type_name]
                given = {
                    name: hold(value)
                    if template[name].type.kind == "reference" and isinstance(value, int)
                    else value
                    for name, value in values
                }
                numbers[place] = self.add(type_name, given)
            return numbers[place]

        return [hold(place) for place in range(len(facts))]

    def modify(self, fact: Fact | int, /, **changes: Any) -> None:
        """Change fields of a held fact; it keeps its number and gets a new version.

        Raises:
            RuleError: When the fact is not held or derived, or a field does not accept its value.
        """
        number = self._number_of(fact)
        self._changed(lambda: (None, modify_fact(self.memory, number, changes, complete=False)))

    def retract(self, fact: Fact | int, /) -> None:
        """End a held fact.

        Raises:
            RuleError: When the fact is not held, is derived, or is referred to.
        """
        number = self._number_of(fact)
        self._changed(lambda: (None, retract_fact(self.memory, number)))

    def together(self, act: Callable[[], Any]) -> Any:
        """Let changes by the host stand together or not at all; return what `act` returns."""
        self.refresh()
        return self._cycle.together(act)

    def _changed(self, change: Callable[[], tuple[Any, Change | None]]) -> Any:
        follows = self._agenda is not None or bool(self._telling.listeners)
        if follows or self._busy:
            # Steps depend on the order of events, so what was before comes first.
            self.refresh()
        self.truth.settle()
        try:
            if follows:
                # Each event is taken in as it happens.
                with self.limited():
                    return self._cycle.changed(change)
            done, made = change()
        except Refused as problem:
            raise RuleError(problem.as_diagnostic()) from None
        if made is not None:
            self._pending.append(made)
            self._fresh = False
        return done

    def _number_of(self, fact: Fact | int) -> int:
        if not isinstance(fact, Fact):
            return fact
        refused = of_another(self.memory, fact)
        if refused is not None:
            raise RuleError(refused.as_diagnostic())
        return fact.number

    def _quick_note(self, type_name: str) -> Callable[[Row], None]:
        def note(row: Row) -> None:
            if self._fresh:
                self._fresh = False
            if self._started:
                self._pending.append((type_name, None, row))

        return note

    def _catch_up(self) -> None:
        if self._fresh and self.truth.is_current:
            return
        changes, self._pending = self._pending, []
        if changes or not self._started or not self.truth.is_current:
            try:
                self._cycle.take_in(changes)
            except BaseException:
                # What was left half done is done afresh the next time.
                self._pending = changes
                self.truth.forget()
                raise
            if not self._started and self._agenda is not None:
                self._agenda.start()
            self._started = True
        self._fresh = True

    _started = False

    def resume(self, ready: Callable[[], list[Ready]]) -> None:
        """Go on from facts that were put into memory: define what follows, fire what is ready.

        Args:
            ready: Called when the definitions have been brought to their fixpoint; the steps
                that may fire. All others have fired before.
        """
        with CollectorOff(), self.limited():
            self.truth.update(())
            listed = ready()
            if self._agenda is not None:
                self._agenda.restore(listed)
        self._started = self._fresh = True

    def _make_reasons(self) -> Mapping[str, Callable[..., None]]:
        return self.engine.make_reasons(*self.closed_over())

    def limited(self) -> _Limited:
        """Return a context in which limits and failing functions become errors with places."""
        return _Limited(self)

    # What runs.

    def run(self, limit: int | None = None) -> Inference:
        """Bring definitions to their fixpoint and fire steps until quiescence.

        Args:
            limit: At most so many firings, or None for no end but the limits.

        Raises:
            LimitError: When a limit is met; the message names the rules that went round.
            RuleError: When an action cannot be carried out; memory is as before that firing.
        """
        return self._ran(limit, looks_on=True)

    def _ran(self, limit: int | None, looks_on: bool) -> Inference:
        """Run; with `looks_on` it is found out whether more could fire, which may take long."""
        self._not_busy()
        self._cycle.check_whole()
        self._cycle.halted = False
        self._cycle.logs = []
        with CollectorOff() as collector:
            has_guests = bool(self.host.functions or self._telling.listeners)
            with self.limited():
                self._catch_up()
                firings = self._cycle.run(limit, collector if has_guests else None)
                agenda, halted = self._agenda, self._cycle.halted
                is_over = halted or agenda is None or (looks_on and not agenda.has_next())
            return Inference(
                Firings(firings, self._cycle.firing),
                is_over,
                len(firings),
                tuple(self._cycle.logs),
                self.truth.reports(),
            )

    def step(self) -> Firing | None:
        """Fire one step; return its firing, or None when nothing can fire."""
        inference = self._ran(1, looks_on=False)
        return inference.firings[0] if inference.firings else None

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of everything that happens from now on."""
        self.refresh()
        self.quick = {}
        self._telling.add(listener)
        self._reaction.follows_all = True

    def refresh(self) -> None:
        """Bring the definitions to their fixpoint, if something changed since, ready to be read."""
        if not self._telling.is_telling:
            self._not_busy()
        if not self._fresh or not self._started or not self.truth.is_current:
            with CollectorOff(), self.limited():
                self._catch_up()
        self.truth.settle()

    def _judge(self, taken: float, steps: int, left: float) -> None:
        """Stop a long search that cannot end in time; see `infer.hopeless`."""
        from heuron.infer.hopeless import judge

        judge(self, self._budget, taken, steps, left)

    @property
    def may_stop(self) -> bool:
        """Whether a run may end while steps could still fire, or a listener may change facts."""
        most = self._budget.limits.firings
        return self._reaction.most != most or bool(self._telling.listeners)

    def pending(self, name: str) -> list[Row]:
        """Return the rows around which a lazy search, by its name, is still to be begun."""
        return self._agenda.pending(name) if isinstance(self._agenda, LazyAgenda) else []

    def _not_busy(self) -> None:
        if self._busy:
            raise RuntimeError(
                "this session is at work: a function that its rules call, a listener that runs "
                "it, or another thread must wait until it is done"
            )

    # What there is to see.

    def agenda(self) -> tuple[Firing, ...]:
        """Return the steps that could fire now, the next one first."""
        return tuple(self._as_firing(one) for one in self.waiting())

    def waiting(self) -> list[Waiting]:
        """Return the activations of steps that could fire now, the next one first."""
        self._cycle.check_whole()
        self.refresh()
        with self.limited():
            return [] if self._agenda is None else self._agenda.waiting()

    def _as_firing(self, waiting: Waiting) -> Firing:
        matched = tuple(row[0] for row in waiting.rows)
        bindings = bindings_of(waiting.rule, waiting.rows, waiting.values)
        return Firing(waiting.rule["name"], bindings, matched)

    def facts(self, type_name: str | None = None) -> tuple[Fact, ...]:
        """Return the held facts, told and derived, in the order of types, then fact order."""
        self.refresh()
        return tuple(self.memory.facts(type_name))

    def fact(self, fact: Fact | int) -> Fact | None:
        """Return a held fact by its number, or as it is now.

        Raises:
            RuleError: The fact is of another session, as far as its type tells.
        """
        self.refresh()
        number = self._number_of(fact)
        return self.memory.fact(number) if number in self.memory.types else None

    def check_held(self, fact: Fact | int) -> None:
        """Do nothing for a held fact, or its number.

        Raises:
            RuleError: When it is not held, or is of another session (`unknown-fact`).
        """
        self.refresh()
        number = self._number_of(fact)
        if number not in self.memory.types:
            raise RuleError(not_held(self.memory, number).as_diagnostic())

    def query(self, name: str, /, *positional: Value, **arguments: Value) -> tuple[Value, ...]:
        """Return the values of a named question, one for each match, in fact order.

        Raises:
            RuleError: When there is no such query, its arguments are not its parameters, or a
                value is not of its parameter's type; every mistake is named.
        """
        queries = self._outline["queries"]
        place = find_query(queries, name)
        given = [(None, value) for value in positional] + list(arguments.items())
        ordered = arguments_of(queries[place], given)
        self.refresh()
        found: list[tuple[tuple[int, ...], Value]] = []
        with self.limited():
            self._functions[f"q{place}"](found.append, *ordered)
        return tuple(value for _, value in sorted(found, key=self._match_order))

    def _match_order(self, match: tuple[tuple[int, ...], Value]) -> list[object]:
        rows = [self.memory.row(number) for number in match[0]]
        return [self.memory.order(row) for row in rows if row is not None]

    def value(self, number: int, field: str) -> tuple[Value, float]:
        """Return the value of a fact's field and its certainty; given fields have certainty 1.

        An unknown field is `UNKNOWN` with certainty 0; of a `many` field it is the best value.
        """
        held = self.values(number, field)
        return held[0] if held else (UNKNOWN, 0.0)

    def values(self, number: int, field: str) -> tuple[tuple[Value, float], ...]:
        """Return the values of a field that hold, with their certainties, best first."""
        self.refresh()
        type_name = self.memory.types[number]
        shape = self.memory.shapes[type_name]
        if field in shape.concluded:
            return self.memory.settled(type_name, field).held.get(number, ())
        row = self.memory.row(number)
        assert row is not None
        value = row[HEAD + shape.given.index(field)]
        return () if value is UNKNOWN else ((value, 1.0),)

    def levels(self, number: int, field: str) -> dict[Value, float]:
        """Return the certainty of every value of a concluded field that rules spoke about."""
        self.refresh()
        type_name = self.memory.types[number]
        return dict(self.memory.settled(type_name, field).levels.get(number, {}))

    def contributions(self, number: int, field: str) -> tuple[Contribution, ...]:
        """Return the contributions to a concluded field, in rule order, then fact order."""
        self.refresh()
        type_name = self.memory.types[number]
        return tuple(self.truth.contributions.get((type_name, field), {}).get(number, ()))

    def justifications(self, number: int) -> tuple[tuple[int, Activation], ...]:
        """Return all activations that derive a fact: (index of the rule, activation)."""
        self.refresh()
        with self.limited():
            return self.truth.reasons.all_of(number)

    def justification(self, number: int) -> tuple[int, Activation] | None:
        """Return the first activation that derived a fact, or None for a told fact."""
        self.refresh()
        with self.limited():
            return self.truth.reasons.first_of(number)

    def needs(self, number: int, field: str) -> tuple[str, ...]:
        """Return the unknown fields, not optional, that could make a difference to a field."""
        from heuron.infer.needs import session_needs

        self.refresh()
        return session_needs(self, number, field)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a generated function by its name (see `plan.general`)."""
        return self._functions[name](*arguments)

    def holds(
        self, conditions: tuple[Any, ...] | Any, facts: Mapping[str, int] | None = None
    ) -> Value:
        """Return whether conditions hold together somewhere: True, False or `UNKNOWN`.

        Args:
            conditions: A condition of the resolved tree, or a tuple of them.
            facts: Fact variables that are bound outside, with the numbers of their facts.
        """
        listed = conditions if isinstance(conditions, tuple) else (conditions,)
        return self.probe(listed, facts or {})[0]

    def probe(
        self,
        conditions: tuple[Any, ...],
        facts: Mapping[str, int],
        values: Mapping[str, Value] | None = None,
        wanted: tuple[Any, ...] = (),
    ) -> tuple[Value, list[tuple[Value, ...]]]:
        """Return the truth of conditions, and the values of expressions wherever they hold.

        Args:
            conditions: Conditions of the resolved tree; none hold always.
            facts: Fact variables that are bound outside, with the numbers of their facts.
            values: Other variables that are bound outside; predictions are told by their type.
            wanted: Expressions of the resolved tree.
        """
        from heuron.infer.probing import probe

        return probe(self, conditions, facts, values or {}, wanted)

    def closed_over(self) -> tuple[Any, ...]:
        """Return what generated functions are made with (see `plan.module`)."""
        host, budget = self.host, self._budget
        return (
            self.memory,
            self._reaction,
            host.today,
            host.now,
            host.call,
            self._predict,
            budget.left,
            budget.stop,
        )

    def reports(self) -> tuple[tuple[str, str, int], ...]:
        """Return what definitions found strange: (contradiction or several-hits, name, fact)."""
        self.refresh()
        return self.truth.reports()

    def because(self, index: int, activation: Activation) -> str | None:
        """Return the reason that a rule gives for an activation, in words."""
        function = self._functions.get(f"w{index}")
        return None if function is None else str(function(activation[0], activation[1]))

    def definitions(self) -> tuple[Firing, ...]:
        """Return the firings of definitions: by stratum, salience, rule order, fact order."""
        self.refresh()
        firings: list[Firing] = []
        with self.limited():
            for stratum in self._outline["strata"]:
                entries = [one for index in stratum["fires"] for one in self._fire_of(index)]
                entries.sort(key=lambda entry: entry[0])
                firings += [firing for _, firing in entries]
        return tuple(firings)

    def _fire_of(self, index: int) -> list[tuple[tuple[object, ...], Firing]]:
        """Return the firings of a rule or table, each with its place in order."""
        if self._rules[index]["table"] is None:
            activations: list[Activation] = []
            self._functions[f"m{index}"](activations.append)
            return [self._definition(index, one) for one in activations]
        hits: list[tuple[int, Any, Value, float]] = []
        self._functions[f"m{index}"](hits.append, [])
        return [
            self._definition(index + place, ((row,), (), certainty))
            for place, row, _, certainty in hits
        ]

    def _definition(self, index: int, one: Activation) -> tuple[tuple[object, ...], Firing]:
        rule = self._rules[index]
        matched = tuple(row[0] for row in one[0])
        firing = Firing(
            rule["name"],
            bindings_of(rule, one[0], one[1]),
            matched,
            certainty=one[2],
            because=self.because(index, one),
        )
        order = [self.memory.order(row) for row in one[0]]
        return (-rule["salience"], index, order), firing

    def _predict(self, model: str, type_name: str, number: int) -> Any:
        fact = self.memory.fact(number)
        assert fact.type == type_name
        return self.asked(model, fact.values)


class _Limited:
    """What is at work in a session: turns limits and failing functions into errors with places."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def __enter__(self) -> None:
        if not self._state._busy:  # what a listener does counts for the run that told it
            self._state._budget.start()
        self._state._busy += 1

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        state = self._state
        state._busy -= 1
        try:
            if problem is not None:
                error = state._cycle.error_of(problem)
                if error is not problem:
                    raise error from error.__cause__
        finally:
            if not state._busy:
                state._cycle.leave()
