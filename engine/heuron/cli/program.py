"""The Typer program: every command with its options, for help, completion and doubtful words."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from heuron.cli.examples import example_text

__all__ = ["program"]

ABOUT = "Rules that people write and models that scikit-learn learns, behind one question."


def program(names: Sequence[str]) -> typer.Typer:
    """Return the Typer program with these commands; only their modules are imported."""
    app = typer.Typer(
        name="heuron",
        help=ABOUT,
        no_args_is_help=True,
        add_completion=len(names) > 1,
        # Rich is slow to import, and Heuron never shows a traceback.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name in names:
        module = import_module(f"heuron.cli.{name}")
        if hasattr(module, "app"):
            for one in module.app.registered_commands:
                one.epilog = example_text(f"{name} {one.name}")
            app.add_typer(module.app, name=name)
        else:
            app.command(name, epilog=example_text(name))(getattr(module, name))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from heuron import __version__

        typer.echo(f"heuron {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    del version  # its callback has done everything


_options.__doc__ = ABOUT
