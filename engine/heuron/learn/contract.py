"""What data and models must know of a knowledge base: the contract that both sides share.

Owns `Contract`. Training, data and estimators take it, so that they need no knowledge base.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.values import Field, Template

if TYPE_CHECKING:
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["Contract", "contract_of"]


@dataclass(frozen=True, slots=True)
class Contract:
    """A domain's template, its goal, and what rules conclude.

    `goal` is the name of the goal's field; `tolerance` (of a numeric goal) is absolute, or in
    per cent where `percent` holds. `concluded` names the template's fields that rules conclude.
    `data` is the rule file's default source, relative to `folder`, the rule file's own folder.
    `digest` identifies the rules, for models that read a concluded field, and `rules` concludes
    them; None where the contract was made without a knowledge base.
    """

    domain: str
    template: Template
    goal: str
    many: bool = False
    tolerance: float | None = None
    percent: bool = False
    concluded: frozenset[str] = frozenset()
    data: str | None = None
    folder: str | None = None
    digest: str | None = None
    rules: KnowledgeBase | None = field(default=None, compare=False, repr=False)

    @property
    def field(self) -> Field:
        """The goal's field."""
        return self.template[self.goal]

    @property
    def is_regression(self) -> bool:
        """Whether the goal is a number rather than one of several classes."""
        return self.field.type.is_numeric

    @property
    def classes(self) -> tuple[str | bool, ...]:
        """The goal's levels in template order; of a boolean false, true; of a number none."""
        kind = self.field.type
        return (False, True) if kind.kind == "boolean" else kind.levels

    def is_right(self, answer: object, truth: object) -> bool:
        """Return whether an answer counts as right: equal, or a number within the tolerance."""
        if not self.is_regression:
            return bool(answer == truth)
        allowed = self.tolerance or 0.0
        if self.percent:
            allowed *= abs(truth) / 100  # type: ignore[arg-type]
        return bool(abs(answer - truth) <= allowed)  # type: ignore[operator]


def contract_of(kb: KnowledgeBase) -> Contract:
    """Return the contract of a knowledge base with a goal.

    Raises:
        RuleError: When it has no goal.
    """
    goal = kb.goal
    if goal is None:
        message = f"{kb.name} has no goal, so there is nothing to learn."
        hint = "Add `goal Type.field` to the rule file."
        raise RuleError(Diagnostic(Severity.ERROR, "missing-goal", message, hint=hint))
    concluded = (name for type_name, name in kb.concluded if type_name == goal.type_name)
    return Contract(
        domain=kb.name,
        template=kb.template,
        goal=goal.field,
        many=goal.many,
        tolerance=goal.tolerance,
        percent=goal.percent,
        concluded=frozenset(concluded),
        data=kb.data,
        folder=os.path.dirname(kb.path) if kb.path else None,
        digest=kb.digest,
        rules=kb,
    )
