"""Write the reference pages that are made from code, or check that they are up to date.

python docs/generate.py            write docs/reference/cli.md and diagnostics.md
python docs/generate.py --check    write nothing; leave with 1 when a page differs
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import get_args, get_type_hints

from typer.models import ArgumentInfo

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Made by docs/generate.py: edit the code, not this page. -->\n\n"


def commands() -> Iterator[tuple[str, Callable[..., int]]]:
    """Yield every command with the words that call it, in the order of --help."""
    from heuron.cli.app import COMMANDS

    for name in COMMANDS:
        module = import_module(f"heuron.cli.{name}")
        if not hasattr(module, "app"):
            yield name, getattr(module, name)
            continue
        for inner in module.app.registered_commands:
            yield f"{name} {inner.name}", inner.callback


def parameters(command: Callable[..., int]) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what a command takes: how it is written, its help, its default, whether an option."""
    defaults = {one.name: one.default for one in signature(command).parameters.values()}
    for name, hint in get_type_hints(command, include_extras=True).items():
        if name == "return":
            continue
        kind, info = get_args(hint)
        default = defaults[name]
        shown = "" if default in (None, False, signature(command).empty) else str(default)
        several = kind in (list[str], list[str] | None)
        if isinstance(info, ArgumentInfo):
            word = info.metavar or name.upper()
            word += "..." if several else ""
            yield (
                word if default is signature(command).empty else f"[{word}]",
                info.help or "",
                shown,
                False,
            )
        else:
            # Within `Annotated` the first word of an option stands where a default would.
            own = info.default if str(info.default).startswith("--") else None
            spelled = own or (info.param_decls or (f"--{name.replace('_', '-')}",))[0]
            value = "" if kind is bool else f" {info.metavar or 'NUMBER'}"
            help_text = (info.help or "") + (" May be given several times." if several else "")
            yield f"{spelled}{value}", help_text, shown, True


def cli_page() -> str:
    """Return the reference of the command line, from the commands' own definitions."""
    from heuron.cli.examples import EXAMPLES

    parts = [
        "# The command line\n\n",
        NOTICE,
        "Results go to stdout, everything else to stderr.\n",
        "Every command that has `--json` prints objects that start with `format` and `command`;",
        " [json.md](json.md) describes them.\n",
        "`heuron COMMAND --help` says what stands here.\n\n",
        "| exit code | meaning |\n|---|---|\n",
        "| 0 | all went well |\n",
        "| 1 | errors were found |\n",
        "| 2 | the command was written wrongly |\n",
        "| 3 | a run met one of its limits |\n",
        "| 4 | it ran, and the answer is no: a test failed, nobody answered under `--strict` |\n",
        "\n| variable | meaning |\n|---|---|\n",
        "| `HEURON_CACHE` | the folder for compiled programs; `off` for none |\n",
        "| `HEURON_LEDGER` | the folder of the ledger; `off` for none |\n",
        "| `HEURON_TRUST` | the list of joblib files that may be loaded |\n",
        "| `NO_COLOR` | when set, no bold type |\n",
    ]
    for name, command in commands():
        takes = list(parameters(command))
        words = [word for word, _, _, is_option in takes if not is_option]
        options = " [OPTIONS]" if any(one[3] for one in takes) else ""
        parts.append(f"\n## heuron {name}\n\n{(command.__doc__ or '').strip()}\n\n")
        parts.append(f"```text\nheuron {' '.join([name, *words])}{options}\n```\n\n")
        parts.append("| | |\n|---|---|\n")
        for word, help_text, default, _ in takes:
            end = f" Default: {default}." if default else ""
            own = word[1:-1] if word.startswith("[") and word.endswith("]") else word
            cell = own.replace("|", "\\|")
            parts.append(f"| `{cell}` | {help_text}{end} |\n")
        if name in EXAMPLES:
            lines = "\n".join(EXAMPLES[name])
            parts.append(f"\nFor example:\n\n```sh\n{lines}\n```\n")
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
