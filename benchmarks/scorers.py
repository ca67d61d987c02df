"""Compiled models beside the scikit-learn pipelines that they come from, and ONNX Runtime.

    python -m benchmarks.scorers [FAMILY...] [--rows N] [--markdown]

A table with twelve numbers and three enumerations, some cells empty; the pipeline imputes, scales
and encodes them. The same fitted pipeline is compiled for Heuron and, where onnxruntime is
installed, written as ONNX from the compiled numbers. All times are of the processor. `one` is an
answer from a dictionary (the pipeline gets a data frame of one row, ONNX Runtime an array), the
median of runs. `many` is for the class probabilities of many rows in chunks; the pipeline reads a
data frame, Heuron the same columns as arrays of objects and of numbers.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from typing import Any, NamedTuple

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from heuron.diagnostics import RuleError
from heuron.learn import compile_pipeline
from heuron.learn.onnx_file import onnx_bytes, open_onnx
from heuron.learn.scorer import network

NUMBERS = [f"x{at}" for at in range(12)]
LEVELS = {
    "colour": ["red", "green", "blue", "white"],
    "place": ["north", "south", "east", "west", "middle"],
    "kind": ["old", "new", "unused"],
}
TRAINING = 4_000
CHUNK = 50_000

FAMILIES: dict[str, Any] = {
    "logistic": LogisticRegression(max_iter=500),
    "naive Bayes": GaussianNB(),
    "tree": DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
    "forest of 100": RandomForestClassifier(100, min_samples_leaf=5, random_state=0),
    "extra trees, 100": ExtraTreesClassifier(100, min_samples_leaf=5, random_state=0),
    "gradient boosting, 100": GradientBoostingClassifier(random_state=0),
    "histogram boosting, 70": HistGradientBoostingClassifier(max_iter=70, random_state=0),
    "network 64x32": MLPClassifier((64, 32), max_iter=30, random_state=0),
    "soft vote of 3": VotingClassifier(
        [
            ("logistic", LogisticRegression(max_iter=500)),
            ("boosting", HistGradientBoostingClassifier(max_iter=30, random_state=0)),
            ("bayes", GaussianNB()),
        ],
        voting="soft",
    ),
}
GOALS = {
    "logistic": 3.0,
    "forest of 100": 100.0,
    "histogram boosting, 70": 25.0,
    "network 64x32": 10.0,
}


class Row(NamedTuple):
    """What was measured of a family; times in microseconds, ratios to the pipeline."""

    name: str
    one: float
    pipeline_one: float
    onnx_one: float | None
    many: float
    pipeline_many: float
    onnx_many: float | None
    labels_changed: int


def table(rows: int, seed: int) -> pandas.DataFrame:
    """Return a table at random, one cell in twenty empty."""
    chance = numpy.random.default_rng(seed)
    columns: dict[str, Any] = {name: chance.normal(size=rows) for name in NUMBERS}
    for cells in columns.values():
        cells[chance.random(rows) < 0.05] = numpy.nan
    for name, levels in LEVELS.items():
        columns[name] = numpy.array(levels, dtype=object)[chance.integers(0, len(levels), rows)]
    return pandas.DataFrame(columns).astype(dict.fromkeys(LEVELS, object))


def goal(frame: pandas.DataFrame) -> Any:
    """Return a goal that follows from a few columns, roughly."""
    chance = numpy.random.default_rng(9)
    x = frame[NUMBERS].fillna(0.0).to_numpy()
    score = x[:, 0] + x[:, 1] * x[:, 2] + (frame["colour"] == "red") - numpy.abs(x[:, 3])
    return numpy.where(score + chance.normal(0, 0.5, len(x)) > 0, "yes", "no")


def pipeline(estimator: Any) -> Any:
    """Return imputation, scaling and one-hot encoding before an estimator."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [("numbers", numbers, NUMBERS), ("levels", levels, list(LEVELS))]
    return make_pipeline(ColumnTransformer(parts), estimator)


def each(action: Callable[[Any], object], cases: Sequence[Any], rounds: int) -> float:
    """Return the median over rounds of the mean microseconds of an action on some cases."""
    times = []
    for _ in range(rounds):
        begin = process_time()
        for one in cases:
            action(one)
        times.append((process_time() - begin) / len(cases) * 1e6)
    return median(times)


def seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds of an action, and its result."""
    begin = process_time()
    found = action()
    return process_time() - begin, found


def measure(name: str, estimator: Any, training: pandas.DataFrame, large: pandas.DataFrame) -> Row:
    """Fit a pipeline, compile it, and time both."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = pipeline(estimator).fit(training, goal(training))
    model = compile_pipeline(fitted)
    some = large.head(200)
    cells = some.astype(object).where(some.notna(), None)
    records = [dict(row) for row in cells.to_dict("records")]
    frames = [some.iloc[[at]] for at in range(20)]
    one = each(model.predict, records, 15)
    pipeline_one = each(fitted.predict_proba, frames, 5)
    arrays = {column: large[column].to_numpy() for column in large.columns}

    def chunks(of: Callable[[int], Any]) -> Any:
        return numpy.concatenate([of(begin) for begin in range(0, len(large), CHUNK)])

    theirs, expected = seconds(
        lambda: chunks(lambda begin: fitted.predict_proba(large.iloc[begin : begin + CHUNK]))
    )

    def scores(begin: int) -> Any:
        part = {column: own[begin : begin + CHUNK] for column, own in arrays.items()}
        return model.predict_columns(part)[0]

    ours, found = seconds(lambda: chunks(scores))
    changed = int((found.argmax(axis=1) != expected.argmax(axis=1)).sum())
    assert numpy.abs(found - expected).max() < 1e-12
    onnx_one, onnx_many = onnx_times(model, arrays)
    rows = len(large)
    return Row(
        name,
        one,
        pipeline_one,
        onnx_one,
        ours / rows * 1e6,
        theirs / rows * 1e6,
        onnx_many,
        changed,
    )


def onnx_times(model: Any, arrays: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return microseconds for one row and for one among many with ONNX Runtime, if it is here."""
    try:
        answer = open_onnx(onnx_bytes(model.scorer.form))
    except RuleError:  # not installed, or a model without a graph
        return None, None
    filled, _ = model.scorer.read_columns({name: own[:CHUNK] for name, own in arrays.items()})
    rows = [filled[at : at + 1] for at in range(100)]
    single = each(answer, rows, 7)
    spent, _ = seconds(lambda: answer(filled))
    return single, spent / len(filled) * 1e6


def cells_of(row: Row) -> list[str]:
    """Return a line of the report."""

    def shown(number: float | None, digits: int = 2) -> str:
        return "–" if number is None else f"{number:,.{digits}f}"

    limit = GOALS.get(row.name)
    verdict = "" if limit is None else f"{'meets' if row.one <= limit else 'misses'} {limit:.0f}"
    return [
        row.name,
        shown(row.one, 1),
        verdict,
        shown(row.pipeline_one, 0),
        f"{row.pipeline_one / row.one:,.0f}",
        shown(row.onnx_one, 1),
        shown(row.many),
        shown(row.pipeline_many),
        f"{row.many / row.pipeline_many:.2f}",
        shown(row.onnx_many),
        str(row.labels_changed),
    ]


HEADS = [
    "model",
    "one µs",
    "goal",
    "pipeline µs",
    "times faster",
    "ONNX µs",
    "many µs",
    "pipeline µs",
    "ratio",
    "ONNX µs",
    "labels changed",
]


def main(arguments: list[str]) -> None:
    """Print a row for each family."""
    rows = 1_000_000
    if "--rows" in arguments:
        at = arguments.index("--rows")
        rows = int(arguments[at + 1])
        del arguments[at : at + 2]
    names = [one for one in arguments if not one.startswith("--")]
    training, large = table(TRAINING, 0), table(rows, 1)
    print(f"{rows:,} rows in chunks of {CHUNK:,}; Python {sys.version.split()[0]}", flush=True)
    print("| " + " | ".join(HEADS) + " |")
    print("|---|" + "---:|" * (len(HEADS) - 1))
    gc.disable()
    for name, estimator in FAMILIES.items():
        if names and not any(one in name for one in names):
            continue
        row = measure(name, estimator, training, large)
        print("| " + " | ".join(cells_of(row)) + " |", flush=True)
        if name.startswith("network"):
            print(f"| the same without numpy | {pure_network(estimator, training):,.1f} |")


def pure_network(estimator: Any, training: pandas.DataFrame) -> float:
    """Return microseconds of one answer of a network in plain Python (goal: 150)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = compile_pipeline(pipeline(estimator).fit(training, goal(training)))
    small, network.SMALL = network.SMALL, 10**9
    try:
        cells = training.head(100).astype(object)
        records = [dict(row) for row in cells.where(cells.notna(), None).to_dict("records")]
        return each(model.predict, records, 15)
    finally:
        network.SMALL = small


if __name__ == "__main__":
    main(sys.argv[1:])
