"""The plots of a comparison's page that show backends: who is right, how sure, at what price."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from heuron.compare.comparison import BackendScore, Comparison
from heuron.compare.drawing import FAINT, HEAT, INK, SERIES, Drawing, draw_points
from heuron.compare.metrics import Bin, CertaintyBin
from heuron.compare.outcomes import short_name

__all__ = [
    "accuracy",
    "accuracy_by_cost",
    "accuracy_by_coverage",
    "agreement",
    "reliability",
    "reliability_of_certainty",
]


def accuracy(comparison: Comparison) -> str:
    """Return for each backend the share right of all rows, and of the rows that it answers."""
    names = list(comparison.backends)
    drawing = Drawing("accuracy", (4.4, 1.25 + 0.42 * len(names)))
    axes = drawing.axes
    for row, (at, _, score) in enumerate(_numbered(comparison)):
        low, high = score.accuracy_interval
        axes.plot([100 * low, 100 * high], [row, row], color=SERIES[at], linewidth=2)
        axes.plot([100 * (score.accuracy or 0.0)], [row], "o", color=SERIES[at], markersize=7)
        if score.interval is None or score.not_answered == 0:
            continue
        place = row + 0.24
        ends = [100 * end for end in score.interval]
        axes.plot(ends, [place, place], color=SERIES[at], linewidth=1, alpha=0.7)
        where = [100 * (score.accuracy_where_covered or 0.0)]
        hollow = {"markerfacecolor": "none", "markersize": 5, "alpha": 0.9}
        axes.plot(where, [place], "o", color=SERIES[at], **hollow)
    axes.plot([], [], "o-", color=FAINT, label="of all rows")
    axes.plot([], [], "o-", color=FAINT, markerfacecolor="none", label="of those it answers")
    bound = comparison.best_possible.accuracy
    if bound is not None and len(names) > 1:
        axes.axvline(
            100 * bound, color=FAINT, linewidth=1, linestyle="--", label="no choice can beat"
        )
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    axes.set(xlabel="right, %", ylim=(len(names) - 0.4, -0.6))
    axes.grid(True, axis="x")
    drawing.legend(2)
    return drawing.svg("Share of rows that each got right, with its interval")


def agreement(comparison: Comparison) -> str:
    """Return how often each two backends gave the same answer, of the rows that both answered."""
    names = list(comparison.backends)
    side = max(3.4, 1.5 + 0.55 * len(names))
    drawing = Drawing("agreement", (max(4.4, side), side))
    shares = {(one.a, one.b): one.agreement for one in comparison.pairs}
    axes = drawing.axes
    known = [share for share in shares.values() if share is not None]
    lowest = min([*known, 0.9])
    for row, a in enumerate(names):
        for column, b in enumerate(names):
            share = 1.0 if a == b else shares.get((a, b), shares.get((b, a)))
            if share is None or a == b:
                continue
            strength = 0.12 + 0.75 * (share - lowest) / (1 - lowest) if lowest < 1 else 0.87
            axes.add_patch(_square(column, row, strength))
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=INK)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), aspect="equal")
    labels = [short_name(name) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return drawing.svg("Per cent of the rows both answered on which two gave the same answer")


def _square(column: int, row: int, strength: float) -> Any:
    from matplotlib.patches import Rectangle

    place = (column - 0.47, row - 0.47)
    return Rectangle(place, 0.94, 0.94, facecolor=HEAT, alpha=strength, linewidth=0)


def reliability(comparison: Comparison) -> str | None:
    """Return confidence against the share that was right, for models with rows enough."""
    scored = [
        (at, n, s)
        for at, n, s in _numbered(comparison)
        if s.calibration is not None and s.certainty_map is None
    ]
    if not scored:
        return None
    drawing = Drawing("reliability")
    axes = drawing.axes
    axes.plot([0, 100], [0, 100], color=FAINT, linewidth=1, linestyle="--")
    for at, name, score in scored:
        assert score.calibration is not None
        bins = [one for one in score.calibration.bins if one.rows]
        means = [100 * one.confidence for one in bins]
        _line_of_shares(drawing, means, None, bins, at, name)
    axes.set(xlabel="confidence, %", ylabel="right, %", ylim=(-2, 102))
    axes.grid(True)
    drawing.legend()
    return drawing.svg("Confidence against the share of answers that was right")


def reliability_of_certainty(comparison: Comparison) -> str | None:
    """Return the certainty of the rules' answers against the share of them that was right."""
    scored = [one for one in _numbered(comparison) if len(one[2].certainties) > 1]
    if not scored:
        return None
    drawing = Drawing("sure-rules")
    axes = drawing.axes
    for at, name, score in scored:
        means = [one.mean for one in score.certainties]
        spans = [(one.low, one.high) for one in score.certainties]
        _line_of_shares(drawing, means, spans, score.certainties, at, name)
        if score.certainty_map is not None:
            xs, ys = zip(*score.certainty_map.points, strict=True)
            percent = [100 * one for one in ys]
            axes.plot(
                xs, percent, "--", color=INK, linewidth=1.2, alpha=0.6, label="map from training"
            )
    axes.set(xlabel="certainty", ylabel="right, %", ylim=(-2, 102))
    axes.grid(True)
    drawing.legend()
    return drawing.svg("Certainty of the rules' answers against the share that was right")


