"""Kills at random moments: whatever was being written, the last good version answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heuron.learn.exchange import remove
from heuron.learn.store import Store

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")

KILLED = """
import json, os, random, signal, sys, time
from heuron.learn.exchange import remove, travelling_files
from heuron.learn.store import Store, card_bytes

root, chance = sys.argv[1], random.Random(int(sys.argv[2]))
model = Store(root).model("iris", "tree")
files = travelling_files(model)


def work(seed):
    chance, store = random.Random(seed), Store(root)
    while True:
        act = chance.choice(("save", "save", "select", "remove"))
        name = chance.choice(("tree", "other"))
        folder = f"{root}/iris/{name}"
        there = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        versions = [one for one in there if not one.startswith(".")]
        if act == "save":
            card = {**model.card, "name": name, "turn": chance.randrange(6)}
            store.save("iris", name, {**files, "card.json": card_bytes(card)}, {"run.json": b"{}"})
        elif act == "select" and versions:
            store.select("iris", name, version=(name, chance.choice(versions)))
        elif act == "remove" and len(versions) > 1:
            remove(store, "iris", name, chance.choice(versions))


rounds = 0
for turn in range(int(sys.argv[3])):
    child = os.fork()
    if not child:
        try:
            work(turn)
        finally:
            os._exit(7)
    time.sleep(chance.uniform(0.0, 0.03))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, f"the child ended with {status}"
    store = Store(root)
    for name in store.names("iris"):
        assert store.verify("iris", name) == "intact, made elsewhere", store.verify("iris", name)
    assert store.model("iris", "tree").card["name"] == "tree"
    assert store.selected("iris") in store.names("iris")
    rounds += 1
print(json.dumps(rounds))
"""


def test_store_survives_kills_at_random_moments(tmp_path: Path) -> None:
    """Sixty times one who saves, selects and removes is killed; each time all is whole."""
    shutil.copytree(ROOT / "models" / "iris" / "tree", tmp_path / "models" / "iris" / "tree")
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "models"), "0", "60"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert json.loads(done.stdout) == 60
    written = [path.name for path in (tmp_path / "models" / "iris").iterdir()]
    assert {"tree", "other"} <= set(written)


def test_what_a_kill_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "iris" / "tree", tmp_path / "models" / "iris" / "tree")
    store = Store(tmp_path / "models")
    folder = Path(store.model("iris", "tree").folder).parent
    old, new = folder / ".writing-old", folder / ".writing-new"
    for left in (old, new):
        left.mkdir()
        (left / "card.json").write_text("{")
    os.utime(old, (1.0, 1.0))
    (folder / "notes").mkdir()
    os.utime(folder / "notes", (1.0, 1.0))
    store.save("iris", "tree", {"card.json": b'{"files": {}}'}, {})
    assert not old.exists()
    assert new.exists()
    assert (folder / "notes").exists()


def test_what_a_killed_removal_left_is_swept_too(tmp_path: Path) -> None:
    """A whole model stands aside in the domain's folder, a version in the model's."""
    for name in ("tree", "other"):
        shutil.copytree(ROOT / "models" / "iris" / "tree", tmp_path / "models" / "iris" / name)
    domain = tmp_path / "models" / "iris"
    left = [domain / ".removing-old", domain / "tree" / ".removing-old"]
    for one in left:
        (one / "it").mkdir(parents=True)
        (one / "it" / "card.json").write_text("{")
    left.append(domain / "tree" / ".writing-draft")
    left[-1].write_text("half")
    new = domain / ".removing-new"
    new.mkdir()
    for one in left:
        os.utime(one, (1.0, 1.0))
    Store(tmp_path / "models").save("iris", "tree", {"card.json": b'{"files": {}}'}, {})
    assert [one for one in left if one.exists()] == []
    left[0].mkdir()
    os.utime(left[0], (1.0, 1.0))
    remove(Store(tmp_path / "models"), "iris", "other")
    assert [one.name for one in domain.glob(".removing-*")] == [".removing-new"]
