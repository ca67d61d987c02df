"""A fitted scikit-learn pipeline, compiled: the same labels, the same probabilities to 1e-12."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from heuron.learn import compile_pipeline

NUMBERS = ["size", "weight", "age"]
LEVELS = ["colour", "shape"]


def table(rows: int, seed: int, gaps: float = 0.1) -> pandas.DataFrame:
    """Numbers and levels at random, some of them missing."""
    chance = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "size": chance.normal(10.0, 5.0, rows).round(3),
            "weight": chance.exponential(2.0, rows),
            "age": chance.integers(0, 90, rows).astype(float),
            "colour": chance.choice(["red", "green", "dark blue"], rows),
            "shape": chance.choice(["round", "flat"], rows),
        }
    ).astype({"colour": object, "shape": object})
    for name in frame.columns:
        frame.loc[chance.random(rows) < gaps, name] = numpy.nan if name in NUMBERS else None
    return frame


def goal(frame: pandas.DataFrame, classes: int, seed: int) -> numpy.ndarray[Any, Any]:
    """A goal that follows from the columns, roughly."""
    chance = numpy.random.default_rng(seed + 1)
    score = frame["size"].fillna(10) + 3 * (frame["colour"] == "red") + frame["age"].fillna(40) / 20
    score = score.to_numpy(dtype=float) + chance.normal(0, 2, len(frame))
    if not classes:
        return score
    cuts = numpy.quantile(score, numpy.linspace(0, 1, classes + 1)[1:-1])
    return numpy.array(["low", "middle", "upper"])[numpy.searchsorted(cuts, score)]


def pipeline(
    estimator: Any, scaler: Any = None, encoder: Any = None, policy: str = "median"
) -> Any:
    """Imputation, scaling and encoding before an estimator."""
    numbers = [] if policy == "native" else [SimpleImputer(strategy=policy)]
    numbers += [] if scaler is None else [scaler]
    encoder = OneHotEncoder(handle_unknown="ignore") if encoder is None else encoder
    levels = make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), encoder)
    before = ColumnTransformer(
        [
            ("numbers", make_pipeline(*numbers) if numbers else "passthrough", NUMBERS),
            ("levels", levels, LEVELS),
        ],
        sparse_threshold=0.0,
    )
    return make_pipeline(before, estimator)


def records(frame: pandas.DataFrame) -> list[dict[str, Any]]:
    """Rows as a user has them: None where nothing is known."""
    rows = frame.astype(object).where(frame.notna(), None)
    return [dict(row) for row in rows.to_dict("records")]


def assert_equal(fitted: Any, frame: pandas.DataFrame, classes: int) -> None:
    """Compare one row at a time and all rows at once with scikit-learn."""
    model = compile_pipeline(fitted)
    rows = records(frame)
    single = [model.predict(row) for row in rows]
    columns = {name: [row[name] for row in rows] for name in frame.columns}
    scores, decided, answered = model.predict_columns(columns)
    assert answered.all()
    assert all(one.answered for one in single)
    if not classes:
        expected = fitted.predict(frame)
        numpy.testing.assert_allclose([one.value for one in single], expected, rtol=1e-12)
        numpy.testing.assert_allclose(scores[:, 0], expected, rtol=1e-12)
        return
    labels = fitted.predict(frame).tolist()
    assert [one.value for one in single] == labels
    assert [model.scorer.form.classes[place] for place in decided] == labels
    if hasattr(fitted, "predict_proba"):
        expected = fitted.predict_proba(frame)
        numpy.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
        mine = [[chance for _, chance in one.probabilities] for one in single]
        numpy.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12)


def vote() -> VotingClassifier:
    members = [
        ("linear", LogisticRegression(max_iter=500)),
        ("forest", RandomForestClassifier(7, random_state=0)),
        ("boosting", HistGradientBoostingClassifier(max_iter=5)),
        ("bayes", GaussianNB()),
    ]
    return VotingClassifier(members, voting="soft", weights=[2, 1, 1, 0.5])


CLASSIFIERS: dict[str, Any] = {
    "logistic": LogisticRegression(max_iter=500),
    "liblinear": LogisticRegression(solver="liblinear"),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "sgd hinge": SGDClassifier(random_state=0),
    "ridge": RidgeClassifier(),
    "svc": LinearSVC(),
    "discriminant": LinearDiscriminantAnalysis(),
    "bayes": GaussianNB(),
    "bernoulli": BernoulliNB(),
    "tree": DecisionTreeClassifier(max_depth=6, random_state=0),
    "forest": RandomForestClassifier(9, random_state=0),
    "extra trees": ExtraTreesClassifier(9, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=9, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=9),
    "network": MLPClassifier((16, 16), max_iter=40, random_state=0),
    "sigmoid": CalibratedClassifierCV(LinearSVC(), cv=3),
    "sigmoid of a forest": CalibratedClassifierCV(RandomForestClassifier(5, random_state=0), cv=3),
    "sigmoid of boosting": CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=5), cv=3),
    "isotonic": CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3),
    "one calibration": CalibratedClassifierCV(
        HistGradientBoostingClassifier(max_iter=4), cv=3, ensemble=False
    ),
    "temperature of probabilities": CalibratedClassifierCV(
        GaussianNB(), method="temperature", cv=3
    ),
    "temperature": CalibratedClassifierCV(
        LogisticRegression(max_iter=500), method="temperature", cv=3
    ),
    "vote": vote(),
}
TWO_ONLY: dict[str, Any] = {
    "exponential": GradientBoostingClassifier(n_estimators=9, loss="exponential"),
    "fixed threshold": FixedThresholdClassifier(
        LogisticRegression(max_iter=500), threshold=0.3, pos_label="low"
    ),
    "tuned threshold": TunedThresholdClassifierCV(
        RandomForestClassifier(9, random_state=0), cv=3, random_state=0
    ),
}
REGRESSORS: dict[str, Any] = {
    "linear": LinearRegression(),
    "ridge": Ridge(),
    "tree": DecisionTreeRegressor(max_depth=6),
    "forest": RandomForestRegressor(9, random_state=0),
    "extra trees": ExtraTreesRegressor(9, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=9),
    "histogram": HistGradientBoostingRegressor(max_iter=9),
    "network": MLPRegressor(hidden_layer_sizes=(16,), max_iter=40, random_state=0),
    "vote": VotingRegressor(
        [("one", Ridge()), ("other", RandomForestRegressor(5, random_state=0))], weights=[1, 3]
    ),
}
CASES = [
    *(
        (f"{name}, {classes}", one, classes)
        for name, one in CLASSIFIERS.items()
        for classes in (2, 3)
    ),
    *((name, one, 2) for name, one in TWO_ONLY.items()),
    *((f"{name}, number", one, 0) for name, one in REGRESSORS.items()),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("estimator", "classes"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_every_family(estimator: Any, classes: int) -> None:
    if classes == 3 and getattr(estimator, "solver", "") == "liblinear":
        pytest.skip("scikit-learn fits two classes only with liblinear")
    seen, unseen = table(300, 0), table(200, 1)
    fitted = pipeline(copy.deepcopy(estimator), StandardScaler()).fit(seen, goal(seen, classes, 0))
    assert_equal(fitted, unseen, classes)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=some.sampled_from(
        ["logistic", "bayes", "forest", "histogram", "network", "vote", "sigmoid"]
    ),
    scaler=some.sampled_from(
        [
            None,
            StandardScaler(),
            MinMaxScaler(),
            MaxAbsScaler(),
            RobustScaler(),
            StandardScaler(with_mean=False),
        ]
    ),
    encoder=some.sampled_from(
        [
            OneHotEncoder(),
            OneHotEncoder(drop="first"),
            OrdinalEncoder(),
            OneHotEncoder(handle_unknown="ignore"),
        ]
    ),
    policy=some.sampled_from(["median", "mean", "most_frequent"]),
    classes=some.sampled_from([2, 3]),
    gaps=some.sampled_from([0.0, 0.2, 0.5]),
    seed=some.integers(0, 1000),
)
def test_random_tables(
    name: str, scaler: Any, encoder: Any, policy: str, classes: int, gaps: float, seed: int
) -> None:
    seen, unseen = table(120, seed, gaps), table(60, seed + 1, gaps)
    fitted = pipeline(copy.deepcopy(CLASSIFIERS[name]), scaler, encoder, policy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(seen, goal(seen, classes, seed))
        assert_equal(fitted, unseen, classes)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_missing_numbers_go_down_the_trees(classes: int) -> None:
    kind: Any = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    seen, unseen = table(300, 5, 0.3), table(200, 6, 0.3)
    fitted = pipeline(kind(max_iter=8), policy="native").fit(seen, goal(seen, classes, 5))
    assert_equal(fitted, unseen, classes)
    forest: Any = RandomForestClassifier if classes else RandomForestRegressor
    fitted = pipeline(forest(8, random_state=0), policy="native").fit(seen, goal(seen, classes, 5))
    assert_equal(fitted, unseen, classes)


def test_arrays_have_numbered_inputs_and_numbers_for_labels() -> None:
    chance = numpy.random.default_rng(0)
    x = chance.normal(size=(100, 3))
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, x[:, 1] > 0)
    model = compile_pipeline(fitted)
    assert model.inputs == ("x0", "x1", "x2")
    assert model.predict({"x0": 0.0, "x1": 3.0, "x2": 0.0}).value is True
    assert model.predict({"x0": 0.0, "x1": float("nan"), "x2": 0.0}).needs == ("x1",)
    counted = LogisticRegression().fit(x, (x[:, 0] > 0).astype(int) + (x[:, 0] > 1))
    assert compile_pipeline(counted).predict({"x0": 2.5, "x1": 0.0, "x2": 0.0}).value == "2"


def test_a_level_that_the_encoder_has_not_seen_gets_no_answer() -> None:
    seen = table(200, 0)
    model = compile_pipeline(pipeline(LogisticRegression()).fit(seen, goal(seen, 2, 0)))
    row = {"size": 1.0, "weight": 1.0, "age": 3.0, "colour": "violet", "shape": "flat"}
    assert model.predict(row).needs == ("colour",)
    many = {name: [value, value] for name, value in row.items()}
    many["colour"] = ["violet", "red"]
    assert model.predict_columns(many)[2].tolist() == [False, True]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("part", "message"),
    [
        (make_pipeline(FunctionTransformer(numpy.abs), LogisticRegression()), "FunctionTrans"),
        (make_pipeline(StandardScaler(), MinMaxScaler(), LogisticRegression()), "second scaler"),
        (make_pipeline(MinMaxScaler(clip=True), LogisticRegression()), "clip"),
        (make_pipeline(SimpleImputer(add_indicator=True), GaussianNB()), "indicator"),
        (AdaBoostClassifier(n_estimators=3), "AdaBoostClassifier has no"),
        (VotingClassifier([("a", GaussianNB())], voting="hard"), "VotingClassifier has no"),
        (VotingClassifier([("a", AdaBoostClassifier())], voting="soft"), "VotingClassifier has no"),
    ],
)
def test_what_cannot_be_compiled_is_named(part: Any, message: str) -> None:
    x = numpy.random.default_rng(0).normal(size=(60, 3))
    x[:5, 0] = numpy.nan if "indicator" in message else 0.0
    with pytest.raises(ValueError, match=message):
        compile_pipeline(part.fit(x, x[:, 1] > 0))


def test_large_tables_go_through_the_same_trees() -> None:
    """The walkers of scikit-learn, numpy's own walk and one row alone agree to the bit."""
    seen = table(400, 0, 0.2)
    large = table(70_000, 1, 0.2)
    for estimator, policy in (
        (RandomForestClassifier(12, random_state=0), "native"),
        (HistGradientBoostingClassifier(max_iter=12), "native"),
        (GradientBoostingClassifier(n_estimators=12), "median"),
    ):
        fitted = pipeline(estimator, policy=policy).fit(seen, goal(seen, 3, 0))
        model = compile_pipeline(fitted)
        columns = {name: large[name].where(large[name].notna(), None) for name in large.columns}
        scores, _, _ = model.predict_columns(columns)
        few = {name: list(cells[:500]) for name, cells in columns.items()}
        again = compile_pipeline(fitted).predict_columns(few)[0]
        numpy.testing.assert_array_equal(scores[:500], again)
        numpy.testing.assert_allclose(scores, fitted.predict_proba(large), rtol=0, atol=1e-12)
