"""Why a route held or did not: its condition as written, each read followed by the value read.

"rules.certainty >= 0.9" becomes "rules.certainty 0.95 >= 0.9". The text is put together only
for routes that were tried, by the generated function itself, and never asks a backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from heuron.check.tree import BackendOf, CertaintyOf, FieldOf, PredictionOf
from heuron.check.walk import walk
from heuron.diagnostics import SourceText
from heuron.plan.routenames import RULES, RouteNames
from heuron.plan.routequeries import Part
from heuron.values import UNKNOWN

__all__ = ["why_parts"]


def why_parts(
    conditions: Sequence[Part], texts: Mapping[str, SourceText], names: RouteNames
) -> list[str]:
    """Return the arguments of `words`, as source, that describe conditions with their values."""
    parts: list[str] = []
    for place, condition in enumerate(conditions):
        if place:
            parts.append(repr(", "))
        parts += _parts(condition, texts, names)
    return parts


def _parts(condition: Part, texts: Mapping[str, SourceText], names: RouteNames) -> list[str]:
    span = condition.span
    source = texts.get(span.file)
    if source is None:
        return [repr("its condition")]
    holes: dict[int, str] = {}
    for one in walk(condition):
        seen = _seen(one, names)
        if seen is None:
            continue
        # A let that was expanded stands somewhere else, and has no place in this text.
        place = one.span  # type: ignore[attr-defined]
        if place.file == span.file and span.start <= place.start < place.end <= span.end:
            holes[place.end] = seen
    parts, start = [], span.start
    for end in sorted(holes):
        parts += [repr(_flat(source.text[start:end])), holes[end]]
        start = end
    rest = _flat(source.text[start : span.end])
    return [*parts, repr(rest)] if rest else parts


def _flat(text: str) -> str:
    """Return a text on one line."""
    if "\n" not in text:
        return text
    lead, trail = text[:1].isspace(), text[-1:].isspace()
    return " " * lead + " ".join(text.split()) + " " * trail


def _seen(node: object, names: RouteNames) -> str | None:
    """Return source for the value that a node read, with a space before it; None for no read."""
    match node:
        case BackendOf():
            return f"seen({names.local(node.backend)}, {node.attribute!r})"
        case PredictionOf():
            return f"seen({names.local(names.models[node.variable])}, {node.attribute!r})"
        case FieldOf() | CertaintyOf() if not names.reads_record(node):
            return None
        case FieldOf() if node.field in names.settled:
            return f"seen_field({names.local(RULES)}, {node.field!r})"
        case FieldOf() if node.field in names.template:
            default = names.template[node.field].default
            missing = UNKNOWN if default is None else default
            return f"seen_value(get({node.field!r}, {names.literal(missing)}))"
        case CertaintyOf() if node.value is None:
            return f"seen_strength({names.local(RULES)}, {node.field!r})"
        case _:
            return None
