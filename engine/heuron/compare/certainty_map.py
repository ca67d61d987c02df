"""Certainties of rules as probabilities, by a map fitted on training rows, and labelled as such.

A certainty says how strongly rules hold an answer, and is no probability. How often answers of a
certainty are right can be measured, though: a rising map from the training rows' certainties to
the share that was right (isotonic regression; Zadrozny and Elkan, 2002) makes one of it, and the
held-out rows then say how good these probabilities are. Nobody answers by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from heuron.compare.by_columns import rules_by_columns
from heuron.compare.collect import first_value
from heuron.compare.comparison import Comparison
from heuron.compare.mapped import CertaintyMap
from heuron.compare.outcomes import Outcomes, Reply
from heuron.compare.score_backend import with_probabilities

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.learn.data import Table

__all__ = ["fit_certainty_map", "with_certainty_map"]

LEAST: Final = 30
"""With fewer answers than this no map is fitted."""


def fit_certainty_map(kb: KnowledgeBase, table: Table) -> CertaintyMap | None:
    """Return the map that the training rows give; None of a quantity, or of too few answers."""
    contract = table.contract
    places = [at for at in table.places("training") if table.scored[at]]
    if contract.is_regression or not places:
        return None
    from sklearn.isotonic import IsotonicRegression

    truths = table.truths(places)
    said = [
        (sure, value == truth)
        for (value, sure), truth in zip(_answers(kb, table, places), truths, strict=True)
        if value is not None
    ]
    if len(said) < LEAST:
        return None
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fitted.fit([sure for sure, _ in said], [float(good) for _, good in said])
    points = zip(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist(), strict=True)
    shares = [(level, truths.count(level) / len(truths)) for level in contract.classes]
    return CertaintyMap(len(said), tuple(points), tuple(shares))


def _answers(
    kb: KnowledgeBase, table: Table, places: Sequence[int]
) -> list[tuple[object | None, float]]:
    """Return what the rules say of rows and how certain they are; None for no answer."""
    columns = rules_by_columns(kb, table, places, table.as_of)
    if columns is not None:
        return list(zip(map(first_value, columns.values), columns.certainties, strict=True))
    found = []
    for row in table.rows(places):
        answer = kb.consider(kb.evidence(row), today=table.as_of, hide_goal=True).answer
        found.append((first_value(answer.value), answer.certainty or 0.0))
    return found


def with_certainty_map(
    comparison: Comparison, outcomes: Outcomes, fitted: CertaintyMap | None, *, seed: int = 0
) -> Comparison:
    """Return the comparison with Brier score and calibration error of the rules' mapped answers.

    Args:
        comparison: What `evaluate` made of the outcomes.
        outcomes: The held-out rows, which had no part in the map.
        fitted: The map; None leaves everything as it is.
        seed: The seed of the bootstrap.
    """
    if fitted is None or not comparison.backends["rules"].answered:
        return comparison
    replies = [_mapped(one, fitted) for one in outcomes.replies["rules"]]
    right = [
        None if one.value is None else one.value == truth
        for one, truth in zip(replies, outcomes.truths, strict=True)
    ]
    score = comparison.backends["rules"]
    found = with_probabilities(score, replies, outcomes, right, seed)
    score = replace(
        score,
        brier=found.brier,
        brier_interval=found.brier_interval,
        calibration=found.calibration,
        calibration_interval=found.calibration_interval,
        certainty_map=fitted,
    )
    return replace(comparison, backends={**comparison.backends, "rules": score})


def _mapped(reply: Reply, fitted: CertaintyMap) -> Reply:
    """Return a reply with the probability of each value, as the map has it."""
    if reply.value is None or reply.certainty is None:
        return reply
    chance = fitted.probability(reply.certainty)
    return replace(reply, confidence=chance, probabilities=fitted.spread(reply.value, chance))
