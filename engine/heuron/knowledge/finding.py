"""What the rules find about one record, and the answer made of it.

Owns how a result of inference becomes an `Answer`: of the record plan, and of a session with
facts. The details of an answer (rules, alternatives, needs, reason, explanation) are worked out
when they are read, so that an answer costs little more than its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol

from heuron.answer import Alternative, Answer, Explainer
from heuron.knowledge.evidence import Evidence
from heuron.knowledge.quick import QuickRead
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.record import RecordResult
    from heuron.infer.session import State

__all__ = ["Finding", "RecordFinding", "SessionFinding"]

Settled = tuple[tuple[Value, float], ...]
"""Values with their certainties, best first."""


class Finding(Protocol):
    """What the rules say of one record, and of everything they concluded on the way."""

    @property
    def answer(self) -> Answer:
        """The rules' answer to the goal."""

    def settled(self, field: str) -> Settled:
        """Return every value of a concluded field that rules spoke about, best first.

        Values that do not hold (certainty 0 or below) are among them.
        """

    def lacks(self, field: str) -> tuple[str, ...]:
        """Return the unknown fields that could have made a difference to a concluded field."""

    def holds(self, query: str) -> bool:
        """Return whether a query, whose one parameter is the record, has an answer."""

    @property
    def fired(self) -> tuple[str, ...]:
        """The names of the rules and rows that fired, in their order."""


class _Heading(Protocol):
    """What answers of one knowledge base have in common."""

    @property
    def domain(self) -> str: ...

    @property
    def goal_name(self) -> str: ...

    @property
    def engine(self) -> Engine: ...


class RulesAnswer(Answer):
    """An answer of the rules; what is not filled in yet is asked of its finding when read."""

    __slots__ = ("_finding",)

    def __getattr__(self, name: str) -> Any:
        # Reached for empty slots only: a filled one is found before.
        if name in _PLAIN:
            return _PLAIN[name]
        if name not in _DETAILS:
            raise AttributeError(name)
        value = _DETAILS[name](object.__getattribute__(self, "_finding"))
        object.__setattr__(self, name, value)
        return value

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form; all that is read for it is filled in at once."""
        try:
            finding = object.__getattribute__(self, "_finding")
        except AttributeError:
            return Answer.to_dict(self)
        for put, value in _PUT_PLAIN:
            put(self, value)
        for put, make in _PUT_DETAILS:
            put(self, make(finding))
        return Answer.to_dict(self)

    def __reduce__(self) -> tuple[object, ...]:
        # Explanations live as long as the process: what is sent elsewhere is the answer alone.
        names = [name for name in Answer.__dataclass_fields__ if name != "explainer"]
        return _answer_of, ({name: getattr(self, name) for name in names},)


def _answer_of(values: dict[str, Any]) -> Answer:
    return Answer(**values)


def new_answer(finding: Any, value: Value, certainty: float) -> RulesAnswer:
    """Return the answer of a finding."""
    answer = RulesAnswer.__new__(RulesAnswer)
    put = object.__setattr__
    if value is UNKNOWN:
        put(answer, "value", None)
        put(answer, "certainty", None)
    else:
        put(answer, "value", value)
        put(answer, "certainty", certainty)
    put(answer, "_finding", finding)
    return answer


_PLAIN: Final[dict[str, object]] = {
    "confidence": None,
    "calibrated": None,
    "interval": None,
    "backend": "rules",
    "route": None,
    "imputed": (),
    "outside": (),
    "score": None,
    "elapsed_us": None,
}
"""What never differs between answers of the rules."""

_DETAILS: Final[dict[str, Callable[[Any], object]]] = {
    "domain": lambda finding: finding.heading.domain,
    "goal": lambda finding: finding.heading.goal_name,
    "rules": lambda finding: finding.supporting(),
    "alternatives": lambda finding: finding.alternatives(),
    "needs": lambda finding: finding.needs(),
    "reason": lambda finding: finding.reason(),
    "today": lambda finding: finding.today,
    "explainer": lambda finding: finding.explainer(),
}
"""What is worked out when it is read."""


_PUT_PLAIN: Final = tuple(
    (getattr(Answer, name).__set__, value)
    for name, value in _PLAIN.items()
    if name not in ("elapsed_us", "route")
)
_PUT_DETAILS: Final = tuple(
    (getattr(Answer, name).__set__, make) for name, make in _DETAILS.items() if name != "explainer"
)
"""The slots of an answer as functions that fill them: much quicker than finding them empty.

