"""Train models from specs: out-of-fold answers, calibration, threshold, scorer, card, store.

Owns the order of these steps. The same specs, data and versions give the same card to the byte.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.learn.calibration import (
    ISOTONIC_ROWS,
    choose_calibration,
    fit_calibration,
    fit_threshold,
    is_calibrated,
)
from heuron.learn.card import card_of, files_of, run_of
from heuron.learn.conclusions import with_conclusions
from heuron.learn.contract import Contract
from heuron.learn.data import Table, load
from heuron.learn.features import resolve_missing
from heuron.learn.fit import Examples, Fitted, examples_of, fit
from heuron.learn.folds import RawFolds, answers_of, split_folds
from heuron.learn.read_spec import read_spec
from heuron.learn.score import score_answers
from heuron.learn.scorer.export import export_model
from heuron.learn.scorer.form import FORMAT
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.scorer.served import KIND
from heuron.learn.search import choose, settings_to_try
from heuron.learn.spec import Spec, spec_names
from heuron.learn.spec_estimator import class_names
from heuron.learn.store import Artifact, Store
from heuron.learn.trust import sum_of, trust, unexpected_in, written_names

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = [
    "Progress",
    "TrainResult",
    "class_place",
    "joblib_of",
    "read_specs",
    "scorer_form",
    "train",
]

Progress = Callable[[str, int, int], None]
"""Told of each step: the model's name, steps done, steps in all."""

CONFORMAL = 0.9
"""A number's prediction interval holds the truth for so many rows."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What training one spec gave.

    `warnings` are about the data (the same for each model) and about this model.
    `card` is the artifact's; `score` its out-of-fold scores; `seconds` wall and `cpu_seconds`
    processor time; `trusted` whether a joblib file was kept and its sum is on the user's list.
    """

    name: str
    artifact: Artifact
    card: Mapping[str, Any]
    warnings: tuple[Diagnostic, ...]
    trusted: bool
    rows: int
    seconds: float = field(compare=False, default=0.0)
    cpu_seconds: float = field(compare=False, default=0.0)

    @property
    def version(self) -> str:
        """The first 8 hex digits of the card's SHA-256."""
        return self.artifact.version

    @property
    def score(self) -> Mapping[str, Any]:
        """Rows, answered, right, accuracy, interval, … on rows that it had not seen."""
        return self.card["score"]  # type: ignore[no-any-return]


def train(
    contract: Contract,
    folder: Path,
    store: Store,
    names: Sequence[str] = (),
    *,
    data: str | Path | None = None,
    root: Path | None = None,
    table: Table | None = None,
    trusted: Path | None = None,
    search: int = 1,
    progress: Progress | None = None,
    packages: Sequence[str] = (),
) -> list[TrainResult]:
    """Train the models of a domain and put them into the store.

    Args:
        contract: The template and the goal.
        folder: `models/<domain>` with `data.toml` and the specs.
        store: Where the models go.
        names: Specs to train; all of the folder when empty.
        data: Another source than `data.toml`'s (see `learn.data.load`).
        root: The folder that paths in files must stay in.
        table: The data, when they have been loaded already.
        trusted: The user's list of trusted sums, to which the joblib file's sum is added.
        search: How many settings of a spec's `[search]` space to try; 1: its own alone.
        progress: Called after each step.
        packages: Packages besides scikit-learn whose estimators a spec may name.

    Returns:
        A result for each spec, in the order of `names`, else by name.

    Raises:
        RuleError: Mistakes in specs or data, before anything is trained or written; or what
            scikit-learn refused, then models trained before it are in the store.
    """
    specs = read_specs(contract, folder, names, packages)
    if table is None:
        table = load(contract, data, folder=folder, root=root)
    table = with_conclusions(table, _read_by(specs))
    results = []
    for spec in specs:
        results.append(_train_one(contract, spec, table, store, trusted, search, progress))
    return results


def _read_by(specs: Sequence[Spec]) -> list[str]:
    """Return every field that one of the specs reads."""
    return list(dict.fromkeys(one.field for spec in specs for one in spec.features))


def read_specs(
    contract: Contract, folder: Path, names: Sequence[str] = (), packages: Sequence[str] = ()
) -> list[Spec]:
    """Return the specs of those names, of all by default.

    Raises:
        RuleError: With the mistakes of all of them, or names that are no specs.
    """
    there = spec_names(folder)
    mistakes: list[Diagnostic] = []
    specs = []
    for name in names or there:
        if name not in there:
            near = nearest(name, there)
            hint = f"Did you mean `{near}`?" if near else f"there are: {', '.join(there) or 'none'}"
            message = f"There is no spec {name}.toml in {folder}."
            mistakes.append(Diagnostic(Severity.ERROR, "unknown-model", message, None, hint))
            continue
        try:
            specs.append(read_spec(contract, folder / f"{name}.toml", packages=packages))
        except RuleError as error:
            mistakes += error.diagnostics
    if not there and not names:
        message = f"No model specs in {folder}."
        line = 'estimator = "sklearn.linear_model.LogisticRegression"'
        hint = f"write one, {folder}/NAME.toml; one line is enough: {line}"
        mistakes.append(Diagnostic(Severity.ERROR, "not-found", message, None, hint))
    if mistakes:
        raise RuleError(mistakes)
    return specs


