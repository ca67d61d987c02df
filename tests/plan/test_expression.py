"""Expressions as source: three-valued, safe against what users write, without limits of size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuron.check.tree import (
    BOOLEAN,
    INTEGER,
    TEXT,
    And,
    Arithmetic,
    Compare,
    Constant,
    IsUnknown,
    Membership,
    Not,
    Or,
    Variable,
)
from heuron.plan.contract import NAMES
from heuron.plan.expression import OPPOSITE, Expressions
from heuron.plan.source import Constants, Writer
from heuron.values import UNKNOWN


class Locals:
    """Variables under names of their own: x, y, z."""

    def variable(self, name):
        return {"x": "a0", "y": "a1", "z": "a2"}[name]


def compiled(node):
    """Return functions of three variables: the value, is it true, is it false."""
    constants = Constants()
    functions = []
    for number, form in enumerate(("value", "true", "false")):
        writer = Writer()
        source = getattr(Expressions(Locals(), constants, writer), form)(node)
        functions += [f"def form{number}(a0, a1, a2):", *writer.lines, f"    return {source}"]
    names = dict(NAMES)
    exec(compile("\n".join([*constants.lines, *functions]), "<test>", "exec"), names)
    return names["form0"], names["form1"], names["form2"]


def variable(name, type_=INTEGER):
    return Variable(type=type_, name=name)


def number(value):
    return Constant(type=INTEGER, value=value)


def comparison(operator, left, right):
    return Compare(type=BOOLEAN, operator=operator, left=left, right=right)


def meaning(node, values):
    """Evaluate by the book, with Kleene's tables."""
    match node:
        case Constant():
            return node.value
        case Variable():
            return values["xyz".index(node.name)]
        case Not():
            inner = meaning(node.operand, values)
            return UNKNOWN if inner is UNKNOWN else not inner
        case And() | Or():
            parts = [meaning(one, values) for one in node.operands]
            deciding = isinstance(node, Or)
            if any(one is deciding for one in parts):
                return deciding
            return UNKNOWN if any(one is UNKNOWN for one in parts) else not deciding
        case IsUnknown():
            return meaning(node.operand, values) is UNKNOWN
        case Membership():
            item = meaning(node.item, values)
            options = [meaning(one, values) for one in node.options]
            if item is UNKNOWN:
                return UNKNOWN
            if any(one is not UNKNOWN and one == item for one in options):
                return True
            return UNKNOWN if any(one is UNKNOWN for one in options) else False
        case Compare():
            left, right = meaning(node.left, values), meaning(node.right, values)
            if left is UNKNOWN or right is UNKNOWN:
                return UNKNOWN
            return bool(eval(f"left {node.operator} right"))
        case Arithmetic():
            parts = [meaning(one, values) for one in node.operands]
            return UNKNOWN if any(one is UNKNOWN for one in parts) else sum(parts)
    raise AssertionError(node)


numbers = st.one_of(
    st.integers(-3, 3).map(number), st.sampled_from("xyz").map(variable), st.just(number(UNKNOWN))
)
sums = st.recursive(
    numbers,
    lambda inner: st.lists(inner, min_size=2, max_size=3).map(
        lambda parts: Arithmetic(type=INTEGER, operator="+", operands=tuple(parts))
    ),
    max_leaves=4,
)
tests = st.one_of(
    st.builds(comparison, st.sampled_from(list(OPPOSITE)), sums, sums),
    st.builds(lambda one: IsUnknown(type=BOOLEAN, operand=one), sums),
    st.builds(
        lambda item, options: Membership(type=BOOLEAN, item=item, options=tuple(options)),
        sums,
        st.lists(numbers, min_size=1, max_size=7),
    ),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        inner.map(lambda one: Not(type=BOOLEAN, operand=one)),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: And(type=BOOLEAN, operands=tuple(parts))
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: Or(type=BOOLEAN, operands=tuple(parts))
        ),
        st.builds(lambda a, b: comparison("==", a, b), inner, inner),
    ),
    max_leaves=8,
)
known = st.one_of(st.integers(-3, 3), st.just(UNKNOWN))


@given(conditions, st.tuples(known, known, known))
def test_three_forms_have_one_meaning(node, values):
    value, true, false = compiled(node)
    expected = meaning(node, values)

    assert value(*values) is expected
    assert true(*values) is (expected is True)
    assert false(*values) is (expected is False)


@pytest.mark.parametrize("operator", ["+", "*"])
def test_a_sum_of_100_000_terms(operator):
    node = Arithmetic(type=INTEGER, operator=operator, operands=(variable("x"),) * 100_000)
    value, true, _ = compiled(comparison("==", node, number(0)))

    assert value(0, 0, 0) is True
    assert true(0, 0, 0) is True


@pytest.mark.parametrize("kind", [And, Or])
def test_a_condition_of_100_000_parts(kind):
    parts = tuple(comparison("==", variable("x"), number(place % 2)) for place in range(100_000))
    _, true, false = compiled(kind(type=BOOLEAN, operands=parts))

    assert true(0, 0, 0) is (kind is Or)
    assert false(0, 0, 0) is (kind is And)


def test_a_list_of_100_000_options():
    options = tuple(number(place) for place in range(100_000))
    _, true, false = compiled(Membership(type=BOOLEAN, item=variable("x"), options=options))

    assert (true(99_999, 0, 0), false(100_000, 0, 0), false(UNKNOWN, 0, 0)) == (True, True, False)


def test_nesting_a_hundred_deep():
    node = comparison("==", variable("x"), number(1))
    for _ in range(50):
        node = Or(type=BOOLEAN, operands=(Not(type=BOOLEAN, operand=node), node))
        node = And(type=BOOLEAN, operands=(node, comparison("==", number(1), number(1))))
        if len(repr(node)) > 50_000:
            break
    for _ in range(45):
        node = Not(type=BOOLEAN, operand=And(type=BOOLEAN, operands=(node,)))
    _, true, false = compiled(node)

    assert true(1, 0, 0) is not false(1, 0, 0)


def test_sums_nested_a_hundred_deep():
    node = variable("x")
    for _ in range(100):
        node = Arithmetic(type=INTEGER, operator="-", operands=(number(1), node))
    value, _, _ = compiled(node)

    assert value(5, 0, 0) == 5


def test_booleans_compared_with_booleans_do_not_grow_exponentially():
    node = comparison("==", variable("x"), number(1))
    for _ in range(60):
        node = comparison("==", node, comparison("==", variable("y"), number(1)))
    value, _, _ = compiled(node)

    assert value(1, 1, 0) is True


@pytest.mark.parametrize(
    "text", ["'", '"', "\\", "'); import os; ('", "\n", "\x00", "{x}", "%s", "ё", "\u2028"]
)
def test_a_text_enters_the_source_as_a_value_only(text):
    value, true, _ = compiled(
        comparison("==", variable("x", TEXT), Constant(type=TEXT, value=text))
    )

    assert value(text, 0, 0) is True
    assert true(text + "x", 0, 0) is False
