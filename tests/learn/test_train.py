"""Training: honest scores, calibration, thresholds, the same card to the byte."""

from pathlib import Path

import pytest

from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract
from heuron.learn.data import load
from heuron.learn.store import Store
from heuron.learn.train import TrainResult, train

LOGISTIC = 'estimator = "sklearn.linear_model.LogisticRegression"\n'
FOREST = (
    'estimator = "sklearn.ensemble.RandomForestClassifier"\n'
    "[hyperparameters]\nn_estimators = 10\nmin_samples_leaf = 3\n"
)


def trained(
    contract: Contract, folder: Path, spec: str, source: str = "", **more: object
) -> TrainResult:
    models = folder / "models" / contract.domain
    models.mkdir(parents=True, exist_ok=True)
    source = source or f"sklearn:{contract.domain.replace('cancer', 'breast_cancer')}"
    (models / "data.toml").write_text(f'source = "{source}"\n')
    (models / "one.toml").write_text(spec)
    store = Store(folder / "store")
    return train(contract, models, store, trusted=folder / "trusted.txt", **more)[0]


def test_two_trainings_give_the_same_bytes(cancer: Contract, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = trained(cancer, tmp_path / "a", FOREST)
    second = trained(cancer, tmp_path / "b", FOREST)
    assert first.version == second.version
    for file in ("card.json", "scorer.json", "scorer.bin", "golden.jsonl", "keys.bin"):
        one, two = (Path(result.artifact.folder) / file for result in (first, second))
        assert one.read_bytes() == two.read_bytes()


def test_scores_are_of_rows_that_it_had_not_seen(cancer: Contract, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    result = trained(cancer, tmp_path, LOGISTIC, progress=lambda *step: seen.append(step))
    score = result.score
    assert score["rows"] == score["answered"] == 426
    assert 0.92 < score["accuracy"] < 0.99
    assert score["interval"][0] < score["accuracy"] < score["interval"][1]
    assert seen[-1] == ("one", 7, 7)
    answers = Store(tmp_path / "store").out_of_fold("cancer", "one")
    table = load(cancer, "sklearn:breast_cancer")
    places = table.places("training")
    assert sorted(answers) == sorted(table.keys[at] for at in places)
    right = sum(answers[table.keys[at]]["value"] == table.goal[at] for at in places)
    assert right == score["right"]
    assert result.warnings == ()
    model = Store(tmp_path / "store").model("cancer", "one")
    assert model.training_keys() == frozenset(answers)


@pytest.mark.parametrize(
    ("spec", "kind", "calibrated"),
    [
        (LOGISTIC, "none", True),
        (LOGISTIC + '[hyperparameters]\nclass_weight = "balanced"\n', "sigmoid", True),
        (FOREST, "sigmoid", True),
        ('calibration = "none"\n' + FOREST, "none", False),
        ('calibration = "temperature"\n' + FOREST, "temperature", True),
        ('estimator = "sklearn.svm.LinearSVC"\n', "sigmoid", True),
        ('estimator = "sklearn.svm.LinearSVC"\ncalibration = "none"\n', "none", False),
    ],
)
def test_calibration(
    cancer: Contract, tmp_path: Path, spec: str, kind: str, calibrated: bool
) -> None:
    result = trained(cancer, tmp_path, spec)
    assert (result.card["calibration"], result.card["calibrated"]) == (kind, calibrated)
    model = Store(tmp_path / "store").model("cancer", "one")
    answer = model.predict(
        {"worst_radius": 21.0, "worst_concave_points": 0.2, "worst_texture": 30.0, "mean_area": 9e2}
    )
    assert answer.value == "malignant"
    assert (answer.confidence is not None) == calibrated
    assert (answer.score is not None) == (not calibrated)
    if calibrated:
        assert answer.confidence > 0.5
        assert sum(p for _, p in answer.probabilities) == pytest.approx(1.0)


def test_several_classes_are_calibrated_by_temperature(iris: Contract, tmp_path: Path) -> None:
    result = trained(iris, tmp_path, FOREST)
    assert result.card["calibration"] == "temperature"
    model = Store(tmp_path / "store").model("iris", "one")
    answer = model.predict(
        {"petal_length": 1.4, "petal_width": 0.2, "sepal_length": 5.0, "sepal_width": 3.4}
    )
    assert answer.value == "setosa"
    assert [level for level, _ in answer.probabilities] == list(iris.classes)


def test_a_threshold_from_costs_needs_no_search(cancer: Contract, tmp_path: Path) -> None:
    text = "threshold = { cost = { missed = 5, alarm = 1 } }\n" + LOGISTIC
    assert trained(cancer, tmp_path, text).card["threshold"] == pytest.approx(1 / 6)


def test_a_threshold_for_a_metric(cancer: Contract, tmp_path: Path) -> None:
    text = 'threshold = { metric = "balanced_accuracy" }\n' + LOGISTIC
    result = trained(cancer, tmp_path, text)
    assert 0.05 < result.card["threshold"] < 0.95


def test_confidence_is_that_of_the_value_under_any_threshold(
    cancer: Contract, tmp_path: Path
) -> None:
    trained(cancer, tmp_path, "threshold = 0.02\n" + LOGISTIC)
    model = Store(tmp_path / "store").model("cancer", "one")
    row = {"worst_radius": 15.5, "worst_concave_points": 0.1, "worst_texture": 25.0}
    answer = model.predict({**row, "mean_area": 600.0})
    assert answer.value == "malignant"
    assert answer.confidence == dict(answer.probabilities)["malignant"] < 0.5


def test_search_says_how_many_were_tried(cancer: Contract, tmp_path: Path) -> None:
    text = FOREST + "[search]\nhyperparameters.min_samples_leaf = [1, 5, 40]\n"
    result = trained(cancer, tmp_path, text, search=4)
    assert result.card["searched"] == 4
    assert result.card["hyperparameters"]["min_samples_leaf"] in (1, 3, 5, 40)


def csv(folder: Path, rows: list[str]) -> str:
    path = folder / "cases.csv"
    path.write_text("age,income,colour,member,good\n" + "\n".join(rows) + "\n")
    models = folder / "models" / "people"
    models.mkdir(parents=True, exist_ok=True)
    (models / "cases.csv").write_bytes(path.read_bytes())
    return "cases.csv"


def people_rows(count: int) -> list[str]:
    colours = ["red", "green", "dark blue", ""]
    return [
        f"{20 + at % 50},{'' if at % 4 == 0 else at * 37 % 1000},{colours[at % 4]},"
        f"{at % 3 == 0},{(at * 37 % 1000 > 500) ^ (at % 11 == 0)}"
        for at in range(count)
    ]


def test_gaps_are_filled_when_training_rows_had_them(people: Contract, tmp_path: Path) -> None:
    result = trained(people, tmp_path, LOGISTIC, csv(tmp_path, people_rows(200)))
    assert result.card["missing"] == {
        "age": "refuse",
        "income": "median",
        "colour": "most_common",
        "member": "refuse",
    }
    model = Store(tmp_path / "store").model("people", "one")
    answer = model.predict({"age": 40, "member": True})
    assert answer.imputed == ("income", "colour")
    assert answer.value in (True, False)
    assert model.predict({"income": 5.0}).needs == ("age", "member")
    assert model.predict({"age": 99, "member": True}).outside == ("age",)


def test_missing_values_go_into_trees_as_they_are(people: Contract, tmp_path: Path) -> None:
    text = (
        'estimator = "sklearn.tree.DecisionTreeClassifier"\n[hyperparameters]\nmax_depth = 4\n'
        '[missing]\nincome = "native"\ncolour = "native"\n'
    )
    trained(people, tmp_path, text, csv(tmp_path, people_rows(200)))
    model = Store(tmp_path / "store").model("people", "one")
    assert model.predict({"age": 40, "member": True}).imputed == ("income", "colour")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["30,1,red,true,true"] * 30, "too-few-rows"),
        ([f"{at},,red,true,{at % 2 == 0}" for at in range(60)], "too-few-rows"),
    ],
    ids=["one class", "an empty column"],
)
def test_too_little_to_learn_from(
    people: Contract, tmp_path: Path, rows: list[str], code: str
) -> None:
    with pytest.raises(RuleError) as caught:
        trained(people, tmp_path, LOGISTIC, csv(tmp_path, rows))
    assert caught.value.diagnostics[0].code == code
    assert not (tmp_path / "store").exists()


