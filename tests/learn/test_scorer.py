"""A compiled model gives scikit-learn's labels, and its probabilities to 1e-12."""

from pathlib import Path

import numpy
import pytest

from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract
from heuron.learn.data import load
from heuron.learn.read_spec import read_spec
from heuron.learn.store import Store
from heuron.learn.train import train
from heuron.learn.trust import load_joblib, trusted_sums
from heuron.values import UNKNOWN

CLASSIFIERS = [
    ("linear_model.LogisticRegression", "C = 0.5"),
    ("linear_model.RidgeClassifier", ""),
    ("svm.LinearSVC", ""),
    ("discriminant_analysis.LinearDiscriminantAnalysis", ""),
    ("tree.DecisionTreeClassifier", "max_depth = 4"),
    ("tree.ExtraTreeClassifier", "max_depth = 6"),
    ("ensemble.RandomForestClassifier", "n_estimators = 12"),
    ("ensemble.ExtraTreesClassifier", "n_estimators = 12\nmin_samples_leaf = 2"),
    ("ensemble.GradientBoostingClassifier", "n_estimators = 8"),
    ("ensemble.HistGradientBoostingClassifier", "max_iter = 8"),
    ("naive_bayes.GaussianNB", ""),
    ("naive_bayes.BernoulliNB", "binarize = 2.0"),
    ("neural_network.MLPClassifier", "hidden_layer_sizes = [8, 5]\nmax_iter = 80"),
    ("neural_network.MLPClassifier", 'activation = "tanh"\nmax_iter = 60'),
    ("neural_network.MLPClassifier", 'activation = "logistic"\nmax_iter = 60'),
]
REGRESSORS = [
    ("linear_model.LinearRegression", ""),
    ("linear_model.Ridge", "alpha = 2.0"),
    ("linear_model.Lasso", ""),
    ("linear_model.ElasticNet", ""),
    ("linear_model.HuberRegressor", ""),
    ("svm.LinearSVR", "max_iter = 20000"),
    ("tree.DecisionTreeRegressor", "max_depth = 4"),
    ("ensemble.RandomForestRegressor", "n_estimators = 12"),
    ("ensemble.ExtraTreesRegressor", "n_estimators = 12"),
    ("ensemble.GradientBoostingRegressor", "n_estimators = 8"),
    ("ensemble.HistGradientBoostingRegressor", "max_iter = 8"),
    ("neural_network.MLPRegressor", "max_iter = 50"),
]


def check(contract: Contract, tmp_path: Path, estimator: str, settings: str) -> None:
    """Check a model of one estimator."""
    spec = f'estimator = "sklearn.{estimator}"\n[hyperparameters]\n{settings}\n'
    check_spec(contract, tmp_path, spec)


def check_spec(contract: Contract, tmp_path: Path, spec: str) -> None:
    """Train, load from the store, and compare with the estimator of the joblib file."""
    folder = tmp_path / "models" / contract.domain
    folder.mkdir(parents=True)
    text = f'source = "sklearn:{contract.domain.replace("cancer", "breast_cancer")}"\n'
    (folder / "data.toml").write_text(text)
    (folder / "one.toml").write_text(spec)
    store, sums = Store(tmp_path / "store"), tmp_path / "trusted.txt"
    table = load(contract, folder=folder)
    train(contract, folder, store, table=table, trusted=sums)

    model = store.model(contract.domain, "one")
    kept = load_joblib(Path(model.folder) / "estimator.joblib", trusted_sums(sums))
    rows = table.rows(table.places("held_out"))
    numbers = [model.scorer.read(row)[0] for row in rows]
    x = numpy.array([model.scorer.encode(row) for row in numbers])
    single = numpy.array([model.scorer.raw(row) for row in numbers])
    columns = {name: [row[name] for row in rows] for name in model.inputs}
    scores, decided, answered = model.predict_columns(columns)
    whole = numpy.array([model.scorer.scores(row) for row in numbers])

    assert answered.all()
    numpy.testing.assert_allclose(scores, whole, rtol=1e-12, atol=1e-12)
    if not contract.classes:
        expected = kept["estimator"].predict(x)
        numpy.testing.assert_allclose(single[:, 0], expected, rtol=1e-12, atol=0)
        return
    if hasattr(kept["estimator"], "predict_proba"):
        expected = kept["estimator"].predict_proba(x)
        numpy.testing.assert_allclose(single, expected, rtol=0, atol=1e-12)
        best = numpy.sort(expected, axis=1)
        clear = best[:, -1] - best[:, -2] > 1e-12  # rounding decides scikit-learn's own ties
        mine, theirs = single.argmax(axis=1), kept["estimator"].predict(x)
        numpy.testing.assert_array_equal(mine[clear], theirs[clear])
    else:
        numpy.testing.assert_array_equal(single.argmax(axis=1), kept["estimator"].predict(x))
    values = [contract.classes[place] for place in decided]
    assert values == [one.value for one in model.predict_many(rows)]
    assert values == [model.predict(row).value for row in rows]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "settings"), CLASSIFIERS)
