"""Smaller copies of a model: what they change is counted, and nothing is kept that changes more."""

from __future__ import annotations

from pathlib import Path

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import Table, load
from heuron.learn.optimise import keep, variants
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


def test_packed_forest_is_less_than_half(cancer: Cancer) -> None:
    contract, table, store = cancer
    model = store.model("cancer", "forest")
    compiled, packed, _ = variants(contract, model, table)
    assert compiled.changed == 0
    assert compiled.largest_change == 0.0
    assert packed.bytes < compiled.bytes / 2
    assert packed.changed_held_out == 0


def test_smaller_keeps_fewer_trees_where_labels_may_change(cancer: Cancer) -> None:
    contract, table, store = cancer
    model = store.model("cancer", "boosting")
    smaller = variants(contract, model, table, most_changed=500)[-1]
    assert smaller.method == "smaller"
    assert smaller.changed <= 500
    assert len(smaller.form["model"]["roots"]) < len(model.scorer.form.model["roots"])


def test_kept_copy_answers_as_its_parent(cancer: Cancer) -> None:
    contract, table, store = cancer
    parent = store.model("cancer", "forest")
    packed = variants(contract, parent, table)[1]
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
    contract, table, store = cancer
    parent = store.model("cancer", "boosting")
    smaller = variants(contract, parent, table, most_changed=500)[-1]
    assert smaller.changed > 0
    with pytest.raises(RuleError, match="labels of boosting"):
        keep(contract, store, parent, smaller)
    assert store.model("cancer", "boosting").version == parent.version


def test_numbers_make_no_smaller_copy_of_a_linear_model(cancer: Cancer) -> None:
    contract, table, store = cancer
    found = variants(contract, store.model("cancer", "logistic"), table)
    assert [one.method for one in found] == ["compiled"]


def test_whole_weights_make_a_network_smaller(cancer: Cancer) -> None:
    contract, table, store = cancer
    parent = store.model("cancer", "network")
    compiled, int8 = variants(contract, parent, table)
    assert int8.bytes < compiled.bytes
    assert 0.0 < int8.largest_change < 0.2
    keep(contract, store, parent, int8, most_changed=int8.changed)
    assert store.verify("cancer", "network") == "intact, made elsewhere"


def test_compact_packing_loses_nothing() -> None:
    data = {"a": [float(at) for at in range(1000)], "b": [0.1] * 1000, "c": list(range(1000))}
    wide, narrow = pack(data), pack(data, compact=True)
    assert unpack(*wide) == data
    assert unpack(*narrow) == data
    assert len(narrow[1]) == 1000 * (4 + 8 + 2)
