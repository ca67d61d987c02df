"""Progress bars on stderr, for people who look at a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

__all__ = ["bars"]


@contextlib.contextmanager
def bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what shows how far things have come (name, steps done, steps in all).

    One bar a name, gone when the command goes on; None where stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    look = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*look, TimeElapsedColumn(), console=console, transient=True) as shown:
        tasks: dict[str, int] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            shown.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield step
