"""Resolving conditions: which variable is bound where, whatever order they stand in.

A variable has one meaning in a rule. The first positive pattern with `field: x` binds x; every
other place with x joins. What is bound inside `not`, `exists`, `forall`, `either` or an aggregate
is local to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heuron.check import tree
from heuron.check.context import Context, Scope, broken
from heuron.check.expressions import resolve, resolve_condition
from heuron.check.names import resolve_variable, slot_start
from heuron.check.tree import ANY, BOOLEAN
from heuron.check.types import comparable
from heuron.check.walk import walk
from heuron.check.words import listed, meant, type_in_words
from heuron.diagnostics import Span
from heuron.lang import ast
from heuron.values import FieldType

__all__ = ["binders", "check_model", "resolve_group", "unused"]


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
            _lose(condition, scope)
            continue
        name = condition.binder or context.make_up()
        if condition.binder is not None and scope.has(name):
            context.error(
                "duplicate-name",
                f'"{name}" is the name of something else in this rule.',
                context.word(condition.span, name),
                "Give this fact a name of its own.",
            )
            name = context.make_up()
        scope.facts[name] = template.name
        names[id(condition)] = name
    for condition in conditions:
        if isinstance(condition, ast.Pattern) and id(condition) in names:
            template = context.templates[scope.facts[names[id(condition)]]]
            for slot in condition.slots:
                if isinstance(slot, ast.SlotBinding):
                    field = template.get(slot.field)
                    _declare_value(slot, field.type if field else ANY, scope)
    for condition in conditions:
        if isinstance(condition, ast.BindCondition):
            call = condition.expression
            if isinstance(call, ast.Call) and call.function == "predict":
                scope.predictions.setdefault(condition.variable, "")
    return names


def _declare_value(slot: ast.SlotBinding, kind: FieldType, scope: Scope) -> None:
    """Let the first slot with a variable bind it.

    Where a whole number joins a number, the whole number binds: so the type of the variable does
    not depend on the order of the patterns.
    """
    name = slot.variable
    if name not in scope.binders:
        if scope.has(name):
            return
    elif not (scope.values[name].kind == "number" and kind.kind == "integer"):
        return
    scope.binders[name] = slot
    scope.values[name] = kind


def _lose(pattern: ast.Pattern, scope: Scope) -> None:
    """Note the variables of a pattern that has an error of its own."""
    if pattern.binder is not None:
        scope.lost.add(pattern.binder)
    for slot in pattern.slots:
        if isinstance(slot, ast.SlotBinding) and not scope.has(slot.variable):
            scope.lost.add(slot.variable)


def _hide_locals(conditions: tuple[ast.Condition, ...], scope: Scope) -> None:
    """Remember names that are bound only further in, for a better message when they are read."""
    for condition in conditions:
        for pattern in _inner_patterns(condition):
            if pattern.binder is not None and not scope.has(pattern.binder):
                scope.hidden.setdefault(pattern.binder, pattern.span)
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
    names = {id(one): _names(one.expression) for one in waiting}
    ready: dict[int, tree.Condition] = {}
    while waiting:
        pending = {one.variable for one in waiting if not scope.has(one.variable)}
        # What reads a name that nothing has bound yet waits.
        free = next((one for one in waiting if names[id(one)].isdisjoint(pending)), None)
        chosen = free or _in_circle(waiting, names)
        waiting.remove(chosen)
        if free is None:
            context.error(
                "unbound-variable",
                f'"{chosen.variable}" is defined by itself.',
                chosen.span,
                "Recursion is what `derive` is for.",
            )
            scope.lost.add(chosen.variable)
            continue
        made = _bind(chosen, scope, context)
        if made is not None:
            ready[id(chosen)] = made
    return ready


def _in_circle(waiting: list[ast.BindCondition], names: dict[int, set[str]]) -> ast.BindCondition:
    """Return one of the bindings that wait for each other; all of `waiting` wait for one."""
    one = waiting[0]
    seen: set[int] = set()
    while id(one) not in seen:
        seen.add(id(one))
        one = next(other for other in waiting if other.variable in names[id(one)])
    return one


def _names(node: object) -> set[str]:
    """Return all names that an expression could take from outside: bare ones, and joins."""
    found: set[str] = set()
    for one in walk(node):
        if isinstance(one, ast.Name):
            found.add(one.name)
        elif isinstance(one, ast.SlotBinding):
            found.add(one.variable)
    return found


def _bind(node: ast.BindCondition, scope: Scope, context: Context) -> tree.Condition | None:
    name, span = node.variable, node.span
    call = node.expression
    if isinstance(call, ast.Call) and call.function == "predict":
        return _predict(node, call, scope, context)
    if scope.has(name):
        # Bound elsewhere as well: an equality.
        other = resolve_variable(name, span, scope, context)
        value = resolve(call, scope, context, other.type)
        if not comparable(other.type, value.type):
            _bound_elsewhere(name, other.type, value.type, span, context)
            return None
        test = tree.Compare("==", other, value, type=BOOLEAN, span=span)
        return tree.Test(test, id=context.number(), span=span)
    value = resolve(call, scope, context)
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
            "`predict` takes a model's name and a record.",
            span,
            "Write `p = predict(model, a)`.",
        )
        return None
    model, record = arguments
    assert isinstance(model, ast.Name)
    assert isinstance(record, ast.Name)
    check_model(model.name, model.span, "is never known", context)
    if record.name in scope.lost:
        return None
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


def check_model(name: str, span: Span, otherwise: str, context: Context) -> None:
    """Report a model that the domain does not have; only a warning when it has none at all."""
    models = context.environment.models
    if models is None:
        context.warn(
            "unknown-model",
            f"This domain has no models, so {name} {otherwise}.",
            context.word(span, name),
            f"A model is designed in models/<domain>/{name}.toml.",
        )
    elif name not in models and context.is_first(f"{name} {context.place(span)}"):
        known = f"Models of this domain: {listed(sorted(models))}."
        hint = meant(name, sorted(models), known)
        place = context.word(span, name)
        context.error("unknown-model", f"There is no model {name}.", place, hint)


def _bound_elsewhere(
    name: str, one: FieldType, other: FieldType, span: Span, context: Context
) -> None:
    context.error(
        "type-mismatch",
        f'"{name}" is {type_in_words(one)} elsewhere in this rule, '
        f"and {type_in_words(other)} here.",
        span,
        "Give this variable a name of its own.",
    )


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
            tests.append(_slot_test(node, slot, scope, context))
            continue
        field = context.field(template, slot.field, slot.span)
        if field is None:
            continue
        if (type_name, slot.field) in context.many:
            scope.each.add(slot.field)
        own = tree.FieldOf(name, slot.field, type=field.type, span=slot.span)
        if scope.binders.get(slot.variable) is slot:
            bindings.append(tree.Binding(slot.field, slot.variable))
        else:
            tests.append(_join(own, slot, scope, context))
    each = tuple(one for one in template.names if one in scope.each)
    scope.pattern, scope.each = outer, outer_each
    return tree.Pattern(
        name, type_name, tuple(bindings), tuple(tests), each, id=number, span=node.span
    )


def _slot_test(
    node: ast.Pattern, slot: ast.SlotTest, scope: Scope, context: Context
) -> tree.Expression:
    start = slot_start(slot.expression)
    assert scope.pattern is not None
    template = context.templates[scope.pattern[1]]
    if isinstance(start, ast.Name) and start.name not in template:
        if _begins_elsewhere(slot.expression, start, scope):
            # `p.field …` or `x.field …`: another fact's field, not a field of this pattern.
            start = None
        elif scope.has(start.name) or context.let(start.name) is not None:
            context.error(
                "unknown-field",
                f'{template.name} has no field "{start.name}", and a slot starts with a field.',
                start.span,
                "Write the field first, or put the test on a line of its own.",
            )
            return broken(slot.span)
    place = node.slots.index(slot)
    if isinstance(slot.expression, ast.Literal) and place < len(template.fields):
        context.error(
            "wrong-arguments",
            "A pattern names its fields; only facts go by position.",
            slot.span,
            f"Write `{template.names[place]} == {context.text(slot.span)}`.",
        )
        return broken(slot.span)
    if slot.expression is start and isinstance(start, ast.Name) and start.name not in template:
        hint = f"A field is bound with `field: {start.name}`."
        if place < len(template.fields):
            hint = f"Bind a field with `{template.names[place]}: {start.name}`."
        hint = meant(start.name, template.names, hint) or hint
        what = f'{template.name} has no field "{start.name}".'
        context.error("unknown-field", what, slot.span, hint)
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


def _join(
    own: tree.FieldOf, slot: ast.SlotBinding, scope: Scope, context: Context
) -> tree.Expression:
    if slot.variable in scope.inputs:
        # The parameter of a let, in an aggregate of that let.
        name = ast.Name(slot.variable, span=slot.span)
        other = resolve(name, scope.inner(), context, own.type)
    else:
        other = resolve_variable(slot.variable, slot.span, scope, context)
    if not comparable(own.type, other.type):
        _bound_elsewhere(slot.variable, other.type, own.type, slot.span, context)
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
                context.word(span, name),
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
