"""Texts: escapes, and where the holes of `because` and `log` stand."""

from __future__ import annotations

import pytest

from heuron.lang import ast
from heuron.lang.parser import parse
from heuron.lang.texts import is_format
from heuron.values import quote


def template(text: str) -> ast.TextTemplate:
    file, diagnostics = parse(text)
    assert diagnostics == ()
    rule = file.items[0]
    assert isinstance(rule, ast.Rule)
    action = rule.actions[0]
    assert isinstance(action, ast.Because)
    return action.text


def test_holes_point_into_the_file() -> None:
    text = 'rule r:\n    then because "a \\"q\\" {debt:,.0f} of {f(\\"x\\") + i}"\n'
    first, debt, second, total = template(text).parts
    assert (first, second) == ('a "q" ', " of ")
    assert isinstance(debt, ast.Hole)
    assert isinstance(total, ast.Hole)
    assert text[debt.span.start : debt.span.end] == "{debt:,.0f}"
    assert text[debt.expression.span.start : debt.expression.span.end] == "debt"
    assert text[total.expression.span.start : total.expression.span.end] == 'f(\\"x\\") + i'
    assert debt.format == ",.0f"


@pytest.mark.parametrize(
    "form", [",", ".0", ".9", "f", "%", ",.2f", ".1%", ",.0%", "%Y-%m-%d", "%d.%m.%Y %H:%M"]
)
def test_formats(form: str) -> None:
    assert is_format(form)


@pytest.mark.parametrize("form", ["", "d", "08d", ".10f", ">10", "%B", "f,", "--", "s", ".f", "10"])
def test_no_formats(form: str) -> None:
    assert not is_format(form)


@pytest.mark.parametrize("text", ["", 'a"b', "a\\b", "tab\t\r\n", "µ\u2028\x00", "\\n", "{}"])
def test_quoting_is_undone_by_reading(text: str) -> None:
    file, diagnostics = parse(f"data {quote(text)}")
    assert diagnostics == ()
    assert file.items == (ast.Data(text),)


def test_a_regular_expression_is_taken_as_it_stands() -> None:
    file, _ = parse('type T:\n    a: text matching "\\d+\\""\n')
    declaration = file.items[0]
    assert isinstance(declaration, ast.TypeDeclaration)
    assert declaration.fields[0].matching == '\\d+\\"'
