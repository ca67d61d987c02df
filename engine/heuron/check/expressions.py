"""Resolving expressions: every name decided, every type known, lets expanded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from heuron.check import tree
from heuron.check.context import MOST_EXPANSIONS, Context, Scope, unknown_name_hint
from heuron.check.functions import AGGREGATES, BUILT_IN, Signature
from heuron.check.tree import ANY, BOOLEAN, DATE, DATETIME, DURATION, INTEGER, NUMBER, TEXT
from heuron.check.types import arithmetic_type, comparable, fits, is_any, is_ordered
from heuron.diagnostics import Span, nearest
from heuron.lang import ast
from heuron.values import INTEGER_LIMIT, UNKNOWN, FieldType

__all__ = ["resolve", "resolve_condition", "slot_start"]

BACKEND_TYPES = {
    "certainty": NUMBER,
    "confidence": NUMBER,
    "answered": BOOLEAN,
    "outside": FieldType("list", element=TEXT),
    "imputed": FieldType("list", element=TEXT),
}
PREDICTION_TYPES = {"confidence": NUMBER, "answered": BOOLEAN}


def broken(span: Span) -> tree.Constant:
    """Return what stands for an expression that has an error: it goes with everything."""
    return tree.Constant(UNKNOWN, type=ANY, span=span)


def slot_start(node: ast.Expression) -> ast.Expression | None:
    """Return the bare name at the very start of a slot, or None."""
    while True:
        match node:
            case ast.Name():
                return node
            case ast.Attribute():
                node = node.object
            case ast.Comparison():
                node = node.first
            case ast.And() | ast.Or() | ast.Arithmetic():
                node = node.operands[0]
            case ast.Not():
                node = node.operand
            case _:
                return None


def resolve_condition(node: ast.Expression, scope: Scope, context: Context) -> tree.Expression:
    """Resolve a boolean expression; anything else is an error."""
    found = resolve(node, scope, context)
    if found.type.kind not in ("boolean", "any"):
        context.error(
            "type-mismatch",
            f"A condition is true or false, and this is {_a(found.type)}.",
            node.span,
            "Compare it with something: `==`, `<`, `in`.",
        )
    return found


def resolve(
    node: ast.Expression, scope: Scope, context: Context, expected: FieldType | None = None
) -> tree.Expression:
    """Resolve an expression.

    Args:
        node: The expression as parsed.
        scope: The names that can be seen.
        context: Declarations and diagnostics.
        expected: The type of what the expression is compared with or put into: levels of an
            enumeration are looked up there.
    """
    span = node.span
    match node:
        case ast.Literal():
            return _literal(node, context, expected)
        case ast.UnknownLiteral():
            return tree.Constant(UNKNOWN, type=expected or ANY, span=span)
        case ast.Name():
            return _name(node, scope, context, expected)
        case ast.Attribute():
            return _attribute(node, scope, context)
        case ast.Call():
            return _call(node, scope, context, expected)
        case ast.ListLiteral():
            return _list(node, scope, context, expected)
        case ast.Negative():
            return _negative(node, scope, context, expected)
        case ast.Arithmetic():
            return _arithmetic(node, scope, context, expected)
        case ast.Comparison():
            return _comparison(node, scope, context)
        case ast.Not():
            operand = resolve_condition(node.operand, scope, context)
            return tree.Not(operand, type=BOOLEAN, span=span)
        case ast.And() | ast.Or():
            parts = tuple(resolve_condition(one, scope, context) for one in node.operands)
            made = tree.And if isinstance(node, ast.And) else tree.Or
            return made(parts, type=BOOLEAN, span=span)
        case ast.Aggregate():
            return _aggregate(node, scope, context)
        case ast.Range():
            context.error("type-mismatch", "A range stands only after `in`.", span)
            return broken(span)


# Leaves


def _literal(node: ast.Literal, context: Context, expected: FieldType | None) -> tree.Expression:
    value, span = node.value, node.span
    if isinstance(value, bool):
        return tree.Constant(value, type=BOOLEAN, span=span)
    if isinstance(value, int):
        if abs(value) > INTEGER_LIMIT:
            context.error("out-of-range", f"Whole numbers go up to {INTEGER_LIMIT:,}.", span)
            return broken(span)
        if expected is not None and expected.kind == "number":
            return tree.Constant(float(value), type=NUMBER, span=span)
        return tree.Constant(value, type=INTEGER, span=span)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            context.error("out-of-range", "This number is too large.", span)
            return broken(span)
        return tree.Constant(value, type=NUMBER, span=span)
    if isinstance(value, str):
        if expected is not None and expected.kind == "enumeration":
            return _level(value, span, context, expected)
        return tree.Constant(value, type=TEXT, span=span)
    is_moment = type(value) is not date
    return tree.Constant(value, type=DATETIME if is_moment else DATE, span=span)


def _level(name: str, span: Span, context: Context, kind: FieldType) -> tree.Expression:
    if name in kind.levels:
        return tree.Constant(name, type=kind, span=span)
    near = nearest(name, kind.levels)
    hint = f"Did you mean {near}?" if near else f"The levels are {', '.join(kind.levels)}."
    context.error("unknown-level", f'"{name}" is none of {" | ".join(kind.levels)}.', span, hint)
    return broken(span)


def _known_name(name: str, scope: Scope, context: Context, start: bool) -> list[str]:
    """Return what a bare name could be, levels apart: field, variable, let."""
    if start:
        return ["field"]
    found = []
    if scope.inputs is not None and name in scope.inputs:
        return ["input"]
    if scope.has(name):
        found.append("variable")
    if scope.pattern is not None and name in context.templates[scope.pattern[1]]:
        found.append("field")
    if context.let(name) is not None:
        found.append("let")
    return found


def _is_start(node: ast.Expression, scope: Scope) -> bool:
    return scope.pattern is not None and node is scope.slot_start


def _name(
    node: ast.Name, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    name, span = node.name, node.span
    start = _is_start(node, scope)
    found = _known_name(name, scope, context, start)
    levels = expected.levels if expected is not None and not start else ()
    if name in levels:
        found.append("level")
    if len(found) > 1:
        _ambiguous(name, found, span, scope, context)
        return broken(span)
    if not found:
        _unknown_name(name, span, scope, context, expected)
        return broken(span)
    match found[0]:
        case "input":
            assert scope.inputs is not None
            return scope.inputs[name]
        case "field":
            assert scope.pattern is not None
            return _field_of(scope.pattern[0], scope.pattern[1], name, span, scope, context)
        case "variable":
            return _variable(name, span, scope, context)
        case "level":
            assert expected is not None
            return tree.Constant(name, type=expected, span=span)
        case _:
            return _expand(name, (), span, scope, context, expected)


def _ambiguous(name: str, found: list[str], span: Span, scope: Scope, context: Context) -> None:
    words = {
        "variable": "a variable",
        "field": f"a field of {scope.pattern[1] if scope.pattern else ''}",
        "level": "a level",
        "let": "a let",
    }
    ways = []
    if "variable" in found:
        ways.append("rename the variable")
    if "level" in found:
        ways.append(f'write the level as "{name}"')
    if "field" in found and scope.pattern is not None:
        ways.append(f"write the field as p.{name} with a binder `p:`")
    if not ways or ways == ["rename the variable"]:
        ways.append("rename the let")
    context.error(
        "ambiguous-name",
        f'"{name}" could be {" or ".join(words[one] for one in found)}.',
        span,
        f"{'; or '.join(ways).capitalize()}." if ways else None,
    )


def _unknown_name(
    name: str, span: Span, scope: Scope, context: Context, expected: FieldType | None
) -> None:
    if name in scope.hidden:
        context.error(
            "unbound-variable",
            f'"{name}" is bound only inside `not`, `exists`, `forall`, `either` or an aggregate.',
            span,
            "Names bound there are local to it. Bind it in a positive pattern.",
        )
        return
    if expected is not None and expected.levels:
        _level(name, span, context, expected)
        return
    candidates = [*scope.names(), *context.lets]
    if scope.pattern is not None:
        candidates += context.templates[scope.pattern[1]].names
    near = nearest(name, candidates)
    hint = f"Did you mean {near}?" if near else f"Bind it with `field: {name}` in a pattern."
    code = "unknown-name" if near or not scope.names() else "unbound-variable"
    context.error(code, f'"{name}" means nothing here.', span, hint)


def _variable(name: str, span: Span, scope: Scope, context: Context) -> tree.Expression:
    scope.used.add(name)
    if name in scope.facts:
        kind = FieldType("reference", target=scope.facts[name])
        return tree.FactVariable(name, type=kind, span=span)
    if name in scope.values:
        return tree.Variable(name, type=scope.values[name], span=span)
    context.error(
        "type-mismatch",
        f'"{name}" is a prediction; say which part: {name}.value or {name}.confidence.',
        span,
    )
    return broken(span)


def _field_of(
    variable: str, type_name: str, name: str, span: Span, scope: Scope, context: Context
) -> tree.Expression:
    scope.used.add(variable)
    template = context.templates[type_name]
    found = context.field(template, name, span)
    if found is None:
        return broken(span)
    own = scope.pattern is not None and scope.pattern[0] == variable
    if own and (type_name, name) in context.many:
        scope.each.add(name)
    return tree.FieldOf(variable, name, type=found.type, span=span)


def _attribute(node: ast.Attribute, scope: Scope, context: Context) -> tree.Expression:
    owner, span = node.object, node.span
    if isinstance(owner, ast.Name) and not _is_start(owner, scope):
        name = owner.name
        if name in scope.facts:
            return _field_of(name, scope.facts[name], node.name, span, scope, context)
        if name in scope.predictions:
            return _prediction(name, node, scope, context)
        if scope.in_dispatch and not scope.has(name):
            backend = _backend(name, node, scope, context)
            if backend is not None:
                return backend
    base = resolve(owner, scope, context)
    if is_any(base.type):
        return broken(span)
    if base.type.kind != "reference":
        context.error(
            "type-mismatch",
            f"{context.text(owner.span)} is {_a(base.type)} and has no fields.",
            span,
        )
        return broken(span)
    assert base.type.target is not None
    target = context.templates[base.type.target]
    found = context.field(target, node.name, span)
    if found is None:
        return broken(span)
    if isinstance(base, tree.FactVariable):
        return _field_of(base.name, target.name, node.name, span, scope, context)
    return tree.ReferencedField(base, target.name, node.name, type=found.type, span=span)


def _prediction(name: str, node: ast.Attribute, scope: Scope, context: Context) -> tree.Expression:
    scope.used.add(name)
    kind = context.goal_type if node.name == "value" else PREDICTION_TYPES.get(node.name)
    if kind is None:
        context.error(
            "unknown-field",
            f'A prediction has no "{node.name}".',
            node.span,
            "It has value, confidence and answered.",
        )
        return broken(node.span)
    return tree.PredictionOf(name, node.name, type=kind, span=node.span)


def _backend(
    name: str, node: ast.Attribute, scope: Scope, context: Context
) -> tree.Expression | None:
    models = context.environment.models
    if name != "rules" and not (models is None or name in models):
        hint = unknown_name_hint(name, [*models, "rules"])
        if context.let(name) is not None:
            return None
        known = f"Models of this domain: {', '.join(sorted(models))}." if models else None
        context.error("unknown-model", f"There is no model {name}.", node.span, hint or known)
        return broken(node.span)
    kind = context.goal_type if node.name == "value" else BACKEND_TYPES.get(node.name)
    wrong = "confidence" if name == "rules" else "certainty"
    if (
        kind is None
        or node.name == wrong
        or (name == "rules" and node.name in ("outside", "imputed"))
    ):
        parts = (
            "value, certainty and answered"
            if name == "rules"
            else ("value, confidence, answered, outside and imputed")
        )
        context.error(
            "unknown-field", f'{name} has no "{node.name}".', node.span, f"It has {parts}."
        )
        return broken(node.span)
    return tree.BackendOf(name, node.name, type=kind, span=node.span)


# Calls


def _call(
    node: ast.Call, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
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
    entry = context.let(name)
    if entry is not None:
        arguments = tuple(resolve(one, scope, context) for one in node.arguments)
        return _expand(name, arguments, span, scope, context, expected, called=True)
    host = context.environment.functions.get(name)
    if host is not None:
        signature = Signature(tuple(("any",) for _ in host.parameters), host.result)
        arguments = _arguments(node, signature, scope, context, host.parameters)
        return tree.Call(name, arguments, host=True, type=host.result, span=span)
    built_in = BUILT_IN.get(name)
    if built_in is None:
        hint = unknown_name_hint(name, [*BUILT_IN, *context.lets, *context.environment.functions])
        if name in AGGREGATES:
            hint = f"An aggregate reads `{name}(x.field for x: Type(…))`."
        context.error("unknown-function", f"There is no function {name}.", span, hint)
        return broken(span)
    arguments = _arguments(node, built_in, scope, context)
    return tree.Call(name, arguments, type=_result(node, built_in, arguments), span=span)


def _result(
    node: ast.Call, signature: Signature, arguments: tuple[tree.Expression, ...]
) -> FieldType:
    if signature.result is None:
        types = [one.type for one in arguments]
        if any(one.kind == "number" for one in types):
            return NUMBER
        return types[0] if types else ANY
    if node.function == "round" and len(arguments) == 2:
        return NUMBER
    return signature.result


def _arguments(
    node: ast.Call,
    signature: Signature,
    scope: Scope,
    context: Context,
    wanted: tuple[FieldType, ...] = (),
) -> tuple[tree.Expression, ...]:
    least = len(signature.parameters) - signature.optional
    most = None if signature.more else len(signature.parameters)
    given = len(node.arguments)
    if given < least or (most is not None and given > most):
        context.error(
            "wrong-arguments",
            f"{node.function} takes {signature}, and is given {given or 'nothing'}.",
            node.span,
        )
    found = []
    for place, one in enumerate(node.arguments):
        kind = wanted[place] if place < len(wanted) else None
        argument = resolve(one, scope, context, kind)
        found.append(argument)
        kinds = (
            signature.parameters[min(place, len(signature.parameters) - 1)]
            if (signature.parameters)
            else ()
        )
        suits = fits(argument.type, kind) if kind else argument.type.kind in (*kinds, "any")
        if not suits and (place < len(signature.parameters) or signature.more):
            should = str(kind) if kind else " or ".join(kinds)
            context.error(
                "type-mismatch",
                f"{node.function} takes {should} here, and this is {_a(argument.type)}.",
                one.span,
            )
    if signature.result is None and len(found) > 1:
        for other in found[1:]:
            if not comparable(found[0].type, other.type):
                _mismatch(found[0], other, other.span, context)
    return tuple(found)


def _certainty(node: ast.Call, scope: Scope, context: Context) -> tree.Expression:
    span = node.span
    if not 1 <= len(node.arguments) <= 2:
        context.error(
            "wrong-arguments", "certainty takes a concluded field, and perhaps a value.", span
        )
        return broken(span)
    # Here the field itself is meant, not its value in this match.
    each = set(scope.each)
    target = resolve(node.arguments[0], scope, context)
    scope.each = each
    if is_any(target.type):
        return broken(span)
    if not isinstance(target, tree.FieldOf):
        context.error(
            "wrong-arguments",
            "certainty takes a field of a fact, like certainty(t.shape).",
            node.arguments[0].span,
        )
        return broken(span)
    value = None
    if len(node.arguments) == 2:
        value = resolve(node.arguments[1], scope, context, target.type)
        _check_comparable(target, value, node.arguments[1].span, context)
    return tree.CertaintyOf(target.variable, target.field, value, type=NUMBER, span=span)


def _expand(
    name: str,
    arguments: tuple[tree.Expression, ...],
    span: Span,
    scope: Scope,
    context: Context,
    expected: FieldType | None,
    called: bool = False,
) -> tree.Expression:
    entry = context.let(name)
    assert entry is not None
    parameters = entry.let.parameters
    key = entry.prefix + name
    if key in context.expanding:
        # The circle itself is reported once, where the let is declared.
        return broken(span)
    if (parameters is None) == called or (parameters and len(parameters) != len(arguments)):
        wanted = f"({', '.join(parameters)})" if parameters is not None else "no arguments"
        context.error("wrong-arguments", f"The let {name} takes {wanted}.", span)
        return broken(span)
    context.expansions += 1
    if context.expansions > MOST_EXPANSIONS:
        if context.expansions == MOST_EXPANSIONS + 1:
            context.error("too-deep", "The lets of this file expand to too much.", span)
        return broken(span)
    inside = Scope()
    inside.used = scope.used
    inside.inputs = dict(zip(parameters or (), arguments, strict=True))
    outer_prefix, context.prefix = context.prefix, entry.prefix
    context.expanding.append(key)
    found = resolve(entry.let.value, inside, context, expected)
    context.expanding.pop()
    context.prefix = outer_prefix
    return found


# Operators


def _list(
    node: ast.ListLiteral, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    """Resolve a list of constants: lists are values of list fields."""
    element = expected.element if expected is not None and expected.kind == "list" else None
    items = [resolve(one, scope, context, element) for one in node.items]
    values = []
    for one, item in zip(node.items, items, strict=True):
        if not isinstance(item, tree.Constant):
            context.error("bad-constant", "A list holds constants.", one.span)
            return broken(node.span)
        if items and not comparable(items[0].type, item.type):
            _mismatch(items[0], item, one.span, context)
        values.append(item.value)
    kind = FieldType("list", element=element or (items[0].type if items else ANY))
    return tree.Constant(tuple(values), type=kind, span=node.span)


def _negative(
    node: ast.Negative, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    operand = resolve(node.operand, scope, context, expected)
    if isinstance(operand, tree.Constant) and isinstance(operand.value, (int, float)):
        return tree.Constant(-operand.value, type=operand.type, span=node.span)
    if operand.type.kind not in ("number", "integer", "duration", "period", "any"):
        context.error(
            "type-mismatch", f"{_a(operand.type).capitalize()} has no negative.", node.span
        )
        return broken(node.span)
    return tree.Arithmetic("neg", (operand,), type=operand.type, span=node.span)


def _arithmetic(
    node: ast.Arithmetic, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    wanted = expected if expected is not None and expected.kind == "number" else None
    operands = [resolve(one, scope, context, wanted) for one in node.operands]
    kind = operands[0].type
    for operand, written in zip(operands[1:], node.operands[1:], strict=True):
        found = arithmetic_type(node.operator, kind, operand.type)
        if found is None:
            context.error(
                "type-mismatch",
                f"`{node.operator}` does not go with {_a(kind)} and {_a(operand.type)}.",
                written.span,
            )
            return broken(node.span)
        kind = found
    return tree.Arithmetic(node.operator, tuple(operands), type=kind, span=node.span)


def _comparison(node: ast.Comparison, scope: Scope, context: Context) -> tree.Expression:
    parts: list[tree.Expression] = []
    left = node.first
    for operator, right in node.rest:
        parts.append(_compare(left, operator, right, scope, context))
        left = right
    if len(parts) == 1:
        return parts[0]
    return tree.And(tuple(parts), type=BOOLEAN, span=node.span)


def _compare(
    left: ast.Expression, operator: str, right: ast.Expression, scope: Scope, context: Context
) -> tree.Expression:
    span = left.span.to(right.span)
    if operator in ("is", "is not"):
        operand = resolve(left, scope, context)
        asked = tree.IsUnknown(operand, type=BOOLEAN, span=span)
        return asked if operator == "is" else tree.Not(asked, type=BOOLEAN, span=span)
    if operator in ("in", "not in"):
        inside = _within(left, right, span, scope, context)
        return inside if operator == "in" else tree.Not(inside, type=BOOLEAN, span=span)
    one, other = _sides(left, right, scope, context)
    if not comparable(one.type, other.type):
        _mismatch(one, other, span, context)
        return broken(span)
    if operator not in ("==", "!=") and not (is_ordered(one.type) and is_ordered(other.type)):
        context.error(
            "type-mismatch",
            f"{_a(one.type).capitalize()} has no order: compare with `==` or `!=`.",
            span,
        )
        return broken(span)
    for this, that in ((one, other), (other, one)):
        if _is_many(this, scope, context):
            assert isinstance(this, tree.FieldOf)
            if operator not in ("==", "!="):
                _many_error(this, span, context)
                return broken(span)
            holds = tree.Holds(this.variable, this.field, that, type=BOOLEAN, span=span)
            return holds if operator == "==" else tree.Not(holds, type=BOOLEAN, span=span)
    return tree.Compare(
        operator, _numbered(one, other), _numbered(other, one), type=BOOLEAN, span=span
    )


def _numbered(one: tree.Expression, other: tree.Expression) -> tree.Expression:
    """Return a whole constant as a float where it is compared with a number."""
    if (
        isinstance(one, tree.Constant)
        and one.type.kind == "integer"
        and other.type.kind == "number"
        and isinstance(one.value, int)
    ):
        return tree.Constant(float(one.value), type=NUMBER, span=one.span)
    return one


def _sides(
    left: ast.Expression, right: ast.Expression, scope: Scope, context: Context
) -> tuple[tree.Expression, tree.Expression]:
    """Resolve both sides of a comparison; a level is looked up in the type of the other side."""
    if _may_be_level(left, scope, context) and not _may_be_level(right, scope, context):
        other = resolve(right, scope, context)
        return resolve(left, scope, context, other.type), other
    one = resolve(left, scope, context)
    other = resolve(right, scope, context, one.type)
    if (
        isinstance(left, ast.Name)
        and not _is_start(left, scope)
        and left.name in other.type.levels
        and not isinstance(other, tree.Constant)
        and not is_any(one.type)
    ):
        found = _known_name(left.name, scope, context, False)
        if found and found != ["input"]:
            _ambiguous(left.name, [*found, "level"], left.span, scope, context)
    if isinstance(left, ast.Literal) and isinstance(left.value, str) and other.type.levels:
        one = _level(left.value, left.span, context, other.type)
    return one, other


def _may_be_level(node: ast.Expression, scope: Scope, context: Context) -> bool:
    if isinstance(node, ast.Literal):
        return isinstance(node.value, str)
    return isinstance(node, ast.Name) and not _known_name(
        node.name, scope, context, _is_start(node, scope)
    )


def _within(
    left: ast.Expression, right: ast.Expression, span: Span, scope: Scope, context: Context
) -> tree.Expression:
    if isinstance(right, ast.ListLiteral):
        return _among(left, right.items, span, scope, context)
    if isinstance(right, ast.Range):
        item = resolve(left, scope, context)
        ends = []
        for end, operator in ((right.low, ">="), (right.high, "<=")):
            bound = resolve(end, scope, context, item.type)
            _check_comparable(item, bound, end.span, context)
            bound = _numbered(bound, item)
            ends.append(tree.Compare(operator, item, bound, type=BOOLEAN, span=span))
        return tree.And(tuple(ends), type=BOOLEAN, span=span)
    container = resolve(right, scope, context)
    if _is_many(container, scope, context):
        assert isinstance(container, tree.FieldOf)
        item = resolve(left, scope, context, container.type)
        _check_comparable(container, item, left.span, context)
        return tree.Holds(container.variable, container.field, item, type=BOOLEAN, span=span)
    if container.type.kind not in ("list", "any"):
        context.error(
            "type-mismatch",
            f"`in` needs a list, and this is {_a(container.type)}.",
            right.span,
            "Write `in [a, b]`, or `in low..high`.",
        )
        return broken(span)
    element = container.type.element or ANY
    item = resolve(left, scope, context, element)
    if not comparable(item.type, element):
        _mismatch(item, tree.Constant(UNKNOWN, type=element), left.span, context)
    return tree.Membership(item, (), container, type=BOOLEAN, span=span)


def _among(
    left: ast.Expression,
    items: Iterable[ast.Expression],
    span: Span,
    scope: Scope,
    context: Context,
) -> tree.Expression:
    item = resolve(left, scope, context)
    options = []
    for written in items:
        option = resolve(written, scope, context, item.type)
        _check_comparable(item, option, written.span, context)
        options.append(_numbered(option, item))
    if _is_many(item, scope, context):
        assert isinstance(item, tree.FieldOf)
        held = [
            tree.Holds(item.variable, item.field, one, type=BOOLEAN, span=span) for one in options
        ]
        return tree.Or(tuple(held), type=BOOLEAN, span=span)
    return tree.Membership(item, tuple(options), type=BOOLEAN, span=span)


def _is_many(node: tree.Expression, scope: Scope, context: Context) -> bool:
    """Return whether an expression reads all the values of a `many` field at once."""
    if not isinstance(node, tree.FieldOf):
        return False
    if scope.pattern is not None and scope.pattern[0] == node.variable:
        return False
    type_name = scope.facts.get(node.variable)
    return type_name is not None and (type_name, node.field) in context.many


def _many_error(node: tree.FieldOf, span: Span, context: Context) -> None:
    context.error(
        "type-mismatch",
        f"{node.variable}.{node.field} can have several values.",
        span,
        f"Ask for one with `==` or `in`, or bind each in a pattern, `{node.field}: x`.",
    )


def _check_comparable(
    one: tree.Expression, other: tree.Expression, span: Span, context: Context
) -> None:
    if not comparable(one.type, other.type):
        _mismatch(one, other, span, context)


def _mismatch(one: tree.Expression, other: tree.Expression, span: Span, context: Context) -> None:
    hint = None
    if {one.type.kind, other.type.kind} == {"date", "datetime"}:
        hint = "A date is not a moment: compare two dates, or two datetimes."
    elif "text" in (one.type.kind, other.type.kind) and (
        one.type.is_numeric or other.type.is_numeric
    ):
        hint = "Write the number without quotes."
    elif "boolean" in (one.type.kind, other.type.kind):
        hint = "Booleans are true or false."
    context.error(
        "type-mismatch",
        f"{_a(one.type).capitalize()} is compared with {_a(other.type)}.",
        span,
        hint,
    )


def _a(kind: FieldType) -> str:
    words = {
        "text": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "date": "a date",
        "datetime": "a date and time",
        "duration": "a duration",
        "period": "a calendar span",
        "any": "something unknown",
    }
    if kind.kind == "enumeration":
        return f"one of {' | '.join(kind.levels[:6])}{' | …' if len(kind.levels) > 6 else ''}"
    if kind.kind == "reference":
        return f"a fact of type {kind.target}"
    if kind.kind == "list":
        return f"a list of {kind.element}"
    return words[kind.kind]


# Aggregates


def _aggregate(node: ast.Aggregate, scope: Scope, context: Context) -> tree.Expression:
    from heuron.check.conditions import resolve_group

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
    conditions = resolve_group(node.conditions, inside, context)
    value = resolve(node.value, inside, context) if node.value is not None else None
    kind = _aggregate_type(node, value, context)
    return tree.Aggregate(node.function, value, conditions, type=kind, span=span)


def _aggregate_type(
    node: ast.Aggregate, value: tree.Expression | None, context: Context
) -> FieldType:
    if node.function == "count":
        return INTEGER
    if value is None:
        context.error(
            "wrong-arguments",
            f"{node.function} needs a value.",
            node.span,
            f"Write `{node.function}(x.field for x: Type(…))`.",
        )
        return ANY
    kind = value.type
    if node.function == "collect":
        return FieldType("list", element=kind)
    allowed = {
        "sum": ("number", "integer", "boolean", "duration"),
        "avg": ("number", "integer", "boolean", "duration"),
    }.get(node.function, ("number", "integer", "text", "date", "datetime", "duration"))
    if kind.kind not in (*allowed, "any"):
        context.error("type-mismatch", f"{node.function} does not go with {_a(kind)}.", node.span)
        return ANY
    if node.function == "avg" and kind.kind != "duration":
        return NUMBER
    if node.function == "sum" and kind.kind == "boolean":
        return INTEGER
    return kind


def type_in_words(kind: FieldType) -> str:
    """Return a type in words, with its article: "a whole number"."""
    return _a(kind)


__all__ += ["broken", "type_in_words"]
assert DURATION.kind == "duration"
