"""A fitted scikit-learn pipeline as a model of plain numbers.

Owns `compile_pipeline`. It follows each column through imputation, scaling and encoding to the
estimator at the end: a column that goes in becomes an input of the scorer, with what fills its
gaps, and each one that reaches the estimator a step. What cannot be followed is said by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

from heuron.learn.allowed import public_name
from heuron.learn.model import Model
from heuron.learn.scorer.export import export_estimator
from heuron.learn.scorer.form import FORMAT
from heuron.learn.scorer.scorer import Scorer

__all__ = ["compile_pipeline", "form_of_pipeline"]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column on its way: its input, what fills a gap of it (NaN: nothing), and its step."""

    source: int
    levels: tuple[str, ...] | None = None
    fill: Any = nan
    filled: bool = False
    step: tuple[Any, ...] = ("as_is",)


def compile_pipeline(pipeline: Any, name: str = "pipeline") -> Model:
    """Return a model that answers as a fitted scikit-learn pipeline (or estimator) does.

    It may have `SimpleImputer`, `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`,
    `OneHotEncoder` and `OrdinalEncoder`, in pipelines and column transformers of any depth, and
    at the end an estimator with a compiled form, perhaps in a `FixedThresholdClassifier` or a
    `TunedThresholdClassifierCV`. Its inputs are the columns it was fitted on: by name, or x0,
    x1, … where they had none. A model needs every input that no imputer fills, and gives no
    answer to a level that its encoder has not seen, whatever `handle_unknown` says. Labels that
    are no texts become texts ("1"), but for booleans.

    Raises:
        ValueError: A part cannot be compiled; the message names it.
    """
    form, calibrated = form_of_pipeline(pipeline)
    card = {"name": name, "calibrated": calibrated, "goal": None}
    return Model(name, "", card, Scorer(form), "")


def form_of_pipeline(pipeline: Any) -> tuple[dict[str, Any], bool]:
    """Return a pipeline's scorer in its JSON form, and whether its scores are probabilities.

    Raises:
        ValueError: A part cannot be compiled; the message names it.
    """
    estimator, threshold = _thresholded(pipeline)
    steps, last = _parts(estimator)
    # A threshold may stand at the end of a pipeline as well as around it.
    last, inner = _thresholded(last)
    threshold = inner if threshold is None else threshold
    names = _names(pipeline, estimator, steps, last)
    columns = [_Column(at) for at in range(len(names))]
    for step in steps:
        columns = _through(step, columns, names)
    model = export_estimator(last)
    if model is None:
        raise ValueError(f"{_short(last)} has no compiled form")
    classes = _labels(getattr(last, "classes_", None))
    takes_gaps = "missing_left" in model and model["missing_left"] is not None
    form = {
        "format": FORMAT,
        "inputs": names,
        **_inputs(columns, len(names), takes_gaps),
        "encode": [[column.step[0], column.source, *column.step[1:]] for column in columns],
        "model": model,
        "calibrate": None,
        "classes": classes,
        "decide": None,
    }
    if classes is not None:
        form["decide"] = {"tie": "first", "threshold": threshold}
    return form, model.get("link") != "margin"


def _short(part: Any) -> str:
    return type(part).__name__


def _thresholded(estimator: Any) -> tuple[Any, list[Any] | None]:
    """Return what is below a threshold, and the threshold with the place of its class."""
    kind = public_name(type(estimator)).rpartition(".")[2]
    if kind not in ("FixedThresholdClassifier", "TunedThresholdClassifierCV"):
        return estimator, None
    inner = getattr(estimator, "estimator_", estimator.estimator)
    cut: Any = getattr(estimator, "best_threshold_", getattr(estimator, "threshold", None))
    method = getattr(estimator, "response_method", "auto")
    probability = method in ("auto", "predict_proba") and hasattr(inner, "predict_proba")
    if cut == "auto":
        cut = 0.5
    if not probability or not 0 < cut < 1:
        raise ValueError(f"{kind} has a threshold that is no probability: {cut!r}")
    classes = list(estimator.classes_)
    label = getattr(estimator, "pos_label", None)
    return inner, [1 if label is None else classes.index(label), float(cut)]


