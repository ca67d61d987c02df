"""What a derived fact is made of, and how a value is fitted into its field."""

from __future__ import annotations

from heuron.check.tree import Because, Constant, Derive, FactVariable, Log, Rule, Variable
from heuron.plan.conclusions import typed
from heuron.plan.matcher import Body
from heuron.plan.record import bounds
from heuron.values import UNKNOWN, Value

__all__ = ["derived_values", "fitting", "only_derivation", "tuple_of"]


def tuple_of(parts: list[str]) -> str:
    """Return source for a tuple of these parts, however few they are."""
    return f"({''.join(f'{part}, ' for part in parts)})"


def only_derivation(rule: Rule) -> Derive | None:
    """Return the one derivation of a rule that does nothing else, or None."""
    effects = [one for one in rule.actions if not isinstance(one, (Because, Log))]
    return effects[0] if len(effects) == 1 and isinstance(effects[0], Derive) else None


def derived_values(body: Body, action: Derive) -> tuple[str, list[str]]:
    """Return source for a derived fact's values, and for what keeps it from being derived.

    The fields stand in the order of the type's rows; a necessary field must be known.
    """
    layout = body.module.layouts[action.type_name]
    given = dict(action.values)
    parts, doubtful = [], []
    for name in layout.given:
        if name in given:
            source = fitting(body, action.type_name, name, given[name])
            field = layout.template[name]
            if not (field.optional or field.default is not None or _is_known(given[name], source)):
                source = body.writer.keep(source)
                doubtful.append(f"{source} is UNKNOWN")
            parts.append(source)
            continue
        default = layout.template[name].default
        parts.append(body.module.constants.literal(UNKNOWN if default is None else default))
    return tuple_of(parts), doubtful


def _is_known(value: object, source: str) -> bool:
    """Return whether a value is known wherever the rule's conditions hold."""
    if source.startswith("accept("):
        return False
    return isinstance(value, (Variable, FactVariable)) or (
        isinstance(value, Constant) and value.value is not UNKNOWN
    )


def fitting(body: Body, type_name: str, field: str, value: object) -> str:
    """Return source for a value in the type and range of its field; unknown when outside."""
    template = body.module.program.templates[type_name]
    one = template[field]
    if isinstance(value, Constant):
        constant: Value = typed(one.type.kind, value.value)
        return body.module.constants.literal(constant)
    source = body.expressions.value(value)  # type: ignore[arg-type]
    plain = one.low is None and one.high is None and one.matching is None
    exact = one.type.kind not in ("number", "integer") or getattr(value, "type", None) == one.type
    if plain and exact:
        return source
    limits = bounds(template, field)
    return f"accept({source}, {body.module.constants.literal(limits)})"
