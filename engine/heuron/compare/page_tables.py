"""The tables of a comparison's page about backends. On a narrow screen each row becomes a card."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from heuron.compare.comparison import BackendScore, Comparison, PairScore
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import short_name
from heuron.compare.page_parts import html_number, html_share, html_table
from heuron.compare.words import chance, number, time
from heuron.values import show

__all__ = [
    "backends",
    "certainties",
    "confusions",
    "errors",
    "pairs",
    "plain",
    "probabilities",
    "same_rows",
]

MOST_LEVELS: Final = 8
"""With more values of the goal than this a matrix of mistakes is not readable."""


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of a name and a text without titles."""
    return html_table(["", ""], rows, long=1)


def backends(comparison: Comparison) -> str:
    """Return the score of each backend."""
    header = ["", "answered", "right when it answers", "right of all rows", "macro-F1"]
    rows = []
    for name, score in comparison.backends.items():
        covered = score.coverage_interval if score.rows else None
        rows.append(
            [
                escape(short_name(name)),
                f"{score.answered} = " + html_share(score.coverage, covered),
                html_share(score.accuracy_where_covered, score.interval),
                html_share(score.accuracy, score.accuracy_interval),
                html_number(score.macro_f1, score.macro_f1_interval),
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


def pairs(comparison: Comparison) -> str:
    """Return every pair of backends."""
    header = ["both answered", "same answer", "kappa", "only first right", "only second right"]
    header += ["difference", "p (Holm)"]
    return html_table(header, [_pair(one) for one in comparison.pairs])


def _pair(one: PairScore) -> list[str]:
    low, high = (100 * end for end in one.difference_interval)
    name = f"{short_name(one.a)}, {short_name(one.b)}"
    return [
        escape(name),
        f"{one.same} of {one.rows_both} = " + html_share(one.agreement, one.agreement_interval),
        html_number(one.kappa, one.kappa_interval),
        str(one.a_only_right),
        str(one.b_only_right),
        f"{low:+.1f} to {high:+.1f} points" if one.rows_both else "-",
        _p_values(one),
    ]


def _p_values(one: PairScore) -> str:
    single = one.resampled_p if one.mcnemar_p is None else one.mcnemar_p
    if single is None or one.holm_p is None:
        return "-"
    return escape(f"{chance(single)} ({chance(one.holm_p)})")


def probabilities(comparison: Comparison) -> str:
    """Return Brier score, log loss and calibration error of those that have a confidence."""
    scored = {n: s for n, s in comparison.backends.items() if s.log_loss is not None}
    if not scored:
        return ""
    header = ["", "Brier score", "log loss", "calibration error", "a perfect model's"]
    rows = []
    for name, score in scored.items():
        bins = score.calibration
        rows.append(
            [
                escape(short_name(name)),
                html_number(score.brier, score.brier_interval),
                html_number(score.log_loss, score.log_loss_interval),
                html_number(bins.error, score.calibration_interval) if bins else "needs 200 rows",
                f"{bins.perfect:.3f}" if bins else "",
            ]
        )
    return html_table(header, rows)


def same_rows(comparison: Comparison) -> str:
    """Return how everybody does on the rows that one backend answers, where it leaves some out."""
    views = [one for one in comparison.views if 0 < one.rows < comparison.held_out.rows]
    if not views:
        return ""
    header = [
        "",
        *[f"on the {one.rows} rows that {short_name(one.backend)} answers" for one in views],
    ]
    rows = []
    for name in comparison.backends:
        cells = [escape(short_name(name))]
        for one in views:
            cells.append(html_share(dict(one.accuracy).get(name), one.intervals.get(name)))
        rows.append(cells)
    title = "<h3>On the same rows: right of those that one of them answers</h3>"
    return title + html_table(header, rows)


def confusions(comparison: Comparison) -> str:
    """Return a matrix for each backend: the truth down, what it said across."""
    found = []
    for name, score in comparison.backends.items():
        levels = list(dict.fromkeys(truth for truth, _, _ in score.confusion))
        if score.confusion and len(levels) <= MOST_LEVELS:
            found.append(_confusion(short_name(name), score, levels))
    if not found:
        return ""
    title = "<h3>Mistakes: the truth down, the answer across</h3>"
    return f'{title}\n<div class="matrices">\n' + "\n".join(found) + "\n</div>"


def _confusion(name: str, score: BackendScore, levels: Sequence[object]) -> str:
    counts = {(truth, said): rows for truth, said, rows in score.confusion}
    answers = [
        *levels,
        *dict.fromkeys(s for _, s, _ in score.confusion if s not in (*levels, None)),
    ]
    columns: list[object] = [*answers, *([None] if score.not_answered else [])]
    heads = "".join(f"<th>{_level(one)}</th>" for one in columns)
    lines = [f"<caption>{escape(name)}</caption>", f"<thead><tr><th></th>{heads}</tr></thead>"]
    lines.append("<tbody>")
    for truth in levels:
        total = sum(rows for (other, _), rows in counts.items() if other == truth)
        cells = []
        for said in columns:
            rows = counts.get((truth, said), 0)
            kind = "right" if said == truth else "none" if said is None else "wrong"
            strength = f"{rows / total:.2f}" if total else "0"
            cells.append(f'<td class="{kind}" style="--share:{strength}">{rows}</td>')
        lines.append(f"<tr><th>{_level(truth)}</th>{''.join(cells)}</tr>")
    inner = "\n".join(lines)
    return f'<table class="matrix">\n{inner}\n</tbody></table>'


def _level(value: object) -> str:
    return "no answer" if value is None else escape(show(value))


def errors(comparison: Comparison) -> str:
    """Return how far numbers are off, where the goal is a quantity."""
    rows = [
        [
            escape(short_name(name)),
            _measure(one.absolute, one.absolute_interval),
            _measure(one.squared, one.squared_interval),
            _measure(one.bias, one.bias_interval),
        ]
        for name, score in comparison.backends.items()
        for one in [score.errors]
        if one is not None
    ]
    if not rows:
        return ""
    unit = f" ({comparison.unit})" if comparison.unit else ""
    header = ["", f"mean size of an error{unit}", f"root mean square{unit}"]
    return html_table([*header, f"answer less truth, mean{unit}"], rows)


def _measure(value: float, interval: Interval | None) -> str:
    ends = f" <small>[{number(interval[0])}, {number(interval[1])}]</small>" if interval else ""
    return f"{number(value)}{ends}"


def certainties(comparison: Comparison) -> str:
    """Return how often the rules' answers are right, by how certain they are."""
    rows = []
    for name, score in comparison.backends.items():
        for one in score.certainties:
            span = f"{one.low:.2f}" + ("" if one.low == one.high else f" to {one.high:.2f}")
            shown = html_share(one.right / one.rows, one.interval)
            rows.append([escape(short_name(name)), span, str(one.rows), shown])
    if not rows:
        return ""
    return html_table(["", "certainty of the answer", "answers", "right"], rows)


def _timing(score: BackendScore) -> str:
    ends = score.timing.quartiles
    shown = time(score.timing.single)
    return shown if ends is None else f"{shown} <small>[{time(ends[0])}, {time(ends[1])}]</small>"