@pytest.mark.parametrize("domain", ["cancer", "iris", "wine"])
def test_classifiers(
    request: pytest.FixtureRequest, tmp_path: Path, domain: str, estimator: str, settings: str
) -> None:
    check(request.getfixturevalue(domain), tmp_path, estimator, settings)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "settings"), REGRESSORS)
def test_regressors(diabetes: Contract, tmp_path: Path, estimator: str, settings: str) -> None:
    check(diabetes, tmp_path, estimator, settings)


@pytest.mark.filterwarnings("ignore")
def test_a_regression_answers_with_an_interval(diabetes: Contract, tmp_path: Path) -> None:
    check(diabetes, tmp_path, "linear_model.LinearRegression", "")
    model = Store(tmp_path / "store").model("diabetes", "one")
    given = {"age": 50.0, "bmi": 25.0, "bp": 90.0, "s5": 4.5}
    answer = model.predict(given)
    assert answer.interval is not None
    assert answer.interval[0] < answer.value < answer.interval[1]
    assert answer.confidence is None
    assert model.predict(given | {"bmi": 99.0}).outside == ("bmi",)
    assert model.predict({"age": 50.0, "bmi": UNKNOWN}).needs == ("bmi", "bp", "s5")


VOTE = """
estimator = "sklearn.ensemble.VotingClassifier"
[members.line]
estimator = "sklearn.linear_model.LogisticRegression"
weight = 2
hyperparameters.C = 0.5
[members.trees]
estimator = "sklearn.ensemble.RandomForestClassifier"
hyperparameters.n_estimators = 9
[members.bayes]
estimator = "sklearn.naive_bayes.GaussianNB"
"""
CALIBRATED = """
estimator = "sklearn.calibration.CalibratedClassifierCV"
calibration = "none"
[hyperparameters]
cv = 3
method = "isotonic"
[members.boosting]
estimator = "sklearn.ensemble.GradientBoostingClassifier"
hyperparameters.n_estimators = 5
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("spec", [VOTE, CALIBRATED], ids=["vote", "calibrated"])
@pytest.mark.parametrize("domain", ["cancer", "iris"])
def test_estimators_made_of_others(
    request: pytest.FixtureRequest, tmp_path: Path, domain: str, spec: str
) -> None:
    check_spec(request.getfixturevalue(domain), tmp_path, spec)


@pytest.mark.filterwarnings("ignore")
def test_mean_of_regressors(diabetes: Contract, tmp_path: Path) -> None:
    spec = 'estimator = "sklearn.ensemble.VotingRegressor"\n'
    for name, kind in (("one", "linear_model.Ridge"), ("other", "tree.DecisionTreeRegressor")):
        spec += f'[members.{name}]\nestimator = "sklearn.{kind}"\n'
    check_spec(diabetes, tmp_path, spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('estimator = "sklearn.ensemble.VotingClassifier"', "needs members"),
        (VOTE.replace("weight = 2", "weight = -1"), "a number from 0"),
        (VOTE.replace("C = 0.5", "D = 0.5"), "no hyperparameter `D`"),
        (VOTE.replace("naive_bayes.GaussianNB", "linear_model.Ridge"), "predicts levels"),
        (
            VOTE.replace("[members.line]", 'hyperparameters.voting = "hard"\n[members.line]'),
            "voting",
        ),
        (CALIBRATED + '[members.more]\nestimator = "sklearn.svm.SVC"', "one member"),
        ('estimator = "sklearn.svm.SVC"\n[members.a]\nestimator = "b"', "no members"),
    ],
)
def test_mistakes_in_members(iris: Contract, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "one.toml"
    path.write_text(text)
    with pytest.raises(RuleError, match=message):
        read_spec(iris, path)
