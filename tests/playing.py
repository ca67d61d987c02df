"""A trial played twice, by the oracle and by the engine, into outcomes that can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from heuron.answer import Prediction
from heuron.check import tree
from heuron.check.reads import patterns
from heuron.diagnostics import HeuronError, RuleError
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.infer.saving import restore_state, state_as_data
from heuron.infer.session import State
from heuron.plan.lower import lower, lower_rule
from heuron.values import UNKNOWN
from naive import Content, Oracle, OracleError
from strategies import Event, Ref, Trial

TODAY = date(2026, 1, 1)
MOST = 30
"""Firings in one run; a program that goes on for ever is compared up to there."""


@dataclass
class Outcome:
    """What was to be seen: after each run one entry in every list."""

    fired: list[list[tuple[object, ...]]] = field(default_factory=list)
    facts: list[list[Content]] = field(default_factory=list)
    conclusions: list[dict[tuple[Content, str], Any]] = field(default_factory=list)
    definitions: list[list[tuple[object, ...]]] = field(default_factory=list)
    reports: list[list[tuple[object, ...]]] = field(default_factory=list)
    answers: list[list[Any]] = field(default_factory=list)
    agendas: list[list[Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def has_effect(self) -> bool:
        """Whether anything fired."""
        return any(self.fired) or any(self.definitions)


def rounded(value: Any) -> Any:
    """Return a value with floats to nine places: sums may be taken in another order."""
    if isinstance(value, float):
        return round(value, 9) + 0.0
    if isinstance(value, (tuple, list)):
        return tuple(rounded(one) for one in value)
    return value


def in_order(items: Any) -> list[Any]:
    """Return items of mixed types in an order."""
    return sorted(items, key=repr)


def by_value(pairs: Any) -> tuple[Any, ...]:
    """Return pairs of value and certainty, rounded, in the order of the values."""
    return tuple(in_order((value, rounded(certainty)) for value, certainty in pairs))


def play(
    trial: Trial,
    do: Mapping[str, Callable[[Event, dict[str, Any]], Any]],
    look: Callable[[], None],
) -> list[str]:
    """Carry out the script; return the codes of the host's changes that were refused."""
    errors: list[str] = []
    labels: dict[str, Any] = {}
    for event in trial.script:
        if event.do == "run":
            look()
            continue
        if event.do != "assert" and event.label not in labels:
            continue
        values = {
            name: labels[value.label] if isinstance(value, Ref) else value
            for name, value in event.values
            if not isinstance(value, Ref) or value.label in labels
        }
        try:
            labels[event.label] = do[event.do](event, {"": labels.get(event.label), **values})
        except (OracleError, HeuronError) as problem:
            errors.append(code_of(problem))
            continue
        if event.do == "retract":
            del labels[event.label]
    return errors


def code_of(problem: OracleError | HeuronError) -> str:
    """Return the code of an error; a change of a fact that is gone is one to the oracle."""
    code = problem.code if isinstance(problem, OracleError) else problem.diagnostics[0].code
    return "action-failed" if code == "unknown-fact" else code


def judge(model: str, record: Mapping[str, Any]) -> Prediction:
    """Return what the only model says: it has an opinion of items with a size from 1 up."""
    size = record.get("size", UNKNOWN)
    if size is UNKNOWN or size < 1:
        return Prediction(UNKNOWN)
    return Prediction(("low", "mid", "high")[size % 3], 0.5 + size / 10)


def halting(base: tree.Base) -> dict[str, bool]:
    """Return which rules halt."""
    return {
        one.name: any(isinstance(action, tree.Halt) for action in one.actions) for one in base.rules
    }


