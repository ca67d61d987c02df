"""The normal form: a knowledge base as the plans run it.

Rules keep the expressions and conditions of the resolved tree, put in order: conditions stand so
that everything is bound before it is read, positive patterns stay as written, each test stands
as early as its variables allow, `Predict` and what reads it stand last, references between facts
have become patterns with an `identity` where they stand positively.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heuron.check.tree import GivenFact, Goal, Query, Rule, Table
from heuron.values import Template


@dataclass(frozen=True, slots=True)
class Stratum:
    """Definitions that are brought to their fixpoint together, after all lower strata.

    `record` rules and all `tables` read and conclude fields of one record alone; `fixpoint`
    holds the other definitions, in rule order. `concludes` lists the fields (type, field) that
    are settled when the stratum is done, `derives` the types of its derived facts. Only derived
    types can be recursive. `reason` says in words why the rules got their plan.
    """

    index: int
    record: tuple[Rule, ...]
    tables: tuple[Table, ...]
    fixpoint: tuple[Rule, ...]
    concludes: tuple[tuple[str, str], ...]
    derives: tuple[str, ...]
    recursive: bool
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """The normal form of a knowledge base.

    `order` lists the names of all rules and table rows in rule order. `single_record` says that
    the goal can be answered for one record by the record plan alone: every definition is a
    record rule or a table on the goal's type, and there are no steps.
    """

    templates: Mapping[str, Template]
    goal: Goal | None
    concluded: Mapping[tuple[str, str], tuple[str, ...]]
    many: frozenset[tuple[str, str]]
    derived: frozenset[str]
    facts: tuple[GivenFact, ...]
    strata: tuple[Stratum, ...]
    steps: tuple[Rule, ...]
    queries: tuple[Query, ...]
    order: tuple[str, ...]
    single_record: bool
