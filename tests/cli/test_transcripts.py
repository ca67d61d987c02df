"""Every transcript in tests/cases/cli prints what it shows.

A transcript runs in a folder that holds the example rule files and what lies in `cli/project`.
Set REWRITE=1 to write what is printed now into the transcripts; read the difference in review.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from console import matches, read_transcript, run

CASES = Path(__file__).parent.parent / "cases"
TRANSCRIPTS = sorted((CASES / "cli").glob("*.txt"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with folders for what commands keep for the user."""
    shutil.copytree(CASES / "cli" / "project", tmp_path / "project")
    shutil.copytree(CASES / "language", tmp_path / "project" / "rules", dirs_exist_ok=True)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, project: Path) -> None:
    text = path.read_text(encoding="utf-8")
    steps = read_transcript(text)
    assert steps, "a transcript without a command"
    printed = [(step, run(step.command)) for step in steps]
    if os.environ.get("REWRITE"):
        comment = text[: text.index("$ ")]
        blocks = []
        for step, shown in printed:
            # What is shown with `…` stays so as long as it is right.
            kept = step.expected if matches(step.expected, shown) else shown
            blocks.append(f"$ {step.command}\n{kept}".rstrip())
        path.write_text(comment + "\n\n".join(blocks) + "\n", encoding="utf-8")
        return
    for step, shown in printed:
        if not matches(step.expected, shown):
            assert step.expected == shown, f"{path.name}:{step.line}: $ {step.command}"
