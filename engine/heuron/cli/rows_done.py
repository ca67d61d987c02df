"""How far a command is: rows done, rows a second, time left; on a terminal only, on stderr.

Nothing is shown in the first second, and nothing is left when it is done. Rich is imported when
something is to be shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Any, Final, TypeVar

__all__ = ["Progress", "clock", "progressing"]

AFTER: Final = 1.0
"""Seconds before anything is shown."""
EVERY: Final = 0.1
"""Seconds between two looks."""

Thing = TypeVar("Thing")


class Progress:
    """A line that says how far a command is; call it with what is done, and of how much.

    ```
    with Progress("rows") as progress:
        progress(65_536, 5_000_000)
    ```

    Args:
        noun: What is counted.

    Attributes:
        is_shown: Whether anything is ever shown: stderr is a terminal.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self.is_shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._due = monotonic() + AFTER
        self._first: tuple[float, int] | None = None
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show that so much is done, of so much (None: not known)."""
        if not self.is_shown:
            return
        now = monotonic()
        if self._first is None:
            self._first = (now, done)  # what an earlier run did is no measure of speed
        if now < self._due:
            return
        self._due = now + EVERY
        self._show(done, total, now)

    def close(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self, done: int, total: int | None, now: float) -> None:
        if self._bar is None:
            self._bar = _bar()
            self._task = self._bar.add_task("", total=total, words="")
            self._bar.start()
        assert self._first is not None
        began, before = self._first
        speed = (done - before) / max(now - began, 1e-9)
        words = [f"{done:,} {self._noun}" if total is None else f"{done:,} of {total:,}"]
        words.append(f"{speed:,.0f} {self._noun} a second")
        if total is not None and speed > 0:
            words.append(f"{clock((total - done) / speed)} left")
        self._bar.update(self._task, completed=done, total=total, words=", ".join(words))


def progressing(
    things: Iterable[Thing], noun: str, total: Callable[[], int | None]
) -> Iterator[Thing]:
    """Yield things; on a terminal say how many there were, once it has taken a second.

    Args:
        things: What is gone through.
        noun: What they are.
        total: Says how many there are (None: not known); called only when it is to be shown.
    """
    with Progress(noun) as progress:
        if not progress.is_shown:
            yield from things
            return
        of = total()
        progress(0, of)
        for number, thing in enumerate(things, 1):
            yield thing
            progress(number, of)


def clock(seconds: float) -> str:
    """Return a time as it is read off a clock: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    return Bar(
        BarColumn(bar_width=24),
        TextColumn("{task.fields[words]}"),
        console=Console(stderr=True, highlight=False),
        transient=True,
        refresh_per_second=8,
    )
