"""A comparison as text, in words that can be read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heuron.compare.comparison import BackendScore, Comparison, PairScore
from heuron.compare.evaluate import COVERAGE_APART
from heuron.compare.outcomes import short_name
from heuron.compare.report_details import disagreement_lines, fine, policy_lines, slice_lines
from heuron.compare.scorecard import RuleScore
from heuron.compare.words import chance, numbers, percent, points, row_count, table, time
from heuron.learn.data import SAW_TEXT

__all__ = ["headline", "report", "verdicts"]

SIGNIFICANT: Final = 0.05
SAW: Final = SAW_TEXT.rstrip(".")
FEW_PAIRS: Final = 6
"""Up to so many pairs all are in the table; of more, those with rules or a dispatcher."""
SPLITS: Final = {
    "hash": "held out by their content",
    "group": "held out by group",
    "time": "the latest",
    "stratified": "held out at random",
}
"""How a split is said."""


def report(comparison: Comparison) -> str:
    """Return the report of a comparison, without a last newline."""
    parts = [
        [headline(comparison)],
        table(_backend_rows(comparison)),
        _routes(comparison),
        table(_probability_rows(comparison)),
        table(_pair_rows(comparison)),
        verdicts(comparison),
        _costs(comparison),
        table(_rule_rows(comparison)),
        policy_lines(comparison),
        disagreement_lines(comparison),
        [f"Note: {one}." for one in comparison.warnings if one != SAW],
    ]
    return "\n".join(line for lines in parts for line in lines)


def headline(comparison: Comparison) -> str:
    """Return in a sentence which rows are compared."""
    rows = comparison.held_out
    if rows.split == "all rows":
        what = f"{row_count(rows.rows)} of {rows.source}"
        notes = []
    else:
        what = f"{rows.rows} of {rows.of} rows that no model was trained on"
        notes = [SPLITS.get(rows.split, rows.split), f"seed {rows.seed}"]
    copies = "1 copy" if rows.copies_left_out == 1 else f"{rows.copies_left_out} copies"
    notes.append(f"{copies} left out" if rows.copies_left_out else "no copies")
    if rows.trained_on_left_out:
        notes.append(f"{row_count(rows.trained_on_left_out)} left out that a model was trained on")
    saw = f" {SAW}." if SAW in comparison.warnings else ""
    return f"{comparison.domain}: {what} ({', '.join(notes)}).{saw}"


def _backend_rows(comparison: Comparison) -> list[list[str]]:
    view = _narrowest(comparison)
    header = ["", "answered", "right when it answers", "right of all"]
    if view is not None:
        header.append(f"on the {view[1]} rows {short_name(view[0])} answers")
    rows = [[*header, "one answer"]]
    for name, score in comparison.backends.items():
        row = [
            short_name(name),
            f"{score.answered:>6}  {percent(score.coverage)}",
            f"{percent(score.accuracy_where_covered)}  {points(score.interval)}",
            percent(score.accuracy),
        ]
        if view is not None:
            row.append(percent(view[2].get(name)))
        rows.append([*row, time(score.timing.single)])
    best = comparison.best_possible
    if best.accuracy is not None and len(comparison.backends) > 1:
        rows.append(["best choice", "", "", percent(best.accuracy)])
    return rows


def _narrowest(comparison: Comparison) -> tuple[str, int, dict[str, float]] | None:
    """Return the view of the backend that answers least, when it leaves rows out."""
    views = [one for one in comparison.views if one.rows]
    if not views:
        return None
    least = min(views, key=lambda one: one.rows)
    if least.rows == comparison.held_out.rows:
        return None
    return least.backend, least.rows, dict(least.accuracy)


def _routes(comparison: Comparison) -> list[str]:
    words = {"refer": "a person"}
    return [
        f"  {name}: "
        + ", ".join(f"{words.get(by, short_name(by))} {count}" for by, count in score.routes)
        for name, score in comparison.backends.items()
        if score.routes
    ]


def _probability_rows(comparison: Comparison) -> list[list[str]]:
    scored = {n: s for n, s in comparison.backends.items() if s.brier is not None}
    errors = {n: s for n, s in comparison.backends.items() if s.mean_absolute_error is not None}
    if errors:
        rows = [["mean error", "of its answers"]]
        return rows + [[short_name(n), f"{s.mean_absolute_error:,.6g}"] for n, s in errors.items()]
    if not scored:
        return []
    rows = [["confidence", "Brier score", "log loss", "calibration error (a perfect model's)"]]
    return rows + [[short_name(name), *_probabilities(score)] for name, score in scored.items()]


def _probabilities(score: BackendScore) -> list[str]:
    bins = score.calibration
    return [
        f"{score.brier:.3f}  {numbers(score.brier_interval)}",
        f"{score.log_loss:.3f}  {numbers(score.log_loss_interval)}",
        f"{bins.error:.3f}  ({bins.perfect:.3f})" if bins else "needs 200 rows",
    ]


def _pair_rows(comparison: Comparison) -> list[list[str]]:
    if not comparison.pairs:
        return []
    header = ["both answered", "agree", "kappa", "only first right", "only second right"]
    rows = [[*header, "difference", "p (Holm)"]]
    shown = _shown_pairs(comparison.pairs)
    for one in shown:
        low, high = (100 * end for end in one.difference_interval)
        rows.append(
            [
                f"{short_name(one.a)}, {short_name(one.b)}",
                f"{one.same}/{one.rows_both}",
                "-" if one.kappa is None else f"{one.kappa:.3f}",
                str(one.a_only_right),
                str(one.b_only_right),
                f"[{low:+.1f}, {high:+.1f}] points" if one.rows_both else "-",
                _p_values(one),
            ]
        )
    if len(shown) < len(comparison.pairs):
        left = len(comparison.pairs) - len(shown)
        rows.append([f"{left} more {'pair' if left == 1 else 'pairs'} of models: --json"])
    return rows


def _shown_pairs(pairs: Sequence[PairScore]) -> list[PairScore]:
    """Return all pairs when they are few, else those with rules or a dispatcher."""
    if len(pairs) <= FEW_PAIRS:
        return list(pairs)
    return [one for one in pairs if not one.a.startswith("model:") or one.b.startswith("dispatch")]


def _p_values(pair: PairScore) -> str:
    if pair.mcnemar_p is None or pair.holm_p is None:
        return "-"
    return f"{chance(pair.mcnemar_p)} ({chance(pair.holm_p)})"


def verdicts(comparison: Comparison) -> list[str]:
    """Return in sentences what can be told apart, and what cannot."""
    lines = _told_apart(comparison.pairs)
    rules = comparison.backends.get("rules")
    if rules is not None and rules.not_answered:
        lines.append(f"The rules are silent on {row_count(rules.not_answered)}.")
    lines += slice_lines(comparison)
    best = _best(comparison)
    return [*lines, best] if best else lines


def _told_apart(pairs: Sequence[PairScore]) -> list[str]:
    """Say of every pair who is right more often, or what difference would not have shown."""
    lines, alike = [], []
    for pair in pairs:
        a, b = short_name(pair.a), short_name(pair.b)
        if not pair.rows_both:
            lines.append(f"No row was answered by both {a} and {b}.")
        elif pair.holm_p is not None and pair.holm_p <= SIGNIFICANT:
            better, worse = (b, a) if pair.b_only_right > pair.a_only_right else (a, b)
            count = row_count(pair.rows_both)
            lines.append(f"{better} is right more often than {worse} on the {count} both answered.")
        else:
            alike.append(pair)
    if len(alike) == 1:
        pair = alike[0]
        lines.append(
            f"{short_name(pair.a)} and {short_name(pair.b)} cannot be told apart on the "
            f"{row_count(pair.rows_both)} both answered; {_size(alike)} would probably not show."
        )
    elif alike:
        which = "The other pairs" if lines else "No pair"
        cannot = "cannot be told apart" if lines else "can be told apart"
        lines.append(
            f"{which} {cannot} on the rows both answered; {_size(alike)} would probably not show."
        )
    return lines


def _size(pairs: Sequence[PairScore]) -> str:
    """Return in words the difference that would not show (the smallest and largest of many)."""
    points = sorted(round(100 * pair.would_not_show) for pair in pairs)
    if points[0] >= 50:
        return "even a large difference"
    if points[0] == points[-1]:
        return f"a difference under {points[0]} points"
    return f"a difference under {points[0]} to {points[-1]} points (by pair)"


def _best(comparison: Comparison) -> str | None:
    """Name the best backend, if their coverages allow it and the tests bear it out."""
    coverages = [one.coverage or 0.0 for one in comparison.backends.values()]
    if len(coverages) < 2 or max(coverages) - min(coverages) > COVERAGE_APART:
        return None
    leader = max(comparison.backends, key=lambda name: comparison.backends[name].right)
    for pair in comparison.pairs:
        if leader not in (pair.a, pair.b):
            continue
        ahead = pair.a_only_right - pair.b_only_right
        if leader == pair.b:
            ahead = -ahead
        if pair.holm_p is None or pair.holm_p > SIGNIFICANT or ahead <= 0:
            return None
    return f"Best: {short_name(leader)}."


def _costs(comparison: Comparison) -> list[str]:
    """Return the ranking by cost, and who can be told from the cheapest."""
    if comparison.cost is None or not comparison.costs:
        return []
    cost = comparison.cost
    first, *others = comparison.costs
    header = f"cost of a row (wrong {cost.wrong:g}, a person {cost.refer:g})"
    rows = [[header, "", "more than the cheapest"]]
    for one in comparison.costs:
        shown = f"{one.cost:.4f}  {fine(one.interval)}"
        rows.append([short_name(one.backend), shown, fine(one.more)])
    alike = [short_name(one.backend) for one in others if not one.dearer]
    verdict = f"Cheapest: {short_name(first.backend)}"
    if alike:
        verdict += f", which cannot be told apart from {', '.join(alike)}"
    return [*table(rows), f"{verdict}."]


def _rule_rows(comparison: Comparison) -> list[list[str]]:
    if not comparison.rules:
        return []
    base = " / ".join(f"{rate:.2f}" for _, rate in comparison.base_rates)
    header = ["rule", "fired", "right", "claimed", "measured [interval]"]
    rows = [[*header, f"implied certainty (base {base})" if base else "", "", "without it"]]
    return rows + [_rule_row(one) for one in comparison.rules]


def _rule_row(rule: RuleScore) -> list[str]:
    row = [rule.name, f"{rule.fired:>5}"]
    if rule.precision is None:
        return [*row, "", "", "", "", rule.verdict]
    loss = rule.loss
    return [
        *row,
        f"{rule.right:>5}",
        f"{rule.certainty:.2f}",
        f"{rule.precision:.3f}  {numbers(rule.interval)}",
        "" if rule.implied_certainty is None else f"{rule.implied_certainty:.2f}",
        rule.verdict,
        "" if loss is None else f"{loss.won - loss.lost:+d} right" if loss.changed else "the same",
    ]
