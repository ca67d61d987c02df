"""A model answers under a template only where it allows no more than it did in training."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.learn.contract import contract_of
from heuron.learn.data import load
from heuron.learn.declared import declaration, difference
from heuron.learn.store import Store
from heuron.learn.train import train
from heuron.learn.tune import tune
from heuron.values import Field, FieldType

RULES = """
domain fruit "Which fruit?"
type Fruit:
    weight: number in 0..100, unit "g"
    colour: red | green
    kind: pea | plum
goal Fruit.kind
rule heavy:
    when f: Fruit(weight > 50)
    then conclude f.kind = plum, certainty 0.8
dispatch:
    model tree when tree.answered
    rules otherwise
"""


def number(low: Any = None, high: Any = None, unit: str | None = None, **more: Any) -> Field:
    return Field("x", FieldType("number"), low, high, unit=unit, **more)


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (number(0, 10), number(0, 10), None),
        (number(0, 10), number(2, 8), None),
        (number(), number(0, 10), None),
        (number(unit="m"), number(unit="m"), None),
        (number(), number(unit="m"), None),
        (number(0, 10), number(0, 20), "was in 0..10 when it was trained, and may be in 0..20"),
        (number(0, 10), number(-1, 10), "in -1..10"),
        (number(0, 10), number(0), "may be at least 0"),
        (number(0), number(), "may be anything"),
        (number(0, 10, high_open=True), number(0, 10), "at least 0 and below 10"),
        (number(0, 10), number(0, 10, high_open=True), None),
        (number(unit="m"), number(unit="cm"), "in m when it was trained, and is in cm now"),
        (number(unit="m"), number(), "without a unit now"),
        (
            Field("x", FieldType("date"), date(2020, 1, 1)),
            Field("x", FieldType("date"), date(2019, 1, 1)),
            "2019-01-01",
        ),
        (
            Field("x", FieldType("duration"), timedelta(days=2), timedelta(days=10)),
            Field("x", FieldType("duration"), timedelta(days=3), timedelta(days=9)),
            None,
        ),
    ],
)
def test_what_a_field_may_be_now_it_might_be_then(
    then: Field, now: Field, words: str | None
) -> None:
    found = difference(now, declaration(then))
    assert found is None if words is None else words in str(found)


@pytest.mark.parametrize("then", [{"low": "x"}, {"low": []}, {"high": None}, {"unit": 3}])
def test_a_card_from_elsewhere_may_say_anything(then: dict[str, Any]) -> None:
    assert difference(number(0, 10, "m"), then) is not None


CHANGES = {
    "unit": ('unit "g"', 'unit "kg"'),
    "range": ("0..100", "0..1000"),
    "levels": ("red | green", "red | green | blue"),
    "order of levels": ("red | green", "green | red"),
    "goal's levels": ("pea | plum", "pea | plums"),
    "type": ('number in 0..100, unit "g"', "boolean"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_contract_is_refused_with_the_reason(what: str, tmp_path: Path) -> None:
    specs = tmp_path / "fruit"
    specs.mkdir()
    (specs / "tree.toml").write_text('estimator = "sklearn.tree.DecisionTreeClassifier"\n')
    rows = [
        f"{at},{'red' if at % 2 else 'green'},{'plum' if at > 50 else 'pea'}" for at in range(99)
    ]
    (specs / "old.csv").write_text("\n".join(["weight,colour,kind", *rows]))
    (specs / "data.toml").write_text('source = "old.csv"\n')
    contract = contract_of(heuron.loads(RULES, models=("tree",)))
    store = Store(tmp_path)
    trusted = tmp_path / "trusted.txt"
    train(contract, specs, store, trusted=trusted)
    card = store.card("fruit", "tree")
    assert card["contract"]["weight"] == {"type": "number", "low": 0, "high": 100, "unit": "g"}
    assert card["contract"]["colour"] == {"type": "enumeration", "levels": ["red", "green"]}
    assert set(card["contract"]) == {"weight", "colour", "kind"}

    text = RULES.replace(*CHANGES[what])
    if what == "goal's levels":
        text = text.replace("= plum,", "= plums,")
    if what == "type":
        text = text.replace("weight > 50", "weight")
    changed = heuron.loads(text, models=("tree",))
    dispatcher = Dispatcher(changed, store)
    answer = dispatcher.ask({"weight": True if what == "type" else 60, "colour": "red"})
    assert answer.backend == "rules"
    assert answer.value in ("plum", "plums")
    assert dispatcher.bench.why_not["tree"]
    table = load(contract, specs / "data.toml")
    with pytest.raises(RuleError, match="tree cannot be tuned: ") as caught:
        tune(contract_of(changed), specs, store, "tree", table, table, trusted=trusted)
    assert caught.value.diagnostics[0].hint == "train it again"
