"""The smallest parts of a comparison's page: tables, shares and numbers as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from heuron.compare.intervals import Interval

__all__ = ["PERCENT", "html_interval", "html_number", "html_share", "html_table"]


PERCENT: Final = "\u00a0%"
"""A sign that stays with its number."""


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], long: int = -1) -> str:
    """Return a table from cells in HTML; the first column names the row.

    Args:
        header: The titles of the columns, plain text; they label the cells on narrow screens.
        rows: The cells.
        long: The place of a column of whole sentences, if there is one.
    """
    lines = ["<table>", "<thead><tr>", *[f"<th>{escape(one)}</th>" for one in header]]
    lines += ["</tr></thead>", "<tbody>"]
    for row in rows:
        cells = []
        for at, (title, cell) in enumerate(zip(header, row, strict=True)):
            kind = ' class="name"' if at == 0 else ' class="long"' if at == long else ""
            inner = f"<span>{cell}</span>" if cell else ""
            cells.append(f'<td{kind} data-label="{escape(title)}">{inner}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def html_share(value: float | None, interval: Interval | None) -> str:
    """Return a share in per cent with its interval; a dash where there is none."""
    if value is None:
        return "-"
    if interval is None:
        return f"{100 * value:.1f}{PERCENT}"
    low, high = interval
    return f"{100 * value:.1f}{PERCENT} <small>[{100 * low:.1f}, {100 * high:.1f}]</small>"


def html_number(value: float | None, interval: Interval | None, form: str = ".3f") -> str:
    """Return a number with its interval; a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:{form}}" + ("" if interval is None else f" {html_interval(interval, form)}")


def html_interval(interval: Interval, form: str) -> str:
    """Return an interval."""
    return f"<small>[{interval[0]:{form}}, {interval[1]:{form}}]</small>"