The route and the time are put in from outside."""


def _others(settled: Settled, chosen: Value) -> tuple[Alternative, ...]:
    """Return the values that hold beside the chosen one (the first of many)."""
    return tuple(
        Alternative(value, certainty)
        for value, certainty in settled
        if certainty > 0.0 and value != chosen
    )


def _reason(reports: Iterable[tuple[str, str]], goal: str, value: Value) -> str | None:
    """Return why there is no value, when something strange is the reason."""
    if value is not None and value is not UNKNOWN:
        return None
    for kind, name in reports:
        if kind == "contradiction":
            what = "" if name == goal else f" about `{name}`"
            return f"certain rules contradict each other{what}"
        if kind == "several-hits":
            return f"several rows of the table `{name}` hold, which its hit policy forbids"
    return None


def _later(make: Callable[[], Explainer]) -> Explainer:
    """Return an explainer that is made when something is to be explained: that needs imports."""
    return Explainer(lambda: make().why(), lambda value: make().why_not(value))


def hold(state: State, given: Evidence) -> int:
    """Hold the record and the facts of evidence in a session; return the record's number."""
    assert state.engine.goal is not None
    listed = [(state.engine.goal[0], given.record), *given.facts]
    numbers = state.assert_all(
        tuple((name, tuple(values.items()), None) for name, values in listed)
    )
    if given.named is not None:
        state.named[numbers[0]] = frozenset(given.named)
    return numbers[0]


class RecordFinding:
    """The finding of the record plan."""

    __slots__ = ("_answer", "_facts", "_named", "engine", "heading", "result")

    def __init__(
        self,
        heading: _Heading,
        result: RecordResult,
        facts: tuple[tuple[str, dict[str, Value]], ...] = (),
        named: tuple[str, ...] | None = None,
    ) -> None:
        self.heading = heading
        self.result = result
        self.engine = result.engine
        self._facts = facts
        self._named = named
        self._answer: RulesAnswer | None = None

    @property
    def answer(self) -> Answer:
        """The rules' answer to the goal."""
        if self._answer is None:
            engine, raw = self.engine, self.result.raw
            _, many, place, *_ = engine.layout[engine.goal_field]
            value = raw[place]
            if many:
                value = tuple(one for one, _ in value) or UNKNOWN
            self._answer = new_answer(self, value, raw[place + 1])
        return self._answer

    @property
    def today(self) -> date:
        """The day of the answer."""
        return self.result.host.today

    @property
    def fired(self) -> tuple[str, ...]:
        """The names of the rules and rows that fired."""
        return self.result.rules

    def settled(self, field: str) -> Settled:
        """Return every value of a concluded field that rules spoke about."""
        return self.result.levels(field)

    def lacks(self, field: str) -> tuple[str, ...]:
        """Return the unknown fields that could have made a difference to a concluded field."""
        return self.engine.record_needs(self.result, field)

    def holds(self, query: str) -> bool:
        """Return whether a query about the record has an answer."""
        # Facts beside the record never matter to these rules, but they do to a question.
        state = self.engine.session(self.result.host)
        number = hold(state, Evidence(dict(self.result.values), self._facts))
        return bool(state.query(query, number))

    def supporting(self) -> tuple[str, ...]:
        """Return the names of the rules that support the value."""
        return self.result.supporting()

    def alternatives(self) -> tuple[Alternative, ...]:
        """Return the goal's other values that hold."""
        return _others(self.result.levels(self.engine.goal_field), self.result.value)

    def needs(self) -> tuple[str, ...]:
        """Return the unknown fields, and the absent models, that the answer needs."""
        models = self.result.silent
        needs = self.result.needs
        return (*needs, *(f"model {name}" for name in models)) if models else needs

    def reason(self) -> str | None:
        """Return why there is no value, when something strange is the reason."""
        reports = self.result.raw[1]
        return _reason(reports, self.engine.goal_field, self.result.value) if reports else None

    def explainer(self) -> Explainer:
        """Return what explains the answer."""
        return _later(self._explain)

    def _explain(self) -> Explainer:
        from heuron.explain.explainers import record_explainer

        return record_explainer(self.result, self._named)


