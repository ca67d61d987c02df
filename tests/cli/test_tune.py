"""`heuron tune` as it is called."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from heuron.cli.app import main
from heuron.ledger import Ledger

RULES = """domain fruit "Which fruit?"

type Fruit:
    weight: number >= 0
    kind: pea | plum

goal Fruit.kind

data "old.csv"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one spec, old rows and new rows."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_TRUST", str(tmp_path / "trusted.txt"))
    monkeypatch.setenv("HEURON_LEDGER", str(tmp_path / "ledger"))
    folder = tmp_path / "project"
    (folder / "rules").mkdir(parents=True)
    (folder / "models" / "fruit").mkdir(parents=True)
    (folder / "rules" / "fruit.rules").write_text(RULES)
    spec = 'estimator = "sklearn.naive_bayes.GaussianNB"\n'
    (folder / "models" / "fruit" / "bayes.toml").write_text(spec)
    (folder / "models" / "fruit" / "data.toml").write_text('source = "old.csv"\n')
    chance = random.Random(0)
    for path, limit in (("models/fruit/old.csv", 50), ("new.csv", 30)):
        rows = [chance.uniform(0, 100) for _ in range(200)]
        lines = [f"{one:.3f},{'plum' if one > limit else 'pea'}" for one in rows]
        (folder / path).write_text("\n".join(["weight,kind", *lines]))
    monkeypatch.chdir(folder)
    return folder


def test_tune_says_how_it_went(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "fruit"]) == 0
    capsys.readouterr()
    assert main(["tune", "fruit", "bayes", "--data", "new.csv"]) == 0
    first, old, new = capsys.readouterr().out.splitlines()
    assert first.startswith("bayes  ")
    assert "went through the new rows once" in first
    assert "old rows that were held out" in old
    assert "new rows that were held out" in new
    assert main(["tune", "fruit", "bayes", "--data", "new.csv", "--from-spec", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["command"] == "tune"
    assert body["rows"] > 100
    found = Ledger(project.parent / "ledger").summary("fruit")
    assert found.training_runs == 3


def test_mistakes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "fruit", "bayes"]) == 2
    assert main(["tune", "fruit", "bayes", "--data", "new.csv"]) == 1
    assert "no trained model" in capsys.readouterr().err
    assert main(["train", "fruit"]) == 0
    Path("bad.csv").write_text("girth,kind\n1,pea\n")
    assert main(["tune", "fruit", "bayes", "--data", "bad.csv"]) == 1
    assert "weight" in capsys.readouterr().err
