"""A model that reads what rules conclude, from training to answers, as it is called."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from heuron.cli.app import main

RULES = """domain fruit "Which fruit?"

type Fruit:
    weight: number >= 0
    length: number >= 0
    shape: long | round, optional
    kind: pea | plum

goal Fruit.kind

# A pod is long.
rule pods:
    when f: Fruit(length > 3 * weight)
    then conclude f.shape = long

rule balls:
    when f: Fruit(length <= 3 * weight)
    then conclude f.shape = round

test "a pod":
    given f: Fruit(weight = 1, length = 9)
    expect f.shape == long
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose model reads `shape`, which no column of the data holds."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_TRUST", str(tmp_path / "trusted.txt"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    folder = tmp_path / "project"
    (folder / "rules").mkdir(parents=True)
    models = folder / "models" / "fruit"
    models.mkdir(parents=True)
    (folder / "rules" / "fruit.rules").write_text(RULES)
    (models / "tree.toml").write_text(
        'estimator = "sklearn.naive_bayes.BernoulliNB"\nfeatures = ["shape"]\n'
    )
    (models / "data.toml").write_text('source = "fruit.csv"\n')
    chance = random.Random(0)
    lines = ["weight,length,kind"]
    for _ in range(200):
        weight, length = round(chance.uniform(1, 5), 2), round(chance.uniform(1, 20), 2)
        lines.append(f"{weight},{length},{'pea' if length > 3 * weight else 'plum'}")
    (models / "fruit.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(folder)
    return folder


def test_model_learns_from_what_rules_conclude(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fruit", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["models"]
    assert made["score"]["accuracy"] == 1.0
    assert main(["ask", "fruit", "weight=1", "length=9", "--via", "tree", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == "pea"
    assert main(["compare", "fruit", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["backends"]["model:tree"]
    assert found["accuracy"] == 1.0
    assert main(["optimise", "fruit", "tree"]) == 0
    assert main(["tune", "fruit", "tree", "--data", "models/fruit/fruit.csv", "--from-spec"]) == 1
    assert "no row" in capsys.readouterr().err


def test_changed_rules_refuse_the_model_until_it_is_trained_again(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fruit"]) == 0
    rules = project / "rules" / "fruit.rules"
    asked = ["ask", "fruit", "weight=1", "length=9", "--via", "tree"]
    # Comments, routes and tests conclude nothing.
    rules.write_text(RULES.replace("A pod", "Any pod") + "\ndispatch:\n    rules otherwise\n")
    assert main(asked) == 0
    rules.write_text(RULES.replace("3 * weight", "4 * weight"))
    capsys.readouterr()
    assert main(asked) == 1
    shown = capsys.readouterr().err
    assert "the rules were changed since it was trained" in shown
    assert "heuron train fruit tree" in shown
    assert main(["train", "fruit"]) == 0
    assert main(asked) == 0
