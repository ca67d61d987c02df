"""A step's change of a fact wakes what the fact stood in the way of, however its `not` reads it."""

from __future__ import annotations

import pytest

from sessions import fired, session_of

READS = {
    "a test": "not Box(size < 3)",
    "a name that another field is compared with": "not Box(size: s, k >= s)",
    "a comparison with a name outside": "not Box(size <= x)",
    "a name inside that is known outside": "not Box(size: x)",
}


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
