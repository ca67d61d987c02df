"""Numbers of a comparison in words, and rows under each other: for reports and pages."""

from __future__ import annotations

from collections.abc import Sequence

from heuron.compare.intervals import Interval

__all__ = ["chance", "numbers", "percent", "points", "row_count", "table", "time"]


def table(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, columns set under each other and indented by two."""
    if not cells:
        return []
    columns = max(len(row) for row in cells)
    widths = [max(len(row[at]) for row in cells if at < len(row)) for at in range(columns)]
    return [
        "  "
        + "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in cells
    ]


def row_count(count: int) -> str:
    """Return a number of rows."""
    return "1 row" if count == 1 else f"{count} rows"


def percent(share: float | None) -> str:
    """Return a share in per cent."""
    return "-" if share is None else f"{100 * share:5.1f} %"


def points(interval: Interval | None) -> str:
    """Return an interval of shares in per cent."""
    return "" if interval is None else f"[{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def numbers(interval: Interval | None) -> str:
    """Return an interval of numbers."""
    return "" if interval is None else f"[{interval[0]:.2f}, {interval[1]:.2f}]"


def time(microseconds: float | None) -> str:
    """Return a time with its unit."""
    if microseconds is None:
        return "-"
    if microseconds >= 1000:
        return f"{microseconds / 1000:.1f} ms"
    return f"{microseconds:.0f} µs" if microseconds >= 0.95 else f"{microseconds:.1f} µs"


def chance(value: float) -> str:
    """Return a p-value."""
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
