"""Searches that cannot end in time are stopped when that is seen, and no others."""

from __future__ import annotations

import pytest

from heuron.diagnostics import LimitError
from heuron.infer import limits
from heuron.infer.host import Host
from heuron.infer.limits import Hopeless, Limits
from heuron.infer.session import State
from sessions import TODAY, engine_of

TYPES = "type A(n: integer)\ntype B(n: integer)\ntype C(n: integer)\ntype D(n: integer)\n"
CROSS = "A(n: x), B(n: y), C(n: z), x + y + z < 0"
JOINED = "A(n: x), B(n == x), C(n == x), x < 0"


def filled(conditions: str, action: str, count: int, limits: Limits | None = None) -> State:
    """Return a session with so many facts of three types."""
    text = f"{TYPES}rule r:\n    when {conditions}\n    then {action} D(x)\n"
    state = engine_of(text).session(Host(today=TODAY), limits)
    for number in range(count):
        for name in "ABC":
            state.add(name, {"n": number})
    return state


def judged(state: State, seconds: float, steps: int, left: float) -> None:
    """Let a session judge the search of its rule for all facts, as if so much had been done."""
    state.truth.at, state.truth.is_whole = 0, True
    judge = state._budget.judge
    assert judge is not None
    judge(seconds, steps, left)


def test_a_cross_join_is_stopped_with_its_candidates_and_how_long_it_would_take() -> None:
    with pytest.raises(Hopeless) as caught:
        # A microsecond a step; 200 x 200 x 200 combinations take eight seconds.
        judged(filled(CROSS, "derive", 200), 4.0, 4_000_000, 0.5)

    assert caught.value.index == 0
    assert "combinations of 200 A, 200 B, 200 C" in caught.value.what
    assert "at least 8 seconds" in caught.value.what


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        # It would take eight seconds: less than three times what is left.
        (CROSS, 3.0),
        # Looked up by a field: some 600 steps.
        (JOINED, 0.5),
        # One type alone is no join.
        ("A(n: x), x < 0", 0.0001),
    ],
)
def test_what_may_end_in_time_goes_on(conditions: str, left: float) -> None:
    state = filled(conditions, "derive", 200)
    before = state._budget.left[0]
    judged(state, 4.0, 4_000_000, left)

    assert state._budget.left[0] == before


def test_what_is_searched_around_changes_is_not_judged_as_a_whole() -> None:
    state = filled(CROSS, "derive", 200)
    judge = state._budget.judge
    assert judge is not None
    state.truth.at, state.truth.is_whole = 0, False
    judge(4.0, 4_000_000, 0.001)


def test_steps_are_judged_by_the_searches_that_wait() -> None:
    state = filled(CROSS, "assert", 200)
    agenda = state._agenda
    assert agenda is not None
    agenda.at = 0
    judge = state._budget.judge
    assert judge is not None
    with pytest.raises(Hopeless):
        judge(4.0, 4_000_000, 0.5)
    state = filled(CROSS, "assert", 200)
    state.run(limit=0)
    assert state._agenda is not None
    # Nothing waits: what is searched is around one new fact, for the twentieth of a second.
    state._agenda._steps[0].stack.clear()
    state._agenda.at = 0
    judge = state._budget.judge
    assert judge is not None
    judge(4.0, 4_000_000, 0.5)


def test_a_run_names_rule_line_and_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that runs fast: every look at it takes ten seconds."""
    ticks = iter(range(0, 10_000_000, 10))
    monkeypatch.setattr(limits, "monotonic", lambda: float(next(ticks)))
    state = filled(CROSS, "derive", 300, Limits(seconds=100_000.0, facts=1_000_000))
    monkeypatch.setattr("heuron.infer.hopeless.MARGIN", 1e-9)
    with pytest.raises(LimitError) as caught:
        state.run()
    (diagnostic,) = caught.value.diagnostics

    assert (diagnostic.code, diagnostic.line) == ("limit", 5)
    assert diagnostic.message.startswith("Rule `r` was stopped: it would search for at least")
    assert "300 A, 300 B, 300 C" in diagnostic.message
    assert "join them by a field" in str(diagnostic.hint)
