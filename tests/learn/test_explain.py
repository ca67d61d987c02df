"""Why a model answers: amounts add up, and the nearest change turns the answer."""

from pathlib import Path

import pytest

from heuron.learn.contract import Contract
from heuron.learn.data import load
from heuron.learn.model import Model
from heuron.learn.store import Store
from heuron.learn.train import train

ESTIMATORS = [
    ("linear_model.LogisticRegression", ""),
    ("linear_model.RidgeClassifier", ""),
    ("tree.DecisionTreeClassifier", "max_depth = 3"),
    ("ensemble.RandomForestClassifier", "n_estimators = 10"),
    ("ensemble.GradientBoostingClassifier", "n_estimators = 10"),
    ("naive_bayes.GaussianNB", ""),
]


def model_of(contract: Contract, tmp_path: Path, estimator: str, settings: str) -> Model:
    (tmp_path / "one.toml").write_text(
        f'estimator = "sklearn.{estimator}"\n[hyperparameters]\n{settings}\n'
    )
    store = Store(tmp_path / "store")
    table = load(contract, f"sklearn:{contract.domain.replace('cancer', 'breast_cancer')}")
    train(contract, tmp_path, store, table=table)
    return store.model(contract.domain, "one")


@pytest.mark.parametrize(("estimator", "settings"), ESTIMATORS)
@pytest.mark.parametrize("domain", ["cancer", "iris"])
def test_amounts_add_up_and_changes_turn(
    request: pytest.FixtureRequest, tmp_path: Path, domain: str, estimator: str, settings: str
) -> None:
    contract: Contract = request.getfixturevalue(domain)
    model = model_of(contract, tmp_path, estimator, settings)
    table = load(contract, f"sklearn:{domain.replace('cancer', 'breast_cancer')}")
    found = 0
    for row in table.rows(table.places("held_out"))[:12]:
        answer = model.predict(row)
        why = model.explain(row, contract.template)
        assert why.value == why.toward == answer.value
        assert why.total == pytest.approx(why.base + sum(one.amount for one in why.parts))
        assert [abs(one.amount) for one in why.parts] == sorted(
            (abs(one.amount) for one in why.parts), reverse=True
        )
        if why.nearest is not None:
            found += 1
            change = why.nearest
            turned = model.predict({**row, change.field: change.bound})
            assert turned.value == change.becomes != answer.value
            assert (change.bound < change.now) == (change.relation == "below")
    assert found >= 4


def test_log_odds_of_a_logistic_regression(cancer: Contract, tmp_path: Path) -> None:
    from math import log

    model = model_of(cancer, tmp_path, "linear_model.LogisticRegression", "")
    row = {"worst_radius": 20.1, "worst_concave_points": 0.19, "worst_texture": 25.0}
    row["mean_area"] = 900.0
    answer, why = model.predict(row), model.explain(row)
    assert why.scale == "log-odds"
    assert why.total == pytest.approx(log(answer.confidence / (1 - answer.confidence)))
    assert why.to_dict()["nearest_change"]["becomes"] == "benign"


def test_a_tree_is_explained_along_its_path(iris: Contract, tmp_path: Path) -> None:
    """The base of a tree is how common the answered level was in training."""
    model = model_of(iris, tmp_path, "tree.DecisionTreeClassifier", "max_depth = 3")
    row = {"petal_length": 1.0, "petal_width": 0.2, "sepal_length": 5.0, "sepal_width": 3.0}
    why = model.explain(row)
    assert why.base == pytest.approx(37 / 112, abs=0.01)
    assert why.total == pytest.approx(1.0)


def test_a_record_that_is_not_answered_is_not_explained(iris: Contract, tmp_path: Path) -> None:
    model = model_of(iris, tmp_path, "linear_model.LogisticRegression", "")
    with pytest.raises(ValueError, match="it needs petal_width"):
        model.explain({"petal_length": 1.0, "sepal_length": 5.0, "sepal_width": 3.0})
