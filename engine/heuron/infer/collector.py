"""The cyclic garbage collector, kept out of a run.

Rows and activations are tuples without cycles: there is nothing for it to find, and looking costs
up to two thirds of a run. The limit on facts bounds what a run itself can leave. What the host's
own functions and listeners leave is unknown: when there are any, it is looked for now and then.
"""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["CollectorOff"]

MANY: Final = 16_384
"""Firings after which the host's garbage is looked for."""


class CollectorOff:
    """Keeps the collector off while a run lasts, and restores it, also after an error."""

    __slots__ = ("_next_look", "_was_on")

    def __init__(self) -> None:
        self._was_on = gc.isenabled()
        self._next_look = MANY

    def __enter__(self) -> CollectorOff:
        gc.disable()
        return self

    def __exit__(self, *problem: object) -> None:
        if self._was_on:
            gc.enable()

    def look(self, firings: int) -> None:
        """Look for cycles among what was made since the last look, if many steps have fired."""
        if firings >= self._next_look and self._was_on:
            self._next_look = firings + MANY
            gc.collect(1)
