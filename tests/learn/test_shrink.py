"""Forms that need fewer bytes: what is rounded stays near, and what means nothing says why."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from flowers import iris_frame
from heuron.learn.scorer.pack import pack, unpack
from heuron.learn.scorer.pipeline import form_of_pipeline
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.shrink import Unsuited, fewer_trees, int8, most_rounds, packed, trees_left

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NETWORK = MLPClassifier((9, 8), max_iter=100, random_state=0)
FOREST = RandomForestClassifier(10, random_state=0)
VOTE = VotingClassifier([("a", FOREST), ("b", LogisticRegression()), ("c", NETWORK)], voting="soft")
ALL: list[Any] = [
    LogisticRegression(),
    RidgeClassifier(),
    GaussianNB(),
    BernoulliNB(binarize=2.0),
    DecisionTreeClassifier(random_state=0),
    FOREST,
    GradientBoostingClassifier(n_estimators=6, random_state=0),
    HistGradientBoostingClassifier(max_iter=6),
    NETWORK,
    VOTE,
    CalibratedClassifierCV(FOREST, method="isotonic", cv=2),
    CalibratedClassifierCV(NETWORK, method="sigmoid", cv=2),
]


def form_of(estimator: Any) -> tuple[dict[str, Any], numpy.ndarray]:
    """Return a fitted estimator's form, and rows to ask it about."""
    x, y = iris_frame()
    form, _ = form_of_pipeline(clone(estimator).fit(x, y))
    return form, x.to_numpy() + 0.013


def size(form: dict[str, Any]) -> int:
    return sum(map(len, pack(form, compact=True)))


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: str(one)[:40])
def test_single_precision_is_smaller_and_says_the_same(estimator: Any) -> None:
    form, rows = form_of(estimator)
    small = packed(form)
    assert size(small) < size(form)
    before = Scorer(form).score_columns(rows)
    after = Scorer(unpack(*pack(small, compact=True))).score_columns(rows)
    assert numpy.abs(after - before).max() < 1e-5


def test_scaling_before_a_network_is_rounded_too() -> None:
    form, _ = form_of(make_pipeline(StandardScaler(), NETWORK))
    assert len(str(packed(form)["encode"])) < len(str(form["encode"]))


def test_values_on_a_cut_go_where_they_went() -> None:
    form, _ = form_of(DecisionTreeClassifier(random_state=0))
    model, small = form["model"], packed(form)["model"]
    for cut, low, feature in zip(model["cut"], small["cut"], model["feature"], strict=True):
        if feature >= 0:
            single = numpy.float32(cut)
            for near in (numpy.nextafter(single, numpy.float32(-9)), single,
                         numpy.nextafter(single, numpy.float32(9))):  # fmt: skip
                assert (float(near) <= low) == (float(near) <= cut)


def test_what_single_precision_cannot_hold_stays() -> None:
    form, _ = form_of(GaussianNB())
    form["model"]["variance"][0][0] = 1e-60
    form["model"]["mean"][0][0] = 1e60
    model = packed(form)["model"]
    assert model["variance"][0][0] == 1e-60
    assert model["mean"][0][0] == 1e60
    Scorer(packed(form))


@pytest.mark.parametrize("estimator", [NETWORK, VOTE, ALL[-1]], ids=["network", "vote", "folds"])
def test_networks_within_others_get_whole_weights(estimator: Any) -> None:
    form, rows = form_of(estimator)
    small = int8(form)
    assert size(small) < size(form)
    assert '"scale"' in pack(small)[0].decode()
    apart = numpy.abs(Scorer(small).score_columns(rows) - Scorer(form).score_columns(rows))
    assert apart.max() < 0.1


@pytest.mark.parametrize(
    ("estimator", "most"),
    [(FOREST, 10), (ALL[6], 6), (ALL[7], 6), (VOTE, 10), (ALL[-2], 10)],
    ids=["forest", "boosting", "histogram", "vote", "folds"],
)
def test_fewer_trees_are_the_first_ones(estimator: Any, most: int) -> None:
    form, rows = form_of(estimator)
    assert most_rounds(form) == most
    whole = Scorer(form).score_columns(rows)
    assert numpy.array_equal(Scorer(fewer_trees(form, most)).score_columns(rows), whole)
    small = fewer_trees(form, 3)
    assert size(small) < size(form)
    assert numpy.isfinite(Scorer(small).score_columns(rows)).all()
    assert "3 of" in trees_left(form, 3)


def test_first_trees_of_a_forest_are_a_smaller_forest() -> None:
    x, y = iris_frame()
    form, rows = form_of(FOREST)
    fewer = RandomForestClassifier(4, random_state=0).fit(x, y)
    scores = Scorer(fewer_trees(form, 4)).score_columns(rows)
    assert numpy.abs(scores - fewer.predict_proba(type(x)(rows, columns=x.columns))).max() < 1e-12


@pytest.mark.parametrize(
    ("estimator", "words"),
    [(LogisticRegression(), "a linear model"), (GaussianNB(), "naive Bayes"),
     (DecisionTreeClassifier(), "a single tree"), (NETWORK, "a network"),
     (RandomForestClassifier(1), "a forest of one tree"),
     (GradientBoostingClassifier(n_estimators=1), "boosting of one round")],
)  # fmt: skip
def test_a_model_without_trees_says_that_none_can_go(estimator: Any, words: str) -> None:
    with pytest.raises(Unsuited, match=f"{words} has no trees"):
        most_rounds(form_of(estimator)[0])


@pytest.mark.parametrize("estimator", [LogisticRegression(), GaussianNB(), FOREST])
def test_whole_weights_are_for_networks(estimator: Any) -> None:
    with pytest.raises(Unsuited):
        int8(form_of(estimator)[0])
