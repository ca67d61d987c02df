"""Model specs: what people decide about a model, read from `models/<domain>/<name>.toml`.

Owns `Spec` and its reader. A spec runs no code: its keys are a closed list, its estimator stands
on a closed list, its hyperparameters are plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from heuron.coercion import coerce
from heuron.diagnostics import nearest
from heuron.learn.allowed import ESTIMATORS, REFUSED, Allowed, import_class
from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.values import UNKNOWN, Field, Value

__all__ = ["Feature", "Missing", "Spec", "Threshold", "default_features", "read_spec", "spec_names"]

KEYS: Final = (
    "title",
    "estimator",
    "features",
    "positive",
    "calibration",
    "threshold",
    "seed",
    "scale",
    "hyperparameters",
    "missing",
    "search",
)
CALIBRATIONS: Final = ("auto", "none", "sigmoid", "isotonic", "temperature")
METRICS: Final = ("accuracy", "balanced_accuracy", "f1")
POLICIES: Final = ("refuse", "median", "most_common", "native")
MOST_COMBINATIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Feature:
    """A field that the model reads; a date counts as days before `days_before`."""

    field: str
    days_before: date | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What happens when a field is unknown: refuse, median, most_common, native or a `value`."""

    policy: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """When the positive level is answered.

    `at` is a fixed probability; or it follows from what a missed positive and a false alarm cost;
    or it is the best for `metric` on out-of-fold answers.
    """

    at: float | None = 0.5
    missed: float | None = None
    alarm: float | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A model as people design it; `document` gives places for messages."""

    name: str
    title: str
    estimator: str
    features: tuple[Feature, ...]
    positive: str | bool | None
    calibration: str
    threshold: Threshold
    seed: int
    scaled: bool
    hyperparameters: Mapping[str, Any]
    missing: Mapping[str, Missing]
    search: Mapping[str, tuple[Any, ...]]
    document: Document = field(compare=False, repr=False)

    @property
    def allowed(self) -> Allowed:
        """What is known of the estimator's class."""
        return ESTIMATORS[self.estimator]


def spec_names(folder: Path) -> list[str]:
    """Return the names of the model specs in a domain's folder, sorted."""
    if not folder.is_dir():
        return []
    names = (path.stem for path in folder.glob("*.toml"))
    return sorted(name for name in names if name not in ("data", "selected"))


def default_features(contract: Contract) -> tuple[str, ...]:
    """Return the fields that a model reads unless its spec names them.

    All declared fields that no rule concludes, less the goal, text, lists, nested types and
    dates (which need a day to count from).
    """
    left_out = ("text", "list", "reference", "date", "datetime")
    return tuple(
        one.name
        for one in contract.template.fields
        if one.name != contract.goal
        and one.name not in contract.concluded
        and one.type.kind not in left_out
    )


def read_spec(contract: Contract, path: Path, shown: str | None = None) -> Spec:
    """Read a model spec and check it against the contract and the estimator's signature.

    Raises:
        RuleError: With every mistake found, each with line and column.
    """
    document = Document.read(path, shown)
    data = document.data
    document.check_keys(data, KEYS)
    estimator = _estimator(document, contract)
    features = _features(document, contract)
    hyperparameters = _hyperparameters(document, contract, estimator)
    spec = Spec(
        name=path.stem,
        title=str(data.get("title", path.stem)),
        estimator=estimator or "",
        features=features,
        positive=_positive(document, contract),
        calibration=_calibration(document, contract),
        threshold=_threshold(document, contract),
        seed=_seed(document),
        scaled=_scaled(document, estimator),
        hyperparameters=hyperparameters,
        missing=_missing(document, contract, features, estimator),
        search=_search(document, contract, estimator),
        document=document,
    )
    if contract.many:
        message = f"`{contract.goal}` may have several values, so rules alone answer it"
        document.error("no-model-for-many", message, ("estimator",))
    if spec.calibration == "none" and "class_weight" in hyperparameters:
        message = "class weights shift the probabilities, so they need a calibration"
        document.error("bad-setting", message, ("calibration",), 'calibration = "auto"')
    document.finish()
    return spec


def _estimator(document: Document, contract: Contract) -> str | None:
    name = document.data.get("estimator")
    allowed = ESTIMATORS.get(name) if isinstance(name, str) else None
    at = ("estimator",)
    if allowed is None:
        by_short = {one.rpartition(".")[2]: one for one in ESTIMATORS}
        short = str(name).rpartition(".")[2]
        near = by_short.get(short) or by_short.get(nearest(short, by_short) or "")
        hint = f'did you mean "{near}"?' if near else 'like "sklearn.tree.DecisionTreeClassifier"'
        message = f"no estimator {name!r} on the list" if name else "`estimator` is missing"
        document.error("bad-estimator", message, at, hint)
        return None
    task = "number" if contract.is_regression else "classes"
    if allowed.task != task:
        goal = "a number" if contract.is_regression else "one of several levels"
        message = f"the goal `{contract.goal}` is {goal}, and {name} predicts {_words(allowed)}"
        document.error("bad-estimator", message, at)
        return None
    if contract.field.type.kind not in ("enumeration", "boolean", "number", "integer"):
        message = f"`{contract.goal}` is {contract.field.type}: models predict levels and numbers"
        document.error("bad-estimator", message, at)
    return str(name)


