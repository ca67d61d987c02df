"""Golden files: every diagnostic of the checks, whole, as a user reads it.

`HEURON_REWRITE=1` rewrites the expected files, to be read in review.
"""

from __future__ import annotations

import csv
import inspect
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest

from heuron.check import Environment, analyse
from heuron.check.tree import INTEGER, NUMBER, HostFunction
from heuron.codes import CODES
from heuron.diagnostics import Diagnostic, RuleError, Severity, render

CASES = Path(__file__).parents[1] / "cases"
REWRITE = os.environ.get("HEURON_REWRITE") == "1"


def place(path: str, using: str) -> str:
    shown = os.path.normpath(PurePosixPath(using).parent / path)
    if shown.startswith(".."):
        message = f'"{path}" is outside the project\'s folder.'
        raise RuleError(Diagnostic(Severity.ERROR, "outside-project", message))
    return shown


def read(path: str, using: str) -> tuple[str, str]:
    shown = place(path, using)
    return shown, (CASES / "check" / shown).read_text(encoding="utf-8")


def read_table(path: str, using: str) -> list[list[str]]:
    with (CASES / "check" / place(path, using)).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


ENVIRONMENT = Environment(
    models=frozenset({"forest", "net"}),
    functions={"score": HostFunction((INTEGER,), NUMBER)},
    read=read,
    read_table=read_table,
)


def rendered(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(f"{render(one)}\n" for one in diagnostics)


@pytest.mark.parametrize(
    "path", sorted((CASES / "check").glob("*.rules")), ids=lambda one: one.stem
)
def test_diagnostics_are_as_recorded(path: Path) -> None:
    base, diagnostics = analyse(path.read_text(encoding="utf-8"), path.name, ENVIRONMENT)
    actual = rendered(diagnostics)
    recorded = path.with_suffix(".diag")
    if REWRITE:
        recorded.write_text(actual, encoding="utf-8")
    assert recorded.read_text(encoding="utf-8") == actual
    assert (base is None) == any(one.is_error for one in diagnostics)
    assert {one.code for one in diagnostics} <= set(CODES)


def test_every_code_of_the_checks_has_a_case() -> None:
    recorded = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("check/*.diag"))
    folder = Path(inspect.getfile(Environment)).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    # What a module exports may have the name of another layer's code.
    sources = re.sub(r"__all__ = \[[^\]]*\]", "", sources)
    # A file that cannot be read needs a disk that fails; see test_files.
    wanted = [code for code in CODES if f'"{code}"' in sources and code != "file"]
    assert [code for code in wanted if f"[{code}]" not in recorded] == []


@pytest.mark.parametrize("folder", ["language", "check"])
def test_good_files_check_clean(folder: str) -> None:
    for path in sorted((CASES / folder).glob("*.rules")):
        if folder == "check" and path.stem != "safe":
            continue
        environment = Environment(
            models=frozenset({"forest", "credit_net"}),
            read=lambda name, _: (name, (CASES / "language" / name).read_text(encoding="utf-8")),
        )
        _, diagnostics = analyse(path.read_text(encoding="utf-8"), path.name, environment)
        assert rendered(diagnostics) == ""


def test_without_models_an_unknown_one_is_a_warning() -> None:
    text = (CASES / "language" / "cancer.rules").read_text(encoding="utf-8")
    base, diagnostics = analyse(text, "cancer.rules")
    assert base is not None
    assert [(one.code, one.severity) for one in diagnostics] == [
        ("unknown-model", Severity.WARNING)
    ]