def _train_one(
    contract: Contract,
    spec: Spec,
    table: Table,
    store: Store,
    trusted: Path | None,
    search: int,
    progress: Progress | None,
) -> TrainResult:
    began, cpu = time.perf_counter(), time.process_time()
    places = table.places("training")
    examples = examples_of(contract, spec, table.columns, places)
    spec = replace(spec, missing=resolve_missing(contract, spec, examples.numbers))
    _check_rows(contract, spec, examples)
    groups = [table.groups[at] for at in places]
    fold = split_folds(examples.goal, groups, contract.is_regression, spec.seed)
    tried = settings_to_try(spec, search)
    step = _stepper(spec.name, progress, len(tried) * (int(fold.max()) + 1) + 2)
    positive = class_place(contract, spec.positive)
    chosen, raw = choose(contract, spec, examples, fold, tried, step, positive)
    spec = replace(spec, hyperparameters=chosen)
    kind = choose_calibration(spec, len(contract.classes))
    answers = answers_of(contract, spec, kind, raw, examples.goal, positive)
    fitted = fit(spec, examples, chosen)
    step()
    form, warnings = scorer_form(contract, spec, kind, raw, examples, fitted, positive)
    scorer = scorer_of(form, fitted)
    calibrated = is_calibrated(spec, kind)
    import numpy

    counted = numpy.array([table.scored[at] for at in places])
    score = score_answers(contract, answers, examples.goal, counted, calibrated)
    card = card_of(contract, spec, table, kind, calibrated, form, score, tried)
    files = files_of(contract, spec, table, card, form, scorer, fitted)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    joblib, listed = joblib_of(contract, spec, fitted, trusted, form["model"]["kind"] == KIND)
    extra = run_of(contract, table, places, answers, calibrated, joblib, seconds, cpu_seconds)
    artifact = store.save(contract.domain, spec.name, files, extra)
    step()
    if not listed:
        warnings.append(_untrusted(spec))
    warnings += [_said(spec, message) for message in fitted.messages]
    warnings = [*table.warnings, *warnings]
    return TrainResult(
        spec.name, artifact, card, tuple(warnings), listed, len(places), seconds, cpu_seconds
    )