def _words(allowed: Allowed) -> str:
    return "numbers" if allowed.task == "number" else "levels"


def _features(document: Document, contract: Contract) -> tuple[Feature, ...]:
    given = document.data.get("features")
    if given is None:
        return tuple(Feature(name) for name in default_features(contract))
    if not isinstance(given, list) or not given:
        document.error("bad-setting", "`features` is a list of fields", ("features",))
        return ()
    found: dict[str, Feature] = {}
    for entry in given:
        name = entry.get("field") if isinstance(entry, dict) else entry
        field = contract.template.get(name) if isinstance(name, str) else None
        if field is None:
            near = nearest(str(name), contract.template.names)
            hint = f"did you mean `{near}`?" if near else None
            message = f"{contract.template.name} has no field {name!r}"
            document.error("unknown-field", message, ("features",), hint)
            continue
        feature = _feature(document, contract, field, entry)
        if feature is not None:
            if field.name in found:
                document.error("duplicate-name", f"`{name}` stands here twice", ("features",))
            found[field.name] = feature
    return tuple(found.values())


def _feature(document: Document, contract: Contract, field: Field, entry: object) -> Feature | None:
    kind, name = field.type.kind, field.name
    at = ("features",)
    if name == contract.goal:
        document.error("bad-setting", f"`{name}` is the goal, so it is no feature", at)
        return None
    if kind in ("text", "list", "reference"):
        document.error("bad-setting", f"`{name}` is {field.type}: models cannot read it", at)
        return None
    if not isinstance(entry, dict):
        if kind in ("date", "datetime"):
            hint = f'{{ field = "{name}", days_before = "2026-01-01" }}'
            document.error("bad-setting", f"the date `{name}` needs a day to count from", at, hint)
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


def _hyperparameters(
    document: Document, contract: Contract, estimator: str | None
) -> dict[str, Any]:
    given = document.data.get("hyperparameters", {})
    if not isinstance(given, dict):
        document.error("bad-setting", "write [hyperparameters]", ("hyperparameters",))
        return {}
    if estimator is None:
        return {}
    _check_names(document, estimator, given, ("hyperparameters",))
    values = {}
    for name, value in given.items():
        if name == "class_weight":
            values[name] = _class_weight(document, contract, value)
        else:
            values[name] = _plain(document, value, ("hyperparameters", name))
    return values


def _check_names(
    document: Document, estimator: str, given: Iterable[str], at: tuple[str, ...]
) -> None:
    import inspect

    known = set(inspect.signature(import_class(estimator)).parameters) - set(REFUSED)
    for name in given:
        if name in REFUSED:
            hint = "`seed` stands at the top" if name == "random_state" else None
            message = f"a spec does not set `{name}`"
            document.error("bad-hyperparameter", message, (*at, name), hint, key=True)
        elif name not in known:
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else f"known: {', '.join(sorted(known))}"
            short = estimator.rpartition(".")[2]
            message = f"{short} has no hyperparameter `{name}`"
            document.error("bad-hyperparameter", message, (*at, name), hint, key=True)


def _plain(document: Document, value: object, at: tuple[str, ...]) -> Any:
    """Return a hyperparameter's value: numbers, texts, booleans and lists of them."""
    if isinstance(value, (bool, int, float, str)):
        return None if value == "none" else value
    if isinstance(value, list) and all(isinstance(one, (bool, int, float, str)) for one in value):
        return tuple(value)
    document.error("bad-hyperparameter", f"`{at[-1]}` needs a plain value", at)
    return None


def _class_weight(document: Document, contract: Contract, value: object) -> Any:
    at = ("hyperparameters", "class_weight")
    if value == "balanced":
        return value
    if isinstance(value, dict) and contract.classes:
        names = _class_names(contract)
        document.check_levels(value, names, at)
        good = all(isinstance(one, (int, float)) and one > 0 for one in value.values())
        if good:
            return {names.index(level): one for level, one in value.items() if level in names}
    document.error("bad-hyperparameter", 'give "balanced", or a weight above 0 a level', at)
    return None


def _class_names(contract: Contract) -> tuple[str, ...]:
    names = contract.classes
    return tuple(one if isinstance(one, str) else str(one).lower() for one in names)


def _positive(document: Document, contract: Contract) -> str | bool | None:
    classes = contract.classes
    if not classes:
        return None
    value = document.data.get("positive")
    if value is None:
        return classes[0] if isinstance(classes[0], str) else True
    if value in classes and type(value) is type(classes[0]):
        return value
    levels = ", ".join(_class_names(contract))
    near = nearest(str(value), _class_names(contract))
    hint = f"did you mean {near!r}?" if near else None
    document.error("unknown-level", f"`positive` is one of {levels}", ("positive",), hint)
    return None


