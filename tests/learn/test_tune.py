"""Fine-tuning: what is new is learned, what is held out is not, and the parent is remembered."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import heuron
from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import load
from heuron.learn.store import Store
from heuron.learn.train import train
from heuron.learn.tune import TuneResult, joined, tune

RULES = """
domain fruit "Which fruit?"
type Fruit:
    weight: number >= 0
    width: number >= 0
    kind: pea | plum
goal Fruit.kind
"""

SPECS = {
    "forest": ("ensemble.RandomForestClassifier", "n_estimators = 10"),
    "network": ("neural_network.MLPClassifier", "hidden_layer_sizes = [8]\nmax_iter = 400"),
    "bayes": ("naive_bayes.GaussianNB", ""),
    "boosting": ("ensemble.GradientBoostingClassifier", "n_estimators = 10"),
    "sgd": ("linear_model.SGDClassifier", 'loss = "log_loss"'),
    "margin": ("linear_model.SGDClassifier", ""),
    "perceptron": ("linear_model.Perceptron", ""),
    "extra": ("ensemble.ExtraTreesClassifier", "n_estimators = 10"),
    "logistic": ("linear_model.LogisticRegression", ""),
}


def write_rows(path: Path, rows: int, limit: float, seed: int) -> Path:
    """Write a table in which a fruit heavier than `limit` is a plum."""
    chance = random.Random(seed)
    lines = ["weight,width,kind"]
    for _ in range(rows):
        weight, width = chance.uniform(0, 100), chance.uniform(0, 10)
        lines.append(f"{weight:.2f},{width:.2f},{'plum' if weight > limit else 'pea'}")
    path.write_text("\n".join(lines) + "\n")
    return path


class Orchard:
    """A folder with specs, data and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.specs = folder / "models" / "fruit"
        self.specs.mkdir(parents=True)
        self.contract: Contract = contract_of(heuron.loads(RULES))
        self.store = Store(folder / "models")
        self.trusted = folder / "trusted.txt"
        write_rows(self.specs / "old.csv", 300, 50, 0)
        (self.specs / "data.toml").write_text('source = "old.csv"\n')
        for name, (estimator, more) in SPECS.items():
            text = f'estimator = "sklearn.{estimator}"\n[hyperparameters]\n{more}\n'
            (self.specs / f"{name}.toml").write_text(text)
        self.old = load(self.contract, None, folder=self.specs)
        self.new = load(self.contract, write_rows(folder / "new.csv", 300, 30, 1))

    def train(self, name: str) -> None:
        """Train one model on the old rows."""
        train(self.contract, self.specs, self.store, (name,), trusted=self.trusted)

    def tune(self, name: str, from_spec: bool = False) -> TuneResult:
        """Tune it on the new rows."""
        return tune(
            self.contract,
            self.specs,
            self.store,
            name,
            self.old,
            self.new,
            trusted=self.trusted,
            from_spec=from_spec,
        )


@pytest.fixture
def orchard(tmp_path: Path) -> Orchard:
    """An orchard with nothing trained yet."""
    return Orchard(tmp_path)


@pytest.mark.parametrize(
    "name", ["forest", "extra", "network", "bayes", "boosting", "sgd", "margin", "perceptron"]
)
def test_tuned_model_is_better_on_new_rows(orchard: Orchard, name: str) -> None:
    orchard.train(name)
    parent = orchard.store.find("fruit", name)
    result = orchard.tune(name)
    assert parent is not None
    assert result.parent == parent.version
    assert result.artifact.version != parent.version
    assert result.new.after > result.new.before
    card = orchard.store.card("fruit", name)
    assert card["parent"] == parent.version
    assert card["tuned"]["rows"] == result.rows
    # The new version is in use, and the old one can still be had.
    assert orchard.store.model("fruit", name).version == result.artifact.version
    assert orchard.store.model("fruit", name, parent.version).version == parent.version


NUMBERS = RULES.replace("kind: pea | plum", "price: number").replace(
    "goal Fruit.kind", "goal Fruit.price, within 20 %"
)


