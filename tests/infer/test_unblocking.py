"""A step's change of a fact wakes what the fact stood in the way of, however its `not` reads it."""

from __future__ import annotations

import pytest

from sessions import fired, session_of
from thresholds import lowered

READS = {
    "a test": "not Box(size < 3)",
    "a name that another field is compared with": "not Box(size: s, k >= s)",
    "a comparison with a name outside": "not Box(size <= x)",
    "a name inside that is known outside": "not Box(size: x)",
}


PARTED = """
type Box(k: integer, size: integer)
type Mark(n: integer, tint: red | green | blue)
rule made:
    salience 10
    when:
        Mark(n: x)
        not Box(size == x)
        Box(k > x, size: y)
        Mark(n != 2, tint != green)
    then assert Box(k = 0, size = x)
rule less:
    when u: Box(size: s)
    then modify u: size = s - 1
"""


def test_a_search_in_several_functions_asks_again_what_its_own_step_blocks():
    """As it stands where a rule has more patterns than loops may nest."""
    with lowered():
        state = session_of(PARTED)
        for type_name, values in (
            ("Box", {"k": 3, "size": 1}),
            ("Mark", {"n": 1, "tint": "red"}),
            ("Box", {"k": 3, "size": 0}),
            ("Mark", {"n": 2, "tint": "red"}),
        ):
            state.add(type_name, values)

        assert fired(state, 12) == ["made", "less"] * 6


@pytest.mark.parametrize("condition", READS.values(), ids=READS)
def test_a_field_that_a_step_changes_unblocks(condition):
    state = session_of(f"""
type Ball(n: integer)
type Box(k: integer, size: integer)
type Seen(n: integer)
rule free:
    salience 5
    when:
        Ball(n: x)
        {condition}
    then assert Seen(x)
rule more:
    when b: Box(size < 3)
    then modify b: size = 3
""")
    state.add("Ball", {"n": 2})
    state.add("Box", {"k": 2, "size": 2})

    assert fired(state) == ["more", "free"]
