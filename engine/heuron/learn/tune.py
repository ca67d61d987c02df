"""Fine-tune a trained model on new rows: its parameters go on, its preprocessing stays.

Owns `tune`. Whatever has `partial_fit` (networks, naive Bayes, linear models by stochastic
gradient) takes the new rows in by it; forests and gradient boosting get more trees, which see the
new rows only. Calibration and threshold are found anew on new rows that a copy tuned without them
answers; held-out rows only tell how it went.
"""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.allowed import import_class
from heuron.learn.calibration import choose_calibration, is_calibrated
from heuron.learn.card import card_of, files_of, run_of
from heuron.learn.conclusions import with_conclusions
from heuron.learn.contract import Contract
from heuron.learn.data import Table
from heuron.learn.features import Inputs, resolve_missing
from heuron.learn.fit import Examples, Fitted, examples_of, few_threads
from heuron.learn.folds import RawFolds, answers_of, split_folds
from heuron.learn.model import Model
from heuron.learn.read_spec import read_spec
from heuron.learn.score import score_answers
from heuron.learn.scorer.served import KIND
from heuron.learn.spec import Spec
from heuron.learn.store import Artifact, Store
from heuron.learn.train import class_place, joblib_of, scorer_form, scorer_of, train
from heuron.learn.trust import load_joblib, trusted_sums
from heuron.values import UNKNOWN

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["Scores", "TuneResult", "joined", "tune"]

PASSES: Final = 5
"""How often an estimator goes through the new rows whose every pass moves it a little."""
ENOUGH: Final = 50
"""With fewer new rows the calibration and the threshold of the parent stay."""
GROWING: Final = (
    *("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier"),
    *("ExtraTreesRegressor", "GradientBoostingClassifier", "GradientBoostingRegressor"),
)


@dataclass(frozen=True, slots=True)
class Scores:
    """Right answers on some rows, before and after."""

    rows: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TuneResult:
    """What tuning gave.

    `method` says in words what happened to the parameters; `rows` new rows were used; of the new
    rows `left_out` were held out of the old data and not used. `old` and `new` are the scores on
    the held-out rows of the old data and of the new.
    """

    name: str
    artifact: Artifact
    parent: str
    method: str
    rows: int
    left_out: int
    old: Scores
    new: Scores
    warnings: tuple[Diagnostic, ...]
    cpu_seconds: float = field(compare=False, default=0.0)


def tune(
    contract: Contract,
    folder: Path,
    store: Store,
    name: str,
    old: Table,
    new: Table,
    *,
    trusted: Path | None = None,
    from_spec: bool = False,
    packages: Sequence[str] = (),
) -> TuneResult:
    """Tune a model on the training rows of new data, and store it as a new version.

    Args:
        contract: The template and the goal.
        folder: `models/<domain>` with the model's spec.
        store: Where the model is, and where the new version goes.
        name: The model.
        old: The data that it was trained on.
        new: The new data; their held-out rows are not learned from.
        trusted: The user's list of trusted sums.
        from_spec: Train from the spec on old and new rows together instead.
        packages: Packages besides scikit-learn whose estimators the spec may name.

    Raises:
        RuleError: The model is absent, does not fit the contract, cannot be tuned, or its joblib
            file is not there or not trusted; nothing has been written then.
    """
    cpu = time.process_time()
    parent = store.model(contract.domain, name)
    misfit = parent.misfit(contract.template, contract.goal, contract.digest)
    if misfit is not None:
        raise _refused("artifact-refused", f"{name} cannot be tuned: {misfit}", "train it again")
    old, new = (with_conclusions(table, parent.inputs) for table in (old, new))
    both, used, left_out = joined(old, new)
    if not used:
        raise _nothing_new(name, old, new, left_out)
    if from_spec:
        trained = train(
            contract, folder, store, (name,), table=both, trusted=trusted, packages=packages
        )[0]
        artifact, method = trained.artifact, "trained from its spec on old and new rows"
        found = [one for one in trained.warnings if one not in both.warnings]
    else:
        artifact, method, found = _tuned(
            contract, folder, store, parent, both, used, trusted, packages
        )
    after = store.model(contract.domain, name, artifact.version)
    return TuneResult(
        name,
        artifact,
        parent.version,
        method,
        len(used),
        left_out,
        _scores(contract, parent, after, old),
        _scores(contract, parent, after, new),
        tuple(found),
        time.process_time() - cpu,
    )


