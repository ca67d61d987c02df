"""Asks every backend about every row of a comparison, and times it.

Rules are asked with `predict` unknown, so that no model is compared with itself; where a rule
uses a model, the backend `rules+models` is asked with it. The dispatcher chooses among what
everybody said already. Nobody sees the goal. On training rows models answer as they did out of
fold: what is found there is found without having seen the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from heuron.answer import Prediction
from heuron.compare.by_columns import rules_by_columns
from heuron.compare.outcomes import UNTIMED, HeldOut, Outcomes, Reply, Timing
from heuron.compare.shots import goal_rules, shots
from heuron.compare.timing import time_singles
from heuron.dispatch.consultation import Consultation
from heuron.knowledge.evidence import Evidence
from heuron.knowledge.finding import Finding
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from datetime import date

    from heuron.dispatch import Dispatcher
    from heuron.dispatch.backend import Model
    from heuron.dispatch.policy import Policy
    from heuron.learn.data import Table

__all__ = [
    "Gathered",
    "consulted",
    "first_value",
    "gather",
    "gather_training",
    "gather_unseen",
    "route_rows",
]


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that was said about some rows of a table, so that nobody has to be asked again.

    `places` are the rows' places in the table; `given` the rows as evidence, the goal left out;
    `findings` what the rules found (with models where rules use them) and `said` what each model
    said, by name, row by row.
    """

    outcomes: Outcomes
    places: tuple[int, ...]
    given: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    said: Mapping[str, Sequence[Prediction]]
    today: date | None


class _Replies(NamedTuple):
    replies: list[Reply]
    batch: float


def gather(dispatcher: Dispatcher, table: Table, *, timed: bool = True) -> Gathered:
    """Return what rules, models and the dispatcher say of a table's held-out rows.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The data; rows that a model was trained on are left out and counted.
        timed: Whether single questions are timed as well.
    """
    models = _models(dispatcher)
    trained: frozenset[str] = frozenset()
    for model in models.values():
        keys = getattr(model, "training_keys", None)
        if keys is not None:
            trained |= keys()
    every = table.places("held_out")
    places = [at for at in every if table.keys[at] not in trained]
    held_out = _held_out(table, len(places), len(every) - len(places))
    return _gather(dispatcher, table, places, held_out, models, None, timed)


def gather_training(
    dispatcher: Dispatcher,
    table: Table,
    unseen: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
) -> Gathered | None:
    """Return what everybody says of the training rows, models as they answered out of fold.

    Models whose out-of-fold answers are not here are left out, and so are rows that one of the
    others has no answer for on record. None when no model has any, or when rules ask models
    of which one has none.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The data.
        unseen: The models' out-of-fold answers; by default those kept where they were trained.
    """
    known = unseen
    if known is None:
        known = {name: _out_of_fold(dispatcher, name) for name in dispatcher.models}
    known = {name: answers for name, answers in known.items() if answers}
    places = [
        at
        for at in table.places("training")
        if table.scored[at] and all(table.keys[at] in answers for answers in known.values())
    ]
    lacking = len(known) < len(dispatcher.models)
    if not known or not places or (dispatcher.kb.calls_models and lacking):
        return None
    return gather_unseen(dispatcher, table, places, known)


def gather_unseen(
    dispatcher: Dispatcher,
    table: Table,
    places: Sequence[int],
    unseen: Mapping[str, Mapping[str, Mapping[str, Any]]],
    *,
    timed: bool = False,
) -> Gathered:
    """Return what everybody says of some rows, models as they answered without having seen them.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The data.
        places: The rows.
        unseen: By model and row key the answer; models that are not there are left out.
        timed: Whether single questions are timed as well, to the models as they were trained.
    """
    models = {name: model for name, model in _models(dispatcher).items() if name in unseen}
    held_out = _held_out(table, len(places), 0)
    return _gather(dispatcher, table, list(places), held_out, models, unseen, timed)


