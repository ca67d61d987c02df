"""From parsed files to a resolved knowledge base: the only place where names are decided."""

from __future__ import annotations

from collections.abc import Iterator

from heuron.check import tree
from heuron.check.context import Context, Placed
from heuron.check.declarations import check_lets, declare_lets, declare_types, resolve_goal
from heuron.check.facts import given_facts
from heuron.check.items import resolve_dispatch, resolve_query, resolve_rule, resolve_test
from heuron.check.tables import resolve_table
from heuron.check.walk import walk
from heuron.diagnostics import Related
from heuron.lang import ast

__all__ = ["resolve_base"]


def resolve_base(items: list[Placed], context: Context) -> tree.Base:
    """Resolve the items of a file and of all that it uses; errors go into the context."""
    # Bounds and defaults of fields may be lets.
    declare_lets(items, context)
    declare_types(items, context)
    goal = _goal(items, context)
    _find_concluded(items, context)
    if goal is not None:
        field = context.templates[goal.type_name].get(goal.field)
        assert field is not None
        context.goal_type = field.type
        if goal.many:
            context.many.add((goal.type_name, goal.field))
    check_lets(context)
    _unique_names(items, context)
    rules, tables = _rules_and_tables(items, context)
    facts = _facts(items, context)
    called = {
        one.model
        for rule in rules
        for one in walk(rule.conditions)
        if isinstance(one, tree.Predict)
    }
    names = [one.name for one in rules]
    names += [name for one in tables for name in (one.name, *(row.name for row in one.rows))]
    dispatches = tuple(
        resolve_dispatch(one.item, called, context)
        for one in _of(items, ast.Dispatch, context)
        if isinstance(one.item, ast.Dispatch)
    )
    written = any(isinstance(one.item, ast.Goal) for one in items)
    if dispatches and not written and not context.is_excused("goal"):
        context.error(
            "missing-goal",
            "A dispatch block decides who answers, and this file asks for nothing.",
            dispatches[0].span,
            "Say what is asked for: `goal Type.field`.",
        )
    queries = tuple(
        resolve_query(one.item, one.prefix + one.item.name, context)
        for one in _of(items, ast.Query, context)
        if isinstance(one.item, ast.Query)
    )
    tests = tuple(
        resolve_test(one.item, names, context)
        for one in _of(items, ast.Test, context)
        if isinstance(one.item, ast.Test)
    )
    domain = next((one.item for one in items if isinstance(one.item, ast.Domain)), None)
    data = next((one.item for one in items if isinstance(one.item, ast.Data)), None)
    derived = frozenset(
        action.type_name
        for rule in rules
        for action in rule.actions
        if isinstance(action, tree.Derive)
    )
    return tree.Base(
        domain=domain.name if domain else None,
        question=domain.question if domain else None,
        data=data.source if data else None,
        goal=goal,
        templates=context.templates,
        facts=facts,
        rules=rules,
        tables=tables,
        concluded=context.concluded,
        many=frozenset(context.many),
        derived=derived,
        dispatches=dispatches,
        queries=queries,
        tests=tests,
        texts=context.texts,
    )


def _of(items: list[Placed], kind: type[ast.Node], context: Context) -> Iterator[Placed]:
    """Yield the items of a kind, with names looked up in the module of each."""
    for placed in items:
        if isinstance(placed.item, kind):
            context.prefix = placed.prefix
            yield placed
    context.prefix = ""


def _goal(items: list[Placed], context: Context) -> tree.Goal | None:
    goals = [one.item for one in items if isinstance(one.item, ast.Goal)]
    for kind, listed in (
        ("goal", goals),
        ("domain", [one.item for one in items if isinstance(one.item, ast.Domain)]),
        ("data", [one.item for one in items if isinstance(one.item, ast.Data)]),
    ):
        for extra in listed[1:]:
            context.error("duplicate-name", f"A file has one `{kind}`.", extra.span)
    return resolve_goal(goals[0], context) if goals else None


def _find_concluded(items: list[Placed], context: Context) -> None:
    """Find out which fields rules and tables conclude, before any expression is resolved."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for placed in items:
        item = placed.item
        context.prefix = placed.prefix
        targets: list[tuple[str, str]] = []
        name = ""
        if isinstance(item, ast.Rule):
            name = placed.prefix + item.name
            types = {
                one.binder: one.type_name for one in item.conditions if isinstance(one, ast.Pattern)
            }
            targets = [
                (types[one.variable], one.field)
                for one in item.actions
                if isinstance(one, ast.Conclude) and one.variable in types
            ]
        elif isinstance(item, ast.Table):
            name = placed.prefix + item.name
            targets = [(item.type_name, item.field)]
        for written, field in targets:
            type_name = context.prefix + written
            if type_name not in context.templates:
                type_name = written
            if type_name in context.templates and field in context.templates[type_name]:
                found.setdefault((type_name, field), {})[name] = None
    context.prefix = ""
    context.concluded.update({key: tuple(names) for key, names in found.items()})


def _unique_names(items: list[Placed], context: Context) -> None:
    """Report rules, tables and queries that share a name, and dispatch blocks likewise."""
    seen: dict[str, ast.Node] = {}
    for placed in items:
        item = placed.item
        match item:
            case ast.Rule() | ast.Table():
                key = f"rule {placed.prefix}{item.name}"
                what = f'rules or tables named "{item.name}"'
            case ast.Query():
                key = f"query {placed.prefix}{item.name}"
                what = f'queries named "{item.name}"'
            case ast.Dispatch():
                key = f"dispatch {item.name or ''}"
                what = f'dispatch blocks named "{item.name}"' if item.name else "dispatch blocks"
            case ast.Test():
                key, what = f"test {item.title}", f'tests titled "{item.title}"'
            case _:
                continue
        first = seen.setdefault(key, item)
        if first is not item:
            related = Related(f"the first is at {context.place(first.span)}", first.span)
            context.error("duplicate-name", f"There are two {what}.", item.span, related=(related,))


def _rules_and_tables(
    items: list[Placed], context: Context
) -> tuple[tuple[tree.Rule, ...], tuple[tree.Table, ...]]:
    rules: list[tree.Rule] = []
    tables: list[tree.Table] = []
    index = 0
    for placed in items:
        item = placed.item
        context.prefix = placed.prefix
        if isinstance(item, ast.Rule):
            rules.append(resolve_rule(item, placed.prefix + item.name, index, context))
            index += 1
        elif isinstance(item, ast.Table):
            context.start_rule()
            table = resolve_table(item, index, context)
            if table is None:
                context.damaged.add(item.name)
            else:
                tables.append(table)
                index += max(1, len(table.rows))
    context.prefix = ""
    return tuple(rules), tuple(tables)


def _facts(items: list[Placed], context: Context) -> tuple[tree.GivenFact, ...]:
    """Resolve all initial facts; places within a block become places in the whole list."""
    found: list[tree.GivenFact] = []
    for placed in items:
        if not isinstance(placed.item, ast.Facts):
            continue
        context.prefix = placed.prefix
        offset = len(found)
        for fact in given_facts(placed.item.facts, context, complete=True):
            template = context.templates.get(fact.type_name)
            values = tuple(
                (name, value + offset)
                if template is not None
                and isinstance(value, int)
                and template[name].type.kind == "reference"
                else (name, value)
                for name, value in fact.values
            )
            found.append(tree.GivenFact(fact.type_name, values, fact.binder, span=fact.span))
    context.prefix = ""
    return tuple(found)
