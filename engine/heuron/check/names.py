"""What a name means: a field, a variable, a level, a let; and what follows a dot."""

from __future__ import annotations

from heuron.check import tree
from heuron.check.context import Context, Input, Scope, broken, is_broken
from heuron.check.functions import BUILT_IN
from heuron.check.tree import BOOLEAN, NUMBER, TEXT
from heuron.check.words import capital, listed, meant, type_in_words
from heuron.diagnostics import Span, nearest
from heuron.lang import ast
from heuron.values import FieldType

__all__ = [
    "ambiguous",
    "expand",
    "is_start",
    "level",
    "meanings",
    "resolve_attribute",
    "resolve_name",
    "resolve_variable",
    "slot_start",
]

BACKEND_TYPES = {
    "certainty": NUMBER,
    "confidence": NUMBER,
    "answered": BOOLEAN,
    "outside": FieldType("list", element=TEXT),
    "imputed": FieldType("list", element=TEXT),
}
RULES_HAVE = ("value", "certainty", "answered")
MODELS_HAVE = ("value", "confidence", "answered", "outside", "imputed")
TRUTHS = {"yes": "true", "no": "false", "True": "true", "False": "false"}
PREDICTION_TYPES = {"confidence": NUMBER, "answered": BOOLEAN}


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


def is_start(node: ast.Expression, scope: Scope) -> bool:
    """Return whether a name stands at the start of the present slot, where it is a field."""
    return scope.pattern is not None and node is scope.slot_start


def level(name: str, span: Span, context: Context, kind: FieldType) -> tree.Expression:
    """Return a level of an enumeration, or report that it has none of this name."""
    if name in kind.levels:
        return tree.Constant(name, type=kind, span=span)
    hint = meant(name, kind.levels, f"The levels are {listed(kind.levels)}.")
    context.error("unknown-level", f'"{name}" is none of {listed(kind.levels, " | ")}.', span, hint)
    return broken(span)


# Bare names


def meanings(name: str, scope: Scope, context: Context, start: bool = False) -> list[str]:
    """Return what a bare name could be, levels apart: field, input, variable, let."""
    if start:
        return ["field"]
    found = []
    if name in scope.inputs:
        found.append("input")
    elif scope.has(name):
        found.append("variable")
    if scope.pattern is not None and name in context.templates[scope.pattern[1]]:
        found.append("field")
    if context.let(name) is not None and name not in scope.inputs:
        found.append("let")
    return found


def resolve_name(
    node: ast.Name, scope: Scope, context: Context, expected: FieldType | None
) -> tree.Expression:
    """Resolve a bare name."""
    name, span = node.name, node.span
    start = is_start(node, scope)
    found = meanings(name, scope, context, start)
    if expected is not None and not start and name in expected.levels:
        found.append("level")
    if len(found) > 1:
        ambiguous(name, found, span, scope, context)
        return broken(span)
    if not found:
        _unknown(name, span, scope, context, expected)
        return broken(span)
    match found[0]:
        case "input":
            return _input(scope.inputs[name], span, context, expected)
        case "field":
            assert scope.pattern is not None
            return field_of(scope.pattern[0], scope.pattern[1], name, span, scope, context)
        case "variable":
            return resolve_variable(name, span, scope, context)
        case "level":
            assert expected is not None
            return tree.Constant(name, type=expected, span=span)
        case _:
            return expand(name, None, span, scope, context, expected)


def ambiguous(name: str, found: list[str], span: Span, scope: Scope, context: Context) -> None:
    """Report a name with several meanings, and the way out of each."""
    words = {
        "variable": "a variable",
        "input": "a parameter",
        "field": f"a field of {scope.pattern[1] if scope.pattern else ''}",
        "level": "a level",
        "let": "a let",
    }
    ways = []
    if "variable" in found:
        ways.append("rename the variable")
    if "input" in found:
        ways.append("rename the parameter")
    if "let" in found:
        ways.append("rename the let")
    if "level" in found:
        ways.append(f'write the level as "{name}"')
    if "field" in found and len(ways) == 0:
        ways.append(f"name the pattern, `p: …`, and write the field as p.{name}")
    context.error(
        "ambiguous-name",
        f'"{name}" could be {" or ".join(words[one] for one in found)}.',
        span,
        capital(", or ".join(ways)) + ".",
    )