def route_rows(
    dispatcher: Dispatcher, gathered: Gathered, policy: Policy | None = None
) -> tuple[Reply, ...]:
    """Return whom a policy (by default the dispatcher's) chooses on each row, and what they say."""
    replies = []
    for at in range(len(gathered.given)):
        answer = dispatcher.decide(consulted(dispatcher, gathered, at), policy=policy)
        replies.append(Reply(first_value(answer.value), answer.confidence, by=answer.backend))
    return tuple(replies)


def consulted(dispatcher: Dispatcher, gathered: Gathered, row: int) -> Consultation:
    """Return the consultation about one row, in which everybody was asked already."""
    asked = dispatcher.consult(gathered.given[row], gathered.today)
    asked.know(gathered.findings[row], {name: one[row] for name, one in gathered.said.items()})
    return asked


def _models(dispatcher: Dispatcher) -> dict[str, Model]:
    models = {name: dispatcher.bench.get(name) for name in dispatcher.models}
    return {name: model for name, model in models.items() if model is not None}


def _held_out(table: Table, rows: int, trained: int) -> HeldOut:
    facts = table.facts
    return HeldOut(
        rows=rows,
        of=facts.of,
        split=facts.split,
        seed=facts.seed,
        copies_left_out=facts.copies_left_out,
        contradictions=facts.contradictions,
        trained_on_left_out=trained,
        source=table.source,
    )


def _gather(
    dispatcher: Dispatcher,
    table: Table,
    places: list[int],
    held_out: HeldOut,
    models: Mapping[str, Model],
    out_of_fold: Mapping[str, Mapping[str, Mapping[str, Any]]] | None,
    timed: bool,
) -> Gathered:
    kb, today = dispatcher.kb, table.as_of
    raw = table.rows(places)
    given = tuple(kb.evidence(row) for row in raw)
    truths = table.truths(places)
    start = perf_counter()
    findings = tuple(kb.consider(one, today=today, hide_goal=True) for one in given)
    replies = {"rules": _rules_replies(findings, start)}
    columns = rules_by_columns(kb, table, places, today)
    if columns is not None:
        rows = zip(columns.values, columns.certainties, strict=True)
        listed = [_rules_reply(first_value(value), certainty) for value, certainty in rows]
        replies["rules"] = _Replies(listed, columns.seconds)
    fired = shots(kb, table.contract, given, truths, today, findings)
    said: dict[str, Sequence[Prediction]] = {}
    of_models: dict[str, _Replies] = {}
    for name, model in models.items():
        said[name], of_models[f"model:{name}"] = _ask_model(dispatcher, given, model, findings)
        if out_of_fold is not None:
            keys = [table.keys[at] for at in places]
            said[name] = _as_out_of_fold(said[name], keys, out_of_fold[name])
            of_models[f"model:{name}"] = _Replies([_reply(one) for one in said[name]], 0.0)
    if kb.calls_models:
        findings, replies["rules+models"] = _ask_both(dispatcher, given, said, today)
    replies |= of_models
    kept = Gathered(_nothing(table, held_out), tuple(places), given, findings, said, today)
    for title, policy in _policies(dispatcher, models):
        start = perf_counter()
        chosen = route_rows(dispatcher, kept, policy)
        replies[title] = _Replies(list(chosen), perf_counter() - start)
    groups = tuple(table.groups[at] for at in places)
    outcomes = Outcomes(
        contract=table.contract,
        held_out=held_out,
        truths=tuple(truths),
        replies={name: tuple(one.replies) for name, one in replies.items()},
        rules=goal_rules(kb),
        shots=fired.shots,
        losses=fired.losses,
        groups=groups if len(dict.fromkeys(groups)) < len(groups) else None,
        timings=_timings(dispatcher, raw, given, models, replies)
        if timed
        else dict.fromkeys(replies, UNTIMED),
        warnings=_warnings(table),
    )
    return Gathered(outcomes, tuple(places), given, findings, said, today)


def _nothing(table: Table, held_out: HeldOut) -> Outcomes:
    return Outcomes(table.contract, held_out, (), {})


def _policies(dispatcher: Dispatcher, models: Mapping[str, Model]) -> list[tuple[str, Policy]]:
    """Return the policies of the file, less those that read a model that is left out here."""
    named = [("dispatch", dispatcher.policy)]
    named += [(f"dispatch:{one.name}", one) for one in dispatcher.other_policies]
    left_out = [name for name in dispatcher.models if name not in models]
    return [(title, one) for title, one in named if not any(x in left_out for x in one.models)]


