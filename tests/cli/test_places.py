"""Places where little may be written: a project and a home to read only, or no home at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ASK = ["ask", "iris", "petal_length=1.4", "petal_width=0.2"]
PLAIN = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
"""Root may write anywhere, so it gives its powers up."""

pytestmark = pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="needs POSIX permissions",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which nothing may be written."""
    folder = tmp_path / "project"
    (folder / "rules").mkdir(parents=True)
    shutil.copy(ROOT / "rules" / "iris.rules", folder / "rules")
    shutil.copytree(ROOT / "models" / "iris", folder / "models" / "iris")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "home").mkdir(mode=0o555)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


@pytest.fixture(params=["may be read", "is not there", "is not set"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that has nearly nothing."""
    found = {"PATH": os.environ.get("PATH", "")}
    if request.param == "may be read":
        found["HOME"] = str(tmp_path / "home")
    if request.param == "is not there":
        found["HOME"] = str(tmp_path / "home" / "none" / "deeper")
    if request.param == "is not set":  # the account's own home is none of a test's business
        found |= {
            name: str(tmp_path / "home" / "x") for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME")
        }
    return found


def run(project: Path, home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    powers = PLAIN if os.geteuid() == 0 else []
    return subprocess.run(
        [*powers, sys.executable, "-m", "heuron", *words],
        cwd=project, env=home, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_commands_answer_where_nothing_may_be_written(project: Path, home: dict[str, str]) -> None:
    before = sorted(map(str, project.parent.rglob("*")))
    for via in ("rules", "tree", "dispatch"):
        done = run(project, home, *ASK, "--via", via)
        assert (done.returncode, done.stderr) == (0, "")
        assert "setosa" in done.stdout
    for words in (["models", "verify", "iris"], ["models", "show", "iris", "tree"], ["ledger"]):
        done = run(project, home, *words)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert sorted(map(str, project.parent.rglob("*"))) == before


@pytest.mark.parametrize(
    "words",
    [
        ["models", "select", "iris", "tree"],
        ["models", "remove", "iris", "tree"],
        ["models", "export", "iris", "tree"],
        ["train", "iris", "tree"],
    ],
    ids=" ".join,
)
def test_what_must_write_says_where_it_cannot(
    project: Path, tmp_path: Path, words: list[str]
) -> None:
    before = sorted(map(str, tmp_path.rglob("*")))
    home = {"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path / "home")}
    done = run(project, home, *words)
    assert done.returncode == 1
    assert "ermission denied" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(map(str, tmp_path.rglob("*"))) == before
