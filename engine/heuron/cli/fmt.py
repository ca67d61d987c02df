"""`heuron fmt`: print rule files in the one form, keeping comments and meaning."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from heuron.cli import exits
from heuron.cli.render import note, print_diagnostics, print_json, say

__all__ = ["fmt"]


def fmt(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE", help="Rule files, or - for stdin to stdout; all of rules/ by default."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the files that would change.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Write rule files in the one form; comments and meaning stay."""
    from heuron.cli.opening import listed_files
    from heuron.diagnostics import Diagnostic
    from heuron.knowledge.sources import decoded, read_text
    from heuron.lang.printer import format_text

    found: list[Diagnostic] = []
    changed: list[str] = []
    named = list(files) if files else listed_files()
    for file in named:
        if file == "-":
            text = decoded(sys.stdin.buffer.read(), "stdin")
        else:
            text = read_text(file)
        formatted, diagnostics = format_text(text, file)
        found += diagnostics
        if formatted is None:
            continue
        if formatted != text:
            changed.append(file)
        if file == "-" and not check:
            sys.stdout.write(formatted)
        elif formatted != text and not check:
            _replace(file, formatted)
    if json:
        body = {"files": named, "changed": changed}
        print_json("fmt", {**body, "diagnostics": [one.to_dict() for one in found]})
    else:
        print_diagnostics(found)
        for file in changed if check else ():
            say(f"would change {file}")
        if check and changed:
            note(f"{len(changed)} of {len(named)} files would change: run `heuron fmt`")
    return exits.ERRORS if found or (check and changed) else exits.GOOD


def _replace(file: str, text: str) -> None:
    """Write a file whole or not at all, with the rights that it had."""
    temporary = f"{file}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, os.stat(file).st_mode & 0o7777)
        os.replace(temporary, os.path.realpath(file))
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
