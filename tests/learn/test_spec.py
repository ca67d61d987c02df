"""Model specs: a closed list of keys, estimators and plain values; mistakes with places."""

from collections.abc import Callable
from datetime import date

import pytest

from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract
from heuron.learn.spec import Feature, Missing, Spec, Threshold, default_features

Write = Callable[[Contract, str], Spec]
LOGISTIC = 'estimator = "sklearn.linear_model.LogisticRegression"\n'
FOREST = 'estimator = "sklearn.ensemble.RandomForestClassifier"\n'


def test_a_spec_of_one_line(people: Contract, write_spec: Write) -> None:
    spec = write_spec(people, LOGISTIC)
    assert spec.features == tuple(map(Feature, ("age", "income", "colour", "member")))
    assert default_features(people) == ("age", "income", "colour", "member")
    assert (spec.positive, spec.calibration, spec.threshold) == (True, "auto", Threshold(0.5))
    assert (spec.seed, spec.scaled, spec.title) == (0, True, "model")


def test_a_whole_spec(people: Contract, write_spec: Write) -> None:
    text = (
        'title = "Forest"\n' + FOREST + "features = [\n"
        '  "age",\n  "income",\n  { field = "since", days_before = "2026-01-01" },\n]\n'
        "positive = false\n"
        'calibration = "isotonic"\n'
        "threshold = { cost = { missed = 5, alarm = 1 } }\n"
        "[hyperparameters]\nn_estimators = 10\nmax_features = 2\n"
        "class_weight = { false = 2, true = 1 }\n"
        '[missing]\nincome = "median"\nsince = 2025-01-01\n'
        "[search]\nhyperparameters.max_depth = [2, 3]\n"
    )
    spec = write_spec(people, text)
    assert spec.features[2] == Feature("since", date(2026, 1, 1))
    assert spec.hyperparameters["class_weight"] == {0: 2, 1: 1}
    assert spec.missing == {
        "income": Missing("median"),
        "since": Missing("value", date(2025, 1, 1)),
    }
    assert spec.threshold == Threshold(None, 5.0, 1.0)
    assert spec.search == {"max_depth": (2, 3)}
    assert spec.positive is False


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "model.toml:1:1", "`estimator` is missing"),
        ('estimator = "os.system"\n', "model.toml:1:13", "no estimator 'os.system'"),
        ('estimator = "LogisticRegresion"\n', "model.toml:1:13", "linear_model.LogisticRegression"),
        ('estimator = "sklearn.linear_model.Ridge"\n', "model.toml:1:13", "predicts numbers"),
        (LOGISTIC + "sead = 1\n", "model.toml:2:1", "Did you mean `seed`?"),
        (LOGISTIC + 'features = ["agee"]\n', "model.toml:2:12", "Did you mean `age`?"),
        (LOGISTIC + 'features = ["good"]\n', "model.toml:2:12", "is the goal"),
        (LOGISTIC + 'features = ["note"]\n', "model.toml:2:12", "cannot read it"),
        (LOGISTIC + 'features = ["since"]\n', "model.toml:2:12", "days_before"),
        (LOGISTIC + "[hyperparameters]\nCC = 1\n", "model.toml:3:1", "Did you mean `C`?"),
        (LOGISTIC + "[hyperparameters]\nn_jobs = 4\n", "model.toml:3:1", "does not set `n_jobs`"),
        (LOGISTIC + "[hyperparameters]\nverbose = 1\n", "model.toml:3:1", "`verbose`"),
        (LOGISTIC + "[hyperparameters]\nrandom_state = 1\n", "model.toml:3:1", "`seed` stands"),
        (LOGISTIC + "[hyperparameters]\nC = { a = 1 }\n", "model.toml:3:5", "plain value"),
        (LOGISTIC + '[missing]\nage = "median"\n', "model.toml:3:7", "not optional"),
        (LOGISTIC + '[missing]\nincome = "native"\n', "model.toml:3:10", "cannot learn"),
        (LOGISTIC + '[missing]\ncolour = "mauve"\n', "model.toml:3:10", "one of red"),
        (LOGISTIC + '[missing]\ncolour = "median"\n', "model.toml:3:10", "most_common"),
        (LOGISTIC + "threshold = 2\n", "model.toml:2:13", "no threshold"),
        (LOGISTIC + 'threshold = { metrik = "f1" }\n', "model.toml:2:15", "Did you mean `metric`?"),
        (LOGISTIC + 'calibration = "platt"\n', "model.toml:2:15", "one of auto"),
        (LOGISTIC + "seed = 1.5\n", "model.toml:2:8", "whole number"),
        (LOGISTIC + 'scale = "yes"\n', "model.toml:2:9", "true or false"),
        (LOGISTIC + "[search]\nhyperparameters.C = 3\n", "model.toml:3:21", "needs a list"),
        (
            LOGISTIC + 'calibration = "none"\n[hyperparameters]\nclass_weight = "balanced"\n',
            "model.toml:2:15",
            "need a calibration",
        ),
        ("estimator = \n", "model.toml:1:13", "no TOML"),
    ],
)
def test_mistakes_have_places_and_hints(
    people: Contract, write_spec: Write, text: str, place: str, words: str
) -> None:
    with pytest.raises(RuleError) as caught:
        write_spec(people, text)
    assert f"{place}: error" in str(caught.value)
    assert words in str(caught.value)


def test_every_mistake_is_shown_at_once(people: Contract, write_spec: Write) -> None:
    with pytest.raises(RuleError) as caught:
        write_spec(people, LOGISTIC + 'sead = 1\ncalibration = "x"\n[missing]\nage = 3\n')
    assert len(caught.value.diagnostics) == 3


def test_a_goal_with_several_values_gets_no_model(people: Contract, write_spec: Write) -> None:
    many = Contract("people", people.template, "good", many=True)
    with pytest.raises(RuleError, match="no-model-for-many"):
        write_spec(many, LOGISTIC)
