"""Rules as a scikit-learn estimator."""

import copy
import warnings
from collections.abc import Callable

import numpy
import pandas
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import heuron
from flowers import TEMPLATE, iris_frame
from heuron.learn import RuleClassifier

IRIS = f"""{TEMPLATE}
rule short:
    when i: Iris(petal_length < 2.5)
    then conclude i.species = setosa, certainty 0.99

rule medium:
    when i: Iris(petal_length in 2.5..4.8, petal_width <= 1.6)
    then conclude i.species = versicolor, certainty 0.9

rule long:
    when i: Iris(petal_length > 5.1)
    then conclude i.species = virginica, certainty 0.8
"""


@pytest.fixture
def flowers() -> tuple[pandas.DataFrame, numpy.ndarray]:
    return iris_frame()


def test_rules_predict(flowers: tuple[pandas.DataFrame, numpy.ndarray]) -> None:
    X, y = flowers
    rules = RuleClassifier(IRIS).fit(X, y)
    answered = rules.rule_answered(X)
    assert rules.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert 120 < answered.sum() < 150
    assert rules.score(X[answered], y[answered]) > 0.97
    assert rules.decision_function(X).shape == (150, 3)
    assert rules.decision_function(X)[0].tolist() == [0.99, 0.0, 0.0]
    # An array's columns are the declared fields, in order.
    same = RuleClassifier(IRIS).fit(X.to_numpy(), y)
    assert same.predict(X.to_numpy()).tolist() == rules.predict(X).tolist()


def test_rules_go_through_scikit_learn(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    assert cross_val_score(RuleClassifier(IRIS), X, y, cv=3).min() > 0.8
    search = GridSearchCV(RuleClassifier(IRIS), {"default": ["prior", "virginica"]}, cv=3)
    assert search.fit(X, y).best_params_["default"] == "virginica"
    assert make_pipeline(RuleClassifier(IRIS)).fit(X, y).predict(X[:2]).tolist() == ["setosa"] * 2


def test_silent_rules_answer_with_the_default(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    silent = pandas.DataFrame({name: [float("nan")] for name in X.columns})
    assert RuleClassifier(IRIS).fit(X[:80], y[:80]).predict(silent).tolist() == ["setosa"]
    given = RuleClassifier(IRIS, default="virginica").fit(X, y)
    assert given.predict(silent).tolist() == ["virginica"]
    assert given.rule_answered(silent).tolist() == [False]


def test_a_certainty_is_a_probability_only_when_calibrated(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    assert not hasattr(RuleClassifier(IRIS).fit(X, y), "predict_proba")
    probabilities = RuleClassifier(IRIS, calibrate=True).fit(X, y).predict_proba(X)
    numpy.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert probabilities.min() >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kb": 3}, "not int"),
        ({"kb": IRIS, "fields": ["petal_length"]}, "4 columns"),
        ({"kb": IRIS, "fields": ["a", "b", "c", "d"]}, "no field"),
        ({"kb": IRIS, "default": "rose"}, "default"),
    ],
)
def test_refused(
    flowers: tuple[pandas.DataFrame, numpy.ndarray], arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RuleClassifier(**arguments).fit(*flowers)


def test_codes_are_not_guessed(flowers: tuple[pandas.DataFrame, numpy.ndarray]) -> None:
    X, y = flowers
    with pytest.raises(ValueError, match="no class in y"):
        RuleClassifier(IRIS).fit(X, numpy.unique(y, return_inverse=True)[1])


@parametrize_with_checks([RuleClassifier(), RuleClassifier(max_rules=3, calibrate=True)])
def test_induced_rules_pass_scikit_learns_checks(estimator: object, check: Callable) -> None:  # type: ignore[type-arg]
    with warnings.catch_warnings():
        # scikit-learn's own: a class with fewer members than folds, array API not asked for.
        warnings.simplefilter("ignore")
        check(estimator)


def test_rules_are_induced_where_none_are_given(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    X, y = flowers
    rules = RuleClassifier(max_rules=4)
    assert cross_val_score(rules, X, y, cv=3).mean() > 0.9
    rules.fit(X, y)
    assert rules.fields_ == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert "conclude r.answer = setosa" in next(iter(rules.kb_.files.values()))
    assert copy.deepcopy(rules).predict(X).tolist() == rules.predict(X).tolist()


def test_induced_rules_read_words_and_gaps() -> None:
    colour = ["red", "green", None, "red", "green"] * 30
    X = pandas.DataFrame({"Colour": colour, "tall": [True, False, True] * 50, "n": range(150)})
    y = numpy.array([one == "red" for one in colour])
    rules = RuleClassifier().fit(X, y)
    known = [at for at, one in enumerate(colour) if one is not None]
    assert rules.score(X.iloc[known], y[known]) == 1.0


def test_labels_of_any_kind_come_back(flowers: tuple[pandas.DataFrame, numpy.ndarray]) -> None:
    X, _ = flowers
    y = load_iris().target - 1
    found = RuleClassifier().fit(X, y).predict(X)
    assert set(found.tolist()) == {-1, 0, 1}


def test_goal_that_no_rule_concludes_is_unknown() -> None:
    knowledge = heuron.loads('domain d "q?"\ntype A:\n    x: number\n    g: a | b\ngoal A.g\n')
    assert knowledge.ask({"x": 1.0}).value is None


def test_frames_of_polars(flowers: tuple[pandas.DataFrame, numpy.ndarray]) -> None:
    polars = pytest.importorskip("polars")
    from heuron.dispatch import HybridClassifier

    X, y = flowers
    frame = polars.DataFrame({name: X[name].to_numpy() for name in X.columns})
    rules = RuleClassifier(IRIS).fit(frame, y)
    assert rules.fields_ == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert rules.predict(frame).tolist() == RuleClassifier(IRIS).fit(X, y).predict(X).tolist()
    for train_on in ("all", "silent"):
        hybrid = HybridClassifier(IRIS, train_on=train_on)
        expected = hybrid.fit(X, y).predict(X).tolist()
        assert hybrid.fit(frame, y).predict(frame).tolist() == expected
        assert cross_val_score(hybrid, frame, y, cv=3).min() > 0.8


@pytest.mark.parametrize("estimator", [RuleClassifier(), RuleClassifier(max_rules=4)])
def test_induced_rules_stand_in_pipelines(
    flowers: tuple[pandas.DataFrame, numpy.ndarray], estimator: RuleClassifier
) -> None:
    """After a scaler, after a column transformer, in a search over the pipeline's settings."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = flowers
    chosen = make_column_transformer(
        (SimpleImputer(), list(X.columns[:2])), remainder="passthrough"
    )
    for first in (StandardScaler(), StandardScaler().set_output(transform="pandas"), chosen):
        assert cross_val_score(make_pipeline(first, estimator), X, y, cv=3).mean() > 0.85
    pipeline = make_pipeline(StandardScaler(), estimator)
    search = GridSearchCV(pipeline, {"ruleclassifier__max_rules": [2, 6]}, cv=3).fit(X, y)
    assert search.best_params_ == {"ruleclassifier__max_rules": 6}


def test_given_rules_read_the_names_that_a_pipeline_hands_on(
    flowers: tuple[pandas.DataFrame, numpy.ndarray],
) -> None:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    X, y = flowers
    imputer = SimpleImputer().set_output(transform="pandas")
    named = make_pipeline(imputer, RuleClassifier(IRIS)).fit(X, y)
    assert named.score(X, y) == RuleClassifier(IRIS).fit(X, y).score(X, y)
