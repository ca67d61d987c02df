"""A part of a report: a title, sentences, a table, and how to read it; and its plain text.

Owns the form of what `heuron compare` prints. Rich sets the tables and breaks the lines; without
colour the same text comes out on every terminal.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["WIDTH", "Block", "render"]

WIDTH: Final = 80
"""A report fits a terminal of this width."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a report.

    Attributes:
        title: What the part is about; empty for a part that goes on.
        lines: Sentences above the table.
        header: The titles of the table's columns; the first column names the row.
        rows: The cells.
        left: The places of columns of words, which are set to the left, beside the first.
        notes: How to read the part, in sentences.
    """

    title: str = ""
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.lines or self.rows)


def render(blocks: Sequence[Block], *, width: int = WIDTH, colour: bool = False) -> str:
    """Return blocks as text, an empty line between them, without a last newline.

    Args:
        blocks: The parts; empty ones are left out.
        width: The columns of the terminal.
        colour: Whether titles are set in bold and notes fainter.
    """
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    shown = [one for one in blocks if not one.empty]
    for place, block in enumerate(shown):
        if place:
            console.print()
        _print(console, block)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _print(console: Console, block: Block) -> None:
    if block.title:
        console.print(Text(block.title, "bold"))
    for line in block.lines:
        console.print(Text(line))
    if block.rows:
        console.print(Padding(_table(block), (0, 0, 0, 2)))
    for note in block.notes:
        console.print(Padding(Text(note, "dim"), (0, 0, 0, 2)))


def _table(block: Block) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        collapse_padding=True,
        show_header=any(block.header),
    )
    columns = max(len(row) for row in block.rows)
    for at in range(columns):
        words = at == 0 or at in block.left
        title = block.header[at] if at < len(block.header) else ""
        table.add_column(
            Text(title, "bold"),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=not words,
            vertical="top",
        )
    for row in block.rows:
        table.add_row(*[Text(cell) for cell in row])
    return table
