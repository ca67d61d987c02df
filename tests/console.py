"""Console transcripts: read them from text, run their commands, compare what they print.

    $ heuron check rules/fruit.rules
    what it prints, stdout and stderr together; `…` stands for anything within a line
    [exit 1]

Commands run in this process. Only `heuron` is known, with `< file` for its stdin; `cat FILE` and
`cd FOLDER` help to tell a story.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from heuron.cli.app import main

__all__ = ["Step", "matches", "read_transcript", "run"]


@dataclass(frozen=True)
class Step:
    """One command of a transcript, and what it is to print."""

    command: str
    expected: str
    line: int


def read_transcript(text: str, first_line: int = 1) -> list[Step]:
    """Return the steps of a transcript. Lines before the first command are a comment."""
    steps: list[Step] = []
    command, start = "", 0
    shown: list[str] = []
    for number, line in enumerate(text.splitlines(), first_line):
        if line.startswith("$ "):
            if command:
                steps.append(Step(command, "\n".join(shown).rstrip(), start))
            command, start, shown = line[2:], number, []
        elif command.endswith("\\"):
            command = command[:-1] + line.strip()
        else:
            shown.append(line)
    if command:
        steps.append(Step(command, "\n".join(shown).rstrip(), start))
    return steps


def run(command: str) -> str:
    """Return what a command prints; `[exit N]` follows when N is not 0."""
    words = shlex.split(command, comments=True)
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8").rstrip()
    assert words[0] == "heuron", f"a transcript cannot run {words[0]}"
    given = ""
    if "<" in words:
        given = Path(words[words.index("<") + 1]).read_text(encoding="utf-8")
        words = words[: words.index("<")]
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = main(words[1:])
    finally:
        sys.stdin = stdin
    text = printed.buffer.getvalue().decode().rstrip()  # type: ignore[attr-defined]
    text = VARYING.sub(r"\1…", text)
    return f"{text}\n[exit {code}]".lstrip("\n") if code else text


VARYING = re.compile(r'("elapsed_us": |"today": )(?:[\d.]+|"[\d-]+")')
"""Times and the day, which are different in every run."""


def matches(expected: str, actual: str) -> bool:
    """Whether what was printed is what a transcript shows; `…` stands for anything in a line."""
    if expected == actual:
        return True
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return "…" in expected and re.fullmatch(pattern, actual) is not None
