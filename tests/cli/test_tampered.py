"""Models whose files somebody changed, and names that are none: each refused with its reason."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from heuron.cli.app import main

ROOT = Path(__file__).parent.parent.parent
ASK = ["ask", "iris", "petal_length=1.4", "petal_width=0.2"]


@pytest.fixture
def project(iris: Path) -> Path:
    """A project with the iris rules and two trained models, which have answered before."""
    shutil.copytree(ROOT / "models" / "iris", iris / "models" / "iris")
    assert main([*ASK, "--via", "tree"]) == 0
    return iris


def changed(project: Path, file: str) -> None:
    """Change one byte in the midst of a file of the tree."""
    (path,) = project.glob(f"models/iris/tree/*/{file}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("file", ["card.json", "scorer.json", "golden.jsonl"])
def test_changed_file_is_refused_though_it_answered_before(
    project: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    changed(project, file)
    assert main([*ASK, "--via", "tree"]) == 1
    assert f"{file} was changed" in capsys.readouterr().err
    assert main([*ASK, "--via", "logistic"]) == 0
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 1
    assert not Path("tree.zip").exists()


@pytest.mark.parametrize("file", ["card.json", "scorer.json", "golden.jsonl", "keys.bin"])
def test_verify_finds_every_changed_file(
    project: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    changed(project, file)
    capsys.readouterr()
    assert main(["models", "verify", "iris", "--json"]) == 1
    found = {one["name"]: one["verified"] for one in json.loads(capsys.readouterr().out)["models"]}
    assert found["logistic"] == "intact, made elsewhere"
    assert found["tree"].startswith("changed: ")
    assert file in found["tree"]


def test_changed_keys_of_training_rows_stop_a_comparison(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else rows that a model has seen could count as rows that it has not."""
    changed(project, "keys.bin")
    assert main(["compare", "iris"]) == 1
    assert "keys.bin was changed" in capsys.readouterr().err
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 1


def test_damaged_model_does_not_hide_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(project, "card.json")
    capsys.readouterr()
    assert main(["models", "list", "iris"]) == 1
    said = capsys.readouterr()
    assert "logistic" in said.out
    assert "tree is left out" in said.err


@pytest.mark.parametrize("name", ["../../etc", "..", "tree/..", "", "con", "a b", "tree\x00", "é"])
@pytest.mark.parametrize(
    "command", ["show", "select", "verify", "trust", "export", "remove", "diff"]
)
def test_names_do_not_leave_the_store(
    project: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    before = sorted(map(str, project.rglob("*")))
    more = ["tree"] if command == "diff" else []
    assert main(["models", command, "iris", name, *more]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert sorted(map(str, project.rglob("*"))) == before


@pytest.mark.parametrize("name", ["../../out", "..", "con", ""])
def test_imported_model_gets_no_name_outside(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 0
    before = sorted(map(str, project.parent.rglob("*")))
    assert main(["models", "import", "iris", "tree.zip", "--as", name]) == 1
    assert sorted(map(str, project.parent.rglob("*"))) == before


def test_imported_model_may_get_another_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 0
    assert main(["models", "import", "iris", "tree.zip", "--as", "twig"]) == 0
    assert main([*ASK, "--via", "twig"]) == 0
    assert "twig" in capsys.readouterr().out


def test_earlier_version_is_shown_and_selected_again(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = (path.name for path in project.glob("models/iris/tree/*"))
    assert main(["optimise", "iris", "tree", "--keep", "packed", "--max-changed", "99"]) == 0
    (second,) = {path.name for path in project.glob("models/iris/tree/*")} - {first}
    capsys.readouterr()
    assert main(["models", "show", "iris", "tree"]) == 0
    said = capsys.readouterr().out
    assert second in said.splitlines()[0]
    assert f"packed of {first}" in said
    assert f"tree@{first}" in said.splitlines()[-1]
    assert main(["models", "select", "iris", f"tree@{first}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["selected"]["version"] == first
    assert main(["models", "show", "iris", "tree"]) == 0
    assert first in capsys.readouterr().out.splitlines()[0]
    assert main(["models", "verify", "iris", f"tree@{second}"]) == 0
    assert main(["models", "select", "iris", "tree@00000000"]) == 1
    assert f"{first}" in capsys.readouterr().err


def test_model_without_joblib_file_needs_no_trust(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "trust", "iris", "tree"]) == 1
    assert "nothing to trust" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_store_that_may_only_be_read_answers(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (project / "models").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert main([*ASK, "--via", "tree"]) == 0
    assert main(["models", "select", "iris", "tree"]) == 1
    assert "cannot be written" in capsys.readouterr().err