def test_a_constant_column_is_harmless(people: Contract, tmp_path: Path) -> None:
    rows = [f"30,{at},red,true,{at % 5 > 1}" for at in range(100)]
    assert trained(people, tmp_path, LOGISTIC, csv(tmp_path, rows)).version


def test_what_scikit_learn_refuses_has_a_place(cancer: Contract, tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        trained(cancer, tmp_path, LOGISTIC + "[hyperparameters]\nC = -1\n")
    assert "one.toml:3:5: error[bad-hyperparameter]" in str(caught.value)


def test_names_that_are_no_specs(cancer: Contract, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="Did you mean `one`"):
        trained(cancer, tmp_path, LOGISTIC, names=["onne"])


def test_without_a_writable_list_there_is_no_joblib_file(cancer: Contract, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "one.toml").write_text(LOGISTIC)
    table = load(cancer, "sklearn:breast_cancer")
    result = train(cancer, models, Store(tmp_path / "store"), table=table, trusted=None)[0]
    assert not result.trusted
    assert [one.code for one in result.warnings] == ["not-trusted"]
    assert not (Path(result.artifact.folder) / "estimator.joblib").exists()


def test_small_tables_are_fitted_on_one_thread() -> None:
    """Threads that wait for each other made a small boosting take minutes on a busy machine."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_info

    from heuron.learn.fit import MANY, few_threads

    assert HistGradientBoostingClassifier  # its OpenMP is loaded
    with few_threads(MANY - 1):
        assert {one["num_threads"] for one in threadpool_info()} == {1}
    before = [one["num_threads"] for one in threadpool_info()]
    with few_threads(MANY):
        assert [one["num_threads"] for one in threadpool_info()] == before
