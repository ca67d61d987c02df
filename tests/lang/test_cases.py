"""Golden files: what is read, what is refused, and how files are formatted.

`HEURON_REWRITE=1` rewrites the expected files, to be read in review.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from heuron.diagnostics import render
from heuron.lang import ast
from heuron.lang.parser import parse
from heuron.lang.printer import format_text

CASES = Path(__file__).parents[1] / "cases"
REWRITE = os.environ.get("HEURON_REWRITE") == "1"


def rule_files(folder: str) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in sorted((CASES / folder).glob("*.rules"))]


def read(path: Path) -> str:
    # Line ends are part of some cases.
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def expected(path: Path, actual: str) -> str:
    if REWRITE:
        path.write_text(actual, encoding="utf-8", newline="")
    return read(path)


def as_data(value: object) -> object:
    """Return a tree as JSON data, each node with its kind and the fields that say something."""
    if isinstance(value, tuple):
        return [as_data(one) for one in value]
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if not isinstance(value, ast.Node):
        return value
    shown: dict[str, object] = {"node": type(value).__name__}
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name in ("span", "path") or content is None or content is False or content == ():
            continue
        shown[field.name] = as_data(content)
    return shown


@pytest.mark.parametrize("path", rule_files("syntax/valid"))
def test_valid_text_gives_its_tree(path: Path) -> None:
    file, diagnostics = parse(read(path), path.name)
    assert diagnostics == ()
    actual = json.dumps(as_data(file), indent=1, ensure_ascii=False) + "\n"
    assert expected(path.with_suffix(".ast.json"), actual) == actual


@pytest.mark.parametrize("path", rule_files("syntax/invalid"))
def test_invalid_text_gives_its_diagnostics(path: Path) -> None:
    _, diagnostics = parse(read(path), path.name)
    actual = "".join(render(one) + "\n" for one in diagnostics)
    assert expected(path.with_suffix(".diag"), actual) == actual
    assert diagnostics


@pytest.mark.parametrize("path", [*rule_files("format"), *rule_files("syntax/valid")])
def test_formatting_gives_the_canonical_form(path: Path) -> None:
    actual, diagnostics = format_text(read(path), path.name)
    assert diagnostics == ()
    assert actual is not None
    assert expected(path.with_suffix(".formatted"), actual) == actual
    assert (actual, ()) == format_text(actual, path.name)


@pytest.mark.parametrize("path", rule_files("language"))
def test_the_examples_are_read_and_formatted(path: Path) -> None:
    text = read(path)
    file, diagnostics = parse(text, path.name)
    assert diagnostics == ()
    assert file.items
    formatted, diagnostics = format_text(text, path.name)
    assert diagnostics == ()
    assert formatted is not None
    assert parse(formatted, path.name)[0] == file
