"""What holds for every tree and every text: printing, formatting, spans, and no crash."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heuron.lang import ast
from heuron.lang.build_expressions import as_condition
from heuron.lang.parser import parse, parse_expression
from heuron.lang.printer import format_text, print_expression, print_file

EXAMPLES = [
    path.read_text(encoding="utf-8")
    for folder in ("language", "syntax/valid", "format")
    for path in sorted((Path(__file__).parents[1] / "cases" / folder).glob("*.rules"))
]

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

# Trees. Only those that some text gives: the strategies keep the parser's normal forms.

WORDS = "rule when then for type list unit optional exists forall model rules count because route"
names = st.sampled_from(["a", "b", "income", "x1", "_y", "été", *WORDS.split()])
type_names = st.sampled_from(["T", "Loan", "m.Region", "Été", "T2"])
functions = st.sampled_from(["f", "today", "max", "m.f", "predict"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
titles = st.none() | texts
literals = st.builds(
    ast.Literal,
    st.integers(0, 2**60)
    | st.floats(0, allow_nan=False, allow_infinity=False)
    | st.booleans()
    | texts
    | st.dates(date(1, 1, 1))
    | st.datetimes(datetime(1, 1, 1)).map(lambda one: one.replace(microsecond=0)),
)
atoms = literals | st.builds(ast.Name, names) | st.builds(ast.UnknownLiteral)


def tuples(items: st.SearchStrategy[Any], least: int = 1, most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    compared = (
        st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner)
        | st.tuples(st.sampled_from(["in", "not in"]), inner | st.builds(ast.Range, inner, inner))
        | st.tuples(st.sampled_from(["is", "is not"]), st.builds(ast.UnknownLiteral))
    )
    return st.one_of(
        st.builds(ast.Attribute, inner, names),
        st.builds(ast.Call, functions, tuples(inner, 0)),
        st.builds(ast.ListLiteral, tuples(inner, 0)),
        st.builds(ast.Negative, inner),
        st.builds(ast.Arithmetic, st.sampled_from("+*"), tuples(inner, 2)),
        st.builds(ast.Arithmetic, st.sampled_from(["-", "/", "//", "%"]), pair),
        st.builds(ast.Comparison, inner, tuples(compared, 1, 2)),
        st.builds(ast.Not, inner),
        st.builds(ast.And, tuples(inner, 2)),
        st.builds(ast.Or, tuples(inner, 2)),
        aggregates(inner),
    )


def aggregates(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    functions = st.sampled_from(["sum", "count", "min", "max", "avg", "collect"])
    pattern = patterns(inner)
    conditions = st.tuples(pattern, simple_conditions(inner)) | st.tuples(pattern)
    return st.builds(ast.Aggregate, functions, inner, conditions) | st.builds(
        ast.Aggregate, st.just("count"), st.none(), conditions
    )


def patterns(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    slots = st.builds(ast.SlotBinding, names, names) | st.builds(ast.SlotTest, inner)
    return st.builds(ast.Pattern, st.none() | names, type_names, tuples(slots, 0))


def simple_conditions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tests = st.builds(ast.TestCondition, inner)
    flat = st.one_of(
        patterns(inner),
        tests.filter(lambda one: isinstance(as_condition(one.expression), ast.TestCondition)),
        st.builds(ast.BindCondition, names, inner),
        st.builds(ast.ExistsCondition, patterns(inner)),
    )
    negated = st.builds(
        ast.NotCondition, patterns(inner) | st.builds(ast.ExistsCondition, patterns(inner))
    )
    forall = st.builds(ast.ForallCondition, patterns(inner), flat | negated)
    return flat | negated | forall | st.builds(ast.NotCondition, negated | forall)


expressions = st.recursive(atoms, larger, max_leaves=8)
small = st.recursive(atoms, larger, max_leaves=3)
conditions = simple_conditions(small)
blocks = st.recursive(
    conditions,
    lambda inner: st.builds(ast.EitherCondition, tuples(tuples(inner, 1, 2), 2, 3)),
    max_leaves=5,
)
arguments = st.builds(ast.Argument, st.none() | names, small)
facts = st.builds(ast.FactExpression, st.none() | names, type_names, tuples(arguments, 0))
formats = st.sampled_from([None, ",", ".0", ",.2f", "%", "%Y-%m-%d"])


def joined(parts: list[Any]) -> tuple[Any, ...]:
    """Return the parts of a template with no two texts in a row and no empty text."""
    kept: list[Any] = []
    for part in parts:
        if isinstance(part, str) and kept and isinstance(kept[-1], str):
            kept[-1] += part
        elif part != "":
            kept.append(part)
    return tuple(kept)


templates = st.builds(
    ast.TextTemplate,
    st.lists(texts | st.builds(ast.Hole, small, formats), max_size=4).map(joined),
)
changes = st.builds(ast.Argument, names, small)
actions = st.one_of(
    st.builds(ast.Conclude, names, names, small, st.none() | small),
    st.builds(ast.Derive, facts),
    st.builds(ast.Assert, facts),
    st.builds(ast.Modify, names, tuples(changes)),
    st.builds(ast.Retract, names),
    st.builds(ast.Because, templates),
    st.builds(ast.Log, templates),
    st.builds(ast.Halt),
)
types = st.recursive(
    st.builds(ast.NamedType, names | type_names) | st.builds(ast.EnumerationType, tuples(texts)),
    lambda inner: st.builds(ast.ListType, inner),
    max_leaves=2,
)
fields = st.builds(
    ast.FieldDeclaration,
    names,
    types,
    within=st.none() | st.builds(ast.Range, small, small),
    bounds=tuples(st.tuples(st.sampled_from(["<", "<=", ">", ">="]), small), 0, 2),
    matching=st.none() | st.sampled_from(["", "[0-9]{5}", "\\d+", 'a\\"', "µ|b, c"]),
    unit=titles,
    optional=st.booleans(),
    default=st.none() | small,
    ask=titles,
)
cells = st.one_of(
    st.builds(ast.AnyCell),
    st.builds(ast.ValuesCell, tuples(small | st.builds(ast.Range, small, small)), st.booleans()),
    st.builds(ast.CompareCell, st.sampled_from(["<", ">=", "==", "!="]), small),
)
rows = st.builds(ast.Row, tuples(cells), small)
hits = st.sampled_from(["first", "unique", "any", "collect"])
tables = st.builds(
    ast.Table, names, titles, type_names, names, hits, tuples(small), tuples(rows)
) | st.builds(
    ast.Table, names, titles, type_names, names, hits, st.just(()), st.just(()), source=texts
)
limits = st.none() | tuples(conditions, 1, 2)
routes = st.one_of(
    st.builds(ast.Route, st.just("rules"), st.none(), st.none(), limits),
    st.builds(ast.Route, st.sampled_from(["model", "agree"]), names, st.none(), limits),
    st.builds(ast.Route, st.just("refer"), st.none(), titles, limits),
)
supporters = st.none() | st.sampled_from(["a_rule", "rate[2]", "m.rule"])
expects = st.one_of(
    st.builds(ast.Expect, conditions, supporters),
    st.builds(ast.ExpectRoute, st.sampled_from(["rules", "refer"]), st.none()),
    st.builds(ast.ExpectRoute, st.sampled_from(["model", "agree"]), names),
)
items = st.one_of(
    st.builds(ast.Domain, names, titles),
    st.builds(ast.Use, texts, st.none() | names),
    st.builds(ast.Data, texts),
    st.builds(ast.Goal, type_names, names, st.booleans()),
    st.builds(ast.Goal, type_names, names, st.booleans(), small, st.booleans()),
    st.builds(ast.TypeDeclaration, names, titles, tuples(fields, 1, 4)),
    st.builds(ast.TypeDeclaration, names, titles, tuples(fields, 0, 4), st.just(True)),
    st.builds(ast.Facts, tuples(facts)),
    st.builds(ast.Let, names, st.none() | tuples(names, 0), expressions),
    st.builds(
        ast.Rule, names, titles, st.none() | small, tuples(blocks, 0, 4), tuples(actions, 1, 4)
    ),
    tables,
    st.builds(ast.Dispatch, st.none() | names, tuples(routes)),
    st.builds(ast.Query, names, tuples(names, 0), tuples(blocks), small),
    st.builds(
        ast.Test,
        texts,
        tuples(facts | st.builds(ast.Setting, names, small), 0),
        tuples(expects),
    ),
)
files = st.builds(ast.File, st.just(""), tuples(items))


@QUICK
@given(expressions)
def test_an_expression_is_read_as_it_was_printed(expression: ast.Expression) -> None:
    text = print_expression(expression)
    assert parse_expression(text) == (expression, ())


@settings(QUICK, max_examples=400)
@given(files)
def test_a_file_is_read_as_it_was_printed(file: ast.File) -> None:
    text = print_file(file)
    assert parse(text) == (file, ())
    assert format_text(text) == (text, ())
    check_spans(parse(text)[0], text, ordered=True)


# Spans


def children(node: ast.Node) -> Iterator[ast.Node]:
    pending: list[object] = [
        getattr(node, one.name) for one in dataclasses.fields(node) if one.name != "comments"
    ]
    while pending:
        one = pending.pop(0)
        if isinstance(one, tuple):
            pending = [*one, *pending]
        elif isinstance(one, ast.Node):
            yield one


def check_spans(tree: ast.Node, text: str, ordered: bool) -> None:
    """Every span lies in its text and in its parent's; in canonical text they stand in order."""
    assert 0 <= tree.span.start <= tree.span.end <= len(text)
    last = tree.span.start
    for child in children(tree):
        assert tree.span.start <= child.span.start
        assert child.span.end <= tree.span.end
        assert child.span.start < child.span.end
        if ordered:
            assert last <= child.span.start
            last = child.span.end
        if isinstance(child, ast.Name) and "\\" not in text:
            shown = text[child.span.start : child.span.end].strip("() \n\t")
            assert unicodedata.normalize("NFC", shown) == child.name
        check_spans(child, text, ordered)


