"""Checks on the resolved tree: what would be unsafe or unclear when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from heuron.check import tree
from heuron.check.reads import fact_types, fields_read, reads_of, walk_typed
from heuron.check.strata import outputs
from heuron.diagnostics import Diagnostic, Severity, Span

__all__ = ["check_certainty", "check_derived", "check_mixtures"]


BOUNDS: Final = ("<", "<=", ">", ">=")
"""Comparisons with a lesser and a greater side."""


def _error(code: str, message: str, node: tree.Placed, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, node.span, hint)


def check_mixtures(base: tree.Base) -> Iterator[Diagnostic]:
    """Report rules that define and change at once."""
    defining = (tree.Conclude, tree.Derive)
    changing = (tree.Assert, tree.Modify, tree.Retract, tree.Halt)
    for rule in base.rules:
        defines = [one for one in rule.actions if isinstance(one, defining)]
        changes = [one for one in rule.actions if isinstance(one, changing)]
        if defines and changes:
            first = type(defines[0]).__name__.lower()
            second = type(changes[0]).__name__.lower()
            yield _error(
                "mixed-actions",
                f"{rule.name} defines (`{first}`) and changes (`{second}`) at once.",
                changes[0],
                "Split it in two: definitions are always true, steps happen one at a time.",
            )


def check_derived(base: tree.Base) -> Iterator[Diagnostic]:
    """Report steps that assert, modify or retract facts of a derived type."""
    for rule in base.rules:
        types = {
            one.variable: one.type_name for one in rule.conditions if isinstance(one, tree.Pattern)
        }
        for action in rule.actions:
            match action:
                case tree.Assert():
                    changed: str | None = action.type_name
                case tree.Modify() | tree.Retract():
                    changed = types.get(action.variable)
                case _:
                    continue
            if changed in base.derived:
                word = type(action).__name__.lower()
                yield _error(
                    "derived-type",
                    f"{changed} is derived by rules, so no rule may {word} it.",
                    action,
                    "Its facts come and go with their reasons: change those.",
                )


def check_certainty(base: tree.Base) -> Iterator[Diagnostic]:
    """Report rules that turn an uncertain conclusion into a fact without saying how certain."""
    uncertain = _uncertain(base)
    if not uncertain:
        return
    for rule in base.rules:
        if not rule.is_step and not any(isinstance(one, tree.Derive) for one in rule.actions):
            continue
        asked: set[tuple[str, str]] = set()
        capped: set[int] = set()
        reads: dict[tuple[str, str, str], Span] = {}
        for node, known, _ in walk_typed(rule.conditions, fact_types(rule.conditions)):
            if isinstance(node, tree.Compare) and node.operator in BOUNDS:
                lesser, greater = node.left, node.right
                if node.operator[0] == ">":
                    lesser, greater = greater, lesser
                # "At most 0.8" says nothing of how much is enough.
                capped.add(id(lesser))
                capped.discard(id(greater))  # of a chain that shares its middle
            elif isinstance(node, tree.CertaintyOf) and id(node) not in capped:
                asked.add((node.variable, node.field))
            for read in reads_of(node, known):
                if read[1:] in uncertain:
                    assert isinstance(node, (tree.Numbered, tree.Typed))
                    reads.setdefault(read, node.span)
        for (variable, type_name, field), span in reads.items():
            if (variable, field) in asked:
                continue
            yield Diagnostic(
                Severity.ERROR,
                "certainty-lost",
                f"{rule.name} makes a fact of {type_name}.{field}, which may be uncertain.",
                span,
                f"Say how certain it must be: {_enough(variable, type_name, field)}.",
            )
            break


def _enough(variable: str, type_name: str, field: str) -> str:
    """Return how to say how certain a field of a pattern's fact must be."""
    if variable.startswith("_"):
        return f"add `certainty({field}) >= 0.8` to its pattern"
    if not variable:
        return (
            f"match `t: {type_name}(…)` in a pattern of its own, with `certainty({field}) >= 0.8`"
        )
    return f"`certainty({variable}.{field}) >= 0.8`"


def _uncertain(base: tree.Base) -> set[tuple[str, str]]:
    """Return the concluded fields whose certainty can be below 1."""
    uncertain: dict[tuple[str, str], None] = {}
    readers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    items: list[tree.Rule | tree.Table] = [*base.rules, *base.tables]
    for item in items:
        targets = [(one[0], one[1]) for one in outputs(item) if len(one) == 2]
        if not targets:
            continue
        if isinstance(item, tree.Rule):
            parts: object = item.conditions
            types = fact_types(item.conditions)
            for action in item.actions:
                if isinstance(action, tree.Conclude) and action.certainty < 1.0:
                    uncertain[types[action.variable], action.field] = None
        else:
            parts, types = item.rows, {item.variable: item.type_name}
        for _, type_name, field in fields_read(parts, types):
            if (type_name, field) in base.concluded:
                readers.setdefault((type_name, field), []).extend(targets)
    waiting = list(uncertain)
    while waiting:
        for target in readers.get(waiting.pop(), ()):
            if target not in uncertain:
                uncertain[target] = None
                waiting.append(target)
    return set(uncertain)
