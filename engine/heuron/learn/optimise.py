"""Smaller copies of a trained model, and what each of them changes.

Owns `variants` and `keep`. `packed` rounds a tree's cuts and leaves to single precision and drops
what only explanations read; `smaller` keeps the fewest trees within the bound on changed labels;
`int8` keeps a network's weights as whole numbers.
Labels are compared on the held-out rows and on rows made from the contract; neither is learned
from. The model as it was compiled stands beside them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.conclusions import with_conclusions
from heuron.learn.contract import Contract
from heuron.learn.data import Table
from heuron.learn.golden import golden_lines, make_rows, replay
from heuron.learn.model import Model
from heuron.learn.scorer.form import family_of
from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.network import weights_of
from heuron.learn.scorer.pack import pack, unpack
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.store import Artifact, Store, sha256

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["METHODS", "Variant", "keep", "variants"]

CONTRACT_ROWS: Final = 10_000
TIMED: Final = 300
TREES: Final = ("tree", "forest", "boosting")
METHODS: Final = ("compiled", "packed", "smaller", "int8")


@dataclass(frozen=True, slots=True)
class Variant:
    """A copy of a model: its size, its speed, and what it answers otherwise.

    `us_single` and `us_batch` are microseconds a row; `changed_held_out` and `changed_contract`
    count labels that differ from the model's (numbers that are not right by the goal's
    tolerance), `largest_change` is of a probability, or of the number.
    """

    method: str
    what: str
    bytes: int
    us_single: float
    us_batch: float
    changed_held_out: int
    held_out: int
    changed_contract: int
    contract: int
    largest_change: float
    form: Mapping[str, Any]

    @property
    def changed(self) -> int:
        """How many labels differ in all."""
        return self.changed_held_out + self.changed_contract

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        names = ("method", "what", "bytes", "us_single", "us_batch", "changed_held_out")
        more = ("held_out", "changed_contract", "contract", "largest_change")
        return {name: getattr(self, name) for name in (*names, *more)}


def variants(
    contract: Contract, model: Model, table: Table, most_changed: int = 0
) -> tuple[Variant, ...]:
    """Return a model's variants: as it is, and for trees `packed` and `smaller`.

    Args:
        contract: The template and the goal.
        model: The model.
        table: The domain's data; the held-out rows are looked at.
        most_changed: How many labels `smaller` may change.
    """
    form = _form(model)
    rows = _Rows(contract, model.scorer, with_conclusions(table, model.inputs))
    found = [rows.variant("compiled", "as it is", form)]
    if form["model"]["kind"] in TREES:
        found.append(rows.variant("packed", "cuts and leaves in single precision", _packed(form)))
        if form["model"]["kind"] != "tree":
            found.append(_smaller(rows, form, most_changed))
    if form["model"]["kind"] == "network":
        found.append(rows.variant("int8", "weights in whole numbers, a scale a layer", _int8(form)))
    return tuple(found)


def keep(
    contract: Contract, store: Store, parent: Model, variant: Variant, most_changed: int = 0
) -> Artifact:
    """Store a variant as a new version of its model, and use it.

    Raises:
        RuleError: It changes more labels than it may, or nothing can be written.
    """
    if variant.changed > most_changed:
        message = (
            f"{variant.method} changes {variant.changed:,} labels of {parent.name}, "
            f"and {most_changed:,} may change"
        )
        hint = f"--max-changed {variant.changed} allows it"
        raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message, None, hint))
    form = dict(variant.form)
    text, blocks = pack(form, compact=True)
    scorer = Scorer(unpack(text, blocks))
    lines = golden_lines(
        scorer,
        _as_fitted(scorer),  # type: ignore[arg-type]
        make_rows(scorer, contract.template),
        len(scorer.form.classes),
    )
    wrong = replay(scorer, lines)
    if wrong is not None:
        message = f"the {variant.method} {parent.name} does not repeat itself: {wrong}"
        raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message))
    folder = Path(parent.folder)
    files = {"scorer.json": text, "golden.jsonl": lines, "keys.bin": _bytes(folder / "keys.bin")}
    if blocks:
        files["scorer.bin"] = blocks
    card = {
        **parent.card,
        "parent": parent.version,
        "optimised": {"method": variant.method, "labels_changed": variant.changed},
        "files": {name: sha256(content) for name, content in sorted(files.items())},
    }
    content = (json.dumps(card, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
    unseen = folder / "oof.json"
    extra = {"oof.json": unseen.read_bytes()} if unseen.is_file() else {}
    return store.save(contract.domain, parent.name, {"card.json": content, **files}, extra)


def _form(model: Model) -> dict[str, Any]:
    folder = Path(model.folder)
    blocks = folder / "scorer.bin"
    data = unpack(_bytes(folder / "scorer.json"), _bytes(blocks) if blocks.is_file() else b"")
    assert isinstance(data, dict)
    if data["model"]["kind"] == "joblib":
        message = f"{model.name} has no compiled form: there is nothing to make smaller"
        raise RuleError(Diagnostic(Severity.ERROR, "no-scorer", message))
    return data


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or "unreadable").lower()
        message = f'"{path}" cannot be used: {why}.'
        raise RuleError(Diagnostic(Severity.ERROR, "file", message)) from None


def _packed(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form of trees in single precision; a cut is rounded down, so that it stays below
    the next single number, which is what the estimator compared."""
    import numpy

    model = dict(form["model"])
    cuts = numpy.asarray(model["cut"], dtype=float)
    low = cuts.astype(numpy.float32)
    low = numpy.where(low > cuts, numpy.nextafter(low, numpy.float32(-numpy.inf)), low)
    model["cut"] = [float(one) for one in low]
    model["leaf"] = _single(model["leaf"])
    model.pop("rows", None)
    return {**form, "model": model}


