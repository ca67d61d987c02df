"""Asks every backend about every row of a comparison, and times it.

Rules are asked with `predict` unknown, so that no model is compared with itself; where a rule
uses a model, the backend `rules+models` is asked with it. The dispatcher chooses among what
everybody said already. Nobody sees the goal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from heuron.answer import Answer, Prediction
from heuron.compare.outcomes import UNTIMED, HeldOut, Outcomes, Reply, Timing
from heuron.compare.scorecard import Shot
from heuron.knowledge.evidence import Evidence
from heuron.knowledge.finding import Finding
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from datetime import date

    from heuron.dispatch import Dispatcher
    from heuron.dispatch.backend import Model
    from heuron.dispatch.policy import Policy
    from heuron.learn.data import Table

__all__ = ["collect"]

TIMED: Final = 200
"""So many single questions are timed; their median is what one answer takes."""


class _Rows(NamedTuple):
    """The rows that are compared: as the user would give them, checked, and their truths."""

    raw: list[dict[str, Value]]
    given: list[Evidence]
    truths: list[Value]
    groups: tuple[object, ...] | None
    held_out: HeldOut


class _Replies(NamedTuple):
    replies: list[Reply]
    batch: float


def collect(dispatcher: Dispatcher, table: Table, *, timed: bool = True) -> Outcomes:
    """Return what rules, models and the dispatcher say of a table's held-out rows.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The data; rows that a model was trained on are left out and counted.
        timed: Whether single questions are timed as well.
    """
    models = {name: dispatcher.bench.get(name) for name in dispatcher.models}
    known = {name: model for name, model in models.items() if model is not None}
    rows = _rows(dispatcher, table, known)
    today = table.as_of
    findings, rules = _ask_rules(dispatcher, rows, today)
    said: dict[str, list[Prediction]] = {}
    replies: dict[str, _Replies] = {"rules": rules}
    mixed: list[Finding] | None = None
    if dispatcher.kb.engine.outline["predicts"]:
        mixed, replies["rules+models"] = _ask_rules(dispatcher, rows, today, with_models=True)
    for name, model in known.items():
        said[name], replies[f"model:{name}"] = _ask_model(dispatcher, rows, model, findings)
    replies["dispatch"] = _dispatch(dispatcher, rows, mixed or findings, said, today)
    for policy in dispatcher.other_policies:
        replies[f"dispatch:{policy.name}"] = _dispatch(
            dispatcher, rows, mixed or findings, said, today, policy
        )
    singles = _time_singles(dispatcher, rows, known) if timed else {}
    return Outcomes(
        contract=table.contract,
        held_out=rows.held_out,
        truths=tuple(rows.truths),
        replies={name: tuple(one.replies) for name, one in replies.items()},
        rules=_goal_rules(dispatcher),
        shots=_shots(dispatcher, table, rows, today),
        groups=rows.groups,
        timings={
            name: Timing(singles.get(name), 1e6 * one.batch / max(1, len(rows.raw)))
            for name, one in replies.items()
        }
        if timed
        else dict.fromkeys(replies, UNTIMED),
        warnings=_warnings(table),
    )


def _rows(dispatcher: Dispatcher, table: Table, models: Mapping[str, Model]) -> _Rows:
    trained: frozenset[str] = frozenset()
    for model in models.values():
        keys = getattr(model, "training_keys", None)
        if keys is not None:
            trained |= keys()
    every = table.places("held_out")
    places = [at for at in every if table.keys[at] not in trained]
    raw = table.rows(places)
    facts = table.facts
    groups = tuple(table.groups[at] for at in places)
    held_out = HeldOut(
        rows=len(places),
        of=facts.of,
        split=facts.split,
        seed=facts.seed,
        copies_left_out=facts.copies_left_out,
        contradictions=facts.contradictions,
        trained_on_left_out=len(every) - len(places),
        source=table.source,
    )
    return _Rows(
        raw,
        [dispatcher.kb.evidence(row) for row in raw],
        table.truths(places),
        groups if len(dict.fromkeys(groups)) < len(groups) else None,
        held_out,
    )


def _ask_rules(
    dispatcher: Dispatcher, rows: _Rows, today: date | None, with_models: bool = False
) -> tuple[list[Finding], _Replies]:
    findings = []
    start = perf_counter()
    for given in rows.given:
        if with_models:
            findings.append(dispatcher.consult(given, today).rules().finding)
        else:
            findings.append(dispatcher.kb.consider(given, today=today, hide_goal=True))
    replies = [Reply(_first(one.answer.value)) for one in findings]
    return findings, _Replies(replies, perf_counter() - start)


def _ask_model(
    dispatcher: Dispatcher, rows: _Rows, model: Model, findings: Sequence[Finding]
) -> tuple[list[Prediction], _Replies]:
    concluded = [name for name in model.inputs if name in dispatcher.concluded]
    records: list[Mapping[str, Value]] = [given.record for given in rows.given]
    if concluded:
        records = [
            {**record, **{name: _best(finding, name) for name in concluded}}
            for record, finding in zip(records, findings, strict=True)
        ]
    start = perf_counter()
    said = model.predict_many(records)
    batch = perf_counter() - start
    replies = [
        Reply(
            None if one.value is UNKNOWN else one.value,
            one.confidence if one.calibrated else None,
            one.probabilities if one.calibrated else (),
        )
        for one in said
    ]
    return said, _Replies(replies, batch)


def _best(finding: Finding, name: str) -> Value:
    held = [value for value, certainty in finding.settled(name) if certainty > 0.0]
    return held[0] if held else UNKNOWN


def _dispatch(
    dispatcher: Dispatcher,
    rows: _Rows,
    findings: Sequence[Finding],
    said: Mapping[str, Sequence[Prediction]],
    today: date | None,
    policy: Policy | None = None,
) -> _Replies:
    """Let the dispatcher choose among what was said; its time counts everybody's."""
    replies = []
    start = perf_counter()
    for at, given in enumerate(rows.given):
        asked = dispatcher.consult(given, today)
        asked.know(findings[at], {name: one[at] for name, one in said.items()})
        answer = dispatcher.decide(asked, policy=policy)
        replies.append(Reply(_first(answer.value), answer.confidence, by=answer.backend))
    return _Replies(replies, perf_counter() - start)


