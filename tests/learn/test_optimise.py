"""Smaller copies of a model: what they change is counted, and nothing is kept that changes more."""

from __future__ import annotations

from pathlib import Path

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import Table, load
from heuron.learn.model import Model
from heuron.learn.optimise import METHODS, NoVariant, Variant, keep, variants
from heuron.learn.scorer.pack import pack, unpack
from heuron.learn.store import Store

Cancer = tuple[Contract, Table, Store]

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def cancer(tmp_path: Path) -> Cancer:
    """Contract, table, and a store that reads the built-in models and writes elsewhere."""
    contract = contract_of(heuron.load("cancer"))
    table = load(contract, None, folder=ROOT / "models" / "cancer", root=ROOT)
    return contract, table, Store(tmp_path / "models", ROOT / "models")


def copies(cancer: Cancer, model: Model, most_changed: int = 0) -> dict[str, Variant]:
    contract, table, _ = cancer
    found = variants(contract, model, table, most_changed)
    assert [one.method for one in found] == list(METHODS)
    return {one.method: one for one in found if isinstance(one, Variant)}


def reasons(cancer: Cancer, model: Model) -> dict[str, str]:
    contract, table, _ = cancer
    found = variants(contract, model, table)
    return {one.method: one.why for one in found if isinstance(one, NoVariant)}


def test_packed_forest_is_less_than_half(cancer: Cancer) -> None:
    made = copies(cancer, cancer[2].model("cancer", "forest"))
    compiled, packed = made["compiled"], made["packed"]
    assert compiled.changed == 0
    assert compiled.largest_change == 0.0
    assert packed.bytes < compiled.bytes / 2
    assert packed.changed_held_out == 0


def test_smaller_keeps_fewer_trees_where_labels_may_change(cancer: Cancer) -> None:
    model = cancer[2].model("cancer", "boosting")
    smaller = copies(cancer, model, most_changed=500)["smaller"]
    assert smaller.changed <= 500
    assert len(smaller.form["model"]["roots"]) < len(model.scorer.form.model["roots"])


def test_kept_copy_answers_as_its_parent(cancer: Cancer) -> None:
    contract, table, store = cancer
    parent = store.model("cancer", "forest")
    packed = copies(cancer, parent)["packed"]
    artifact = keep(contract, store, parent, packed, most_changed=packed.changed)
    model = store.model("cancer", "forest")
    assert model.version == artifact.version
    assert model.card["parent"] == parent.version
    assert model.card["optimised"]["method"] == "packed"
    rows = table.rows(table.places("held_out"))
    before = [one.value for one in parent.predict_many(rows)]
    assert [one.value for one in model.predict_many(rows)] == before
    assert store.verify("cancer", "forest") == "intact, made elsewhere"


def test_copy_that_changes_too_much_is_refused(cancer: Cancer) -> None:
    contract, _, store = cancer
    parent = store.model("cancer", "boosting")
    smaller = copies(cancer, parent, most_changed=500)["smaller"]
    assert smaller.changed > 0
    with pytest.raises(RuleError, match="labels of boosting"):
        keep(contract, store, parent, smaller)
    assert store.model("cancer", "boosting").version == parent.version


def test_what_means_nothing_for_a_model_says_why(cancer: Cancer) -> None:
    store = cancer[2]
    linear = reasons(cancer, store.model("cancer", "logistic"))
    assert "no trees" in linear["smaller"]
    assert "networks" in linear["int8"]
    assert reasons(cancer, store.model("cancer", "forest")).keys() - {"onnx"} == {"int8"}
    assert reasons(cancer, store.model("cancer", "network")).keys() - {"onnx"} == {"smaller"}


def test_packed_linear_model_is_smaller_and_kept(cancer: Cancer) -> None:
    contract, _, store = cancer
    parent = store.model("cancer", "logistic")
    made = copies(cancer, parent)
    assert made["packed"].bytes < made["compiled"].bytes
    assert made["packed"].changed == 0
    keep(contract, store, parent, made["packed"])
    assert store.verify("cancer", "logistic") == "intact, made elsewhere"


def test_whole_weights_make_a_network_smaller(cancer: Cancer) -> None:
    contract, _, store = cancer
    parent = store.model("cancer", "network")
    made = copies(cancer, parent)
    int8 = made["int8"]
    assert int8.bytes < made["compiled"].bytes
    assert 0.0 < int8.largest_change < 0.2
    keep(contract, store, parent, int8, most_changed=int8.changed)
    assert store.verify("cancer", "network") == "intact, made elsewhere"


def test_kept_graph_answers_as_its_parent_and_says_from_where(cancer: Cancer) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    contract, table, store = cancer
    parent = store.model("cancer", "forest")
    graph = copies(cancer, parent)["onnx"]
    assert graph.changed == 0
    assert graph.largest_change < 1e-12
    keep(contract, store, parent, graph)
    model = Store(*store.roots).model("cancer", "forest")
    assert model.served
    assert model.card["served_from"] == "onnx"
    rows = table.rows(table.places("held_out"))
    assert [one.value for one in model.predict_many(rows)] == [
        one.value for one in parent.predict_many(rows)
    ]
    with pytest.raises(RuleError, match="no compiled form"):
        variants(contract, model, table)


def test_without_the_extra_the_graph_says_what_it_needs(
    cancer: Cancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heuron.learn.optimise.has_onnx", lambda: False)
    assert "heuron[onnx]" in reasons(cancer, cancer[2].model("cancer", "forest"))["onnx"]


def test_compact_packing_loses_nothing() -> None:
    data = {"a": [float(at) for at in range(1000)], "b": [0.1] * 1000, "c": list(range(1000))}
    wide, narrow = pack(data), pack(data, compact=True)
    assert unpack(*wide) == data
    assert unpack(*narrow) == data
    assert len(narrow[1]) == 1000 * (4 + 8 + 2)
