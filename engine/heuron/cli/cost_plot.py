"""The ledger as a drawing: the cost of training is a level, that of answers a slope.

Written as SVG by hand: two lines, two marks and their words need no plotting library. Pixels need
matplotlib, in the extra html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from heuron.cli.accounts import duration, rounded
from heuron.cli.comparing import need_matplotlib

if TYPE_CHECKING:
    from heuron.ledger.accounts import Summary

__all__ = ["cost_pixels", "cost_plot"]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 50, 60
TRAINING: Final = "#b5541f"
ANSWERS: Final = "#1f5fb5"


def cost_plot(found: Summary, title: str) -> str:
    """Return an SVG drawing of the cost of training and of answers, by the number of answers.

    The summary must have a training and an answer.
    """
    even, each, most, top = _extent(found)

    def x(answers: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * answers / most

    def y(seconds: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * seconds / top

    level = y(found.training_seconds)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 24, f"Training against answers: {title}", size=16),
        _line(LEFT, y(0), WIDTH - RIGHT, y(0), "#444"),
        _line(LEFT, y(0), LEFT, TOP, "#444"),
        _line(LEFT, level, WIDTH - RIGHT, level, TRAINING, 2),
        _line(LEFT, y(0), x(most), y(most * each), ANSWERS, 2),
        _line(x(even), y(0), x(even), level, "#999", dashed=True),
        f'<circle cx="{x(even):.1f}" cy="{level:.1f}" r="4" fill="#444"/>',
        _mark(x(found.answers), y(found.inference_seconds)),
        _text(LEFT - 8, level + 4, duration(found.training_seconds), "end"),
        _text(LEFT - 8, y(0) + 4, "0", "end"),
        _text(x(even), y(0) + 18, rounded(even), "middle"),
        _text(LEFT + 8, level - 8, "training", colour=TRAINING),
        _text(WIDTH - RIGHT, y(most * each) - 8, f"answers, {duration(each)} each", "end", ANSWERS),
        _text(
            WIDTH / 2,
            HEIGHT - 14,
            f"answers (now {found.answers:,}; even after {rounded(even)})",
            "middle",
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _extent(found: Summary) -> tuple[int, float, float, float]:
    """Return break-even, the cost of an answer, and how many answers and seconds are shown."""
    even, each = found.break_even_answers, found.seconds_per_answer
    assert even is not None
    assert each is not None
    most = max(even, found.answers) * 1.25
    return even, each, most, max(found.training_seconds, most * each) * 1.1


def cost_pixels(found: Summary, title: str) -> bytes:
    """Return the same drawing as the bytes of a PNG file.

    Raises:
        RuleError: matplotlib is not installed.
    """
    import io

    need_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    even, each, most, top = _extent(found)
    figure = Figure(figsize=(WIDTH / 80, HEIGHT / 80), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(f"Training against answers: {title}", loc="left")
    axes.axhline(found.training_seconds, color=TRAINING, linewidth=2)
    axes.plot([0.0, most], [0.0, most * each], color=ANSWERS, linewidth=2)
    axes.plot([even, even], [0.0, found.training_seconds], color="#999", linestyle="--")
    axes.plot(even, found.training_seconds, "o", color="#444")
    axes.plot(found.answers, found.inference_seconds, "o", mfc="none", color=ANSWERS)
    axes.set(xlim=(0.0, most), ylim=(0.0, top))
    axes.set_xticks([0, even], ["0", rounded(even)])
    axes.set_yticks([0.0, found.training_seconds], ["0", duration(found.training_seconds)])
    axes.text(most * 0.02, found.training_seconds + top * 0.02, "training", color=TRAINING)
    words = f"answers, {duration(each)} each"
    # Left of its line and above it, out of the way of the other one.
    share = 0.5 if abs(even / most - 0.5) > 0.1 else 0.35
    place = (most * share, most * each * share + top * 0.02)
    axes.text(*place, words, color=ANSWERS, ha="right", va="bottom")
    axes.set_xlabel(f"answers (now {found.answers:,}; even after {rounded(even)})")
    axes.spines[["top", "right"]].set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _text(
    x: float, y: float, words: str, anchor: str = "start", colour: str = "#222", size: int = 13
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{escape(words)}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1, dashed: bool = False
) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"{dash}/>'
    )


def _mark(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{ANSWERS}"/>'
