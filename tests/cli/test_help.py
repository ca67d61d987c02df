"""What `--help` says of each command, and what is said where there is nothing to do."""

from __future__ import annotations

import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from heuron.cli.app import COMMANDS, main
from heuron.cli.examples import EXAMPLES
from heuron.cli.program import program

LINES = [
    (command, line)
    for command, lines in EXAMPLES.items()
    for line in lines
    if command.split()[0] in COMMANDS
]


@pytest.mark.parametrize(("command", "line"), LINES, ids=[line for _, line in LINES])
def test_an_example_is_a_call_of_its_command(command: str, line: str) -> None:
    words = shlex.split(line)
    assert words[: 1 + len(command.split())] == ["heuron", *command.split()]
    assert words[1] in COMMANDS
    called: Any = get_command(program((words[1],)))
    rest = words[1:]
    while hasattr(called, "resolve_command"):
        context = called.make_context(rest[0], rest, resilient_parsing=True)
        _, called, rest = called.resolve_command(context, rest)
    # Wrong words are an error here, of a kind that says which.
    assert called.make_context(command, rest).command is called


def test_every_command_has_an_example() -> None:
    missing = []
    for name in COMMANDS:
        module = import_module(f"heuron.cli.{name}")
        inner = module.app.registered_commands if hasattr(module, "app") else ()
        missing += [f"{name} {one.name}" for one in inner if f"{name} {one.name}" not in EXAMPLES]
        if not inner and name not in EXAMPLES:
            missing.append(name)
    assert missing == []


def test_help_ends_with_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.rstrip().splitlines()[-3:] == [
        "  Examples:",
        "    heuron fmt rules/fruit.rules",
        "    heuron fmt --check rules/*.rules",
    ]


@pytest.mark.parametrize("command", ["check", "fmt", "test"])
def test_without_rule_files_it_says_so(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever asks for all files and has none must not be told that all is well."""
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 1
    assert capsys.readouterr().err.startswith("error[not-found]: There is no rule file in rules/")


def test_new_without_a_target_lists_the_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.csv").write_text("weight,kind\n1,a\n", encoding="utf-8")
    assert main(["new", "cases.csv"]) == 2
    assert "Give --target COLUMN, one of weight, kind." in capsys.readouterr().err
