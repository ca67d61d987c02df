"""No rule file, however made, runs Python code or reads a file that it was not given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import heuron
from attacks import objections
from heuron.plan.general import plan_general
from heuron.plan.record import plan_record

SCRIPT = Path(__file__).with_name("attacks.py")
ROOT = SCRIPT.parent.parent


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process that watched itself saw while it loaded and ran every attack."""
    folder = tmp_path_factory.mktemp("attacked")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HEURON_LEDGER": "off"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_attacks_are_refused_with_diagnostics_or_run_as_what_they_say(report) -> None:
    assert report["odd"] == []
    assert report["refused"] + report["ran"] == report["tried"] > 300
    # Those that are no attack on the grammar must go all the way, or nothing was tried.
    assert min(report["refused"], report["ran"]) > 100


def test_no_file_is_opened_and_no_process_started(report) -> None:
    assert report["bad"] == []
    assert report["left"] == []


def test_generated_source_has_only_names_of_its_own(report) -> None:
    assert report["objections"] == []
    assert report["sources"] > 50


def test_the_watch_sees_what_it_must_see(report) -> None:
    assert report["control"] == [
        "open",
        "os.system",
        "Import",
        "attribute __class__",
        "builtin eval",
        "builtin open",
        "name __builtins__",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.rules")), ids=lambda one: one.stem)
def test_so_has_that_of_the_built_in_rules(path: Path) -> None:
    program = heuron.load(str(path)).engine.program
    sources = [plan_general(program).source]
    if program.single_record:
        sources.append(plan_record(program).source)
    assert [said for one in sources for said in objections(one)] == []
