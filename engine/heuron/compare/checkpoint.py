"""How far a comparison of a file has come, kept so that one that is stopped can go on.

Owns the folder of a comparison: `state.json`, replaced as a whole, with the digests of file,
rules, models and options, the number of pieces that are done, and their counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any, Final

from heuron.compare.tally import Tally
from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["Checkpoint", "Stopped", "comparison_folder", "read_stopped"]

FORMAT: Final = 2
EVERY: Final = 1.0
"""Seconds between two writes; so much work is lost at most when a process is killed."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A comparison that was stopped.

    Attributes:
        digests: What it compared, by what it is of: file, rules, models, options.
        today: What `today()` was.
        pieces: The pieces that are done, the first ones of the file.
        tally: Their counts.
    """

    digests: Mapping[str, str]
    today: date
    pieces: int
    tally: Tally

    def check(self, digests: Mapping[str, str]) -> None:
        """Refuse to go on with something else.

        Raises:
            RuleError: Something changed (`changed-comparison`); the message says what.
        """
        changed = [what for what, digest in digests.items() if self.digests.get(what) != digest]
        if not changed:
            return
        verb = "has" if len(changed) == 1 and not changed[0].endswith("s") else "have"
        message = f"The comparison cannot go on, for {_listed(changed)} {verb} changed."
        hint = "Start it again without --resume."
        raise RuleError(Diagnostic(Severity.ERROR, "changed-comparison", message, hint=hint))


def comparison_folder(root: str, domain: str, data: Path) -> Path:
    """Return the folder of a comparison of a domain on a file, under a folder for all of them."""
    from hashlib import sha256

    name = sha256(f"{domain}\x1e{data.resolve()}".encode()).hexdigest()[:16]
    return Path(root) / name


def read_stopped(folder: Path) -> Stopped | None:
    """Return what a stopped comparison left in its folder; None when there is nothing of use."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            return None
        return Stopped(
            dict(state["digests"]),
            date.fromisoformat(state["today"]),
            int(state["pieces"]),
            Tally.from_dict(state["tally"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Checkpoint:
    """Writes how far a comparison has come, once a second at most.

    Args:
        folder: The folder of the comparison; None: nothing is written.
        digests: Gives what is compared; called before the first write, for a large file takes
            its time.
        today: What `today()` is.
    """

    def __init__(
        self, folder: Path | None, digests: Callable[[], Mapping[str, str]], today: date
    ) -> None:
        self._folder = folder
        self._digests = digests
        self._known: Mapping[str, str] | None = None
        self._today = today
        self._due = monotonic() + EVERY
        self._written = -1

    def keep(self, pieces: int, tally: Tally) -> None:
        """Write what is done when it is time to."""
        if monotonic() >= self._due:
            self.write(pieces, tally)

    def write(self, pieces: int, tally: Tally) -> None:
        """Write what is done, as a whole or not at all."""
        if self._folder is None or pieces == self._written:
            return
        if self._known is None:
            self._known = self._digests()
        state: dict[str, Any] = {
            "format": FORMAT,
            "digests": dict(self._known),
            "today": self._today.isoformat(),
            "pieces": pieces,
            "tally": tally.to_dict(),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f"state.{os.getpid()}.tmp"
        try:
            temporary.write_text(json.dumps(state), encoding="utf-8")
            temporary.replace(self._folder / "state.json")
        finally:
            temporary.unlink(missing_ok=True)
        self._written = pieces
        self._due = monotonic() + EVERY

    def remove(self) -> None:
        """Forget the comparison: it is finished, or begins again."""
        if self._folder is None or not self._folder.is_dir():
            return
        for file in self._folder.glob("state.*"):
            file.unlink(missing_ok=True)
        if not any(self._folder.iterdir()):
            self._folder.rmdir()
        self._written = -1


def _listed(names: list[str]) -> str:
    shown = [f"the {name}" if name != "data.toml" else name for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
