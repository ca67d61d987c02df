"""Writing Python source: lines with indentation, fresh names, constants.

INVARIANT: what a user wrote enters the source only through `Constants`, as a plain value; names
of the source are made here and numbered.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from heuron.values import UNKNOWN, Value

__all__ = ["Constants", "Writer"]


class Constants:
    """Constants of a module: short ones as literals, the others under names of their own."""

    __slots__ = ("_names", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def literal(self, value: Value) -> str:
        """Return source for a value: a literal, or the name of a constant."""
        if value is UNKNOWN:
            return "UNKNOWN"
        if isinstance(value, (tuple, list, dict, date, timedelta)):
            return self.named(_spelled(value))
        return _spelled(value)

    def named(self, spelled: str) -> str:
        """Return the name of a module constant with this source."""
        name = self._names.get(spelled)
        if name is None:
            name = self._names[spelled] = f"k{len(self._names)}"
            self.lines.append(f"{name} = {spelled}")
        return name


def _spelled(value: Value) -> str:
    if value is UNKNOWN:
        return "UNKNOWN"
    if value is None or value is True or value is False:
        return repr(value)
    if isinstance(value, str):
        return repr(str(value))
    if isinstance(value, (int, float)):
        return repr(value) if value >= 0 else f"({value!r})"
    if isinstance(value, datetime):
        parts = (value.year, value.month, value.day, value.hour, value.minute, value.second)
        return f"datetime({', '.join(map(repr, parts))}, {value.microsecond!r})"
    if isinstance(value, date):
        return f"date({value.year!r}, {value.month!r}, {value.day!r})"
    if isinstance(value, timedelta):
        return f"timedelta({value.days!r}, {value.seconds!r}, {value.microseconds!r})"
    if isinstance(value, dict):
        inside = ", ".join(f"{_spelled(key)}: {_spelled(one)}" for key, one in value.items())
        return f"{{{inside}}}"
    assert isinstance(value, (tuple, list)), f"no constant: {type(value).__name__}"
    inside = "".join(f"{_spelled(one)}, " for one in value)
    return f"({inside})"


class Writer:
    """Collects the lines of one function and numbers its locals."""

    __slots__ = ("_counts", "depth", "lines")

    def __init__(self, depth: int = 1) -> None:
        self.lines: list[str] = []
        self.depth = depth
        self._counts: dict[str, int] = {}

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self.lines.append("    " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        """Return a new local name: the prefix and a number."""
        number = self._counts.get(prefix, 0)
        self._counts[prefix] = number + 1
        return f"{prefix}{number}"

    def continued(self) -> Writer:
        """Return a writer for a function that goes on with the same locals."""
        writer = Writer()
        writer._counts = self._counts
        return writer

    def keep(self, source: str, prefix: str = "x") -> str:
        """Assign an expression to a new local and return its name; a name stays as it is."""
        if source.isidentifier():
            return source
        name = self.fresh(prefix)
        self.line(f"{name} = {source}")
        return name
