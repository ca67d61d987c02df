"""Random tables with enumerations, booleans and gaps: compiled answers equal scikit-learn's."""

import tempfile
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from heuron.learn.contract import Contract
from heuron.learn.features import resolve_missing
from heuron.learn.fit import examples_of, fit
from heuron.learn.read_spec import read_spec
from heuron.learn.scorer.export import export_model
from heuron.learn.scorer.form import FORMAT
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.scorer.served import raw_scores
from heuron.learn.scorer.table import encode_columns
from heuron.values import UNKNOWN, Field, FieldType, Template

FIELDS = (
    Field("size", FieldType("number"), optional=True),
    Field("count", FieldType("integer"), optional=True),
    Field("colour", FieldType("enumeration", ("red", "green", "blue")), optional=True),
    Field("on", FieldType("boolean"), optional=True),
    Field("kind", FieldType("enumeration", ("a", "b", "c"))),
)
CONTRACT = Contract("random", Template("Thing", FIELDS), "kind")

ESTIMATORS = [
    ("linear_model.LogisticRegression", ""),
    ("tree.DecisionTreeClassifier", "max_depth = 5"),
    ("ensemble.RandomForestClassifier", "n_estimators = 5"),
    ("ensemble.HistGradientBoostingClassifier", "max_iter = 4\nmin_samples_leaf = 1"),
    ("naive_bayes.GaussianNB", "var_smoothing = 1e-6"),
]
numbers = some.floats(-1e6, 1e6, width=32) | some.sampled_from([0.0, 0.1, 0.5, 1.0])
rows = some.fixed_dictionaries(
    {
        "size": some.just(UNKNOWN) | numbers,
        "count": some.just(UNKNOWN) | some.integers(-5, 5),
        "colour": some.sampled_from([UNKNOWN, "red", "green", "blue"]),
        "on": some.sampled_from([UNKNOWN, True, False]),
        "kind": some.sampled_from(["a", "b", "c"]),
    }
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "hyperparameters"), ESTIMATORS)
@settings(max_examples=12, deadline=None)
@given(table=some.lists(rows, min_size=12, max_size=40), native=some.booleans())
def test_random_tables(
    estimator: str, hyperparameters: str, table: list[dict[str, object]], native: bool
) -> None:
    # Every class and every column at least once, so that there is something to fit.
    for at, kind in enumerate("abc"):
        table[at] = {"size": float(at), "count": at, "colour": "red", "on": True, "kind": kind}
    policy = "native" if native and "ensemble" in estimator + "tree" else "median"
    if estimator.startswith(("linear_model", "naive_bayes")):
        policy = "median"
    text = (
        f'estimator = "sklearn.{estimator}"\n[hyperparameters]\n{hyperparameters}\n'
        f'[missing]\nsize = "{policy}"\ncount = 0\ncolour = "most_common"\non = "most_common"\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.toml"
        path.write_text(text)
        spec = read_spec(CONTRACT, path)
    columns = {one.name: [row[one.name] for row in table] for one in FIELDS}
    examples = examples_of(CONTRACT, spec, columns, range(len(table)))
    assert resolve_missing(CONTRACT, spec, examples.numbers) == spec.missing
    fitted = fit(spec, examples, spec.hyperparameters)
    scorer = Scorer(
        {
            "format": FORMAT,
            "inputs": list(fitted.inputs.names),
            "kinds": list(fitted.inputs.kinds),
            "fill": ["native" if one != one else one for one in fitted.inputs.fill],
            "seen": list(fitted.inputs.seen),
            "encode": fitted.steps,
            "model": export_model(spec.allowed.family, fitted.estimator),
            "calibrate": None,
            "classes": ["a", "b", "c"],
            "decide": {"threshold": None, "tie": "first"},
        }
    )
    filled, answered = scorer.read_columns(columns)
    assert answered.all()
    expected = raw_scores(fitted.estimator, encode_columns(fitted.steps, filled))
    single = numpy.array([scorer.scores(scorer.read(row)[0]) for row in table])
    numpy.testing.assert_allclose(single, expected, rtol=0, atol=1e-12)
    numpy.testing.assert_allclose(scorer.score_columns(filled), expected, rtol=0, atol=1e-12)
    decided = scorer.decide_columns(expected)
    assert [scorer.decide(one) for one in single] == decided.tolist()
