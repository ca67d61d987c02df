"""Hostile texts get an answer or a diagnostic, never a crash, and soon."""

from __future__ import annotations

import pytest

from heuron.lang import ast
from heuron.lang.parser import parse
from heuron.lang.printer import format_text

MANY = 10_000

TOO_DEEP = {
    "brackets": "let x = " + "(" * MANY + "1" + ")" * MANY,
    "lists": "let x = " + "[" * MANY + "]" * MANY,
    "not": "let x = " + "not " * MANY + "y",
    "not, as a condition": "rule r:\n    when " + "not " * MANY + "T(x)\n    then halt",
    "minus": "let x = " + "-" * MANY + "1",
    "differences": "let x = " + " - ".join(["1"] * MANY),
    "attributes": "let x = a" + ".b" * MANY,
    "attributes of a call": "let x = a()" + ".b" * MANY,
    "calls": "let x = " + "f(" * 90 + "-" * 90 + "1" + ")" * 90,
    "lists of lists": "type T:\n    x: " + "list of " * MANY + "text",
    "blocks": "rule r:\n    when:\n"
    + "".join("  " * depth + "either:\n" for depth in range(4, 300)),
    "a hole": 'rule r:\n    then because "{' + "-" * MANY + '1}"',
    "brackets in a hole": 'rule r:\n    then because "{' + "(" * MANY + '1}"',
}


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP)
def test_nesting_ends_at_a_hundred(text: str) -> None:
    file, diagnostics = parse(text + "\nlet last = 1")
    assert [one.code for one in diagnostics] == ["too-deep"]
    assert len(file.items) == 1


@pytest.mark.parametrize("operator", ["+", "*", "and", "or", "<"])
def test_long_chains_are_flat(operator: str) -> None:
    file, diagnostics = parse("let x = " + f" {operator} ".join(["y"] * 20_000))
    assert diagnostics == ()
    let = file.items[0]
    assert isinstance(let, ast.Let)
    assert isinstance(let.value, ast.Arithmetic | ast.And | ast.Or | ast.Comparison)


def test_ninety_levels_are_fine_everywhere() -> None:
    text = "let x = " + "-(1 + " * 45 + "1" + ")" * 45
    file, diagnostics = parse(text)
    assert diagnostics == ()
    assert len(repr(file)) > 1000
    assert format_text(text)[0] is not None


@pytest.mark.parametrize(
    "text",
    [
        'let x = "' + "a" * 1_000_000 + '"',
        'let x = "' + "\\n" * 100_000 + '"',
        "# " + "a" * 1_000_000,
        "\n" * 100_000 + "let x = 1",
    ],
    ids=["text", "escapes", "comment", "lines"],
)
def test_size_alone_is_no_mistake(text: str) -> None:
    assert parse(text)[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        'let x = "' + "a" * 1_000_000,
        "let x = " + "9" * 100_000,
        "let x = \0",
        "\0" * 1000,
        "(" * 100_000,
        ")" * 100_000,
        '"' * 99_999,
        "a\n" * 10_000,
        bytes(range(256)).decode("latin-1") * 100,
        bytes(range(256)).decode("utf-8", "surrogateescape") * 100,
        "\ud800 = \udfff",
    ],
    ids=["text", "digits", "nul", "nuls", "open", "close", "quotes", "names", "all", "raw", "half"],
)
def test_junk_gives_a_diagnostic(text: str) -> None:
    file, diagnostics = parse(text)
    assert file.items == ()
    assert diagnostics
    assert all(str(one) for one in diagnostics)
