"""Resolving conditions: which variable is bound where, whatever order they stand in.

A variable has one meaning in a rule. The first positive pattern with `field: x` binds x; every
other place with x joins. What is bound inside `not`, `exists`, `forall`, `either` or an aggregate
is local to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heuron.check import tree
from heuron.check.context import Context, Scope
from heuron.check.expressions import broken, resolve, resolve_condition, slot_start
from heuron.check.tree import ANY, BOOLEAN
from heuron.check.types import comparable
from heuron.diagnostics import Span, nearest
from heuron.lang import ast

__all__ = ["resolve_group", "resolve_one"]


def resolve_group(
    conditions: Iterable[ast.Condition], scope: Scope, context: Context
) -> tuple[tree.Condition, ...]:
    """Resolve conditions that must all hold; binds their variables in `scope`."""
    listed = tuple(conditions)
    names = _declare(listed, scope, context)
    _hide_locals(listed, scope)
    ready = _binds(listed, scope, context)
    found: list[tree.Condition] = []
    for condition in listed:
        if isinstance(condition, ast.Pattern):
            pattern = _pattern(condition, names.get(id(condition)), scope, context)
            if pattern is not None:
                found.append(pattern)
        elif isinstance(condition, ast.BindCondition):
            made = ready.get(id(condition))
            if made is not None:
                found.append(made)
        else:
            made = _other(condition, scope, context)
            if made is not None:
                found.append(made)
    return tuple(found)


def resolve_one(condition: ast.Condition, scope: Scope, context: Context) -> tree.Condition | None:
    """Resolve a single condition in a group of its own; None when it has an error."""
    found = resolve_group((condition,), scope.inner(), context)
    return found[0] if found else None


# Declaring: binders and `field: x`, before anything is resolved


def _declare(
    conditions: tuple[ast.Condition, ...], scope: Scope, context: Context
) -> dict[int, str]:
    """Bind the variables of the positive patterns; return each pattern's fact variable."""
    names: dict[int, str] = {}
    for condition in conditions:
        if not isinstance(condition, ast.Pattern):
            continue
        template = context.template(condition.type_name, condition.span)
        if template is None:
            continue
        name = condition.binder or context.make_up()
        if condition.binder is not None and scope.has(name):
            context.error(
                "duplicate-name",
                f'"{name}" names a fact already.',
                condition.span,
                "Give the second fact a name of its own.",
            )
            name = context.make_up()
        scope.facts[name] = template.name
        names[id(condition)] = name
    for condition in conditions:
        if isinstance(condition, ast.Pattern) and id(condition) in names:
            template = context.templates[scope.facts[names[id(condition)]]]
            for slot in condition.slots:
                if isinstance(slot, ast.SlotBinding) and not scope.has(slot.variable):
                    field = template.get(slot.field)
                    scope.values[slot.variable] = field.type if field else ANY
    for condition in conditions:
        if isinstance(condition, ast.BindCondition):
            call = condition.expression
            if isinstance(call, ast.Call) and call.function == "predict":
                scope.predictions.setdefault(condition.variable, "")
    return names


def _hide_locals(conditions: tuple[ast.Condition, ...], scope: Scope) -> None:
    """Remember names that are bound only further in, for a better message when they are read."""
    for condition in conditions:
        for pattern in _inner_patterns(condition):
            for slot in pattern.slots:
                if isinstance(slot, ast.SlotBinding) and not scope.has(slot.variable):
                    scope.hidden.setdefault(slot.variable, slot.span)


def _inner_patterns(condition: ast.Condition) -> Iterator[ast.Pattern]:
    inner: tuple[ast.Condition, ...]
    match condition:
        case ast.NotCondition() | ast.ExistsCondition():
            inner = (condition.condition,)
        case ast.ForallCondition():
            inner = (condition.pattern, condition.have)
        case ast.EitherCondition():
            inner = tuple(one for branch in condition.branches for one in branch)
        case _:
            return
    for one in inner:
        if isinstance(one, ast.Pattern):
            yield one
        else:
            yield from _inner_patterns(one)


# `x = expression`


