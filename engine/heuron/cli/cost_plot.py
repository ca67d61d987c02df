"""The ledger as a drawing: the cost of training is a level, that of answers a slope.

Written as SVG by hand: two lines, two marks and their words need no plotting library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from heuron.cli.accounts import duration, rounded

if TYPE_CHECKING:
    from heuron.ledger.accounts import Summary

__all__ = ["cost_plot"]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 50, 60
TRAINING: Final = "#b5541f"
ANSWERS: Final = "#1f5fb5"


def cost_plot(found: Summary, title: str) -> str:
    """Return an SVG drawing of the cost of training and of answers, by the number of answers.

    The summary must have a training and an answer.
    """
    even, each = found.break_even_answers, found.seconds_per_answer
    assert even is not None
    assert each is not None
    most = max(even, found.answers) * 1.25
    top = max(found.training_seconds, most * each) * 1.1

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
