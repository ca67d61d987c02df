"""One style for everything that is said of mistakes: a capital, a full stop, what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from heuron.codes import CODES
from heuron.diagnostics import sentence

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine" / "heuron"
SHOWN = [
    *sorted((ROOT / "tests" / "cases").rglob("*.diag")),
    *sorted((ROOT / "tests" / "cases" / "cli").glob("*.txt")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
]
SAID = re.compile(r"^(?:\S+: )?(?:error|warning)\[([a-z-]+)\]: (.*)$", re.MULTILINE)
ENDS = (".", "?", "!", "…")
PARTS = ("Refused", "_Inexpressible", "refused", "refused_file")
"""What takes a part of a sentence, and makes a sentence of it or puts it into one."""


def written(node: ast.expr) -> str | None:
    """Return a text as it is written, each `{…}` as one character; None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr():
            parts = [written(one) if isinstance(one, ast.Constant) else "\0" for one in node.values]
            return "".join(filter(None, parts))
        case ast.BinOp(op=ast.Add()):
            return (written(node.left) or "\0") + (written(node.right) or "\0")
    return None


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the messages of a module: the texts that stand after a code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = [one for one in ast.walk(tree) if isinstance(one, ast.Assign)]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") in PARTS:
            continue
        for code, message in zip(call.args, call.args[1:], strict=False):
            if not (isinstance(code, ast.Constant) and code.value in CODES):
                continue
            if isinstance(message, ast.Name):
                # `message = …` just above.
                named = [
                    one
                    for one in values
                    if one.lineno < call.lineno
                    and [getattr(to, "id", "") for to in one.targets] == [message.id]
                ]
                message = max(named, key=lambda one: one.lineno).value if named else message
            text = written(message)
            if text:
                yield call.lineno, text


@pytest.mark.parametrize(
    "path",
    [one for one in sorted(ENGINE.rglob("*.py")) if one.name != "codes.py"],
    ids=lambda one: str(one.relative_to(ENGINE)),
)
def test_a_message_is_a_sentence(path: Path) -> None:
    wrong = [
        f"{path.name}:{line}: {text}"
        for line, text in messages(path)
        if text[0].islower() or not text.endswith((*ENDS, "\0"))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", SHOWN, ids=lambda one: str(one.relative_to(ROOT)))
def test_what_is_shown_ends_like_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [said for _, said in SAID.findall(text) if not said.endswith(ENDS)] == []


def test_titles_of_codes_are_like_headings() -> None:
    wrong = [
        name
        for name, one in CODES.items()
        if (not one.title[0].isupper() and one.title[0] not in "`\"'")
        or one.title.endswith(".")
        or not one.explanation.endswith((".", "`"))
    ]
    assert wrong == []


def test_a_part_becomes_a_sentence() -> None:
    assert sentence("no fact") == "No fact."
    assert sentence("`x` is new.") == "`x` is new."
    assert sentence("did you mean `x`?") == "Did you mean `x`?"
