"""Write the reference pages that are made from code, or check that they are up to date.

    python docs/generate.py            write docs/reference/cli.md and diagnostics.md
    python docs/generate.py --check    write nothing; leave with 1 when a page differs
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Made by docs/generate.py: edit the code, not this page. -->\n\n"


def help_of(*arguments: str) -> str:
    """Return what a command prints for --help, as on a terminal of 100 columns."""
    from heuron.cli.app import main

    os.environ["COLUMNS"] = "100"
    os.environ["TERMINAL_WIDTH"] = "100"
    caught = io.StringIO()
    with redirect_stdout(caught):
        main([*arguments, "--help"])
    return "\n".join(line.rstrip() for line in caught.getvalue().strip().splitlines())


def cli_page() -> str:
    """Return the reference of the command line."""
    from heuron.cli.app import COMMANDS, program_of

    parts = [
        "# The command line\n\n",
        NOTICE,
        "Results go to stdout, everything else to stderr. Every command that has `--json` prints"
        " objects that start with `format` and `command`; [json.md](json.md) describes them.\n\n",
        "| exit code | meaning |\n|---|---|\n",
        "| 0 | all went well |\n",
        "| 1 | errors were found |\n",
        "| 2 | the command was written wrongly |\n",
        "| 3 | a run met one of its limits |\n",
        "| 4 | it ran, and the answer is no: a test failed, nobody answered under `--strict` |\n",
        f"\n```text\n{help_of()}\n```\n",
    ]
    for name in COMMANDS:
        parts.append(f"\n## heuron {name}\n\n```text\n{help_of(name)}\n```\n")
        parts += [
            f"\n### heuron {name} {inner}\n\n```text\n{help_of(name, inner)}\n```\n"
            for inner in program_of(name)
        ]
    return "".join(parts)


def diagnostics_page() -> str:
    """Return the reference of diagnostic codes."""
    from heuron.codes import CODES

    parts = [
        "# Diagnostics\n\n",
        NOTICE,
        "Every message has a code, a place where there is one, and a hint where one is known.\n",
    ]
    for name, code in sorted(CODES.items()):
        parts.append(f"\n## {name}\n\n{code.title}.\n\n{code.explanation}\n")
        if code.example:
            # Not a `rules` block: those are parsed by a test, and these are wrong on purpose.
            parts.append(f"\n```text\n{code.example}\n```\n")
    return "".join(parts)


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli_page, "diagnostics.md": diagnostics_page}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check compare them."""
    stale = []
    for name, make in PAGES.items():
        path = REFERENCE / name
        wanted = make()
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present == wanted:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(wanted, encoding="utf-8")
    if "--check" in arguments and stale:
        names = ", ".join(f"docs/reference/{name}" for name in stale)
        print(f"out of date: {names}. Run: python docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