def quick_ask(
    heading: _Heading, read: QuickRead
) -> Callable[[Mapping[str, object]], Answer | None]:
    """Return the shortest way from plain evidence of one record to an answer.

    It does what `RecordFinding` does, with everything looked up beforehand. It returns None for
    evidence that is not plain.
    """
    record = heading.engine.record
    layout = heading.engine.layout
    goal = heading.engine.goal_field
    new, put = RulesAnswer.__new__, object.__setattr__

    def ask(evidence: Mapping[str, object]) -> Answer | None:
        values = read(evidence)
        if values is None:
            return None
        result = record(values)
        raw = result.raw
        _, many, place, _, _, _ = layout[goal]
        value, certainty = raw[place], raw[place + 1]
        if many:
            value = tuple(one for one, _ in value) or UNKNOWN
        answer = new(RulesAnswer)
        known = value is not UNKNOWN
        put(answer, "value", value if known else None)
        put(answer, "certainty", certainty if known else None)
        put(answer, "_finding", RecordFinding(heading, result, (), tuple(evidence)))
        return answer

    return ask


class SessionFinding:
    """The finding of a session: the record `number` among other facts."""

    __slots__ = ("_answer", "engine", "goal", "heading", "number", "state")

    def __init__(self, heading: _Heading, state: State, number: int) -> None:
        assert state.engine.goal is not None
        self.heading = heading
        self.state = state
        self.number = number
        self.engine = state.engine
        self.goal = state.engine.goal[1]
        self._answer: RulesAnswer | None = None

    @property
    def answer(self) -> Answer:
        """The rules' answer to the goal."""
        if self._answer is None:
            assert self.engine.goal is not None
            held = self.state.values(self.number, self.goal)
            value: Value = UNKNOWN
            if held:
                many = self.engine.goal[2]
                value = tuple(one for one, _ in held) if many else held[0][0]
            self._answer = new_answer(self, value, held[0][1] if held else 0.0)
        return self._answer

    @property
    def today(self) -> date:
        """The day of the answer."""
        return self.state.host.today

    @property
    def fired(self) -> tuple[str, ...]:
        """The names of the definitions that hold, in their order."""
        return tuple(dict.fromkeys(one.rule for one in self.state.definitions()))

    def settled(self, field: str) -> Settled:
        """Return every value of a concluded field that rules spoke about."""
        levels = self.state.levels(self.number, field).items()
        return tuple(sorted(levels, key=lambda pair: -pair[1]))

    def lacks(self, field: str) -> tuple[str, ...]:
        """Return the unknown fields that could have made a difference to a concluded field."""
        return self.state.needs(self.number, field)

    def holds(self, query: str) -> bool:
        """Return whether a query about the record has an answer."""
        return bool(self.state.query(query, self.number))

    def supporting(self) -> tuple[str, ...]:
        """Return the names of the rules that support the value (under `many`, the first)."""
        held = self.state.values(self.number, self.goal)
        if not held:
            return ()
        rules = self.engine.rules
        names = [
            rules[index]["name"]
            for value, certainty, _, index, _ in self.state.contributions(self.number, self.goal)
            if value == held[0][0] and certainty > 0.0
        ]
        return tuple(dict.fromkeys(names))

    def alternatives(self) -> tuple[Alternative, ...]:
        """Return the goal's other values that hold."""
        held = self.state.values(self.number, self.goal)
        return _others(self.settled(self.goal), held[0][0]) if held else ()

    def needs(self) -> tuple[str, ...]:
        """Return the unknown fields, and the absent models, that the answer needs."""
        models = tuple(f"model {name}" for name in self.state.asked.silent)
        return self.state.needs(self.number, self.goal) + models

    def reason(self) -> str | None:
        """Return why there is no value, when something strange is the reason."""
        mine = [one[:2] for one in self.state.reports() if one[2] == self.number]
        value, _ = self.state.value(self.number, self.goal)
        return _reason(mine, self.goal, value)

    def explainer(self) -> Explainer:
        """Return what explains the answer."""
        return _later(self._explain)

    def _explain(self) -> Explainer:
        from heuron.explain.explainers import session_explainer

        return session_explainer(self.state, self.number, self.goal)
