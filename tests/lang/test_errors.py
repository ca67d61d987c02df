"""Mistakes: one diagnostic each, in the right place, and nothing else is lost."""

from __future__ import annotations

import pytest

from heuron.diagnostics import Diagnostic
from heuron.lang.parser import parse, parse_expression

GOOD = "rule good:\n    when t: T(x > 1)\n    then retract t\n"


def only(text: str) -> Diagnostic:
    _, diagnostics = parse(text, "f.rules")
    assert len(diagnostics) == 1
    return diagnostics[0]


def test_two_mistakes_give_two_diagnostics() -> None:
    bad = "rule bad:\n    when t: T(x > )\n    then retract t, t\n"
    file, diagnostics = parse(bad + GOOD + bad.replace("bad", "worse") + GOOD)
    assert [one.line for one in diagnostics] == [2, 8]
    assert len(file.items) == 2


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("rul r:", "Did you mean `rule`?"),
        ("Rule r:", "Did you mean `rule`?"),
        ("let x == 3", "`==` compares; to give a value write `=`."),
        ("let x = .5", "A number begins with a digit: 0.5."),
        ("let x = 3 ** 2", "There is no power operator; multiply."),
        ("let x = 'a'", 'Texts are written in double quotes: "like this".'),
        ("goal T.x, mny", "Did you mean `many`?"),
        ("type T", "Put `:` before the end of the line."),
        ("let true = 3", "`true` is a word of the language and cannot be a name."),
    ],
)
def test_hints(line: str, hint: str) -> None:
    assert only(line + "\n").hint == hint


def test_equals_in_a_pattern() -> None:
    mistake = only("rule r:\n    when T(x = 3)\n    then halt\n")
    assert mistake.hint == "`=` gives a value; to compare write `==`."
    assert (mistake.line, mistake.column) == (2, 14)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n", "\n# a comment\n"])
def test_an_unexpected_end_is_reported_at_the_end(end: str) -> None:
    text = "rule r:\n    when T(x == 3)"
    mistake = only(text + end)
    assert mistake.span is not None
    assert mistake.span.start == len(text)
    assert mistake.message == "The block ends too early; `then` should follow."


def test_an_open_bracket_is_reported_where_it_opens() -> None:
    text = "let x = f(1,\n\n" + GOOD
    mistake = only(text)
    assert (mistake.message, mistake.column) == ("`(` is never closed.", 10)
    assert len(parse(text)[0].items) == 1


def test_a_mistake_before_an_open_bracket_comes_first() -> None:
    assert only("let x 3 + f(1\n").column == 7


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\ufeff", "\r\n\t\n", "   "])
def test_nothing_is_no_mistake(text: str) -> None:
    file, diagnostics = parse(text)
    assert (file.items, diagnostics) == ((), ())


def test_lines_at_the_left_edge_are_one_mistake() -> None:
    text = "rule r:\nwhen T(x == 3)\nthen halt\n\nfacts:\nT(1)\nT(2)\n\n" + GOOD
    file, diagnostics = parse(text)
    assert [one.line for one in diagnostics] == [2, 5]
    assert len(file.items) == 1


def test_every_line_end_and_indentation_is_read_alike() -> None:
    expected = parse(GOOD + "let x = 3")[0]
    for other in (
        GOOD.replace("\n", "\r\n") + "let x = 3",
        "\ufeff" + GOOD + "let x = 3",
        GOOD.replace("    ", "\t") + "let x = 3\n",
        GOOD.replace("    ", "  ") + "\n\n\nlet x =\t3   # three",
        GOOD.replace(" > ", "\u00a0>\u00a0") + "let x = 3",
        GOOD.replace("T(x > 1)", "T(\nx\n>\n1\n)") + "let x = 3",
    ):
        assert parse(other) == (expected, ())


def test_letters_are_normalised_in_names() -> None:
    composed, decomposed = "let caf\u00e9 = 3", "let cafe\u0301 = 3"
    assert parse(composed)[0] == parse(decomposed)[0]


@pytest.mark.parametrize("text", ["1 +", "", "x y", "1\nlet x = 3", "(", "[1", '"a', "Loan(a: b)"])
def test_a_bad_expression_gives_one_diagnostic(text: str) -> None:
    expression, diagnostics = parse_expression(text, "x")
    assert expression is None
    assert len(diagnostics) == 1
    assert diagnostics[0].line is not None


def test_an_expression_alone() -> None:
    expression, diagnostics = parse_expression("a.b + 3 * (c - 1)")
    assert diagnostics == ()
    assert expression is not None
    assert (expression.span.start, expression.span.end) == (0, 17)
