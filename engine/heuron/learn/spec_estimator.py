"""The estimator of a spec, its hyperparameters, and those that a search may try.

Everything is checked against the closed list of estimators and the estimator's own signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from heuron.diagnostics import nearest
from heuron.learn.allowed import COMPOSED, ESTIMATORS, REFUSED, Allowed, import_class, lookup
from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.learn.spec import Range

__all__ = ["class_names", "read_estimator", "read_hyperparameters", "read_search"]

BY_MEMBERS: Final = ("estimator", "estimators", "voting", "weights")
"""What the members of a composed estimator say."""


def read_estimator(
    document: Document, contract: Contract, packages: Sequence[str] = ()
) -> str | None:
    """Return the estimator's full name where it is on the list and predicts such a goal.

    `packages` are those that the user allows beyond the list.
    """
    name = document.data.get("estimator")
    allowed = lookup(name, packages)
    at = ("estimator",)
    if allowed is None:
        by_short = {one.rpartition(".")[2]: one for one in ESTIMATORS}
        short = str(name).rpartition(".")[2]
        near = by_short.get(short) or by_short.get(nearest(short, by_short) or "")
        hint = f'Did you mean "{near}"?' if near else 'like "sklearn.tree.DecisionTreeClassifier"'
        package = str(name).split(".")[0]
        if not near and "." in str(name) and package != "sklearn" and package not in packages:
            hint = f"--allow-package {package} lets specs name its estimators: they are code"
        message = f"no estimator {name!r} on the list" if name else "`estimator` is missing"
        document.error("bad-estimator", message, at, hint)
        return None
    task = "number" if contract.is_regression else "classes"
    if allowed.task != task:
        goal = "a number" if contract.is_regression else "one of several levels"
        message = f"The goal `{contract.goal}` is {goal}, and {name} predicts {_words(allowed)}."
        document.error("bad-estimator", message, at)
        return None
    if contract.field.type.kind not in ("enumeration", "boolean", "number", "integer"):
        message = f"`{contract.goal}` is {contract.field.type}: models predict levels and numbers."
        document.error("bad-estimator", message, at)
    return str(name)


def _words(allowed: Allowed) -> str:
    return "numbers" if allowed.task == "number" else "levels"


def read_hyperparameters(
    document: Document,
    contract: Contract,
    estimator: str | None,
    at: tuple[str, ...] = ("hyperparameters",),
) -> dict[str, Any]:
    """Return the hyperparameters as scikit-learn takes them, from the table at a key path."""
    given: Any = document.data
    for key in at:
        given = given.get(key, {}) if isinstance(given, dict) else {}
    if not isinstance(given, dict):
        document.error("bad-setting", f"Write [{'.'.join(at)}].", at)
        return {}
    if estimator is None:
        return {}
    _check_names(document, estimator, given, at)
    values = {}
    for name, value in given.items():
        if name == "class_weight":
            values[name] = _class_weight(document, contract, value, at)
        else:
            values[name] = _plain(document, value, (*at, name))
    return values


def _check_names(
    document: Document, estimator: str, given: Iterable[str], at: tuple[str, ...]
) -> None:
    import inspect

    refused = (*REFUSED, *(BY_MEMBERS if estimator in COMPOSED else ()))
    known = set(inspect.signature(import_class(estimator)).parameters) - set(refused)
    for name in given:
        if name in refused:
            hint = "`seed` stands at the top" if name == "random_state" else None
            by_members = name in BY_MEMBERS and estimator in COMPOSED
            hint = "its members say it: [members.NAME]" if by_members else hint
            message = f"A spec does not set `{name}`."
            document.error("bad-hyperparameter", message, (*at, name), hint, key=True)
        elif name not in known:
            near = nearest(name, known)
            hint = f"Did you mean `{near}`?" if near else f"known: {', '.join(sorted(known))}"
            short = estimator.rpartition(".")[2]
            message = f"{short} has no hyperparameter `{name}`."
            document.error("bad-hyperparameter", message, (*at, name), hint, key=True)


def _plain(document: Document, value: object, at: tuple[str, ...]) -> Any:
    """Return a hyperparameter's value: numbers, texts, booleans and lists of them."""
    if isinstance(value, (bool, int, float, str)):
        return None if value == "none" else value
    if isinstance(value, list) and all(isinstance(one, (bool, int, float, str)) for one in value):
        return tuple(value)
    document.error("bad-hyperparameter", f"`{at[-1]}` needs a plain value.", at)
    return None


def _class_weight(
    document: Document, contract: Contract, value: object, table: tuple[str, ...]
) -> Any:
    at = (*table, "class_weight")
    if value == "balanced":
        return value
    if isinstance(value, dict) and contract.classes:
        names = class_names(contract)
        document.check_levels(value, names, at)
        good = all(isinstance(one, (int, float)) and one > 0 for one in value.values())
        if good:
            return {names.index(level): one for level, one in value.items() if level in names}
    document.error("bad-hyperparameter", 'Give "balanced", or a weight above 0 a level.', at)
    return None


def class_names(contract: Contract) -> tuple[str, ...]:
    """Return the goal's levels as a spec names them: a boolean's are `false` and `true`."""
    names = contract.classes
    return tuple(one if isinstance(one, str) else str(one).lower() for one in names)


def read_search(document: Document, estimator: str | None) -> dict[str, tuple[Any, ...] | Range]:
    """Return the values that a search may try, by hyperparameter."""
    given = document.data.get("search", {})
    if not isinstance(given, dict):
        document.error("bad-setting", "Write [search].", ("search",))
        return {}
    document.check_keys(given, ("hyperparameters",), ("search",))
    space = given.get("hyperparameters", {})
    if not isinstance(space, dict) or estimator is None:
        return {}
    at = ("search", "hyperparameters")
    _check_names(document, estimator, space, at)
    found: dict[str, tuple[Any, ...] | Range] = {}
    for name, among in space.items():
        if isinstance(among, list) and among:
            found[name] = tuple(_plain(document, value, (*at, name)) for value in among)
        elif isinstance(among, dict) and (drawn := _range(document, among, (*at, name))):
            found[name] = drawn
        elif not isinstance(among, dict):
            hint = f"{name} = [1, 2, 5], or {name} = {{ from = 0.01, to = 100.0, log = true }}"
            message = f"`{name}` needs a list to search, or a range."
            document.error("bad-setting", message, (*at, name), hint)
    return found


def _range(document: Document, given: dict[str, Any], at: tuple[str, ...]) -> Range | None:
    document.check_keys(given, ("from", "to", "log"), at)
    low, high, by_size = given.get("from"), given.get("to"), given.get("log", False)
    numbers = all(isinstance(one, (int, float)) and type(one) is not bool for one in (low, high))
    if not numbers or not isinstance(by_size, bool) or low >= high or (by_size and low <= 0):  # type: ignore[operator]
        more = ", both above 0 with `log`" if by_size else ""
        message = f"`{at[-1]}` needs a range from a number to a larger one{more}."
        document.error("bad-setting", message, at, "{ from = 0.01, to = 100.0, log = true }")
        return None
    whole = isinstance(low, int) and isinstance(high, int)
    return Range(float(low), float(high), by_size, whole)  # type: ignore[arg-type]