def _line_of_shares(
    drawing: Drawing,
    at_x: list[float],
    spans: list[tuple[float, float]] | None,
    groups: Iterable[Bin | CertaintyBin],
    at: int,
    name: str,
) -> None:
    """Draw the share of right answers in each group of answers, with its interval."""
    listed = list(groups)
    shares = [100 * one.right / one.rows for one in listed]
    ends = [(100 * low, 100 * high) for low, high in (one.interval for one in listed)]
    draw_points(drawing.axes, at_x, shares, spans, ends, at, short_name(name), line=True)


def accuracy_by_coverage(comparison: Comparison) -> str:
    """Return the share answered against the share of answers that is right.

    A model's line is what it would be if only its most confident answers were given.
    """
    drawing = Drawing("coverage")
    axes = drawing.axes
    for at, name, score in _numbered(comparison):
        if score.interval is None or score.coverage is None:
            continue
        curve = [(100 * n / score.rows, 100 * good / n) for n, good in score.curve]
        if curve:
            axes.plot(*zip(*curve, strict=True), color=SERIES[at], linewidth=1.2, alpha=0.7)
        low, high = score.coverage_interval
        draw_points(
            axes,
            [100 * score.coverage],
            [100 * (score.accuracy_where_covered or 0.0)],
            [(100 * low, 100 * high)],
            [(100 * score.interval[0], 100 * score.interval[1])],
            at,
            short_name(name),
        )
    coverages = [100 * (score.coverage or 0.0) for _, _, score in _numbered(comparison)]
    axes.set(xlabel="answered, % of rows", ylabel="right when it answers, %")
    axes.set_xlim(max(0.0, min([50.0, *[one - 6 for one in coverages if one]])), 101)
    axes.grid(True)
    drawing.legend()
    return drawing.svg("Share of rows answered against share of answers that is right")


def accuracy_by_cost(comparison: Comparison) -> str | None:
    """Return the time of one answer against the share of all rows that is right."""
    timed = [one for one in _numbered(comparison) if one[2].timing.single is not None]
    if not timed:
        return None
    drawing = Drawing("cost")
    axes = drawing.axes
    for at, name, score in timed:
        low, high = score.accuracy_interval
        single = score.timing.single or 0.0
        draw_points(
            axes,
            [single],
            [100 * (score.accuracy or 0.0)],
            [score.timing.quartiles or (single, single)],
            [(100 * low, 100 * high)],
            at,
            short_name(name),
        )
    axes.set_xscale("log")
    axes.set(xlabel="one answer, µs (median and quartiles)", ylabel="right of all rows, %")
    ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if _within(axes, t)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(True)
    drawing.legend()
    return drawing.svg("Time of one answer against share of all rows that is right")


def _within(axes: Any, value: float) -> bool:
    low, high = axes.get_xlim()
    return bool(low <= value <= high)


def _numbered(comparison: Comparison) -> list[tuple[int, str, BackendScore]]:
    """Return backends with the number of their colour: one colour a name in all plots."""
    return [
        (at % len(SERIES), name, score)
        for at, (name, score) in enumerate(comparison.backends.items())
    ]
