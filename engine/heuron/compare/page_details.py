"""The tables of a comparison's page about prices, policies, regions, rules, rows and copies."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from heuron.compare.baseline import Change
from heuron.compare.comparison import Comparison
from heuron.compare.disagreements import Disagreement
from heuron.compare.intervals import wilson
from heuron.compare.outcomes import short_name
from heuron.compare.page_parts import html_interval, html_number, html_share, html_table
from heuron.compare.report_details import KINDS, signed
from heuron.compare.scorecard import RuleScore, measured_certainty
from heuron.compare.slice_rules import slice_words
from heuron.compare.words import chance, row_count
from heuron.values import show

__all__ = ["changes", "copies", "costs", "disagreements", "policies", "rules", "slices"]

SHOWN_ROWS: Final = 100
"""So many rows on which backends differ are on the page."""


def costs(comparison: Comparison) -> str:
    """Return the ranking by cost, where a cost was given."""
    if comparison.cost is None:
        return ""
    cost = comparison.cost
    header = ["", f"cost of a row ({cost.words})", "more"]
    rows = [
        [
            escape(short_name(one.backend)),
            html_number(one.cost, one.interval),
            "the cheapest" if one.more is None else html_interval(one.more, ".3f"),
        ]
        for one in comparison.costs
    ]
    return html_table(header, rows)


def policies(comparison: Comparison) -> str:
    """Return the policies that were tried."""
    trial = comparison.policies
    if trial is None:
        return ""
    header = ["", "what it does", "right when it answers", "right of all rows", "a person"]
    rows = [
        [
            f"{number}. {escape(one.name)}" + (" \u2605" if one.name == trial.chosen else ""),
            escape(one.title) + (f", best of {one.tried}" if one.tried > 1 else ""),
            html_share(one.accuracy_where_covered, one.interval),
            html_share(one.right / one.rows, one.accuracy_interval),
            f"{one.referred} = " + html_share(one.referred / one.rows, one.referred_interval),
            html_number(one.cost, one.cost_interval),
        ]
        for number, one in enumerate(trial.scores, 1)
    ]
    return html_table([*header, "cost of a row"], rows, long=1)


def slices(comparison: Comparison) -> str:
    """Return the regions in which one side is right and another is not, or is often wrong."""
    search = comparison.slices
    if search is None or not search.slices:
        return ""
    title = "<h3>Regions in which they differ, or are wrong</h3>"
    header = ["where", "what is claimed", "true in it", "elsewhere", "first - second", "p (Holm)"]
    rows = []
    for one in search.slices:
        away = one.elsewhere / one.elsewhere_rows
        ends = one.difference_interval
        rows.append(
            [
                f"<code>{escape(one.text)}</code>",
                escape(slice_words(one)),
                html_share(one.claimed / one.rows, one.claimed_interval),
                html_share(away, one.elsewhere_interval),
                "" if ends is None else f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f} points",
                escape(chance(one.p)),
            ]
        )
    note = (
        f'<p class="quiet">Found on {search.rows_found} training rows with out-of-fold '
        f"answers; {search.candidates} candidates were put to the test on the held-out rows.</p>"
    )
    return title + html_table(header, rows, long=1) + note


def changes(found: Sequence[Change]) -> str:
    """Return the shares that changed beyond chance."""
    rows = []
    for one in found:
        if one.sure:
            (a, m), (b, n) = one.before, one.after
            low, high = (100 * end for end in one.difference_interval)
            rows.append(
                [
                    escape(KINDS[one.kind].format(one.name)),
                    html_share(a / m, wilson(a, m)),
                    html_share(b / n, wilson(b, n)),
                    f"{low:+.1f} to {high:+.1f} points",
                    escape(f"{chance(one.p)} ({chance(one.holm_p)})"),
                ]
            )
    return html_table(["", "before", "now", "difference", "p (Holm)"], rows) if rows else ""


def rules(comparison: Comparison) -> str:
    """Return the scorecard of every rule."""
    header = ["", "fired", "right", "claimed certainty", "implied certainty", "verdict"]
    header += ["right answers without it", "fires together with"]
    return html_table(header, [_rule(one) for one in comparison.rules], long=7)


def _rule(one: RuleScore) -> list[str]:
    right = f"{one.right} = " + html_share(one.precision, one.interval) if one.fired else ""
    claimed = "" if one.certainty is None else f"{one.certainty:.2f}"
    implied = html_number(one.implied_certainty, measured_certainty(one), ".2f")
    row = [escape(one.name), str(one.fired), right, claimed, implied, escape(one.verdict)]
    loss = "" if one.loss is None else f"{one.loss.won} more, {one.loss.lost} fewer"
    if one.loss_interval is not None:
        loss += f" <small>{signed(one.loss_interval)} points</small>"
    together = ", ".join(f"{name} ({rows})" for name, rows in one.overlaps)
    return [*row, loss, escape(together)]


def disagreements(comparison: Comparison) -> str:
    """Return the rows on which backends differ, each to be opened."""
    found = comparison.disagreements
    if not found:
        return ""
    more = len(found) - SHOWN_ROWS
    note = f'<p class="quiet">{row_count(more)} more: --json</p>' if more > 0 else ""
    title = f"<summary><b>Row by row: they differ on {row_count(len(found))}</b></summary>"
    rows = "\n".join(_row(one) for one in found[:SHOWN_ROWS])
    return f'<details class="rows">\n{title}\n{rows}\n{note}</details>'


def _row(one: Disagreement) -> str:
    sides: dict[str, list[str]] = {}
    for said in one.said:
        sides.setdefault(show(said.value), []).append(short_name(said.backend))
    answers = " · ".join(f"{value}: {', '.join(names)}" for value, names in sides.items())
    summary = f"Row {one.row}, in truth <b>{escape(show(one.truth))}</b>. {escape(answers)}"
    rows = []
    for said in one.said:
        sure = said.certainty if said.certainty is not None else said.confidence
        kind = "certainty" if said.certainty is not None else "confidence"
        shown = "" if sure is None else f"{kind} {sure:.3g}"
        name = escape(short_name(said.backend))
        value = escape(show(said.value)) + ("" if said.right else " <em>wrong</em>")
        rows.append([name, value, shown, escape(said.reason)])
    inner = html_table(["", "says", "how sure", "because"], rows, long=3)
    return f"<details>\n<summary>{summary}</summary>\n{inner}\n</details>"


def copies(comparison: Comparison) -> str:
    """Return how much of each score is copies, where that was asked."""
    found = comparison.copies
    if found is None or not found.scores:
        return ""
    rows = [
        [
            escape(short_name(one.backend)),
            html_share(one.once[0] / one.once[1], one.once_interval),
            html_share(one.ignored[0] / one.ignored[1], one.ignored_interval),
            f"{100 * one.apparent:+.1f} points <small>{signed(one.apparent_interval)}</small>",
        ]
        for one in found.scores
    ]
    header = ["", "right, copies counted once", "right, copies ignored", "of it copies"]
    return html_table(header, rows)
