"""The tables of a comparison's page, as HTML. On a narrow screen each row becomes a card."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from heuron.compare.baseline import Change
from heuron.compare.comparison import BackendScore, Comparison, PairScore
from heuron.compare.disagreements import Disagreement
from heuron.compare.intervals import Interval, wilson
from heuron.compare.outcomes import short_name
from heuron.compare.report_details import KINDS
from heuron.compare.scorecard import RuleScore, measured_certainty
from heuron.compare.slice_rules import slice_words
from heuron.compare.words import chance, row_count, time
from heuron.values import show

__all__ = [
    "backends",
    "changes",
    "costs",
    "disagreements",
    "pairs",
    "plain",
    "policies",
    "probabilities",
    "rules",
]

SHOWN_ROWS = 100
"""So many rows on which backends differ are on the page."""


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], long: int = -1) -> str:
    """Return a table from cells in HTML; the first column names the row.

    Args:
        header: The titles of the columns, plain text; they label the cells on narrow screens.
        rows: The cells.
        long: The place of a column of whole sentences, if there is one.
    """
    lines = ["<table>", "<thead><tr>", *[f"<th>{escape(one)}</th>" for one in header]]
    lines += ["</tr></thead>", "<tbody>"]
    for row in rows:
        cells = []
        for at, (title, cell) in enumerate(zip(header, row, strict=True)):
            kind = ' class="name"' if at == 0 else ' class="long"' if at == long else ""
            inner = f"<span>{cell}</span>" if cell else ""
            cells.append(f'<td{kind} data-label="{escape(title)}">{inner}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of a name and a text without titles."""
    return html_table(["", ""], rows, long=1)


def backends(comparison: Comparison) -> str:
    """Return the score of each backend."""
    header = ["", "answered", "right when it answers", "right of all rows", "macro-F1"]
    rows = []
    for name, score in comparison.backends.items():
        covered = wilson(score.answered, score.rows) if score.rows else None
        rows.append(
            [
                escape(short_name(name)),
                f"{score.answered} = " + _share(score.coverage, covered),
                _share(score.accuracy_where_covered, score.interval),
                _share(score.accuracy, score.accuracy_interval),
                _number(score.macro_f1, score.macro_f1_interval),
                _timing(score),
            ]
        )
    routes = [
        f"{escape(name)}: "
        + ", ".join(
            f"{'a person' if by == 'refer' else escape(short_name(by))} {count}"
            for by, count in score.routes
        )
        for name, score in comparison.backends.items()
        if score.routes
    ]
    listed = "".join(f'<p class="quiet">Who answered for {one}.</p>' for one in routes)
    return html_table([*header, "one answer"], rows) + listed


def costs(comparison: Comparison) -> str:
    """Return the ranking by cost, where a cost was given."""
    if comparison.cost is None:
        return ""
    cost = comparison.cost
    header = ["", f"cost of a row ({cost.words})", "more"]
    rows = [
        [
            escape(short_name(one.backend)),
            _number(one.cost, one.interval),
            "the cheapest" if one.more is None else _interval(one.more, ".3f"),
        ]
        for one in comparison.costs
    ]
    return html_table(header, rows)


def policies(comparison: Comparison) -> str:
    """Return the policies that were tried."""
    trial = comparison.policies
    if trial is None:
        return ""
    header = ["", "what it does", "right when it answers", "a person", "cost of a row"]
    rows = [
        [
            escape(one.name),
            escape(one.title) + (f", best of {one.tried}" if one.tried > 1 else ""),
            _share(one.accuracy_where_covered, one.interval),
            f"{one.referred} = " + _share(one.referred / one.rows, wilson(one.referred, one.rows)),
            _number(one.cost, one.cost_interval),
        ]
        for one in trial.scores
    ]
    return html_table(header, rows, long=1)


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
                _share(one.claimed / one.rows, one.claimed_interval),
                _share(away, wilson(one.elsewhere, one.elsewhere_rows)),
                "" if ends is None else f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f} points",
                escape(chance(one.p)),
            ]
        )
    note = (
        f'<p class="quiet">Found on {search.looks[0].rows_found} training rows with out-of-fold '
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
                    _share(a / m, wilson(a, m)),
                    _share(b / n, wilson(b, n)),
                    f"{low:+.1f} to {high:+.1f} points",
                    escape(f"{chance(one.p)} ({chance(one.holm_p)})"),
                ]
            )
    return html_table(["", "before", "now", "difference", "p (Holm)"], rows) if rows else ""


