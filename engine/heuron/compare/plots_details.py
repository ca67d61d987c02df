"""The plots of a comparison's page that show rules, regions, policies and copies."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Final, NamedTuple

from heuron.compare.comparison import Comparison
from heuron.compare.drawing import FAINT, INK, SERIES, Drawing
from heuron.compare.intervals import Interval
from heuron.compare.outcomes import short_name
from heuron.compare.scorecard import measured_certainty
from heuron.compare.slice_rules import claim_words

__all__ = ["certainty", "copies", "costs_of_policies", "policies", "slices"]

BOUND: Final = "no choice can be right more often"
LINE: Final = 0.34
"""Inches of height a line of words takes."""


def certainty(comparison: Comparison) -> str | None:
    """Return each rule's claimed certainty against the one its record implies."""
    rules = [one for one in comparison.rules if one.fired and one.implied_certainty is not None]
    if not rules:
        return None
    drawing = Drawing("certainty", (4.4, 1.1 + LINE * len(rules)))
    axes = drawing.axes
    for row, rule in enumerate(rules):
        ends = measured_certainty(rule)
        assert ends is not None
        assert rule.implied_certainty is not None
        axes.plot(ends, [row, row], color=SERIES[0], linewidth=2)
        axes.plot([rule.implied_certainty], [row], "o", color=SERIES[0], markersize=6)
        axes.plot([rule.certainty or 0.0], [row], "D", color=SERIES[1], markersize=6)
    axes.plot([], [], "o-", color=SERIES[0], label="implied, with its interval")
    axes.plot([], [], "D", color=SERIES[1], label="claimed")
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.set_yticks(range(len(rules)), [one.name for one in rules])
    axes.set(xlabel="certainty", ylim=(len(rules) - 0.5, -0.5))
    axes.grid(True, axis="x")
    drawing.legend(2)
    return drawing.svg("Certainty that rules claim against the certainty their record implies")


def slices(comparison: Comparison) -> str | None:
    """Return how often what is claimed of each region is true in it, and how often elsewhere."""
    found = () if comparison.slices is None else comparison.slices.slices
    if not found:
        return None
    drawing = Drawing("slices", (4.6, 1.1 + 0.5 * len(found)))
    axes = drawing.axes
    for row, one in enumerate(found):
        away = one.elsewhere / one.elsewhere_rows
        ends = one.elsewhere_interval
        _spread(drawing, row + 0.15, one.claimed / one.rows, one.claimed_interval, SERIES[1], "o")
        _spread(drawing, row + 0.15, away, ends, FAINT, "s")
        words = f"{shorten(one.text, 44)}: {claim_words(one)}"
        axes.text(0.0, row - 0.22, words, ha="left", va="center", color=INK, fontsize=9)
    axes.plot([], [], "o-", color=SERIES[1], label="in the region")
    axes.plot([], [], "s-", color=FAINT, label="elsewhere")
    axes.set_yticks([])
    axes.set(xlabel="rows on which it is true, %", xlim=(0, 100), ylim=(len(found) - 0.4, -0.6))
    axes.grid(True, axis="x")
    drawing.legend(2)
    return drawing.svg("How often something is true in a region, and how often elsewhere")


def policies(comparison: Comparison) -> str | None:
    """Return for each policy the share answered against the share of answers that is right."""
    trial = comparison.policies
    if trial is None:
        return None
    drawing = Drawing("policies")
    points = []
    for number, one in enumerate(trial.scores, 1):
        if one.interval is None or one.accuracy_where_covered is None:
            continue
        place = (1 - one.referred / one.rows, one.accuracy_where_covered)
        low, high = one.referred_interval
        ends = [(1 - high, 1 - low), one.interval]
        percent = [(100 * x, 100 * y) for x, y in (place, *ends)]
        points.append(Numbered(number, percent[0], percent[1:], one.name == trial.chosen))
    _numbered_points(drawing, points)
    drawing.axes.set(xlabel="answered, % of rows", ylabel="right when it answers, %")
    drawing.axes.margins(0.08)
    drawing.axes.grid(True)
    return drawing.svg("Share of rows that each policy answers against share of answers right")


