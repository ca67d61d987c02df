"""Checks on the resolved tree: what would be unsafe or unclear when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from heuron.check import tree
from heuron.check.reads import fact_types, fields_read, reads_of, walk_typed
from heuron.check.strata import outputs
from heuron.diagnostics import Diagnostic, Severity, Span
from heuron.values import Value, show

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
        asked, reads = _asked_and_read(rule, uncertain)
        for (variable, type_name, field), span, levels in reads:
            enough = asked.get((variable, field), {})
            # Of a field with several values, the best one's certainty says nothing of another.
            is_several = bool(levels) and (type_name, field) in base.many
            if (None in enough and not is_several) or (
                levels and all(one in enough for one in levels)
            ):
                continue
            level = f", {_shown(levels[0])}" if is_several else ""
            yield Diagnostic(
                Severity.ERROR,
                "certainty-lost",
                f"{rule.name} makes a fact of {type_name}.{field}, which may be uncertain.",
                span,
                f"Say how certain it must be: {_enough(variable, type_name, field, level)}.",
            )
            break


Level = tuple[str, Value]
"""A value that a certainty is asked of, or that a field is tested for: how it is written."""

Asked = dict[tuple[str, str], dict[Level | None, None]]
"""By variable and field: what `certainty(…) >= 0.8` was asked of; None is the field's value."""

Read = tuple[tuple[str, str, str], Span, tuple[Level, ...]]
"""What is read (as `fields_read` says it), where, and the values that it is tested for, if any."""


def _asked_and_read(rule: tree.Rule, uncertain: set[tuple[str, str]]) -> tuple[Asked, list[Read]]:
    asked: Asked = {}
    capped: set[int] = set()
    tested: dict[int, tuple[Level, ...]] = {}
    reads: dict[tuple[tuple[str, str, str], tuple[Level, ...]], Span] = {}
    for node, known, _ in walk_typed(rule.conditions, fact_types(rule.conditions)):
        match node:
            case tree.Compare() if node.operator in BOUNDS:
                lesser, greater = node.left, node.right
                if node.operator[0] == ">":
                    lesser, greater = greater, lesser
                # "At most 0.8" says nothing of how much is enough.
                capped.add(id(lesser))
                capped.discard(id(greater))  # of a chain that shares its middle
            case tree.Compare() if node.operator == "==":
                tested[id(node.left)] = _levels(node.right)
                tested[id(node.right)] = _levels(node.left)
            case tree.Membership():
                levels = [_levels(one) for one in node.options]
                if all(levels):
                    tested[id(node.item)] = tuple(one for some in levels for one in some)
            case tree.Holds():
                tested[id(node)] = _levels(node.value)
            case tree.Bind():
                tested[id(node.expression)] = (("variable", node.variable),)
            case tree.CertaintyOf() if id(node) not in capped:
                level = None if node.value is None else (*_levels(node.value), None)[0]
                if node.value is None or level is not None:
                    asked.setdefault((node.variable, node.field), {})[level] = None
        for read in reads_of(node, known):
            if read[1:] in uncertain:
                assert isinstance(node, (tree.Numbered, tree.Typed))
                levels_read = tested.get(id(node), ())
                if isinstance(node, tree.Pattern):
                    bound = {one.field: one.variable for one in node.bindings}
                    levels_read = (("variable", bound[read[2]]),)
                reads.setdefault((read, levels_read), node.span)
    return asked, [(read, span, levels) for (read, levels), span in reads.items()]


def _levels(node: tree.Expression) -> tuple[Level, ...]:
    """Return a constant or a variable as a level, alone; nothing for other expressions."""
    match node:
        case tree.Constant():
            return (("value", node.value),)
        case tree.Variable():
            return (("variable", node.name),)
    return ()


def _shown(level: Level) -> str:
    """Return a level as it is written in a rule."""
    return str(level[1]) if level[0] == "variable" else show(level[1])


def _enough(variable: str, type_name: str, field: str, level: str = "") -> str:
    """Return how to say how certain a field of a pattern's fact must be."""
    if variable.startswith("_"):
        return f"add `certainty({field}{level}) >= 0.8` to its pattern"
    if not variable:
        return (
            f"match `t: {type_name}(…)` in a pattern of its own, with "
            f"`certainty({field}{level}) >= 0.8`"
        )
    return f"`certainty({variable}.{field}{level}) >= 0.8`"


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
