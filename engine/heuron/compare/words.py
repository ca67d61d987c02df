"""Numbers of a comparison in words: for reports and pages."""

from __future__ import annotations

from collections.abc import Sequence

from heuron.compare.intervals import Interval

__all__ = [
    "are",
    "by_chance",
    "called",
    "chance",
    "listed",
    "number",
    "numbers",
    "percent",
    "points",
    "row_count",
    "share",
    "time",
]


def row_count(count: int) -> str:
    """Return a number of rows."""
    return "1 row" if count == 1 else f"{count:,} rows"


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


def by_chance(value: float) -> str:
    """Return a p-value in a sentence."""
    times = round(1000 * value)
    return "by chance: less than 1 in 1,000" if times < 1 else f"by chance: {times} in 1,000"


def share(value: float | None) -> str:
    """Return a share in per cent, in a sentence."""
    return "none" if value is None else f"{100 * value:.1f} %"


def number(value: float, digits: int = 3) -> str:
    """Return a quantity with so many significant digits, thousands set apart."""
    if value and abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def called(backend: str) -> str:
    """Return how a sentence calls a backend."""
    match backend.partition(":"):
        case ("rules", _, _):
            return "the rules"
        case ("rules+models", _, _):
            return "the rules with models"
        case ("dispatch", _, ""):
            return "the dispatcher"
        case ("dispatch", _, name):
            return f"the dispatcher {name}"
        case (_, _, name):
            return f"the model {name}"


def are(backend: str) -> str:
    """Return the verb for a backend: rules are, a model is."""
    return "are" if backend.startswith("rules") else "is"
