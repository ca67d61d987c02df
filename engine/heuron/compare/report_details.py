"""The parts of a report that are there when they were asked for, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heuron.compare.baseline import Change
from heuron.compare.comparison import Comparison
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import short_name
from heuron.compare.slice_rules import slice_words
from heuron.compare.words import chance, percent, points, row_count, table
from heuron.values import show

__all__ = ["KINDS", "change_lines", "disagreement_lines", "fine", "policy_lines", "slice_lines"]

SHOWN_ROWS: Final = 20
"""So many rows on which backends differ are shown."""
KINDS: Final = {
    "answered": "{} answers",
    "right": "{} is right when it answers",
    "fired": "rule {} fires",
    "precision": "rule {} is right",
    "value": "rows that are {}",
}
"""How a share that changed is said."""


def slice_lines(comparison: Comparison) -> list[str]:
    """Return in sentences where one side is right and the other is not."""
    search = comparison.slices
    if search is None:
        return []
    a, b = short_name(search.a), short_name(search.b)
    if search.too_few:
        return [
            f"Too few disagreements of {a} and {b} ({search.disagreements} on "
            f"{row_count(search.rows_found)} of training) to describe."
        ]
    lines = [
        f"Where {one.text}: {slice_words(one, a, b)} (p {chance(one.p)})." for one in search.slices
    ]
    if not lines:
        lines = [f"No region was confirmed in which {a} or {b} is right and the other is not."]
    return lines


def policy_lines(comparison: Comparison) -> list[str]:
    """Return the policies that were tried, and the one that training rows recommend."""
    trial = comparison.policies
    if trial is None:
        return []
    cost = f"cost of a row (wrong {trial.cost.wrong:g}, a person {trial.cost.refer:g})"
    rows = [["policy", "right when it answers", "a person", cost, ""]]
    for one in trial.scores:
        where = f"{percent(one.accuracy_where_covered)}  {points(one.interval)}"
        person = f"{one.referred:>4}  {percent(one.referred / one.rows)}"
        paid = f"{one.cost:.4f}  {fine(one.cost_interval)}"
        rows.append([one.name, where, person, paid, one.title])
    best = trial.best
    advice = (
        f"Of {trial.tried} ways tried on {row_count(trial.rows_found)} of training, "
        f"{best.name} costs least; on the rows here it costs {best.cost:.4f}."
    )
    return [*table(rows), advice]


def disagreement_lines(comparison: Comparison) -> list[str]:
    """Return the rows on which backends differ, the first in full."""
    found = comparison.disagreements
    if found is None:
        return []
    if not found:
        return ["All that answered said the same on every row."]
    lines = [f"Rules and models differ on {row_count(len(found))}:"]
    for one in found[:SHOWN_ROWS]:
        lines.append(f"row {one.row}, in truth {show(one.truth)}")
        cells = []
        for said in one.said:
            sure = said.certainty if said.certainty is not None else said.confidence
            kind = "certainty" if said.certainty is not None else "confidence"
            shown = "" if sure is None else f"{kind} {sure:.3g}"
            cells.append([short_name(said.backend), show(said.value), shown, said.reason])
        lines += table(cells)
    if len(found) > SHOWN_ROWS:
        lines.append(f"{row_count(len(found) - SHOWN_ROWS)} more: --json")
    return lines


def change_lines(changes: Sequence[Change] | None) -> list[str]:
    """Return what changed since an earlier comparison, beyond chance."""
    if changes is None:
        return []
    sure = [one for one in changes if one.sure]
    rest = len(changes) - len(sure)
    if not sure:
        return [f"Since the earlier comparison nothing changed beyond chance ({rest} tests)."]
    rows = [["since the earlier comparison", "before", "now", "difference", "p (Holm)"]]
    for one in sure:
        low, high = (100 * end for end in one.difference_interval)
        rows.append(
            [
                KINDS[one.kind].format(one.name),
                percent(one.before[0] / one.before[1]),
                percent(one.after[0] / one.after[1]),
                f"[{low:+.1f}, {high:+.1f}] points",
                f"{chance(one.p)} ({chance(one.holm_p)})",
            ]
        )
    return [*table(rows), f"{rest} other shares did not change beyond chance."]


def fine(interval: Interval | None) -> str:
    """Return an interval of costs."""
    return "" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"