def _binds(
    conditions: tuple[ast.Condition, ...], scope: Scope, context: Context
) -> dict[int, tree.Condition]:
    """Resolve `x = …` conditions, each after those whose variables it reads."""
    waiting = [one for one in conditions if isinstance(one, ast.BindCondition)]
    ready: dict[int, tree.Condition] = {}
    while waiting:
        pending = {one.variable for one in waiting if not scope.has(one.variable)}
        # A name that is read before anything binds it waits; a circle is broken at its first.
        chosen = next(
            (one for one in waiting if not (_names(one.expression) & (pending - {one.variable}))),
            waiting[0],
        )
        waiting.remove(chosen)
        if _names(chosen.expression) & pending:
            context.error(
                "unbound-variable",
                f'"{chosen.variable}" is defined by itself.',
                chosen.span,
                "Recursion is what `derive` is for.",
            )
            scope.values.setdefault(chosen.variable, ANY)
            continue
        made = _bind(chosen, scope, context)
        if made is not None:
            ready[id(chosen)] = made
    return ready


def _names(node: object) -> set[str]:
    """Return all bare names that an expression contains."""
    found: set[str] = set()
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(one)
        elif isinstance(one, ast.Name):
            found.add(one.name)
        elif isinstance(one, ast.Node):
            stack.extend(getattr(one, name) for name in one.__dataclass_fields__ if name != "span")
    return found


def _bind(node: ast.BindCondition, scope: Scope, context: Context) -> tree.Condition | None:
    name, span = node.variable, node.span
    call = node.expression
    if isinstance(call, ast.Call) and call.function == "predict":
        return _predict(node, call, scope, context)
    value = resolve(call, scope, context)
    if scope.has(name):
        # Bound elsewhere as well: an equality.
        other = resolve(ast.Name(name, span=span), scope, context)
        if not comparable(other.type, value.type):
            context.error(
                "type-mismatch",
                f'"{name}" is bound elsewhere to a value of another type.',
                span,
            )
            return None
        test = tree.Compare("==", other, value, type=BOOLEAN, span=span)
        return tree.Test(test, id=context.number(), span=span)
    scope.values[name] = value.type
    return tree.Bind(name, value, id=context.number(), span=span)


def _predict(
    node: ast.BindCondition, call: ast.Call, scope: Scope, context: Context
) -> tree.Condition | None:
    span = node.span
    arguments = call.arguments
    if len(arguments) != 2 or not all(isinstance(one, ast.Name) for one in arguments):
        context.error(
            "wrong-arguments",
            "predict takes a model's name and a record.",
            span,
            "Write `p = predict(model, a)`.",
        )
        return None
    model, record = arguments
    assert isinstance(model, ast.Name)
    assert isinstance(record, ast.Name)
    models = context.environment.models
    if models is not None and model.name not in models:
        near = nearest(model.name, models)
        known = f"Models of this domain: {', '.join(sorted(models))}."
        context.error(
            "unknown-model",
            f"There is no model {model.name}.",
            model.span,
            f"Did you mean {near}?" if near else known,
        )
    elif models is None:
        context.warn(
            "unknown-model",
            f"This domain has no models, so {model.name} is never known.",
            model.span,
            f"Put {model.name}.toml into models/, or leave the rule out.",
        )
    if record.name not in scope.facts:
        context.error(
            "unbound-variable",
            f'"{record.name}" is no fact of this rule.',
            record.span,
            "Name the record in its pattern, `a: Type(…)`.",
        )
        return None
    scope.used.add(record.name)
    scope.predictions[node.variable] = model.name
    return tree.Predict(node.variable, model.name, record.name, id=context.number(), span=span)


# Patterns


def _pattern(
    node: ast.Pattern, name: str | None, scope: Scope, context: Context
) -> tree.Pattern | None:
    if name is None:
        return None
    number = context.number()
    type_name = scope.facts[name]
    template = context.templates[type_name]
    outer, outer_each = scope.pattern, scope.each
    scope.pattern, scope.each = (name, type_name), set()
    bindings: list[tree.Binding] = []
    tests: list[tree.Expression] = []
    for slot in node.slots:
        if isinstance(slot, ast.SlotTest):
            tests.append(_slot_test(slot, scope, context))
            continue
        field = context.field(template, slot.field, slot.span)
        if field is None:
            continue
        if (type_name, slot.field) in context.many:
            scope.each.add(slot.field)
        own = tree.FieldOf(name, slot.field, type=field.type, span=slot.span)
        if _binds_here(slot, scope):
            bindings.append(tree.Binding(slot.field, slot.variable))
        else:
            tests.append(_join(own, slot, scope, context))
    each = tuple(one for one in template.names if one in scope.each)
    scope.pattern, scope.each = outer, outer_each
    return tree.Pattern(
        name, type_name, tuple(bindings), tuple(tests), each, id=number, span=node.span
    )


