"""A comparison as one self-contained page: words, tables and plots, light and dark.

Nothing is loaded from elsewhere and nothing runs: HTML, one style sheet, inline SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from heuron.compare import page_tables as tables
from heuron.compare import plots
from heuron.compare.baseline import Change
from heuron.compare.comparison import Comparison
from heuron.compare.report import headline
from heuron.compare.verdicts import in_short, verdicts
from heuron.compare.words import row_count
from heuron.learn.data import SAW_TEXT

__all__ = ["excerpt", "page"]

STYLE: Final = Path(__file__).with_name("page.css")


def page(comparison: Comparison, changes: Sequence[Change] | None = None) -> str:
    """Return the page as HTML text. Its plots need matplotlib (the extra `html`).

    Args:
        comparison: What is shown.
        changes: What changed since an earlier comparison, if there is one.
    """
    title = f"{comparison.domain}: rules and models compared"
    sections = [
        _summary(comparison),
        _who_is_right(comparison),
        _where_they_differ(comparison),
        _how_sure(comparison),
        _rules(comparison),
        _who_should_answer(comparison),
        _since(changes),
        _how(comparison),
    ]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            "</head>",
            "<body>",
            "<main>",
            *[part for part in sections if part],
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def excerpt(comparison: Comparison) -> str:
    """Return a part of the page for notebooks: no plots, no style of its own."""
    short = escape(f"{comparison.domain}: {in_short(comparison)}")
    first = f"<p><b>{short}</b> {escape(headline(comparison))}</p>"
    return "\n".join([first, tables.backends(comparison), _list(verdicts(comparison))])


def _summary(comparison: Comparison) -> str:
    lines = verdicts(comparison)
    warnings = [one.rstrip(".") for one in comparison.warnings if one != SAW_TEXT.rstrip(".")]
    lines += [f"{one[:1].upper()}{one[1:]}." for one in warnings]
    return "\n".join(
        [
            f"<h1>{escape(comparison.domain)}: rules and models compared</h1>",
            f'<p class="quiet">{escape(headline(comparison))}</p>',
            '<section class="summary">',
            _list(lines),
            "</section>",
        ]
    )


def _who_is_right(comparison: Comparison) -> str:
    figures = [
        _figure(
            plots.accuracy_by_coverage(comparison),
            "Right among its answers against the share of rows it answers. A line shows a model "
            "that gave only its most confident answers.",
        ),
        _figure(
            plots.accuracy_by_cost(comparison),
            "Right among all rows against the time of one answer, on the machine that compared.",
        ),
    ]
    return _section(
        "Who is right", tables.backends(comparison), _plots(figures), tables.costs(comparison)
    )


def _where_they_differ(comparison: Comparison) -> str:
    if not comparison.pairs:
        return ""
    return _section(
        "Where they differ",
        _plots(
            [
                _figure(
                    plots.agreement(comparison),
                    "Per cent of the rows both answered on which the two said the same; the "
                    "intervals stand in the table.",
                )
            ]
        ),
        tables.pairs(comparison),
        tables.slices(comparison),
        tables.disagreements(comparison),
    )


def _how_sure(comparison: Comparison) -> str:
    scored = tables.probabilities(comparison)
    drawn = plots.reliability(comparison)
    if not scored:
        return ""
    note = "" if drawn else _paragraph("A calibration curve needs 200 answered rows.")
    figure = _figure(
        drawn,
        "Confidence against what was right, in ten groups of equally many answers; on the "
        "broken line confidence is true to its word.",
    )
    return _section("How sure they are", scored, _plots([figure]), note)


def _rules(comparison: Comparison) -> str:
    if not comparison.rules:
        return ""
    figure = _figure(
        plots.certainty(comparison),
        "What each rule claims, and the certainty that its record implies: how far it moves "
        "belief from the base rate.",
    )
    return _section("Rule by rule", _plots([figure]), tables.rules(comparison))


def _who_should_answer(comparison: Comparison) -> str:
    trial = comparison.policies
    if trial is None:
        return ""
    best = trial.best
    advice = (
        f"Of {trial.tried} ways tried on {row_count(trial.rows_found)} of training, models as they "
        f"answered out of fold, {best.name} costs least. What follows are the held-out rows, "
        "which had no part in the choice."
    )
    block = f"<pre>{escape(best.block)}</pre>" if best.block else ""
    return _section("Who should answer", _paragraph(advice), tables.policies(comparison), block)


def _since(changes: Sequence[Change] | None) -> str:
    if changes is None:
        return ""
    rest = sum(not one.sure for one in changes)
    note = _paragraph(f"{rest} of {len(changes)} shares did not change beyond chance.")
    return _section("Since the earlier comparison", tables.changes(changes), note)


def _how(comparison: Comparison) -> str:
    rows = comparison.held_out
    facts = [
        ("goal", comparison.goal),
        ("data", rows.source),
        ("rows compared", f"{row_count(rows.rows)} of {rows.of}"),
        ("chosen by", f"{rows.split}" + ("" if rows.seed is None else f", seed {rows.seed}")),
        ("copies left out", str(rows.copies_left_out)),
        ("contradictions", f"{rows.contradictions} rows differ from another in the goal alone"),
        ("left out", f"{row_count(rows.trained_on_left_out)} that a model was trained on"),
    ]
    said = [
        "Rules are asked without models, so that no model is compared with itself; "
        "<code>rules+models</code> stands for rules that ask one.",
        "Nobody sees the goal. A row that is left to a person counts as not answered.",
        "Shares have Wilson's interval, differences of shares Agresti and Min's; macro-F1, kappa, "
        "Brier score and costs a paired bootstrap of 2,000 resamples"
        + (", whole groups at a time." if "group" in rows.split else ".")
        + " All at 95 %.",
        "Two backends are told apart by McNemar's exact test on the rows both answered, "
        f"with Holm's correction over all {len(comparison.pairs)} pairs.",
        "Confidence is a model's calibrated probability; certainty says how strongly rules hold "
        "a conclusion. They are different things, and stand in no common column.",
    ]
    described = tables.plain([[escape(name), escape(text)] for name, text in facts])
    if SAW_TEXT.rstrip(".") in comparison.warnings:
        said.insert(0, SAW_TEXT)
    listed = "<ul class='short'>" + "".join(f"<li>{one}</li>" for one in said) + "</ul>"
    return _section("What was compared, and how", described, listed)


def _section(title: str, *parts: str) -> str:
    return "\n".join(
        [f"<section>\n<h2>{escape(title)}</h2>", *[p for p in parts if p], "</section>"]
    )


def _list(lines: Sequence[str]) -> str:
    return '<ul class="short">' + "".join(f"<li>{escape(one)}</li>" for one in lines) + "</ul>"


def _paragraph(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _figure(drawing: str | None, caption: str) -> str:
    if drawing is None:
        return ""
    return f"<figure>\n{drawing}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _plots(figures: Sequence[str]) -> str:
    found = [one for one in figures if one]
    return '<div class="plots">\n' + "\n".join(found) + "\n</div>" if found else ""
