"""Sessions that run on the engine experta: the same facts, another matcher and agenda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.infer.experta.state import experta_state, missing
from heuron.infer.searching import run_on_agenda
from heuron.knowledge.session import Session
from heuron.values import Fact

if TYPE_CHECKING:
    from heuron.infer.host import Host
    from heuron.infer.limits import Limits
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["ExpertaSession", "on_experta"]


class ExpertaSession(Session):
    """A session on experta: it asserts, runs and answers queries, and keeps no reasons."""

    __slots__ = ()
    _state: Any

    @property
    def _memory_state(self) -> Any:
        return self._state.memory_state

    def explain(self, fact: Fact | int, field: str | None = None, *, all: bool = False) -> Any:
        """Refuse: experta keeps no reasons."""
        raise missing("keeps no reasons, so it explains nothing")

    def saved(self) -> dict[str, object]:
        """Refuse: what has fired is experta's own affair."""
        raise missing("does not tell what has fired, so its sessions are not saved")


def on_experta(
    knowledge: KnowledgeBase,
    engine: str,
    host: Host,
    limits: Limits | None,
    strategy: str,
    definitions: str,
    saved: object,
) -> Session:
    """Return a new session that runs on another engine, with the file's initial facts.

    Raises:
        RuleError: It is not experta, has not what is asked for, is not installed, or cannot
            express the rules.
    """
    if engine != "experta":
        message, hint = f'There is no engine "{engine}".', "There are heuron and experta."
        raise RuleError(Diagnostic(Severity.ERROR, "usage", message, hint=hint))
    if strategy != "depth":
        raise missing(f"knows the strategy depth, and not {strategy}")
    if run_on_agenda(definitions):
        raise missing("runs definitions its own way, and not on the plan agenda")
    if saved is not None:
        raise missing("takes up no saved sessions")
    state: Any = experta_state(knowledge.engine, host, limits)
    return ExpertaSession(knowledge, state)