def _unknown(
    name: str, span: Span, scope: Scope, context: Context, expected: FieldType | None
) -> None:
    """Report a name without a meaning, with the likeliest thing that was meant."""
    if context.is_excused(name):
        return
    if name in scope.hidden:
        context.error(
            "unbound-variable",
            f'"{name}" is bound only inside `not`, `exists`, `forall`, `either` or an aggregate.',
            span,
            "Names bound there are local to it. Bind it in a positive pattern.",
        )
        return
    if expected is not None and expected.levels:
        level(name, span, context, expected)
        return
    if scope.constant is not None:
        context.error(
            "bad-constant",
            f'{scope.constant} is a constant, and "{name}" is not known before anything runs.',
            span,
            meant(name, context.lets, "Write a value, or a let of one."),
        )
        return
    hint = _hint(name, scope, context)
    if expected is not None and expected.kind == "boolean" and name in TRUTHS:
        hint = f"Write {TRUTHS[name]}."
    context.error("unknown-name", f'"{name}" means nothing here.', span, hint)


def _hint(name: str, scope: Scope, context: Context) -> str:
    owners = [one for one, kind in scope.facts.items() if name in context.templates[kind]]
    written = [one for one in owners if not one.startswith("_")]
    if written:
        return f"It is a field of {written[0]}: write {written[0]}.{name}."
    if owners:
        kind = scope.facts[owners[0]]
        return f"It is a field of {kind}: name the fact, `x: {kind}(…)`, and write x.{name}."
    candidates = [*(one for one in scope.names() if not one.startswith("_")), *context.lets]
    if scope.pattern is not None:
        candidates += context.templates[scope.pattern[1]].names
    near = nearest(name, candidates)
    if near is not None:
        return f"Did you mean {near}?"
    if name in BUILT_IN:
        return f"Did you mean {name}()?"
    for template in context.templates.values():
        if name in template:
            shown = template.name
            return f"It is a field of {shown}: write it in a pattern, `x: {shown}({name} …)`."
        for one in template.fields:
            if name in one.type.levels:
                return f"It is a level of {template.name}.{one.name}: compare it with that field."
    return f'A text stands in quotes, "{name}"; a variable is bound in a pattern, `field: {name}`.'


def resolve_variable(name: str, span: Span, scope: Scope, context: Context) -> tree.Expression:
    """Return a variable of any kind; a prediction has no value of its own, only parts."""
    scope.used.add(name)
    if name in scope.lost:
        return broken(span)
    if name in scope.facts:
        kind = FieldType("reference", target=scope.facts[name])
        return tree.FactVariable(name, type=kind, span=span)
    if name in scope.values:
        return tree.Variable(name, type=scope.values[name], span=span)
    context.error(
        "type-mismatch",
        f'"{name}" is a prediction; say which part of it.',
        span,
        f"Write {name}.value, {name}.confidence or {name}.answered.",
    )
    return broken(span)


def field_of(
    variable: str, type_name: str, name: str, span: Span, scope: Scope, context: Context
) -> tree.Expression:
    """Return a field of the fact that a variable is bound to."""
    scope.used.add(variable)
    found = context.field(context.templates[type_name], name, span)
    if found is None:
        return broken(span)
    read = tree.FieldOf(variable, name, type=found.type, span=span)
    if (type_name, name) in context.many:
        reader = scope.reader(variable)
        if reader is not None:
            reader.each.add(name)
        else:
            context.many_reads.append(read)
    return read


# Lets


def _input(
    given: Input, span: Span, context: Context, expected: FieldType | None
) -> tree.Expression:
    """Resolve an argument of a let as if it stood where the let was called."""
    if not context.may_expand(span):
        return broken(span)
    before = context.prefix, context.expanding
    context.prefix, context.expanding = given.prefix, given.expanding
    found = context.resolve(given.node, given.scope, context, expected)
    context.prefix, context.expanding = before
    return found


