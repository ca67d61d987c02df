"""A project for commands, with a home of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def iris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the iris rules and no model, which is the working folder."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    folder = tmp_path / "project"
    (folder / "rules").mkdir(parents=True)
    shutil.copy(ROOT / "rules" / "iris.rules", folder / "rules")
    monkeypatch.chdir(folder)
    return folder
