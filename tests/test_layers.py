"""What may be imported where: the layers, and what `import heuron` must not pull in."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "sklearn", "joblib", "lark", "pandas", "pyarrow", "rich")


def loaded_by(code: str) -> list[str]:
    """Return which heavy packages a fresh interpreter holds after running `code`."""
    tail = f"; import sys; print(*[one for one in {HEAVY!r} if one in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return run.stdout.split("\n")[-2].split()


def test_imports_run_downwards() -> None:
    """The contract in pyproject.toml holds; a breach is named with module and line."""
    pytest.importorskip("importlinter")
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert lint_imports(cache_dir=None) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(
    "code",
    [
        "import heuron",
        "from heuron import *",
        "import heuron.cli.app",
        "import heuron.cli.app as a, heuron.cli.program as p; p.program(a.COMMANDS)",
    ],
)
def test_importing_pulls_in_nothing_heavy(code: str) -> None:
    assert loaded_by(code) == []