@pytest.mark.parametrize(
    "estimator",
    [
        "linear_model.SGDRegressor",
        "neural_network.MLPRegressor",
        "ensemble.RandomForestRegressor",
        "ensemble.GradientBoostingRegressor",
    ],
)
def test_models_of_numbers_are_tuned_too(tmp_path: Path, estimator: str) -> None:
    contract = contract_of(heuron.loads(NUMBERS))
    specs = tmp_path / "fruit"
    specs.mkdir()
    (specs / "one.toml").write_text(f'estimator = "sklearn.{estimator}"\n')
    tables = []
    for name, factor in (("old", 2.0), ("new", 3.0)):
        chance = random.Random(0)
        lines = ["weight,width,price"]
        for _ in range(200):
            weight, width = chance.uniform(10, 100), chance.uniform(0, 10)
            lines.append(f"{weight:.2f},{width:.2f},{factor * weight:.2f}")
        (specs / f"{name}.csv").write_text("\n".join(lines))
        tables.append(load(contract, specs / f"{name}.csv"))
    store, trusted = Store(tmp_path), tmp_path / "trusted.txt"
    train(contract, specs, store, table=tables[0], trusted=trusted)
    result = tune(contract, specs, store, "one", *tables, trusted=trusted)
    model = store.model("fruit", "one")
    assert model.card["parent"] == result.parent
    assert model.predict({"weight": 50.0, "width": 5.0}).interval is not None


def test_tuning_twice_goes_on_from_the_tuned_model(orchard: Orchard) -> None:
    orchard.train("forest")
    first = orchard.tune("forest")
    assert orchard.tune("forest").parent == first.artifact.version


def test_from_spec_trains_on_both(orchard: Orchard) -> None:
    orchard.train("logistic")
    with pytest.raises(RuleError, match="cannot go on learning"):
        orchard.tune("logistic")
    result = orchard.tune("logistic", from_spec=True)
    keys = orchard.store.model("fruit", "logistic").training_keys()
    new = {orchard.new.keys[at] for at in orchard.new.places("training")}
    assert new <= keys
    assert result.rows == len(new)


def test_absent_joblib_file_names_the_way_out(orchard: Orchard) -> None:
    orchard.train("forest")
    artifact = orchard.store.find("fruit", "forest")
    assert artifact is not None
    (Path(artifact.folder) / "estimator.joblib").unlink()
    with pytest.raises(RuleError, match="no joblib file") as caught:
        orchard.tune("forest")
    assert "--from-spec" in str(caught.value.diagnostics[0].hint)


def test_joblib_file_that_is_not_trusted_is_not_loaded(orchard: Orchard) -> None:
    orchard.train("forest")
    orchard.trusted.write_text("")
    with pytest.raises(RuleError, match="not in the list"):
        orchard.tune("forest")


def test_rows_held_out_of_the_old_data_stay_held_out(orchard: Orchard) -> None:
    both, used, left_out = joined(orchard.old, orchard.old)
    assert (used, left_out) == ([], sum(orchard.old.held_out))
    assert len(both) == len(orchard.old)


def test_other_template_is_refused(orchard: Orchard) -> None:
    orchard.train("forest")
    orchard.contract = contract_of(heuron.loads(RULES.replace("width: number", "girth: number")))
    with pytest.raises(RuleError, match="cannot be tuned"):
        orchard.tune("forest")


def test_rows_of_an_earlier_tuning_are_not_new_to_the_model(orchard: Orchard) -> None:
    """A comparison on them would take for unseen what it has learned."""
    orchard.train("bayes")
    orchard.tune("bayes")
    earlier = {orchard.new.keys[at] for at in orchard.new.places("training")}
    orchard.new = load(orchard.contract, write_rows(orchard.folder / "third.csv", 300, 30, 2))
    orchard.tune("bayes")
    assert earlier <= orchard.store.model("fruit", "bayes").training_keys()


def test_nothing_new_says_where_each_row_is(orchard: Orchard) -> None:
    orchard.train("bayes")
    orchard.new = orchard.old
    held = sum(orchard.old.held_out)
    with pytest.raises(RuleError, match=f"{300 - held} are training rows .*, {held} are held out"):
        orchard.tune("bayes")


def test_new_rows_may_lack_an_optional_field(orchard: Orchard) -> None:
    """All old rows were left without it once, and nothing was left to learn from."""
    rules = RULES.replace("width: number >= 0", "width: number >= 0, optional")
    orchard.contract = contract_of(heuron.loads(rules))
    text = (orchard.specs / "bayes.toml").read_text()
    (orchard.specs / "bayes.toml").write_text(text + '[missing]\nwidth = "median"\n')
    orchard.train("bayes")
    orchard.old = load(orchard.contract, None, folder=orchard.specs)
    path = orchard.folder / "narrow.csv"
    path.write_text(
        "weight,kind\n" + "".join(f"{at}.5,{'pea' if at < 30 else 'plum'}\n" for at in range(99))
    )
    orchard.new = load(orchard.contract, path)
    for from_spec in (False, True):
        assert orchard.tune("bayes", from_spec).rows > 50