def _int8(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a network whose weights are whole numbers from -127 to 127 times a layer's scale."""
    layers = []
    for layer in form["model"]["layers"]:
        rows = weights_of(layer)
        scale = max((abs(one) for row in rows for one in row), default=0.0) / 127 or 1.0
        whole = [[round(one / scale) for one in row] for row in rows]
        layers.append({**layer, "weights": whole, "scale": scale})
    return {**form, "model": {**form["model"], "layers": layers}}


def _single(value: Any) -> Any:
    import numpy

    if isinstance(value, list):
        return [_single(one) for one in value]
    return None if value is None else float(numpy.float32(value))


def _smaller(rows: _Rows, form: Mapping[str, Any], most_changed: int) -> Variant:
    """Return the variant with the fewest trees, the first ones, within the bound."""
    model = form["model"]
    each = len(model["start"]) if model["kind"] == "boosting" else 1
    trees = len(model["roots"]) // each

    def of(count: int) -> Variant:
        what = f"the first {count} of {trees} rounds" if each > 1 else f"{count} of {trees} trees"
        return rows.variant("smaller", what, _first_trees(form, count * each), timed=False)

    # Changes do not fall evenly with trees, so this finds a small one, perhaps not the smallest.
    low, high = 1, trees
    while low < high:
        middle = (low + high) // 2
        if of(middle).changed <= most_changed:
            high = middle
        else:
            low = middle + 1
    found = of(high)
    return rows.variant("smaller", found.what, found.form)


def _first_trees(form: Mapping[str, Any], count: int) -> dict[str, Any]:
    model = dict(form["model"])
    roots = model["roots"]
    if count >= len(roots):
        return dict(form)
    end = roots[count]
    leaves = sum(one < 0 for one in model["feature"])
    each = len(model["leaf"]) // leaves
    kept = sum(one < 0 for one in model["feature"][:end])
    for name in ("feature", "cut", "left", "right", "missing_left", "rows"):
        if model.get(name) is not None:
            model[name] = model[name][:end]
    model["leaf"] = model["leaf"][: kept * each]
    model["roots"] = roots[:count]
    return {**form, "model": model}


class _Rows:
    """The rows on which variants are held against the model as it is."""

    def __init__(self, contract: Contract, scorer: Scorer, table: Table) -> None:
        self.contract = contract
        self.scorer = scorer
        places = table.places("held_out")
        cells = {
            name: [table.columns[name][at] for at in places]
            for name in scorer.form.inputs
            if name in table.columns
        }
        filled, answered = scorer.read_columns(cells)
        self.held_out: Numbers = filled[answered]
        self.made = _made_rows(scorer)
        self.before = [self._answers(scorer, one) for one in (self.held_out, self.made)]

    def variant(
        self, method: str, what: str, form: Mapping[str, Any], timed: bool = True
    ) -> Variant:
        """Measure a form."""
        import numpy

        text, blocks = pack(dict(form), compact=method != "compiled")
        scorer = Scorer(unpack(text, blocks))
        changed, largest = [], 0.0
        for rows, (scores, labels) in zip((self.held_out, self.made), self.before, strict=True):
            now, said = self._answers(scorer, rows)
            changed.append(self._differ(labels, said))
            if len(rows):
                largest = max(largest, float(numpy.abs(now - scores).max()))
        single, batch = _speed(scorer, self.made) if timed else (0.0, 0.0)
        return Variant(
            method,
            what,
            len(text) + len(blocks),
            single,
            batch,
            changed[0],
            len(self.held_out),
            changed[1],
            len(self.made),
            largest,
            form,
        )

    def _answers(self, scorer: Scorer, rows: Numbers) -> tuple[Numbers, Numbers]:
        scores = scorer.score_columns(rows)
        return scores, scores[:, 0] if not scorer.form.classes else scorer.decide_columns(scores)

    def _differ(self, before: Numbers, after: Numbers) -> int:
        if not self.contract.is_regression:
            return int((before != after).sum())
        is_right: Callable[[object, object], bool] = self.contract.is_right
        if self.contract.tolerance is None:
            return int((abs(after - before) > 1e-6 * (1.0 + abs(before))).sum())
        pairs = zip(after.tolist(), before.tolist(), strict=True)
        return sum(not is_right(now, then) for now, then in pairs)


def _made_rows(scorer: Scorer) -> Numbers:
    """Return rows made from what the model's inputs may be: seen ranges and a tenth beyond."""
    import numpy

    chance = numpy.random.default_rng(0)
    columns = []
    for kind, seen in zip(scorer.form.kinds, scorer.form.seen, strict=True):
        if is_levels(kind) or kind == "boolean":
            count = len(kind) if is_levels(kind) else 2
            columns.append(chance.integers(0, count, CONTRACT_ROWS).astype(float))
            continue
        low, high = seen if seen is not None else (0.0, 1.0)
        margin = (high - low) * 0.1
        cells = chance.uniform(low - margin, high + margin, CONTRACT_ROWS)
        columns.append(numpy.round(cells) if kind == "integer" else cells)
    return numpy.column_stack(columns)


def _speed(scorer: Scorer, rows: Numbers) -> tuple[float, float]:
    """Return microseconds for one row alone (the median), and for a row among many."""
    singles = []
    for row in rows[:TIMED].tolist():
        began = time.perf_counter()
        scorer.decide(scorer.scores(row)) if scorer.form.classes else scorer.scores(row)
        singles.append(time.perf_counter() - began)
    began = time.perf_counter()
    scorer.score_columns(rows)
    return median(singles) * 1e6, (time.perf_counter() - began) / len(rows) * 1e6


def _as_fitted(scorer: Scorer) -> SimpleNamespace:
    """Return the numpy path of a scorer in the place of an estimator: golden rows hold the two
    paths against each other."""
    form = scorer.form

    columns = family_of(form.model).many(form.model, len(form.encode), len(form.classes))

    estimator = (
        SimpleNamespace(predict_proba=columns, classes_=form.classes)
        if form.classes
        else SimpleNamespace(predict=lambda x: columns(x)[:, 0])
    )
    return SimpleNamespace(estimator=estimator, steps=form.encode)