def test_the_spans_of_the_examples() -> None:
    for text in EXAMPLES:
        file, diagnostics = parse(text)
        assert diagnostics == ()
        check_spans(file, text, ordered=False)
        for comment in file.comments:
            assert text[comment.span.start : comment.span.end].rstrip() == comment.text


# Texts

PIECES = ["(", ")", "[", "]", ":", ",", "=", "==", '"', "#", "\n", "    ", "\t", "->", "|", "-"]
PIECES += [
    "{",
    "}",
    "\\",
    "\x00",
    "not ",
    "when",
    "rule ",
    "either:",
    "or:",
    "..",
    "1e9",
    "“",
    "\r",
]
PIECES += [" # a comment\n", "\n# alone\n", "\n\n", "        # deep\n"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return an example file with a few pieces removed, doubled, moved or put in."""
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 30)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            text = text[:at] + text[to:]
        elif kind == 1:
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
        elif kind == 2:
            text = text[:to] + text[at:]
        else:
            place = draw(st.integers(0, len(text)))
            text = text[:place] + text[at:to] + text[place:]
    return text


@settings(QUICK, max_examples=300)
@given(mutated() | st.text())
def test_no_text_crashes(text: str) -> None:
    file, diagnostics = parse(text)
    check_spans(file, text, ordered=False)
    for one in diagnostics:
        assert one.line is not None
        assert one.span is not None
        assert 0 <= one.span.start <= one.span.end <= len(text) + 1
        assert str(one)
    once, problems = format_text(text)
    assert [one.code for one in problems if one.code == "internal"] == []
    if once is not None:
        assert format_text(once) == (once, ())


@st.composite
def commented(draw: st.DrawFn) -> str:
    """Return an example file with comments, blank lines and broken lines put in."""
    lines = draw(st.sampled_from(EXAMPLES)).split("\n")
    for number in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                lines[at] += f" # beside {number}"
            case 1:
                lines.insert(at, " " * draw(st.sampled_from([0, 2, 4, 8, 12])) + f"# {number}")
            case 2:
                lines.insert(at, "")
            case 3:
                lines[at] = lines[at].replace(", ", ",\n  ", 1)
            case _:
                lines[at] = lines[at].replace("(", f"( # inside {number}\n", 1)
    return "\n".join(lines)


@QUICK
@given(commented())
def test_comments_stay_and_formatting_settles(text: str) -> None:
    once, problems = format_text(text)
    assert "internal" not in {one.code for one in problems}
    if once is not None:
        assert format_text(once) == (once, ())
        assert len(parse(once)[0].comments) == len(parse(text)[0].comments)
