"""The wheel carries the package, its grammar, and the built-in knowledge bases."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    built = next(hatchling.WheelBuilder(str(ROOT)).build(directory=str(folder)))
    return zipfile.ZipFile(built)


def test_the_wheel_carries_package_and_grammar(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {"heuron/__init__.py", "heuron/py.typed", "heuron/lang/grammar.lark"} <= names


def test_the_wheel_carries_every_built_in_rule_file(wheel: zipfile.ZipFile) -> None:
    expected = {f"heuron/builtin/rules/{one.name}" for one in (ROOT / "rules").glob("*.rules")}
    assert expected
    assert expected <= set(wheel.namelist())


def test_the_wheel_carries_model_specs_but_no_code_of_models(wheel: zipfile.ZipFile) -> None:
    inside = [name for name in wheel.namelist() if name.startswith("heuron/builtin/models/")]
    assert "heuron/builtin/models/cancer/data.toml" in inside
    left_behind = ("estimator.joblib", "oof.json", "run.json")
    assert [name for name in inside if name.endswith(left_behind)] == []


def test_the_wheel_carries_the_compiled_models(wheel: zipfile.ZipFile) -> None:
    compiled = {
        f"heuron/builtin/{path.relative_to(ROOT).as_posix()}"
        for name in ("card.json", "scorer.json", "scorer.bin", "golden.jsonl", "keys.bin")
        for path in ROOT.glob(f"models/*/*/*/{name}")
    }
    assert compiled
    assert compiled <= set(wheel.namelist())


def test_the_version_is_said_once(wheel: zipfile.ZipFile) -> None:
    import heuron

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert heuron.__version__ == project["version"]


def test_the_command_is_declared(wheel: zipfile.ZipFile) -> None:
    entry = next(one for one in wheel.namelist() if one.endswith("entry_points.txt"))
    assert "heuron = heuron.__main__:main" in wheel.read(entry).decode()