def joined(old: Table, new: Table) -> tuple[Table, list[int], int]:
    """Return both tables as one, the places of the new training rows, and how many were left out.

    A new row that is held out of the old data stays held out; one that the model has seen is not
    learned twice.
    """
    sides = dict(zip(old.keys, old.held_out, strict=True))
    held = [side or sides.get(key, False) for key, side in zip(new.keys, new.held_out, strict=True)]
    kept = [at for at, key in enumerate(new.keys) if key not in sides]
    absent = [UNKNOWN] * len(new)  # an optional field without a column is unknown in every row
    columns = {
        name: [*cells, *(new.columns.get(name, absent)[at] for at in kept)]
        for name, cells in old.columns.items()
    }
    groups = max(old.groups, default=-1) + 1
    both = replace(
        old,
        source=f"{old.source} and {new.source}",
        columns=columns,
        keys=(*old.keys, *(new.keys[at] for at in kept)),
        held_out=(*old.held_out, *(held[at] for at in kept)),
        groups=(*old.groups, *(groups + new.groups[at] for at in kept)),
        scored=(*old.scored, *(new.scored[at] for at in kept)),
        digest=f"{old.digest[:32]}{new.digest[:32]}",
    )
    used = [len(old) + at for at, one in enumerate(kept) if not held[one]]
    left_out = sum(sides.get(key, False) for key in new.keys)
    return both, used, left_out


def _nothing_new(name: str, old: Table, new: Table, left_out: int) -> RuleError:
    """Return the error of new data without a row to learn from, with where each row went."""
    known = len(set(old.keys).intersection(new.keys))
    counts = {
        f"{known - left_out:,} are training rows of {old.source}": known - left_out,
        f"{left_out:,} are held out there": left_out,
        f"{len(new) - known:,} are held out of the new data": len(new) - known,
    }
    where = ", ".join(words for words, count in counts.items() if count)
    message = f"{new.source} has no row that {name} may learn from: of {len(new):,} rows {where}."
    return _refused("too-few-rows", message, "give rows that are not in the domain's own data")


def _tuned(
    contract: Contract,
    folder: Path,
    store: Store,
    parent: Model,
    both: Table,
    used: Sequence[int],
    trusted: Path | None,
    packages: Sequence[str],
) -> tuple[Artifact, str, list[Diagnostic]]:
    spec = read_spec(contract, folder / f"{parent.name}.toml", packages=packages)
    _check(spec, parent)
    fitted = _fitted(spec, parent, trusted)
    everything = examples_of(contract, spec, both.columns, range(len(both)))
    spec = replace(spec, missing=resolve_missing(contract, spec, everything.numbers))
    examples = everything.part(list(used))
    raw = _unseen(contract, spec, fitted, examples, [both.groups[at] for at in used])
    tuned, method = _more(spec, fitted, examples)
    kind = choose_calibration(spec, len(contract.classes))
    positive = class_place(contract, spec.positive)
    form, found = scorer_form(contract, spec, kind, raw, examples, tuned, positive)
    if len(used) < ENOUGH:
        message = f"{len(used)} new rows are too few to calibrate on: the parent's map stays."
        found.append(Diagnostic(Severity.WARNING, "few-rows", message))
        data = _parent_form(parent)
        form |= {key: data[key] for key in ("calibrate", "decide") if key in data}
    answers = answers_of(contract, spec, kind, raw, examples.goal, positive)
    calibrated = is_calibrated(spec, kind)
    import numpy

    counted = numpy.array([both.scored[at] for at in used])
    score = score_answers(contract, answers, examples.goal, counted, calibrated)
    card = card_of(contract, spec, both, kind, calibrated, form, score, [{}])
    card |= {"parent": parent.version, "tuned": {"method": method, "rows": len(used)}}
    seen = parent.training_keys()  # what it was tuned on before is nothing new to it either
    files = files_of(contract, spec, both, card, form, scorer_of(form, tuned), tuned, seen)
    served = form["model"]["kind"] == KIND
    joblib, _ = joblib_of(contract, spec, tuned, trusted, served)
    extra = run_of(contract, both, used, answers, calibrated, joblib, 0.0, 0.0)
    return store.save(contract.domain, spec.name, files, extra), method, found


def _parent_form(parent: Model) -> dict[str, Any]:
    import json

    with open(Path(parent.folder) / "scorer.json", encoding="utf-8") as stream:
        data = json.load(stream)
    assert isinstance(data, dict)
    return data


