"""The estimators that a model spec may name, and what Heuron must know of each.

A spec runs no code, so this list is closed: scikit-learn's public classes, each with its task,
whether it wants scaled features, whether it accepts missing numbers, and the scorer's family
that compiles it (None: served from joblib).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

__all__ = ["COMPOSED", "ESTIMATORS", "Allowed", "import_class", "lookup", "public_name"]


class Allowed(NamedTuple):
    """What is known of an estimator's class."""

    task: str
    scaled: bool
    native: bool
    family: str | None


def _both(
    module: str, stem: str, scaled: bool, native: bool, family: str | None
) -> dict[str, Allowed]:
    """Return the entries of a classifier and a regressor of one name."""
    return {
        f"sklearn.{module}.{stem}Classifier": Allowed("classes", scaled, native, family),
        f"sklearn.{module}.{stem}Regressor": Allowed("number", scaled, native, family),
    }


ESTIMATORS: Final[dict[str, Allowed]] = {
    "sklearn.linear_model.LogisticRegression": Allowed("classes", True, False, "linear"),
    "sklearn.linear_model.RidgeClassifier": Allowed("classes", True, False, "linear"),
    "sklearn.linear_model.LinearRegression": Allowed("number", True, False, "linear"),
    "sklearn.linear_model.Ridge": Allowed("number", True, False, "linear"),
    "sklearn.linear_model.Lasso": Allowed("number", True, False, "linear"),
    "sklearn.linear_model.ElasticNet": Allowed("number", True, False, "linear"),
    "sklearn.linear_model.HuberRegressor": Allowed("number", True, False, "linear"),
    "sklearn.svm.LinearSVC": Allowed("classes", True, False, "linear"),
    "sklearn.svm.LinearSVR": Allowed("number", True, False, "linear"),
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": Allowed(
        "classes", True, False, "linear"
    ),
    **_both("tree", "DecisionTree", False, True, "tree"),
    **_both("tree", "ExtraTree", False, True, "tree"),
    **_both("ensemble", "RandomForest", False, True, "forest"),
    **_both("ensemble", "ExtraTrees", False, True, "forest"),
    **_both("ensemble", "GradientBoosting", False, False, "boosting"),
    **_both("ensemble", "HistGradientBoosting", False, True, "boosting"),
    "sklearn.naive_bayes.GaussianNB": Allowed("classes", False, False, "naive_bayes"),
    "sklearn.naive_bayes.BernoulliNB": Allowed("classes", False, False, "naive_bayes"),
    **_both("neural_network", "MLP", True, False, "network"),
    **_both("ensemble", "Voting", False, False, "vote"),
    "sklearn.calibration.CalibratedClassifierCV": Allowed("classes", True, False, "calibrated"),
    **{
        f"sklearn.linear_model.{name}": Allowed("classes", True, False, "linear")
        for name in ("SGDClassifier", "Perceptron")
    },
    **{
        f"sklearn.linear_model.{name}": Allowed("number", True, False, "linear")
        for name in ("SGDRegressor", "BayesianRidge", "ARDRegression", "Lars", "LassoLars")
    },
    **_both("neighbors", "KNeighbors", True, False, None),
    **_both("ensemble", "AdaBoost", False, False, None),
    **_both("ensemble", "Bagging", False, False, None),
    **_both("gaussian_process", "GaussianProcess", True, False, None),
    **{
        f"sklearn.svm.{name}": Allowed(task, True, False, None)
        for name, task in (
            ("SVC", "classes"),
            ("NuSVC", "classes"),
            ("SVR", "number"),
            ("NuSVR", "number"),
        )
    },
    **{
        f"sklearn.linear_model.{name}": Allowed("number", True, False, None)
        for name in ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
    },
    "sklearn.neighbors.NearestCentroid": Allowed("classes", True, False, None),
    "sklearn.kernel_ridge.KernelRidge": Allowed("number", True, False, None),
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": Allowed(
        "classes", False, False, None
    ),
}

COMPOSED: Final = (
    "sklearn.ensemble.VotingClassifier",
    "sklearn.ensemble.VotingRegressor",
    "sklearn.calibration.CalibratedClassifierCV",
)
"""Estimators made of others."""

REFUSED: Final = (
    *("memory", "n_jobs", "verbose", "input", "random_state", "warm_start"),
    *("estimator", "estimators"),
)
"""Hyperparameters that no spec sets: they change no parameter, or Heuron sets them itself."""


def lookup(name: object, packages: Sequence[str] = ()) -> Allowed | None:
    """Return what is known of an estimator by its full name, or None.

    `packages` are those that the user allows beyond the list: an estimator of theirs is served
    from joblib, scaled and without missing numbers.
    """
    if not isinstance(name, str):
        return None
    if name in ESTIMATORS:
        return ESTIMATORS[name]
    if name.split(".")[0] not in packages or "." not in name:
        return None
    from sklearn.base import is_classifier, is_regressor

    try:
        estimator = import_class(name)()
    except (ImportError, AttributeError, TypeError, ValueError):
        return None
    if is_classifier(estimator):
        return Allowed("classes", True, False, None)
    return Allowed("number", True, False, None) if is_regressor(estimator) else None


def import_class(name: str) -> Any:
    """Return the class of an estimator that `lookup` knows."""
    from importlib import import_module

    module, _, short = name.rpartition(".")
    return getattr(import_module(module), short)


def public_name(kind: type) -> str:
    """Return the name on the list of an estimator's class, or its own full name.

    scikit-learn defines a class in a private module below its public one.
    """
    public = ".".join(kind.__module__.split(".")[:2])
    name = f"{public}.{kind.__name__}"
    if name in ESTIMATORS and kind.__module__.startswith("sklearn."):
        return name
    return f"{kind.__module__}.{kind.__name__}"
