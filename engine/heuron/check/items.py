"""Resolving what asks and decides: queries, dispatch blocks, tests; and rules as a whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from heuron.check import tree
from heuron.check.conditions import binders, check_model, resolve_group, unused
from heuron.check.constants import NotConstant, fold, number
from heuron.check.context import Context, Scope
from heuron.check.expressions import resolve
from heuron.check.facts import given_facts, resolve_actions
from heuron.check.parameters import parameter_types
from heuron.check.tree import ANY
from heuron.check.words import meant
from heuron.lang import ast
from heuron.values import FieldType

__all__ = ["resolve_dispatch", "resolve_query", "resolve_rule", "resolve_test"]


def resolve_rule(node: ast.Rule, name: str, index: int, context: Context) -> tree.Rule:
    """Resolve a rule; `index` is its place in rule order."""
    context.start_rule()
    before = context.errors()
    scope = Scope()
    conditions = resolve_group(node.conditions, scope, context)
    actions = resolve_actions(node.actions, scope, context)
    if context.errors() == before and not scope.lost:
        unused(scope, binders(node.conditions), context)
    context.end_rule()
    salience = 0
    if node.salience is not None:
        found = number(node.salience, "Salience", context)
        if found is not None and found != int(found):
            context.error("bad-constant", "Salience is a whole number.", node.salience.span)
        salience = int(found or 0)
    return tree.Rule(name, node.title, index, salience, conditions, actions, span=node.span)


def resolve_query(node: ast.Query, name: str, context: Context) -> tree.Query:
    """Resolve a query, its parameters typed by their uses.

    It is resolved twice: with parameters that go with everything, which shows their uses, and
    with the types of these.
    """
    said, before = len(context.diagnostics), set(context.said)
    conditions, value = _asked(node, dict.fromkeys(node.parameters, ANY), context)
    types = parameter_types(
        node.parameters, conditions, value, context.templates, context.environment.functions
    )
    if any(one != ANY for one in types.values()):
        del context.diagnostics[said:]
        context.said = before
        conditions, value = _asked(node, types, context)
    return tree.Query(
        name, node.parameters, conditions, value, tuple(types.values()), span=node.span
    )


def _asked(
    node: ast.Query, types: dict[str, FieldType], context: Context
) -> tuple[tuple[tree.Condition, ...], tree.Expression]:
    """Resolve a query's conditions and value, its parameters being of these types."""
    context.start_rule()
    before = context.errors()
    scope = Scope()
    scope.values.update(types)
    outer = scope.inner()
    conditions = resolve_group(node.conditions, outer, context)
    value = resolve(node.value, outer, context)
    parameters = {parameter: node.span for parameter in node.parameters}
    if context.errors() == before and not outer.lost:
        unused(outer, {**binders(node.conditions), **parameters}, context)
    context.end_rule()
    return conditions, value


# Dispatch


def resolve_dispatch(
    node: ast.Dispatch, called: Collection[str], context: Context
) -> tree.Dispatch:
    """Resolve a dispatch block; `called` are the models that rules call with `predict`."""
    routes = []
    for line, route in enumerate(node.routes, start=1):
        routes.append(_route(route, line, called, context))
    if not routes:
        context.error("missing-goal", "A dispatch block needs a route.", node.span)
    return tree.Dispatch(node.name, tuple(routes), span=node.span)


def _route(node: ast.Route, line: int, called: Collection[str], context: Context) -> tree.Route:
    context.start_rule()
    before = context.errors()
    if node.backend in ("model", "agree") and node.name is not None:
        check_model(node.name, node.span, "never answers", context)
    if node.backend == "agree" and node.name is not None and node.name in called:
        context.error(
            "agree-with-caller",
            f"The rules call {node.name}, so they would agree with themselves.",
            context.word(node.span, node.name),
            "Compare with a model that no rule calls.",
        )
    scope = Scope()
    scope.in_dispatch = True
    conditions: tuple[tree.Condition, ...] = ()
    if node.conditions is not None:
        conditions = resolve_group(node.conditions, scope, context)
        if context.errors() == before and not scope.lost:
            unused(scope, binders(node.conditions), context)
    context.end_rule()
    return tree.Route(
        line, node.backend, node.name, node.reason, conditions, context.text(node.span),
        span=node.span,
    )  # fmt: skip


# Tests


def resolve_test(node: ast.Test, rules: Collection[str], context: Context) -> tree.TestCase:
    """Resolve a test; `rules` are the names that `because` may use."""
    context.start_rule()
    facts = [one for one in node.given if isinstance(one, ast.FactExpression)]
    given = given_facts(facts, context, complete=False)
    today = None
    for one in node.given:
        if isinstance(one, ast.Setting):
            today = _today(one, context)
    expects: list[tree.Expect | tree.ExpectRoute] = []
    for expect in node.expects:
        if isinstance(expect, ast.ExpectRoute):
            if expect.backend == "model" and expect.name is not None:
                check_model(expect.name, expect.span, "never answers", context)
            text = context.text(expect.span)
            expects.append(tree.ExpectRoute(expect.backend, expect.name, text, span=expect.span))
            continue
        made = _expect(expect, given, rules, context)
        if made is not None:
            expects.append(made)
    return tree.TestCase(node.title, today, given, tuple(expects), span=node.span)


def _today(node: ast.Setting, context: Context) -> date | None:
    if node.name != "today":
        context.error(
            "unknown-name",
            f'"{node.name}" cannot be set in a test.',
            context.word(node.span, node.name),
            "`today = 2026-11-24` fixes the date; facts are given as `a: Type(field = value)`.",
        )
        return None
    try:
        value = fold(resolve(node.value, Scope(), context))
    except NotConstant:
        value = None
    if type(value) is not date:
        context.error("type-mismatch", "`today` is a date, like 2026-11-24.", node.value.span)
        return None
    return value


def _expect(
    node: ast.Expect,
    given: tuple[tree.GivenFact, ...],
    rules: Collection[str],
    context: Context,
) -> tree.Expect | None:
    scope = Scope()
    for fact in given:
        if fact.binder is None:
            continue
        if fact.type_name in context.templates:
            scope.facts[fact.binder] = fact.type_name
        else:
            scope.lost.add(fact.binder)
    conditions = resolve_group((node.condition,), scope.inner(), context)
    context.end_rule()
    name = node.because
    if name is not None and name not in rules and not context.is_excused(name.partition("[")[0]):
        place = context.word(node.span, name)
        context.error("unknown-rule", f"There is no rule {name}.", place, meant(name, rules))
    if not conditions:
        return None
    return tree.Expect(conditions[0], node.because, context.text(node.span), span=node.span)