def by_oracle(
    base: tree.Base, trial: Trial, peek: bool = False, strategy: str = "depth"
) -> Outcome:
    """Return what the oracle says of a trial; `peek` as for the engine."""
    oracle = Oracle(base, TODAY, judge, strategy)
    halts = halting(base)
    outcome = Outcome()

    def look() -> None:
        outcome.fired.append([])
        while len(outcome.fired[-1]) < MOST and (agenda := oracle.agenda()):
            if peek:
                described = [oracle.describe(one) for one in agenda]
                outcome.agendas.append([(one.rule, rounded(one.matched)) for one in described])
            one = oracle.describe(agenda[0])
            outcome.fired[-1].append((one.rule, rounded(one.matched), rounded(one.values)))
            try:
                oracle.run(1)
            except OracleError:
                outcome.fired[-1][-1:] = [(one.rule,), ("refused",)]
            if halts[one.rule]:
                break
        outcome.facts.append(in_order(rounded(one) for one in oracle.facts()))
        outcome.conclusions.append(
            {
                (rounded(content), name): (rounded(one.values), by_value(one.certainties))
                for (content, name), one in oracle.conclusions().items()
            }
        )
        outcome.definitions.append(
            in_order(
                (name, rounded(matched), rounded(certainty))
                for name, matched, certainty in oracle.definitions()
            )
        )
        outcome.answers.append(
            [
                in_order(rounded(oracle.query(one.name, dict.fromkeys(one.parameters, value))))
                for one in base.queries
                for value in range(4)
            ]
        )
        several = [
            ("several-hits", name, rounded(oracle.content(number)))
            for name, number in oracle.defined.several_hits
        ]
        contradictions = [
            ("contradiction", name, rounded(content))
            for (content, name), one in oracle.conclusions().items()
            if one.contradictions
        ]
        outcome.reports.append(in_order(several + contradictions))

    def change(event: Event, values: dict[str, Any]) -> Any:
        oracle.modify(values[""], without(values))
        return values[""]

    outcome.errors = play(
        trial,
        {
            "assert": lambda event, values: oracle.add(event.type, without(values)),
            "modify": change,
            "retract": lambda event, values: oracle.retract(values[""]),
        },
        look,
    )
    return outcome


