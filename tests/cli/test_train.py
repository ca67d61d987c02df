"""`heuron train` as it is called: cards, searching, copies, progress."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from heuron.cli.app import main

RULES = """domain fruit "Which fruit?"

type Fruit:
    weight: number >= 0
    size: number
    kind: pea | plum

goal Fruit.kind
"""
TREE = """estimator = "sklearn.tree.DecisionTreeClassifier"
seed = 3
[search]
hyperparameters.max_depth = [1, 2, 3]
hyperparameters.ccp_alpha = { from = 0.0001, to = 0.1, log = true }
hyperparameters.min_samples_leaf = { from = 1, to = 9 }
"""


def table(rows: int, copies: int = 0) -> str:
    chance = random.Random(0)
    lines = []
    for _ in range(rows):
        weight, size = round(chance.uniform(0, 99), 2), round(chance.gauss(0, 1), 3)
        lines.append(f"{weight},{size},{'plum' if weight + 20 * size > 50 else 'pea'}")
    return "\n".join(["weight,size,kind", *lines, *lines[:copies]]) + "\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_TRUST", str(tmp_path / "trusted.txt"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    folder = tmp_path / "project"
    models = folder / "models" / "fruit"
    models.mkdir(parents=True)
    (folder / "rules").mkdir()
    (folder / "rules" / "fruit.rules").write_text(RULES)
    (models / "tree.toml").write_text(TREE)
    (models / "data.toml").write_text('source = "fruit.csv"\n')
    (models / "fruit.csv").write_text(table(200))
    monkeypatch.chdir(folder)
    return folder


def test_card_has_cross_validated_scores_with_intervals(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fruit"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith("fruit tree ")
    assert any(one.startswith("  score         right ") and "[" in one for one in lines)
    assert not any("searched" in one for one in lines)
    assert shown.err == ""


def test_search_tries_at_most_so_many_settings(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for tries in ("1", "6"):
        assert main(["train", "fruit", "tree", "--search", tries, "--json"]) == 0
        (found[tries],) = json.loads(capsys.readouterr().out)["models"]
    assert [one["searched"] for one in found.values()] == [1, 6]
    assert found["6"]["score"]["log_loss"] <= found["1"]["score"]["log_loss"]
    assert main(["train", "fruit", "tree", "--search", "6"]) == 0
    shown = capsys.readouterr().out
    assert found["6"]["version"] in shown
    assert "the best of 6 settings" in shown
    assert main(["train", "fruit", "tree", "--search", "0"]) == 2


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("max_depth = 3", "needs a list to search, or a range"),
        ("max_depth = []", "needs a list to search, or a range"),
        ("max_depth = { from = 3, to = 1 }", "from a number to a larger one"),
        ("max_depth = { from = 0, to = 1, log = true }", "both above 0"),
        ("max_depth = { form = 0, to = 1 }", "Did you mean `from`?"),
        ("max_dept = [1]", "Did you mean `max_depth`?"),
    ],
)
def test_search_space_that_makes_no_sense(
    project: Path, capsys: pytest.CaptureFixture[str], space: str, message: str
) -> None:
    head = TREE.partition("[search]")[0]
    text = f"{head}[search]\nhyperparameters.{space}\n"
    (project / "models" / "fruit" / "tree.toml").write_text(text)
    assert main(["train", "fruit", "--search", "3"]) == 1
    shown = capsys.readouterr().err
    assert message in shown
    assert "tree.toml:4:" in shown


def test_copies_share_a_side_unless_told_otherwise(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models" / "fruit" / "fruit.csv").write_text(table(200, copies=100))
    assert main(["train", "fruit"]) == 0
    shown = capsys.readouterr()
    assert "100 of 300 rows are equal to an earlier row" in shown.err
    assert "on both sides of the split" in shown.err
    counted = next(one for one in shown.out.splitlines() if "score" in one)
    assert main(["train", "fruit", "--no-group-duplicates"]) == 0
    shown = capsys.readouterr()
    assert "looks better than it is" in shown.err
    assert counted not in shown.out


def test_data_outside_the_project_need_a_word(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models" / "fruit" / "fruit.csv").rename(project.parent / "fruit.csv")
    (project / "models" / "fruit" / "data.toml").write_text('source = "../../../fruit.csv"\n')
    assert main(["train", "fruit"]) == 1
    assert "--allow-path" in capsys.readouterr().err
    assert main(["train", "fruit", "--allow-path"]) == 0


def test_progress_is_shown_on_a_terminal_only(project: Path) -> None:
    pty = pytest.importorskip("pty")
    command = [sys.executable, "-m", "heuron", "train", "fruit", "--search", "4"]
    ours, theirs = pty.openpty()
    done = subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode(errors="replace")
    os.close(ours)
    assert "tree" in shown
    assert "/22" in shown
    assert done.stdout.startswith(b"fruit tree ")
    quiet = subprocess.run(command, capture_output=True, check=True)
    assert quiet.stderr == b""
