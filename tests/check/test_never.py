"""Conditions that can never hold: found where it is so, and said of no other."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuron.check import analyse

HEADER = """
type T:
    n: integer in 0..4
    m: integer
    x: number in 0..2
    k: low | middle | high
    b: boolean
    out: yes | no
goal T.out
"""
LEVELS = {"low": 0, "middle": 1, "high": 2}
GRID = {
    "n": range(5),
    "m": range(-9, 10),
    "x": [one / 4 for one in range(9)],
    "k": LEVELS.values(),
    "b": (False, True),
}
"""What a field can be, as finely as constants of halves can tell."""


def warned(condition: str, header: str = HEADER) -> list[tuple[int, str]]:
    """Return where in a condition something can never hold, and what is said of it."""
    before = f"{header}rule r:\n    when:\n        "
    text = f"{before}{condition}\n    then conclude t.out = yes\n"
    base, found = analyse(text, "t.rules")
    assert base is not None, [str(one) for one in found]
    return [
        (one.span.start - len(before), one.message)
        for one in found
        if one.code == "never-holds" and one.span is not None
    ]


OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
NUMERIC = {
    "n": st.integers(-2, 6).map(str),
    "m": st.integers(-3, 3).map(str),
    "x": st.integers(-2, 6).map(lambda half: str(half / 2)),
}


@st.composite
def literals(draw: st.DrawFn) -> str:
    """Return a comparison of one field with constants, perhaps negated, perhaps turned round."""
    name = draw(st.sampled_from([*GRID]))
    if name == "b":
        text = draw(st.sampled_from(["b", "b == true", "b != true", "false == b"]))
    else:
        constants = NUMERIC.get(name, st.sampled_from([*LEVELS]))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            some = draw(st.lists(constants, min_size=1, max_size=3))
            text = f"{name} in [{', '.join(some)}]"
        elif kind == 1 and name in NUMERIC:
            text = f"{draw(constants)} {draw(st.sampled_from(OPERATORS))} {name}"
        else:
            text = f"{name} {draw(st.sampled_from(OPERATORS))} {draw(constants)}"
    return f"not ({text})" if draw(st.booleans()) else text


def can_hold(literals: list[str]) -> bool:
    """Return whether some values satisfy all literals, by trying them all."""
    code = compile(" and ".join(f"({one})" for one in literals), "<literals>", "eval")
    words = {**LEVELS, "true": True, "false": False}
    names = [name for name in GRID if name in code.co_names]
    return any(
        eval(code, {}, {**words, **dict(zip(names, values, strict=True))})
        for values in product(*(GRID[name] for name in names))
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(literals(), min_size=1, max_size=4))
def test_what_must_hold_together_is_found_exactly(some: list[str]) -> None:
    """One field at a time, the check is complete as well as right."""
    assert bool(warned(f"t: T({', '.join(some)})")) == (not can_hold(some))


@settings(max_examples=200, deadline=None)
@given(st.lists(literals(), min_size=1, max_size=2), st.lists(literals(), min_size=2, max_size=3))
def test_a_branch_is_said_of_only_where_it_cannot_hold(
    all_of: list[str], any_of: list[str]
) -> None:
    group = " or ".join(f"({one})" for one in any_of)
    condition = f"t: T({', '.join(all_of)}, ({group}))"
    if not can_hold(all_of):
        assert warned(condition)
        return
    starts = [condition.index(group)]
    for one in any_of[:-1]:
        starts.append(starts[-1] + len(one) + len("() or "))
    said = {sum(start <= at for start in starts) - 1 for at, _ in warned(condition)}

    assert said == {place for place, one in enumerate(any_of) if not can_hold([*all_of, one])}


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("t: T(n > 9)", "`n > 9` can never hold: T.n is a whole number in 0..4."),
        ("t: T(n: v), v > 3\n        v < 3", "`v < 3` can never hold together with `v > 3`."),
        ("t: T(n > 3), t.n < 2", "`t.n < 2` can never hold together with `n > 3`."),
        ("t: T(m > 5, m < 6)", "`m < 6` can never hold together with `m > 5`."),
        ("t: T(n in 3..1)", "`n in 3..1` can never hold: its ends are the wrong way round."),
        ("t: T(n in [])", "`n in []` can never hold: the list is empty."),
        ("t: T(x != x)", "`x != x` can never hold: it compares a value with itself."),
        ("t: T(n > 1), not T(k > high)", "`k > high` can never hold: T.k is one of low, middle"),
        ("t: T(n > 1), count(T(x > 2)) > 3", "`x > 2` can never hold: T.x is a number in 0..2."),
        ("t: T(n > 1), exists T(b, not b)", "`not (b)` can never hold together with `b`."),
        ("t: T(n: v), forall T(m > v, m > v) have T(n > 7)", "`n > 7` can never hold"),
        ("t: T(n: v), u: T(x: w), v > 2, w > v + 0, v <= 2", "together with `v > 2`"),
    ],
)
def test_it_is_said_in_words(condition: str, message: str) -> None:
    ((_, said),) = warned(condition)
    assert message in said


def test_what_a_let_stands_for_twice_are_not_the_ends_of_a_range() -> None:
    header = f"{HEADER}let is_(v, k) = v == k\n"
    ((_, said),) = warned("t: T(n: v), is_(v, 1), is_(v, 2)", header)

    assert "can never hold together with" in said


@pytest.mark.parametrize(
    "condition",
    [
        # Another fact's field is another value.
        "t: T(n > 3), u: T(n < 2), u.m > t.m",
        # What is computed is not followed.
        "t: T(n: v), w = v - 9, w < 0",
        # Unknown is not false: this holds where b is unknown, in its own way.
        "t: T(n > 1), t.b is unknown",
        "t: T(n > 1)\n        either:\n            t.n > 2\n        or:\n            t.n <= 2",
    ],
)
def test_what_can_hold_is_left_alone(condition: str) -> None:
    assert warned(condition) == []


def test_bounds_of_computed_conclusions_are_not_taken_for_granted() -> None:
    header = HEADER.replace("    out:", "    score: integer in 0..3\n    out:")
    header += "rule s:\n    when t: T(m: v)\n    then conclude t.score = v\n"
    assert warned("t: T(score > 3)", header) == []


def test_rows_routes_and_queries_are_looked_at_too() -> None:
    text = (
        f"{HEADER}table t(T -> out), first hit:\n    n -> out\n    > 7 -> yes\n    0..2 -> no\n"
        'dispatch:\n    rules when rules.certainty > 2\n    refer "no" when T(n > 8)\n'
        "query q(a): T(n > 9, m == a) -> a\n"
    )
    base, found = analyse(text, "t.rules")
    assert base is not None, [str(one) for one in found]
    never = [one.message.split("`")[1] for one in found if one.code == "never-holds"]

    assert never == ["> 7", "rules.certainty > 2", "n > 8", "n > 9"]
