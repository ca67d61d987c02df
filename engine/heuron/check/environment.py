"""What checking needs to know of the world outside the rule file, handed in by the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from heuron.check.tree import HostFunction

__all__ = ["Environment"]


@dataclass(frozen=True, slots=True)
class Environment:
    """Known models, host functions, and how files are read.

    `models` are the names of the domain's model specs; None when the domain has none, and then
    an unknown model is a warning instead of an error. `read(path, using)` returns the path to
    show and the text of a file that `using` names; it raises `RuleError` or `OSError` when there
    is none. `read_table(path, using)` returns the rows of a table file as text. Without these
    two no file is read.
    """

    models: frozenset[str] | None = None
    functions: Mapping[str, HostFunction] = field(default_factory=dict)
    read: Callable[[str, str], tuple[str, str]] | None = None
    read_table: Callable[[str, str], list[list[str]]] | None = None