def _parts(estimator: Any) -> tuple[list[Any], Any]:
    """Return a pipeline's transformers, and its estimator."""
    if type(estimator).__name__ != "Pipeline":
        return [], estimator
    steps = [step for _, step in estimator.steps]
    before, last = _parts(steps[-1])
    return [*steps[:-1], *before], last


def _names(*parts: Any) -> list[str]:
    """Return the names of the columns that a pipeline was fitted on."""
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    for part in flat:
        names = getattr(part, "feature_names_in_", None)
        if names is not None:
            return [str(one) for one in names]
    for part in flat:
        count = getattr(part, "n_features_in_", None)
        if count is not None:
            return [f"x{at}" for at in range(count)]
    raise ValueError("the pipeline has not been fitted")


def _labels(classes: Any) -> list[Any] | None:
    if classes is None:
        return None
    labels = list(classes.tolist())
    if labels == [False, True] and all(isinstance(one, bool) for one in labels):
        return labels
    return [str(one) for one in labels]


def _inputs(columns: Sequence[_Column], count: int, takes_gaps: bool) -> dict[str, Any]:
    """Return kinds and fills of the inputs; every use of one has to agree on them."""
    kinds: list[Any] = ["number"] * count
    fills: list[Any] = [None] * count
    seen: dict[int, _Column] = {}
    for column in columns:
        at = column.source
        known = seen.setdefault(at, column)
        if known.levels != column.levels or not _same(known, column):
            raise ValueError("one column is imputed or encoded in two ways")
        if column.levels is not None:
            kinds[at] = list(column.levels)
        if column.filled:
            fill = column.fill
            fills[at] = column.levels.index(fill) if column.levels is not None else float(fill)
        elif takes_gaps and column.levels is None:
            fills[at] = "native"
    return {"kinds": kinds, "fill": fills, "seen": [None] * count}


def _same(one: _Column, other: _Column) -> bool:
    return one.filled == other.filled and (not one.filled or one.fill == other.fill)


def _through(step: Any, columns: list[_Column], names: list[str]) -> list[_Column]:
    """Return the columns behind a transformer."""
    if step is None or step == "passthrough":
        return columns
    kind = public_name(type(step)).rpartition(".")[2]
    if kind == "Pipeline":
        for _, one in step.steps:
            columns = _through(one, columns, names)
        return columns
    if kind == "ColumnTransformer":
        return _by_column(step, columns, names)
    if kind == "FunctionTransformer" and step.func is None:
        return columns
    transform = TRANSFORMERS.get(kind)
    if transform is None or not type(step).__module__.startswith("sklearn."):
        raise ValueError(f"{_short(step)} has no compiled form")
    return transform(step, columns)


def _by_column(step: Any, columns: list[_Column], names: list[str]) -> list[_Column]:
    found: list[_Column] = []
    inner = [str(one) for one in getattr(step, "feature_names_in_", names)]
    for _, transformer, chosen in step.transformers_:
        if transformer == "drop":
            continue
        own = [columns[at] for at in _places(chosen, inner)]
        if own:
            found += _through(transformer, own, names)
    return found


def _places(chosen: Any, names: Sequence[str]) -> list[int]:
    import numpy

    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            begin = 0 if chosen.start is None else names.index(chosen.start)
            end = len(names) if chosen.stop is None else names.index(chosen.stop) + 1
            return list(range(begin, end))
        return list(range(len(names)))[chosen]
    listed = numpy.atleast_1d(numpy.asarray(chosen))
    if listed.dtype == bool:
        return [int(one) for one in numpy.flatnonzero(listed)]
    if listed.dtype.kind in "iu":
        return [int(one) % len(names) for one in listed]
    return [list(names).index(str(one)) for one in listed]


