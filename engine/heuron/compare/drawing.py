"""Drawings for a comparison's page: figures as inline SVG whose colours the page decides.

Matplotlib draws with colours that stand for others; they become CSS variables, so that one
drawing serves light and dark. Neither dates nor random ids get in: the same comparison gives the
same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

__all__ = ["FAINT", "HEAT", "INK", "MARKS", "SERIES", "Drawing", "draw_points"]

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


class Drawing:
    """A figure with one pair of axes; `svg` gives it as text."""

    def __init__(self, name: str, size: tuple[float, float] = SIZE) -> None:
        import matplotlib
        from matplotlib.figure import Figure

        self._name = name
        self._settings: Any = {**SETTINGS, "svg.hashsalt": name}
        with matplotlib.rc_context(self._settings):
            self.figure = Figure(figsize=size, layout="constrained")
            self.axes: Any = self.figure.add_subplot()

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


def draw_points(
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
