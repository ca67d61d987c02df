"""Resolving calls: built-in and host functions, `certainty`, lets with parameters, aggregates."""

from __future__ import annotations

from heuron.check import tree
from heuron.check.comparisons import check_comparable
from heuron.check.context import Context, Scope, broken, is_broken
from heuron.check.functions import AGGREGATES, BUILT_IN, OLD_NAMES, Signature, in_words
from heuron.check.names import expand
from heuron.check.regexes import regex_problem, way_out
from heuron.check.tree import ANY, INTEGER, NUMBER
from heuron.check.types import fits
from heuron.check.words import count, meant, type_in_words
from heuron.lang import ast
from heuron.values import FieldType

__all__ = ["resolve_aggregate", "resolve_call"]


def resolve_call(
    node: ast.Call, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    """Resolve `name(arguments)`."""
    name, span = node.function, node.span
    if name == "certainty":
        return _certainty(node, scope, context)
    if name == "predict":
        context.error(
            "wrong-arguments",
            "`predict` stands alone on the right of `=`.",
            span,
            "Write `p = predict(model, record)`, then `p.value` or `p.confidence`.",
        )
        return broken(span)
    if context.let(name) is not None:
        return expand(name, node.arguments, span, scope, context, expected)
    host = context.environment.functions.get(name)
    if host is not None:
        arguments = _host_arguments(node, host, scope, context)
        if arguments is None:
            return broken(span)
        return tree.Call(name, arguments, host=True, type=host.result, span=span)
    built_in = BUILT_IN.get(name)
    if built_in is None:
        _unknown(node, context)
        return broken(span)
    found = _arguments(node, built_in, scope, context)
    if found is None or (name == "matches" and not _is_safe(found[1], context)):
        return broken(span)
    return tree.Call(name, found, type=_result(node, built_in, found), span=span)


def _is_safe(pattern: tree.Expression, context: Context) -> bool:
    """Return whether a regular expression can be used, or report why not."""
    if not isinstance(pattern, tree.Constant) or not isinstance(pattern.value, str):
        context.error(
            "bad-constant",
            "A regular expression is written in the file, so that it can be checked.",
            pattern.span,
            'Write a text in quotes, or a let of one: `matches(name, "[A-Z].*")`.',
        )
        return False
    problem = regex_problem(pattern.value)
    if problem is not None:
        what = f'"{pattern.value}" cannot be used: {problem}.'
        context.error("bad-pattern", what, pattern.span, way_out(problem))
    return problem is None


def _unknown(node: ast.Call, context: Context) -> None:
    name = node.function
    if context.is_excused(name):
        return
    place = context.word(node.span, name)
    if name in AGGREGATES:
        what = f"`{name}` goes over facts, and needs to know which."
        hint = f"Write `{name}(x.field for x: Type(…))`."
        if name == "count":
            hint = "Write `count(Type(…))`."
        context.error("wrong-arguments", what, place, hint)
        return
    if name in OLD_NAMES:
        some: str | None = f"It is called {OLD_NAMES[name]}."
    elif context.known_template(name) is not None:
        some = "Patterns stand side by side, parted by commas; elsewhere use `exists` or `count`."
    else:
        types = [one for one in context.templates if one.casefold() == name.casefold()]
        known = [*types, *BUILT_IN, *context.lets, *context.environment.functions]
        otherwise = "One of the host program is given with its name, `functions={…}`."
        if name[:1].isupper():
            otherwise = f"If it is a type, declare it: `type {name}:`."
        some = meant(name, known, otherwise)
    context.error("unknown-function", f"There is no function {name}.", place, some)


def _host_arguments(
    node: ast.Call, host: tree.HostFunction, scope: Scope, context: Context
) -> tuple[tree.Expression, ...] | None:
    """Return the arguments of a host function, or None when they have an error."""
    if len(node.arguments) != len(host.parameters):
        shown = " and ".join(type_in_words(one) for one in host.parameters)
        _wrong_number(node, shown, context)
        return None
    found = []
    before = context.errors()
    for written, kind in zip(node.arguments, host.parameters, strict=True):
        argument = context.resolve(written, scope, context, kind)
        found.append(argument)
        if not fits(argument.type, kind):
            _wrong_type(node, type_in_words(kind), argument, written, context)
    return None if context.errors() > before else tuple(found)


def _arguments(
    node: ast.Call, signature: Signature, scope: Scope, context: Context
) -> tuple[tree.Expression, ...] | None:
    """Return the arguments of a built-in function, or None when they have an error."""
    least = len(signature.parameters) - signature.optional
    most = len(node.arguments) if signature.more else len(signature.parameters)
    if not least <= len(node.arguments) <= most:
        _wrong_number(node, str(signature), context)
        return None
    found: list[tree.Expression] = []
    before = context.errors()
    for place, written in enumerate(node.arguments):
        kinds = signature.parameters[min(place, len(signature.parameters) - 1)]
        argument = context.resolve(written, scope, context)
        found.append(argument)
        if argument.type.kind not in (*kinds, "any"):
            _wrong_type(node, in_words(kinds), argument, written, context)
        elif signature.alike and place:
            check_comparable(found[0], argument, written.span, context)
    return None if context.errors() > before else tuple(found)


def _wrong_number(node: ast.Call, wanted: str, context: Context) -> None:
    given = len(node.arguments)
    context.error(
        "wrong-arguments",
        f"{node.function} takes {wanted or 'no arguments'}, "
        f"and is given {count(given, 'argument') if given else 'nothing'}.",
        node.span,
    )


def _wrong_type(
    node: ast.Call, wanted: str, found: tree.Expression, written: ast.Expression, context: Context
) -> None:
    context.error(
        "type-mismatch",
        f"{node.function} takes {wanted} here, and this is {type_in_words(found.type)}.",
        written.span,
    )


def _result(
    node: ast.Call, signature: Signature, arguments: tuple[tree.Expression, ...]
) -> FieldType:
    if signature.result is None:
        types = [one.type for one in arguments]
        return NUMBER if any(one.kind == "number" for one in types) else types[0]
    if node.function == "round" and len(arguments) == 2:
        return NUMBER
    return signature.result


def _certainty(node: ast.Call, scope: Scope, context: Context) -> tree.Expression:
    span = node.span
    if not 1 <= len(node.arguments) <= 2:
        context.error(
            "wrong-arguments", "`certainty` takes a concluded field, and perhaps a value.", span
        )
        return broken(span)
    # Here the field itself is meant, not its value in this match.
    each = [(one, set(one.each)) for one in scope.callers()]
    target = context.resolve(node.arguments[0], scope, context)
    context.take_many(target)
    for one, fields in each:
        one.each = fields
    if is_broken(target):
        return broken(span)
    if not isinstance(target, tree.FieldOf):
        context.error(
            "wrong-arguments",
            "`certainty` takes a field of a fact, like certainty(t.shape).",
            node.arguments[0].span,
        )
        return broken(span)
    type_name = scope.type_of(target.variable)
    concluded = type_name is None or context.is_concluded(type_name, target.field)
    if not concluded and context.damaged:
        return broken(span)
    if not concluded:
        context.error(
            "wrong-arguments",
            f"No rule concludes {type_name}.{target.field}, so it has no certainty.",
            node.arguments[0].span,
            "Test the field itself; given fields are certain.",
        )
        return broken(span)
    value = None
    if len(node.arguments) == 2:
        value = context.resolve(node.arguments[1], scope, context, target.type)
        check_comparable(target, value, node.arguments[1].span, context)
    return tree.CertaintyOf(target.variable, target.field, value, type=NUMBER, span=span)


# Aggregates

SUMMABLE = ("number", "integer", "boolean", "duration", "any")
ORDERED = ("number", "integer", "text", "date", "datetime", "duration", "any")


def resolve_aggregate(node: ast.Aggregate, scope: Scope, context: Context) -> tree.Expression:
    """Resolve `sum(x.field for x: Type(…))`; what its conditions bind is local to it."""
    span = node.span
    if node.function not in AGGREGATES:
        context.error(
            "unknown-function",
            f"There is no aggregate {node.function}.",
            span,
            f"Aggregates are {', '.join(AGGREGATES)}.",
        )
        return broken(span)
    inside = scope.inner()
    conditions = context.resolve_group(node.conditions, inside, context)
    value = context.resolve(node.value, inside, context) if node.value is not None else None
    kind = _aggregate_type(node, value, context)
    if kind is None or len(conditions) < len(node.conditions):
        return broken(span)
    return tree.Aggregate(node.function, value, conditions, type=kind, span=span)


def _aggregate_type(
    node: ast.Aggregate, value: tree.Expression | None, context: Context
) -> FieldType | None:
    """Return the type of an aggregate's value, or None when it has an error."""
    function = node.function
    if value is None:
        if function == "count":
            return INTEGER
        context.error(
            "wrong-arguments",
            f"{function} needs a value.",
            node.span,
            f"Write `{function}(x.field for x: Type(…))`.",
        )
        return None
    kind = value.type
    if is_broken(value):
        return None
    if function == "count":
        return INTEGER
    if function == "collect":
        return FieldType("list", element=kind)
    if kind.kind not in (SUMMABLE if function in ("sum", "avg") else ORDERED):
        context.error(
            "type-mismatch", f"{function} does not go with {type_in_words(kind)}.", node.span
        )
        return None
    if kind.kind == "any":
        return ANY
    if function == "avg" and kind.kind != "duration":
        return NUMBER
    if function == "sum" and kind.kind == "boolean":
        return INTEGER
    return kind
