"""Printing single nodes, as explanations, induced rules and reports do."""

from __future__ import annotations

import pytest

from heuron.lang import ast
from heuron.lang.parser import parse, parse_expression
from heuron.lang.printer import (
    format_text,
    print_action,
    print_condition,
    print_expression,
    print_file,
    print_item,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((a))", "a"),
        ("(a + b) + c", "(a + b) + c"),
        ("a + (b + c)", "a + (b + c)"),
        ("(a - b) - c", "a - b - c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a * b) / c", "a * b / c"),
        ("a / (b * c)", "a / (b * c)"),
        ("(a * b) + c", "a * b + c"),
        ("-(a + b)", "-(a + b)"),
        ("(-a) * b", "-a * b"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("(a or b) or c", "(a or b) or c"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) and b", "not a and b"),
        ("not a == b", "not (a == b)"),
        ("(a < b) == c", "(a < b) == c"),
        ("(a + b).c", "(a + b).c"),
        ("x in (1 + 2)..3", "x in 1 + 2..3"),
        ("12_000 + 1E3 + 0.10", "12_000 + 1E3 + 0.10"),
    ],
)
def test_brackets_are_as_few_as_possible(text: str, expected: str) -> None:
    expression, diagnostics = parse_expression(text)
    assert diagnostics == ()
    assert expression is not None
    assert print_expression(expression) == expected
    assert parse_expression(expected)[0] == expression


def test_nodes_made_by_programs() -> None:
    pattern = ast.Pattern(
        "t",
        "Tumour",
        (
            ast.SlotBinding("age", "a"),
            ast.SlotTest(ast.Comparison(ast.Name("r"), ((">", ast.Literal(16.8)),))),
        ),
    )
    action = ast.Conclude("t", "diagnosis", ast.Name("malignant"), ast.Literal(0.95))
    rule = ast.Rule("large", "Large", None, (pattern,), (action,))
    assert print_condition(pattern) == "t: Tumour(age: a, r > 16.8)"
    assert print_action(action) == "conclude t.diagnosis = malignant, certainty 0.95"
    expected = (
        'rule large "Large":\n'
        "    when t: Tumour(age: a, r > 16.8)\n"
        "    then conclude t.diagnosis = malignant, certainty 0.95"
    )
    assert print_item(rule) == expected
    assert print_file(ast.File("", (rule, rule))) == f"{expected}\n\n{expected}\n"
    assert parse(expected)[0].items == (rule,)


def test_either_takes_lines() -> None:
    branch: tuple[ast.Condition, ...] = (ast.TestCondition(ast.Name("a")),)
    condition = ast.EitherCondition((branch, branch))
    assert print_condition(condition) == "either:\n    a\nor:\n    a"


def test_a_file_with_a_mistake_is_not_formatted() -> None:
    formatted, diagnostics = format_text("let x = 3\nlet y =\n")
    assert formatted is None
    assert [one.line for one in diagnostics] == [2]


def test_nothing_is_formatted_to_nothing() -> None:
    assert format_text("\n\n") == ("", ())
    assert format_text("# a") == ("# a\n", ())
