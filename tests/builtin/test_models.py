"""The shipped models: compiled, small, intact, made from the specs that stand beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import heuron
from heuron.learn.contract import Contract, contract_of
from heuron.learn.read_spec import read_spec
from heuron.learn.spec import spec_names
from heuron.learn.store import Store

MODELS = Path(__file__).parents[2] / "models"
DOMAINS = ("cancer", "iris", "loan", "penguins")
NAMES = [(domain, name) for domain in DOMAINS for name in spec_names(MODELS / domain)]
TRAVELS = {"card.json", "scorer.json", "scorer.bin", "golden.jsonl", "keys.bin"}
"""What is committed of a model; the rest is git-ignored, and no part of the wheel."""
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def store() -> Store:
    """The shipped models, checked again whenever they are loaded."""
    return Store(MODELS)


def contract(domain: str) -> Contract:
    """Return what the domain's rules and models share."""
    return contract_of(heuron.load(domain))


def test_domains_with_data_are_these():
    assert sorted(DOMAINS) == sorted(path.parent.name for path in MODELS.glob("*/data.toml"))


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_spec_has_a_model_and_every_model_a_spec(domain: str, store: Store):
    specs = spec_names(MODELS / domain)
    assert specs == store.names(domain)
    assert len(specs) >= 2


@pytest.mark.parametrize(("domain", "name"), NAMES)
def test_sums_and_golden_rows_agree(domain: str, name: str, store: Store):
    assert store.verify(domain, name) in ("made here", "intact, made elsewhere")


@pytest.mark.parametrize(("domain", "name"), NAMES)
def test_a_model_has_one_version(domain: str, name: str):
    """`make models` leaves no older ones, so that nothing needs to be selected."""
    assert len([path for path in (MODELS / domain / name).iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize(("domain", "name"), NAMES)
def test_the_card_says_what_the_spec_says(domain: str, name: str, store: Store):
    spec = read_spec(contract(domain), MODELS / domain / f"{name}.toml")
    card = store.card(domain, name)
    said = (card["title"], card["estimator"], card["seed"])
    assert said == (spec.title, spec.estimator, spec.seed)
    plain = json.loads(json.dumps(dict(spec.hyperparameters)))
    assert plain == card["hyperparameters"]


@pytest.mark.parametrize(("domain", "name"), NAMES)
def test_models_are_better_than_the_most_frequent_level(domain: str, name: str, store: Store):
    """Out-of-fold, and by a clear margin; a floor against mistakes, not a claim."""
    floor = {"cancer": 0.9, "iris": 0.85, "loan": 0.78, "penguins": 0.95}[domain]
    assert store.card(domain, name)["score"]["accuracy"] > floor


@pytest.mark.parametrize(("domain", "name"), NAMES)
def test_a_shipped_model_fits_the_template(domain: str, name: str, store: Store):
    shared = contract(domain)
    assert store.model(domain, name).misfit(shared.template, shared.goal) is None


def test_everything_shipped_is_small():
    files = [path for path in MODELS.rglob("*") if path.name in TRAVELS]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_no_joblib_is_committed():
    """A joblib file is code, so what is shipped has none."""
    listed = subprocess.run(
        ["git", "ls-files", "models"],
        cwd=MODELS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("no git repository here")
    kept = {Path(line).name for line in listed.stdout.splitlines() if line.count("/") == 4}
    assert kept <= TRAVELS


def test_a_model_trained_again_is_the_same_to_the_byte(tmp_path: Path, store: Store):
    import sklearn

    from heuron.learn.train import train

    made_with = store.card("iris", "tree")["made_with"]
    here = {"heuron": heuron.__version__, "scikit-learn": sklearn.__version__}
    if made_with != here:
        pytest.skip(f"made with {made_with}, here are {here}")
    again = Store(tmp_path)
    train(contract("iris"), MODELS / "iris", again, ["tree"], root=MODELS.parent)
    first, second = store.find("iris", "tree"), again.find("iris", "tree")
    assert first is not None
    assert second is not None
    for name in sorted(TRAVELS & {path.name for path in Path(first.folder).iterdir()}):
        assert (Path(second.folder) / name).read_bytes() == (Path(first.folder) / name).read_bytes()


def test_all_thirty_does_not_answer_short_queries(store: Store):
    model = store.model("cancer", "all_thirty")
    prediction = model.predict({"worst_radius": 20.1, "worst_concave_points": 0.19})
    assert not prediction.answered
    assert "mean_radius" in prediction.needs


@pytest.mark.parametrize("name", ["boosting", "forest", "logistic", "network"])
def test_the_other_cancer_models_answer_short_queries(name: str, store: Store):
    model = store.model("cancer", name)
    prediction = model.predict({"worst_radius": 20.1, "worst_concave_points": 0.19})
    assert prediction.value == "malignant"


def test_the_synthetic_applications_are_what_the_script_writes():
    done = subprocess.run(
        [sys.executable, str(MODELS / "loan" / "generate.py"), "--check"], check=False
    )
    assert done.returncode == 0


def test_synthetic_data_are_called_synthetic(store: Store):
    assert "SYNTHETIC" in (MODELS / "loan" / "data.toml").read_text(encoding="utf-8")
    for name in spec_names(MODELS / "loan"):
        assert "synthetic" in store.card("loan", name)["title"]