def _stepper(name: str, progress: Progress | None, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(name, done, total)

    return step


def _check_rows(contract: Contract, spec: Spec, examples: Examples) -> None:
    import numpy

    refused = [spec.missing[one.field].policy == "refuse" for one in spec.features]
    usable = numpy.asarray(~numpy.isnan(examples.numbers[:, refused]).any(axis=1))
    goal = examples.goal[usable]
    counts = numpy.unique(goal, return_counts=True)[1].tolist()
    if contract.is_regression:
        good = len(goal) >= 10
    else:
        good = len(counts) >= 2 and sorted(counts)[-2] >= 2
    if good:
        return
    gaps = [
        (int(numpy.isnan(examples.numbers[:, at]).sum()), one.field)
        for at, one in enumerate(spec.features)
        if refused[at]
    ]
    most = max(gaps, default=(0, ""))
    hint = f"`{most[1]}` is unknown in {most[0]:,} rows" if most[0] else None
    said = f"{spec.name} can use {len(goal):,} of {len(usable):,} training rows"
    if len(counts) == 1 and not contract.is_regression:
        only = class_names(contract)[int(goal[0])]
        message = (
            f"{said}, and in all of them `{contract.goal}` is {only}: there is nothing to learn."
        )
    elif contract.is_regression:
        message = f"{said}: too few, 10 are the least."
    else:
        message = f"{said}: too few, each of two levels needs 2 at least."
    raise RuleError(
        spec.document.diagnostic(Severity.ERROR, "too-few-rows", message, ("features",), hint)
    )


def class_place(contract: Contract, positive: str | bool | None) -> int:
    return contract.classes.index(positive) if positive is not None else 0


def scorer_form(
    contract: Contract,
    spec: Spec,
    kind: str,
    raw: RawFolds,
    examples: Examples,
    fitted: Fitted,
    positive: int,
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Return the scorer's JSON form, with calibration and threshold from out-of-fold rows."""
    from math import isnan

    from heuron.learn.scorer.calibrate import columns as calibrated_columns

    warnings: list[Diagnostic] = []
    used = raw.answered
    if kind == "isotonic" and int(used.sum()) < ISOTONIC_ROWS:
        message = f"Isotonic calibration needs {ISOTONIC_ROWS:,} rows, not {int(used.sum()):,}."
        raise RuleError(
            spec.document.diagnostic(Severity.ERROR, "bad-setting", message, ("calibration",))
        )
    model = export_model(spec.allowed.family, fitted.estimator)
    if model is None:
        model = {"kind": KIND}
        if raw.margin:
            model["link"] = "margin"
        message = f"{spec.estimator} has no compiled form: {spec.name} is served from joblib."
        hint = "linear models, trees, forests, boosting, naive Bayes and networks have one"
        warnings.append(Diagnostic(Severity.WARNING, "no-scorer", message, None, hint))
    form: dict[str, Any] = {
        "format": FORMAT,
        "inputs": list(fitted.inputs.names),
        "kinds": list(fitted.inputs.kinds),
        "fill": ["native" if one is not None and isnan(one) else one for one in fitted.inputs.fill],
        "seen": list(fitted.inputs.seen),
        "encode": fitted.steps,
        "model": model,
        "calibrate": None,
        "classes": None,
        "decide": None,
    }
    if contract.is_regression:
        form["integer"] = contract.field.type.kind == "integer"
        form["interval"] = _conformal(raw.scores[used, 0], examples.goal[used])
        return form, warnings
    classes = [contract.classes[place] for place in fitted.classes]
    scores, goal = raw.scores[used][:, list(fitted.classes)], examples.goal[used]
    place_of = {place: at for at, place in enumerate(fitted.classes)}
    import numpy

    goal = numpy.array([place_of[int(one)] for one in goal])
    at = place_of.get(positive, 0)
    form["calibrate"] = fit_calibration(kind, scores, goal, at, raw.margin)
    form["classes"] = classes
    threshold = None
    if len(classes) == 2:
        calmed = calibrated_columns(form["calibrate"], scores, at, raw.margin)
        cut = fit_threshold(spec.threshold, calmed[:, at], goal == at, is_calibrated(spec, kind))
        threshold = [at, cut]
    form["decide"] = {"threshold": threshold, "tie": "first"}
    return form, warnings


def scorer_of(form: dict[str, Any], fitted: Fitted) -> Scorer:
    """Return the scorer of a form; one that is served from joblib gets the fitted estimator."""
    if form["model"]["kind"] != KIND:
        return Scorer(form)
    return Scorer({**form, "model": {**form["model"], "estimator": fitted.estimator}})


def _conformal(answers: Numbers, truth: Numbers) -> float | None:
    """Return the half-width that held the truth for the wanted share of unseen rows.

    Split conformal prediction (Lei and others, 2018) with out-of-fold residuals; None with too
    few rows for the share.
    """
    from math import ceil

    import numpy

    residuals = numpy.sort(numpy.abs(answers - truth))
    rank = ceil((len(residuals) + 1) * CONFORMAL)
    return float(residuals[rank - 1]) if rank <= len(residuals) else None


def joblib_of(
    contract: Contract, spec: Spec, fitted: Fitted, trusted: Path | None, served: bool
) -> tuple[bytes | None, bool]:
    """Return the joblib file's bytes, and whether its sum is on the user's list.

    Raises:
        RuleError: The model is `served` from that file, and nobody may load it.
    """
    import io

    import joblib

    stream = io.BytesIO()
    joblib.dump({"estimator": fitted.estimator, "steps": fitted.steps}, stream)
    content = stream.getvalue()
    # An estimator of an allowed package may be made of anything of that package or of
    # scikit-learn; the file that was just written of it may use those names, and no other.
    named = unexpected_in(written_names(content))
    listed = trust(trusted, sum_of(content), f"{contract.domain}/{spec.name}", named)
    if served and not listed:
        message = f"{spec.name} can answer only from its joblib file, which nobody may load."
        hint = "the list of trusted sums cannot be written"
        raise RuleError(
            spec.document.diagnostic(Severity.ERROR, "not-trusted", message, ("estimator",), hint)
        )
    # A file that nobody may load is of no use.
    return (content if listed else None), listed


def _untrusted(spec: Spec) -> Diagnostic:
    message = (
        f"{spec.name}: the list of trusted sums cannot be written, so no joblib file was kept; "
        "it answers, but cannot be tuned."
    )
    return Diagnostic(Severity.WARNING, "not-trusted", message)


def _said(spec: Spec, message: str) -> Diagnostic:
    words = f"{spec.name}: scikit-learn says: {message}"
    return Diagnostic(Severity.WARNING, "training-failed", words)
