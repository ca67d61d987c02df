"""What a random trial consists of: parts that can be left out one by one, and choices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Chance(Protocol):
    """A source of choices."""

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""


class FromRandom:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        """Return a whole number, both ends in."""
        return self.random.randint(low, high)


# What a trial consists of: parts that can be left out one by one when a difference is minimised


@dataclass(frozen=True)
class RuleText:
    """A rule in parts."""

    name: str
    conditions: tuple[str, ...]
    actions: tuple[str, ...]
    salience: int = 0

    def __str__(self) -> str:
        lines = [f"rule {self.name}:"]
        lines += [f"    salience {self.salience}"] if self.salience else []
        if self.conditions:
            lines += ["    when:", *indented(self.conditions)]
        return "\n".join([*lines, "    then:", *indented(self.actions)])


@dataclass(frozen=True)
class TableText:
    """A decision table in parts."""

    name: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]

    def __str__(self) -> str:
        lines = [f"table {self.name}({self.head}:", "    " + " | ".join(self.columns) + " -> v"]
        lines[1] = lines[1].removesuffix("v") + self.head.split("-> ")[1].split(")")[0]
        return "\n".join(
            [*lines, *(f"    {' | '.join(cells)} -> {value}" for cells, value in self.rows)]
        )


@dataclass(frozen=True)
class Event:
    """Something the host does: `do` is assert, modify, retract or run.

    `label` names a fact of the host; a label among the values (`Ref`) is a reference.
    """

    do: str
    label: str = ""
    type: str = ""
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Ref:
    """A reference to one of the host's facts by its label."""

    label: str


@dataclass(frozen=True)
class Trial:
    """A program and a host's script."""

    types: tuple[str, ...]
    goal: str | None
    facts: tuple[str, ...]
    rules: tuple[RuleText, ...]
    tables: tuple[TableText, ...] = ()
    queries: tuple[str, ...] = ()
    script: tuple[Event, ...] = ()
    seed: int | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """The program as a `.rules` file."""
        parts = [*self.types, *([self.goal] if self.goal else [])]
        parts += ["facts:\n" + "\n".join(f"    {one}" for one in self.facts)] if self.facts else []
        parts += [*map(str, self.rules), *map(str, self.tables), *self.queries]
        return "\n".join(parts) + "\n"


def indented(parts: Sequence[str]) -> list[str]:
    """Return the lines of some conditions or actions, indented as below `when:`."""
    return [f"        {line}" for part in parts for line in part.split("\n")]