def _first(value: object) -> object | None:
    """Return a value; of many the one held most strongly."""
    if isinstance(value, tuple):
        return value[0] if value else None
    return value


def _time_singles(
    dispatcher: Dispatcher, rows: _Rows, models: Mapping[str, Model]
) -> dict[str, float]:
    """Return the median microseconds of one question to each backend."""
    if not rows.raw:
        return {}
    raw = [rows.raw[at % len(rows.raw)] for at in range(TIMED)]
    records = [rows.given[at % len(rows.raw)].record for at in range(TIMED)]
    times = {
        "rules": _median(dispatcher.kb.ask, raw),
        "dispatch": _median(dispatcher.ask, raw),
    }
    if dispatcher.kb.engine.outline["predicts"]:

        def ask_all(row: Mapping[str, object]) -> Answer:
            return dispatcher.ask(row, "rules")

        times["rules+models"] = _median(ask_all, raw)
    for name, model in models.items():
        times[f"model:{name}"] = _median(model.predict, records)
    return times


def _median(ask: Callable[[dict[str, Value]], object], rows: Sequence[dict[str, Value]]) -> float:
    times = []
    for row in rows:
        start = perf_counter()
        ask(row)
        times.append(perf_counter() - start)
    return 1e6 * median(times)


def _goal_rules(dispatcher: Dispatcher) -> tuple[str, ...]:
    """Return the rules and rows of tables that conclude the goal, in rule order."""
    goal = dispatcher.kb.engine.goal
    assert goal is not None
    rules = dispatcher.kb.engine.rules
    names = [
        rules[index]["name"] for index in sorted(rules) if goal[:2] in rules[index]["concludes"]
    ]
    return tuple(dict.fromkeys(names))


def _shots(
    dispatcher: Dispatcher, table: Table, rows: _Rows, today: date | None
) -> tuple[Shot, ...]:
    """Return each rule's contributions to the goal: one a row and value, however often it fired."""
    kb = dispatcher.kb
    goal = kb.engine.goal
    assert goal is not None
    found: list[Shot] = []
    host = kb.host(today=today)
    for given, truth in zip(rows.given, rows.truths, strict=True):
        record = {name: value for name, value in given.record.items() if name != goal[1]}
        state = kb.engine.session(host)
        number = state.add(goal[0], record)
        shots: dict[tuple[int, object], Shot] = {}
        for value, certainty, _, index, _ in state.contributions(number, goal[1]):
            name = kb.engine.rules[index]["name"]
            true = table.contract.is_right(value, truth)
            shots.setdefault((index, value), Shot(name, value, certainty, true))
        found += shots.values()
    return tuple(found)


def _warnings(table: Table) -> tuple[str, ...]:
    from heuron.learn.data import SAW_TEXT

    found = [] if table.rules_saw in ("nothing", "training") else [SAW_TEXT.rstrip(".")]
    return (*found, *(one.message for one in table.warnings))