def _calibration(document: Document, contract: Contract) -> str:
    value = document.data.get("calibration", "auto")
    if value not in CALIBRATIONS:
        message = f"`calibration` is one of {', '.join(CALIBRATIONS)}"
        document.error("bad-setting", message, ("calibration",))
        return "auto"
    several = len(contract.classes) > 2
    if value in ("sigmoid", "isotonic") and several:
        message = f"{value} calibrates two levels; for more there is temperature"
        document.error("bad-setting", message, ("calibration",))
    if value == "temperature" and not contract.classes:
        document.error("bad-setting", "a number needs no calibration", ("calibration",))
    return str(value)


def _threshold(document: Document, contract: Contract) -> Threshold:
    value = document.data.get("threshold", 0.5)
    at = ("threshold",)
    if "threshold" in document.data and len(contract.classes) != 2:
        document.error("bad-setting", "a threshold is for a goal with two levels", at)
        return Threshold()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1:
        return Threshold(float(value))
    if isinstance(value, dict):
        document.check_keys(value, ("cost", "metric"), at)
        metric, cost = value.get("metric"), value.get("cost")
        if metric in METRICS and cost is None:
            return Threshold(None, metric=metric)
        if isinstance(cost, dict) and metric is None:
            document.check_keys(cost, ("missed", "alarm"), ("threshold", "cost"))
            missed, alarm = cost.get("missed", 1), cost.get("alarm", 1)
            if all(isinstance(one, (int, float)) and one > 0 for one in (missed, alarm)):
                return Threshold(None, float(missed), float(alarm))
    hint = "0.5, or { cost = { missed = 5, alarm = 1 } }, or { metric = "
    hint += " | ".join(f'"{metric}"' for metric in METRICS) + " }"
    document.error("bad-setting", "this is no threshold", at, hint)
    return Threshold()


def _seed(document: Document) -> int:
    value = document.data.get("seed", 0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return value
    document.error("bad-setting", "`seed` is a whole number from 0 to 2**32 - 1", ("seed",))
    return 0


def _scaled(document: Document, estimator: str | None) -> bool:
    value = document.data.get("scale")
    if isinstance(value, bool):
        return value
    if value is not None:
        document.error("bad-setting", "`scale` is true or false", ("scale",))
    return estimator is not None and ESTIMATORS[estimator].scaled


def _missing(
    document: Document,
    contract: Contract,
    features: tuple[Feature, ...],
    estimator: str | None,
) -> dict[str, Missing]:
    given = document.data.get("missing", {})
    if not isinstance(given, dict):
        document.error("bad-setting", "write [missing]", ("missing",))
        return {}
    document.check_keys(given, (one.field for one in features), ("missing",))
    found = {}
    for name, value in given.items():
        at = ("missing", name)
        field = contract.template.get(name)
        if field is None:
            continue
        if not field.optional and value != "refuse":
            message = f"`{name}` is not optional: a model that uses it needs it"
            hint = f"declare `{name}` optional in the rule file"
            document.error("bad-setting", message, at, hint)
            continue
        found[name] = _policy(document, field, value, at)
        if value == "native" and estimator and not ESTIMATORS[estimator].native:
            short = estimator.rpartition(".")[2]
            document.error("bad-setting", f"{short} cannot learn from missing values", at)
    return found


def _policy(document: Document, field: Field, value: object, at: tuple[str, ...]) -> Missing:
    if value in POLICIES and value not in field.type.levels:
        if value == "median" and field.type.kind in ("enumeration", "boolean"):
            document.error("bad-setting", f"`{field.name}` has no median: most_common", at)
        return Missing(str(value))
    try:
        typed = coerce(field, value)
    except ValueError as error:
        hint = f"or one of {', '.join(POLICIES)}"
        document.error("bad-setting", str(error), at, hint)
        return Missing("refuse")
    return Missing("refuse") if typed is UNKNOWN else Missing("value", typed)


def _search(
    document: Document, contract: Contract, estimator: str | None
) -> dict[str, tuple[Any, ...]]:
    given = document.data.get("search", {})
    if not isinstance(given, dict):
        document.error("bad-setting", "write [search]", ("search",))
        return {}
    document.check_keys(given, ("hyperparameters",), ("search",))
    space = given.get("hyperparameters", {})
    if not isinstance(space, dict) or estimator is None:
        return {}
    at = ("search", "hyperparameters")
    _check_names(document, estimator, space, at)
    found: dict[str, tuple[Any, ...]] = {}
    total = 1
    for name, values in space.items():
        if not isinstance(values, list) or not values:
            document.error("bad-setting", f"`{name}` needs a list to search", (*at, name))
            continue
        found[name] = tuple(_plain(document, value, (*at, name)) for value in values)
        total *= len(values)
    if total > MOST_COMBINATIONS:
        message = f"{total:,} combinations are more than {MOST_COMBINATIONS}"
        document.error("bad-setting", message, ("search",))
    return found
