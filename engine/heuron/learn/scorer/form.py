"""The form of a scorer: what `scorer.json` holds, checked as untrusted input.

```json
{"format": "heuron-scorer/1", "inputs": ["age", "colour"], "kinds": ["number", ["red", "blue"]],
 "fill": [null, 0], "seen": [[20, 61], [12, 40]], "encode": [["scale", 0, 40, 9.5], ["is", 1, 0]],
 "model": {…}, "calibrate": null, "classes": ["yes", "no"],
 "decide": {"threshold": [0, 0.5], "tie": "first"}}
```
`kinds` says how an input becomes a number: `number`, `integer`, `boolean`, `duration` (days),
`["days_before", ORDINAL]` (dates), or the list of an enumeration's levels (their places).
`fill` is what stands in for an unknown input: null refuses, `"native"` is not a number. `seen` is
the range in training, or how many training rows had each level (of a boolean: false, true).
`encode` makes the model's columns: `["as_is", i]`, `["scale", i, mean, deviation]`,
`["times", i, factor, start]`, `["is", i, place]`, `["equals", i, number]`. `classes` is null for a
number; then `integer` rounds it and `interval` is the half-width of the prediction interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from heuron.learn.scorer import calibrate as calibration
from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.numbers import a_number, indexes, numbers

if TYPE_CHECKING:
    import numpy

__all__ = ["FORMAT", "Encoder", "Form", "compile_encoder", "family_of", "has_trees", "read_form"]

FORMAT: Final = "heuron-scorer/1"

KINDS: Final = ("number", "integer", "boolean", "duration")

MOST_COLUMNS: Final = 100_000

Encoder = Callable[[Sequence[float]], Sequence[float]]


class Form(NamedTuple):
    """A checked scorer. In `fill`, NaN stands for "native"."""

    inputs: tuple[str, ...]
    kinds: tuple[Any, ...]
    fill: tuple[float | None, ...]
    seen: tuple[list[float] | None, ...]
    encode: list[list[Any]]
    model: dict[str, Any]
    calibrate: list[Any] | None
    classes: tuple[str | bool, ...]
    positive: int | None
    threshold: float
    is_integer: bool
    interval: float | None

    @property
    def is_margin(self) -> bool:
        """Whether the model's own scores are distances and no probabilities."""
        return self.model.get("link") == "margin"

    @property
    def deciding(self) -> int | None:
        """The class that the threshold speaks of; None where the highest score decides."""
        return None if self.is_margin and self.calibrate is None else self.positive

    @property
    def is_served(self) -> bool:
        """Whether others answer for the model: scikit-learn from a joblib file, or ONNX Runtime."""
        return self.model["kind"] in ("joblib", "onnx")


