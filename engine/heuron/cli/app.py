"""The command `heuron`: finds the command that was called, runs it, and shows what went wrong.

Owns the list of commands and the last resort for errors. Only the module of the command that is
called is imported, so that `heuron ask` starts quickly; `--help` imports all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from heuron.cli import exits

if TYPE_CHECKING:
    from heuron.diagnostics import Diagnostic

__all__ = ["COMMANDS", "main"]

COMMANDS: Final = (
    "ask",
    "domains",
    "describe",
    "check",
    "fmt",
    "test",
    "run",
    "plan",
    "new",
    "induce",
    "train",
    "tune",
    "optimise",
    "models",
    "compare",
    "ledger",
)
"""The commands in the order of `--help`; `heuron.cli.<name>` holds the function `<name>`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error becomes a message.

    Args:
        arguments: What follows `heuron`; by default the process's own.
    """
    argv = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(argv)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _forget_stdout()
        return exits.PIPE_CLOSED
    except KeyboardInterrupt:
        return exits.INTERRUPTED


def _run(argv: list[str]) -> int:
    name = next((one for one in argv if not one.startswith("-")), "")
    import typer

    try:
        # A shell that asks for completions needs to know all commands.
        completing = "_HEURON_COMPLETE" in os.environ
        if name in COMMANDS and argv[0] == name and not completing:
            result = _at_once(name, argv[1:])
            if result is not None:
                return result
        from heuron.cli.program import program

        app = program((name,) if name in COMMANDS and not completing else COMMANDS)
        result = app(argv, prog_name="heuron", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(name, argv, error.format_message())
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return _failed(name, argv, error)
    return result if isinstance(result, int) else exits.GOOD


def _at_once(name: str, words: list[str]) -> int | None:
    """Run a command whose words leave no doubt; None: they do, and Typer is to read them."""
    from heuron.cli.quick import quick_arguments

    module = import_module(f"heuron.cli.{name}")
    if hasattr(module, "app"):
        return None
    command: Callable[..., int] = getattr(module, name)
    arguments = quick_arguments(command, words)
    return None if arguments is None else command(**arguments)


def _wrong_usage(name: str, argv: list[str], message: str) -> int:
    from heuron.cli.render import print_error
    from heuron.diagnostics import Diagnostic, Severity, sentence

    if not argv:
        print(message)
        return exits.USAGE
    hint = f"Try `heuron {name} --help`." if name in COMMANDS else "Try `heuron --help`."
    diagnostic = Diagnostic(Severity.ERROR, "usage", sentence(message), hint=hint)
    print_error(name, [diagnostic], as_object="--json" in argv)
    return exits.USAGE


def _failed(name: str, argv: list[str], error: Exception) -> int:
    """Show an error that a command did not expect; the exit code says of which kind it is."""
    from heuron.cli.render import print_error
    from heuron.diagnostics import Diagnostic, HeuronError, LimitError, Severity

    as_object = "--json" in argv
    match error:
        case HeuronError():
            print_error(name, error.diagnostics, as_object=as_object)
            if isinstance(error, LimitError):
                return exits.LIMIT
            return exits.USAGE if error.diagnostics[0].code == "usage" else exits.ERRORS
        case OSError() if error.filename is not None:
            reason = (error.strerror or str(error)).lower()
            found = Diagnostic(
                Severity.ERROR, "file", f'"{error.filename}" cannot be used: {reason}.'
            )
        case _:
            found = _internal(error)
    print_error(name, [found], as_object=as_object)
    return exits.ERRORS


def _internal(error: Exception) -> Diagnostic:
    from heuron.diagnostics import Diagnostic, Severity

    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
    what = " ".join(str(error).split())[:300]
    return Diagnostic(
        Severity.ERROR,
        "internal",
        f"Something went wrong inside Heuron: {type(error).__name__}: {what}{place}",
        hint="Please report this, with the command and the file that led to it.",
    )


def _forget_stdout() -> None:
    """Let the interpreter flush its stdout on the way out without a second complaint."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        return
