"""Smaller and other copies of a trained model, and what each of them changes.

Owns `variants` and `keep`. `packed` rounds to single precision and drops what only explanations
read; `smaller` keeps the fewest trees within the bound on changed labels; `int8` keeps a network's
weights as whole numbers; `onnx` is a graph for ONNX Runtime. What means nothing for a model says
why. Labels are compared on the held-out rows and on rows made from the contract; neither is
learned from. The model as it was compiled stands beside them.
"""

from __future__ import annotations

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
from heuron.learn.onnx_file import GRAPH, has_onnx, onnx_bytes, open_onnx, served_form
from heuron.learn.scorer.form import family_of
from heuron.learn.scorer.inputs import is_levels
from heuron.learn.scorer.pack import pack, unpack
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.shrink import Unsuited, fewer_trees, int8, most_rounds, packed, trees_left
from heuron.learn.store import Artifact, Store, card_bytes, sha256

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["METHODS", "NoVariant", "Variant", "keep", "variants"]

Graph = bytes
CONTRACT_ROWS: Final = 10_000
TIMED: Final = 300
BATCHES: Final = 5
METHODS: Final = ("compiled", "packed", "smaller", "int8", "onnx")


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
    graph: Graph | None = None

    @property
    def changed(self) -> int:
        """How many labels differ in all."""
        return self.changed_held_out + self.changed_contract

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        names = ("method", "what", "bytes", "us_single", "us_batch", "changed_held_out")
        more = ("held_out", "changed_contract", "contract", "largest_change")
        return {name: getattr(self, name) for name in (*names, *more)}


@dataclass(frozen=True, slots=True)
class NoVariant:
    """A method that means nothing for a model, or cannot be used here, and why."""

    method: str
    why: str


def variants(
    contract: Contract, model: Model, table: Table, most_changed: int = 0
) -> tuple[Variant | NoVariant, ...]:
    """Return a model's copies by every method, `METHODS` in their order, the first as it is.

    Args:
        contract: The template and the goal.
        model: The model.
        table: The domain's data; the held-out rows are looked at.
        most_changed: How many labels `smaller` may change.

    Raises:
        RuleError: It has no compiled form.
    """
    form = _form(model)
    rows = _Rows(contract, model.scorer, with_conclusions(table, model.inputs))
    made: dict[str, Callable[[], Variant]] = {
        "compiled": lambda: rows.variant("compiled", "as it is", form),
        "packed": lambda: rows.variant("packed", "in single precision", packed(form)),
        "smaller": lambda: _smaller(rows, form, most_changed),
        "int8": lambda: rows.variant(
            "int8", "weights in whole numbers, a scale a layer", int8(form)
        ),
        "onnx": lambda: _as_graph(rows, model, form),
    }
    found: list[Variant | NoVariant] = []
    for method in METHODS:
        try:
            found.append(made[method]())
        except Unsuited as error:
            found.append(NoVariant(method, str(error)))
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
            f"and {most_changed:,} may change."
        )
        hint = f"--max-changed {variant.changed} allows it"
        raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message, None, hint))
    folder = Path(parent.folder)
    text, blocks = pack(dict(variant.form), compact=True)
    scorer = _scorer(unpack(text, blocks), variant.graph)
    # A graph has to repeat what scikit-learn answered; rounded numbers have golden rows of theirs.
    lines = (
        _bytes(folder / "golden.jsonl")
        if variant.graph is not None
        else golden_lines(
            scorer,
            _as_fitted(scorer),  # type: ignore[arg-type]
            make_rows(scorer, contract.template),
            len(scorer.form.classes),
        )
    )
    wrong = replay(scorer, lines)
    if wrong is not None:
        message = f"The {variant.method} {parent.name} does not repeat its golden rows: {wrong}."
        raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message))
    files = {"scorer.json": text, "golden.jsonl": lines, "keys.bin": _bytes(folder / "keys.bin")}
    if blocks:
        files["scorer.bin"] = blocks
    if variant.graph is not None:
        files[GRAPH] = variant.graph
    card = {
        **parent.card,
        "parent": parent.version,
        "optimised": {"method": variant.method, "labels_changed": variant.changed},
        **({"served_from": "onnx"} if variant.graph is not None else {}),
        "files": {name: sha256(content) for name, content in sorted(files.items())},
    }
    unseen = folder / "oof.json"
    extra = {"oof.json": unseen.read_bytes()} if unseen.is_file() else {}
    return store.save(contract.domain, parent.name, {"card.json": card_bytes(card), **files}, extra)


def _form(model: Model) -> dict[str, Any]:
    if model.served:
        message = f"{model.name} has no compiled form: there is nothing to make smaller."
        raise RuleError(Diagnostic(Severity.ERROR, "no-scorer", message))
    folder = Path(model.folder)
    blocks = folder / "scorer.bin"
    data = unpack(_bytes(folder / "scorer.json"), _bytes(blocks) if blocks.is_file() else b"")
    assert isinstance(data, dict)
    return data


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or "unreadable").lower()
        message = f'"{path}" cannot be used: {why}.'
        raise RuleError(Diagnostic(Severity.ERROR, "file", message)) from None


def _scorer(data: Any, graph: bytes | None) -> Scorer:
    if graph is not None:
        data["model"]["session"] = open_onnx(graph)
    return Scorer(data)


def _as_graph(rows: _Rows, model: Model, form: Mapping[str, Any]) -> Variant:
    if not has_onnx():
        raise Unsuited('not installed: pip install "heuron[onnx]"')
    graph = onnx_bytes(model.scorer.form)
    return rows.variant("onnx", "a graph for ONNX Runtime", served_form(form), graph)


def _smaller(rows: _Rows, form: Mapping[str, Any], most_changed: int) -> Variant:
    """Return the variant with the fewest trees, the first ones, within the bound."""

    def of(rounds: int, timed: bool = False) -> Variant:
        what = trees_left(form, rounds)
        return rows.variant("smaller", what, fewer_trees(form, rounds), timed=timed)

    # Changes do not fall evenly with trees, so this finds a small one, perhaps not the smallest.
    low, high = 1, most_rounds(form)
    while low < high:
        middle = (low + high) // 2
        if of(middle).changed <= most_changed:
            high = middle
        else:
            low = middle + 1
    return of(high, timed=True)


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
        self,
        method: str,
        what: str,
        form: Mapping[str, Any],
        graph: Graph | None = None,
        timed: bool = True,
    ) -> Variant:
        """Measure a form, or a graph with the form that reads its inputs."""
        import numpy

        text, blocks = pack(dict(form), compact=method != "compiled")
        scorer = _scorer(unpack(text, blocks), graph)
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
            len(text) + len(blocks) + len(graph or b""),
            single,
            batch,
            changed[0],
            len(self.held_out),
            changed[1],
            len(self.made),
            largest,
            form,
            graph,
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
    batches = []
    for _ in range(BATCHES):
        began = time.perf_counter()
        scorer.score_columns(rows)
        batches.append(time.perf_counter() - began)
    return median(singles) * 1e6, median(batches) / len(rows) * 1e6


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
