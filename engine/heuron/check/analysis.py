"""All checks of a rule file, in order: names, types, safety, strata."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from heuron.check.conditions import resolve_group
from heuron.check.context import Context
from heuron.check.environment import Environment
from heuron.check.expressions import resolve as resolve_expression
from heuron.check.gather import gather
from heuron.check.loops import check_loops
from heuron.check.never import check_never
from heuron.check.resolve import resolve_base
from heuron.check.safety import check_certainty, check_derived, check_mixtures
from heuron.check.strata import check_cycles
from heuron.check.tree import Base
from heuron.diagnostics import Diagnostic, sort_key

__all__ = ["CHECKS", "analyse", "check_text"]

CHECKS: Final[tuple[Callable[[Base], Iterator[Diagnostic]], ...]] = (
    check_mixtures,
    check_derived,
    check_cycles,
    check_certainty,
    check_loops,
    check_never,
)
"""The checks on a resolved knowledge base, in order. A new check is a function and a line here."""


def analyse(
    text: str, path: str, environment: Environment | None = None
) -> tuple[Base | None, tuple[Diagnostic, ...]]:
    """Parse, resolve and check a rule file and all that it uses.

    Args:
        text: The text of the file.
        path: Its path, as messages show it.
        environment: Known models, host functions, and how files are read.

    Returns:
        The resolved knowledge base, or None when there is an error; and all diagnostics, located
        and sorted.
    """
    context = Context(environment or Environment(), resolve_expression, resolve_group)
    items = gather(text, path, context)
    base = resolve_base(items, context)
    if not any(one.is_error for one in context.diagnostics):
        for check in CHECKS:
            context.diagnostics += check(base)
    found = _located(context)
    failed = any(one.is_error for one in found)
    return (None if failed else base), found


def check_text(
    text: str, path: str, environment: Environment | None = None
) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with a rule file and what it uses, as `analyse` does."""
    return analyse(text, path, environment)[1]


def _located(context: Context) -> tuple[Diagnostic, ...]:
    """Return the diagnostics with lines and columns, each once, sorted."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for one in context.diagnostics:
        source = context.texts.get(one.span.file) if one.span else None
        placed = one.located(source) if source else one
        found.setdefault((sort_key(placed), placed.severity), placed)
    return tuple(sorted(found.values(), key=sort_key))
