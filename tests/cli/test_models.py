"""What `heuron models` does beyond its transcript: files that travel, and files that go."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from heuron.cli.app import main

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def project(iris: Path) -> Path:
    """A project with the iris rules and one trained model of its own."""
    shutil.copytree(ROOT / "models" / "iris" / "tree", iris / "models" / "iris" / "tree")
    return iris


def test_without_a_subcommand_models_are_listed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models"]) == 0
    bare = capsys.readouterr().out
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == bare
    assert "penguins" in bare


def test_exported_model_answers_elsewhere(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 0
    assert main(["models", "export", "iris", "tree", "--out", "again.zip"]) == 0
    assert Path("tree.zip").read_bytes() == Path("again.zip").read_bytes()
    assert main(["models", "remove", "iris", "tree"]) == 0
    assert [one.name for one in (project / "models" / "iris").iterdir()] == []
    with zipfile.ZipFile("tree.zip") as archive:
        assert not [one for one in archive.namelist() if "joblib" in one or "oof" in one]
        archive.extractall("models")
    capsys.readouterr()
    assert main(["ask", "iris", "petal_length=1.4", "petal_width=0.2", "--via", "tree"]) == 0
    assert "setosa" in capsys.readouterr().out


def test_one_version_is_removed_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (version,) = (project / "models" / "iris" / "tree").iterdir()
    assert main(["models", "remove", "iris", f"tree@{version.name}"]) == 0
    assert not version.exists()
    assert main(["models", "remove", "iris", "tree@00000000"]) == 1