def without(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values without the number of the fact that they are of."""
    return {name: value for name, value in values.items() if name}


def by_engine(
    base: tree.Base,
    trial: Trial,
    peek: bool = False,
    strategy: str = "depth",
    saving: bool = False,
    definitions: str = "fixpoint",
    listener: Callable[[Any], None] | None = None,
    at_once: bool = False,
) -> Outcome:
    """Return what the engine's general path says of a trial.

    `definitions` is the plan on which definitions run; a `listener` is told what happens.
    `at_once` lets a run go on to its end unlooked at, so that firings are told in brief (see
    `in_brief`); no step may be refused then.

    With `peek` the whole agenda is looked at before every firing, which makes the engine search
    for everything; without it, searches stay suspended while memory changes. With `saving` the
    session is saved before every firing, and goes on as another one.
    """
    engine = Engine(lower(base), base.texts)
    host = Host(today=TODAY, predict=judge)
    state = engine.session(host, strategy=strategy, definitions=definitions)
    if listener is not None:
        state.listen(listener)
    halts = halting(base)
    own = written_places(base)
    outcome = Outcome()
    fact_names = {one.name: names_of_facts(one) for one in base.rules}

    def firing_in_brief(firing: Any) -> tuple[object, ...]:
        names = fact_names[firing.rule]
        values = sorted(one for one in firing.bindings if one[0] not in names)
        return firing.rule, rounded(tuple(values))

    def look() -> None:
        nonlocal state
        outcome.fired.append([])
        if at_once:
            outcome.fired[-1] += map(firing_in_brief, state.run(MOST).firings)
        while not at_once and len(outcome.fired[-1]) < MOST:
            if saving:
                state = taken_up(engine, state, strategy, definitions)
            if peek and (agenda := state.agenda()):
                outcome.agendas.append(
                    [(one.rule, contents(base, state, one, own)) for one in agenda]
                )
            held = {one.number: content(base, state, one.number) for one in state.facts()}
            try:
                firings = state.run(1).firings
            except RuleError as problem:
                outcome.fired[-1] += [refused_rule(problem), ("refused",)]
                if halts[str(outcome.fired[-1][-2][0])]:
                    break
                continue
            if not firings:
                break
            outcome.fired[-1].append(describe(base, held, firings[0], own[firings[0].rule]))
            if halts[firings[0].rule]:
                break
        outcome.facts.append(in_order(content(base, state, one.number) for one in state.facts()))
        outcome.conclusions.append({})
        for fact in state.facts():
            for of, name in base.concluded:
                if of == fact.type and (levels := state.levels(fact.number, name)):
                    outcome.conclusions[-1][content(base, state, fact.number), name] = (
                        rounded(state.values(fact.number, name)),
                        by_value(levels.items()),
                    )
        outcome.definitions.append(
            in_order(
                (one.rule, contents(base, state, one, own), rounded(one.certainty))
                for one in state.definitions()
            )
        )
        outcome.answers.append(
            [
                in_order(rounded(state.query(one.name, *[value] * len(one.parameters))))
                for one in base.queries
                for value in range(4)
            ]
        )
        outcome.reports.append(
            in_order(
                (kind, name, content(base, state, number)) for kind, name, number in state.reports()
            )
        )

    def change(event: Event, values: dict[str, Any]) -> Any:
        state.modify(values[""], **without(values))
        return values[""]

    outcome.errors = play(
        trial,
        {
            "assert": lambda event, values: state.add(event.type, without(values)),
            "modify": change,
            "retract": lambda event, values: state.retract(values[""]),
        },
        look,
    )
    return outcome


def content(base: tree.Base, state: State, number: Any) -> Content:
    """Return a held fact as a value."""
    fact = state.fact(number)
    assert fact is not None
    template = base.templates[fact.type]
    values = [
        content(base, state, fact[name])
        if template[name].type.kind == "reference" and fact[name] is not UNKNOWN
        else rounded(fact[name])
        for name in template.names
        if (fact.type, name) not in base.concluded
    ]
    return (fact.type, *values)


def written_places(base: tree.Base) -> dict[str, list[int]]:
    """Return which of the facts that a rule matches are matched by patterns as written.

    Lowering adds patterns for references between facts.
    """
    places = {}
    for one in base.rules:
        written = patterns(one.conditions)
        matched = patterns(lower_rule(one).conditions)
        names = {pattern.variable for pattern in written}
        places[one.name] = [
            place for place, pattern in enumerate(matched) if pattern.variable in names
        ]
    return places


def contents(base: tree.Base, state: State, firing: Any, own: Mapping[str, list[int]]) -> Any:
    """Return the facts that a definition matched; those of added patterns are left out."""
    numbers = [firing.matched[place] for place in own.get(firing.rule, [0])]
    return tuple(content(base, state, number) for number in numbers)


def refused_rule(problem: RuleError) -> tuple[object, ...]:
    """Return the rule that could not act, from the message: its firing is not told."""
    return (problem.diagnostics[0].message.split("`")[1],)


def taken_up(engine: Engine, state: State, strategy: str, definitions: str) -> State:
    """Return a session that goes on where another one was saved, as JSON."""
    saved = json.loads(json.dumps(state_as_data(state), allow_nan=False))
    other = engine.session(state.host, facts=False, strategy=strategy, definitions=definitions)
    restore_state(other, saved)
    assert state_as_data(other) == saved
    return other


def names_of_facts(rule: tree.Rule) -> set[str]:
    """Return the variables of the facts that a rule matches."""
    return {one.variable for one in rule.conditions if isinstance(one, tree.Pattern)}


def in_brief(outcome: Outcome) -> Outcome | None:
    """Return an outcome whose firings are told by rule and values, without the facts.

    None: a step was refused, or nothing fired after another step, so that brief says no more.
    """
    if any(("refused",) in run for run in outcome.fired):
        return None
    if all(len(run) < 2 for run in outcome.fired):
        return None
    fired: list[list[tuple[object, ...]]] = [
        [(rule, values) for rule, _, values in run] for run in outcome.fired
    ]
    return replace(outcome, fired=fired, agendas=[])


def describe(
    base: tree.Base, held: Mapping[int, Content], firing: Any, own: list[int]
) -> tuple[object, ...]:
    """Return a firing as the oracle does: rule, facts, other variables by name."""
    facts = {
        name for each in base.rules if each.name == firing.rule for name in names_of_facts(each)
    }
    values = sorted((name, value) for name, value in firing.bindings if name not in facts)
    matched = tuple(held[firing.matched[place]] for place in own)
    return firing.rule, matched, rounded(tuple(values))


def by_record(base: tree.Base, trial: Trial) -> dict[str, Any]:
    """Return what the record path says of a trial about one record."""
    engine = Engine(lower(base), base.texts)
    assert engine.single_record
    (event,) = (one for one in trial.script if one.do == "assert")
    result = engine.record(dict(event.values), Host(today=TODAY, predict=judge))
    names = [name for _, name in base.concluded]
    return {
        "fired": sorted(result.rules),
        "held": {name: rounded(result.held(name)) for name in names},
        "levels": {name: by_value(result.levels(name)) for name in names},
        "reports": sorted(result.reports),
    }


def record_of(outcome: Outcome, base: tree.Base) -> dict[str, Any]:
    """Return the same of an outcome of the oracle or of the general path."""
    (found,) = outcome.conclusions
    names = [name for _, name in base.concluded]
    by_name = {name: one for (_, name), one in found.items()}
    return {
        "fired": sorted({str(one[0]) for one in outcome.definitions[0]}),
        "held": {name: by_name[name][0] if name in by_name else () for name in names},
        "levels": {name: by_name[name][1] if name in by_name else () for name in names},
        "reports": sorted((str(kind), str(name)) for kind, name, _ in outcome.reports[0]),
    }
