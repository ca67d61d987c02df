"""The short way to a command's arguments means what Typer means, or leaves it to Typer."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest
import typer

from heuron.cli.app import COMMANDS
from heuron.cli.quick import quick_arguments


def by_typer(command: Any, words: list[str]) -> dict[str, Any]:
    """Return the arguments that Typer gives to a command."""
    caught: dict[str, Any] = {}
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    def catching(**arguments: Any) -> None:
        caught.update(arguments)

    parameters = inspect.signature(command, eval_str=True)
    catching.__signature__ = parameters  # type: ignore[attr-defined]
    catching.__annotations__ = {name: one.annotation for name, one in parameters.parameters.items()}
    app.command()(catching)
    app(words, standalone_mode=False)
    return caught


def command(name: str) -> Any:
    return getattr(import_module(f"heuron.cli.{name}"), name)


@pytest.mark.parametrize(
    "line",
    [
        "ask cancer",
        "ask cancer a=1 b=2 --via rules",
        "ask cancer --via=all a=1 --why b=2 --json",
        "ask cancer --what-if a=1 --what-if b=2 x=-1",
        "ask cancer --file - --out x.csv --strict",
        "ask cancer --fact Loan(amount=3) --today 2026-11-24 --goal T.f --why-not x",
        "check",
        "check a b --json",
        "fmt - --check",
        "test --coverage a",
        "domains --json",
        "plan x --source",
        "train cancer logistic forest --data x.csv",
        "describe loan",
    ],
)
def test_it_means_what_typer_means(line: str) -> None:
    name, *words = line.split()
    assert quick_arguments(command(name), words) == by_typer(command(name), words)


@pytest.mark.parametrize(
    "line",
    [
        "ask",
        "ask cancer --help",
        "ask cancer --viaa rules",
        "ask cancer --via",
        "ask cancer --via --why",
        "ask cancer --why=yes",
        "ask cancer -- --via",
        "ask cancer -v",
        "describe",
        "describe a b",
        "run x --limit 3",
    ],
)
def test_what_it_does_not_know_is_left_to_typer(line: str) -> None:
    name, *words = line.split()
    assert quick_arguments(command(name), words) is None


def test_every_command_has_help_for_all_it_takes() -> None:
    from typing import get_args, get_type_hints

    silent = []
    for name in COMMANDS:
        module = import_module(f"heuron.cli.{name}")
        inner = (
            [one.callback for one in module.app.registered_commands]
            if hasattr(module, "app")
            else [getattr(module, name)]
        )
        for function in inner:
            assert function.__doc__, name
            for parameter, hint in get_type_hints(function, include_extras=True).items():
                if parameter != "return" and not get_args(hint)[1].help:
                    silent.append(f"{name} {parameter}")
    assert silent == []
