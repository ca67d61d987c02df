"""What is known of a knowledge base beside its rules' code, in two portions.

Owns the plain data that `KnowledgeBase` shows. The light portion is needed to answer; the heavy
one (the resolved tree, the texts) is read back from the cache only when somebody asks for it.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heuron.check.tree import Base
    from heuron.diagnostics import Diagnostic
    from heuron.knowledge.base import Block, GoalField, RuleEntry

__all__ = ["Parts"]

LIGHT = (
    "path",
    "name",
    "question",
    "data",
    "goal",
    "concluded",
    "rules",
    "queries",
    "blocks",
    "models",
    "warnings",
    "has_steps",
    "example",
    "digest",
)


class Parts:
    """The data of a knowledge base.

    `path` is the main file as messages show it, `example` evidence for a first question (from the
    file's first test), `has_steps` whether rules change working memory, `digest` identifies the
    rules (see `rules_digest`).
    """

    __slots__ = (*LIGHT, "_heavy", "_packed")

    path: str
    name: str
    question: str | None
    data: str | None
    goal: GoalField | None
    concluded: Mapping[tuple[str, str], tuple[str, ...]]
    rules: tuple[RuleEntry, ...]
    queries: tuple[tuple[str, tuple[str, ...]], ...]
    blocks: tuple[Block, ...]
    models: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    has_steps: bool
    example: Mapping[str, object]
    digest: str

    def __init__(
        self, light: Mapping[str, Any], heavy: tuple[Base, dict[str, str]] | bytes
    ) -> None:
        for name in LIGHT:
            setattr(self, name, light[name])
        self._packed = heavy if isinstance(heavy, bytes) else None
        self._heavy = None if isinstance(heavy, bytes) else heavy

    def packed(self) -> tuple[dict[str, Any], bytes]:
        """Return both portions for a cache."""
        heavy = self._packed if self._packed is not None else pickle.dumps(self._heavy, 5)
        return {name: getattr(self, name) for name in LIGHT}, heavy

    @property
    def tree(self) -> Base:
        """The resolved tree."""
        return self._unpacked()[0]

    @property
    def files(self) -> dict[str, str]:
        """The texts by the path that messages show, the main file first."""
        return self._unpacked()[1]

    def _unpacked(self) -> tuple[Base, dict[str, str]]:
        if self._heavy is None:
            assert self._packed is not None
            self._heavy = pickle.loads(self._packed)
        return self._heavy
