"""Rules and a model as one scikit-learn estimator."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from flowers import TEMPLATE, iris_frame
from heuron.dispatch import HybridClassifier

RULES = f"""{TEMPLATE}
rule short:
    when i: Iris(petal_length < 2.5)
    then conclude i.species = virginica, certainty 0.9

rule medium:
    when i: Iris(petal_length in 2.5..4.8)
    then conclude i.species = versicolor, certainty 0.5
"""
"""The first rule is wrong on purpose: it shows who answered."""


@pytest.fixture
def flowers() -> tuple[pandas.DataFrame, numpy.ndarray]:
    return iris_frame()


@parametrize_with_checks(
    [HybridClassifier(), HybridClassifier(policy="model_first", train_on="silent")]
)
def test_hybrid_passes_scikit_learns_checks(estimator: object, check: Callable) -> None:  # type: ignore[type-arg]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's own, of its small tables
        check(estimator)


def test_sure_rules_come_first(flowers: tuple[pandas.DataFrame, numpy.ndarray]) -> None:
    X, y = flowers
    hybrid = HybridClassifier(RULES, LogisticRegression(max_iter=1000)).fit(X, y)
    by_rules = hybrid.answered_by_rules(X)
    assert by_rules.tolist() == (X["petal length"] < 2.5).tolist()
    found = hybrid.predict(X)
    assert set(found[by_rules]) == {"virginica"}
    assert (found[~by_rules] == y[~by_rules]).mean() > 0.95


def test_rules_answer_what_the_model_is_not_sure_of(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    model = LogisticRegression(max_iter=1000)
    hybrid = HybridClassifier(RULES, model, policy="model_first", threshold=0.8).fit(X, y)
    unsure = hybrid.estimator_.predict_proba(X).max(axis=1) < 0.8
    assert (hybrid.answered_by_rules(X) <= unsure).all()
    assert hybrid.score(X, y) > 0.9


def test_silent_rows_alone_may_train_the_model(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    tree = DecisionTreeClassifier(random_state=0)
    hybrid = HybridClassifier(RULES, tree, train_on="silent").fit(X, y)
    silent = ~hybrid.rules_.rule_answered(X)
    assert hybrid.estimator_.tree_.n_node_samples[0] == silent.sum()


def test_policy_and_threshold_can_be_searched(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    hybrid = HybridClassifier(RULES, LogisticRegression(max_iter=1000))
    grid = GridSearchCV(hybrid, {"threshold": [0.4, 0.95]}, cv=3).fit(X, y)
    assert grid.best_params_ == {"threshold": 0.95}
    assert cross_val_score(HybridClassifier(), X, y, cv=3).mean() > 0.9


@pytest.mark.parametrize("wrong", [{"policy": "coin"}, {"train_on": "none"}])
def test_wrong_settings_are_refused(
    flowers: tuple[pandas.DataFrame, numpy.ndarray], wrong: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="not '"):
        HybridClassifier(RULES, **wrong).fit(*flowers)


def test_dispatcher_does_not_bring_scikit_learn() -> None:
    program = "import heuron.dispatch, sys; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
