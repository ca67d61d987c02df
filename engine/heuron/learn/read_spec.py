"""Read a model spec: every mistake in it is shown at once, each with line and column.

Owns `read_spec`, and how the answer is decided: positive level, calibration, threshold. A spec
runs no code: its keys are a closed list, its estimator stands on a closed list, its
hyperparameters are plain values.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heuron.diagnostics import nearest
from heuron.learn.allowed import lookup
from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.learn.members import Member, read_members
from heuron.learn.spec import Spec, Threshold
from heuron.learn.spec_estimator import (
    class_names,
    read_estimator,
    read_hyperparameters,
    read_search,
)
from heuron.learn.spec_fields import read_features, read_missing

__all__ = ["read_spec"]

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
    "members",
    "missing",
    "search",
)
CALIBRATIONS: Final = ("auto", "none", "sigmoid", "isotonic", "temperature")
METRICS: Final = ("accuracy", "balanced_accuracy", "f1")


def read_spec(
    contract: Contract, path: Path, shown: str | None = None, packages: Sequence[str] = ()
) -> Spec:
    """Read a model spec and check it against the contract and the estimator's signature.

    `packages` are those besides scikit-learn whose estimators it may name.

    Raises:
        RuleError: With every mistake found, each with line and column.
    """
    document = Document.read(path, shown)
    data = document.data
    document.check_keys(data, KEYS)
    estimator = read_estimator(document, contract, packages)
    features = read_features(document, contract)
    hyperparameters = read_hyperparameters(document, contract, estimator)
    members = read_members(document, contract, estimator)
    spec = Spec(
        name=path.stem,
        title=str(data.get("title", path.stem)),
        estimator=estimator or "",
        features=features,
        positive=_positive(document, contract),
        calibration=_calibration(document, contract),
        threshold=_threshold(document, contract),
        seed=_seed(document),
        scaled=_scaled(document, estimator, members, packages),
        hyperparameters=hyperparameters,
        members=members,
        packages=tuple(packages),
        missing=read_missing(document, contract, features, estimator),
        search=read_search(document, estimator),
        document=document,
    )
    if contract.many:
        message = f"`{contract.goal}` may have several values, so rules alone answer it."
        document.error("no-model-for-many", message, ("estimator",))
    if spec.calibration == "none" and "class_weight" in hyperparameters:
        message = "Class weights shift the probabilities, so they need a calibration."
        document.error("bad-setting", message, ("calibration",), 'calibration = "auto"')
    document.finish()
    return spec


def _positive(document: Document, contract: Contract) -> str | bool | None:
    classes = contract.classes
    if not classes:
        return None
    value = document.data.get("positive")
    if value is None:
        return classes[0] if isinstance(classes[0], str) else True
    if value in classes and type(value) is type(classes[0]):
        return value
    levels = ", ".join(class_names(contract))
    near = nearest(str(value), class_names(contract))
    hint = f"Did you mean {near!r}?" if near else None
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
        message = f"{value} calibrates two levels; for more there is temperature."
        document.error("bad-setting", message, ("calibration",))
    if value == "temperature" and not contract.classes:
        document.error("bad-setting", "A number needs no calibration.", ("calibration",))
    return str(value)


def _threshold(document: Document, contract: Contract) -> Threshold:
    value = document.data.get("threshold", 0.5)
    at = ("threshold",)
    if "threshold" in document.data and len(contract.classes) != 2:
        document.error("bad-setting", "A threshold is for a goal with two levels.", at)
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
    document.error("bad-setting", "This is no threshold.", at, hint)
    return Threshold()


def _seed(document: Document) -> int:
    value = document.data.get("seed", 0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return value
    document.error("bad-setting", "`seed` is a whole number from 0 to 2**32 - 1.", ("seed",))
    return 0


def _scaled(
    document: Document,
    estimator: str | None,
    members: tuple[Member, ...],
    packages: Sequence[str],
) -> bool:
    value = document.data.get("scale")
    if isinstance(value, bool):
        return value
    if value is not None:
        document.error("bad-setting", "`scale` is true or false.", ("scale",))
    kinds = [one.estimator for one in members] or ([estimator] if estimator else [])
    known = [lookup(one, packages) for one in kinds]
    return any(one is not None and one.scaled for one in known)