def expand(
    name: str,
    arguments: tuple[ast.Expression, ...] | None,
    span: Span,
    scope: Scope,
    context: Context,
    expected: FieldType | None,
) -> tree.Expression:
    """Return a let's value with its arguments in place; `arguments` is None without a call."""
    entry = context.let(name)
    assert entry is not None
    parameters = entry.let.parameters
    key = entry.prefix + entry.let.name
    if key in context.expanding:
        # The circle itself is reported once, where the let is declared.
        return broken(span)
    if (parameters is None) != (arguments is None) or len(parameters or ()) != len(arguments or ()):
        wanted = f"is written {name}({', '.join(parameters)})" if parameters is not None else ""
        context.error("wrong-arguments", f"The let {name} {wanted or 'takes no arguments'}.", span)
        return broken(span)
    if not context.may_expand(span):
        return broken(span)
    inside = Scope()
    inside.used = scope.used
    inside.in_dispatch = scope.in_dispatch
    inside.caller = scope
    inside.inputs = {
        parameter: Input(argument, scope, context.prefix, context.expanding)
        for parameter, argument in zip(parameters or (), arguments or (), strict=True)
    }
    before = context.prefix, context.expanding
    said = len(context.diagnostics)
    context.prefix, context.expanding = entry.prefix, (*context.expanding, key)
    found = context.resolve(entry.let.value, inside, context, expected)
    context.prefix, context.expanding = before
    if not before[1]:
        context.say_where_used(said, name, span)
    return found


# What follows a dot


def resolve_attribute(node: ast.Attribute, scope: Scope, context: Context) -> tree.Expression:
    """Resolve `object.name`: a field, a part of a prediction or backend, a module's let."""
    owner, span = node.object, node.span
    if isinstance(owner, ast.Name) and not is_start(owner, scope):
        name = owner.name
        if name in scope.facts:
            return field_of(name, scope.facts[name], node.name, span, scope, context)
        if name in scope.predictions:
            return _prediction(name, node, scope, context)
        if not meanings(name, scope, context):
            if context.let(f"{name}.{node.name}") is not None:
                return expand(f"{name}.{node.name}", None, span, scope, context, None)
            if scope.in_dispatch:
                return _backend(name, node, context)
            if any(one.startswith(f"{context.prefix}{name}.") for one in context.lets):
                whole = f"{name}.{node.name}"
                hint = meant(whole, [one.removeprefix(context.prefix) for one in context.lets])
                context.error("unknown-name", f'"{whole}" means nothing here.', span, hint)
                return broken(span)
    base = context.resolve(owner, scope, context)
    if is_broken(base):
        return broken(span)
    if base.type.target is None:
        written = context.text(owner.span)
        what = f"{written} is {type_in_words(base.type)} and has no fields."
        hint = f"Write {node.name}({written})." if node.name in BUILT_IN else None
        context.error("type-mismatch", what, span, hint)
        return broken(span)
    target = context.templates[base.type.target]
    found = context.field(target, node.name, span)
    if found is None:
        return broken(span)
    if isinstance(base, tree.FactVariable):
        return field_of(base.name, target.name, node.name, span, scope, context)
    if (target.name, node.name) in context.many:
        context.error(
            "type-mismatch",
            f"{context.text(span)} can have several values.",
            span,
            f"Match the {target.name} in a pattern of its own, and bind each, `{node.name}: x`.",
        )
        return broken(span)
    return tree.ReferencedField(base, target.name, node.name, type=found.type, span=span)


def _prediction(name: str, node: ast.Attribute, scope: Scope, context: Context) -> tree.Expression:
    scope.used.add(name)
    kind = context.goal_type if node.name == "value" else PREDICTION_TYPES.get(node.name)
    if kind is None:
        parts = ("value", *PREDICTION_TYPES)
        hint = meant(node.name, parts, f"It has {', '.join(parts)}.")
        context.error("unknown-field", f'A prediction has no "{node.name}".', node.span, hint)
        return broken(node.span)
    return tree.PredictionOf(name, node.name, type=kind, span=node.span)


def _backend(name: str, node: ast.Attribute, context: Context) -> tree.Expression:
    models = context.environment.models
    span = node.span
    if name != "rules" and models is not None and name not in models:
        if context.is_first(f"{name} {context.place(span)}"):
            known = f"Models of this domain: {listed(sorted(models))}." if models else None
            hint = meant(name, [*sorted(models), "rules"], known)
            place = context.word(span, name)
            context.error("unknown-model", f"There is no model {name}.", place, hint)
        return broken(span)
    parts = RULES_HAVE if name == "rules" else MODELS_HAVE
    if node.name not in parts:
        hint = f"It has {', '.join(parts)}."
        if {node.name, *parts} >= {"certainty", "confidence"}:
            hint += " Rules have a certainty, models a confidence."
        context.error("unknown-field", f'"{name}" has no "{node.name}".', span, hint)
        return broken(span)
    kind = context.goal_type if node.name == "value" else BACKEND_TYPES[node.name]
    return tree.BackendOf(name, node.name, type=kind, span=span)
