"""Estimators made of others in a spec: soft votes, and calibrations over folds.

Owns `Member`, how `[members.NAME]` is read, and how an estimator is built from a spec.

```toml
estimator = "sklearn.ensemble.VotingClassifier"
[members.line]
estimator = "sklearn.linear_model.LogisticRegression"
weight = 2
[members.trees]
estimator = "sklearn.ensemble.RandomForestClassifier"
hyperparameters.n_estimators = 50
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.allowed import COMPOSED, ESTIMATORS, import_class
from heuron.learn.document import Document

if TYPE_CHECKING:
    from heuron.learn.contract import Contract
    from heuron.learn.spec import Spec

__all__ = ["Member", "build_estimator", "read_members"]

KEYS: Final = ("estimator", "weight", "hyperparameters")


@dataclass(frozen=True, slots=True)
class Member:
    """One of the estimators that another is made of."""

    name: str
    estimator: str
    weight: float
    hyperparameters: Mapping[str, Any]


def read_members(
    document: Document, contract: Contract, estimator: str | None
) -> tuple[Member, ...]:
    """Return the members of a spec's estimator; none for an estimator that stands alone."""
    given = document.data.get("members")
    if estimator not in COMPOSED:
        if given is not None and estimator is not None:
            short = estimator.rpartition(".")[2]
            document.error("bad-setting", f"{short} has no members.", ("members",))
        return ()
    short = estimator.rpartition(".")[2]
    one_only = short == "CalibratedClassifierCV"
    if not isinstance(given, dict) or not given or (one_only and len(given) > 1):
        count = "one member" if one_only else "members"
        hint = '[members.line] with estimator = "sklearn.linear_model.LogisticRegression"'
        document.error("bad-setting", f"{short} needs {count}", ("members",), hint)
        return ()
    found = [_member(document, contract, str(name), table) for name, table in given.items()]
    members = tuple(one for one in found if one is not None)
    if members and sum(one.weight for one in members) <= 0:
        document.error("bad-setting", "Some member needs a weight above 0.", ("members",))
    return members


def _member(document: Document, contract: Contract, name: str, table: object) -> Member | None:
    from heuron.learn.spec_estimator import read_hyperparameters

    at = ("members", name)
    if not isinstance(table, dict):
        document.error("bad-setting", f"Write [members.{name}].", at)
        return None
    document.check_keys(table, KEYS, at)
    estimator = table.get("estimator")
    allowed = ESTIMATORS.get(estimator) if isinstance(estimator, str) else None
    task = "number" if contract.is_regression else "classes"
    if allowed is None or allowed.task != task or estimator in COMPOSED:
        what = "numbers" if contract.is_regression else "levels"
        message = f"No estimator {estimator!r} for a member: it needs one that predicts {what}."
        document.error("bad-estimator", message, (*at, "estimator"))
        return None
    weight = table.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not weight >= 0:
        document.error("bad-setting", "A weight is a number from 0.", (*at, "weight"))
        weight = 1
    settings = read_hyperparameters(document, contract, str(estimator), (*at, "hyperparameters"))
    return Member(name, str(estimator), float(weight), settings)


def build_estimator(spec: Spec, hyperparameters: Mapping[str, Any]) -> Any:
    """Return the unfitted estimator of a spec, seeded, made of its members where it has any."""
    short = spec.estimator.rpartition(".")[2]
    members = [
        (one.name, _one(one.estimator, one.hyperparameters, spec.seed)) for one in spec.members
    ]
    settings = dict(hyperparameters)
    if short == "CalibratedClassifierCV":
        settings["estimator"] = members[0][1]
    elif members:
        settings |= {"estimators": members, "weights": [one.weight for one in spec.members]}
        if short == "VotingClassifier":
            settings["voting"] = "soft"
    return _one(spec.estimator, settings, spec.seed)


def _one(estimator: str, settings: Mapping[str, Any], seed: int) -> Any:
    import inspect

    kind = import_class(estimator)
    seeded = "random_state" in inspect.signature(kind).parameters
    return kind(**settings, **({"random_state": seed} if seeded else {}))
