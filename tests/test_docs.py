"""What the documents show is what happens.

Every `python` block runs, every `rules` block parses, every `console` block is replayed. A block
with a title (```rules title="rules/fruit.rules"```) is a file that the page makes; all blocks of
a page share a folder, in which the built-in knowledge bases can be asked.
Set REWRITE=1 to write what is printed now into the console blocks; read the difference in review.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console import matches, read_transcript, run

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, and folders for what commands keep for the user."""
    project = tmp_path / "project"
    (project / "rules").mkdir(parents=True)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, folder: Path) -> None:
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for found in BLOCK.finditer(text):
        language, rest, body = found.groups()
        line = text.count("\n", 0, found.start()) + 2
        title = TITLE.search(rest)
        if title is not None:
            path = folder / title.group(1)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
        if language == "rules":
            assert_parses(body, f"{page.name}:{line}")
        elif language == "python" and title is None:
            exec(compile(body, f"{page}:{line}", "exec"), names)
        elif language == "console":
            replay(page, body, line)


def assert_parses(body: str, place: str) -> None:
    from heuron.lang.parser import parse

    _, diagnostics = parse(body, place)
    assert [str(one) for one in diagnostics] == []


def replay(page: Path, body: str, line: int) -> None:
    printed = [(step, run(step.command)) for step in read_transcript(body, line)]
    if os.environ.get("REWRITE"):
        shown = "\n".join(f"$ {step.command}\n{out}".rstrip() for step, out in printed) + "\n"
        if not all(matches(step.expected, out) for step, out in printed):
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(body, shown, 1), encoding="utf-8")
        return
    for step, out in printed:
        if not matches(step.expected, out):
            assert step.expected == out, f"{page.name}:{step.line}: $ {step.command}"


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_diagnostic_code_in_the_source_is_documented() -> None:
    """A code is a word in hyphens or a known one, given to Diagnostic or a helper around it."""
    from heuron.codes import CODES

    used = set()
    for path in (ROOT / "engine" / "heuron").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'Severity\.\w+,\s+"([a-z-]+)"', source))
    assert sorted(used - set(CODES)) == []
