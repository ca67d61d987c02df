"""A comparison as one self-contained page: words, tables and plots, light and dark.

Nothing is loaded from elsewhere and nothing runs: HTML, one style sheet, inline SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from heuron.compare import page_details as details
from heuron.compare import page_tables as tables
from heuron.compare import plots
from heuron.compare import plots_details as details_drawn
from heuron.compare.baseline import Change
from heuron.compare.comparison import Comparison
from heuron.compare.evaluate import NOBODY_BEST
from heuron.compare.page_parts import PERCENT
from heuron.compare.report import SPLITS, headline, mapped_words
from heuron.compare.verdicts import (
    in_short,
    verdicts,
    where_they_differ,
    who_is_right,
    who_should_answer,
)
from heuron.compare.words import row_count
from heuron.learn.data import SAW_TEXT
from heuron.values import show

__all__ = ["excerpt", "page"]

GLOSSARY: Final = (
    ("[low, high]", "An interval: 19 in 20 of those made in this way hold the true value."),
    ("p", "How often chance alone would give a difference like this; under 0.05 it counts."),
    ("Holm", "The same, raised for the number of tests, so that one in many does not mislead."),
    ("kappa", "Agreement beyond what chance would give: 1 is full, 0 is none."),
    ("macro-F1", "Precision and recall together, every value of the goal weighing the same."),
    ("Brier score", "The mean squared error of a probability: 0 is perfect."),
    ("log loss", "The mean of minus the logarithm of the truth's probability: 0 is perfect."),
    ("calibration error", "How far confidence is from the share that is right, on the mean."),
    ("base rate", "How often what a rule says would be true of any row."),
    ("implied certainty", "How far a rule's record moves belief from the base rate."),
    ("a person", "Rows that a policy leaves to somebody who decides."),
)
"""Words of the page, for those who do not meet them daily."""
GROUPS: Final = (
    "Rows come in groups, and rows of a group say less than as many rows of their own. Intervals "
    "are those of as many rows as would say as much, with Student's quantile for the number of "
    "groups; the bootstrap draws whole groups, and tests turn whole groups around."
)
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
        _copies(comparison),
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
    told = (SAW_TEXT.rstrip("."), NOBODY_BEST)
    warnings = [one.rstrip(".") for one in comparison.warnings if one not in told]
    cards = [
        _card("Who is right?", who_is_right(comparison)),
        _card("Where do they differ?", where_they_differ(comparison)),
        _card("Who should answer?", who_should_answer(comparison)),
    ]
    noted = [f"{one[:1].upper()}{one[1:]}." for one in warnings]
    return "\n".join(
        [
            f'<p class="kind">Rules and models compared: {escape(comparison.domain)}</p>',
            f"<h1>{escape(in_short(comparison).replace(' %', PERCENT))}</h1>",
            f'<p class="quiet">{escape(headline(comparison))}</p>',
            '<div class="cards">',
            *[one for one in cards if one],
            "</div>",
            f'<div class="notes">{_list(noted)}</div>' if noted else "",
        ]
    )


def _card(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    first, *rest = [one.replace(" %", PERCENT) for one in lines]
    more = "".join(f"<p>{escape(one)}</p>" for one in rest)
    return (
        f'<section class="card"><h2>{escape(title)}</h2>'
        f'<p class="first">{escape(first)}</p>{more}</section>'
    )


def _who_is_right(comparison: Comparison) -> str:
    figures = [
        _figure(
            plots.accuracy(comparison),
            "Right among all rows (full), and among the rows that it answers (hollow) where it "
            "leaves some out. Lines are intervals.",
        ),
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
    within = f"An answer is right {comparison.within}." if comparison.within else ""
    return _section(
        "Who is right",
        _paragraph(within) if within else "",
        _plots(figures),
        tables.backends(comparison),
        tables.errors(comparison),
        tables.same_rows(comparison),
        tables.confusions(comparison),
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
                ),
                _figure(
                    details_drawn.slices(comparison),
                    "Regions, found on training rows: how often it is true in them, and how often "
                    "elsewhere, on the rows compared here.",
                ),
            ]
        ),
        tables.pairs(comparison),
        details.slices(comparison),
        details.disagreements(comparison),
    )


def _how_sure(comparison: Comparison) -> str:
    scored, sure = tables.probabilities(comparison), tables.certainties(comparison)
    if not scored and not sure:
        return ""
    drawn = plots.reliability(comparison)
    figures = [
        _figure(
            drawn,
            "Confidence of models against what was right, in ten groups of equally many answers; "
            "on the broken line confidence is true to its word.",
        ),
        _figure(
            plots.reliability_of_certainty(comparison),
            "Certainty of the rules' answers against what was right. Certainty is no probability, "
            "but the surer answers should be right more often. A broken line is the map that the "
            "training rows gave.",
        ),
    ]
    note = (
        _paragraph("A calibration curve needs 200 answered rows.") if scored and not drawn else ""
    )
    titles = ("<h3>Confidence of models</h3>", "<h3>Certainty of the rules' answers</h3>")
    parts = [f"{title}\n{one}" for title, one in zip(titles, (scored, sure), strict=True) if one]
    parts += [_paragraph(one) for one in mapped_words(comparison)]
    return _section("How sure they are", _plots(figures), note, *parts)


def _rules(comparison: Comparison) -> str:
    if not comparison.rules:
        return ""
    figure = _figure(
        details_drawn.certainty(comparison),
        "What each rule claims, and the certainty that its record implies: how far it moves "
        "belief from the base rate.",
    )
    base = ", ".join(f"{show(v)} {100 * rate:.1f} %" for v, rate in comparison.base_rates)
    rate = _paragraph(f"How common each value is among the rows: {base}.") if base else ""
    return _section("Rule by rule", _plots([figure]), details.rules(comparison), rate)


def _who_should_answer(comparison: Comparison) -> str:
    trial = comparison.policies
    if trial is None:
        found = details.costs(comparison)
        return _section("Who should answer", found) if found else ""
    best = trial.best
    advice = (
        f"Of {trial.tried} ways tried on {row_count(trial.rows_found)} of training, models as they "
        f"answered out of fold, {best.name} (\u2605) costs least. What follows are rows that had "
        "no part in the choice."
    )
    figures = [
        _figure(
            details_drawn.policies(comparison),
            "Coverage against accuracy; the numbers are those of the table, the chosen way stands "
            "out.",
        ),
        _figure(
            details_drawn.costs_of_policies(comparison),
            "Cost against accuracy: further left is cheaper, further up is right more often.",
        ),
    ]
    block = (
        f"<p>As a block for the rule file:</p><pre>{escape(best.block)}</pre>" if best.block else ""
    )
    return _section(
        "Who should answer",
        _paragraph(advice),
        _plots(figures),
        details.policies(comparison),
        block,
        details.costs(comparison),
    )


def _copies(comparison: Comparison) -> str:
    found = comparison.copies
    if found is None:
        return ""
    told = f"{found.copies} of {row_count(found.rows)} are copies of an earlier one."
    if found.scores:
        told += (
            f" Models were fitted again in {found.folds} folds: with copies kept together and "
            "counted once, then with copies taken for rows of their own, so that models are asked "
            "what they have seen. The difference is what copies are worth, and nothing else."
        )
    drawn = _figure(details_drawn.copies(comparison), "How much of each score is copies.")
    return _section(
        "What copies are worth", _paragraph(told), _plots([drawn]), details.copies(comparison)
    )


def _since(changes: Sequence[Change] | None) -> str:
    if changes is None:
        return ""
    rest = sum(not one.sure for one in changes)
    note = _paragraph(f"{rest} of {len(changes)} shares did not change beyond chance.")
    return _section("Since the earlier comparison", details.changes(changes), note)


def _how(comparison: Comparison) -> str:
    rows = comparison.held_out
    chosen = SPLITS.get(rows.split, rows.split)
    chosen += "" if rows.seed is None else f", seed {rows.seed}"
    if rows.folds is not None:
        chosen = f"all rows, in {rows.folds} folds, {rows.repeats} times, seed {rows.seed}"
    facts = [
        ("goal", comparison.goal + (f", right {comparison.within}" if comparison.within else "")),
        ("data", rows.source),
        ("rows compared", f"{row_count(rows.rows)} of {rows.of:,}" + _in_groups(rows.groups)),
        ("chosen", chosen),
        ("copies left out", str(rows.copies_left_out)),
        ("contradictions", f"{rows.contradictions} rows differ from another in the goal alone"),
        ("left out", f"{row_count(rows.trained_on_left_out)} that a model was trained on"),
    ]
    described = tables.plain([[escape(name), escape(text)] for name, text in facts])
    listed = (
        "<ul class='short'>" + "".join(f"<li>{one}</li>" for one in _said(comparison)) + "</ul>"
    )
    words = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in GLOSSARY)
    opened = f"<details><summary>What the words mean</summary><dl>{words}</dl></details>"
    return _section("What was compared, and how", described, listed, opened)


def _in_groups(groups: int | None) -> str:
    return "" if groups is None else f", in {groups:,} groups"


def _said(comparison: Comparison) -> list[str]:
    """Return how it was compared, in sentences."""
    rows, pairs = comparison.held_out, len(comparison.pairs)
    tested = (
        "Two backends are told apart by McNemar's exact test on the rows both answered, "
        f"with Holm's correction over all {pairs} pairs."
    )
    if rows.folds is not None:
        tested = (
            "Models were fitted again without each fold, and answered it. Two backends are told "
            "apart by the corrected resampled t-test (Nadeau and Bengio, 2003) on their difference "
            f"in each fold, with Holm's correction over all {pairs} pairs; intervals are "
            "approximate, as the folds' models share most of their rows."
        )
    said = [
        "Rules are asked without models, so that no model is compared with itself; "
        "<code>rules+models</code> stands for rules that ask one.",
        "Nobody sees the goal. A row that is left to a person counts as not answered.",
        "Shares have Wilson's interval, differences of shares Agresti and Min's; macro-F1, kappa, "
        "Brier score, calibration error, errors and costs a paired bootstrap of 2,000 resamples. "
        "All at 95 %.",
        *([GROUPS] if rows.groups is not None else []),
        tested,
        "Regions, thresholds and policies are found on training rows, where models answer as they "
        "did out of fold; the rows compared here only confirm.",
        "Confidence is a model's calibrated probability; certainty says how strongly rules hold "
        "a conclusion. They are different things, and stand in no common column.",
    ]
    return [SAW_TEXT, *said] if SAW_TEXT.rstrip(".") in comparison.warnings else said


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
