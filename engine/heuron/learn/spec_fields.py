"""The fields that a spec's model reads, and what happens where one of them is unknown."""

from __future__ import annotations

from datetime import date
from typing import Final

from heuron.coercion import coerce
from heuron.diagnostics import nearest
from heuron.learn.allowed import ESTIMATORS
from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.learn.spec import Feature, Missing, default_features
from heuron.values import UNKNOWN, Field

__all__ = ["read_features", "read_missing"]

POLICIES: Final = ("refuse", "median", "most_common", "native")


def read_features(document: Document, contract: Contract) -> tuple[Feature, ...]:
    """Return the fields to read, by default all that a model can."""
    given = document.data.get("features")
    if given is None:
        return tuple(Feature(name) for name in default_features(contract))
    if not isinstance(given, list) or not given:
        document.error("bad-setting", "`features` is a list of fields.", ("features",))
        return ()
    found: dict[str, Feature] = {}
    for entry in given:
        name = entry.get("field") if isinstance(entry, dict) else entry
        field = contract.template.get(name) if isinstance(name, str) else None
        if field is None:
            near = nearest(str(name), contract.template.names)
            hint = f"Did you mean `{near}`?" if near else None
            message = f"{contract.template.name} has no field {name!r}"
            document.error("unknown-field", message, ("features",), hint)
            continue
        feature = _feature(document, contract, field, entry)
        if feature is not None:
            if field.name in found:
                document.error("duplicate-name", f"`{name}` stands here twice.", ("features",))
            found[field.name] = feature
    return tuple(found.values())


def _feature(document: Document, contract: Contract, field: Field, entry: object) -> Feature | None:
    kind, name = field.type.kind, field.name
    at = ("features",)
    if name == contract.goal:
        document.error("bad-setting", f"`{name}` is the goal, so it is no feature.", at)
        return None
    if kind in ("text", "list", "reference"):
        document.error("bad-setting", f"`{name}` is {field.type}: models cannot read it.", at)
        return None
    if not isinstance(entry, dict):
        if kind in ("date", "datetime"):
            hint = f'{{ field = "{name}", days_before = "2026-01-01" }}'
            document.error("bad-setting", f"The date `{name}` needs a day to count from.", at, hint)
            return None
        return Feature(name)
    document.check_keys(entry, ("field", "days_before"), at)
    day = entry.get("days_before")
    try:
        counted = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError:
        document.error("bad-setting", f"`days_before` is a date, not {day!r}", at)
        return None
    if kind not in ("date", "datetime"):
        document.error("bad-setting", f"`days_before` is for dates, and `{name}` is {kind}", at)
        return None
    return Feature(name, counted)


def read_missing(
    document: Document,
    contract: Contract,
    features: tuple[Feature, ...],
    estimator: str | None,
) -> dict[str, Missing]:
    """Return what the spec declares for fields that are unknown, by field."""
    given = document.data.get("missing", {})
    if not isinstance(given, dict):
        document.error("bad-setting", "Write [missing].", ("missing",))
        return {}
    document.check_keys(given, (one.field for one in features), ("missing",))
    found = {}
    for name, value in given.items():
        at = ("missing", name)
        field = contract.template.get(name)
        if field is None:
            continue
        if not field.optional and value != "refuse":
            message = f"`{name}` is not optional: a model that uses it needs it."
            hint = f"declare `{name}` optional in the rule file"
            document.error("bad-setting", message, at, hint)
            continue
        found[name] = _policy(document, field, value, at)
        known = ESTIMATORS.get(estimator or "")
        if value == "native" and estimator and (known is None or not known.native):
            short = estimator.rpartition(".")[2]
            document.error("bad-setting", f"{short} cannot learn from missing values.", at)
    return found


def _policy(document: Document, field: Field, value: object, at: tuple[str, ...]) -> Missing:
    if value in POLICIES and value not in field.type.levels:
        if value == "median" and field.type.kind in ("enumeration", "boolean"):
            document.error("bad-setting", f"`{field.name}` has no median: most_common.", at)
        return Missing(str(value))
    try:
        typed = coerce(field, value)
    except ValueError as error:
        hint = f"or one of {', '.join(POLICIES)}"
        document.error("bad-setting", str(error), at, hint)
        return Missing("refuse")
    return Missing("refuse") if typed is UNKNOWN else Missing("value", typed)
