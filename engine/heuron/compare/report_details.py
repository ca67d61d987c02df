"""The longer parts of a report: rules, slices, prices, policies, rows that differ, changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heuron.compare.baseline import Change
from heuron.compare.block import Block
from heuron.compare.comparison import Comparison
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import short_name
from heuron.compare.scorecard import AGAINST, RuleScore
from heuron.compare.slice_rules import claim_words
from heuron.compare.words import chance, percent, points, row_count
from heuron.values import show

__all__ = [
    "KINDS",
    "change_block",
    "copies_block",
    "cost_block",
    "disagreement_block",
    "policy_block",
    "rule_block",
    "rule_rows_block",
    "slice_block",
]

SHOWN_ROWS: Final = 20
"""So many rows on which backends differ are shown."""
SHOWN_FIELDS: Final = 6
"""So many fields of a row on which a rule was wrong are shown."""
KINDS: Final = {
    "answered": "{} answers",
    "right": "{} is right when it answers",
    "fired": "rule {} fires",
    "precision": "rule {} is right",
    "value": "rows that are {}",
}
"""How a share that changed is said."""
SHORT: Final = {
    "stronger than claimed": "stronger",
    "weaker than claimed": "weaker",
    AGAINST: "against it",
    "too few rows": "few rows",
}
"""Verdicts that are too long for a column."""


def rule_block(comparison: Comparison) -> Block:
    """Return the scorecard of every rule in a line."""
    base = ", ".join(f"{show(value)} {rate:.2f}" for value, rate in comparison.base_rates)
    header = ("", "fired", "right, %", "claims", "worth", "", "without it")
    worth = (
        "Worth: the certainty that its record implies, how far the rule moves belief from how "
        f"common the value is anyway ({base})."
        if base
        else "Of a quantity no value is common, so no certainty is implied."
    )
    notes = (f"{worth} Without it: right answers won and lost.",)
    rows = tuple(_rule_row(one) for one in comparison.rules)
    return Block("Rule by rule", (), header, rows, (5,), notes)


def _rule_row(rule: RuleScore) -> tuple[str, ...]:
    if rule.precision is None:
        return rule.name, str(rule.fired), "", "", "", rule.verdict, ""
    loss = rule.loss
    changed = "" if loss is None else f"+{loss.won} -{loss.lost}" if loss.changed else "the same"
    return (
        rule.name,
        str(rule.fired),
        f"{percent(rule.precision).rstrip(' %')} {_whole(rule.interval):>9}",
        f"{rule.certainty:.2f}",
        "" if rule.implied_certainty is None else f"{rule.implied_certainty:.2f}",
        SHORT.get(rule.verdict, rule.verdict),
        changed,
    )


def rule_rows_block(comparison: Comparison) -> Block:
    """Return the rows on which a rule was wrong, with what was known of them."""
    found = comparison.rule_rows
    if found is None:
        return Block()
    wrong = len(found.wrong) + found.more
    title = f"{found.rule}: wrong on {row_count(wrong)} of {found.fired} it fired on"
    if not found.wrong:
        return Block(title, ("It was never wrong here.",))
    rows = []
    for one in found.wrong[:SHOWN_ROWS]:
        parts = [f"{name} {show(value)}" for name, value in one.evidence.items()]
        known = ", ".join(parts[:SHOWN_FIELDS])
        if len(parts) > SHOWN_FIELDS:
            known += f" and {len(parts) - SHOWN_FIELDS} more"
        rows.append((f"row {one.row}", f"said {show(one.said)}", show(one.truth), known))
    more = len(found.wrong) - SHOWN_ROWS
    notes = (f"{row_count(more)} more: --json",) if more > 0 else ()
    return Block(title, (), ("", "", "truth", "known"), tuple(rows), (1, 2, 3), notes)


def _whole(interval: Interval | None) -> str:
    return "" if interval is None else f"[{100 * interval[0]:.0f}, {100 * interval[1]:.0f}]"


def slice_block(comparison: Comparison) -> Block:
    """Return the regions that were confirmed, as a table."""
    search = comparison.slices
    if search is None or not search.slices:
        return Block()
    rows = []
    for one in search.slices:
        away = percent(one.elsewhere / one.elsewhere_rows).strip(" %")
        here = percent(one.claimed / one.rows).strip(" %")
        ends = points(one.claimed_interval)
        rows.append((one.text, claim_words(one), f"{here} {ends}", away, chance(one.p)))
    header = ("where", "more often", "% of its rows", "elsewhere", "p (Holm)")
    notes = (
        f"Found on {row_count(search.rows_found)} of training, confirmed on the rows here "
        f"({search.candidates} candidates tested). --write-rules FILE writes them as rules.",
    )
    return Block("Regions", (), header, tuple(rows), (1,), notes)


def copies_block(comparison: Comparison) -> Block:
    """Return what ignoring copies would make of the scores."""
    found = comparison.copies
    if found is None:
        return Block()
    title = "What copies are worth"
    if not found.scores:
        return Block(title, (f"None of the {row_count(found.rows)} is a copy of another.",))
    rows = [
        (
            short_name(one.backend),
            f"{percent(one.once[0] / one.once[1]).rstrip(' %')} {points(one.once_interval):>13}",
            percent(one.ignored[0] / one.ignored[1]).rstrip(" %"),
            f"{100 * one.apparent:+.1f} {signed(one.apparent_interval):>14}",
        )
        for one in found.scores
    ]
    header = ("", "right of all, %", "with copies", "of it copies, points")
    told = f"{found.copies} of {row_count(found.rows)} are copies of an earlier one."
    note = (
        f"Models fitted again in {found.folds} folds: copies kept together and counted once, then "
        "taken for rows of their own, so that models are asked what they have seen."
    )
    return Block(title, (told,), header, tuple(rows), (), (note,))


def cost_block(comparison: Comparison) -> Block:
    """Return the ranking by cost."""
    if comparison.cost is None:
        return Block()
    rows = tuple(
        (
            short_name(one.backend),
            f"{one.cost:.4f} {fine(one.interval)}",
            "the cheapest" if one.more is None else fine(one.more),
        )
        for one in comparison.costs
    )
    header = ("", "cost of a row", "more than the cheapest")
    return Block(f"Cost ({comparison.cost.words})", (), header, rows)


def policy_block(comparison: Comparison) -> Block:
    """Return the policies that were tried, and the one that training rows recommend."""
    trial = comparison.policies
    if trial is None:
        return Block()
    rows = []
    for one in trial.scores:
        best = f" (best of {one.tried})" if one.tried > 1 else ""
        mark = " *" if one.name == trial.chosen else ""
        rows.append(
            (
                f"{one.title}{best}{mark}",
                f"{percent(one.accuracy_where_covered).rstrip(' %')} {points(one.interval):>13}",
                percent(one.referred / one.rows),
                f"{one.cost:.3f} {fine(one.cost_interval)}",
            )
        )
    bound = comparison.best_possible
    notes = [
        f"Rows here, which had no part in the choice. * costs least on "
        f"{row_count(trial.rows_found)} of training. --write-dispatch FILE writes it."
    ]
    if bound.accuracy is not None:
        notes.append(f"No choice among these can be right on more than {percent(bound.accuracy)}.")
    header = ("", "right when it answers, %", "a person", "cost of a row")
    title = f"Ways to choose who answers ({trial.cost.words})"
    return Block(title, (), header, tuple(rows), (), tuple(notes))


def disagreement_block(comparison: Comparison) -> Block:
    """Return the rows on which backends differ, with everybody's answer and reason."""
    found = comparison.disagreements
    if found is None:
        return Block()
    if not found:
        return Block("Row by row", ("All that answered said the same on every row.",))
    rows: list[tuple[str, ...]] = []
    for one in found[:SHOWN_ROWS]:
        rows.append((f"Row {one.row}: {show(one.truth)}", "is the truth"))
        for said in one.said:
            sure = said.certainty if said.certainty is not None else said.confidence
            shown = f"{short_name(said.backend)}: {show(said.value)}"
            shown += "" if sure is None else f" {sure:.2f}"
            rows.append((f"  {shown}", said.reason if said.right else f"WRONG: {said.reason}"))
    more = len(found) - SHOWN_ROWS
    notes = ["Beside an answer: the certainty of rules, the confidence of models."]
    notes += [f"{row_count(more)} more: --json"] if more > 0 else []
    title = f"Row by row: rules and models differ on {row_count(len(found))}"
    return Block(title, (), (), tuple(rows), (1,), tuple(notes))


def change_block(changes: Sequence[Change] | None) -> Block:
    """Return what changed since an earlier comparison, beyond chance."""
    if changes is None:
        return Block()
    title = "Since the earlier comparison"
    sure = [one for one in changes if one.sure]
    rest = len(changes) - len(sure)
    if not sure:
        return Block(title, (f"Nothing changed beyond chance ({rest} tests).",))
    rows = []
    for one in sure:
        rows.append(
            (
                KINDS[one.kind].format(one.name),
                percent(one.before[0] / one.before[1]),
                percent(one.after[0] / one.after[1]),
                signed(one.difference_interval),
                chance(one.holm_p),
            )
        )
    header = ("", "before", "now", "points", "p (Holm)")
    notes = (f"{rest} other shares did not change beyond chance.",)
    return Block(title, (), header, tuple(rows), (), notes)


def signed(interval: Interval) -> str:
    """Return an interval of a difference of shares, in points."""
    return f"[{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]"


def fine(interval: Interval | None) -> str:
    """Return an interval of costs."""
    return "" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"