def _rules_replies(findings: Sequence[Finding], start: float) -> _Replies:
    answers = [one.answer for one in findings]
    replies = [_rules_reply(first_value(one.value), one.certainty) for one in answers]
    return _Replies(replies, perf_counter() - start)


def _rules_reply(value: object | None, certainty: float | None) -> Reply:
    return Reply(value, certainty=None if value is None else certainty)


def _ask_both(
    dispatcher: Dispatcher,
    given: Sequence[Evidence],
    said: Mapping[str, Sequence[Prediction]],
    today: date | None,
) -> tuple[tuple[Finding, ...], _Replies]:
    """Ask rules that may ask models; what a model said of a row already stands."""
    start = perf_counter()
    findings = []
    for at, one in enumerate(given):
        asked = dispatcher.consult(one, today)
        asked.know(None, {name: answers[at] for name, answers in said.items()})
        findings.append(asked.rules().finding)
    return tuple(findings), _rules_replies(findings, start)


def _ask_model(
    dispatcher: Dispatcher, given: Sequence[Evidence], model: Model, findings: Sequence[Finding]
) -> tuple[list[Prediction], _Replies]:
    concluded = [name for name in model.inputs if name in dispatcher.concluded]
    records: list[Mapping[str, Value]] = [one.record for one in given]
    if concluded:
        records = [
            {**record, **{name: _best(finding, name) for name in concluded}}
            for record, finding in zip(records, findings, strict=True)
        ]
    start = perf_counter()
    said = model.predict_many(records)
    batch = perf_counter() - start
    return said, _Replies([_reply(one) for one in said], batch)


def _reply(said: Prediction) -> Reply:
    return Reply(
        None if said.value is UNKNOWN else said.value,
        said.confidence if said.calibrated else None,
        said.probabilities if said.calibrated else (),
    )


def _out_of_fold(dispatcher: Dispatcher, name: str) -> Mapping[str, Mapping[str, Any]]:
    store = dispatcher.bench.store
    read = getattr(store, "out_of_fold", None)
    return read(dispatcher.bench.domain, name) if read is not None else {}


def _as_out_of_fold(
    said: Sequence[Prediction], keys: Sequence[str], answers: Mapping[str, Mapping[str, Any]]
) -> list[Prediction]:
    """Return predictions with value and confidence as they were out of fold."""
    from dataclasses import replace

    found = []
    for key, one in zip(keys, said, strict=True):
        value, confidence = answers[key]["value"], answers[key]["confidence"]
        found.append(
            replace(
                one,
                value=UNKNOWN if value is None else value,
                confidence=confidence,
                probabilities=tuple(answers[key].get("probabilities", ())),
                score=None,
                interval=None,
            )
        )
    return found


def _best(finding: Finding, name: str) -> Value:
    held = [value for value, certainty in finding.settled(name) if certainty > 0.0]
    return held[0] if held else UNKNOWN


def first_value(value: Any) -> Any:
    """Return a value; of many the one held most strongly."""
    if isinstance(value, tuple):
        return value[0] if value else None
    return value


def _timings(
    dispatcher: Dispatcher,
    raw: Sequence[dict[str, Value]],
    given: Sequence[Evidence],
    models: Mapping[str, Model],
    replies: Mapping[str, _Replies],
) -> dict[str, Timing]:
    singles = time_singles(dispatcher, raw, given, models)
    found = {}
    for name, one in replies.items():
        single = singles.get(name)
        batch = 1e6 * one.batch / max(1, len(raw))
        found[name] = (
            Timing(None, batch)
            if single is None
            else Timing(single.median, batch, (single.low, single.high))
        )
    return found


def _warnings(table: Table) -> tuple[str, ...]:
    from heuron.learn.data import SAW_TEXT

    found = [] if table.rules_saw in ("nothing", "training") else [SAW_TEXT.rstrip(".")]
    return (*found, *(one.message for one in table.warnings))
