"""Whole-number arithmetic without calls means what the functions of the contract mean."""

import operator as op
from types import SimpleNamespace

from hypothesis import example, given
from hypothesis import strategies as st

from heuron.check.tree import BOOLEAN, INTEGER, Arithmetic, Compare, Constant, Variable
from heuron.plan.contract import NAMES
from heuron.plan.expression import Expressions
from heuron.plan.source import Constants, Writer
from heuron.plan.wholes import interval_of, whole_source
from heuron.values import INTEGER_LIMIT, UNKNOWN

FUNCTIONS = {"+": "add", "-": "sub", "*": "mul", "//": "floor_div", "%": "mod"}
COMPARED = {"==": op.eq, "!=": op.ne, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
edges = st.sampled_from(
    [UNKNOWN, 0, 1, -1, 1_000, INTEGER_LIMIT, -INTEGER_LIMIT, INTEGER_LIMIT // 1_000, 94_906_265]
)
leaves = st.one_of(
    st.sampled_from("abc").map(lambda name: Variable(type=INTEGER, name=name)),
    st.integers(-3, 1_500).map(lambda value: Constant(type=INTEGER, value=value)),
)


def operation(operator, left, right):
    """Return an operation on two whole numbers."""
    return Arithmetic(type=INTEGER, operator=operator, operands=(left, right))


trees = st.recursive(
    leaves,
    lambda inner: st.builds(operation, st.sampled_from([*FUNCTIONS]), inner, inner),
    max_leaves=6,
)


def called(node, values):
    """Return the value by the functions, and the same by inline source where there is one."""
    match node:
        case Constant():
            return node.value, repr(node.value)
        case Variable():
            return values[node.name], node.name
    (left, left_source), (right, right_source) = (called(one, values) for one in node.operands)
    function = FUNCTIONS[node.operator]
    source = whole_source(node, left_source, right_source)
    return NAMES[function](left, right), source or f"{function}({left_source}, {right_source})"


@given(trees, st.fixed_dictionaries(dict.fromkeys("abc", edges)))
@example(
    operation("-", Variable(type=INTEGER, name="a"), Constant(type=INTEGER, value=1)),
    {"a": -INTEGER_LIMIT, "b": 0, "c": 0},
)
def test_inline_arithmetic_gives_what_the_functions_give(tree, values):
    expected, source = called(tree, values)

    actual = eval(source, dict(NAMES), dict(values))

    assert (actual is expected) or actual == expected
    if expected is not UNKNOWN:
        low, high = interval_of(tree)
        assert low <= expected <= high


def test_what_cannot_leave_the_range_is_not_looked_at():
    a, thousand = Variable(type=INTEGER, name="a"), Constant(type=INTEGER, value=1_000)

    assert whole_source(operation("%", a, thousand), "a", "1000") == "(a % 1000)"
    assert "else UNKNOWN" in whole_source(operation("-", a, thousand), "a", "1000")
    assert whole_source(operation("//", thousand, a), "1000", "a") is None


NEAR = [INTEGER_LIMIT, INTEGER_LIMIT - 1, 94_906_265**2, 1, 0]
numbers = st.sampled_from([*NEAR, *(-one for one in NEAR)])


@given(
    st.builds(operation, st.sampled_from([*FUNCTIONS]), trees, trees),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    numbers,
    st.fixed_dictionaries(dict.fromkeys("abc", edges)),
)
def test_a_comparison_looks_at_the_range_itself(tree, operator, number, values):
    right = Constant(type=INTEGER, value=number)
    test = Compare(type=BOOLEAN, operator=operator, left=tree, right=right)
    expected = called(tree, values)[0]
    names = SimpleNamespace(variable=lambda name: name)

    for sense in (True, False):
        writer = Writer(0)
        expressions = Expressions(names, Constants(), writer)
        source = expressions.true(test) if sense else expressions.false(test)
        local = dict(values)
        exec("\n".join([*writer.lines, f"found = {source}"]), dict(NAMES), local)

        is_true = expected is not UNKNOWN and COMPARED[operator](expected, number) is sense
        assert local["found"] is is_true
