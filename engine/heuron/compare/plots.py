"""The plots of a comparison's page, as inline SVG whose colours the page decides.

Matplotlib draws with colours that stand for others; they become CSS variables, so that one
drawing serves light and dark. Neither dates nor random ids get in: the same comparison gives the
same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

from heuron.compare.comparison import BackendScore, Comparison
from heuron.compare.intervals import wilson
from heuron.compare.outcomes import short_name
from heuron.compare.scorecard import measured_certainty

__all__ = ["accuracy_by_cost", "accuracy_by_coverage", "agreement", "certainty", "reliability"]

INK: Final = "#010101"
FAINT: Final = "#020202"
HEAT: Final = "#030303"
SERIES: Final = tuple(f"#0{number}0a0b" for number in range(1, 9))
MARKS: Final = "osD^vPX*"
VARIABLES: Final = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    HEAT: "var(--heat)",
    **{colour: f"var(--series-{at})" for at, colour in enumerate(SERIES, 1)},
}
SIZE: Final = (4.4, 3.5)
"""Inches; at 360 pixels the letters are still 10 pixels high."""
SETTINGS: Final = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "grid.alpha": 0.35,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


class _Drawing:
    """A figure with one pair of axes; `svg` gives it as text."""

    def __init__(self, name: str, size: tuple[float, float] = SIZE) -> None:
        import matplotlib
        from matplotlib.figure import Figure

        self._name = name
        self._settings: Any = {**SETTINGS, "svg.hashsalt": name}
        with matplotlib.rc_context(self._settings):
            self.figure = Figure(figsize=size, layout="constrained")
            self.axes = self.figure.add_subplot()

    def legend(self, columns: int = 3) -> None:
        """Set the legend under the axes, where it hides nothing."""
        self.figure.legend(
            loc="outside lower center",
            ncols=columns,
            handletextpad=0.3,
            frameon=False,
            labelcolor=INK,
        )

    def svg(self, title: str) -> str:
        """Return the drawing; `title` says in words what it shows."""
        import matplotlib

        stream = io.StringIO()
        with matplotlib.rc_context(self._settings):
            self.figure.savefig(
                stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
            )
        text = stream.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", text, count=1)
        text = text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
        # Several drawings share one page: their ids must differ.
        text = re.sub(r'id="([^"]+)"', rf'id="{self._name}-\1"', text)
        text = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{self._name}-\2", text)
        for colour, variable in VARIABLES.items():
            text = text.replace(colour, variable)
        return "\n".join(line.rstrip() for line in text.splitlines())


def agreement(comparison: Comparison) -> str:
    """Return how often each two backends gave the same answer, of the rows that both answered."""
    names = list(comparison.backends)
    side = max(3.4, 1.5 + 0.55 * len(names))
    drawing = _Drawing("agreement", (max(4.4, side), side))
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
    scored = [(at, n, s) for at, n, s in _numbered(comparison) if s.calibration is not None]
    if not scored:
        return None
    drawing = _Drawing("reliability")
    axes = drawing.axes
    axes.plot([0, 100], [0, 100], color=FAINT, linewidth=1, linestyle="--")
    for at, name, score in scored:
        assert score.calibration is not None
        bins = [one for one in score.calibration.bins if one.rows]
        shares = [one.right / one.rows for one in bins]
        ends = [wilson(one.right, one.rows) for one in bins]
        _points(
            axes,
            [100 * one.confidence for one in bins],
            [100 * share for share in shares],
            None,
            [(100 * low, 100 * high) for low, high in ends],
            at,
            short_name(name),
            line=True,
        )
    axes.set(xlabel="confidence, %", ylabel="right, %", ylim=(-2, 102))
    axes.grid(True)
    drawing.legend()
    return drawing.svg("Confidence against the share of answers that was right")


def certainty(comparison: Comparison) -> str | None:
    """Return each rule's claimed certainty against the one its record implies."""
    rules = [one for one in comparison.rules if one.fired and one.implied_certainty is not None]
    if not rules:
        return None
    drawing = _Drawing("certainty", (4.4, 1.1 + 0.34 * len(rules)))
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


def accuracy_by_coverage(comparison: Comparison) -> str:
    """Return the share answered against the share of answers that is right.

    A model's line is what it would be if only its most confident answers were given.
    """
    drawing = _Drawing("coverage")
    axes = drawing.axes
    for at, name, score in _numbered(comparison):
        if score.interval is None or score.coverage is None:
            continue
        curve = [(100 * n / score.rows, 100 * good / n) for n, good in score.curve]
        if curve:
            axes.plot(*zip(*curve, strict=True), color=SERIES[at], linewidth=1.2, alpha=0.7)
        low, high = wilson(score.answered, score.rows)
        _points(
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
    drawing = _Drawing("cost")
    axes = drawing.axes
    for at, name, score in timed:
        low, high = score.accuracy_interval
        single = score.timing.single or 0.0
        _points(
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


def _points(
    axes: Any,
    xs: Sequence[float],
    ys: Sequence[float],
    across: Sequence[tuple[float, float]] | None,
    along: Sequence[tuple[float, float]],
    at: int,
    label: str,
    line: bool = False,
) -> None:
    """Draw points with their intervals."""
    axes.errorbar(
        xs,
        ys,
        xerr=None if across is None else _reach(xs, across),
        yerr=_reach(ys, along),
        fmt=MARKS[at] + ("-" if line else ""),
        color=SERIES[at],
        ecolor=SERIES[at],
        elinewidth=1,
        markersize=6,
        label=label,
    )


def _reach(values: Sequence[float], ends: Sequence[tuple[float, float]]) -> list[list[float]]:
    pairs = list(zip(values, ends, strict=True))
    return [
        [max(0.0, value - low) for value, (low, _) in pairs],
        [max(0.0, high - value) for value, (_, high) in pairs],
    ]
