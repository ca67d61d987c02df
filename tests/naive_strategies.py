"""The oracle's conflict resolution, from the language reference alone."""

from __future__ import annotations

from hashlib import blake2b

from heuron.check import tree
from heuron.check.walk import walk
from heuron.plan.lower import lower_rule

COUNTED = (tree.Pattern, tree.Compare, tree.Membership, tree.Holds, tree.IsUnknown)


def specificity(rule: tree.Rule) -> int:
    """Return how many patterns and comparisons a rule has, references followed included."""
    conditions = lower_rule(rule).conditions
    return len([node for node in walk(conditions) if isinstance(node, COUNTED)])


def longer_first(events: list[int]) -> list[int]:
    """Return a key by which newer events come first, and of equal beginnings the longer one."""
    return [-event for event in sorted(events, reverse=True)] + [1]


def preference(name: str, event: int, rule: tree.Rule, events: list[int]) -> tuple[object, ...]:
    """Return the key by which a strategy orders activations: the smallest fires first."""
    if name == "depth":
        return (-event,)
    if name == "breadth":
        return (event,)
    if name == "lex":
        return (longer_first(events), -specificity(rule))
    if name == "mea":
        first = -events[0] if events else 1
        return (first, longer_first(events), -specificity(rule))
    if name == "simplicity":
        return (specificity(rule), event)
    if name == "complexity":
        return (-specificity(rule), event)
    seed = name[len("random(") : -1]
    return (blake2b(f"{seed}\0{rule.name}\0{event}".encode(), digest_size=8).digest(),)
