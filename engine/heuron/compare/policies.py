"""Ways to choose who answers, tried on rows: rules first, model first, by confidence, by vote.

Each is a block of the dispatch language and runs as one. Thresholds, models and the policy that
is recommended are chosen on training rows, models as they answered out of fold; the held-out
rows only say how good the choice is. (The best of 41 thresholds looks better than it is on the
rows it was found on.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.compare.bootstrap import bootstrap_mean
from heuron.compare.clustered import share_interval, take
from heuron.compare.collect import Gathered, route_rows
from heuron.compare.costs import Cost
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import Outcomes, Reply
from heuron.compare.routes import Candidate, candidates
from heuron.diagnostics import RuleError

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.dispatch.policy import Policy

__all__ = ["PolicyScore", "PolicyTrial", "rank_models", "try_policies"]

FILE: Final = "the file's dispatch"
"""The name of the policy in use."""


@dataclass(frozen=True, slots=True)
class PolicyScore:
    """A policy on the held-out rows; a row left to a person, or without an answer, is referred.

    `tried` counts the thresholds that it was chosen from, `cost_found` is its cost of a row on
    the training rows, by which it was. `block` is its text in the dispatch language, empty for
    the policy in use. `interval` is that of `accuracy_where_covered`.
    """

    name: str
    title: str
    block: str
    tried: int
    cost_found: float
    right: int
    wrong: int
    referred: int
    cost: float
    cost_interval: Interval | None
    accuracy_interval: Interval
    interval: Interval | None
    referred_interval: Interval

    @property
    def rows(self) -> int:
        """All rows."""
        return self.right + self.wrong + self.referred

    @property
    def accuracy_where_covered(self) -> float | None:
        """The share of its answers that are right."""
        answered = self.right + self.wrong
        return self.right / answered if answered else None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        rows = self.rows
        return {
            "name": self.name,
            "title": self.title,
            "block": self.block,
            "tried": self.tried,
            "cost_found": self.cost_found,
            "right": self.right,
            "wrong": self.wrong,
            "referred": self.referred,
            "accuracy": self.right / rows,
            "accuracy_interval": list(self.accuracy_interval),
            "accuracy_where_covered": self.accuracy_where_covered,
            "interval": list(self.interval) if self.interval else None,
            "referred_share": self.referred / rows,
            "referred_interval": list(self.referred_interval),
            "cost": self.cost,
            "cost_interval": list(self.cost_interval) if self.cost_interval else None,
        }


@dataclass(frozen=True, slots=True)
class PolicyTrial:
    """All policies tried, and the one that cost least on the training rows (`chosen`).

    `tried` counts policies and thresholds; `rows_found` the training rows it was found on.
    """

    cost: Cost
    rows_found: int
    tried: int
    chosen: str
    scores: tuple[PolicyScore, ...]

    @property
    def best(self) -> PolicyScore:
        """The score of the chosen policy."""
        return next(one for one in self.scores if one.name == self.chosen)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "cost": self.cost.to_dict(),
            "rows_found": self.rows_found,
            "tried": self.tried,
            "chosen": self.chosen,
            "scores": [one.to_dict() for one in self.scores],
        }


def try_policies(
    dispatcher: Dispatcher, training: Gathered, held_out: Gathered, cost: Cost, *, seed: int = 0
) -> PolicyTrial | None:
    """Return how the usual policies would do, and which one the training rows recommend.

    Args:
        dispatcher: The knowledge base, its models, and the policy in use.
        training: Training rows, models out of fold: thresholds and the choice come from these.
        held_out: Rows that only confirm.
        cost: What a wrong answer and a referred row cost.
        seed: The seed of the bootstrap.

    Returns:
        None when there is nothing to choose between, or no row.
    """
    ranked = rank_models(training.outcomes, cost)
    if not ranked or not held_out.places:
        return None
    listed, policies = _compiled(dispatcher, candidates(dispatcher, ranked))
    chosen: dict[str, tuple[float, int, Candidate]] = {}
    for at, one in enumerate(listed):
        paid = _mean(training.outcomes, route_rows(dispatcher, training, policies[at]), cost)
        known = chosen.get(one.name)
        if known is None or paid < known[0]:
            chosen[one.name] = (paid, at, one)
    scores = []
    if "dispatch" in training.outcomes.replies:
        found = _mean(training.outcomes, training.outcomes.replies["dispatch"], cost)
        replies = held_out.outcomes.replies["dispatch"]
        own = Candidate("dispatch", FILE, ())
        scores.append(_score(own, 1, found, held_out.outcomes, replies, cost, seed))
    for name, (paid, at, one) in chosen.items():
        replies = route_rows(dispatcher, held_out, policies[at])
        tried = sum(other.name == name for other in listed)
        scores.append(_score(one, tried, paid, held_out.outcomes, replies, cost, seed))
    best = min(scores, key=lambda score: score.cost_found)
    tried = len(listed) + len(scores) - len(chosen)
    return PolicyTrial(cost, len(training.places), tried, best.name, tuple(scores))


def rank_models(outcomes: Outcomes, cost: Cost) -> list[str]:
    """Return the names of models, the one that costs least out of fold first."""
    names = [name for name in outcomes.replies if name.startswith("model:")]
    paid = {name: _mean(outcomes, outcomes.replies[name], cost) for name in names}
    return [name.removeprefix("model:") for name in sorted(names, key=paid.__getitem__)]


def _compiled(
    dispatcher: Dispatcher, listed: Sequence[Candidate]
) -> tuple[list[Candidate], list[Policy]]:
    """Return the candidates that this knowledge base accepts, and their compiled blocks.

    Where rules ask a model, agreement of rules and that model proves nothing, and is refused.
    """
    from heuron.dispatch import Dispatcher as NewDispatcher

    kept = list(listed)
    try:
        text = "\n".join(one.block(f"trial_{at}") for at, one in enumerate(kept))
        kb = dispatcher.kb.with_text(text, dispatcher.models)
    except RuleError:
        kept = [one for one in kept if not one.agrees]
        text = "\n".join(one.block(f"trial_{at}") for at, one in enumerate(kept))
        kb = dispatcher.kb.with_text(text, dispatcher.models)
    trials = NewDispatcher(kb, dispatcher.bench.store)
    return kept, [trials.policy_named(f"trial_{at}") for at in range(len(kept))]


def _score(
    candidate: Candidate,
    tried: int,
    found: float,
    outcomes: Outcomes,
    replies: Sequence[Reply],
    cost: Cost,
    seed: int,
) -> PolicyScore:
    right = _right(outcomes, replies)
    paid = cost.paid(right, outcomes.truths)
    groups = outcomes.groups
    answered = [row for row, one in enumerate(right) if one is not None]
    return PolicyScore(
        name=candidate.name,
        title=candidate.title,
        block=candidate.block(candidate.name) if candidate.lines else "",
        tried=tried,
        cost_found=found,
        right=right.count(True),
        wrong=right.count(False),
        referred=right.count(None),
        cost=math.fsum(paid) / len(paid),
        cost_interval=bootstrap_mean(paid, seed=seed, groups=groups),
        accuracy_interval=share_interval([one is True for one in right], groups),
        interval=share_interval([right[row] is True for row in answered], take(groups, answered))
        if answered
        else None,
        referred_interval=share_interval([one is None for one in right], groups),
    )


def _right(outcomes: Outcomes, replies: Sequence[Reply]) -> list[bool | None]:
    test = outcomes.contract.is_right
    return [
        None if reply.value is None else test(reply.value, truth)
        for reply, truth in zip(replies, outcomes.truths, strict=True)
    ]


def _mean(outcomes: Outcomes, replies: Sequence[Reply], cost: Cost) -> float:
    paid = cost.paid(_right(outcomes, replies), outcomes.truths)
    return math.fsum(paid) / len(paid)
