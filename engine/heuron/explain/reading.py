"""Conditions in words, with the values that they read: "worst_radius 20.1 > 16.8"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heuron.check.tree import (
    Aggregate,
    And,
    Arithmetic,
    Call,
    CertaintyOf,
    Compare,
    Constant,
    Expression,
    FactVariable,
    FieldOf,
    Holds,
    IsUnknown,
    Membership,
    Not,
    Or,
    PredictionOf,
    ReferencedField,
    Variable,
)
from heuron.check.walk import walk
from heuron.diagnostics import SourceText, Span
from heuron.values import UNKNOWN, Value, show

__all__ = ["leaves", "read_words", "spelled", "written"]

Leaf = FieldOf | Variable | CertaintyOf | PredictionOf | ReferencedField | Holds | Aggregate


def written(span: Span, texts: Mapping[str, SourceText]) -> str | None:
    """Return what stands at a span, on one line, or None where the text is not at hand."""
    source = texts.get(span.file)
    if source is None or span.end <= span.start:
        return None
    return " ".join(source.text[span.start : span.end].split())


def leaves(node: object) -> tuple[Leaf, ...]:
    """Return what an expression reads: fields, variables, certainties, predictions, aggregates.

    What stands inside an aggregate is its own affair.
    """
    found: dict[tuple[object, int], Leaf] = {}
    hidden: set[int] = set()
    for one in walk(node):
        if isinstance(one, Aggregate):
            hidden.update(id(inner) for inner in walk((one.value, one.conditions)))
        if id(one) in hidden:
            continue
        if isinstance(one, (FieldOf, Variable, CertaintyOf, PredictionOf, ReferencedField)):
            found[(one, 0)] = one
        elif isinstance(one, (Holds, Aggregate)):
            found[(one, 1)] = one
    return tuple(found.values())


def name_of(leaf: Leaf, home: str | None = None) -> str:
    """Return what a leaf is called; fields of the variable `home` go without it."""
    match leaf:
        case Variable():
            return leaf.name
        case FieldOf() | Holds():
            own = leaf.variable == home or leaf.variable.startswith("_")
            return leaf.field if own else f"{leaf.variable}.{leaf.field}"
        case CertaintyOf():
            return f"certainty({leaf.variable}.{leaf.field})"
        case PredictionOf():
            return f"{leaf.variable}.{leaf.attribute}"
        case ReferencedField():
            return f"{spelled(leaf.reference)}.{leaf.field}"
        case Aggregate():
            return f"{leaf.function}(…)"


def read_words(
    node: Expression,
    values: Sequence[tuple[Leaf, Value]],
    texts: Mapping[str, SourceText],
    home: str | None = None,
) -> str:
    """Return a condition with the values that it read, each after what read it.

    Args:
        node: The condition.
        values: What it reads, with values.
        texts: The sources by file.
        home: The fact variable whose fields are named without it.
    """
    if isinstance(node, Compare) and _says_its_value(node, values):
        return written(node.span, texts) or spelled(node, home)
    if isinstance(node, IsUnknown) and values:
        return f"{name_of(values[0][0], home)} {show(values[0][1])}"
    source = texts.get(node.span.file)
    if source is None or node.span.end <= node.span.start:
        shown = {id(leaf): f" {show(value)}" for leaf, value in values}
        return spelled(node, home, shown)
    holes: dict[int, str] = {}
    rest: list[str] = []
    for leaf, value in values:
        place = leaf.span
        inside = node.span.start <= place.start < place.end <= node.span.end
        if place.file == node.span.file and inside:
            holes[place.end] = f" {show(value)}"
        else:
            # A let that was expanded stands somewhere else, and has no place in this text.
            rest.append(f"{name_of(leaf, home)} {show(value)}")
    pieces, start = [], node.span.start
    for end in sorted(holes):
        pieces += [source.text[start:end], holes[end]]
        start = end
    text = " ".join("".join([*pieces, source.text[start : node.span.end]]).split())
    return f"{text} ({', '.join(rest)})" if rest else text


def _says_its_value(node: Compare, values: Sequence[tuple[Leaf, Value]]) -> bool:
    """Return whether "shape == irregular" says it all, as the shape is irregular."""
    if node.operator != "==" or not isinstance(node.right, Constant):
        return False
    wanted = node.right.value
    return any(value is not UNKNOWN and value == wanted for _, value in values)


def spelled(node: object, home: str | None = None, shown: Mapping[int, str] | None = None) -> str:
    """Return an expression in the language's own form; `shown` follows what reads a value."""
    shown = shown or {}
    text = _spelled(node, home, shown)
    return text + shown.get(id(node), "")


def _spelled(node: object, home: str | None, shown: Mapping[int, str]) -> str:
    def inner(one: object) -> str:
        text = spelled(one, home, shown)
        wrapped = isinstance(one, (And, Or, Not, Compare, Arithmetic))
        return f"({text})" if wrapped and not isinstance(node, (And, Or)) else text

    match node:
        case Constant():
            kind = node.type.kind
            return f'"{node.value}"' if kind == "text" else show(node.value)
        case FactVariable():
            return node.name
        case Arithmetic():
            if len(node.operands) == 1:
                return f"-{inner(node.operands[0])}"
            return f" {node.operator} ".join(inner(one) for one in node.operands)
        case Compare():
            return f"{inner(node.left)} {node.operator} {inner(node.right)}"
        case Membership():
            if node.container is not None:
                return f"{inner(node.item)} in {inner(node.container)}"
            return f"{inner(node.item)} in [{', '.join(inner(one) for one in node.options)}]"
        case IsUnknown():
            return f"{inner(node.operand)} is unknown"
        case Not():
            return f"not {inner(node.operand)}"
        case And() | Or():
            word = " and " if isinstance(node, And) else " or "
            return word.join(f"{inner(one)}" for one in node.operands)
        case Call():
            return f"{node.function}({', '.join(inner(one) for one in node.arguments)})"
        case Holds():
            return f"{name_of(node, home)} == {inner(node.value)}"
        case (
            FieldOf()
            | Variable()
            | CertaintyOf()
            | PredictionOf()
            | ReferencedField()
            | Aggregate()
        ):
            return name_of(node, home)
        case _:
            return "its condition"