def pairs(comparison: Comparison) -> str:
    """Return every pair of backends."""
    header = ["both answered", "same answer", "kappa", "only first right", "only second right"]
    header += ["difference", "p (Holm)"]
    return html_table(header, [_pair(one) for one in comparison.pairs])


def _pair(one: PairScore) -> list[str]:
    low, high = (100 * end for end in one.difference_interval)
    name = f"{short_name(one.a)}, {short_name(one.b)}"
    same = wilson(one.same, one.rows_both) if one.rows_both else None
    return [
        escape(name),
        f"{one.same} of {one.rows_both} = " + _share(one.agreement, same),
        _number(one.kappa, one.kappa_interval),
        str(one.a_only_right),
        str(one.b_only_right),
        f"{low:+.1f} to {high:+.1f} points" if one.rows_both else "-",
        "-"
        if one.mcnemar_p is None or one.holm_p is None
        else escape(f"{chance(one.mcnemar_p)} ({chance(one.holm_p)})"),
    ]


def probabilities(comparison: Comparison) -> str:
    """Return Brier score, log loss and calibration error of those that have a confidence."""
    scored = {n: s for n, s in comparison.backends.items() if s.brier is not None}
    if not scored:
        return ""
    header = ["", "Brier score", "log loss", "calibration error", "a perfect model's"]
    rows = []
    for name, score in scored.items():
        bins = score.calibration
        rows.append(
            [
                escape(short_name(name)),
                _number(score.brier, score.brier_interval),
                _number(score.log_loss, score.log_loss_interval),
                f"{bins.error:.3f}" if bins else "needs 200 rows",
                f"{bins.perfect:.3f}" if bins else "",
            ]
        )
    return html_table(header, rows)


def rules(comparison: Comparison) -> str:
    """Return the scorecard of every rule."""
    header = ["", "fired", "right", "claimed certainty", "implied certainty", "verdict"]
    header += ["right answers without it", "fires together with"]
    return html_table(header, [_rule(one) for one in comparison.rules], long=7)


def _rule(one: RuleScore) -> list[str]:
    right = f"{one.right} = " + _share(one.precision, one.interval) if one.fired else ""
    claimed = "" if one.certainty is None else f"{one.certainty:.2f}"
    implied = _number(one.implied_certainty, measured_certainty(one), ".2f")
    row = [escape(one.name), str(one.fired), right, claimed, implied, escape(one.verdict)]
    loss = "" if one.loss is None else f"{one.loss.won} more, {one.loss.lost} fewer"
    together = ", ".join(f"{name} ({rows})" for name, rows in one.overlaps)
    return [*row, loss, escape(together)]


def disagreements(comparison: Comparison) -> str:
    """Return the rows on which backends differ, each to be opened."""
    found = comparison.disagreements
    if not found:
        return ""
    title = f"<h3>Row by row: they differ on {row_count(len(found))}</h3>"
    more = len(found) - SHOWN_ROWS
    note = f'<p class="quiet">{row_count(more)} more: --json</p>' if more > 0 else ""
    return "\n".join([title, *[_row(one) for one in found[:SHOWN_ROWS]], note])


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
        rows.append([name, escape(show(said.value)), shown, escape(said.reason)])
    inner = html_table(["", "says", "how sure", "because"], rows, long=3)
    return f"<details>\n<summary>{summary}</summary>\n{inner}\n</details>"


def _share(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "-"
    if interval is None:
        return f"{100 * value:.1f} %"
    low, high = interval
    return f"{100 * value:.1f} % <small>[{100 * low:.1f}, {100 * high:.1f}]</small>"


def _number(value: float | None, interval: Interval | None, form: str = ".3f") -> str:
    if value is None:
        return "-"
    return f"{value:{form}}" + ("" if interval is None else f" {_interval(interval, form)}")


def _interval(interval: Interval, form: str) -> str:
    return f"<small>[{interval[0]:{form}}, {interval[1]:{form}}]</small>"


def _timing(score: BackendScore) -> str:
    ends = score.timing.quartiles
    shown = time(score.timing.single)
    return shown if ends is None else f"{shown} <small>[{time(ends[0])}, {time(ends[1])}]</small>"