def costs_of_policies(comparison: Comparison) -> str | None:
    """Return for each policy what a row costs against the share of all rows that is right."""
    trial = comparison.policies
    if trial is None:
        return None
    drawing = Drawing("policy-costs")
    axes = drawing.axes
    points = []
    for number, one in enumerate(trial.scores, 1):
        low, high = one.accuracy_interval
        ends = [one.cost_interval or (one.cost, one.cost), (100 * low, 100 * high)]
        place = (one.cost, 100 * one.right / one.rows)
        points.append(Numbered(number, place, ends, one.name == trial.chosen))
    _numbered_points(drawing, points)
    bound = comparison.best_possible.accuracy
    if bound is not None:
        axes.axhline(100 * bound, color=FAINT, linewidth=1, linestyle="--", label=BOUND)
        drawing.legend(1)
    axes.set(xlabel=f"cost of a row ({trial.cost.words})", ylabel="right of all rows, %")
    axes.margins(0.08)
    axes.grid(True)
    return drawing.svg("What a row costs under each policy against the share of rows right")


class Numbered(NamedTuple):
    """A policy's number, place, intervals across and along, and whether it was chosen."""

    number: int
    place: tuple[float, float]
    ends: Sequence[Interval]
    chosen: bool


def _numbered_points(drawing: Drawing, points: Sequence[Numbered]) -> None:
    """Draw policies with their numbers; those of one place share a label."""
    axes = drawing.axes
    labels: dict[tuple[float, float], list[str]] = {}
    for number, (x, y), (across, along), chosen in points:
        colour = SERIES[1] if chosen else SERIES[0]
        axes.plot(across, [y, y], color=colour, linewidth=1, alpha=0.6)
        axes.plot([x, x], along, color=colour, linewidth=1, alpha=0.6)
        above = 3 if chosen else 2
        axes.plot([x], [y], "o", color=colour, markersize=7 if chosen else 5, zorder=above)
        labels.setdefault((round(x, 9), round(y, 9)), []).append(str(number))
    middle = sum(axes.get_xlim()) / 2
    for at, ((x, y), numbers) in enumerate(sorted(labels.items())):
        # Towards the middle, so that no label runs out of the axes.
        side = -5 if x > middle else 5
        axes.annotate(
            ", ".join(numbers),
            (x, y),
            color=INK,
            fontsize=9,
            ha="right" if x > middle else "left",
            xytext=(side, 5 if at % 2 else -11),
            textcoords="offset points",
        )


def copies(comparison: Comparison) -> str | None:
    """Return for each backend the share right, copies counted once, and with copies ignored."""
    found = () if comparison.copies is None else comparison.copies.scores
    if not found:
        return None
    drawing = Drawing("copies", (4.4, 1.2 + 0.42 * len(found)))
    axes = drawing.axes
    for row, one in enumerate(found):
        once, ignored = one.once[0] / one.once[1], one.ignored[0] / one.ignored[1]
        axes.plot([100 * once, 100 * ignored], [row, row], color=FAINT, linewidth=1)
        _spread(drawing, row, once, one.once_interval, SERIES[0], "o")
        axes.plot([100 * ignored], [row], "D", color=SERIES[1], markersize=6)
    axes.plot([], [], "o-", color=SERIES[0], label="copies counted once")
    axes.plot([], [], "D", color=SERIES[1], label="copies ignored")
    axes.set_yticks(range(len(found)), [short_name(one.backend) for one in found])
    axes.set(xlabel="right of all rows, %", ylim=(len(found) - 0.5, -0.5))
    axes.grid(True, axis="x")
    drawing.legend(2)
    return drawing.svg("Share of rows right, with copies counted once and with copies ignored")


def _spread(
    drawing: Drawing,
    row: float,
    share: float,
    ends: Interval | Sequence[float],
    colour: str,
    mark: str,
) -> None:
    """Draw a share with its interval on a line."""
    axes = drawing.axes
    axes.plot([100 * end for end in ends], [row, row], color=colour, linewidth=2)
    axes.plot([100 * share], [row], mark, color=colour, markersize=6)