def _imputed(step: Any, columns: list[_Column]) -> list[_Column]:
    if step.add_indicator or len(step.statistics_) != len(columns):
        raise ValueError("SimpleImputer with an indicator has no compiled form")
    found = []
    for column, value in zip(columns, step.statistics_.tolist(), strict=True):
        if column.step != ("as_is",) or column.levels is not None:
            raise ValueError("SimpleImputer behind a scaler or encoder has no compiled form")
        if isinstance(value, float) and not isfinite(value):
            raise ValueError("SimpleImputer drops a column that had no value")
        found.append(column if column.filled else replace(column, fill=value, filled=True))
    return found


def _scaled(column: _Column, *step: Any) -> _Column:
    if column.step != ("as_is",):
        raise ValueError("a second scaler behind the first has no compiled form")
    return replace(column, step=step)


def _standard(step: Any, columns: list[_Column]) -> list[_Column]:
    means = [0.0] * len(columns) if step.mean_ is None else step.mean_.tolist()
    return _divided(columns, means if step.with_mean else [0.0] * len(columns), step.scale_)


def _robust(step: Any, columns: list[_Column]) -> list[_Column]:
    centers = step.center_.tolist() if step.with_centering else [0.0] * len(columns)
    return _divided(columns, centers, step.scale_ if step.with_scaling else None)


def _largest(step: Any, columns: list[_Column]) -> list[_Column]:
    if getattr(step, "clip", False):
        raise ValueError("MaxAbsScaler with clip has no compiled form")
    return _divided(columns, [0.0] * len(columns), step.scale_)


def _divided(columns: list[_Column], means: list[float], scale: Any) -> list[_Column]:
    scales = [1.0] * len(columns) if scale is None else scale.tolist()
    return [
        _scaled(column, "scale", mean, deviation)
        for column, mean, deviation in zip(columns, means, scales, strict=True)
    ]


def _ranged(step: Any, columns: list[_Column]) -> list[_Column]:
    if step.clip:
        raise ValueError("MinMaxScaler with clip has no compiled form")
    pairs = zip(columns, step.scale_.tolist(), step.min_.tolist(), strict=True)
    return [_scaled(column, "times", factor, start) for column, factor, start in pairs]


def _one_hot(step: Any, columns: list[_Column]) -> list[_Column]:
    if getattr(step, "infrequent_categories_", None) and any(
        one is not None for one in step.infrequent_categories_
    ):
        raise ValueError("OneHotEncoder with infrequent levels has no compiled form")
    dropped = [None] * len(columns) if step.drop_idx_ is None else list(step.drop_idx_)
    found = []
    for column, own, drop in zip(columns, step.categories_, dropped, strict=True):
        levels = own.tolist()
        texts = _texts(step, column, levels)
        for place, level in enumerate(levels):
            if drop is not None and place == drop:
                continue
            one = ("is", place) if texts is not None else ("equals", float(level))
            found.append(replace(column, levels=texts, step=one))
    return found


def _ordinal(step: Any, columns: list[_Column]) -> list[_Column]:
    found = []
    for column, own in zip(columns, step.categories_, strict=True):
        levels = own.tolist()
        texts = _texts(step, column, levels)
        if texts is None:
            raise ValueError("OrdinalEncoder of numbers has no compiled form")
        found.append(replace(column, levels=texts))
    return found


def _texts(step: Any, column: _Column, levels: list[Any]) -> tuple[str, ...] | None:
    """Return an encoder's levels where they are texts, None where they are numbers."""
    if column.step != ("as_is",) or column.levels is not None:
        raise ValueError(f"{_short(step)} behind a scaler or encoder has no compiled form")
    if all(isinstance(one, str) for one in levels):
        return tuple(levels)
    if all(isinstance(one, (int, float)) and isfinite(one) for one in levels):
        return None
    raise ValueError(f"{_short(step)} has a level for missing values: impute before it")


TRANSFORMERS: dict[str, Callable[[Any, list[_Column]], list[_Column]]] = {
    "SimpleImputer": _imputed,
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MaxAbsScaler": _largest,
    "MinMaxScaler": _ranged,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
}