def read_form(data: Any) -> Form:
    """Check untrusted data and return the form.

    Raises:
        ValueError: In plain words, what is wrong with it.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"the format is not {FORMAT}")
    inputs = _texts(data.get("inputs"), "inputs")
    if len(set(inputs)) != len(inputs):
        raise ValueError("an input stands twice")
    count = len(inputs)
    kinds = _kinds(data.get("kinds"), count)
    classes = _classes(data.get("classes"))
    encode = _steps(data.get("encode"), kinds)
    model = data.get("model")
    if not isinstance(model, dict):
        raise ValueError("there is no model")
    family_of(model).check(model, len(encode), len(classes))
    calibrated = data.get("calibrate")
    calibration.check(calibrated, len(classes))
    positive, threshold = _decide(data.get("decide"), len(classes))
    interval = data.get("interval")
    return Form(
        inputs=inputs,
        kinds=kinds,
        fill=_fill(data.get("fill"), kinds),
        seen=_seen(data.get("seen"), kinds),
        encode=encode,
        model=model,
        calibrate=calibrated,
        classes=classes,
        positive=positive,
        threshold=threshold,
        is_integer=data.get("integer") is True,
        interval=None if interval is None else a_number(interval, "the interval"),
    )


class Family(Protocol):
    """What a module of a family of models offers."""

    def check(self, model: dict[str, Any], width: int, classes: int) -> None:
        """Check an untrusted model; raises `ValueError`."""

    def one(
        self, model: dict[str, Any], width: int, classes: int
    ) -> Callable[[Sequence[float]], list[float]]:
        """Compile a model for one encoded row."""

    def many(
        self, model: dict[str, Any], width: int, classes: int
    ) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
        """Compile a model for many encoded rows."""


def family_of(model: dict[str, Any]) -> Family:
    """Return the module that checks and compiles a model, imported when it is needed.

    Raises:
        ValueError: When no family knows the model's kind.
    """
    kind = model.get("kind")
    if kind == "linear":
        from heuron.learn.scorer import linear

        return linear
    if kind in ("tree", "forest", "boosting"):
        from heuron.learn.scorer import trees

        return trees
    if kind in ("gaussian", "bernoulli"):
        from heuron.learn.scorer import naive_bayes

        return naive_bayes
    if kind == "network":
        from heuron.learn.scorer import network

        return network
    if kind == "calibrated":
        from heuron.learn.scorer import calibrated

        return calibrated
    if kind == "vote":
        from heuron.learn.scorer import vote

        return vote
    if kind == "joblib":
        from heuron.learn.scorer import served

        return served
    if kind == "onnx":
        from heuron.learn.scorer import graph

        return graph
    raise ValueError(f"no model of kind {kind!r}")


def has_trees(model: dict[str, Any]) -> bool:
    """Return whether a checked model has trees, or is made of models of which one has."""
    if model["kind"] == "calibrated":
        return has_trees(model["model"])
    if model["kind"] == "vote":
        return any(map(has_trees, model["models"]))
    return model["kind"] in ("tree", "forest", "boosting")


def compile_encoder(form: Form) -> Encoder:
    """Generate the step from inputs as numbers to the model's columns.

    Only numbers and indexes enter the generated text.
    """
    steps = []
    for step in form.encode:
        if step[0] == "scale":
            steps.append(f"(v[{step[1]}] - {float(step[2])!r}) / {float(step[3])!r}")
        elif step[0] == "times":
            steps.append(f"v[{step[1]}] * {float(step[2])!r} + {float(step[3])!r}")
        elif step[0] == "equals":
            steps.append(f"1.0 if v[{step[1]}] == {float(step[2])!r} else 0.0")
        elif step[0] == "is":
            steps.append(f"1.0 if v[{step[1]}] == {int(step[2])} else 0.0")
        else:
            steps.append(f"v[{step[1]}]")
    scope: dict[str, Any] = {}
    exec(f"def encode(v):\n    return [{', '.join(steps)}]", scope)
    return scope["encode"]  # type: ignore[no-any-return]


def _texts(values: object, what: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{what} is no list of names")
    if len(values) > MOST_COLUMNS:
        raise ValueError(f"{what} is too long")
    return tuple(values)


def _kinds(given: object, count: int) -> tuple[Any, ...]:
    if not isinstance(given, list) or len(given) != count:
        raise ValueError("kinds needs one entry for each input")
    for one in given:
        if isinstance(one, list) and one and is_levels(one):
            _texts(one, "an enumeration's levels")
        elif isinstance(one, list) and len(one) == 2 and one[0] == "days_before":
            indexes(one[1:], 1, 1, 3_652_060, "a day")
        elif one not in KINDS:
            raise ValueError(f"no input of kind {one!r}")
    return tuple(given)


def _classes(given: object) -> tuple[str | bool, ...]:
    if given is None:
        return ()
    if given == [False, True] and all(isinstance(one, bool) for one in given):
        return (False, True)
    classes = _texts(given, "classes")
    if len(classes) < 2 or len(set(classes)) != len(classes):
        raise ValueError("classes needs at least two different levels")
    return classes


def _steps(given: object, kinds: tuple[Any, ...]) -> list[list[Any]]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_COLUMNS:
        raise ValueError("encode needs steps")
    for step in given:
        if not isinstance(step, list) or len(step) < 2:
            raise ValueError("a step is no list")
        at = indexes(step[1:2], 1, 0, len(kinds), "a step's input")[0]
        match step:
            case ["as_is", _]:
                pass
            case ["scale", _, mean, deviation]:
                a_number(mean, "a mean")
                if a_number(deviation, "a deviation") <= 0:
                    raise ValueError("a deviation is not above 0")
            case ["times", _, factor, start]:
                a_number(factor, "a factor")
                a_number(start, "a start")
            case ["equals", _, number]:
                a_number(number, "a number")
            case ["is", _, place]:
                levels = kinds[at] if is_levels(kinds[at]) else ()
                indexes([place], 1, 0, len(levels), "a level's place")
            case _:
                raise ValueError(f"no step {step[0]!r}")
    return given


def _fill(given: object, kinds: tuple[Any, ...]) -> tuple[float | None, ...]:
    if not isinstance(given, list) or len(given) != len(kinds):
        raise ValueError("fill needs one entry for each input")
    found: list[float | None] = []
    for value, kind in zip(given, kinds, strict=True):
        if value is None:
            found.append(None)
        elif value == "native":
            found.append(nan)
        else:
            number = a_number(value, "a fill")
            if is_levels(kind):
                indexes([int(number)], 1, 0, len(kind), "a fill")
            found.append(number)
    return tuple(found)


def _seen(given: object, kinds: tuple[Any, ...]) -> tuple[list[float] | None, ...]:
    if given is None:
        return (None,) * len(kinds)
    if not isinstance(given, list) or len(given) != len(kinds):
        raise ValueError("seen needs one entry for each input")
    found: list[list[float] | None] = []
    for value, kind in zip(given, kinds, strict=True):
        length = len(kind) if is_levels(kind) else 2
        found.append(None if value is None else numbers(value, length, "what was seen"))
    return tuple(found)


def _decide(given: object, classes: int) -> tuple[int | None, float]:
    match given:
        case None if classes == 0:
            return None, 0.5
        case {"tie": "first", "threshold": None} if classes:
            return None, 0.5
        case {"tie": "first", "threshold": [positive, threshold]} if classes == 2:
            at = indexes([positive], 1, 0, 2, "the positive class")[0]
            cut = a_number(threshold, "the threshold")
            if not 0 < cut < 1:
                raise ValueError("the threshold is not between 0 and 1")
            return at, cut
    raise ValueError("decide does not suit the classes")