def _slot_test(slot: ast.SlotTest, scope: Scope, context: Context) -> tree.Expression:
    start = slot_start(slot.expression)
    assert scope.pattern is not None
    template = context.templates[scope.pattern[1]]
    if isinstance(start, ast.Name) and start.name not in template:
        if _begins_elsewhere(slot.expression, start, scope):
            # `p.field …` or `x.field …`: another fact's field, not a field of this pattern.
            start = None
        elif scope.has(start.name):
            context.error(
                "unknown-field",
                f'{template.name} has no field "{start.name}", and a slot starts with a field.',
                start.span,
                "Write the field first, or put the test on a line of its own.",
            )
            return broken(slot.span)
    outer, scope.slot_start = scope.slot_start, start
    found = resolve_condition(slot.expression, scope, context)
    scope.slot_start = outer
    return found


def _begins_elsewhere(node: ast.Expression, start: ast.Name, scope: Scope) -> bool:
    """Return whether the slot starts with `x.field` where x is a variable of the rule."""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute():
                return scope.has(start.name)
            case ast.Comparison():
                node = node.first
            case ast.And() | ast.Or() | ast.Arithmetic():
                node = node.operands[0]
            case ast.Not():
                node = node.operand
            case _:
                return False
    return False


def _binds_here(slot: ast.SlotBinding, scope: Scope) -> bool:
    """Return whether this slot is the place that binds its variable."""
    key = slot.variable
    if key in scope.bound_here or key not in scope.values or key in scope.bound_outside:
        return False
    scope.bound_here.add(key)
    return True


def _join(
    own: tree.FieldOf, slot: ast.SlotBinding, scope: Scope, context: Context
) -> tree.Expression:
    # Without the pattern: the name after `field:` is always a variable.
    other = resolve(ast.Name(slot.variable, span=slot.span), scope.inner(), context)
    if not comparable(own.type, other.type):
        context.error(
            "type-mismatch",
            f'"{slot.variable}" is bound elsewhere to a value of another type.',
            slot.span,
            "Give this variable a name of its own.",
        )
        return broken(slot.span)
    return tree.Compare("==", own, other, type=BOOLEAN, span=slot.span)


# The other conditions


def _other(node: ast.Condition, scope: Scope, context: Context) -> tree.Condition | None:
    span = node.span
    match node:
        case ast.TestCondition():
            number = context.number()
            return tree.Test(
                resolve_condition(node.expression, scope, context), id=number, span=span
            )
        case ast.NotCondition():
            number = context.number()
            inside = resolve_group((node.condition,), scope.inner(), context)
            return tree.Negation(inside, id=number, span=span) if inside else None
        case ast.ExistsCondition():
            number = context.number()
            inside = resolve_group((node.condition,), scope.inner(), context)
            return tree.Exists(inside, id=number, span=span) if inside else None
        case ast.ForallCondition():
            return _forall(node, scope, context)
        case ast.EitherCondition():
            number = context.number()
            branches = tuple(
                resolve_group(branch, scope.inner(), context) for branch in node.branches
            )
            return tree.Either(branches, id=number, span=span)
        case _:
            raise AssertionError(f"no condition: {type(node).__name__}")


def _forall(node: ast.ForallCondition, scope: Scope, context: Context) -> tree.Condition | None:
    number = context.number()
    inside = scope.inner()
    pattern = resolve_group((node.pattern,), inside, context)
    have = resolve_group((node.have,), inside.inner(), context)
    if not pattern or not have:
        return None
    assert isinstance(pattern[0], tree.Pattern)
    return tree.Forall(pattern[0], have, id=number, span=node.span)


def unused(scope: Scope, places: dict[str, Span], context: Context) -> None:
    """Warn of variables that are bound and read nowhere."""
    for name, span in places.items():
        if name not in scope.used and not name.startswith("_"):
            context.warn(
                "unused-variable",
                f'"{name}" is bound and never used.',
                span,
                "Leave it out, or use it.",
            )


def binders(conditions: Iterable[ast.Condition]) -> dict[str, Span]:
    """Return the names that conditions bind, wherever, with their places."""
    found: dict[str, Span] = {}
    for condition in conditions:
        patterns = [condition] if isinstance(condition, ast.Pattern) else _inner_patterns(condition)
        for pattern in patterns:
            if pattern.binder is not None:
                found.setdefault(pattern.binder, pattern.span)
            for slot in pattern.slots:
                if isinstance(slot, ast.SlotBinding):
                    found.setdefault(slot.variable, slot.span)
        if isinstance(condition, ast.BindCondition):
            found.setdefault(condition.variable, condition.span)
    return found


__all__ += ["binders", "unused"]
