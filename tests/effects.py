"""What the rules that fired in a trial consist of: which parts of the language had an effect.

A trial in which nothing fired says nothing, and neither does a part of the language that stands
only in rules that never fire.
"""

from __future__ import annotations

from collections import Counter
from typing import get_args

from heuron.check import tree
from naive_logic import walk
from playing import Outcome

FEATURES = {
    tree.Negation: "not",
    tree.Exists: "exists",
    tree.Forall: "forall",
    tree.Either: "either",
    tree.Test: "test",
    tree.Aggregate: "aggregate",
    tree.ReferencedField: "reference",
    tree.CertaintyOf: "certainty()",
    tree.Holds: "many, tested",
    tree.Predict: "predict",
    tree.Call: "function",
    tree.Membership: "in",
    tree.Arithmetic: "arithmetic",
    tree.Or: "or",
    tree.Bind: "binding",
    tree.IsUnknown: "is unknown",
    tree.Conclude: "conclude",
    tree.Derive: "derive",
    tree.Assert: "assert",
    tree.Modify: "modify",
    tree.Retract: "retract",
    tree.Because: "because",
    tree.Log: "log",
    tree.Halt: "halt",
}

SCOPES = (tree.Negation, tree.Exists, tree.Forall, tree.Either)

KINDS = {
    one.__name__
    for union in (tree.Expression, tree.Condition, tree.Action)
    for one in get_args(union)
} - {"BackendOf"}
"""Every kind of expression, condition and action of a rule; backends are a dispatch's."""


def nodes_that_fired(base: tree.Base, outcome: Outcome) -> dict[str, list[object]]:
    """Return everything in the rules that fired, by rule; the rows of tables among them."""
    named = [one for run in (*outcome.fired, *outcome.definitions) for one in run]
    fired = {str(one[0]) for one in named}
    found = {
        rule.name: list(walk((rule.conditions, rule.actions)))
        for rule in base.rules
        if rule.name in fired
    }
    rows = [row for table in base.tables for row in table.rows if row.name in fired]
    return found | {row.name: list(walk((row.tests, row.value))) for row in rows}


def kinds_that_fired(base: tree.Base, outcome: Outcome) -> set[str]:
    """Return the kinds of nodes in the rules that fired."""
    return {type(one).__name__ for some in nodes_that_fired(base, outcome).values() for one in some}


def count(base: tree.Base, outcome: Outcome, counts: Counter[str]) -> None:
    """Count what had an effect, by feature of the rules that fired."""
    counts["with effects"] += outcome.has_effect
    counts["firings of steps"] += sum(map(len, outcome.fired))
    counts["firings of definitions"] += sum(map(len, outcome.definitions))
    counts["with steps fired"] += any(outcome.fired)
    counts["with changes refused"] += bool(outcome.errors)
    counts["steps refused"] += sum(one == ("refused",) for run in outcome.fired for one in run)
    nodes = nodes_that_fired(base, outcome)
    for rule in base.rules:
        if rule.name in nodes:
            kind = "step" if rule.is_step else "definition"
            patterns = sum(isinstance(one, tree.Pattern) for one in rule.conditions)
            counts[f"{kind} fired with {min(patterns, 3)} patterns"] += 1
            for feature in features_of(nodes[rule.name]):
                counts[f"{kind} fired with {feature}"] += 1
    for table in base.tables:
        if any(name.startswith(table.name + "[") for name in nodes):
            counts[f"table fired, {table.hit}"] += 1
    counts["queries with answers"] += any(one for run in outcome.answers for one in run)
    counts["reports"] += any(outcome.reports)


def features_of(nodes: list[object]) -> set[str]:
    """Return the features that a rule's nodes show."""
    features = {FEATURES[type(one)] for one in nodes if type(one) in FEATURES}
    features |= {"many, each" for one in nodes if isinstance(one, tree.Pattern) and one.each}
    inside = (list(walk(vars_of(one))) for one in nodes if isinstance(one, SCOPES))
    if any(isinstance(one, SCOPES) for some in inside for one in some):
        features.add("scope in scope")
    return features


def vars_of(node: object) -> tuple[object, ...]:
    """Return the parts of a condition with a scope of its own."""
    match node:
        case tree.Forall(pattern=pattern, have=have):
            return (pattern, *have)
        case tree.Either(branches=branches):
            return branches
        case tree.Negation(conditions=conditions) | tree.Exists(conditions=conditions):
            return conditions
    return ()