def _check(spec: Spec, parent: Model) -> None:
    kind = spec.estimator.rpartition(".")[2]
    if parent.card.get("estimator") != spec.estimator:
        message = f"The spec of {spec.name} says {spec.estimator}, and it was trained as another."
        raise _refused("training-failed", message, "tune it with --from-spec")
    if kind not in GROWING and not hasattr(import_class(spec.estimator), "partial_fit"):
        message = f"{kind} cannot go on learning from new rows alone."
        raise _refused("training-failed", message, "train it on all rows: --from-spec")


def _fitted(spec: Spec, parent: Model, trusted: Path | None) -> Fitted:
    """Return the parent as it was fitted: its estimator, and the frozen preprocessing."""
    path = Path(parent.folder) / "estimator.joblib"
    if not path.is_file():
        message = f"{spec.name} {parent.version} has no joblib file here, so it cannot go on."
        raise _refused("not-found", message, "train it on all rows: --from-spec")
    loaded = load_joblib(path, trusted_sums(trusted))
    form = _parent_form(parent)
    names, fill = form["inputs"], form["fill"]
    inputs = Inputs(
        names=tuple(names),
        kinds=tuple(form.get("kinds", ("number",) * len(names))),
        fill=tuple(float("nan") if one == "native" else one for one in fill),
        seen=tuple(form.get("seen", (None,) * len(names))),
    )
    if inputs.names != tuple(one.field for one in spec.features):
        message = f"The spec of {spec.name} reads other features than it was trained with."
        raise _refused("training-failed", message, "tune it with --from-spec")
    estimator = loaded["estimator"]
    classes = tuple(int(one) for one in getattr(estimator, "classes_", ()))
    return Fitted(inputs, loaded["steps"], estimator, classes, ())


def _unseen(
    contract: Contract, spec: Spec, fitted: Fitted, examples: Examples, groups: Sequence[int]
) -> RawFolds:
    """Return scores of the new rows, each from a copy that was tuned without its fold."""
    import numpy

    count = len(contract.classes)
    scores = numpy.zeros((len(examples.goal), max(1, count)))
    answered = numpy.zeros(len(examples.goal), dtype=bool)
    margin = bool(count) and not hasattr(fitted.estimator, "predict_proba")
    if len(examples.goal) < ENOUGH:
        scores, answered = fitted.scores(examples.numbers, count)
        return RawFolds(scores, answered, numpy.arange(len(examples.goal)) % 2, margin)
    fold = split_folds(examples.goal, groups, contract.is_regression, spec.seed)
    for number in range(int(fold.max()) + 1):
        away = fold == number
        one, _ = _more(spec, fitted, examples.part(~away))
        scores[away], answered[away] = one.scores(examples.numbers[away], count)
    return RawFolds(scores, answered, fold, margin)


def _more(spec: Spec, fitted: Fitted, examples: Examples) -> tuple[Fitted, str]:
    """Return a copy of a fitted model that has learned from some rows, and how it did."""
    from heuron.learn.scorer.table import encode_columns, fill_gaps

    filled, usable = fill_gaps(fitted.inputs.fill, examples.numbers)
    x: Numbers = encode_columns(fitted.steps, filled[usable])
    y = examples.goal[usable]
    estimator = copy.deepcopy(fitted.estimator)
    kind = type(estimator).__name__
    with warnings.catch_warnings(), few_threads(len(y)):
        warnings.simplefilter("ignore")
        try:
            if kind not in GROWING:
                # Naive Bayes counts: a row that it saw twice would count twice.
                passes = 1 if kind.endswith("NB") else PASSES
                for _ in range(passes):
                    estimator.partial_fit(x, y)
                times = "once" if passes == 1 else f"{passes} times"
                return replace(fitted, estimator=estimator), f"went through the new rows {times}"
            added = max(1, estimator.n_estimators // 5)
            estimator.set_params(warm_start=True, n_estimators=estimator.n_estimators + added)
            estimator.fit(x, y)
        except (ValueError, AttributeError) as error:
            words = " ".join(str(error).split())[:300]
            message = f"Scikit-learn could not tune {spec.name}: {words}."
            raise _refused(
                "training-failed", message, "train it on all rows: --from-spec"
            ) from None
    return replace(fitted, estimator=estimator), f"{added} more trees, which saw new rows only"


def _scores(contract: Contract, before: Model, after: Model, table: Table) -> Scores:
    places = table.places("held_out")
    rows, truths = table.rows(places), table.truths(places)

    def right(model: Model) -> int:
        pairs = zip(model.predict_many(rows), truths, strict=True)
        return sum(one.answered and contract.is_right(one.value, truth) for one, truth in pairs)

    return Scores(len(places), right(before), right(after))


def _refused(code: str, message: str, hint: str | None = None) -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, code, message, None, hint))
